/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between stats.c, stats_sample.c and stats_task.c; no business of others.  What every command goes
 * through is inline here, for there are many millions.
 */
#ifndef NVS_STATS_INTERNAL_H
#define NVS_STATS_INTERNAL_H

#include "stats.h"

/* Least and greatest so far: one comparison tells that a value is neither. */
struct range {
	uint64_t min, span;
};

/*
 * A struct latency in the making, without what can be told from the rest at the end: counts
 * from buckets, sums from parts.
 */
struct tally {
	uint64_t bytes;
	uint64_t sum[STAGE_TOTAL]; /* ns; of a queue's, which has no parts */
	struct range range[NR_STAGES];
	uint32_t bucket[NR_STAGES][HISTOGRAM_BUCKETS];
	uint32_t carry[NR_STAGES][HISTOGRAM_BUCKETS]; /* how often a bucket went round */
	uint64_t parts[][STAGE_TOTAL];		      /* by bucket of the total; not for a queue */
};

/* One command as the figures need it. */
struct sample {
	uint64_t ns[NR_STAGES];
	uint64_t sector;
	struct task_key who;
	uint32_t bytes, nsid;
	uint16_t ctrl, op; /* enum stats_op */
	bool queued, failed;
};

/* Where reads and writes of late began and ended: the last one that fell into each place. */
#define SEQUENCE_PLACES 1024
struct sequence {
	uint64_t begin[SEQUENCE_PLACES], end[SEQUENCE_PLACES];
};

/* A tally that is empty; NULL: no memory, which @s notes. */
struct tally *tally_new(struct stats *s, bool parts);
/* The row of @key, which may be one for all others; NULL: no memory, which @s notes. */
struct task_stats *task_find(struct stats *s, const struct task_key *key);
void range_widen(struct range *r, uint64_t ns);
void tasks_merge(struct stats *s, const struct stats *from);
void tasks_finish(struct stats *s);
void tasks_free(struct stats *s);

static inline uint64_t stats_mix(uint64_t v)
{
	v *= 0x9e3779b97f4a7c15ull;
	return v ^ v >> 32;
}

/* Half as wide as a count, for these are what the processor's caches are full of. */
static inline void tally_count(struct tally *t, unsigned int stage, unsigned int b)
{
	if (__builtin_expect(!++t->bucket[stage][b], 0))
		t->carry[stage][b]++;
}

/* One time into a queue's and a kind's tally; the admin queue's commands have no kind. */
static inline void tally_time(struct tally *q, struct tally *k, unsigned int stage, uint64_t ns)
{
	unsigned int b = histogram_bucket(ns);

	tally_count(q, stage, b);
	if (__builtin_expect(ns - q->range[stage].min > q->range[stage].span, 0))
		range_widen(&q->range[stage], ns);
	if (!k)
		return;
	tally_count(k, stage, b);
	if (__builtin_expect(ns - k->range[stage].min > k->range[stage].span, 0))
		range_widen(&k->range[stage], ns);
}

static inline void tally_sample(struct tally *q, struct tally *k, const struct sample *p)
{
	uint64_t *parts;

	if (p->queued)
		tally_time(q, k, STAGE_QUEUE, p->ns[STAGE_QUEUE]);
	tally_time(q, k, STAGE_DRIVER, p->ns[STAGE_DRIVER]);
	tally_time(q, k, STAGE_DEVICE, p->ns[STAGE_DEVICE]);
	tally_time(q, k, STAGE_COMPLETION, p->ns[STAGE_COMPLETION]);
	tally_time(q, k, STAGE_TOTAL, p->ns[STAGE_TOTAL]);
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		q->sum[i] += p->ns[i];
	q->bytes += p->bytes;
	if (!k)
		return;
	parts = k->parts[histogram_bucket(p->ns[STAGE_TOTAL])];
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		parts[i] += p->ns[i];
	k->bytes += p->bytes;
}

/* A sector of one namespace, as seen by reads or by writes; never 0. */
static inline uint64_t sequence_key(const struct sample *p, uint64_t sector)
{
	return stats_mix(sector + 1) ^ (uint64_t)p->nsid << 24 ^ (uint64_t)p->ctrl << 1 ^ p->op;
}

/*
 * Commands end in another order than they were submitted, so of two neighbours either
 * may come first.  Each command is compared with many before it: streams may be many.
 */
static inline bool in_sequence(struct sequence *s, const struct sample *p)
{
	uint64_t begin = sequence_key(p, p->sector);
	uint64_t end = sequence_key(p, p->sector + p->bytes / 512);
	unsigned int b = (unsigned int)(begin % SEQUENCE_PLACES);
	unsigned int e = (unsigned int)(end % SEQUENCE_PLACES);
	bool follows = s->end[b] == begin, leads = s->begin[e] == end;

	s->begin[b] = begin;
	s->end[e] = end;
	return follows || leads;
}

static inline bool same_task(const struct task_key *a, const struct task_key *b)
{
	return a->comm[0] == b->comm[0] && a->comm[1] == b->comm[1] && a->cgroup == b->cgroup &&
	       a->tgid == b->tgid && a->pid == b->pid;
}

static inline void task_sample(struct stats *s, struct queue_stats *of, const struct sample *p)
{
	bool access = p->op <= STATS_WRITE && p->bytes, sequential = false;
	struct task_stats *t = s->last_task;

	if (access) {
		sequential = in_sequence(s->sequence, p);
		of->accesses++;
		of->sequential += sequential;
	}
	if (!t || !same_task(&t->key, &p->who)) {
		t = task_find(s, &p->who);
		if (!t)
			return;
		s->last_task = t == s->other_tasks ? NULL : t;
	}
	t->bytes += p->bytes;
	t->failed += p->failed;
	t->ops[p->op]++;
	t->accesses += access;
	t->sequential += sequential;
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		t->time[i] += p->ns[i];
	histogram_add(&t->total, p->ns[STAGE_TOTAL]);
}

/* One command whose every step is known, of the queue with this index. */
static inline void stats_sample(struct stats *s, uint32_t index, bool io, const struct sample *p)
{
	struct tally **q = &s->queue_tally[index], **k = NULL;

	if (!*q && !(*q = tally_new(s, false)))
		return;
	if (!io) {
		tally_sample(*q, NULL, p);
		return;
	}
	k = &s->kind_tally[p->op][stats_size(p->bytes)];
	if (!*k && !(*k = tally_new(s, true)))
		return;
	tally_sample(*q, *k, p);
	task_sample(s, &s->of_queue[index], p);
}

#endif
