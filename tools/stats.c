// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include "stats.h"

struct stats *stats_new(void)
{
	return calloc(1, sizeof(struct stats));
}

void stats_free(struct stats *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++)
		free(s->queue[i]);
	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++)
			free(s->kind[op][size]);
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

static unsigned int size_of(uint32_t bytes)
{
	unsigned int size = 1;

	if (!bytes)
		return 0;
	while (size < NR_STATS_SIZES - 1 && bytes > 4096u << (size - 1))
		size++;
	return size;
}

static void latency_add(struct latency *l, const struct model_split *s, const struct model_cmd *c)
{
	uint64_t *parts = l->parts[histogram_bucket(s->total)];

	if (c->queued)
		histogram_add(&l->stage[STAGE_QUEUE], s->queue);
	histogram_add(&l->stage[STAGE_DRIVER], s->driver);
	histogram_add(&l->stage[STAGE_DEVICE], s->device);
	histogram_add(&l->stage[STAGE_COMPLETION], s->completion);
	histogram_add(&l->stage[STAGE_TOTAL], s->total);
	parts[STAGE_QUEUE] += s->queue;
	parts[STAGE_DRIVER] += s->driver;
	parts[STAGE_DEVICE] += s->device;
	parts[STAGE_COMPLETION] += s->completion;
	l->bytes += c->bytes;
}

/* Made at first use: most of op x size is never used. */
static struct latency *get(struct stats *s, struct latency **l)
{
	if (!*l)
		*l = calloc(1, sizeof(**l));
	if (!*l)
		s->out_of_memory = true;
	return *l;
}

void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c)
{
	struct model_split split;
	struct latency *l;

	if (!model_split(c, &split)) {
		s->incomplete++;
		return;
	}
	l = get(s, &s->queue[q->index]);
	if (l)
		latency_add(l, &split, c);
	if (q->qid == 0)
		return;
	l = get(s, &s->kind[stats_op(c)][size_of(c->bytes)]);
	if (l)
		latency_add(l, &split, c);
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
