// SPDX-License-Identifier: GPL-2.0
/* The doorbells of the busiest moment, one by one. */
#include "timeline.h"

/* Where it is busiest: the close-up shows about this many doorbells. */
#define CLOSEUP_BELLS 36
/* And ends where so many columns have none: drawn as well, they would push the others to the edge. */
#define CLOSEUP_IDLE  32
#define CLOSEUP_LEAST 4

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

/*
 * How many columns from @first on, to the right (@step 1) or to the left (-1), hold the doorbells that
 * bring @bells to @most.
 */
static unsigned int reach(const struct series *s, unsigned int first, int step, uint64_t most,
			  uint64_t *bells)
{
	unsigned int taken = 0, seen = 1;

	for (unsigned int at = first; at < DECIMATE_COLUMNS && *bells < most; at += step, seen++) {
		uint64_t here = s->sq_bells.column[at].points;

		*bells += here;
		if (here)
			taken = seen;
		else if (seen - taken > CLOSEUP_IDLE && *bells >= CLOSEUP_LEAST)
			break;
	}
	return taken;
}

void timeline_find_close_up(struct timeline *t)
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
	to = peak + reach(s, peak, 1, CLOSEUP_BELLS - CLOSEUP_BELLS / 3, &bells);
	from = peak - reach(s, peak - 1, -1, CLOSEUP_BELLS, &bells);
	t->close_from = t->start + from * s->sq_bells.width;
	t->close_to = t->start + to * s->sq_bells.width;
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
