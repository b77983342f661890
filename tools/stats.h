/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Latencies of a recording's commands: by queue, by operation and size, by task.
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
	 * but the parts of the commands found at a quantile do.  All 0 for a queue's.
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

/* Tasks told apart; what others did goes into one row. */
#define MAX_TASKS 512
/* Of late, each in a place of its own if it can be. */
#define NEAR_TASKS_BITS 8

/* Who submitted: of level io the process and its cgroup, else the task alone. */
struct task_key {
	uint64_t comm[2]; /* 16 characters, the first lowest; 0: not recorded */
	uint64_t cgroup;
	uint32_t tgid; /* 0: not recorded */
	uint32_t pid;  /* of a task whose process was not recorded */
};

struct task_stats {
	struct task_key key;
	uint64_t bytes, failed;
	uint64_t ops[NR_STATS_OPS];
	uint64_t accesses, sequential; /* as of a queue */
	uint64_t time[STAGE_TOTAL];    /* ns in all, by stage */
	struct histogram total;	       /* ns */
};

/* What a queue's commands share beside their latency. */
struct queue_stats {
	uint64_t ended;	 /* commands whose CPUs are known: all of a whole recording */
	uint64_t remote; /* of these, submitted on another CPU than the one that ended them */
	uint64_t bytes;
	/* Reads and writes, and those that begin where another of late ended, or the reverse. */
	uint64_t accesses, sequential;
};

struct pairs;
struct tally;
struct sequence;

struct stats {
	/* After stats_finish(). */
	struct latency *queue[MODEL_MAX_QUEUES];	    /* by model_queue.index */
	struct latency *kind[NR_STATS_OPS][NR_STATS_SIZES]; /* I/O queues only */
	struct queue_stats of_queue[MODEL_MAX_QUEUES];
	struct task_stats *tasks; /* I/O queues only; the most commands first */
	unsigned int nr_tasks;
	struct task_stats *other_tasks; /* beyond MAX_TASKS, together; NULL: none */
	uint64_t incomplete; /* commands with a step missing or out of order: in no figure */
	bool out_of_memory;  /* some commands are missing here: the figures are no good */

	/* Until then. */
	uint32_t counted;    /* commands since room was made for them */
	struct pairs *pairs; /* by queue and kind at once */
	struct tally *queue_tally[MODEL_MAX_QUEUES];
	struct tally *kind_tally[NR_STATS_OPS][NR_STATS_SIZES];
	struct task_stats **task_table; /* hashed */
	struct task_stats *near_tasks[1 << NEAR_TASKS_BITS];
	struct sequence *sequence;
};

struct stats *stats_new(void);
void stats_free(struct stats *s);
/* One ended command; for a visitor's command(). */
void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c);
/*
 * The same of @nr records of level io that ended on @cpu.  Returns the longest total, ns; 0: of each
 * a step is missing or out of order.
 */
uint64_t stats_io(struct stats *s, const struct model_queue *q, const struct nvs_io *io,
		  unsigned int nr, unsigned int cpu);
/* Commands that follow are of another time: nothing is in sequence with what was before. */
void stats_break(struct stats *s);
/* Adds @from, of the queues @index[from's index]; both before stats_finish(). */
void stats_merge(struct stats *s, struct stats *from, const uint32_t *index);
/* After the last command: makes the figures. */
void stats_finish(struct stats *s);
/* All I/O commands together; caller frees.  NULL: no memory. */
struct latency *stats_all(const struct stats *s);

/* Adds what @from did; the names stay @into's. */
void task_merge(struct task_stats *into, const struct task_stats *from);

/*
 * How the commands around quantile @q of the total split their time, in ns that add up
 * to that quantile.
 */
void latency_parts(const struct latency *l, double q, double parts[STAGE_TOTAL]);
void latency_merge(struct latency *into, const struct latency *from);

/* Which of enum stats_op an I/O command is, and which class its size is in. */
unsigned int stats_op(const struct model_cmd *c);
/* 0: no data; up to 4 KiB: 1; each doubling: one more. */
static inline unsigned int stats_size(uint32_t bytes)
{
	/* Without a branch that one size or the other would take by chance. */
	unsigned int size = 21u - (unsigned int)__builtin_clz((bytes - 1) | 4095);

	size = size < NR_STATS_SIZES ? size : NR_STATS_SIZES - 1;
	return bytes ? size : 0;
}

const char *stats_op_name(unsigned int op);
/* "-", "4K", ... "1M", ">1M": the largest size of the class. */
const char *stats_size_name(unsigned int size);

#endif
