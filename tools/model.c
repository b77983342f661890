// SPDX-License-Identifier: GPL-2.0
/* The model's frame: controllers, queues, and which room an event belongs to. */
#include <stdlib.h>
#include <string.h>
#include "model_internal.h"

struct model *model_new(const struct model_visitor *visitor, void *ctx)
{
	static const struct model_visitor nobody;
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->v = visitor ? visitor : &nobody;
	m->ctx = ctx;
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (unsigned int i = 0; i < m->nr_ctrls; i++) {
		for (unsigned int q = 0; q < m->ctrls[i]->nr_queues; q++)
			queue_free(m->ctrls[i]->queue[q]);
		free(m->ctrls[i]->queue);
		free(m->ctrls[i]);
	}
	free(m->phases);
	free(m->marks);
	free(m);
}

static int no_memory(struct nvs_error *err)
{
	return nvs_fail(err, "out of memory while rebuilding queues and commands: "
			     "close other programs or use a machine with more memory");
}

int model_get_ctrl(struct model *m, uint16_t id, struct model_ctrl **ctrl, struct nvs_error *err)
{
	struct model_ctrl *c = m->last_ctrl;

	if (c && c->id == id) {
		*ctrl = c;
		return 0;
	}
	*ctrl = NULL;
	for (unsigned int i = 0; i < m->nr_ctrls && !*ctrl; i++)
		if (m->ctrls[i]->id == id)
			*ctrl = m->ctrls[i];
	if (!*ctrl && m->nr_ctrls == MODEL_MAX_CTRLS) {
		m->totals.beyond_limits++;
		return 0;
	}
	if (!*ctrl) {
		c = calloc(1, sizeof(*c));
		if (!c)
			return no_memory(err);
		c->id = id;
		m->ctrls[m->nr_ctrls++] = c;
		*ctrl = c;
	}
	m->last_ctrl = *ctrl;
	return 0;
}

/* Slow path of model_get_queue(): the first event of a queue. */
static int queue_new(struct model *m, struct model_ctrl *c, uint16_t qid,
		     struct model_queue **queue, struct nvs_error *err)
{
	struct model_queue *q, **table;

	if (m->nr_queues == MODEL_MAX_QUEUES) {
		m->totals.beyond_limits++;
		return 0;
	}
	if (qid >= c->nr_queues) {
		table = realloc(c->queue, (qid + 1u) * sizeof(struct model_queue *));
		if (!table)
			return no_memory(err);
		memset(table + c->nr_queues, 0,
		       (qid + 1u - c->nr_queues) * sizeof(struct model_queue *));
		c->queue = table;
		c->nr_queues = qid + 1u;
	}
	q = calloc(1, sizeof(*q));
	if (q)
		q->state = calloc(1, sizeof(*q->state));
	if (!q || !q->state) {
		free(q);
		return no_memory(err);
	}
	q->ctrl = c->id;
	q->qid = qid;
	q->index = m->nr_queues++;
	c->queue[qid] = q;
	*queue = q;
	return 0;
}

int model_get_queue(struct model *m, const struct nvs_hdr *h, struct model_queue **queue,
		    struct nvs_error *err)
{
	struct model_ctrl *c;

	*queue = NULL;
	if (model_get_ctrl(m, h->ctrl, &c, err) < 0)
		return -1;
	if (!c)
		return 0;
	if (h->qid < c->nr_queues && c->queue[h->qid]) {
		*queue = c->queue[h->qid];
		return 0;
	}
	return queue_new(m, c, h->qid, queue, err);
}

void *model_grow(void *array, unsigned int nr, unsigned int *max, unsigned int limit, size_t size)
{
	unsigned int want = *max ? *max * 2 : 64;
	void *bigger;

	if (nr < *max)
		return array;
	if (nr >= limit)
		return NULL;
	bigger = realloc(array, want * size);
	if (bigger)
		*max = want;
	return bigger;
}

#define SIZE_OF(num, ev, size) [num] = (size),
static const uint8_t event_size[NVS_EVENT_ID_MAX + 1] = { NVS_EVENTS(SIZE_OF) };
#undef SIZE_OF

int model_event(struct model *m, const struct recorded *ev, struct nvs_error *err)
{
	const struct nvs_hdr *h = ev->hdr;
	struct model_totals *t = &m->totals;

	if (h->id > NVS_EVENT_ID_MAX || !event_size[h->id] || ev->size < event_size[h->id]) {
		t->unknown_events++;
		return 0;
	}
	if (h->id == NVS_ID_io)
		return model_io(m, ev, err);
	t->events++;
	t->by_id[h->id]++;
	/* The device's log may begin long before the driver does, and times count from there. */
	if (h->id >= NVS_ID_dev_reg) {
		if (m->v->device)
			m->v->device(m->ctx, ev);
		return 0;
	}
	if (!t->first_ts)
		t->first_ts = h->ts;
	t->last_ts = h->ts;
	m->cpu = ev->cpu;
	if (h->id == NVS_ID_rq_result)
		return 0;
	if (h->id == NVS_ID_hist_stage || h->id == NVS_ID_hist_bucket)
		return m->v->hist ? m->v->hist(m->ctx, h, err) : 0;
	if ((h->id >= NVS_ID_rq_start && h->id <= NVS_ID_cmd_sent) || h->id == NVS_ID_sq_head)
		return queue_event(m, h, err);
	return phase_event(m, h, err);
}

void model_finish(struct model *m)
{
	for (unsigned int i = 0; i < m->nr_ctrls; i++)
		for (unsigned int q = 0; q < m->ctrls[i]->nr_queues; q++)
			if (m->ctrls[i]->queue[q])
				queue_finish(m, m->ctrls[i]->queue[q]);
	phase_finish(m);
}

int model_run(struct model *m, struct recording *r, struct nvs_error *err)
{
	const struct recorded *ev;
	int ret;

	while ((ret = recording_some(r, &ev, err)) > 0)
		for (; ret > 0; ret--, ev++)
			if (model_event(m, ev, err) < 0)
				return -1;
	if (ret == 0)
		model_finish(m);
	return ret;
}

const struct model_totals *model_totals(const struct model *m)
{
	return &m->totals;
}

unsigned int model_nr_ctrls(const struct model *m)
{
	return m->nr_ctrls;
}

const struct model_ctrl *model_ctrl(const struct model *m, unsigned int index)
{
	return index < m->nr_ctrls ? m->ctrls[index] : NULL;
}

const struct model_phase *model_phases(const struct model *m, unsigned int *nr)
{
	*nr = m->nr_phases;
	return m->phases;
}

const struct model_mark *model_marks(const struct model *m, unsigned int *nr)
{
	*nr = m->nr_marks;
	return m->marks;
}

uint64_t model_trouble_total(const struct model_trouble *t)
{
	return t->unmatched + t->stale + t->unknown + t->reused + t->no_start + t->no_end +
	       t->unfinished + t->orphans + t->sq_gaps + t->cq_gaps + t->disordered;
}

bool model_split(const struct model_cmd *c, struct model_split *split)
{
	uint64_t start = c->at[STEP_START], bell = c->at[STEP_SQ_BELL];
	uint64_t cqe = c->at[STEP_CQE], end = c->at[STEP_COMPLETE];

	/* Where doorbells are not seen, the driver's time is in the device's. */
	if (!bell && c->flags & CMD_BELLS_UNSEEN)
		bell = start;
	if (!start || bell < start || cqe < bell || end < cqe)
		return false;
	split->queue = c->queued && c->queued < start ? start - c->queued : 0;
	split->driver = bell - start;
	split->device = cqe - bell;
	split->completion = end - cqe;
	split->total = split->queue + end - start;
	return true;
}

bool model_has_opcode(const struct model_cmd *c)
{
	return c->flags & CMD_OPCODE;
}
