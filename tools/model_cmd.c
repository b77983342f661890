// SPDX-License-Identifier: GPL-2.0
/*
 * The model's commands: from rq_start to the last step that a command has, and
 * all that may be missing in between.
 */
#include <string.h>
#include <stdlib.h>
#include "model_internal.h"

/* The place of @cid's tag, or NULL when it was never used (and @err is NULL). */
static struct model_cmd *place(struct model_queue *q, uint16_t cid, struct nvs_error *err)
{
	unsigned int tag = NVS_CID_TAG(cid);
	struct model_cmd **chunk = &q->state->chunk[tag / CHUNK_CMDS];

	if (!*chunk) {
		if (!err)
			return NULL;
		*chunk = calloc(CHUNK_CMDS, sizeof(**chunk));
		if (!*chunk) {
			nvs_fail(err,
				 "out of memory for the commands of queue %u of nvme%u: "
				 "close other programs or use a machine with more memory",
				 q->qid, q->ctrl);
			return NULL;
		}
	}
	return *chunk + tag % CHUNK_CMDS;
}

/* The open command @cid, or NULL.  The generation in it tells two users of a tag apart. */
struct model_cmd *command_find_open(struct model_queue *q, uint16_t cid)
{
	struct model_cmd *c = place(q, cid, NULL);

	return c && c->state == CMD_OPEN && c->cid == cid ? c : NULL;
}

/*
 * An Asynchronous Event Request waits in the device for good, under one fixed
 * identifier: it is no load, and being sent anew after a reset is no reuse.
 */
bool command_is_async_event(const struct model_queue *q, const struct model_cmd *c)
{
	return q->qid == 0 && c->opcode == NVS_ADMIN_ASYNC_EVENT && !c->at[STEP_START];
}

void queue_depth_change(struct model *m, struct model_queue *q, uint64_t ts, int by)
{
	q->depth += by;
	if (q->depth > q->peak_depth)
		q->peak_depth = q->depth;
	if (m->v->depth)
		m->v->depth(m->ctx, q, ts);
}

void command_leave_device(struct model *m, struct model_queue *q, struct model_cmd *c, uint64_t ts)
{
	if (c->flags & CMD_AT_DEVICE) {
		c->flags &= ~CMD_AT_DEVICE;
		queue_depth_change(m, q, ts, -1);
	}
}

void command_leave_driver(struct model_queue *q, struct model_cmd *c)
{
	if (c->flags & CMD_AT_DRIVER) {
		c->flags &= ~CMD_AT_DRIVER;
		q->at_driver--;
	}
}

static bool in_order(const struct model_cmd *c)
{
	uint64_t last = 0;

	/* The steps that a split is made of; others may overtake each other. */
	static const enum model_step steps[] = { STEP_START, STEP_SQ_BELL, STEP_CQE,
						 STEP_COMPLETE };

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (c->at[steps[i]] && c->at[steps[i]] < last)
			return false;
		if (c->at[steps[i]])
			last = c->at[steps[i]];
	}
	return true;
}

void command_told(struct model *m, struct model_queue *q, const struct model_cmd *c)
{
	q->done++;
	if (c->status)
		q->failed++;
	if (!c->at[STEP_START])
		q->trouble.no_start++;
	if (!in_order(c))
		q->trouble.disordered++;
	if (m->v->command)
		m->v->command(m->ctx, q, c);
}

/* The command is over: rq_complete was seen. */
static void command_done(struct model *m, struct model_queue *q, struct model_cmd *c)
{
	c->state = CMD_DONE;
	if (c->mark && c->mark <= m->nr_marks)
		m->marks[c->mark - 1].end = c->at[STEP_COMPLETE];
	command_told(m, q, c);
}

/*
 * rq_complete, cmd_unmap and the CQ doorbell come in any order, on any CPU: the
 * command is told when all that will come has come.
 */
void command_done_if_whole(struct model *m, struct model_queue *q, struct model_cmd *c)
{
	bool mapped = c->at[STEP_MAP] && c->map != NVS_MAP_none;

	if (!c->at[STEP_COMPLETE])
		return;
	if (c->at[STEP_CQE] && !c->at[STEP_CQ_BELL] && !(c->flags & CMD_BELLS_UNSEEN))
		return;
	if (mapped && !c->at[STEP_UNMAP])
		return;
	command_done(m, q, c);
}

/* A tag is used again while the model still has a command there. */
static void command_replaced(struct model *m, struct model_queue *q, struct model_cmd *c,
			     uint64_t ts)
{
	command_leave_driver(q, c);
	command_leave_device(m, q, c, ts);
	if (command_is_async_event(q, c))
		return;
	if (c->at[STEP_COMPLETE])
		command_done(m, q, c); /* only its last steps were missing */
	else if (c->flags & CMD_RETRIED)
		; /* counted when its retry event came */
	else if (c->at[STEP_CQE])
		q->trouble.no_end++;
	else if (c->at[STEP_SQE] || c->at[STEP_SQ_BELL])
		q->trouble.reused++;
	else
		q->restarted++; /* no room then; blk-mq brought it back */
}

struct model_cmd *command_begin(struct model *m, struct model_queue *q, const struct nvs_hdr *h,
				struct nvs_error *err)
{
	struct model_cmd *c = place(q, h->cid, err);

	if (!c)
		return NULL;
	if (c->state == CMD_OPEN)
		command_replaced(m, q, c, h->ts);
	memset(c, 0, sizeof(*c));
	c->cid = h->cid;
	c->state = CMD_OPEN;
	return c;
}

/* A step before the doorbell.  Makes a command without a start when there is none. */
struct model_cmd *command_early(struct model *m, struct model_queue *q, const struct nvs_hdr *h,
				struct nvs_error *err)
{
	struct model_cmd *c = command_find_open(q, h->cid);

	/* A second SQE for one identifier is another command, with its start lost. */
	if (c && !c->at[STEP_SQE])
		return c;
	return command_begin(m, q, h, err);
}

/* A step that ends a command; after CMD_DONE it is late, not lost. */
struct model_cmd *command_late(struct model_queue *q, uint16_t cid)
{
	struct model_cmd *c = place(q, cid, NULL);

	if (!c || c->cid != cid || c->state == CMD_FREE) {
		q->trouble.orphans++;
		return NULL;
	}
	return c->state == CMD_OPEN ? c : NULL;
}

void queue_retried(struct model_queue *q, const struct nvs_hdr *h)
{
	struct model_cmd *c = command_find_open(q, h->cid);

	q->retried++;
	if (c)
		c->flags |= CMD_RETRIED;
}

void queue_finish(struct model *m, struct model_queue *q)
{
	for (unsigned int i = 0; i < NR_CHUNKS; i++) {
		struct model_cmd *c = q->state->chunk[i];

		for (unsigned int k = 0; c && k < CHUNK_CMDS; k++, c++) {
			if (c->state != CMD_OPEN)
				continue;
			if (c->at[STEP_COMPLETE])
				command_done(m, q, c);
			else if (c->at[STEP_CQE])
				q->trouble.no_end++;
			else if (!command_is_async_event(q, c))
				q->trouble.unfinished++;
		}
	}
}
