/* SPDX-License-Identifier: GPL-2.0 */
/* Between the files of the name stats; no business of others. */
#ifndef NVS_STATS_INTERNAL_H
#define NVS_STATS_INTERNAL_H

#include "stats.h"

/*
 * Times of the stages and the total in 32 bits each, in the order that is easily made.  Three lanes
 * are in no use.
 */
enum { LANE_QUEUE, LANE_DRIVER, LANE_TOTAL, LANE_DEVICE = 4, LANE_COMPLETION, NR_LANES = 8 };
typedef int32_t lane_briefs __attribute__((vector_size(NR_LANES * sizeof(int32_t)), aligned(16)));
#define BRIEF_LONG INT32_MAX

static inline unsigned int stage_lane(unsigned int stage)
{
	static const uint8_t lanes[NR_STAGES] = { LANE_QUEUE, LANE_DRIVER, LANE_DEVICE,
						  LANE_COMPLETION, LANE_TOTAL };

	return lanes[stage];
}

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
	/* The ranges once more, for one comparison; nothing is beyond BRIEF_LONG - 1. */
	lane_briefs least, greatest;
	/* Half as wide as a count, for these are what the processor's caches are full of. */
	uint32_t bucket[NR_STAGES][HISTOGRAM_BUCKETS];
	uint64_t before[NR_STAGES][HISTOGRAM_BUCKETS]; /* what was moved out of them */
	uint64_t parts[][STAGE_TOTAL];		       /* by bucket of the total; not for a queue */
};

/* What an I/O command is, as to operation and size. */
#define NR_KINDS (NR_STATS_OPS * NR_STATS_SIZES)

/*
 * Commands of one queue and kind are counted once, and come to the queue's and to the kind's
 * figures later.  There is room for so many of both; what finds none is counted in either.
 */
#define PAIR_ROWS 16
#define MAX_PAIRS 32
struct pair_row {
	uint32_t queue;
	unsigned int nr; /* members of of[] that are set */
	struct tally *of[NR_KINDS];
};
struct pairs {
	unsigned int nr;
	struct pair_row row[PAIR_ROWS]; /* by queue */
};

/* Where reads and writes of late began and ended: the last one that fell into each place. */
#define SEQUENCE_PLACES 1024
struct sequence {
	struct sequence_place {
		uint64_t begin, end;
	} of[SEQUENCE_PLACES];
};

/* Before @nr more commands are counted: no bucket shall go round. */
void stats_make_room(struct stats *s, unsigned int nr);
/* A tally that is empty; NULL: no memory, which @s notes. */
struct tally *tally_new(struct stats *s, bool parts);
/* Both are of queues, or, with @parts, of kinds. */
void tally_merge(struct tally *into, const struct tally *from, bool parts);
/* Of a kind to that of a queue. */
void tally_merge_to_queue(struct tally *queue, const struct tally *from);

/* The row of @queue; NULL: another has it, or there is no memory. */
struct pair_row *pair_row_take(struct stats *s, uint32_t queue);
/* A tally for @kind in @row; NULL: there is no room, or no memory. */
struct tally *pair_new(struct stats *s, struct pair_row *row, unsigned int kind);
/* Brings all of them to the figures of their queues and kinds, and empties the rows. */
void pairs_fold(struct stats *s);
/* The same, if there are many. */
void pairs_make_room(struct stats *s);
void pairs_free(struct stats *s);

/* The row of @key, which may be one for all others; NULL: no memory, which @s notes. */
struct task_stats *task_find(struct stats *s, const struct task_key *key);
void range_widen(struct range *r, uint64_t ns);
void tasks_merge(struct stats *s, struct stats *from);
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
