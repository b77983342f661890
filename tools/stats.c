// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "stats_internal.h"

struct stats *stats_new(void)
{
	struct stats *s = calloc(1, sizeof(*s));

	if (s)
		s->sequence = calloc(1, sizeof(*s->sequence));
	if (!s || !s->sequence) {
		free(s);
		return NULL;
	}
	return s;
}

void stats_free(struct stats *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++) {
		free(s->queue[i]);
		free(s->queue_tally[i]);
	}
	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++) {
			free(s->kind[op][size]);
			free(s->kind_tally[op][size]);
		}
	tasks_free(s);
	pairs_free(s);
	free(s->sequence);
	free(s);
}

/* Made at first use: most of op x size is never used. */
struct tally *tally_new(struct stats *s, bool parts)
{
	struct tally *t =
		calloc(1, sizeof(*t) + (parts ? HISTOGRAM_BUCKETS * sizeof(t->parts[0]) : 0));

	/* A lane in no use is never out of its range. */
	for (unsigned int i = 0; t && i < NR_LANES; i++)
		t->greatest[i] = BRIEF_LONG;
	for (unsigned int i = 0; t && i < NR_STAGES; i++) {
		t->range[i].min = UINT64_MAX;
		t->least[stage_lane(i)] = BRIEF_LONG;
		t->greatest[stage_lane(i)] = 0;
	}
	s->out_of_memory |= !t;
	return t;
}

void range_widen(struct range *r, uint64_t ns)
{
	uint64_t max = r->min + r->span;

	if (r->min == UINT64_MAX)
		max = ns; /* the first */
	if (ns < r->min)
		r->min = ns;
	r->span = (ns > max ? ns : max) - r->min;
}

static uint64_t tally_bucket(const struct tally *t, unsigned int stage, unsigned int b)
{
	return t->before[stage][b] + t->bucket[stage][b];
}

/* Pages that nobody used stay unused. */
static void empty_buckets(struct tally *t)
{
	for (unsigned int i = 0; t && i < NR_STAGES; i++)
		for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++)
			if (t->bucket[i][b]) {
				t->before[i][b] += t->bucket[i][b];
				t->bucket[i][b] = 0;
			}
}

void stats_make_room(struct stats *s, unsigned int nr)
{
	if (s->counted <= UINT32_MAX - nr) {
		s->counted += nr;
		return;
	}
	pairs_fold(s);
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		empty_buckets(s->queue_tally[i]);
	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++)
			empty_buckets(s->kind_tally[op][size]);
	s->counted = nr;
}

/* Buckets of @stage that anything was counted in lie from the first up to the last. */
static unsigned int first_bucket(const struct tally *t, unsigned int stage)
{
	return histogram_bucket(t->range[stage].min);
}

static unsigned int last_bucket(const struct tally *t, unsigned int stage)
{
	const struct range *r = &t->range[stage];

	return r->min == UINT64_MAX ? 0 : histogram_bucket(r->min + r->span);
}

/* All but the parts. */
static void merge_times(struct tally *into, const struct tally *from)
{
	for (unsigned int i = 0; i < NR_STAGES; i++) {
		const struct range *range = &from->range[i];
		unsigned int last = last_bucket(from, i);

		if (i < STAGE_TOTAL)
			into->sum[i] += from->sum[i];
		for (unsigned int b = first_bucket(from, i); b <= last; b++)
			into->before[i][b] += tally_bucket(from, i, b);
		if (range->min == UINT64_MAX)
			continue;
		range_widen(&into->range[i], range->min);
		range_widen(&into->range[i], range->min + range->span);
	}
	into->bytes += from->bytes;
}

void tally_merge(struct tally *into, const struct tally *from, bool parts)
{
	unsigned int last = last_bucket(from, STAGE_TOTAL);

	merge_times(into, from);
	if (!parts)
		return;
	for (unsigned int b = first_bucket(from, STAGE_TOTAL); b <= last; b++)
		for (unsigned int i = 0; i < STAGE_TOTAL; i++)
			into->parts[b][i] += from->parts[b][i];
}

void tally_merge_to_queue(struct tally *queue, const struct tally *from)
{
	unsigned int last = last_bucket(from, STAGE_TOTAL);

	merge_times(queue, from);
	for (unsigned int b = first_bucket(from, STAGE_TOTAL); b <= last; b++)
		for (unsigned int i = 0; i < STAGE_TOTAL; i++)
			queue->sum[i] += from->parts[b][i];
}

static void merge_one(struct stats *s, struct tally **into, const struct tally *from, bool parts)
{
	if (from && (*into || (*into = tally_new(s, parts))))
		tally_merge(*into, from, parts);
}

void stats_merge(struct stats *s, struct stats *from, const uint32_t *index)
{
	pairs_fold(from);
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++) {
		const struct queue_stats *q = &from->of_queue[i];
		struct queue_stats *into;

		if (!q->ended)
			continue;
		into = &s->of_queue[index[i]];
		into->ended += q->ended;
		into->remote += q->remote;
		into->bytes += q->bytes;
		into->accesses += q->accesses;
		into->sequential += q->sequential;
		merge_one(s, &s->queue_tally[index[i]], from->queue_tally[i], false);
	}
	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++)
			merge_one(s, &s->kind_tally[op][size], from->kind_tally[op][size], true);
	s->incomplete += from->incomplete;
	s->out_of_memory |= from->out_of_memory;
	tasks_merge(s, from);
}

/* Sums are in the parts, if there are any; the total is that of the other stages. */
static void make_sums(struct latency *l, const struct tally *t, bool parts)
{
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		uint64_t sum = t->sum[i];

		for (unsigned int b = 0; parts && b < HISTOGRAM_BUCKETS; b++)
			sum += t->parts[b][i];
		l->stage[i].sum = sum;
		l->stage[STAGE_TOTAL].sum += sum;
	}
}

/* Turns a tally into figures, and frees it. */
static void make_latency(struct stats *s, struct latency **l, struct tally **t, bool parts)
{
	if (!*t)
		return;
	*l = calloc(1, sizeof(**l));
	if (!*l) {
		s->out_of_memory = true;
		return;
	}
	for (unsigned int i = 0; i < NR_STAGES; i++) {
		struct histogram *h = &(*l)->stage[i];

		for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++)
			if (tally_bucket(*t, i, b))
				h->count += h->bucket[b] = tally_bucket(*t, i, b);
		h->min = h->count ? (*t)->range[i].min : 0;
		h->max = h->count ? h->min + (*t)->range[i].span : 0;
	}
	make_sums(*l, *t, parts);
	for (unsigned int b = 0; parts && b < HISTOGRAM_BUCKETS; b++)
		if ((*l)->stage[STAGE_TOTAL].bucket[b])
			memcpy((*l)->parts[b], (*t)->parts[b], sizeof((*l)->parts[b]));
	(*l)->bytes = (*t)->bytes;
	free(*t);
	*t = NULL;
}

void stats_finish(struct stats *s)
{
	pairs_fold(s);
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		make_latency(s, &s->queue[i], &s->queue_tally[i], false);
	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++)
			make_latency(s, &s->kind[op][size], &s->kind_tally[op][size], true);
	tasks_finish(s);
}

void latency_merge(struct latency *into, const struct latency *from)
{
	for (unsigned int i = 0; i < NR_STAGES; i++)
		histogram_merge(&into->stage[i], &from->stage[i]);
	for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++)
		for (unsigned int i = 0; i < STAGE_TOTAL; i++)
			into->parts[b][i] += from->parts[b][i];
	into->bytes += from->bytes;
}

struct latency *stats_all(const struct stats *s)
{
	struct latency *all = calloc(1, sizeof(*all));

	for (unsigned int op = 0; all && op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++)
			if (s->kind[op][size])
				latency_merge(all, s->kind[op][size]);
	return all;
}

/*
 * One bucket may hold a single command, and say nothing about its neighbours: a
 * quarter of the way to the maximum, and as far down, is the neighbourhood.
 */
void latency_parts(const struct latency *l, double q, double parts[STAGE_TOTAL])
{
	const struct histogram *total = &l->stage[STAGE_TOTAL];
	double around = (1 - q) / 4, sum = 0;
	unsigned int last;

	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		parts[i] = 0;
	if (!total->count)
		return;
	last = histogram_rank(total, q + around);
	for (unsigned int b = histogram_rank(total, q - around); b <= last; b++)
		for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
			parts[i] += (double)l->parts[b][i];
			sum += (double)l->parts[b][i];
		}
	/* A queue has its stages' sums alone: then all of its commands are the neighbourhood. */
	for (unsigned int i = 0; !(sum > 0) && i < STAGE_TOTAL; i++)
		parts[i] = (double)l->stage[i].sum;
	if (!(sum > 0))
		sum = (double)total->sum;
	for (unsigned int i = 0; sum > 0 && i < STAGE_TOTAL; i++)
		parts[i] *= (double)histogram_quantile(total, q) / sum;
}

const char *stats_op_name(unsigned int op)
{
	static const char *const names[NR_STATS_OPS] = { "read",    "write",	    "flush",
							 "discard", "write_zeroes", "other" };

	return op < NR_STATS_OPS ? names[op] : "?";
}

const char *stats_size_name(unsigned int size)
{
	static const char *const names[NR_STATS_SIZES] = { "-",	   "4K",  "8K",	  "16K",
							   "32K",  "64K", "128K", "256K",
							   "512K", "1M",  ">1M" };

	return size < NR_STATS_SIZES ? names[size] : "?";
}
