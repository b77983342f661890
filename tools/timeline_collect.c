// SPDX-License-Identifier: GPL-2.0
/* The pass: every queue's course, decimated as it comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format.h"
#include "lanes.h"
#include "timeline.h"

/*
 * The series of @q for something that happens at @ts, or NULL when it is not
 * to be drawn.  All begin at the same time: that of --from, or else of the first
 * event on any I/O queue.  The admin queue is for those who ask for a time: most
 * of what it does is the bring-up, and that has its own picture.
 */
static struct series *series_at(struct timeline *t, const struct model_queue *q, uint64_t ts)
{
	struct series **s = &t->series[q->index];

	if (ts < t->from || (t->to && ts > t->to))
		return NULL;
	if (!q->qid && !t->windowed)
		return NULL;
	if (!t->start)
		t->start = t->windowed ? t->from : ts;
	if (*s || t->nr_series == MAX_SERIES)
		return *s;
	*s = calloc(1, sizeof(**s));
	if (!*s) {
		t->out_of_memory = true;
		return NULL;
	}
	t->nr_series++;
	(*s)->q = q;
	if (q->index >= t->nr_indices)
		t->nr_indices = q->index + 1;
	decimate_start(&(*s)->sq_bells, t->start);
	decimate_start(&(*s)->cq_bells, t->start);
	decimate_start(&(*s)->completions, t->start);
	decimate_start(&(*s)->irqs, t->start);
	decimate_start(&(*s)->depth, t->start);
	decimate_start(&(*s)->flow, t->start);
	decimate_start(&(*s)->device, t->start);
	return *s;
}

static void add_tick(struct timeline *t, const struct nvs_hdr *h, enum tick_kind kind)
{
	if (t->lanes)
		lanes_tick(t->lanes, h->ctrl, h->qid, h->cid, kind, h->ts);
}

static void on_sq_doorbell(void *ctx, const struct model_queue *q, const struct nvs_sq_doorbell *ev)
{
	struct series *s = series_at(ctx, q, ev->h.ts);

	if (s)
		decimate_add(&s->sq_bells, ev->h.ts, ev->count);
	if (s)
		add_tick(ctx, &ev->h, TICK_SQ);
}

static void on_cq_doorbell(void *ctx, const struct model_queue *q, const struct nvs_cq_doorbell *ev)
{
	struct series *s = series_at(ctx, q, ev->h.ts);

	if (s)
		decimate_add(&s->cq_bells, ev->h.ts, ev->count);
	if (s)
		add_tick(ctx, &ev->h, TICK_CQ);
}

static void on_completion(void *ctx, const struct model_queue *q, const struct nvs_cqe *ev)
{
	struct series *s = series_at(ctx, q, ev->h.ts);

	if (s)
		decimate_add(&s->completions, ev->h.ts, 1);
}

static void on_look(void *ctx, const struct model_queue *q, const struct model_look *look)
{
	const struct nvs_hdr h = { .ts = look->begin, .ctrl = q->ctrl, .qid = q->qid };
	struct series *s;

	if (look->why != NVS_WHY_CQ_irq)
		return;
	s = series_at(ctx, q, look->begin);
	if (s)
		decimate_add(&s->irqs, look->begin, look->found);
	if (s)
		add_tick(ctx, &h, TICK_IRQ);
}

static void on_depth(void *ctx, const struct model_queue *q, uint64_t ts)
{
	struct timeline *t = ctx;
	struct series *s;

	if (ts < t->from)
		t->before[q->index] = (struct before){ q, q->depth };
	s = series_at(t, q, ts);
	if (s)
		decimate_add(&s->depth, ts, q->depth);
}

/* The device's own log.  It knows of queues that the driver has not rung yet: not drawn. */
static void on_device(void *ctx, const struct recorded *ev)
{
	static const enum tick_kind kinds[NVS_EVENT_ID_MAX + 1] = {
		[NVS_ID_dev_doorbell] = TICK_DEV_BELL,
		[NVS_ID_dev_cmd] = TICK_DEV_CMD,
		[NVS_ID_dev_cqe] = TICK_DEV_CQE,
	};
	const struct nvs_hdr *h = ev->hdr;
	struct timeline *t = ctx;
	struct series *s = NULL;

	if (!kinds[h->id])
		return;
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES && i < t->nr_indices && !s; i++)
		if (t->series[i] && t->series[i]->q->qid == h->qid &&
		    t->series[i]->q->ctrl == h->ctrl)
			s = t->series[i];
	if (!s)
		return;
	if (h->id == NVS_ID_dev_cmd)
		s->at_device++;
	else if (h->id == NVS_ID_dev_cqe && s->at_device)
		s->at_device--;
	if (h->ts < t->start || (t->to && h->ts > t->to))
		return;
	if (h->id != NVS_ID_dev_doorbell)
		decimate_add(&s->device, h->ts, s->at_device);
	add_tick(t, h, kinds[h->id]);
}

/*
 * Level io tells of a command at its end.  Its beginning may lie before the window, and its
 * end behind it.
 */
static void io_command(struct timeline *t, const struct model_queue *q, const struct model_cmd *c)
{
	uint64_t first = t->windowed ? t->from : model_totals(t->a.model)->first_ts;
	uint64_t begin = c->at[STEP_START], end = c->at[STEP_COMPLETE];
	struct series *s;

	if (!begin || end < first)
		return;
	s = series_at(t, q, begin > first ? begin : first);
	if (!s)
		return;
	if (begin >= first) {
		decimate_add(&s->depth, begin, c->depth);
		decimate_add(&s->flow, begin, 1);
	} else {
		t->before[q->index] = (struct before){ q, t->before[q->index].depth + 1 };
	}
	if (t->to && end > t->to)
		return;
	decimate_add(&s->flow, end, -1);
	decimate_add(&s->completions, end, 1);
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct timeline *t = ctx;
	uint64_t begin = timeline_begin(c);
	uint64_t ts = c->at[STEP_COMPLETE];

	if (t->level == LEVEL_IO)
		io_command(t, q, c);
	if (t->lanes && (q->qid || t->windowed) && ts >= t->from && (!t->to || begin <= t->to))
		lanes_command(t->lanes, q, c, begin);
	if (ts < t->from || (t->to && ts > t->to))
		return;
	if (t->own_stats)
		stats_command(t->own_stats, q, c);
	if (q->qid)
		heat_command(t, q, ts, ts - begin);
}

const struct model_visitor timeline_visitor = {
	.command = on_command,
	.device = on_device,
	.hist = heat_hist,
	.sq_doorbell = on_sq_doorbell,
	.cq_doorbell = on_cq_doorbell,
	.completion = on_completion,
	.look = on_look,
	.depth = on_depth,
};

#define NR_DECIMATORS 7

static void decimators(struct series *s, struct decimator *d[NR_DECIMATORS])
{
	d[0] = &s->sq_bells;
	d[1] = &s->cq_bells;
	d[2] = &s->completions;
	d[3] = &s->irqs;
	d[4] = &s->depth;
	d[5] = &s->flow;
	d[6] = &s->device;
}

/* What was at the device when the window began, and stayed there, is to be seen too. */
static void add_waiting(struct timeline *t)
{
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		if (t->before[i].q && t->before[i].depth)
			series_at(t, t->before[i].q, t->from);
}

void timeline_align(struct timeline *t)
{
	struct decimator *d[NR_DECIMATORS];
	uint64_t width = 1;
	uint64_t from, to;

	add_waiting(t);
	heat_align(t);
	timeline_span(t, &from, &to);
	while ((to - from) / width >= DECIMATE_COLUMNS)
		width *= 2;
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++) {
			if (!t->series[i])
				continue;
			decimators(t->series[i], d);
			for (unsigned int k = 0; k < NR_DECIMATORS; k++) {
				if (d[k]->width > width)
					width = d[k]->width;
				if (pass == 1)
					decimate_widen(d[k], width);
			}
		}
	}
	timeline_find_close_up(t);
}

void timeline_free(struct timeline *t)
{
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		free(t->series[i]);
	for (unsigned int i = 0; i < t->nr_queue_heat; i++)
		free(t->queue_heat[i].h);
	free(t->heat);
	free(t->lanes);
	stats_free(t->own_stats);
	free(t->own_all);
	analysis_close(&t->a);
	free(t);
}

/* I/O queues by number, then admin queues: those have little to show. */
static int by_queue(const void *a, const void *b)
{
	const struct model_queue *x = (*(const struct series *const *)a)->q;
	const struct model_queue *y = (*(const struct series *const *)b)->q;

	if (!x->qid != !y->qid)
		return !x->qid - !y->qid;
	if (x->ctrl != y->ctrl)
		return x->ctrl - y->ctrl;
	return x->qid - y->qid;
}

unsigned int timeline_rows(const struct timeline *t, const struct series **rows, unsigned int max)
{
	const struct series *all[MAX_SERIES];
	unsigned int nr = 0;

	for (unsigned int i = 0; i < MODEL_MAX_QUEUES && nr < MAX_SERIES; i++)
		if (t->series[i])
			all[nr++] = t->series[i];
	qsort(all, nr, sizeof(all[0]), by_queue);
	if (nr > max)
		nr = max;
	for (unsigned int i = 0; i < nr; i++)
		rows[i] = all[i];
	return nr;
}

void timeline_span(const struct timeline *t, uint64_t *from, uint64_t *to)
{
	*from = *to = t->start;
	if (t->windowed) {
		*to = model_totals(t->a.model)->last_ts;
		if (t->to && t->to < *to)
			*to = t->to;
		if (*to < *from)
			*to = *from;
		return;
	}
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++) {
		struct decimator *d[NR_DECIMATORS];

		if (!t->series[i])
			continue;
		decimators(t->series[i], d);
		for (unsigned int k = 0; k < NR_DECIMATORS; k++)
			if (d[k]->end > *to)
				*to = d[k]->end;
	}
}

struct text series_name(const struct series *s)
{
	struct text t;

	if (s->q->qid)
		snprintf(t.s, sizeof(t.s), "nvme%u q%u", s->q->ctrl, s->q->qid);
	else
		snprintf(t.s, sizeof(t.s), "nvme%u admin", s->q->ctrl);
	return t;
}

double depth_before(const struct timeline *t, const struct series *s)
{
	return t->before[s->q->index].depth;
}

void depth_step(const struct timeline *t, const struct series *s, unsigned int i, double *value,
		double *low, double *high)
{
	const struct column *c = &s->depth.column[i];
	double begin = *value;

	*low = *high = begin;
	if (c->points) {
		*high = c->max > begin ? c->max : begin;
		*low = c->min < begin ? c->min : begin;
	}
	if (t->level == LEVEL_IO) {
		*value = begin + s->flow.column[i].sum;
		*low = c->points && c->min - 1 < begin ? c->min - 1 : begin;
		*low = *value < *low ? *value : *low;
		*high = *value > *high ? *value : *high;
	} else if (c->points) {
		*value = c->last;
	}
}

struct text timeline_filter(const struct timeline *t)
{
	const char *filter = recording_env(t->a.recording, "filter");
	struct text text = { "" };

	if (filter && *filter)
		snprintf(text.s, sizeof(text.s), "; filtered: %.30s%s", filter,
			 strlen(filter) > 30 ? "..." : "");
	return text;
}
