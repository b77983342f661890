/* SPDX-License-Identifier: GPL-2.0 */
/* Between stats.c and stats_task.c; no business of others. */
#ifndef NVS_STATS_INTERNAL_H
#define NVS_STATS_INTERNAL_H

#include "stats.h"

/* A struct latency in the making, without what can be told from the rest at the end. */
struct tally {
	uint64_t bytes;
	uint64_t sum[NR_STAGES], min[NR_STAGES], max[NR_STAGES]; /* ns */
	uint64_t bucket[NR_STAGES][HISTOGRAM_BUCKETS];
	uint64_t parts[][STAGE_TOTAL]; /* by bucket of the total; not for a queue */
};

/* Where reads and writes of late began and ended: the last one that fell into each place. */
#define SEQUENCE_PLACES 1024
struct sequence {
	uint64_t begin[SEQUENCE_PLACES], end[SEQUENCE_PLACES];
};

/* Counts @c for its task, and whether it is in sequence. */
void task_add(struct stats *s, const struct model_queue *q, const struct model_cmd *c,
	      unsigned int op, const uint64_t ns[NR_STAGES]);
void tasks_merge(struct stats *s, const struct stats *from);
void tasks_finish(struct stats *s);
void tasks_free(struct stats *s);

#endif
