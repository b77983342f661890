/* SPDX-License-Identifier: GPL-2.0 */
/* Rings of our own: how a program finds room in its CPU's, and gives it to the recorder. */
#ifndef NVS_RING_OWN_H
#define NVS_RING_OWN_H

#include "ring_page.h"

/* One for each CPU that is there when the recording begins. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the recorder sets both */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, RING_VALUE(RING_LEAST));
} rings SEC(".maps");

/* Bytes for events, less one. A map of its own: the recorder finds it by the section. */
const volatile __u64 ring_mask SEC(".rodata.ring") = RING_LEAST - 1;

/* Something stands in it when a ring fills: the recorder sleeps on this one. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} wake SEC(".maps");

/* What is being filled in. */
struct emission {
	struct ring_head *head;
};

static __always_inline void *ring_place(struct ring_head *head, __u64 at)
{
	void *place = (void *)head + RING_DATA + (at & ring_mask);

	if (!place)
		__builtin_unreachable(); /* else it is asked */
	return place;
}

/* Nothing stands from @at on to the end of its chunk, @bytes. */
static __always_inline void skip_rest(struct ring_head *head, __u64 at, __u64 bytes)
{
	struct nvs_hdr *gap = ring_place(head, at);

	if (bytes < sizeof(*gap))
		return;
	gap->id = 0;
	gap->cid = bytes;
}

#define NO_ROOM (~0ull)

/*
 * Not @size bytes without another look: at the end of a chunk, or when another program came in
 * between.  Returns the place, or NO_ROOM.  Who begins a chunk with another waiting wakes
 * the recorder.
 */
static __noinline __u64 reserve_slowly(struct ring_head *head, __u32 size, __u32 used)
{
	__u64 bytes = head->bytes, chunk = head->chunk, was, at, taken, end, place;
	__u32 nothing = 0;

	for (int tries = 0; tries < 8; tries++) {
		was = *(volatile __u64 *)&head->reserved;
		at = was >> RING_OPEN_BITS;
		taken = *(volatile __u64 *)&head->taken;
		end = (at | (chunk - 1)) + 1;
		place = at + used > end ? end : at;
		if (place + size > taken + bytes)
			return NO_ROOM;
		if (__sync_val_compare_and_swap(&head->reserved, was,
						(place + used) << RING_OPEN_BITS |
							((was & RING_OPEN_MASK) + 1)) != was)
			continue;
		if (!(was & RING_OPEN_MASK))
			head->committed = at;
		if (place != at)
			skip_rest(head, at, place - at);
		end = (place | (chunk - 1)) + 1;
		head->easy = (end < taken + bytes ? end : taken + bytes) - RING_ROOM;
		if (!(place & (chunk - 1)) && place - taken >= chunk)
			bpf_ringbuf_output(&wake, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
		return place;
	}
	return NO_ROOM;
}

/*
 * The next place of @used bytes in this CPU's ring, of @size (a constant) that may be written.
 * A program may be interrupted at any point by another that does the same: who moves
 * head->reserved on has the place.
 */
static __always_inline void *reserve(struct emission *m, __u32 cpu, __u32 size, __u32 used)
{
	struct ring_head *head = bpf_map_lookup_elem(&rings, &cpu);
	__u64 was, at;

	_Static_assert(RING_ROOM < RING_LEAST, "a chunk has room for an event");
	if (!head || size > RING_ROOM)
		return NULL;
	m->head = head;
	was = *(volatile __u64 *)&head->reserved;
	at = was >> RING_OPEN_BITS;
	/* `easy` only says less than is true now: room is only ever given back. */
	if (at <= *(volatile __u64 *)&head->easy) {
		__u64 now = was + ((__u64)used << RING_OPEN_BITS) + 1;
		__u64 found = __sync_val_compare_and_swap(&head->reserved, was, now);

		/* Else the compiler makes a number of the comparison, and then compares that. */
		barrier_var(found);
		if (found == was)
			return ring_place(head, at);
	}
	at = reserve_slowly(head, size, used);
	return at == NO_ROOM ? NULL : ring_place(head, at);
}

/*
 * What is filled in may be taken when nobody is at it any more.  What was there is fetched though
 * none asks for it: an operation that does not fetch keeps no order with what was stored before.
 */
static __always_inline void commit(struct emission *m)
{
	__u64 was = __sync_fetch_and_add(&m->head->reserved, -1);

	barrier_var(was);
}

static __noinline __attribute__((unused)) void emit_end(void *event)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct emission m;

	(void)event;
	m.head = bpf_map_lookup_elem(&rings, &cpu);
	if (m.head)
		commit(&m);
}

#endif
