// SPDX-License-Identifier: GPL-2.0
/* Events that wait to be written: taken in runs, put in order. */
#include <stdlib.h>
#include <string.h>
#include "ctf_format.h"
#include "event_buffer.h"
#include "event_info.h"
#include "widest.h"

#define HEADER	    sizeof(struct ctf_packet)
#define BYTES_LEAST (512u << 10)
/* What is written as whole blocks ends with one. */
#define SLACK CTF_BLOCK
/* Looked at, and then copied, while it is near. */
#define PIECE (16u << 10)

/* For sorting */
struct event_slot {
	uint64_t ts;
	uint32_t at;
	uint32_t size;
};

/*
 * One number for what is asked of a run: its bytes, in the lowest half, its events, and those of
 * them that are looked out for. An event that may not be taken ends every run.
 */
#define SUM_EVENT     (1ull << 32)
#define SUM_LOOKED_AT (1ull << 48)
#define SUM_NO_EVENT  (1ull << 24)
_Static_assert(PIECE / sizeof(struct nvs_hdr) < 1 << 16, "a piece has no more events");
_Static_assert(PIECE < SUM_NO_EVENT, "nor so many bytes");

void event_buffer_init(struct event_buffer *b, bool device)
{
	*b = (struct event_buffer){ .first = HEADER };
	b->all.end = b->all.last = b->settled.end = HEADER;
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++) {
		const struct event_info *info = event_info(id);

		b->sums[id] = SUM_NO_EVENT;
		if (!info || info->device != device)
			continue;
		b->sizes[id] = info->size;
		b->sums[id] = SUM_EVENT + info->size;
	}
}

void event_buffer_look_out(struct event_buffer *b, unsigned int id)
{
	if (!b->sizes[id])
		return;
	b->sizes[id] |= 1;
	b->sums[id] = SUM_LOOKED_AT + SUM_EVENT + (b->sizes[id] & ~7u);
}

void event_buffer_free(struct event_buffer *b)
{
	free(b->bytes);
	free(b->spare);
	free(b->slots);
}

/* Some places changed. */
static void forget_anchors(struct event_buffer *b)
{
	memset(b->anchors, 0, sizeof(b->anchors));
}

/*
 * Copies a multiple of 8 bytes, so many at once, in the widest registers that this processor has.  The
 * C library's takes an instruction for each byte on some processors.
 */
#define AT_ONCE 128

static WIDEST void copy(unsigned char *to, const unsigned char *from, size_t bytes)
{
	typedef uint64_t words __attribute__((vector_size(32), aligned(8), may_alias));
	const words *w = (const void *)from;
	words *t = (void *)to;

	for (; bytes >= AT_ONCE; bytes -= AT_ONCE, w += 4, t += 4) {
		words a = w[0], b = w[1], c = w[2], d = w[3];

		t[0] = a;
		t[1] = b;
		t[2] = c;
		t[3] = d;
	}
	for (; bytes >= sizeof(words); bytes -= sizeof(words))
		*t++ = *w++;
	for (size_t i = 0; i < bytes; i += 8)
		memcpy((char *)t + i, (const char *)w + i, 8);
}

/* Everything is moved by so much. */
static void move(struct event_buffer *b, size_t down)
{
	unsigned char *from = b->bytes + b->first;
	size_t bytes = b->all.end - b->first;

	/* copy() takes as many at a time. */
	if (down >= AT_ONCE)
		copy(from - down, from, bytes);
	else
		memmove(from - down, from, bytes);
	b->first -= down;
	b->all.end -= down;
	b->all.last -= down;
	b->settled.end -= down;
	b->settled.last -= down;
	forget_anchors(b);
}

/* They begin with a block. NULL: no memory. */
static unsigned char *new_bytes(size_t cap)
{
	void *p;

	if (cap > UINT32_MAX || posix_memalign(&p, CTF_BLOCK, cap + SLACK))
		return NULL;
	return p;
}

int event_buffer_room(struct event_buffer *b, size_t size)
{
	size_t cap = b->cap ?: BYTES_LEAST;
	unsigned char *p;

	if (b->all.end + size <= b->cap)
		return 0;
	/* What was written is given up only now: to move the rest costs, too. */
	if (b->first > HEADER)
		move(b, b->first - HEADER);
	while (b->all.end + size > cap)
		cap *= 2;
	if (cap == b->cap)
		return 0;
	p = new_bytes(cap);
	if (!p)
		return -1;
	if (b->bytes)
		copy(p, b->bytes, b->all.end);
	free(b->bytes);
	b->bytes = p;
	b->cap = cap;
	return 0;
}

static unsigned int size_at(const struct event_buffer *b, size_t at)
{
	return b->sizes[((const struct nvs_hdr *)(b->bytes + at))->id] & ~7u;
}

uint64_t event_buffer_time(const struct event_buffer *b, size_t at)
{
	return ((const struct nvs_hdr *)(b->bytes + at))->ts;
}

/*
 * Takes events as far as they are whole and in order; returns how many bytes these are.  All pass
 * the loop: so whether the last is one, and whole, is asked behind it.
 */
static size_t take_ordered(struct event_buffer *b, const unsigned char *from, size_t bytes,
			   bool *seen)
{
	const struct nvs_hdr before = { .ts = b->latest }, *last = &before,
			     *ev = (const void *)from;
	const void *end = from + (bytes < PIECE ? bytes : PIECE) - sizeof(*ev);
	uint64_t sum = 0;
	size_t taken;

	if (bytes < sizeof(*ev))
		return 0;
	while ((const void *)ev <= end) {
		if (ev->id > NVS_EVENT_ID_MAX || ev->ts < last->ts)
			break;
		last = ev;
		sum += b->sums[ev->id];
		ev = (const void *)(from + (uint32_t)sum);
	}
	taken = (uint32_t)sum;
	if (taken > bytes)
		return take_ordered(b, from, (const unsigned char *)last - from, seen);
	if (!taken)
		return 0;
	copy(b->bytes + b->all.end, from, taken);
	b->anchors[b->next_anchor++ % NR_ANCHORS] = b->all.end;
	b->all.last = b->all.end + ((const unsigned char *)last - from);
	b->all.end += taken;
	b->all.nr += (uint16_t)(sum / SUM_EVENT);
	b->latest = last->ts;
	*seen |= sum >= SUM_LOOKED_AT;
	return taken;
}

/* Where the first event later than @ts begins: there is one, and none before b->settled.end is. */
static size_t place_of(const struct event_buffer *b, uint64_t ts)
{
	size_t at = b->settled.end;

	for (unsigned int i = 1; i <= NR_ANCHORS; i++) {
		size_t anchor = b->anchors[(b->next_anchor - i) % NR_ANCHORS];

		if (anchor < b->settled.end)
			break;
		if (event_buffer_time(b, anchor) <= ts) {
			at = anchor;
			break;
		}
	}
	while (event_buffer_time(b, at) <= ts)
		at += size_at(b, at);
	return at;
}

/* Bytes of the events at @at, in order and not later than @ts. */
static size_t late_bytes(const struct event_buffer *b, const unsigned char *at,
			 const unsigned char *end, uint64_t ts, size_t *nr, bool *seen)
{
	const unsigned char *from = at;
	uint64_t latest = 0;

	for (*nr = 0; (size_t)(end - at) >= sizeof(struct nvs_hdr); ++*nr) {
		const struct nvs_hdr *ev = (const void *)at;
		unsigned int size = ev->id <= NVS_EVENT_ID_MAX ? b->sizes[ev->id] : 0;

		if (!size || (size & ~7u) > (size_t)(end - at) || ev->ts < latest || ev->ts > ts)
			break;
		latest = ev->ts;
		*seen |= size & 1;
		at += size & ~7u;
	}
	return at - from;
}

/*
 * Events that are late: of a program that was interrupted, or told of at the end of what
 * was going on meanwhile.  They go where they belong, as many as belong to one place.
 */
static size_t take_late(struct event_buffer *b, const unsigned char *from, const unsigned char *end,
			bool *seen)
{
	size_t at = place_of(b, ((const struct nvs_hdr *)from)->ts), nr;
	size_t bytes = late_bytes(b, from, end, event_buffer_time(b, at), &nr, seen);

	memmove(b->bytes + at + bytes, b->bytes + at, b->all.end - at);
	copy(b->bytes + at, from, bytes);
	/* They lie in order of their places, the last one first. */
	for (unsigned int i = 1; i <= NR_ANCHORS; i++) {
		size_t *anchor = &b->anchors[(b->next_anchor - i) % NR_ANCHORS];

		if (*anchor <= at)
			break;
		*anchor += bytes;
	}
	b->all.last += bytes;
	b->all.end += bytes;
	b->all.nr += nr;
	return bytes;
}

/* An event that is earlier than what may be moved: it is sorted in, or has its time changed. */
static size_t take_alone(struct event_buffer *b, const struct nvs_hdr *ev, unsigned int size)
{
	struct nvs_hdr *taken = (void *)(b->bytes + b->all.end);

	copy((void *)taken, (const void *)ev, size);
	if (taken->ts < b->not_before) {
		taken->ts = b->not_before;
		b->nr_changed++;
	}
	if (taken->ts >= b->latest) {
		b->latest = taken->ts;
		b->all.last = b->all.end;
	} else {
		b->unordered = true;
	}
	b->all.end += size;
	b->all.nr++;
	return size;
}

/* What stands at @at is not taken as it comes. Returns how many bytes it is; 0: no event. */
static size_t take_odd(struct event_buffer *b, const unsigned char *at, const unsigned char *end,
		       bool *seen)
{
	const struct nvs_hdr *ev = (const void *)at;
	size_t left = end - at;
	unsigned int size;

	/* Too little for anything: the end of a page of the ring. */
	if (left < sizeof(*ev))
		return left;
	if (!ev->id)
		return ev->cid >= sizeof(*ev) && ev->cid <= left && ev->cid % 8 == 0 ? ev->cid : 0;
	size = ev->id <= NVS_EVENT_ID_MAX ? b->sizes[ev->id] & ~7u : 0;
	if (!size || size > left)
		return 0;
	if (!b->unordered && ev->ts >= b->settled_ts)
		return take_late(b, at, end, seen);
	*seen |= b->sizes[ev->id] & 1;
	return take_alone(b, ev, size);
}

ssize_t event_buffer_add(struct event_buffer *b, const void *run, size_t bytes, bool *seen)
{
	const unsigned char *at = run, *end = at + bytes;
	size_t taken;

	if (event_buffer_room(b, bytes))
		return -1;
	do {
		taken = take_ordered(b, at, end - at, seen);
		at += taken;
		/* If that was no whole piece, what comes next is not in order. */
		if (taken + sizeof(struct nvs_hdr) <= PIECE) {
			taken = at < end ? take_odd(b, at, end, seen) : 0;
			at += taken;
		}
	} while (taken);
	return at - (const unsigned char *)run;
}

/* From the end, for few events are late, and by little. */
static void sort_slots(struct event_buffer *b)
{
	size_t at = b->first;

	for (size_t n = 0; n < b->all.nr; n++) {
		struct event_slot slot = { event_buffer_time(b, at), at, size_at(b, at) };
		size_t i = n;

		for (; i && b->slots[i - 1].ts > slot.ts; i--)
			b->slots[i] = b->slots[i - 1];
		b->slots[i] = slot;
		at += slot.size;
	}
}

/* Room to sort in. */
static int make_sorting_room(struct event_buffer *b)
{
	void *p;

	if (b->spare_cap < b->cap) {
		free(b->spare);
		b->spare = new_bytes(b->cap);
		b->spare_cap = b->spare ? b->cap : 0;
	}
	if (b->cap_slots < b->all.nr) {
		p = realloc(b->slots, 2 * b->all.nr * sizeof(*b->slots));
		if (!p)
			return -1;
		b->slots = p;
		b->cap_slots = 2 * b->all.nr;
	}
	return b->spare ? 0 : -1;
}

int event_buffer_sort(struct event_buffer *b)
{
	unsigned char *sorted = b->spare;
	size_t at = b->first;

	if (!b->unordered)
		return 0;
	if (make_sorting_room(b))
		return -1;
	sorted = b->spare;
	sort_slots(b);
	for (size_t i = 0; i < b->all.nr; i++) {
		memcpy(sorted + at, b->bytes + b->slots[i].at, b->slots[i].size);
		b->all.last = at;
		at += b->slots[i].size;
	}
	b->spare = b->bytes;
	b->bytes = sorted;
	at = b->spare_cap;
	b->spare_cap = b->cap;
	b->cap = at;
	b->unordered = false;
	b->settled = (struct event_mark){ .end = b->first };
	forget_anchors(b);
	return 0;
}

struct event_mark event_buffer_until(const struct event_buffer *b, size_t bytes, uint64_t ts)
{
	struct event_mark m = { .end = b->first, .last = b->first };

	while (m.nr < b->all.nr && event_buffer_time(b, m.end) <= ts) {
		unsigned int size = size_at(b, m.end);

		if (m.nr && m.end + size - b->first > bytes)
			break;
		m.last = m.end;
		m.end += size;
		m.nr++;
	}
	return m;
}

void event_buffer_drop(struct event_buffer *b, struct event_mark to)
{
	b->first = to.end;
	b->all.nr -= to.nr;
	b->settled = (struct event_mark){ .end = b->first };
	if (!b->all.nr)
		b->first = b->all.end = b->all.last = b->settled.end = HEADER;
	forget_anchors(b);
}

size_t event_buffer_pack(struct event_buffer *b)
{
	size_t down = b->first - HEADER;

	if (down)
		move(b, down);
	return down;
}

void event_buffer_settle(struct event_buffer *b)
{
	b->settled = b->all;
	b->settled_ts = b->latest;
}
