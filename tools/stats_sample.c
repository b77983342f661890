// SPDX-License-Identifier: GPL-2.0
/*
 * How commands come into the figures: many at a time, and step by step, for each step needs few
 * registers and there are many millions of them.
 */
#include <string.h>
#include "stats_internal.h"

/* Commands of which a step takes care at once: they stay in the nearest cache. */
#define BATCH 64

/* A command whose every step is known: where its time went. */
struct timing {
	const struct nvs_io *io;
	uint64_t ns[NR_STAGES];
	uint32_t bucket[NR_STAGES]; /* of these times */
	uint32_t op;		    /* enum stats_op */
};

static inline unsigned int op_of(unsigned int rqop)
{
	/* 0: no entry, and then it is another operation; a switch would be a coin tossed. */
	static const uint8_t ops[256] = {
		[NVS_RQOP_read] = STATS_READ + 1,	    [NVS_RQOP_write] = STATS_WRITE + 1,
		[NVS_RQOP_flush] = STATS_FLUSH + 1,	    [NVS_RQOP_discard] = STATS_DISCARD + 1,
		[NVS_RQOP_write_zeroes] = STATS_ZEROES + 1,
	};
	unsigned int op = rqop < sizeof(ops) ? ops[rqop] : 0;

	return op ? op - 1 : STATS_OTHER;
}

unsigned int stats_op(const struct model_cmd *c)
{
	return op_of(c->op);
}

static inline bool in_order(const struct nvs_io *io)
{
	return io->setup && io->setup <= io->bell && io->bell <= io->seen && io->seen <= io->h.ts;
}

/* Returns how many of @nr have a timing. */
static unsigned int make_timings(struct timing *t, const struct nvs_io *io, unsigned int nr)
{
	const struct timing *first = t;

	for (const struct nvs_io *end = io + nr; io < end; io++) {
		if (!in_order(io))
			continue;
		t->io = io;
		t->ns[STAGE_QUEUE] =
			io->queued && io->queued < io->setup ? io->setup - io->queued : 0;
		t->ns[STAGE_DRIVER] = io->bell - io->setup;
		t->ns[STAGE_DEVICE] = io->seen - io->bell;
		t->ns[STAGE_COMPLETION] = io->h.ts - io->seen;
		t->ns[STAGE_TOTAL] = t->ns[STAGE_QUEUE] + io->h.ts - io->setup;
#pragma GCC unroll 8
		for (unsigned int i = 0; i < NR_STAGES; i++)
			t->bucket[i] = histogram_bucket(t->ns[i]);
		t->op = op_of(io->op);
		t++;
	}
	return (unsigned int)(t - first);
}

static inline void take_time(struct tally *tally, const struct timing *t, unsigned int stage)
{
	struct range *range = &tally->range[stage];

	tally->bucket[stage][t->bucket[stage]]++;
	if (__builtin_expect(t->ns[stage] - range->min > range->span, 0))
		range_widen(range, t->ns[stage]);
}

static inline void take_times(struct tally *tally, const struct timing *t)
{
	if (t->io->queued)
		take_time(tally, t, STAGE_QUEUE);
	take_time(tally, t, STAGE_DRIVER);
	take_time(tally, t, STAGE_DEVICE);
	take_time(tally, t, STAGE_COMPLETION);
	take_time(tally, t, STAGE_TOTAL);
	tally->bytes += t->io->bytes;
}

static inline void add_times(uint64_t sum[STAGE_TOTAL], const struct timing *t)
{
#pragma GCC unroll 8
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		sum[i] += t->ns[i];
}

static bool take_queue(struct stats *s, uint32_t index, const struct timing *t, unsigned int nr)
{
	struct tally **q = &s->queue_tally[index];

	if (!*q && !(*q = tally_new(s, false)))
		return false;
	for (const struct timing *end = t + nr; t < end; t++) {
		take_times(*q, t);
		add_times((*q)->sum, t);
	}
	return true;
}

static bool take_kinds(struct stats *s, const struct timing *t, unsigned int nr)
{
	for (const struct timing *end = t + nr; t < end; t++) {
		struct tally **k = &s->kind_tally[t->op][stats_size(t->io->bytes)];

		if (!*k && !(*k = tally_new(s, true)))
			return false;
		take_times(*k, t);
		add_times((*k)->parts[t->bucket[STAGE_TOTAL]], t);
	}
	return true;
}

/* A sector of one namespace, as seen by reads or by writes; never 0. */
static inline uint64_t sequence_key(const struct timing *t, uint64_t sector)
{
	return stats_mix(sector + 1) ^ (uint64_t)t->io->nsid << 24 ^ (uint64_t)t->io->h.ctrl << 1 ^
	       t->op;
}

/*
 * Commands end in another order than they were submitted, so of two neighbours either
 * may come first.  Each command is compared with many before it: streams may be many.
 */
static inline bool in_sequence(struct sequence *s, const struct timing *t)
{
	uint64_t begin = sequence_key(t, t->io->sector);
	uint64_t end = sequence_key(t, t->io->sector + t->io->bytes / 512);
	unsigned int b = (unsigned int)(begin % SEQUENCE_PLACES);
	unsigned int e = (unsigned int)(end % SEQUENCE_PLACES);
	bool known = (s->end[b] == begin) | (s->begin[e] == end); /* without a branch */

	s->begin[b] = begin;
	s->end[e] = end;
	return known;
}

/* The process where it was recorded, else the task. */
static inline struct task_key key_of(const struct nvs_io *io)
{
	return (struct task_key){ .comm = { io->comm0, io->comm1 },
				  .cgroup = io->cgroup,
				  .tgid = io->tgid,
				  .pid = io->tgid ? 0 : io->pid };
}

static inline struct task_stats *task_of(struct stats *s, const struct nvs_io *io)
{
	struct task_key key = key_of(io);
	uint32_t mixed = (key.tgid + key.pid) * 0x9e3779b1u + (uint32_t)key.cgroup * 0x85ebca77u;
	struct task_stats **near = &s->near_tasks[mixed >> (32 - NEAR_TASKS_BITS)];

	if (!*near || !same_task(&(*near)->key, &key))
		*near = task_find(s, &key);
	return *near;
}

static void take_tasks(struct stats *s, struct queue_stats *of, const struct timing *t,
		       unsigned int nr)
{
	for (const struct timing *end = t + nr; t < end; t++) {
		const struct nvs_io *io = t->io;
		bool access = t->op <= STATS_WRITE && io->bytes;
		bool sequential = access && in_sequence(s->sequence, t);
		struct task_stats *task = task_of(s, io);

		of->accesses += access;
		of->sequential += sequential;
		if (!task)
			return;
		task->bytes += io->bytes;
		task->failed += io->status != 0;
		task->ops[t->op]++;
		task->accesses += access;
		task->sequential += sequential;
		add_times(task->time, t);
		histogram_count(&task->total, t->ns[STAGE_TOTAL], t->bucket[STAGE_TOTAL]);
	}
}

static void take_batch(struct stats *s, const struct model_queue *q, const struct nvs_io *io,
		       unsigned int nr, uint64_t *longest)
{
	struct timing t[BATCH];
	unsigned int sound = make_timings(t, io, nr);

	s->incomplete += nr - sound;
	if (!sound)
		return;
	for (unsigned int i = 0; i < sound; i++)
		*longest = t[i].ns[STAGE_TOTAL] > *longest ? t[i].ns[STAGE_TOTAL] : *longest;
	stats_make_room(s, sound);
	/* The admin queue's commands have no kind, and no task. */
	if (take_queue(s, q->index, t, sound) && q->qid && take_kinds(s, t, sound))
		take_tasks(s, &s->of_queue[q->index], t, sound);
}

uint64_t stats_io(struct stats *s, const struct model_queue *q, const struct nvs_io *io,
		  unsigned int nr, unsigned int cpu)
{
	struct queue_stats *of = &s->of_queue[q->index];
	uint64_t longest = 0, bytes = 0, remote = 0;

	for (unsigned int i = 0; i < nr; i++) {
		bytes += io[i].bytes;
		remote += io[i].submit_cpu != cpu && io[i].setup;
	}
	of->ended += nr;
	of->bytes += bytes;
	of->remote += remote;
	for (unsigned int i = 0; i < nr; i += BATCH)
		take_batch(s, q, io + i, nr - i < BATCH ? nr - i : BATCH, &longest);
	return longest;
}

/* As the record that level io would have made of it. */
void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c)
{
	struct model_split split;
	struct nvs_io io = {
		.h = { .ts = c->at[STEP_COMPLETE], .ctrl = q->ctrl, .qid = q->qid },
		.queued = c->queued,
		.setup = c->at[STEP_START],
		.sector = c->sector,
		.cgroup = c->cgroup,
		.bytes = c->bytes,
		.nsid = c->nsid,
		.pid = c->pid,
		.tgid = c->tgid,
		.op = c->op,
		.status = c->status,
		.submit_cpu = c->submit_cpu,
	};

	memcpy(&io.comm0, c->comm, sizeof(c->comm)); /* comm0 and comm1 */
	if (model_split(c, &split)) { /* else it has no doorbell or no entry, and is incomplete */
		io.bell = io.setup + split.driver;
		io.seen = io.bell + split.device;
	}
	stats_io(s, q, &io, 1, c->end_cpu);
}
