/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How every provider hands its events over: one ring for each CPU.
 *
 * One shared ring serialises all CPUs on its lock, and a wake-up for each event
 * costs ten times the event; so each CPU has a ring of its own, and the recorder looks in
 * by time, woken only when a ring fills.  What does not fit is counted, by CPU and
 * event, where the recorder can read it without a system call.
 */
#ifndef NVS_RING_H
#define NVS_RING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "lost.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_lost);
} lost SEC(".maps");

/* Off the hot path.  Atomic, because an interrupt's program may count in between. */
static __noinline void count_lost(__u32 id, __u32 count)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct cpu_lost *l = bpf_map_lookup_elem(&lost, &cpu);

	if (l && id <= NVS_EVENT_ID_MAX)
		__sync_fetch_and_add(&l->by_event[id], count);
}

static __noinline __attribute__((unused)) void count_cause(__u32 cause)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct cpu_lost *l = bpf_map_lookup_elem(&lost, &cpu);

	if (l && cause < NR_LOST_CAUSES)
		__sync_fetch_and_add(&l->by_cause[cause], 1);
}

#ifdef NVS_KERNEL_RING
#include "ring_kernel.h"
#else
#include "ring_own.h"
#endif

/*
 * Room for several events, or for one whose header the caller fills: @size bytes at most (a
 * constant), and @used; @count of @id are lost if there is none.  @cpu: this one.  Then commit().
 */
static __always_inline void *emit_some_on(struct emission *m, __u32 cpu, __u16 id, __u32 size,
					  __u32 used, __u32 count)
{
	void *room = reserve(m, cpu, size, used);

	if (!room)
		count_lost(id, count);
	return room;
}

static __always_inline void *emit_some(struct emission *m, __u16 id, __u32 size, __u32 used,
				       __u32 count)
{
	return emit_some_on(m, bpf_get_smp_processor_id(), id, size, used, count);
}

/*
 * Room for an event of @size bytes (a constant), stamped with time and id; NULL
 * when it was lost, and counted.
 */
static __always_inline void *emit_one(struct emission *m, __u16 id, __u32 size)
{
	struct nvs_hdr *h = emit_some(m, id, size, size, 1);

	if (!h)
		return NULL;
	/*
	 * Only now: an interrupt between reserving and stamping puts its own
	 * events behind this one, and earlier in time.  This one is then the only
	 * one out of order, and the recorder moves it over theirs.
	 */
	h->ts = bpf_ktime_get_ns();
	h->id = id;
	return h;
}

/* The same where instructions do not count: emit_end() looks for the ring again. */
static __always_inline void *emit_begin(__u16 id, __u32 size)
{
	struct emission m;

	return emit_one(&m, id, size);
}

static __always_inline void *emit_room(__u16 id, __u32 size, __u32 count)
{
	struct emission m;

	return emit_some(&m, id, size, size, count);
}

#endif
