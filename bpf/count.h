/* SPDX-License-Identifier: GPL-2.0 */
/* Counts into the histograms that hist.h describes. */
#ifndef NVS_COUNT_H
#define NVS_COUNT_H

#include "buckets.h"
#include "filter.h"

/* The first places' lie in .bss, where neither a call nor a check is needed to get at them. */
struct hist_cell near_cells[NEAR_CELLS] = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* those behind the near ones */
	__type(key, __u32);
	__type(value, struct hist_cell);
} cells SEC(".maps");

/*
 * Adds @n to @member of what @at points to, a struct @of.  Atomic, for requests of one queue end
 * on several CPUs, and in interrupts.  By hand: the compiler copies @n each time, as if the
 * instruction changed that.
 */
#define ADD(type, at, of, member, n)                                                  \
	asm volatile("lock *(" #type " *)(%0 + %2) += %1"                             \
		     :                                                                \
		     : "r"(at), "r"(n), "i"(__builtin_offsetof(struct of, member)))

static __always_inline void count_bucket(struct hist_cell *cell, __u32 stage, __u64 ns)
{
	__u64 at = hist_bucket(ns) * sizeof(__u32);

	asm volatile("%0 += %1\n"
		     "lock *(u32 *)(%0 + %3) += %2"
		     : "+r"(at)
		     : "r"(cell), "r"(1), "i"(__builtin_offsetof(struct hist_cell, bucket[stage])));
}

static __always_inline void count_stage(struct hist_cell *cell, __u32 stage, __u64 ns)
{
	ADD(u64, cell, hist_cell, sum[stage], ns);
	count_bucket(cell, stage, ns);
}

/* Of more than 4 KiB */
static __always_inline __u32 size_class(__u32 bytes)
{
	__u32 pages = (bytes - 1) >> 12, class = 0;

	if (pages >= 64)
		return NVS_HIST_SIZE_larger;
	if (pages >> 4) {
		pages >>= 4;
		class = 4;
	}
	if (pages >> 2) {
		pages >>= 2;
		class += 2;
	}
	return class + (pages >> 1) + 1;
}

static __always_inline __u32 op_class(__u32 op)
{
	switch (op) {
	case NVS_RQOP_flush: return NVS_HIST_OP_flush;
	case NVS_RQOP_discard: return NVS_HIST_OP_discard;
	case NVS_RQOP_write_zeroes: return NVS_HIST_OP_write_zeroes;
	}
	return NVS_HIST_OP_other;
}

/* NULL of what is no place, too: the lower half of its number lies behind the last cell. */
static __noinline struct hist_cell *far_cell(__u64 index)
{
	__u32 behind = index - NEAR_CELLS;

	return bpf_map_lookup_elem(&cells, &behind);
}

static __always_inline struct hist_cell *cell_at(__u64 index)
{
	if (__builtin_expect(index < NEAR_CELLS, 1))
		return &near_cells[index];
	return far_cell(index);
}

/* Of reads and writes, by far the most. */
static __always_inline struct hist_cell *near_cell_of(__u32 place, __u32 op, __u32 bytes)
{
	__u64 index = (__u64)place * HIST_CELLS + op * HIST_SIZES + NVS_HIST_SIZE_upto_4k;

	barrier_var(index); /* else the rule adds a 0 */
	if (__builtin_expect(bytes > 4096, 0)) {
		index += size_class(bytes);
		barrier_var(index);
	}
	return cell_at(index);
}

static __always_inline struct hist_cell *cell_of(__u32 place, __u32 op, __u32 bytes)
{
	if (op <= NVS_RQOP_write)
		return near_cell_of(place, op, bytes);
	return cell_at((__u64)place * HIST_CELLS + hist_cell_index(op_class(op), 0));
}

static __always_inline void count_request(struct hist_cell *cell, __u32 bytes, __u32 status)
{
	ADD(u64, cell, hist_cell, bytes, (__u64)bytes);
	if (status)
		ADD(u64, cell, hist_cell, failed, 1ull);
}

#endif
