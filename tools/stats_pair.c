// SPDX-License-Identifier: GPL-2.0
/* Commands of one queue and kind, counted together until the figures of either are due. */
#include <stdlib.h>
#include "stats_internal.h"

struct pair_row *pair_row_take(struct stats *s, uint32_t queue)
{
	struct pair_row *row;

	if (!s->pairs && !(s->pairs = calloc(1, sizeof(*s->pairs)))) {
		s->out_of_memory = true;
		return NULL;
	}
	row = &s->pairs->row[queue % PAIR_ROWS];
	if (row->nr && row->queue != queue)
		return NULL;
	row->queue = queue;
	return row;
}

struct tally *pair_new(struct stats *s, struct pair_row *row, unsigned int kind)
{
	struct tally *t = s->pairs->nr < MAX_PAIRS ? tally_new(s, true) : NULL;

	if (t) {
		row->of[kind] = t;
		row->nr++;
		s->pairs->nr++;
	}
	return t;
}

static void fold(struct stats *s, uint32_t queue, unsigned int kind, const struct tally *pair)
{
	struct tally **q = &s->queue_tally[queue];
	struct tally **k = &s->kind_tally[kind / NR_STATS_SIZES][kind % NR_STATS_SIZES];

	if (*q || (*q = tally_new(s, false)))
		tally_merge_to_queue(*q, pair);
	if (*k || (*k = tally_new(s, true)))
		tally_merge(*k, pair, true);
}

static void row_empty(struct stats *s, struct pair_row *row, bool count)
{
	for (unsigned int kind = 0; row->nr && kind < NR_KINDS; kind++) {
		if (!row->of[kind])
			continue;
		if (count)
			fold(s, row->queue, kind, row->of[kind]);
		free(row->of[kind]);
		row->of[kind] = NULL;
		row->nr--;
		s->pairs->nr--;
	}
}

static void pairs_empty(struct stats *s, bool count)
{
	for (unsigned int i = 0; s->pairs && i < PAIR_ROWS; i++)
		row_empty(s, &s->pairs->row[i], count);
}

void pairs_fold(struct stats *s)
{
	pairs_empty(s, true);
}

/* Many will be of queues that do not come again soon. */
void pairs_make_room(struct stats *s)
{
	if (s->pairs && s->pairs->nr > MAX_PAIRS / 2)
		pairs_fold(s);
}

void pairs_free(struct stats *s)
{
	pairs_empty(s, false);
	free(s->pairs);
}
