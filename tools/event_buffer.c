// SPDX-License-Identifier: GPL-2.0
/* Events that wait to be written: taken in runs, put in order. */
#include <stdlib.h>
#include <string.h>
#include "ctf_format.h"
#include "event_buffer.h"
#include "event_info.h"

#define FIRST	    sizeof(struct ctf_packet) /* where the first event begins */
#define BYTES_LEAST (512u << 10)

/* For sorting */
struct event_slot {
	uint64_t ts;
	uint32_t at;
	uint32_t size;
};

void event_buffer_init(struct event_buffer *b, bool device)
{
	*b = (struct event_buffer){ .all = { .end = FIRST, .last = FIRST } };
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++) {
		const struct event_info *info = event_info(id);

		if (info && info->device == device)
			b->sizes[id] = info->size;
	}
}

void event_buffer_look_out(struct event_buffer *b, unsigned int id)
{
	if (b->sizes[id])
		b->sizes[id] |= 1;
}

void event_buffer_free(struct event_buffer *b)
{
	free(b->bytes);
	free(b->spare);
	free(b->slots);
}

int event_buffer_room(struct event_buffer *b, size_t size)
{
	size_t cap = b->cap ?: BYTES_LEAST;
	void *p;

	if (b->all.end + size <= b->cap)
		return 0;
	while (b->all.end + size > cap)
		cap *= 2;
	p = cap > UINT32_MAX ? NULL : realloc(b->bytes, cap);
	if (!p)
		return -1;
	b->bytes = p;
	b->cap = cap;
	return 0;
}

/* Of a multiple of 8 bytes; the C library's takes an instruction for each byte on some processors. */
static void copy(unsigned char *to, const unsigned char *from, size_t bytes)
{
	for (; bytes >= 64; bytes -= 64, to += 64, from += 64)
		memcpy(to, from, 64);
	for (; bytes; bytes -= 8, to += 8, from += 8)
		memcpy(to, from, 8);
}

/* Takes events as far as they are whole and in order; returns where that ends. */
static const unsigned char *take_ordered(struct event_buffer *b, const unsigned char *from,
					 const unsigned char *end, bool *seen)
{
	const unsigned char *at = from, *last = from;
	uint64_t latest = b->latest, before = b->before;
	unsigned int flags = 0;
	size_t nr = 0;

	while ((size_t)(end - at) >= sizeof(struct nvs_hdr)) {
		const struct nvs_hdr *ev = (const void *)at;
		unsigned int size = ev->id <= NVS_EVENT_ID_MAX ? b->sizes[ev->id] : 0;

		if (!size || size > (size_t)(end - at) || ev->ts < latest)
			break;
		before = latest;
		latest = ev->ts;
		flags |= size;
		last = at;
		at += size & ~7u;
		nr++;
	}
	if (!nr)
		return from;
	copy(b->bytes + b->all.end, from, at - from);
	b->all.last = b->all.end + (last - from);
	b->all.end += at - from;
	b->all.nr += nr;
	b->latest = latest;
	b->before = before;
	*seen |= flags & 1;
	return at;
}

/*
 * An event that is late.  A program that is interrupted has the later time and the earlier
 * place: then it is the one before this, alone, and changes places with it.
 */
static void take_late(struct event_buffer *b, const struct nvs_hdr *late, size_t size)
{
	size_t at = b->all.end;
	uint64_t ts = late->ts;

	if (ts < b->not_before) {
		ts = b->not_before;
		b->nr_changed++;
	}
	if (ts >= b->latest) {
		b->before = b->latest;
		b->latest = ts;
		b->all.last = at;
	} else if (!b->unordered && b->all.last >= b->fixed && ts >= b->before) {
		at = b->all.last;
		memmove(b->bytes + at + size, b->bytes + at, b->all.end - at);
		b->all.last += size;
		b->before = ts;
	} else {
		b->unordered = true;
	}
	copy(b->bytes + at, (const unsigned char *)late, size);
	((struct nvs_hdr *)(b->bytes + at))->ts = ts;
	b->all.end += size;
	b->all.nr++;
}

/* What stands at @at is not taken as it comes. Returns how many bytes it is; 0: no event. */
static size_t take_odd(struct event_buffer *b, const unsigned char *at, size_t left, bool *seen)
{
	const struct nvs_hdr *ev = (const void *)at;
	unsigned int size;

	if (left < sizeof(*ev))
		return 0;
	if (!ev->id)
		return ev->cid >= sizeof(*ev) && ev->cid <= left && ev->cid % 8 == 0 ? ev->cid : 0;
	size = ev->id <= NVS_EVENT_ID_MAX ? b->sizes[ev->id] & ~7u : 0;
	if (!size || size > left)
		return 0;
	take_late(b, ev, size);
	*seen |= b->sizes[ev->id] & 1;
	return size;
}

ssize_t event_buffer_add(struct event_buffer *b, const void *run, size_t bytes, bool *seen)
{
	const unsigned char *at = run, *end = at + bytes;

	if (event_buffer_room(b, bytes))
		return -1;
	for (;;) {
		size_t odd;

		at = take_ordered(b, at, end, seen);
		odd = at < end ? take_odd(b, at, end - at, seen) : 0;
		if (!odd)
			return at - (const unsigned char *)run;
		at += odd;
	}
}

static unsigned int size_at(const struct event_buffer *b, size_t at)
{
	return b->sizes[((const struct nvs_hdr *)(b->bytes + at))->id] & ~7u;
}

uint64_t event_buffer_time(const struct event_buffer *b, size_t at)
{
	return ((const struct nvs_hdr *)(b->bytes + at))->ts;
}

/* From the end, for few events are late, and by little. */
static void sort_slots(struct event_buffer *b)
{
	size_t at = FIRST;

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
		b->spare = malloc(b->cap);
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
	size_t at = FIRST;

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
	b->before = b->all.nr > 1 ? b->slots[b->all.nr - 2].ts : b->not_before;
	b->spare = b->bytes;
	b->bytes = sorted;
	at = b->spare_cap;
	b->spare_cap = b->cap;
	b->cap = at;
	b->unordered = false;
	return 0;
}

struct event_mark event_buffer_until(const struct event_buffer *b, size_t bytes, uint64_t ts)
{
	struct event_mark m = { .end = FIRST, .last = FIRST };

	while (m.nr < b->all.nr && event_buffer_time(b, m.end) <= ts) {
		unsigned int size = size_at(b, m.end);

		if (m.nr && m.end + size > bytes)
			break;
		m.last = m.end;
		m.end += size;
		m.nr++;
	}
	return m;
}

void event_buffer_drop(struct event_buffer *b, struct event_mark to)
{
	size_t gone = to.end - FIRST;

	memmove(b->bytes + FIRST, b->bytes + to.end, b->all.end - to.end);
	b->all.end -= gone;
	b->all.nr -= to.nr;
	b->all.last = b->all.nr ? b->all.last - gone : FIRST;
}
