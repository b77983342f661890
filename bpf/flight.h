/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Levels io and hist: a command is followed from its building to its request's end in a slot
 * of its own, by queue and tag, and is told of once, at its end.  Both providers call these
 * from what they attach to.
 *
 * A doorbell is told of after it was rung, or just before, by the CPU that rings it: until then
 * that CPU's commands hang together, each slot naming the tag of the one before it.
 */
#ifndef NVS_FLIGHT_H
#define NVS_FLIGHT_H

#include "count.h"
#include "ring.h"

struct command {
	__u64 setup; /* when it was built; 0: the slot is free */
	__u64 queued;
	__u64 bell; /* 0: not yet */
	__u32 bytes, nsid;
	__u16 cid, op, opcode, status;
	__u16 depth, batch, cpu;
	__u16 before;	/* tag of the one built before it */
	__u32 left_out; /* by a filter: followed for the queue's depth alone */
	__u32 pid, tgid;
	__u32 pad;
	__u64 sector, cgroup, comm0, comm1;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* 1 << config.tag_shift for each place */
	__type(key, __u32);
	__type(value, struct command);
} commands SEC(".maps");

static __always_inline struct command *slot_of(__u32 place, __u32 tag)
{
	__u32 index = (place << config.tag_shift) + tag;

	return bpf_map_lookup_elem(&commands, &index);
}

/*
 * Places: what is kept of a queue lies at its place, given when it is met first.  In .bss,
 * where neither a call nor a check is needed to get at it.
 */
#define MAX_PLACES 2048
#define NO_PLACE   0xffffffff
struct flight_queue flight_queues[MAX_PLACES] = {};
__u32 next_place = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* queues_per_ctrl for each of max_ctrls */
	__type(key, __u32);
	__type(value, __u32); /* place + 1; 0: not met yet */
} places SEC(".maps");

static __always_inline struct flight_queue *queue_at(__u32 place)
{
	return &flight_queues[place & (MAX_PLACES - 1)];
}

/* The place of a queue, or NO_PLACE. */
static __always_inline __u32 place_of(__u32 ctrl, __u32 qid)
{
	__u32 index = ctrl * config.queues_per_ctrl + qid, *place;

	if (ctrl >= config.max_ctrls || qid >= config.queues_per_ctrl)
		return NO_PLACE;
	place = bpf_map_lookup_elem(&places, &index);
	return place ? *place - 1 : NO_PLACE;
}

/* Gives a queue that has none a place. NO_PLACE: there is none left, or one is just being given. */
static __always_inline __u32 new_place(__u32 ctrl, __u32 qid)
{
	__u32 index = ctrl * config.queues_per_ctrl + qid, *given, place;

	if (ctrl >= config.max_ctrls || qid >= config.queues_per_ctrl)
		return NO_PLACE;
	given = bpf_map_lookup_elem(&places, &index);
	if (!given || __sync_val_compare_and_swap(given, 0, NO_PLACE))
		return NO_PLACE;
	place = __sync_fetch_and_add(&next_place, 1);
	if (place >= config.places || place >= MAX_PLACES)
		return NO_PLACE;
	queue_at(place)->ctrl = ctrl;
	queue_at(place)->qid = qid;
	__sync_lock_test_and_set(given, place + 1);
	return place;
}

/* What a CPU has built commands for, until its doorbell. */
struct batch {
	__u32 place;
	__u32 count;  /* commands */
	__u32 linked; /* of these: hang together */
	__u32 last;   /* tag of the newest */
	__u64 pad[6]; /* a cache line each */
};

#define MAX_CPUS 1024
static struct batch __attribute__((unused)) batches[MAX_CPUS] = {};

static __always_inline struct batch *batch_of(__u32 cpu)
{
	return &batches[cpu & (MAX_CPUS - 1)];
}

#define MAX_LINKED 1024

/*
 * The doorbell of @b's commands was rung at @now, or is about to be.  An interrupt may end some
 * of them, and begin others with their tags, while we go along: those are younger than @now.
 */
static __always_inline void ring_at(struct batch *b, __u64 now)
{
	__u32 place = b->place, tag = b->last, count = b->count;
	/* Whoever takes them tells of them. */
	__u32 linked = __sync_lock_test_and_set(&b->linked, 0);

	b->count = 0;
	if (!linked)
		return;
	if (config.level == LEVEL_HIST)
		__sync_fetch_and_add(&queue_at(place)->bells, 1);
	for (__u32 i = 0; i < MAX_LINKED; i++) {
		struct command *c = slot_of(place, tag);

		if (!c || c->setup > now)
			break;
		c->bell = now;
		c->batch = count;
		tag = c->before;
		if (!--linked)
			break;
	}
}

static __always_inline void flight_bell(struct batch *b)
{
	if (b->linked)
		ring_at(b, bpf_ktime_get_ns());
	else
		b->count = 0;
}

/* A command that was built is not sent after all. */
static __always_inline void flight_unbuilt(struct batch *b, __u32 tag)
{
	struct command *c;

	if (!b->linked || b->last != tag)
		return;
	c = slot_of(b->place, tag);
	if (c)
		b->last = c->before;
	b->linked--;
	b->count--;
}

/* What is known of a request when its command is built. */
struct beginning {
	__u64 queued, sector;
	__u32 bytes, nsid, tag;
	__u16 cid, op, opcode;
};

/* Of the task that submits. */
struct submitter {
	__u32 pid, tgid;
	__u64 cgroup, comm0, comm1;
};

static __always_inline struct command *flight_slot(__u32 place, __u32 tag)
{
	struct command *c = tag >> config.tag_shift ? NULL : slot_of(place, tag);

	if (!c) {
		count_cause(LOST_no_place);
		return NULL;
	}
	return c;
}

/*
 * A command was built.  @b: NULL if its doorbell is found otherwise.  @who: NULL if nobody asks.
 */
static __always_inline struct command *flight_begin(__u32 mode, struct flight_queue *q, __u32 place,
						    __u32 cpu, const struct beginning *r,
						    const struct submitter *who)
{
	struct command *c = flight_slot(place, r->tag);
	__u32 depth;
	__u64 now;

	if (!c)
		return NULL;
	depth = __sync_fetch_and_add(&q->in_flight, 1) + 1;
	if (c->setup) {
		__sync_fetch_and_add(&q->in_flight, -1);
		depth--;
		if (!c->left_out)
			count_cause(LOST_unmatched_start);
	}
	if (mode & MODE_FILTERED)
		c->left_out = !(request_passes(mode, r->op, r->bytes) &&
				tag_passes(mode, r->tag) &&
				task_passes(mode, who->tgid, who->comm0, who->comm1, who->cgroup));
	c->bell = 0;
	c->batch = 0;
	c->cid = r->cid;
	c->queued = r->queued;
	c->op = r->op;
	c->bytes = r->bytes;
	c->cpu = cpu;
	if (!(mode & MODE_HIST) && !((mode & MODE_FILTERED) && c->left_out)) {
		c->sector = r->sector;
		c->nsid = r->nsid;
		c->opcode = r->opcode;
		c->depth = depth;
		c->pid = who->pid;
		c->tgid = who->tgid;
		c->cgroup = who->cgroup;
		c->comm0 = who->comm0;
		c->comm1 = who->comm1;
	}
	now = bpf_ktime_get_ns();
	c->setup = now;
	q->built = now;
	return c;
}

/* It waits for the doorbell of this CPU. */
static __always_inline void flight_link(struct batch *b, __u32 place, struct command *c, __u32 tag)
{
	/* A list of requests for several queues: each is rung before the next begins. */
	if (b->place != place)
		flight_bell(b);
	b->place = place;
	c->before = b->last;
	b->last = tag;
	b->linked++;
	b->count++;
}

static __always_inline void flight_look(struct flight_queue *q, __u16 why)
{
	q->seen = bpf_ktime_get_ns();
	q->why = why;
}

/*
 * A command ended before its doorbell was told of: an interrupt came first, here or on another
 * CPU.  It was rung after the last command of the batch was built, for all of them.
 */
static __always_inline void flight_rung(__u32 place, const struct command *c)
{
	struct batch *b = batch_of(c->cpu);
	struct command *last;

	if (!b->linked || b->place != place)
		return;
	last = slot_of(place, b->last);
	if (last)
		ring_at(b, last->setup > c->setup ? last->setup : c->setup);
}

/* What is known of a request at its end. */
struct ending {
	__u16 use;   /* of the tag: as in its identifier's upper four bits */
	__u16 slack; /* how far that may have counted on since */
	__u16 status, how;
	__u32 tag;
};

/* The steps of a command, in order; a look that was not seen is 0. */
struct steps {
	__u64 queued, setup, bell, seen, end;
	__u64 start; /* queued, or setup if that is not known */
};

static __always_inline void put_in_order(struct steps *s)
{
	if (s->queued > s->setup || s->setup > s->end) {
		count_cause(LOST_negative_delta);
		if (s->queued > s->setup)
			s->queued = s->setup;
		if (s->end < s->setup)
			s->end = s->setup;
	}
	if (!s->bell) {
		count_cause(LOST_unseen_bell);
		s->bell = s->setup;
	}
	s->start = s->queued ? s->queued : s->setup;
}

/*
 * The look that found its entry.  A command that is sent and completed while a look is under way
 * is found by that look, which began before.  And a doorbell is told of after it was rung: it may
 * be that its command was found meanwhile.
 */
static __always_inline void put_look_in_order(struct steps *s, const struct flight_queue *q)
{
	if (s->seen < s->setup) {
		count_cause(LOST_unseen_look);
		s->seen = q->polled ? 0 : s->bell;
	} else if (s->seen < s->bell) {
		s->bell = q->built >= s->setup && q->built <= s->seen ? q->built : s->setup;
	}
}

static __always_inline void tell_io(const struct flight_queue *q, const struct command *c,
				    const struct ending *r, const struct steps *s)
{
	struct emission m;
	struct nvs_io *e = emit_some(&m, NVS_ID_io, sizeof(*e), sizeof(*e), 1);

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
	e->sector = c->sector;
	e->cgroup = c->cgroup;
	e->comm0 = c->comm0;
	e->comm1 = c->comm1;
	e->bytes = c->bytes;
	e->nsid = c->nsid;
	e->pid = c->pid;
	e->tgid = c->tgid;
	e->op = c->op;
	e->opcode = c->opcode;
	e->status = r->status;
	e->how = r->how;
	e->depth = c->depth;
	e->batch = c->batch;
	e->submit_cpu = c->cpu;
	e->why = q->why;
	commit(&m);
}

static __always_inline void count_stages(__u32 place, const struct command *c,
					 const struct ending *r, const struct steps *s)
{
	struct hist_cell *cell = cell_of(place, c->op, c->bytes);
	__u64 seen = s->seen ? s->seen : s->end;

	if (!cell)
		return;
	count_request(cell, c->bytes, r->status);
	if (s->queued)
		count_stage(cell, NVS_STAGE_queue, s->setup - s->queued);
	count_stage(cell, NVS_STAGE_driver, s->bell - s->setup);
	count_stage(cell, NVS_STAGE_device, seen - s->bell);
	count_stage(cell, NVS_STAGE_completion, s->end - seen);
	count_stage(cell, NVS_STAGE_total, s->end - s->start);
}

/* A request ended. */
static __always_inline void flight_end(__u32 mode, struct flight_queue *q, __u32 place,
				       const struct ending *r)
{
	struct command *c = flight_slot(place, r->tag);
	struct steps s = {};

	if (!c)
		return;
	s.setup = c->setup;
	if (!s.setup) {
		count_cause(LOST_unmatched_end);
		return;
	}
	if (!c->bell)
		flight_rung(place, c);
	c->setup = 0;
	__sync_fetch_and_add(&q->in_flight, -1);
	if (((mode & MODE_FILTERED) && c->left_out) || !status_passes(mode, r->status))
		return;
	if (((r->use - (c->cid >> 12)) & 0xf) > r->slack) {
		count_cause(LOST_stale_tag);
		return;
	}
	s.seen = q->seen; /* before the time of the end: it may change */
	s.end = bpf_ktime_get_ns();
	s.queued = c->queued;
	s.bell = c->bell;
	put_in_order(&s);
	if (r->how == NVS_HOW_DONE_cancelled)
		s.seen = 0;
	else
		put_look_in_order(&s, q);
	if (!latency_passes(mode, s.end - s.start))
		return;
	if (mode & MODE_HIST)
		count_stages(place, c, r, &s);
	else
		tell_io(q, c, r, &s);
}

#endif
