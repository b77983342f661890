/* SPDX-License-Identifier: GPL-2.0 */
/* Rings of our own: how a program finds room in its CPU's, and gives it to the recorder. */
#ifndef NVS_RING_OWN_H
#define NVS_RING_OWN_H

#include "ring_page.h"

/* The inner map is only a template: the recorder puts in one ring for each CPU. */
struct cpu_ring {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the recorder sets the number of pages */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, RING_PAGE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* the recorder sets the number of CPUs, here and below */
	__type(key, __u32);
	__array(values, struct cpu_ring);
} rings SEC(".maps");

/* By CPU. In a map of their own, which the recorder finds by the section's name. */
struct ring_head ring_heads[RING_CPUS] SEC(".data.rings");

/*
 * @cpu is below RING_CPUS; before 6.9 the verifier believes it of the register that it sees
 * masked alone.
 */
static __always_inline struct ring_head *head_of(__u64 cpu)
{
	asm volatile("" : "+r"(cpu));
	return &ring_heads[cpu & (RING_CPUS - 1)];
}

/* What is being filled in. */
struct emission {
	struct ring_head *head;
};

/* Nothing stands from @at to the end of its page. */
static __noinline int skip_rest(void *ring, __u64 at, __u64 bytes)
{
	__u32 index = (at & (bytes - 1)) / RING_PAGE, off = at % RING_PAGE;
	struct ring_page *page = bpf_map_lookup_elem(ring, &index);
	struct nvs_hdr *gap;

	if (!page || off > RING_PAGE - sizeof(*gap))
		return 0;
	gap = (void *)&page->bytes[off];
	gap->id = 0;
	gap->cid = RING_PAGE - off;
	return 0;
}

/*
 * The next place of @size bytes (a constant), of which @used will be, in this CPU's ring.
 * A program may be interrupted at any point by another that does the same: who moves
 * head->reserved on has the place.
 */
static __always_inline void *reserve(struct emission *m, __u32 cpu, __u32 size, __u32 used)
{
	void *ring = bpf_map_lookup_elem(&rings, &cpu);
	__u32 index, off = 0;
	struct ring_page *page;
	struct ring_head *head;
	__u64 was, at, place;

	if (!ring || cpu >= RING_CPUS)
		return NULL;
	head = head_of(cpu);
	for (int tries = 0; tries < 8; tries++) {
		was = *(volatile __u64 *)&head->reserved;
		at = was >> RING_OPEN_BITS;
		place = at;
		if (at % RING_PAGE > RING_PAGE - size)
			place = (at | (RING_PAGE - 1)) + 1;
		if (place + used - *(volatile __u64 *)&head->taken > head->bytes ||
		    (was & RING_OPEN_MASK) == RING_OPEN_MASK)
			return NULL;
		if (__sync_val_compare_and_swap(&head->reserved, was,
						(place + used) << RING_OPEN_BITS |
							((was & RING_OPEN_MASK) + 1)) != was)
			continue;
		if (place != at)
			skip_rest(ring, at, head->bytes);
		m->head = head;
		index = (place & (head->bytes - 1)) / RING_PAGE;
		page = bpf_map_lookup_elem(ring, &index);
		off = place % RING_PAGE;
		/* Neither happens; the verifier wants to hear it. */
		return page && off <= RING_PAGE - size ? &page->bytes[off] : NULL;
	}
	return NULL;
}

/* Who is last to fill in what he has says how far the recorder may take. */
static __always_inline void commit(struct emission *m)
{
	__u64 was = __sync_fetch_and_add(&m->head->reserved, -1);

	if ((was & RING_OPEN_MASK) == 1)
		*(volatile __u64 *)&m->head->committed = was >> RING_OPEN_BITS;
}

static __noinline __attribute__((unused)) void emit_end(void *event)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct emission m;

	(void)event;
	if (cpu >= RING_CPUS)
		return;
	m.head = head_of(cpu);
	commit(&m);
}

#endif
