// SPDX-License-Identifier: GPL-2.0
/* The pass: I/Os into the heat maps. */
#include <stdlib.h>
#include <string.h>
#include "timeline.h"

static struct heatmap *heat_get(struct timeline *t, struct heatmap **h, uint64_t ts)
{
	if (!*h)
		*h = heatmap_new(t->windowed ? t->from : t->heat ? t->heat->start : ts, t->to);
	if (!*h)
		t->out_of_memory = true;
	return *h;
}

/* The map of all queues and that of this one; NULL: there is none. */
static void heat_maps(struct timeline *t, uint16_t ctrl, uint16_t qid, uint64_t ts,
		      struct heatmap *map[2])
{
	unsigned int i = 0;

	map[0] = heat_get(t, &t->heat, ts);
	map[1] = NULL;
	while (i < t->nr_queue_heat &&
	       (t->queue_heat[i].qid != qid || t->queue_heat[i].ctrl != ctrl))
		i++;
	if (i == MAX_ROWS)
		return;
	if (i == t->nr_queue_heat) {
		t->queue_heat[i].ctrl = ctrl;
		t->queue_heat[i].qid = qid;
		t->nr_queue_heat++;
	}
	map[1] = heat_get(t, &t->queue_heat[i].h, ts);
}

void heat_command(struct timeline *t, const struct model_queue *q, uint64_t ts, uint64_t took)
{
	struct heatmap *map[2];

	heat_maps(t, q->ctrl, q->qid, ts, map);
	for (unsigned int i = 0; i < 2; i++)
		if (map[i])
			heatmap_add(map[i], ts, took);
}

/* Level hist: the buckets of a stage come right behind it. */
int heat_hist(void *ctx, const struct nvs_hdr *h, struct nvs_error *err)
{
	struct timeline *t = ctx;
	const struct nvs_hist_bucket *b = (const void *)h;
	struct heatmap *map[2];

	(void)err;
	if (h->id == NVS_ID_hist_stage) {
		memcpy(&t->hist, h, sizeof(t->hist));
		if (t->hist.stage != NVS_STAGE_total || !h->qid || h->ts < t->from ||
		    (t->to && t->hist.since > t->to))
			t->hist.count = 0;
		return 0;
	}
	if (!t->hist.count)
		return 0;
	heat_maps(t, t->hist.h.ctrl, t->hist.h.qid, t->hist.since, map);
	for (unsigned int i = 0; i < 2; i++)
		if (map[i])
			heatmap_spread(map[i], t->hist.since, t->hist.h.ts, b->bucket, b->count);
	return 0;
}

static int by_heat_queue(const void *a, const void *b)
{
	const struct queue_heat *x = a, *y = b;

	return x->ctrl != y->ctrl ? x->ctrl - y->ctrl : x->qid - y->qid;
}

void heat_align(struct timeline *t)
{
	for (unsigned int i = 0; i < t->nr_queue_heat; i++)
		if (t->queue_heat[i].h)
			heatmap_widen(t->queue_heat[i].h, t->heat->width);
	qsort(t->queue_heat, t->nr_queue_heat, sizeof(t->queue_heat[0]), by_heat_queue);
}
