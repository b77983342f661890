/* SPDX-License-Identifier: GPL-2.0 */
/* Counts into the histograms that hist.h describes. */
#ifndef NVS_COUNT_H
#define NVS_COUNT_H

#include "filter.h"
#include "hist.h"

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
 * Buckets of times by eleven of their bits: from the 5th on, the 13th, the 21st.  A table is a
 * fraction of finding the leading one.
 */
#define NEAR	    2048
#define NEAR_SHIFT  (HIST_MIN_BITS - HIST_SUB_BITS)
#define SAME_1(n)   n
#define SAME_2(n)   n, n
#define SAME_4(n)   SAME_2(n), SAME_2(n)
#define SAME_8(n)   SAME_4(n), SAME_4(n)
#define SAME_16(n)  SAME_8(n), SAME_8(n)
#define SAME_32(n)  SAME_16(n), SAME_16(n)
#define SAME_64(n)  SAME_32(n), SAME_32(n)
#define SAME_128(n) SAME_64(n), SAME_64(n)
#define OCTAVE(o, w)                                                                        \
	SAME_##w(8 * o + 1), SAME_##w(8 * o + 2), SAME_##w(8 * o + 3), SAME_##w(8 * o + 4), \
		SAME_##w(8 * o + 5), SAME_##w(8 * o + 6), SAME_##w(8 * o + 7), SAME_##w(8 * o + 8)
/* What lies before the first octave is looked up in the first table alone. */
#define OCTAVES(o)                                                                            \
	{                                                                                     \
		SAME_8(0), OCTAVE((o), 1), OCTAVE((o + 1), 2), OCTAVE((o + 2), 4),            \
			OCTAVE((o + 3), 8), OCTAVE((o + 4), 16), OCTAVE((o + 5), 32),         \
			OCTAVE((o + 6), 64), OCTAVE((o + 7), 128),                            \
	}
static const __u8 buckets_of[3][NEAR] = { OCTAVES(0), OCTAVES(8), OCTAVES(16) };

static __always_inline __u64 look_bucket_up(__u32 table, __u64 ns)
{
	__u64 bits = ns >> (NEAR_SHIFT + 8 * table), bucket;

#ifdef NVS_KERNEL_RING
	/* Known to the compiler, but not to 5.10's verifier, if it was kept on the stack. */
	barrier_var(bits);
	bits &= NEAR - 1;
#endif
	/* By hand: the compiler clears what a load of a byte has cleared. */
	asm volatile("%0 = *(u8 *)(%1 + 0)" : "=r"(bucket) : "r"(&buckets_of[table][bits]));
	return bucket;
}

/* The inverse of hist_low(). */
static __always_inline __u64 hist_bucket(__u64 ns)
{
	__u64 top;

	if (__builtin_expect(ns < (__u64)NEAR << NEAR_SHIFT, 1))
		return look_bucket_up(0, ns);
	if (ns < (__u64)NEAR << (NEAR_SHIFT + 8))
		return look_bucket_up(1, ns);
	if (ns < (__u64)NEAR << (NEAR_SHIFT + 16))
		return look_bucket_up(2, ns);
	top = ns >> HIST_MAX_BITS;
	barrier_var(top); /* else it becomes a comparison, and needs registers */
	if (top)
		return HIST_BUCKETS - 1;
	top = ns >> (NEAR_SHIFT + 24);
	return (8 * 24 + buckets_of[0][top & (NEAR - 1)]) & (HIST_ROOM - 1);
}

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

static __always_inline struct hist_cell *cell_at(__u32 index)
{
	if (__builtin_expect(index < NEAR_CELLS, 1))
		return &near_cells[index];
	index -= NEAR_CELLS;
	return bpf_map_lookup_elem(&cells, &index);
}

/* Of reads and writes, by far the most. */
static __always_inline struct hist_cell *near_cell_of(__u32 place, __u32 op, __u32 bytes)
{
	__u32 index = place * HIST_CELLS + op * HIST_SIZES + NVS_HIST_SIZE_upto_4k;

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
	return cell_at(place * HIST_CELLS + hist_cell_index(op_class(op), 0));
}

static __always_inline void count_request(struct hist_cell *cell, __u32 bytes, __u32 status)
{
	ADD(u64, cell, hist_cell, bytes, (__u64)bytes);
	if (status)
		ADD(u64, cell, hist_cell, failed, 1ull);
}

#endif
