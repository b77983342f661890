/* SPDX-License-Identifier: GPL-2.0 */
/* Between stats.c, stats_sample.c and stats_task.c; no business of others. */
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
	/* Half as wide as a count, for these are what the processor's caches are full of. */
	uint32_t bucket[NR_STAGES][HISTOGRAM_BUCKETS];
	uint64_t before[NR_STAGES][HISTOGRAM_BUCKETS]; /* what was moved out of them */
	uint64_t parts[][STAGE_TOTAL];		       /* by bucket of the total; not for a queue */
};

/* Where reads and writes of late began and ended: the last one that fell into each place. */
#define SEQUENCE_PLACES 1024
struct sequence {
	uint64_t begin[SEQUENCE_PLACES], end[SEQUENCE_PLACES];
};

/* Before @nr more commands are counted: no bucket shall go round. */
void stats_make_room(struct stats *s, unsigned int nr);
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

static inline bool same_task(const struct task_key *a, const struct task_key *b)
{
	return a->comm[0] == b->comm[0] && a->comm[1] == b->comm[1] && a->cgroup == b->cgroup &&
	       a->tgid == b->tgid && a->pid == b->pid;
}

#endif
