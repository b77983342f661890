// SPDX-License-Identifier: GPL-2.0
/* The pass: every queue's course, decimated as it comes. */
#include <stdio.h>
#include <stdlib.h>
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

static struct heatmap *heat_get(struct timeline *t, struct heatmap **h, uint64_t ts)
{
	if (!*h)
		*h = heatmap_new(t->windowed ? t->from : t->heat ? t->heat->start : ts, t->to);
	if (!*h)
		t->out_of_memory = true;
	return *h;
}

static void heat_command(struct timeline *t, const struct model_queue *q, uint64_t ts,
			 uint64_t took)
{
	struct heatmap *all = heat_get(t, &t->heat, ts), *own = t->queue_heat[q->index];

	if (!own && t->nr_queue_heat < MAX_ROWS) {
		own = heat_get(t, &t->queue_heat[q->index], ts);
		t->nr_queue_heat++;
	}
	if (all)
		heatmap_add(all, ts, took);
	if (own)
		heatmap_add(own, ts, took);
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

/* Where it is busiest: the close-up shows about this many doorbells. */
#define CLOSEUP_BELLS 36

/* The queue that had most at the device, and of those the one that rang most. */
static const struct series *busiest(const struct timeline *t)
{
	const struct series *best = NULL;

	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++) {
		const struct series *s = t->series[i];

		if (!s)
			continue;
		if (!best || s->q->peak_depth > best->q->peak_depth ||
		    (s->q->peak_depth == best->q->peak_depth && s->q->sq_bells > best->q->sq_bells))
			best = s;
	}
	return best;
}

static void find_close_up(struct timeline *t)
{
	const struct series *s = t->close_queue = busiest(t);
	unsigned int peak = 0, from, to;
	uint64_t bells = 0;

	if (!s)
		return;
	for (unsigned int i = 0; i < decimate_columns(&s->depth); i++)
		if (s->depth.column[i].points && s->depth.column[i].max > s->depth.column[peak].max)
			peak = i;
	/* A third of the doorbells before the peak, the others from there on. */
	for (from = peak; from > 0 && bells < CLOSEUP_BELLS / 3; from--)
		bells += s->sq_bells.column[from - 1].points;
	for (to = peak; to < DECIMATE_COLUMNS && bells < CLOSEUP_BELLS; to++)
		bells += s->sq_bells.column[to].points;
	t->close_from = t->start + from * s->sq_bells.width;
	t->close_to = t->start + to * s->sq_bells.width;
}

/* What was at the device when the window began, and stayed there, is to be seen too. */
static void add_waiting(struct timeline *t)
{
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		if (t->before[i].q && t->before[i].depth)
			series_at(t, t->before[i].q, t->from);
}

static void align_heat(struct timeline *t)
{
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		if (t->queue_heat[i])
			heatmap_widen(t->queue_heat[i], t->heat->width);
}

void timeline_align(struct timeline *t)
{
	struct decimator *d[NR_DECIMATORS];
	uint64_t width = 1;
	uint64_t from, to;

	add_waiting(t);
	align_heat(t);
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
	find_close_up(t);
}

static void note_bell(struct timeline *t, uint64_t ts, uint16_t value, uint16_t count, bool cq)
{
	if (t->nr_bells < MAX_CLOSEUP)
		t->bell[t->nr_bells++] = (struct bell){ ts, value, count, cq };
}

int timeline_close_up(struct timeline *t, struct nvs_error *err)
{
	struct recorded ev;
	int ret;

	if (!t->close_queue)
		return 0;
	recording_rewind(t->a.recording);
	while ((ret = recording_next(t->a.recording, &ev, err)) > 0) {
		const struct nvs_sq_doorbell *sq = (const void *)ev.hdr;
		const struct nvs_cq_doorbell *cq = (const void *)ev.hdr;

		if (ev.hdr->ts > t->close_to)
			return 0;
		if (ev.hdr->ts < t->close_from || ev.hdr->qid != t->close_queue->q->qid ||
		    ev.hdr->ctrl != t->close_queue->q->ctrl)
			continue;
		if (ev.hdr->id == NVS_ID_sq_doorbell)
			note_bell(t, ev.hdr->ts, sq->new_tail, sq->count, false);
		else if (ev.hdr->id == NVS_ID_cq_doorbell)
			note_bell(t, ev.hdr->ts, cq->new_head, cq->count, true);
	}
	return ret;
}

void timeline_free(struct timeline *t)
{
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		free(t->series[i]);
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		free(t->queue_heat[i]);
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
