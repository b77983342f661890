/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels io and hist: a command is followed from its building to its request's end in a slot
 * of its own, and is told of once, at its end.  Of the kernel's own driver: ours does so itself.
 *
 * A doorbell is told of after it was rung, by the CPU that rings it: until then
 * that CPU's commands hang together, each slot naming the one before it.
 */
#ifndef NVS_FLIGHT_H
#define NVS_FLIGHT_H

#include "places.h"
#include "rounds.h"
#include "ring.h"
#include "stages.h"

struct command {
	/* All that level hist touches, in one cache line */
	__u64 whose;  /* the request's address */
	__u64 hctx;   /* and what it was queued through */
	__u64 setup;  /* when it was built; 0: the slot is free; SLOT_TAKEN: being filled in */
	__u64 queued; /* 0: blk-mq keeps no time of it; QUEUED_ASK: see there */
	__u64 bell;   /* 0: not yet */
	__u32 number; /* the slot's own */
	__u32 before; /* number of the one built before it */
	__u16 place;
	__u16 left_out; /* by a filter: followed for the queue's depth alone */
	__u16 cid, opcode;
	/* As they lie in the record */
	__u16 depth, batch, cpu, zero;

	__u64 cgroup, comm0, comm1;
	__u32 pid, tgid;
	__u32 nsid, pad0;
	__u64 pad[3]; /* a power of two */
};

/* What lies side by side in a record and in what it is made of is copied by words. */
#define SAME_WORD(a, b) \
	(__builtin_offsetof(struct nvs_io, b) - __builtin_offsetof(struct nvs_io, a) == 4)
_Static_assert(SAME_WORD(pid, tgid) && SAME_WORD(op, status) && SAME_WORD(depth, submit_cpu),
	       "words of a record");

#define SLOT_TAKEN 1

/*
 * In `queued`, which is compared at the end anyway: the status may be other than success.  The
 * clock does not get that far.
 */
#define QUEUED_ASK (1ull << 63)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* 1 << config.tag_shift for each place */
	__type(key, __u32);
	__type(value, struct command);
} commands SEC(".maps");

/* Defined by who includes this: the slot of a number, or NULL; the same of those that are near. */
static struct command *slot_at(__u32 number);
static bool is_near(__u32 number);
static struct command *near_slot(__u32 number);

/* Slots in `commands`, by queue and tag, or NULL. */
static __always_inline struct command *kept_slot(__u32 index)
{
	return bpf_map_lookup_elem(&commands, &index);
}

/* The one of a queue's @tag.  NULL: there is no room for it, which is counted. */
static __always_inline struct command *kept_slot_of(__u32 place, __u32 tag)
{
	struct command *c = NULL;

	if (!(tag >> config.tag_shift))
		c = kept_slot((place << config.tag_shift) + tag);
	if (!c)
		count_cause(LOST_no_place);
	return c;
}

/* What a CPU has built commands for, until its doorbell. */
struct batch {
	__u32 place;
	__u32 linked; /* commands that hang together */
	__u32 last;   /* slot of the newest */
	__u32 covers; /* commands of the doorbell that was told of last */
	__u64 told;   /* when that was rung */
	__u64 pad[5]; /* a cache line each */
};

#define MAX_CPUS 1024
static struct batch __attribute__((unused)) batches[MAX_CPUS] = {};

static __always_inline struct batch *batch_of(__u32 cpu)
{
	return &batches[cpu & (MAX_CPUS - 1)];
}

#define MAX_LINKED 1024

/* What is left to do of a doorbell's commands. */
struct ringing {
	__u64 now;
	__u32 number, left, count;
};

/*
 * More than blk-mq ever hands over at once.  The verifier goes through a loop round by round, in
 * each program that has it: those behind these go by a helper, which it looks at but once, and so
 * does what comes behind a slot that is not near.
 */
#define RUNG_HERE 64

static long ring_next(__u32 i, struct ringing *g)
{
	struct command *c = slot_at(g->number);

	if (!c || c->setup > g->now)
		return 1;
	c->bell = g->now;
	c->batch = g->count;
	g->number = c->before;
	return !--g->left;
}

static __noinline int ring_rest(struct ringing *g)
{
	bpf_loop(MAX_LINKED, ring_next, g, 0);
	return 0;
}

/*
 * The doorbell of @b's commands was rung at @now, or is about to be.  An interrupt may end some of
 * them, and begin others in their slots, while we go along: those are younger than @now.
 */
static __always_inline void ring_at(__u32 mode, struct batch *b, __u64 now)
{
	__u32 place = b->place, number = b->last, count = b->linked, linked, here, left, i;
	struct ringing rest;

	if (!count)
		return;
	/* For those that end before we have come to them */
	b->covers = count;
	b->told = now;
	/* Whoever takes them tells of them. */
	linked = __sync_lock_test_and_set(&b->linked, 0);
	if (!linked)
		return;
	if (mode & MODE_HIST)
		ADD(u32, queue_at(place), flight_queue, bells, 1);
	here = linked < RUNG_HERE ? linked : RUNG_HERE;
	left = linked - here;
	ROUNDS(i, here, RUNG_HERE) {
		struct command *c;

		if (!is_near(number))
			break;
		c = near_slot(number);
		if (c->setup > now)
			return;
		c->bell = now;
		if (!(mode & MODE_HIST))
			c->batch = count;
		number = c->before;
	}
	left += RUNG_HERE - i;
	if (!left)
		return;
	rest = (struct ringing){ .now = now, .number = number, .left = left, .count = count };
	ring_rest(&rest);
}

static __always_inline void flight_bell(__u32 mode, struct batch *b)
{
	if (b->linked)
		ring_at(mode, b, bpf_ktime_get_ns());
}

/* The same where it is rare.  Not static: so the verifier looks at it but once. */
__noinline int flight_bell_early(__u32 cpu)
{
	flight_bell(config.level == LEVEL_HIST ? MODE_HIST : 0, batch_of(cpu));
	return 0;
}

/* A command that was built is not sent after all. */
static __always_inline void flight_unbuilt(struct batch *b, const struct command *c)
{
	if (!b->linked || b->last != c->number)
		return;
	b->last = c->before;
	__sync_fetch_and_add(&b->linked, -1);
}

/* What filters ask of a request when its command is built; who submits is in the slot. */
struct beginning {
	__u32 bytes, op;
};

/* Another begins in @c, at @place, and the end of the one before was not seen. */
static __always_inline void begin_again(const struct command *c, __u32 place)
{
	/* The two are in flight but once; but those of a queue that is gone not at all. */
	if (c->place == place)
		__sync_fetch_and_add(&queue_at(place)->in_flight, -1);
	if (!c->left_out)
		count_cause(LOST_unmatched_start);
}

/*
 * A command was built on @cpu, this one.  @c: its slot, which is the caller's, and in which is what
 * is to be known of it.
 */
static __always_inline void flight_begin(__u32 mode, struct command *c, const struct beginning *r,
					 __u32 cpu)
{
	struct flight_queue *q;
	__u64 now;

	if (mode & MODE_FILTERED)
		c->left_out = !(request_passes(mode, r->op, r->bytes) &&
				tag_passes(mode, c->cid & 0xfff) &&
				task_passes(mode, c->tgid, c->comm0, c->comm1, c->cgroup));
	c->bell = 0;
	c->cpu = cpu;
	if (!(mode & MODE_HIST))
		c->batch = 0;
	now = bpf_ktime_get_ns();
	q = queue_at(c->place);
	if (mode & MODE_HIST) {
		/* What it was before is nobody's question: a fifth of the instructions. */
		ADD(u32, q, flight_queue, in_flight, 1);
	} else {
		c->depth = __sync_fetch_and_add(&q->in_flight, 1) + 1;
	}
	c->setup = now;
	q->built = now;
}

static __always_inline void link_to(struct batch *b, struct command *c)
{
	c->before = b->last;
	b->last = c->number;
	barrier();
	ADD(u32, b, batch, linked, 1);
}

/* A list of requests for several queues: each is rung before the next begins. */
static __noinline int link_first(__u32 cpu, struct command *c)
{
	struct batch *b = batch_of(cpu);

	flight_bell_early(cpu);
	b->place = c->place;
	link_to(b, c);
	return 0;
}

/* It waits for the doorbell of @cpu. */
static __always_inline void flight_link(__u32 cpu, struct command *c)
{
	struct batch *b = batch_of(cpu);

	if (__builtin_expect(b->place == c->place, 1))
		link_to(b, c);
	else
		link_first(cpu, c);
}

static __always_inline void flight_look(struct flight_queue *q, __u16 why)
{
	q->seen = bpf_ktime_get_ns();
	q->why = why;
}

/*
 * A command ended before its doorbell was told of: an interrupt came first, here or on another
 * CPU.  It was rung after the last command of the batch was built, for all of them.  Or somebody is
 * just telling of it: returns when it was rung, else 0.
 */
__noinline __u64 flight_rung(__u32 cpu, __u32 place, __u64 setup)
{
	struct batch *b = batch_of(cpu);
	struct command *last;

	if (b->place != place)
		return 0;
	if (!b->linked)
		return b->told >= setup ? b->told : 0;
	last = slot_at(b->last);
	if (last)
		ring_at(config.level == LEVEL_HIST ? MODE_HIST : 0, b,
			last->setup > setup ? last->setup : setup);
	return 0;
}

/* The same, for what its end did not find in @c. Returns when it was rung; 0: that is not known. */
static __always_inline __u64 find_bell(__u32 mode, struct command *c)
{
	__u64 told = flight_rung(c->cpu, c->place, c->setup);

	if (!told)
		return *(volatile __u64 *)&c->bell;
	if (!(mode & MODE_HIST))
		c->batch = batch_of(c->cpu)->covers;
	return told;
}

/* What is known of a request at its end. */
struct ending {
	__u16 status, how;
	bool stale; /* what is in its slot is of an earlier use of its tag */
};

/* Steps of @c that are not in order, or whose end was no completion. */
__noinline int sort_out(struct steps *s, struct command *c, __u16 how)
{
	struct circumstances known = { .how = how };

	if (!s || !c)
		return 0;
	if (!s->bell)
		s->bell = find_bell(config.level == LEVEL_HIST ? MODE_HIST : 0, c);
	/* It was looked for behind the end. */
	if (s->bell > s->end)
		s->bell = s->end;
	known.built = queue_at(c->place)->built;
	known.polled = queue_at(c->place)->polled;
	put_in_order(s, &known);
	return 0;
}

/* @op, @bytes, @sector: of the request */
static __always_inline void tell_io(const struct command *c, __u16 op, __u32 bytes, __u64 sector,
				    const struct ending *r, const struct steps *s)
{
	struct emission m;
	struct nvs_io *e = emit_some(&m, NVS_ID_io, sizeof(*e), sizeof(*e), 1);
	const struct flight_queue *q = queue_at(c->place);

	if (!e)
		return;
	e->h.ts = s->end;
	e->h.id = NVS_ID_io;
	e->h.ctrl = q->ctrl;
	e->h.qid = q->qid;
	e->h.cid = c->cid;
	e->queued = s->queued;
	e->setup = s->setup;
	e->bell = s->bell;
	e->seen = s->seen;
	e->sector = sector;
	e->cgroup = c->cgroup;
	e->comm0 = c->comm0;
	e->comm1 = c->comm1;
	e->bytes = bytes;
	e->nsid = c->nsid;
	*(__u64 *)&e->pid = *(const __u64 *)&c->pid;
	e->op = op;
	e->opcode = c->opcode;
	e->status = r->status;
	e->how = r->how;
	*(__u64 *)&e->depth = *(const __u64 *)&c->depth | (__u64)q->why << 48;
	commit(&m);
}

/*
 * A request ended whose command is in @c, a slot that is the caller's to free: when did what
 * happen?  false: it is not to be told of.
 */
static __always_inline bool flight_end(__u32 mode, struct command *c, const struct ending *r,
				       struct steps *s)
{
	struct flight_queue *q = queue_at(c->place);

	ADD(u32, q, flight_queue, in_flight, -1);
	if (((mode & MODE_FILTERED) && c->left_out) || !status_passes(mode, r->status) ||
	    r->stale) {
		if (r->stale)
			count_cause(LOST_stale_tag);
		/* Its slot will be another's: no doorbell may look for it there. */
		if (!c->bell)
			find_bell(mode, c);
		return false;
	}
	s->seen = q->seen; /* before the time of the end: it may change */
	s->end = bpf_ktime_get_ns();
	s->queued = c->queued;
	s->setup = c->setup;
	s->bell = c->bell;
	if (!in_order(s) || r->how == NVS_HOW_DONE_cancelled) {
		/* A copy, so that the others stay in registers */
		struct steps odd = *s;

		sort_out(&odd, c, r->how);
		*s = odd;
		if ((mode & MODE_HIST) && !s->seen)
			s->seen = s->end;
	}
	return latency_passes(mode, s->end - (s->queued ?: s->setup));
}

#endif
