// SPDX-License-Identifier: GPL-2.0
/*
 * The model's queues: submission and completion rings, and which command each
 * entry and doorbell stands for.  Every event of an I/O comes through here, so nothing here allocates but
 * the first use of a tag, and nothing searches.
 */
#include <stdlib.h>
#include <string.h>
#include "model_internal.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

static int on_rq_start(struct model *m, struct model_queue *q, const struct nvs_rq_start *ev,
		       struct nvs_error *err)
{
	struct model_cmd *c = command_begin(m, q, &ev->h, err);

	if (!c)
		return -1;
	c->at[STEP_START] = ev->h.ts;
	c->queued = ev->queued;
	c->submit_cpu = (uint16_t)m->cpu;
	c->depth = (uint16_t)++q->at_driver;
	c->flags |= CMD_AT_DRIVER;
	c->sector = ev->sector;
	c->bytes = ev->bytes;
	c->nsid = ev->nsid;
	c->pid = ev->pid;
	c->op = ev->op;
	q->started++;
	if (q->qid == 0)
		c->mark = mark_add(m, &ev->h, MARK_ADMIN, ev->pid, 0, 0);
	return 0;
}

static int on_cmd_setup(struct model *m, struct model_queue *q, const struct nvs_cmd_setup *ev,
			struct nvs_error *err)
{
	struct model_cmd *c = command_early(m, q, &ev->h, err);

	if (!c)
		return -1;
	c->at[STEP_SETUP] = ev->h.ts;
	c->opcode = ev->opcode;
	c->flags |= CMD_OPCODE;
	if (c->mark) {
		m->marks[c->mark - 1].what = ev->opcode;
		m->marks[c->mark - 1].value = ev->cdw10;
	}
	return 0;
}

static int on_cmd_map(struct model *m, struct model_queue *q, const struct nvs_cmd_map *ev,
		      struct nvs_error *err)
{
	struct model_cmd *c = command_early(m, q, &ev->h, err);

	if (!c)
		return -1;
	c->at[STEP_MAP] = ev->h.ts;
	c->map = (uint8_t)ev->how;
	return 0;
}

static uint16_t next_slot(uint16_t slot, uint32_t depth)
{
	return depth && slot + 1u >= depth ? 0 : (uint16_t)(slot + 1);
}

/* The command went to @slot of the SQ. */
static int on_slot(struct model *m, struct model_queue *q, const struct nvs_hdr *h, uint16_t slot,
		   struct nvs_error *err)
{
	struct queue_state *s = q->state;
	struct model_cmd *c = command_early(m, q, h, err);

	if (!c)
		return -1;
	c->at[STEP_SQE] = h->ts;
	q->submitted++;
	/* Without a known depth a wrap to 0 is as good as the next slot. */
	if (s->sq_synced && slot != q->sq_tail && (q->sq_depth || slot))
		q->trouble.sq_gaps++;
	s->sq_synced = true;
	q->sq_tail = next_slot(slot, q->sq_depth);
	if (s->nr_sq_pending == MAX_PENDING) {
		/* More than a queue can hold: their doorbell was lost. */
		q->trouble.sq_gaps++;
		s->nr_sq_pending = 0;
	}
	s->sq_pending[s->nr_sq_pending++] = h->cid;
	return 0;
}

static int on_sqe(struct model *m, struct model_queue *q, const struct nvs_sqe *ev,
		  struct nvs_error *err)
{
	return on_slot(m, q, &ev->h, ev->slot, err);
}

/* What the stock provider saw in the slot when the doorbell was rung. */
static int on_cmd_sent(struct model *m, struct model_queue *q, const struct nvs_cmd_sent *ev,
		       struct nvs_error *err)
{
	struct model_cmd *c = command_early(m, q, &ev->h, err);

	if (!c)
		return -1;
	c->opcode = ev->opcode;
	c->flags |= CMD_OPCODE;
	if (c->mark) {
		m->marks[c->mark - 1].what = ev->opcode;
		m->marks[c->mark - 1].value = ev->cdw10;
	}
	return on_slot(m, q, &ev->h, ev->slot, err);
}

/* One doorbell covers every SQE since the last one. */
static void on_sq_doorbell(struct model *m, struct model_queue *q, const struct nvs_sq_doorbell *ev)
{
	struct queue_state *s = q->state;
	bool wrap = !q->sq_depth && ev->new_tail == 0;
	bool tail_fits = ev->new_tail == q->sq_tail || wrap;

	q->sq_bells++;
	q->sq_bell_cmds += ev->count;
	if (s->sq_synced && (ev->count != s->nr_sq_pending || !tail_fits))
		q->trouble.sq_gaps++;
	for (uint32_t i = 0; i < s->nr_sq_pending; i++) {
		struct model_cmd *c = command_find_open(q, s->sq_pending[i]);

		if (!c || c->at[STEP_SQ_BELL])
			continue;
		c->at[STEP_SQ_BELL] = ev->h.ts;
		c->batch = ev->count;
		if (!c->at[STEP_CQE] && !c->at[STEP_COMPLETE] && !command_is_async_event(q, c)) {
			c->flags |= CMD_AT_DEVICE;
			q->depth++;
		}
	}
	if (s->nr_sq_pending)
		queue_depth_change(m, q, ev->h.ts, 0);
	s->nr_sq_pending = 0;
	s->sq_synced = true;
	q->sq_tail = ev->new_tail;
	q->sq_rung = ev->new_tail;
	if (m->v->sq_doorbell)
		m->v->sq_doorbell(m->ctx, q, ev);
}

/* Where the driver says it stands in the CQ: sets the model right after a loss. */
static void cq_sync(struct model_queue *q, uint16_t head, uint16_t phase)
{
	/* Without a known depth, slot 0 with the other phase is as good as the next slot. */
	bool wrap = !q->cq_depth && head == 0 && phase != q->cq_phase;

	if (q->state->cq_synced && !wrap && (head != q->cq_head || phase != q->cq_phase))
		q->trouble.cq_gaps++;
	q->state->cq_synced = true;
	q->cq_head = head;
	q->cq_phase = phase;
}

static void on_cq_enter(struct model_queue *q, const struct nvs_cq_enter *ev)
{
	struct queue_state *s = q->state;

	if (s->looking)
		q->trouble.cq_gaps++;
	cq_sync(q, ev->cq_head, ev->phase);
	s->looking = true;
	s->look = (struct model_look){ .begin = ev->h.ts, .why = ev->why };
	if (ev->why == NVS_WHY_CQ_irq)
		q->irqs++;
	else if (ev->why == NVS_WHY_CQ_poll)
		q->polls++;
}

/* What the driver found the entry to be, when that is not a request of its own. */
static bool cqe_is_request(struct model_queue *q, const struct nvs_cqe *ev)
{
	switch (ev->match) {
	case NVS_CQE_request: return true;
	case NVS_CQE_async_event: q->async_events++; return false;
	case NVS_CQE_stale: q->trouble.stale++; return false;
	default: q->trouble.unknown++; return false;
	}
}

static void cqe_command(struct model *m, struct model_queue *q, const struct nvs_cqe *ev)
{
	struct queue_state *s = q->state;
	struct model_cmd *c = command_find_open(q, ev->h.cid);

	if (!cqe_is_request(q, ev)) {
		/* An asynchronous event request ends here: no rq_complete follows. */
		if (c && ev->match == NVS_CQE_async_event) {
			command_leave_device(m, q, c, ev->h.ts);
			c->state = CMD_DONE;
		}
		return;
	}
	if (!c || c->at[STEP_CQE]) {
		q->trouble.unmatched++;
		return;
	}
	c->at[STEP_CQE] = ev->h.ts;
	c->status = ev->status;
	command_leave_device(m, q, c, ev->h.ts);
	if (s->nr_cq_pending == MAX_PENDING) {
		q->trouble.cq_gaps++;
		s->nr_cq_pending = 0;
	}
	s->cq_pending[s->nr_cq_pending++] = ev->h.cid;
	if (c->mark && c->mark <= m->nr_marks)
		m->marks[c->mark - 1].status = ev->status;
}

static void on_cqe(struct model *m, struct model_queue *q, const struct nvs_cqe *ev)
{
	q->completions++;
	cq_sync(q, ev->slot, ev->phase);
	q->cq_head = next_slot(ev->slot, q->cq_depth);
	if (q->cq_head == 0)
		q->cq_phase ^= 1;
	q->sq_head = ev->sq_head;
	cqe_command(m, q, ev);
	if (m->v->completion)
		m->v->completion(m->ctx, q, ev);
}

/* All that a kernel tells that shows nothing but tracepoints: no entry, and no doorbell to come. */
static void on_sq_head(struct model *m, struct model_queue *q, const struct nvs_sq_head *ev)
{
	struct model_cmd *c = command_find_open(q, ev->h.cid);

	q->completions++;
	q->sq_head = ev->sq_head;
	if (!c || c->at[STEP_CQE]) {
		q->trouble.unmatched++;
		return;
	}
	c->at[STEP_CQE] = ev->h.ts;
	c->flags |= CMD_BELLS_UNSEEN;
	command_leave_device(m, q, c, ev->h.ts);
}

static void on_cq_doorbell(struct model *m, struct model_queue *q, const struct nvs_cq_doorbell *ev)
{
	struct queue_state *s = q->state;

	q->cq_bells++;
	if (s->cq_synced && ev->new_head != q->cq_head && (q->cq_depth || ev->new_head)) {
		q->trouble.cq_gaps++;
		/* The doorbell does not tell the phase: wait for the next entry that does. */
		s->cq_synced = false;
	}
	for (uint32_t i = 0; i < s->nr_cq_pending; i++) {
		struct model_cmd *c = command_find_open(q, s->cq_pending[i]);

		if (!c || c->at[STEP_CQ_BELL])
			continue;
		c->at[STEP_CQ_BELL] = ev->h.ts;
		command_done_if_whole(m, q, c);
	}
	s->nr_cq_pending = 0;
	if (m->v->cq_doorbell)
		m->v->cq_doorbell(m->ctx, q, ev);
}

static void on_cq_exit(struct model *m, struct model_queue *q, const struct nvs_cq_exit *ev)
{
	struct queue_state *s = q->state;

	if (ev->why == NVS_WHY_CQ_irq) {
		q->irq_found += ev->found;
		q->irq_empty += !ev->found;
	} else if (ev->why == NVS_WHY_CQ_poll) {
		q->poll_found += ev->found;
	}
	if (!s->looking) {
		q->trouble.cq_gaps++;
		return;
	}
	s->looking = false;
	s->look.end = ev->h.ts;
	s->look.found = ev->found;
	if (m->v->look)
		m->v->look(m->ctx, q, &s->look);
}

static void on_rq_complete(struct model *m, struct model_queue *q, const struct nvs_rq_complete *ev)
{
	struct model_cmd *c = command_late(q, ev->h.cid);

	if (!c)
		return;
	c->at[STEP_COMPLETE] = ev->h.ts;
	c->end_cpu = (uint16_t)m->cpu;
	c->how = (uint8_t)ev->how;
	if (ev->status)
		c->status = ev->status;
	if (ev->how == NVS_HOW_DONE_cancelled)
		q->cancelled++;
	command_leave_device(m, q, c, ev->h.ts);
	command_leave_driver(q, c);
	command_done_if_whole(m, q, c);
}

static void on_cmd_unmap(struct model *m, struct model_queue *q, const struct nvs_hdr *h)
{
	struct model_cmd *c = command_late(q, h->cid);

	if (!c)
		return;
	c->at[STEP_UNMAP] = h->ts;
	command_done_if_whole(m, q, c);
}

int queue_event(struct model *m, const struct nvs_hdr *h, struct nvs_error *err)
{
	struct model_queue *q;

	if (model_queue_of(m, h, &q, err) < 0)
		return -1;
	if (!q)
		return 0;
	switch (h->id) {
	case NVS_ID_rq_start: return on_rq_start(m, q, AS(rq_start, h), err);
	case NVS_ID_cmd_setup: return on_cmd_setup(m, q, AS(cmd_setup, h), err);
	case NVS_ID_cmd_map: return on_cmd_map(m, q, AS(cmd_map, h), err);
	case NVS_ID_sqe: return on_sqe(m, q, AS(sqe, h), err);
	case NVS_ID_cmd_sent: return on_cmd_sent(m, q, AS(cmd_sent, h), err);
	case NVS_ID_sq_doorbell: on_sq_doorbell(m, q, AS(sq_doorbell, h)); break;
	case NVS_ID_cq_enter: on_cq_enter(q, AS(cq_enter, h)); break;
	case NVS_ID_cqe: on_cqe(m, q, AS(cqe, h)); break;
	case NVS_ID_sq_head: on_sq_head(m, q, AS(sq_head, h)); break;
	case NVS_ID_cq_doorbell: on_cq_doorbell(m, q, AS(cq_doorbell, h)); break;
	case NVS_ID_cq_exit: on_cq_exit(m, q, AS(cq_exit, h)); break;
	case NVS_ID_rq_complete: on_rq_complete(m, q, AS(rq_complete, h)); break;
	case NVS_ID_cmd_unmap: on_cmd_unmap(m, q, h); break;
	case NVS_ID_batch_submit: q->batches++; break;
	}
	return 0;
}

/*
 * The rings start anew.  Commands stay: those of a queue that a reset took away
 * end by their own events.
 */
void queue_created(struct model_queue *q, const struct nvs_queue_create *ev)
{
	struct queue_state *s = q->state;

	q->created = true;
	if (ev->ring == NVS_RING_sq) {
		q->sq_depth = ev->depth;
		q->sq_tail = q->sq_rung = q->sq_head = 0;
		s->nr_sq_pending = 0;
		s->sq_synced = true;
	} else {
		q->cq_depth = ev->depth;
		q->vector = ev->vector;
		q->cq_head = 0;
		q->cq_phase = 1;
		s->nr_cq_pending = 0;
		s->cq_synced = true;
	}
}

void queue_free(struct model_queue *q)
{
	if (!q)
		return;
	for (unsigned int i = 0; i < NR_CHUNKS; i++)
		free(q->state->chunk[i]);
	free(q->state);
	free(q);
}
