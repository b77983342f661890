/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Latencies of a recording's commands: by queue, and by operation and size.
 * A model's visitor feeds it; its memory does not grow with the recording.
 */
#ifndef NVS_STATS_H
#define NVS_STATS_H

#include "histogram.h"
#include "model.h"

enum latency_stage {
	STAGE_QUEUE,	  /* made by blk-mq .. rq_start; counted only where it was recorded */
	STAGE_DRIVER,	  /* rq_start .. sq_doorbell */
	STAGE_DEVICE,	  /* sq_doorbell .. cqe */
	STAGE_COMPLETION, /* cqe .. rq_complete */
	STAGE_TOTAL,
	NR_STAGES
};

struct latency {
	struct histogram stage[NR_STAGES]; /* ns */
	/*
	 * For each bucket of the total, what its commands spent in the other
	 * stages: medians of stages do not add up to the median of the total,
	 * but the parts of the commands found at a quantile do.
	 */
	uint64_t parts[HISTOGRAM_BUCKETS][STAGE_TOTAL];
	uint64_t bytes;
};

/* Operations that a report tells apart. */
enum stats_op {
	STATS_READ,
	STATS_WRITE,
	STATS_FLUSH,
	STATS_DISCARD,
	STATS_ZEROES,
	STATS_OTHER,
	NR_STATS_OPS
};
/* No data, up to 4K, 8K, ... 1M, and more. */
#define NR_STATS_SIZES 11

struct stats {
	struct latency *queue[MODEL_MAX_QUEUES];	    /* by model_queue.index */
	struct latency *kind[NR_STATS_OPS][NR_STATS_SIZES]; /* I/O queues only */
	uint64_t incomplete; /* commands with a step missing or out of order: in no figure */
	bool out_of_memory;  /* some commands are missing here: the figures are no good */
};

struct stats *stats_new(void);
void stats_free(struct stats *s);
/* One ended command; for a visitor's command(). */
void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c);
/* All I/O commands together; caller frees.  NULL: no memory. */
struct latency *stats_all(const struct stats *s);

/*
 * How the commands around quantile @q of the total split their time, in ns that add up
 * to that quantile.
 */
void latency_parts(const struct latency *l, double q, double parts[STAGE_TOTAL]);
void latency_merge(struct latency *into, const struct latency *from);

/* Which of enum stats_op an I/O command is. */
unsigned int stats_op(const struct model_cmd *c);
const char *stats_op_name(unsigned int op);
/* "-", "4K", ... "1M", ">1M": the largest size of the class. */
const char *stats_size_name(unsigned int size);

#endif
