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
	free(s->sequence);
	free(s);
}

unsigned int stats_op(const struct model_cmd *c)
{
	switch (c->op) {
	case NVS_RQOP_read: return STATS_READ;
	case NVS_RQOP_write: return STATS_WRITE;
	case NVS_RQOP_flush: return STATS_FLUSH;
	case NVS_RQOP_discard: return STATS_DISCARD;
	case NVS_RQOP_write_zeroes: return STATS_ZEROES;
	default: return STATS_OTHER;
	}
}

/* Up to 4 KiB: 1; each doubling: one more. */
unsigned int stats_size(uint32_t bytes)
{
	unsigned int size;

	if (!bytes)
		return 0;
	if (bytes <= 4096)
		return 1;
	size = 21u - (unsigned int)__builtin_clz(bytes - 1);
	return size < NR_STATS_SIZES ? size : NR_STATS_SIZES - 1;
}

static void tally_add(struct tally *t, const uint64_t ns[NR_STAGES], const struct model_cmd *c)
{
	for (unsigned int i = c->queued ? STAGE_QUEUE : STAGE_DRIVER; i < NR_STAGES; i++) {
		t->bucket[i][histogram_bucket(ns[i])]++;
		t->sum[i] += ns[i];
		if (ns[i] < t->min[i])
			t->min[i] = ns[i];
		if (ns[i] > t->max[i])
			t->max[i] = ns[i];
	}
	t->bytes += c->bytes;
}

static void parts_add(struct tally *t, const uint64_t ns[NR_STAGES])
{
	uint64_t *parts = t->parts[histogram_bucket(ns[STAGE_TOTAL])];

	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		parts[i] += ns[i];
}

/* Made at first use: most of op x size is never used. */
static struct tally *tally_get(struct stats *s, struct tally **t, bool parts)
{
	if (*t)
		return *t;
	*t = calloc(1, sizeof(**t) + (parts ? HISTOGRAM_BUCKETS * sizeof((*t)->parts[0]) : 0));
	if (*t)
		memset((*t)->min, 0xff, sizeof((*t)->min));
	else
		s->out_of_memory = true;
	return *t;
}

void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c)
{
	struct queue_stats *of = &s->of_queue[q->index];
	unsigned int op = stats_op(c);
	bool io = q->qid != 0;
	struct model_split split;
	uint64_t ns[NR_STAGES];
	struct tally *t;

	of->ended++;
	of->remote += c->submit_cpu != c->end_cpu && c->at[STEP_START];
	of->bytes += c->bytes;
	if (!model_split(c, &split)) {
		s->incomplete++;
		return;
	}
	ns[STAGE_QUEUE] = split.queue;
	ns[STAGE_DRIVER] = split.driver;
	ns[STAGE_DEVICE] = split.device;
	ns[STAGE_COMPLETION] = split.completion;
	ns[STAGE_TOTAL] = split.total;
	t = tally_get(s, &s->queue_tally[q->index], false);
	if (t)
		tally_add(t, ns, c);
	if (!io)
		return;
	t = tally_get(s, &s->kind_tally[op][stats_size(c->bytes)], true);
	if (t) {
		tally_add(t, ns, c);
		parts_add(t, ns);
	}
	task_add(s, q, c, op, ns);
}

static void tally_merge(struct tally *into, const struct tally *from, bool parts)
{
	for (unsigned int i = 0; i < NR_STAGES; i++) {
		for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++)
			into->bucket[i][b] += from->bucket[i][b];
		into->sum[i] += from->sum[i];
		if (from->min[i] < into->min[i])
			into->min[i] = from->min[i];
		if (from->max[i] > into->max[i])
			into->max[i] = from->max[i];
	}
	for (unsigned int b = 0; parts && b < HISTOGRAM_BUCKETS; b++)
		for (unsigned int i = 0; i < STAGE_TOTAL; i++)
			into->parts[b][i] += from->parts[b][i];
	into->bytes += from->bytes;
}

static void merge_one(struct stats *s, struct tally **into, const struct tally *from, bool parts)
{
	struct tally *t = from ? tally_get(s, into, parts) : NULL;

	if (t)
		tally_merge(t, from, parts);
}

void stats_merge(struct stats *s, const struct stats *from, const uint32_t *index)
{
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
	for (unsigned int i = 0; i < 2; i++) {
		s->accesses[i] += from->accesses[i];
		s->sequential[i] += from->sequential[i];
	}
	s->incomplete += from->incomplete;
	s->out_of_memory |= from->out_of_memory;
	tasks_merge(s, from);
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
			if ((*t)->bucket[i][b])
				h->count += h->bucket[b] = (*t)->bucket[i][b];
		h->sum = (*t)->sum[i];
		h->min = h->count ? (*t)->min[i] : 0;
		h->max = (*t)->max[i];
	}
	for (unsigned int b = 0; parts && b < HISTOGRAM_BUCKETS; b++)
		if ((*l)->stage[STAGE_TOTAL].bucket[b])
			memcpy((*l)->parts[b], (*t)->parts[b], sizeof((*l)->parts[b]));
	(*l)->bytes = (*t)->bytes;
	free(*t);
	*t = NULL;
}

void stats_finish(struct stats *s)
{
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
