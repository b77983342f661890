// SPDX-License-Identifier: GPL-2.0
/*
 * How commands come into the figures.  There are many millions of them, and nearly all are usual:
 * these take the short way (stats_usual.c), if the processor has it, and others the long one, which
 * is here.
 */
#include <string.h>
#include "stats_batch.h"
#include "widest.h"

unsigned int stats_op(const struct model_cmd *c)
{
	return op_of(c->op);
}

static inline bool in_order(const struct nvs_io *io)
{
	return io->setup && io->setup <= io->bell && io->bell <= io->seen && io->seen <= io->h.ts;
}

static inline int32_t brief(uint64_t ns, int32_t most)
{
	return ns < (uint64_t)most ? (int32_t)ns : most;
}

/* Of a command whose steps are in order. */
static inline void make_timing(struct timing *t, const struct nvs_io *io)
{
	uint64_t made = io_made(io);

	make_kind(t, io);
	t->ns = (stage_times){ io->setup - made, io->bell - io->setup, io->seen - io->bell,
			       io->h.ts - io->seen };
	t->total = io->h.ts - made;
	t->total_bucket = histogram_bucket(t->total);
}

static inline bool is_new(const struct range *range, uint64_t ns)
{
	return ns - range->min > range->span;
}

static void widen(struct tally *tally, unsigned int stage, uint64_t ns)
{
	struct range *range = &tally->range[stage];
	unsigned int lane = stage_lane(stage);

	range_widen(range, ns);
	tally->least[lane] = brief(range->min, BRIEF_LONG);
	tally->greatest[lane] = brief(range->min + range->span, BRIEF_LONG - 1);
}

HOT void take_time(struct tally *tally, unsigned int stage, uint64_t ns)
{
	tally->bucket[stage][histogram_bucket(ns)]++;
	if (__builtin_expect(is_new(&tally->range[stage], ns), 0))
		widen(tally, stage, ns);
}

static void take_times(struct tally *tally, const struct timing *t)
{
	if (t->io->queued)
		take_time(tally, STAGE_QUEUE, t->ns[STAGE_QUEUE]);
	take_time(tally, STAGE_DRIVER, t->ns[STAGE_DRIVER]);
	take_time(tally, STAGE_DEVICE, t->ns[STAGE_DEVICE]);
	take_time(tally, STAGE_COMPLETION, t->ns[STAGE_COMPLETION]);
	take_time(tally, STAGE_TOTAL, t->total);
	tally->bytes += t->io->bytes;
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

struct task_stats *stats_find_task(struct stats *s, const struct nvs_io *io)
{
	struct task_key key = { .comm = { io->comm0, io->comm1 },
				.cgroup = io->cgroup,
				.tgid = io->tgid,
				.pid = pid_of(io) };

	return task_find(s, &key);
}

WIDEST void stats_take_unusual(struct batch *b, const struct nvs_io *io)
{
	struct timing t;

	take_size(b, io);
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

static struct batch begin(struct stats *s, const struct model_queue *q, unsigned int cpu)
{
	return (struct batch){
		.s = s,
		.q = q,
		.of = &s->of_queue[q->index],
		.cpu = cpu,
		.who = (uint64_t)q->ctrl << 1,
	};
}

static void make_room(struct batch *b, unsigned int nr)
{
	stats_make_room(b->s, nr);
	b->of->ended += nr;
	b->row = b->q->qid ? pair_row_take(b->s, b->q->index) : NULL;
}

static void take_batch(struct batch *b, const struct nvs_io *io, unsigned int nr)
{
#ifdef SHORT_WAY
	if (b->row && __builtin_cpu_supports("x86-64-v3")) {
		stats_take_usual(b, io, nr);
		return;
	}
#endif
	for (const struct nvs_io *end = io + nr; io < end; io++)
		stats_take_unusual(b, io);
}

uint64_t stats_io(struct stats *s, const struct model_queue *q, const struct nvs_io *io,
		  unsigned int nr, unsigned int cpu)
{
	struct batch b = begin(s, q, cpu);

	make_room(&b, nr);
	take_batch(&b, io, nr);
	return b.longest;
}

/* As the record that level io would have made of it. */
void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c)
{
	struct batch b = begin(s, q, c->end_cpu);
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
	make_room(&b, 1);
	/* To load side by side what was just stored one by one takes longer than the long way. */
	stats_take_unusual(&b, &io);
}
