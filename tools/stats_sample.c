// SPDX-License-Identifier: GPL-2.0
/*
 * How commands come into the figures.  There are many millions of them, and nearly all are usual: each
 * step is known and in order, and no time is out of the range that its like had before.  These take
 * the short way (take_usual()), others the long one (take_unusual()).
 */
#include <float.h>
#include <string.h>
#include "stats_internal.h"
#include "widest.h"

/* Nothing of what each command passes is called. */
#define HOT static inline __attribute__((always_inline))

/* Two stages side by side, for the processor takes care of them at once: the first two, the others. */
typedef uint64_t two_times __attribute__((vector_size(16), aligned(8), may_alias));
typedef uint32_t stage_buckets __attribute__((vector_size(STAGE_TOTAL * sizeof(uint32_t))));
typedef float stage_floats __attribute__((vector_size(STAGE_TOTAL * sizeof(float))));

/* A command: where its time went. */
struct timing {
	two_times ns[2];
	stage_briefs brief;   /* the same; BRIEF_LONG: that, or longer */
	stage_buckets bucket; /* of these times */
	uint64_t total;	      /* ns */
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
	uint64_t who;	      /* the controller, in a key of sequences */
	uint64_t longest;     /* total, ns */
};

static inline unsigned int op_of(unsigned int rqop)
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
static inline stage_buckets brief_buckets(stage_briefs ns)
{
	/* A small one is as if it were in the first power of two that has all its buckets. */
	stage_briefs small = (ns < (int32_t)HISTOGRAM_SUB) & (int32_t)HISTOGRAM_SUB;
	stage_briefs raised = ns | small;
	stage_floats number = __builtin_convertvector(raised & ~(raised >> 8), stage_floats);
	stage_briefs bits = (stage_briefs)number >> (FLT_MANT_DIG - 1 - HISTOGRAM_SUB_BITS);
	int32_t first = (FLT_MAX_EXP - 1 + HISTOGRAM_SUB_BITS - 1) * (int32_t)HISTOGRAM_SUB;

	return (stage_buckets)(bits - first - small);
}

/* The lower halves of four times. */
HOT stage_briefs briefs_of(two_times a, two_times b)
{
	return __builtin_shufflevector((stage_briefs)a, (stage_briefs)b, 0, 2, 4, 6);
}

static inline int32_t brief(uint64_t ns, int32_t most)
{
	return ns < (uint64_t)most ? (int32_t)ns : most;
}

static inline uint64_t time_of(const struct timing *t, unsigned int stage)
{
	return t->ns[stage / 2][stage % 2];
}

HOT void make_kind(struct timing *t, const struct nvs_io *io)
{
	t->io = io;
	t->op = op_of(io->op);
	t->kind = t->op * NR_STATS_SIZES + stats_size(io->bytes);
}

static void make_long(struct timing *t)
{
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		t->brief[i] = brief(time_of(t, i), BRIEF_LONG);
		t->bucket[i] = histogram_bucket(time_of(t, i));
	}
}

/* Of a command whose steps are in order. */
static inline void make_timing(struct timing *t, const struct nvs_io *io)
{
	/* Made by blk-mq before the driver took it, as far as that is known. */
	uint64_t made = io->queued - 1 < io->setup - 1 ? io->queued : io->setup;

	make_kind(t, io);
	t->ns[0] = (two_times){ io->setup - made, io->bell - io->setup };
	t->ns[1] = (two_times){ io->seen - io->bell, io->h.ts - io->seen };
	t->total = io->h.ts - made;
	t->total_bucket = histogram_bucket(t->total);
	if (__builtin_expect(t->total < BRIEF_LONG, 1)) {
		t->brief = briefs_of(t->ns[0], t->ns[1]);
		t->bucket = brief_buckets(t->brief);
	} else {
		make_long(t);
	}
}

static inline bool any(stage_briefs of)
{
	uint64_t half[2];

	memcpy(half, &of, sizeof(half));
	return half[0] | half[1];
}

static inline bool is_new(const struct range *range, uint64_t ns)
{
	return ns - range->min > range->span;
}

/*
 * Makes a usual command's timing.  What is not in order or not known has a time of 2^31 at least, up
 * to any, or was made later than it ended: which is told by *@odd and false.
 */
HOT bool make_usual(struct timing *t, const struct nvs_io *io, stage_briefs *odd)
{
	two_times queued_setup = *(const two_times *)&io->queued;
	two_times setup_bell = *(const two_times *)&io->setup;
	two_times bell_seen = *(const two_times *)&io->bell;
	two_times seen_end = { io->seen, io->h.ts };

	make_kind(t, io);
	t->ns[0] = setup_bell - queued_setup;
	t->ns[1] = seen_end - bell_seen;
	t->brief = briefs_of(t->ns[0], t->ns[1]);
	*odd = (stage_briefs)((t->ns[0] | t->ns[1]) >> 31);
	t->bucket = brief_buckets(t->brief);
	t->total = io->h.ts - io->queued;
	t->total_bucket = histogram_bucket(t->total);
	return io->queued - 1 < io->h.ts;
}

/* A time is the least or the greatest of its stage, or too long to tell. */
static void widen_stages(struct tally *tally, const struct timing *t)
{
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		struct range *range = &tally->range[i];

		if ((i != STAGE_QUEUE || t->io->queued) && is_new(range, time_of(t, i)))
			range_widen(range, time_of(t, i));
		tally->least[i] = brief(range->min, BRIEF_LONG);
		tally->greatest[i] = brief(range->min + range->span, BRIEF_LONG - 1);
	}
}

HOT void count_stages(struct tally *tally, const struct timing *t)
{
	tally->bucket[STAGE_DRIVER][t->bucket[STAGE_DRIVER]]++;
	tally->bucket[STAGE_DEVICE][t->bucket[STAGE_DEVICE]]++;
	tally->bucket[STAGE_COMPLETION][t->bucket[STAGE_COMPLETION]]++;
	tally->bucket[STAGE_TOTAL][t->total_bucket]++;
	tally->bytes += t->io->bytes;
}

HOT void add_times(uint64_t sum[STAGE_TOTAL], const struct timing *t)
{
	two_times *both = (two_times *)sum;

	both[0] += t->ns[0];
	both[1] += t->ns[1];
}

static void take_times(struct tally *tally, const struct timing *t)
{
	if (t->io->queued)
		tally->bucket[STAGE_QUEUE][t->bucket[STAGE_QUEUE]]++;
	count_stages(tally, t);
	if (any((t->brief < tally->least) | (t->brief > tally->greatest)))
		widen_stages(tally, t);
	if (is_new(&tally->range[STAGE_TOTAL], t->total))
		range_widen(&tally->range[STAGE_TOTAL], t->total);
}

/* One time of each stage, and what the stages took of the total. */
static void take_whole(struct tally *tally, const struct timing *t)
{
	take_times(tally, t);
	add_times(tally->parts[t->total_bucket], t);
}

/* Without its kind: as one of the admin queue, which has none. */
static bool take_queue(struct stats *s, uint32_t index, const struct timing *t)
{
	struct tally **q = &s->queue_tally[index];

	if (!*q && !(*q = tally_new(s, false)))
		return false;
	take_times(*q, t);
	add_times((*q)->sum, t);
	return true;
}

/* There is no room to count it but once for the queue, and once for the kind. */
static bool take_apart(struct stats *s, uint32_t index, const struct timing *t)
{
	struct tally **k = &s->kind_tally[t->kind / NR_STATS_SIZES][t->kind % NR_STATS_SIZES];

	if (!*k && !(*k = tally_new(s, true)))
		return false;
	take_whole(*k, t);
	return take_queue(s, index, t);
}

static bool take_pair(struct batch *b, const struct timing *t)
{
	struct tally *pair = b->row ? b->row->of[t->kind] : NULL;

	if (!pair && b->row)
		pair = pair_new(b->s, b->row, t->kind);
	if (!pair)
		return take_apart(b->s, b->q->index, t);
	take_whole(pair, t);
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
HOT bool in_sequence(const struct batch *batch, const struct timing *t)
{
	const struct nvs_io *io = t->io;
	struct sequence *s = batch->s->sequence;
	uint64_t who = (uint64_t)io->nsid << 24 ^ batch->who ^ t->op;
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

static struct task_stats *find_task(struct stats *s, const struct nvs_io *io)
{
	struct task_key key = key_of(io);

	return task_find(s, &key);
}

HOT struct task_stats *task_of(struct stats *s, const struct nvs_io *io)
{
	struct task_key key = key_of(io);
	uint32_t mixed = (key.tgid + key.pid) * 0x9e3779b1u + (uint32_t)key.cgroup * 0x85ebca77u;
	struct task_stats **near = &s->near_tasks[mixed >> (32 - NEAR_TASKS_BITS)];

	if (__builtin_expect(!*near || !same_task(&(*near)->key, &key), 0))
		*near = find_task(s, io);
	return *near;
}

/* Without what tasks_finish() tells from the rest: how many there were, and their sum. */
HOT void take_task(struct batch *b, const struct timing *t)
{
	struct task_stats *task = task_of(b->s, t->io);
	uint64_t ns = t->total;

	if (!task)
		return;
	if (t->op <= STATS_WRITE && t->io->bytes) {
		bool after = in_sequence(b, t);

		b->of->accesses++;
		b->of->sequential += after;
		task->accesses++;
		task->sequential += after;
	}
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

static __attribute__((noinline)) void take_unusual(struct batch *b, const struct nvs_io *io)
{
	struct timing t;

	if (!in_order(io)) {
		b->s->incomplete++;
		return;
	}
	make_timing(&t, io);
	if (t.total > b->longest)
		b->longest = t.total;
	/* The admin queue's commands have no task either. */
	if (!b->q->qid)
		take_queue(b->s, b->q->index, &t);
	else if (take_pair(b, &t))
		take_task(b, &t);
}

/* False: it is not a usual one, and not counted. */
HOT bool take_usual(struct batch *b, const struct nvs_io *io)
{
	struct tally *pair;
	stage_briefs odd;
	struct timing t;

	if (!make_usual(&t, io, &odd))
		return false;
	pair = b->row->of[t.kind];
	if (!pair || any((t.brief < pair->least) | (t.brief > pair->greatest) | odd) ||
	    is_new(&pair->range[STAGE_TOTAL], t.total))
		return false;
	pair->bucket[STAGE_QUEUE][t.bucket[STAGE_QUEUE]]++;
	count_stages(pair, &t);
	add_times(pair->parts[t.total_bucket], &t);
	b->longest = t.total > b->longest ? t.total : b->longest;
	take_task(b, &t);
	return true;
}

static struct batch begin(struct stats *s, const struct model_queue *q)
{
	return (struct batch){
		.s = s,
		.q = q,
		.of = &s->of_queue[q->index],
		.who = (uint64_t)q->ctrl << 1,
	};
}

static void make_room(struct batch *b, unsigned int nr)
{
	stats_make_room(b->s, nr);
	b->row = b->q->qid ? pair_row_take(b->s, b->q->index) : NULL;
}

static WIDEST void take_batch(struct batch *b, const struct nvs_io *io, unsigned int nr)
{
	bool usual = b->row != NULL;

	for (const struct nvs_io *end = io + nr; io < end; io++)
		if (!usual || __builtin_expect(!take_usual(b, io), 0))
			take_unusual(b, io);
}

uint64_t stats_io(struct stats *s, const struct model_queue *q, const struct nvs_io *io,
		  unsigned int nr, unsigned int cpu)
{
	struct batch b = begin(s, q);
	uint64_t bytes = 0, remote = 0;

	for (unsigned int i = 0; i < nr; i++) {
		bytes += io[i].bytes;
		remote += io[i].submit_cpu != cpu && io[i].setup;
	}
	b.of->ended += nr;
	b.of->bytes += bytes;
	b.of->remote += remote;
	make_room(&b, nr);
	take_batch(&b, io, nr);
	return b.longest;
}

/* As the record that level io would have made of it. */
void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c)
{
	struct batch b = begin(s, q);
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
	b.of->ended++;
	b.of->bytes += io.bytes;
	b.of->remote += io.submit_cpu != c->end_cpu && io.setup;
	make_room(&b, 1);
	/* To load side by side what was just stored one by one takes longer than the long way. */
	take_unusual(&b, &io);
}
