// SPDX-License-Identifier: GPL-2.0
/*
 * How commands come into the figures: many at a time, and step by step, for each step needs few
 * registers and there are many millions of them.
 */
#include <float.h>
#include <string.h>
#include "stats_internal.h"

/* Commands of which a step takes care at once: they stay in the nearest cache. */
#define BATCH 64

/* The four stages side by side, for the processor takes care of them at once. */
typedef uint64_t stage_times __attribute__((vector_size(STAGE_TOTAL * sizeof(uint64_t))));
typedef float stage_floats __attribute__((vector_size(STAGE_TOTAL * sizeof(float))));

/* A command whose every step is known: where its time went. */
struct timing {
	stage_times ns;
	stage_briefs brief;  /* the same; BRIEF_LONG: that, or longer */
	stage_briefs bucket; /* of these times */
	uint64_t total;	     /* ns */
	uint32_t total_bucket;
	uint16_t op;   /* enum stats_op */
	uint16_t kind; /* with the size: below NR_KINDS */
	const struct nvs_io *io;
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

/*
 * The buckets of times below 2^31: exponent and first bits of a floating point number say which.
 * Bits behind those are taken off, lest the number be rounded up.
 */
static inline stage_briefs brief_buckets(stage_briefs ns)
{
	/* A small one is as if it were in the first power of two that has all its buckets. */
	stage_briefs small = (ns < (int32_t)HISTOGRAM_SUB) & (int32_t)HISTOGRAM_SUB;
	stage_briefs raised = ns | small;
	stage_floats number = __builtin_convertvector(raised & ~(raised >> 8), stage_floats);
	stage_briefs bits = (stage_briefs)number >> (FLT_MANT_DIG - 1 - HISTOGRAM_SUB_BITS);
	int32_t first = (FLT_MAX_EXP - 1 + HISTOGRAM_SUB_BITS - 1) * (int32_t)HISTOGRAM_SUB;

	return bits - first - small;
}

static inline int32_t brief(uint64_t ns, int32_t most)
{
	return ns < (uint64_t)most ? (int32_t)ns : most;
}

static void make_long(struct timing *t)
{
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		t->brief[i] = brief(t->ns[i], BRIEF_LONG);
		t->bucket[i] = (int32_t)histogram_bucket(t->ns[i]);
	}
}

/* So much further on in the recording is what will be due then; if nothing lies there, so be it. */
static inline void fetch_ahead(const struct nvs_io *io, size_t offset)
{
	__builtin_prefetch((const void *)((uintptr_t)io + RECORDING_AHEAD + offset), 0, 2);
}

static inline void make_timing(struct timing *t, const struct nvs_io *io)
{
	/* Made by blk-mq before the driver took it, as far as that is known. */
	uint64_t made = io->queued - 1 < io->setup - 1 ? io->queued : io->setup;

	fetch_ahead(io, 0);
	t->io = io;
	t->ns = (stage_times){ io->setup, io->bell, io->seen, io->h.ts } -
		(stage_times){ made, io->setup, io->bell, io->seen };
	t->total = io->h.ts - made;
	t->total_bucket = histogram_bucket(t->total);
	if (__builtin_expect(t->total < BRIEF_LONG, 1)) {
		t->brief = __builtin_convertvector(t->ns, stage_briefs);
		t->bucket = brief_buckets(t->brief);
	} else {
		make_long(t);
	}
	t->op = (uint16_t)op_of(io->op);
	t->kind = (uint16_t)(t->op * NR_STATS_SIZES + stats_size(io->bytes));
}

/* Returns how many of @nr have a timing. */
static unsigned int make_timings(struct timing *t, const struct nvs_io *io, unsigned int nr,
				 uint64_t *longest)
{
	const struct timing *first = t;
	uint64_t most = *longest;

	for (const struct nvs_io *end = io + nr; io < end; io++) {
		if (!in_order(io))
			continue;
		make_timing(t, io);
		most = t->total > most ? t->total : most;
		t++;
	}
	*longest = most;
	return (unsigned int)(t - first);
}

static inline void widen(struct range *range, uint64_t ns)
{
	if (__builtin_expect(ns - range->min > range->span, 0))
		range_widen(range, ns);
}

/* A time is the least or the greatest of its stage, or too long to tell. */
static void widen_stages(struct tally *tally, const struct timing *t)
{
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		struct range *range = &tally->range[i];

		if (i != STAGE_QUEUE || t->io->queued)
			widen(range, t->ns[i]);
		tally->least[i] = brief(range->min, BRIEF_LONG);
		tally->greatest[i] = brief(range->min + range->span, BRIEF_LONG - 1);
	}
}

static inline bool any(stage_briefs of)
{
	uint64_t half[2];

	memcpy(half, &of, sizeof(half));
	return half[0] | half[1];
}

static inline void take_times(struct tally *tally, const struct timing *t)
{
	if (t->io->queued)
		tally->bucket[STAGE_QUEUE][t->bucket[STAGE_QUEUE]]++;
	tally->bucket[STAGE_DRIVER][t->bucket[STAGE_DRIVER]]++;
	tally->bucket[STAGE_DEVICE][t->bucket[STAGE_DEVICE]]++;
	tally->bucket[STAGE_COMPLETION][t->bucket[STAGE_COMPLETION]]++;
	tally->bucket[STAGE_TOTAL][t->total_bucket]++;
	tally->bytes += t->io->bytes;
	if (__builtin_expect(any((t->brief < tally->least) | (t->brief > tally->greatest)), 0))
		widen_stages(tally, t);
	widen(&tally->range[STAGE_TOTAL], t->total);
}

static inline void add_times(uint64_t sum[STAGE_TOTAL], const struct timing *t)
{
#pragma GCC unroll 8
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		sum[i] += t->ns[i];
}

/* One time of each stage, and what the stages took of the total. */
static inline void take_whole(struct tally *tally, const struct timing *t)
{
	take_times(tally, t);
	add_times(tally->parts[t->total_bucket], t);
}

/* Of the admin queue, whose commands have no kind. */
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

/* There is no room to count it but once for the queue, and once for the kind. */
static bool take_apart(struct stats *s, uint32_t index, const struct timing *t)
{
	struct tally **k = &s->kind_tally[t->kind / NR_STATS_SIZES][t->kind % NR_STATS_SIZES];

	if (!*k && !(*k = tally_new(s, true)))
		return false;
	take_whole(*k, t);
	return take_queue(s, index, t, 1);
}

static bool take_pairs(struct stats *s, uint32_t index, const struct timing *t, unsigned int nr)
{
	struct pair_row *row = pair_row_take(s, index);

	for (const struct timing *end = t + nr; t < end; t++) {
		struct tally *pair = row ? row->of[t->kind] : NULL;

		if (!pair && row)
			pair = pair_new(s, row, t->kind);
		if (pair)
			take_whole(pair, t);
		else if (!take_apart(s, index, t))
			return false;
	}
	return true;
}

/* A sector of one namespace, as seen by reads or by writes; never 0. */
static inline uint64_t sequence_key(uint64_t who, uint64_t sector)
{
	return stats_mix(sector + 1) ^ who;
}

/*
 * Commands end in another order than they were submitted, so of two neighbours either
 * may come first.  Each command is compared with many before it: streams may be many.
 */
static inline bool in_sequence(struct sequence *s, const struct timing *t)
{
	const struct nvs_io *io = t->io;
	uint64_t who = (uint64_t)io->nsid << 24 ^ (uint64_t)io->h.ctrl << 1 ^ t->op;
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

/* Without what tasks_finish() tells from the rest: how many there were, and their sum. */
static inline void take_task(struct task_stats *task, const struct timing *t)
{
	uint64_t ns = t->total;

	task->bytes += t->io->bytes;
	task->ops[t->op]++;
	if (t->io->status)
		task->failed++;
	add_times(task->time, t);
	task->total.bucket[t->total_bucket]++;
	if (ns < task->total.min)
		task->total.min = ns;
	if (ns > task->total.max)
		task->total.max = ns;
}

static void take_tasks(struct stats *s, struct queue_stats *of, const struct timing *t,
		       unsigned int nr)
{
	uint64_t accesses = 0, sequential = 0;

	for (const struct timing *end = t + nr; t < end; t++) {
		bool access = t->op <= STATS_WRITE && t->io->bytes;
		bool after = access && in_sequence(s->sequence, t);
		struct task_stats *task = task_of(s, t->io);

		if (!task)
			return;
		fetch_ahead(t->io, 64); /* not all at once: few are on the way at a time */
		accesses += access;
		sequential += after;
		task->accesses += access;
		task->sequential += after;
		take_task(task, t);
	}
	of->accesses += accesses;
	of->sequential += sequential;
}

static void take_batch(struct stats *s, const struct model_queue *q, const struct nvs_io *io,
		       unsigned int nr, uint64_t *longest)
{
	struct timing t[BATCH];
	unsigned int sound = make_timings(t, io, nr, longest);

	s->incomplete += nr - sound;
	if (!sound)
		return;
	stats_make_room(s, sound);
	/* The admin queue's commands have no task either. */
	if (!q->qid)
		take_queue(s, q->index, t, sound);
	else if (take_pairs(s, q->index, t, sound))
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
