// SPDX-License-Identifier: GPL-2.0
/*
 * Which command each step belongs to, and where each command is on its way.  A doorbell
 * belongs to the commands that it covers, a look at the CQ to the entries that it finds.
 */
#include <stdlib.h>
#include <string.h>
#include "model.h"
#include "walkthrough.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))
#define MAX_WAITING 4096

/* Commands that wait for a step that covers several. */
struct waiting {
	int32_t cmd[MAX_WAITING];
	uint32_t nr;
};

struct walk_queue {
	uint16_t ctrl, qid, vector;
	int32_t by_tag[4096];	 /* command, or -1 */
	int32_t look;		 /* step that began the look at the CQ, or -1 */
	struct waiting copied;	 /* in their slots, no doorbell yet */
	struct waiting rung;	 /* by the last doorbell */
	struct waiting taken;	 /* entries taken, no CQ doorbell yet */
	struct waiting answered; /* by the device, which has not interrupted yet */
};

struct follower {
	struct walk *w;
	struct walk_queue **queue;
	uint32_t nr_queues;
};

static void wait_in(struct waiting *l, int32_t cmd)
{
	if (l->nr < MAX_WAITING)
		l->cmd[l->nr++] = cmd;
}

/* All that wait have come to @stage; returns the first of them, or -1. */
static int32_t reach_all(struct walk *w, struct waiting *l, enum walk_stage stage, int32_t step)
{
	int32_t first = l->nr ? l->cmd[0] : -1;

	for (uint32_t i = 0; i < l->nr; i++)
		w->cmds[l->cmd[i]].at[stage] = step;
	return first;
}

static struct walk_queue *get_queue(struct follower *f, const struct nvs_hdr *h)
{
	struct walk_queue *q, **more;

	for (uint32_t i = 0; i < f->nr_queues; i++)
		if (f->queue[i]->ctrl == h->ctrl && f->queue[i]->qid == h->qid)
			return f->queue[i];
	/* The model counts those beyond its limit; here they share one. */
	if (f->nr_queues == MODEL_MAX_QUEUES)
		return f->queue[0];
	more = realloc(f->queue, (f->nr_queues + 1) * sizeof(struct walk_queue *));
	if (!more)
		return NULL;
	f->queue = more;
	q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->ctrl = h->ctrl;
	q->qid = q->vector = h->qid;
	q->look = -1;
	memset(q->by_tag, 0xff, sizeof(q->by_tag));
	f->queue[f->nr_queues++] = q;
	return q;
}

static int32_t find(const struct follower *f, const struct walk_queue *q, uint16_t cid)
{
	int32_t c = q->by_tag[NVS_CID_TAG(cid)];

	return c >= 0 && f->w->cmds[c].cid == cid ? c : -1;
}

/* -2: no memory. */
static int32_t begin(struct follower *f, struct walk_queue *q, const struct nvs_hdr *h)
{
	struct walk *w = f->w;
	struct walk_cmd *more;

	if (w->nr_cmds == w->max_cmds) {
		uint32_t max = w->max_cmds ? 2 * w->max_cmds : 256;

		more = realloc(w->cmds, max * sizeof(*more));
		if (!more)
			return -2;
		w->cmds = more;
		w->max_cmds = max;
	}
	w->cmds[w->nr_cmds] = (struct walk_cmd){ .ctrl = h->ctrl, .qid = h->qid, .cid = h->cid };
	memset(w->cmds[w->nr_cmds].at, 0xff, sizeof(w->cmds[0].at));
	q->by_tag[NVS_CID_TAG(h->cid)] = (int32_t)w->nr_cmds;
	return (int32_t)w->nr_cmds++;
}

/* The command of a step before the doorbell: one that has not come to @stage, or a new one. */
static int32_t early(struct follower *f, struct walk_queue *q, const struct nvs_hdr *h,
		     enum walk_stage stage, int32_t step)
{
	int32_t c = find(f, q, h->cid);

	if (c < 0 || f->w->cmds[c].at[stage] >= 0 || f->w->cmds[c].at[STAGE_END] >= 0)
		c = begin(f, q, h);
	if (c >= 0)
		f->w->cmds[c].at[stage] = step;
	return c;
}

static int32_t late(struct follower *f, struct walk_queue *q, const struct nvs_hdr *h,
		    enum walk_stage stage, int32_t step)
{
	int32_t c = find(f, q, h->cid);

	if (c >= 0 && f->w->cmds[c].at[stage] < 0)
		f->w->cmds[c].at[stage] = step;
	return c;
}

static int32_t sent(struct follower *f, struct walk_queue *q, const struct nvs_hdr *h, int32_t step)
{
	int32_t c = early(f, q, h, STAGE_SLOT, step);

	if (c >= 0 && h->id == NVS_ID_cmd_sent && f->w->cmds[c].at[STAGE_COMMAND] < 0)
		f->w->cmds[c].at[STAGE_COMMAND] = step;
	if (c >= 0)
		wait_in(&q->copied, c);
	return c;
}

static int32_t rung(struct follower *f, struct walk_queue *q, int32_t step)
{
	int32_t first = reach_all(f->w, &q->copied, STAGE_BELL, step);

	if (q->copied.nr)
		q->rung = q->copied;
	q->copied.nr = 0;
	return first;
}

static int32_t entry(struct follower *f, struct walk_queue *q, const struct nvs_hdr *h,
		     int32_t step)
{
	int32_t c = late(f, q, h, STAGE_ENTRY, step);

	if (c < 0)
		return c;
	f->w->cmds[c].at[STAGE_LOOK] = q->look;
	if (q->look >= 0 && f->w->steps[q->look].cmd < 0)
		f->w->steps[q->look].cmd = c;
	wait_in(&q->taken, c);
	return c;
}

static int32_t cq_bell(struct follower *f, struct walk_queue *q, int32_t step)
{
	int32_t first = reach_all(f->w, &q->taken, STAGE_CQ_BELL, step);

	q->taken.nr = 0;
	return first;
}

static int32_t device_bell(struct follower *f, struct walk_queue *q,
			   const struct nvs_dev_doorbell *ev, int32_t step)
{
	if (ev->ring == NVS_RING_cq)
		return -1;
	return reach_all(f->w, &q->rung, STAGE_DEV_BELL, step);
}

static int32_t device_answer(struct follower *f, struct walk_queue *q, const struct nvs_hdr *h,
			     int32_t step)
{
	int32_t c = late(f, q, h, STAGE_DEV_CQE, step);

	if (c >= 0)
		wait_in(&q->answered, c);
	return c;
}

/* One interrupt may be several queues'. */
static int32_t device_irq(struct follower *f, const struct nvs_dev_irq *ev, int32_t step)
{
	int32_t first = -1;

	for (uint32_t i = 0; i < f->nr_queues; i++) {
		struct walk_queue *q = f->queue[i];

		if (q->ctrl != ev->h.ctrl || q->vector != ev->vector || !q->answered.nr)
			continue;
		first = reach_all(f->w, &q->answered, STAGE_DEV_IRQ, step);
		q->answered.nr = 0;
	}
	return first;
}

/* The command of @step, -1: none; -2: no memory. */
static int32_t follow(struct follower *f, const struct nvs_hdr *h, int32_t step)
{
	struct walk_queue *q = get_queue(f, h);

	if (!q)
		return -2;
	switch (h->id) {
	case NVS_ID_rq_start: return early(f, q, h, STAGE_REQUEST, step);
	case NVS_ID_cmd_setup: return early(f, q, h, STAGE_COMMAND, step);
	case NVS_ID_cmd_map: return early(f, q, h, STAGE_DATA, step);
	case NVS_ID_sqe:
	case NVS_ID_cmd_sent: return sent(f, q, h, step);
	case NVS_ID_batch_submit: return q->copied.nr ? q->copied.cmd[0] : -1;
	case NVS_ID_sq_doorbell: return rung(f, q, step);
	case NVS_ID_cq_enter: q->look = step; return -1;
	case NVS_ID_cqe: return entry(f, q, h, step);
	case NVS_ID_cq_doorbell: return cq_bell(f, q, step);
	case NVS_ID_cq_exit: q->look = -1; return -1;
	case NVS_ID_cmd_unmap: return late(f, q, h, STAGE_UNMAP, step);
	case NVS_ID_rq_complete: return late(f, q, h, STAGE_END, step);
	case NVS_ID_timeout:
	case NVS_ID_abort:
	case NVS_ID_rq_result:
	case NVS_ID_retry: return find(f, q, h->cid);
	case NVS_ID_dev_doorbell: return device_bell(f, q, AS(dev_doorbell, h), step);
	case NVS_ID_dev_cmd: return late(f, q, h, STAGE_DEV_CMD, step);
	case NVS_ID_dev_cqe: return device_answer(f, q, h, step);
	case NVS_ID_dev_irq: return device_irq(f, AS(dev_irq, h), step);
	case NVS_ID_irq_setup: q->vector = AS(irq_setup, h)->vector; return -1;
	default: return -1;
	}
}

int walk_follow_commands(struct walk *w, struct nvs_error *err)
{
	struct follower f = { .w = w };
	int ret = 0;

	for (uint32_t i = 0; i < w->nr_steps && !ret; i++) {
		int32_t c = follow(&f, w->steps[i].hdr, (int32_t)i);

		if (c == -2)
			ret = nvs_fail(
				err, "out of memory: close other programs, or walk fewer --steps");
		w->steps[i].cmd = c;
	}
	for (uint32_t i = 0; i < f.nr_queues; i++)
		free(f.queue[i]);
	free(f.queue);
	return ret;
}

const char *walk_stage_name(enum walk_stage stage)
{
	static const char *const names[] = {
		"request", "command", "data", "slot",  "doorbell", "dev_bell", "dev_cmd",
		"dev_cqe", "dev_irq", "look", "entry", "cq_bell",  "unmap",    "end",
	};

	return names[stage];
}
