/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a look at a CQ tells: that it began, the entries that it finds, the doorbell that gives
 * their slots back, and its end.  Who looks, and when, is in stock_complete.h.
 */
#ifndef NVS_STOCK_LOOK_H
#define NVS_STOCK_LOOK_H

#include "stock_submit.h"

#define ALL_NEW 0xffffffff

struct looked {
	struct nvs_cq_enter enter; /* in the first record */
	struct nvs_cqe cqe[PER_RECORD];
};

/* An entry as it lies in the ring; the second word is that which ends with the phase. */
struct entry {
	__u64 result, rest;
};
#define ENTRY_CID(e)	((e)->rest >> 32)
#define ENTRY_STATUS(e) ((e)->rest >> 49)
#define PHASE_IN(rest)  ((rest) >> 48 & 1)
#define ENTRY_PHASE(e)	 PHASE_IN((e)->rest)

struct cq_walk {
	__u64 who;
	__u32 vector;
	__u32 until; /* head to stop at; ALL_NEW: when there is no new entry any more */
	int why;     /* -1: the look has been told */
	struct entry entries[PER_RECORD]; /* the next, as they have been read */
};

static __always_inline void tell_entry(struct nvs_cqe *e, const struct entry *entry, __u32 head,
				       __u32 phase, __u64 ts, __u64 who)
{
	__u32 cid = ENTRY_CID(entry) & 0xffff;

	stamp(&e->h, NVS_ID_cqe, ts, who, cid);
	e->result = entry->result;
	*(__u64 *)&e->slot = of_four(head, phase, entry->rest, ENTRY_STATUS(entry));
	/* And the padding behind it */
	*(volatile __u64 *)&e->match = NVS_CQE_request;
	if (__builtin_expect(!QID_OF(who), 0) && cid == AER_CID)
		*(volatile __u64 *)&e->match = NVS_CQE_async_event;
}

/* Is @entry, at @head, one to tell of? */
static __always_inline bool is_more(const struct entry *entry, __u32 head, __u32 phase, __u32 until)
{
	return until == ALL_NEW ? ENTRY_PHASE(entry) == phase : head != until;
}

static __always_inline __u32 left_until(const struct queue_state *st, __u32 until)
{
	return until >= st->head ? until - st->head : until + st->depth - st->head;
}

/*
 * There was no room.  At the beginning of a look its end will tell of the entries; then the
 * ones that are left are lost, and counted, and the next look goes on behind them.
 */
static __always_inline void skip_entries(struct queue_state *st, struct cq_walk *w)
{
	if (w->why >= 0)
		count_lost(NVS_ID_cq_enter, 1);
	if (w->until == ALL_NEW) {
		st->look_ts = bpf_ktime_get_ns();
		return;
	}
	if (w->until < st->head)
		st->phase ^= 1;
	st->head = w->until;
}

/*
 * Reads the next entries: where each read is a call, as many as a record holds, by one; else the
 * first, if it may be none.  Returns how many there may be, before the ring's end.
 */
static __always_inline __u32 read_ahead(const struct queue_state *st, struct cq_walk *w)
{
	__u64 from = st->cqes + st->head * 16ull;
	__u32 many = st->depth - st->head;

	barrier_var(many); /* the verifier is to see the constant compared */
	if (many > PER_RECORD)
		many = PER_RECORD;
	if (!direct_reads)
		bpf_probe_read_kernel(w->entries, many * sizeof(w->entries[0]), (void *)from);
	else if (w->why < 0)
		read_words(w->entries, from, sizeof(w->entries[0]));
	return many;
}

/* The new entries of @many, which have no time yet.  Returns how many there were. */
static __always_inline __u32 fill_look(struct nvs_cqe *e, struct queue_state *st,
				       const struct cq_walk *w, __u32 many)
{
	__u32 head = st->head, phase = st->phase, i;
	__u64 from = st->cqes + head * 16ull;
	const struct entry *next = w->entries;
	struct entry entry;

	ROUNDS(i, many, PER_RECORD) {
		if (direct_reads)
			read_words(&entry, from, sizeof(entry));
		else
			entry = *next;
		if (!is_more(&entry, head, phase, w->until))
			break;
		tell_entry(e++, &entry, head++, phase, 0, w->who);
		from += sizeof(entry);
		next++;
	}
	many -= PER_RECORD - i;
	if (head == st->depth) {
		head = 0;
		st->phase = phase ^ 1;
	}
	st->head = head;
	return many;
}

/* One record's worth.  Returns 1 at the end. */
__noinline int tell_look(struct queue_state *st, struct cq_walk *w)
{
	struct emission m;
	struct looked *l;
	__u32 many, n;

	if (!st || !w)
		return 1;
	many = read_ahead(st, w);
	if (w->why < 0 && !is_more(&w->entries[0], st->head, st->phase, w->until))
		return 1;
	l = emit_some(&m, NVS_ID_cqe, sizeof(*l), sizeof(*l),
		      w->until == ALL_NEW ? 0 : left_until(st, w->until));
	if (!l) {
		skip_entries(st, w);
		return 1;
	}
	if (w->why >= 0) {
		stamp(&l->enter.h, NVS_ID_cq_enter, 0, w->who, 0);
		*(__u64 *)&l->enter.why = of_four(w->why, st->head, st->phase, w->vector);
	} else {
		gap(&l->enter.h, sizeof(l->enter));
	}
	n = fill_look(l->cqe, st, w, many);
	if (n < PER_RECORD)
		gap(&l->cqe[n].h, (PER_RECORD - n) * sizeof(l->cqe[0]));
	/* They were read until now, but before the driver takes them. */
	if (w->until == ALL_NEW)
		st->look_ts = bpf_ktime_get_ns();
	if (w->why >= 0)
		l->enter.h.ts = st->look_ts;
	for (__u32 i = 0; i < PER_RECORD && i < n; i++)
		l->cqe[i].h.ts = st->look_ts;
	w->why = -1;
	commit(&m);
	return n < many;
}

/* As struct sq_rounds. */
struct cq_rounds {
	struct queue_state *st;
	struct cq_walk walk;
};

static long look_further(__u32 index, struct cq_rounds *r)
{
	return tell_look(r->st, &r->walk) & 1;
}

/*
 * Tells of the entries up to @until, and of the look itself if @why is given.  At the
 * beginning of a look the driver is about to take all that are there.
 */
__noinline int tell_entries(struct queue_state *st, __u32 until, __u64 who, __u32 vector, int why)
{
	struct cq_rounds r = {
		.st = st,
		.walk.until = until,
		.walk.who = who,
		.walk.vector = vector,
		.walk.why = why,
	};

	if (!st)
		return 0;
	bpf_loop(MAX_RECORDS, look_further, &r, 0);
	return 0;
}

/* A look that finds one entry, or none, as most do. */
struct looked_once {
	struct nvs_cq_enter enter;
	struct nvs_cqe cqe;
};

/* What a look finds first, and where what is behind it ends: whether there is more. */
struct found {
	struct entry first;
	__u64 next;
};

static __always_inline void read_found(struct found *f, __u64 from)
{
	struct entry pair[2];
	const __u64 *words;

	if (direct_reads) {
		words = AS_NUMBERS(from);
		f->first.result = words[0];
		f->first.rest = words[1];
		f->next = words[3];
		return;
	}
	bpf_probe_read_kernel(pair, sizeof(pair), (void *)from);
	f->first = pair[0];
	f->next = pair[1].rest;
}

static __always_inline bool tell_one_at_most(struct queue_state *st, __u64 who, __u32 vector,
					     int why)
{
	__u32 head = st->head, phase = st->phase, used = sizeof(struct looked_once);
	__u64 from = st->cqes + head * 16ull, now;
	struct looked_once *l;
	struct found f;
	struct emission m;
	bool one;

	if (head + 1 >= st->depth)
		return false;
	read_found(&f, from);
	one = PHASE_IN(f.first.rest) == phase;
	if (one && PHASE_IN(f.next) == phase)
		return false;
	if (!one)
		used = sizeof(l->enter);
	now = bpf_ktime_get_ns();
	st->look_ts = now;
	l = emit_some(&m, NVS_ID_cq_enter, sizeof(*l), used, 1);
	if (!l)
		return true;
	stamp(&l->enter.h, NVS_ID_cq_enter, now, who, 0);
	*(__u64 *)&l->enter.why = of_four(why, head, phase, vector);
	if (one) {
		tell_entry(&l->cqe, &f.first, head, phase, now, who);
		st->head = head + 1;
	}
	commit(&m);
	return true;
}

/*
 * The driver is about to take all new entries.  All are told of as of when they have been read; so
 * is the look itself, for it costs to ask what time it is.
 */
static __always_inline void tell_new_entries(struct queue_state *st, __u64 who, __u32 vector,
					     int why)
{
	if (tell_one_at_most(st, who, vector, why))
		return;
	tell_entries(st, ALL_NEW, who, vector, why);
}

/* Behind the doorbells of commands that completed: these are told of first. */
static __always_inline void begin_look(struct queue_state *st)
{
	st->look_ts = bpf_ktime_get_ns();
	st->looking = 1;
}

struct looked_end {
	struct nvs_cq_doorbell bell;
	struct nvs_cq_exit exit;
};

/*
 * Entries that came while the driver looked: they have the time of the look's beginning, or of the
 * last command that was built meanwhile.
 */
__noinline int tell_late(struct queue_state *st, __u64 nvmeq, __u32 head, __u64 who)
{
	if (!st)
		return 0;
	look_again(st, nvmeq, who);
	if (st->look_ts <= st->setup_ts)
		st->look_ts = st->setup_ts + 1;
	tell_entries(st, head, who, 0, -1);
	return 0;
}

/* The driver has looked, up to @head: tells of the doorbell, rung as @how says. */
static __always_inline void tell_looked(struct queue_state *st, __u32 head, __u32 how, __u64 who,
					int why)
{
	struct looked_end *e;
	__u32 old_head, found;
	struct emission m;
	__u64 ts;

	old_head = st->cq_rung;
	st->cq_rung = head;
	found = head >= old_head ? head - old_head : head + st->depth - old_head;
	ts = bpf_ktime_get_ns();
	st->seen_ts = ts;
	st->looking = 0;
	e = emit_some(&m, NVS_ID_cq_exit, sizeof(*e), sizeof(*e), 1);
	if (!e) {
		if (found)
			count_lost(NVS_ID_cq_doorbell, 1);
		return;
	}
	if (found) {
		stamp(&e->bell.h, NVS_ID_cq_doorbell, ts, who, 0);
		*(__u64 *)&e->bell.old_head = of_four(old_head, head, found, how);
	} else {
		gap(&e->bell.h, sizeof(e->bell));
	}
	stamp(&e->exit.h, NVS_ID_cq_exit, ts, who, 0);
	*(__u64 *)&e->exit.why = of_four(why, found, 0, 0);
	commit(&m);
}

static __always_inline void end_look(struct queue_state *st, __u64 nvmeq, __u64 who, int why)
{
	const struct nvme_queue *q;
	__u64 words[QUEUE_WORDS];
	__u32 head;

	q = read_queue(words, nvmeq);
	head = NOW(q, words, nvmeq, cq_head);
	if (head != st->head)
		tell_late(st, nvmeq, head, who);
	tell_looked(st, head, how_rung(q, words, nvmeq), who, why);
}

#endif
