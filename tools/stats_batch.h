/* SPDX-License-Identifier: GPL-2.0 */
/* What each command passes, whichever way it takes: between stats_sample.c and stats_usual.c. */
#ifndef NVS_STATS_BATCH_H
#define NVS_STATS_BATCH_H

#include "stats_internal.h"

/* Nothing of what each command passes is called. */
#define HOT static inline __attribute__((always_inline))

/* The stages side by side, for the processor may take care of them at once. */
typedef uint64_t stage_times
	__attribute__((vector_size(STAGE_TOTAL * sizeof(uint64_t)), aligned(8), may_alias));

/* A command: where its time went. */
struct timing {
	stage_times ns;
	uint64_t total; /* ns */
	unsigned int total_bucket;
	unsigned int op;   /* enum stats_op */
	unsigned int kind; /* with the size: below NR_KINDS */
	const struct nvs_io *io;
};

/* What commands of one queue share. */
struct batch {
	struct stats *s;
	const struct model_queue *q;
	struct queue_stats *of;
	struct pair_row *row; /* NULL: there is none for this queue */
	unsigned int cpu;     /* where they ended */
	uint64_t who;	      /* the controller, in a key of sequences */
	uint64_t longest;     /* total, ns */
};

HOT unsigned int op_of(unsigned int rqop)
{
	/* STATS_OTHER where there is no entry; a switch would be a coin tossed. */
#define OP(op) (STATS_OTHER ^ (op))
	static const uint8_t ops[256] = {
		[NVS_RQOP_read] = OP(STATS_READ),	    [NVS_RQOP_write] = OP(STATS_WRITE),
		[NVS_RQOP_flush] = OP(STATS_FLUSH),	    [NVS_RQOP_discard] = OP(STATS_DISCARD),
		[NVS_RQOP_write_zeroes] = OP(STATS_ZEROES),
	};

	return OP(rqop < sizeof(ops) ? ops[rqop] : 0);
#undef OP
}

HOT void make_kind(struct timing *t, const struct nvs_io *io)
{
	t->io = io;
	t->op = op_of(io->op);
	t->kind = t->op * NR_STATS_SIZES + stats_size(io->bytes);
}

HOT void take_size(struct batch *b, const struct nvs_io *io)
{
	b->of->bytes += io->bytes;
	if (io->submit_cpu != b->cpu && io->setup)
		b->of->remote++;
}

HOT void add_times(uint64_t sum[STAGE_TOTAL], const struct timing *t)
{
	*(stage_times *)sum += t->ns;
}

/* A sector of one namespace, as seen by reads or by writes; never 0. */
HOT uint64_t sequence_key(uint64_t who, uint64_t sector)
{
	return stats_mix(sector + 1) ^ who;
}

/*
 * Commands end in another order than they were submitted, so of two neighbours either
 * may come first.  Each command is compared with many before it: streams may be many.
 */
HOT bool in_sequence(struct sequence *s, uint64_t who, const struct nvs_io *io)
{
	uint64_t begin = sequence_key(who, io->sector);
	uint64_t end = sequence_key(who, io->sector + io->bytes / 512);
	struct sequence_place *b = &s->of[begin % SEQUENCE_PLACES];
	struct sequence_place *e = &s->of[end % SEQUENCE_PLACES];
	bool known = (b->end == begin) | (e->begin == end); /* without a branch */

	b->begin = begin;
	e->end = end;
	return known;
}

/* The process where it was recorded, else the task. */
HOT uint32_t pid_of(const struct nvs_io *io)
{
	return io->tgid ? 0 : io->pid;
}

HOT bool is_task(const struct task_key *key, const struct nvs_io *io)
{
	return key->comm[0] == io->comm0 && key->comm[1] == io->comm1 &&
	       key->cgroup == io->cgroup && key->tgid == io->tgid && key->pid == pid_of(io);
}

/* Of @io, that is not known or not near. */
struct task_stats *stats_find_task(struct stats *s, const struct nvs_io *io);

HOT struct task_stats *task_of(struct stats *s, const struct nvs_io *io)
{
	uint32_t mixed = (io->tgid + pid_of(io)) * 0x9e3779b1u + (uint32_t)io->cgroup * 0x85ebca77u;
	struct task_stats **near = &s->near_tasks[mixed >> (32 - NEAR_TASKS_BITS)];

	if (__builtin_expect(!*near || !is_task(&(*near)->key, io), 0))
		*near = stats_find_task(s, io);
	return *near;
}

/* Without what tasks_finish() tells from the rest: how many there were, and their sum. */
HOT void take_task(struct batch *b, const struct timing *t)
{
	const struct nvs_io *io = t->io;
	struct task_stats *task = task_of(b->s, io);

	if (!task)
		return;
	if (t->op <= STATS_WRITE && io->bytes) {
		uint64_t who = (uint64_t)io->nsid << 24 ^ b->who ^ t->op;
		bool after = in_sequence(b->s->sequence, who, io);

		b->of->accesses++;
		task->accesses++;
		b->of->sequential += after;
		task->sequential += after;
	}
	task->bytes += io->bytes;
	task->ops[t->op]++;
	if (io->status)
		task->failed++;
	add_times(task->time, t);
	task->total.bucket[t->total_bucket]++;
	if (t->total < task->total.min)
		task->total.min = t->total;
	if (t->total > task->total.max)
		task->total.max = t->total;
}

/* Counts it, whatever it is like. */
void stats_take_unusual(struct batch *b, const struct nvs_io *io);
/*
 * Counts @nr of @b's queue, which has a row.  Only where there is a short way, and on processors
 * that have it; clang does not know how to ask for them.
 */
#if defined(__x86_64__) && !defined(__clang__)
#define SHORT_WAY
void stats_take_usual(struct batch *b, const struct nvs_io *io, unsigned int nr);
#endif

#endif
