// SPDX-License-Identifier: GPL-2.0
/* Adds up what several models counted of one recording of level io. */
#include <stdlib.h>
#include <string.h>
#include "model_internal.h"

static void merge_queue(struct model_queue *q, const struct model_queue *from)
{
	q->state->bell_share += from->state->bell_share;
	q->sq_bells = bells_of(q->state);
	if (from->peak_depth > q->peak_depth)
		q->peak_depth = from->peak_depth;
#define ADD(field) q->field += from->field
	ADD(sq_bell_cmds);
	ADD(started);
	ADD(submitted);
	ADD(completions);
	ADD(irqs);
	ADD(irq_found);
	ADD(polls);
	ADD(poll_found);
	ADD(done);
	ADD(failed);
	ADD(cancelled);
	ADD(trouble.no_start);
	ADD(trouble.disordered);
#undef ADD
}

static void merge_totals(struct model_totals *t, const struct model_totals *from)
{
	if (from->first_ts && (!t->first_ts || from->first_ts < t->first_ts))
		t->first_ts = from->first_ts;
	if (from->last_ts > t->last_ts)
		t->last_ts = from->last_ts;
	t->events += from->events;
	t->unknown_events += from->unknown_events;
	t->beyond_limits += from->beyond_limits;
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++)
		t->by_id[id] += from->by_id[id];
}

/* Who met which controller first is chance: they are put in order. */
static int by_id(const void *a, const void *b)
{
	const struct model_ctrl *const *c = a, *const *d = b;

	return (*c)->id - (*d)->id;
}

int model_merge(struct model *m, const struct model *from, uint32_t *index, struct nvs_error *err)
{
	merge_totals(&m->totals, &from->totals);
	for (unsigned int i = 0; i < from->nr_ctrls; i++) {
		for (unsigned int qid = 0; qid < from->ctrls[i]->nr_queues; qid++) {
			const struct model_queue *q = from->ctrls[i]->queue[qid];
			struct nvs_hdr h = { .ctrl = from->ctrls[i]->id, .qid = (uint16_t)qid };
			struct model_queue *into;

			if (!q)
				continue;
			if (model_get_queue(m, &h, &into, err) < 0)
				return -1;
			if (!into)
				return nvs_fail(err, "more controllers or queues than can be read");
			index[q->index] = into->index;
			merge_queue(into, q);
		}
	}
	qsort(m->ctrls, m->nr_ctrls, sizeof(struct model_ctrl *), by_id);
	return 0;
}

static void forget_looks(struct queue_state *s)
{
	memset(s->looks, 0, sizeof(s->looks));
	s->latest_look = 0;
}

void model_break(struct model *m)
{
	for (unsigned int i = 0; i < m->nr_ctrls; i++)
		for (unsigned int qid = 0; qid < m->ctrls[i]->nr_queues; qid++)
			if (m->ctrls[i]->queue[qid])
				forget_looks(m->ctrls[i]->queue[qid]->state);
}
