/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's ring buffer in place of ours, for programs that must do without atomic
 * operations that return something: kernels before 5.12.
 */
#ifndef NVS_RING_KERNEL_H
#define NVS_RING_KERNEL_H

struct cpu_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* the recorder sets the number of CPUs */
	__type(key, __u32);
	__array(values, struct cpu_ring);
} rings SEC(".maps");

struct emission {
	void *event;
};

static __always_inline void *reserve(struct emission *m, __u32 cpu, __u32 size, __u32 used)
{
	void *ring = bpf_map_lookup_elem(&rings, &cpu);

	(void)used;
	m->event = ring ? bpf_ringbuf_reserve(ring, size, 0) : NULL;
	return m->event;
}

static __always_inline void commit(struct emission *m)
{
	bpf_ringbuf_submit(m->event, BPF_RB_NO_WAKEUP);
}

/* Whoever does not keep the emission has the event. */
static __always_inline void emit_end(void *event)
{
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

#endif
