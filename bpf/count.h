/* SPDX-License-Identifier: GPL-2.0 */
/* Counts into the histograms that hist.h describes. */
#ifndef NVS_COUNT_H
#define NVS_COUNT_H

#include "filter.h"
#include "hist.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* HIST_CELLS for each place */
	__type(key, __u32);
	__type(value, struct hist_cell);
} cells SEC(".maps");

/* Bucket of a time by its bits 5 to 15.  A table is a fraction of finding the leading one. */
#define NEAR	    2048
#define NEAR_SHIFT  (HIST_MIN_BITS - HIST_SUB_BITS)
#define SAME_2(n)   n, n
#define SAME_4(n)   SAME_2(n), SAME_2(n)
#define SAME_8(n)   SAME_4(n), SAME_4(n)
#define SAME_16(n)  SAME_8(n), SAME_8(n)
#define SAME_32(n)  SAME_16(n), SAME_16(n)
#define SAME_64(n)  SAME_32(n), SAME_32(n)
#define SAME_128(n) SAME_64(n), SAME_64(n)
#define SAME_1(n)   n
#define OCTAVE(o, w)                                                                        \
	SAME_##w(8 * o + 1), SAME_##w(8 * o + 2), SAME_##w(8 * o + 3), SAME_##w(8 * o + 4), \
		SAME_##w(8 * o + 5), SAME_##w(8 * o + 6), SAME_##w(8 * o + 7), SAME_##w(8 * o + 8)
static const __u8 near_bucket[NEAR] = {
	SAME_8(0),     OCTAVE(0, 1),  OCTAVE(1, 2),  OCTAVE(2, 4),   OCTAVE(3, 8),
	OCTAVE(4, 16), OCTAVE(5, 32), OCTAVE(6, 64), OCTAVE(7, 128),
};

/* Of what has bits beyond these: looked up by its upper ones, as many octaves further on. */
static __always_inline __u32 far_bucket(__u64 ns)
{
	__u64 fine = ns >> 13;
	__u32 further = 64;

	if (fine >= NEAR) {
		fine = ns >> 21;
		further = 128;
		if (ns >> HIST_MAX_BITS)
			return HIST_BUCKETS - 1;
		if (fine >= NEAR) {
			fine = ns >> 29;
			further = 192;
		}
	}
	return near_bucket[fine & (NEAR - 1)] + further;
}

/* The inverse of hist_low(). */
static __always_inline __u32 hist_bucket(__u64 ns)
{
	__u64 near = ns >> NEAR_SHIFT;

	if (near >= NEAR)
		return far_bucket(ns) & (HIST_ROOM - 1);
	/* Known to the compiler, but not to 5.10's verifier, if it was kept on the stack. */
	barrier_var(near);
	return near_bucket[near & (NEAR - 1)];
}

/* Atomic, for requests of one queue end on several CPUs, and in interrupts. */
static __always_inline void count_stage(struct hist_cell *cell, __u32 stage, __u64 ns)
{
	__sync_fetch_and_add(&cell->sum[stage], ns);
	__sync_fetch_and_add(&cell->bucket[stage][hist_bucket(ns)], 1);
}

static __always_inline __u32 size_class(__u32 bytes)
{
	__u32 pages = (bytes - 1) >> 12, class = 0;

	if (bytes <= 4096)
		return NVS_HIST_SIZE_upto_4k;
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

/* Of reads and writes, by far the most. */
static __always_inline struct hist_cell *near_cell_of(__u32 place, __u32 op, __u32 bytes)
{
	__u32 index = place * HIST_CELLS + op * HIST_SIZES + size_class(bytes);

	return bpf_map_lookup_elem(&cells, &index);
}

static __always_inline struct hist_cell *cell_of(__u32 place, __u32 op, __u32 bytes)
{
	__u32 index = place * HIST_CELLS;

	if (op <= NVS_RQOP_write)
		index += op * HIST_SIZES + size_class(bytes);
	else
		index += hist_cell_index(op_class(op), 0);
	return bpf_map_lookup_elem(&cells, &index);
}

static __always_inline void count_request(struct hist_cell *cell, __u32 bytes, __u32 status)
{
	if (bytes)
		__sync_fetch_and_add(&cell->bytes, bytes);
	if (status)
		__sync_fetch_and_add(&cell->failed, 1);
}

#endif
