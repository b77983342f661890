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

/* log2 of 1 to 255; a table is a third of the instructions that bisection takes. */
#define LOG2_2(n)  n, n
#define LOG2_4(n)  LOG2_2(n), LOG2_2(n)
#define LOG2_8(n)  LOG2_4(n), LOG2_4(n)
#define LOG2_16(n) LOG2_8(n), LOG2_8(n)
#define LOG2_32(n) LOG2_16(n), LOG2_16(n)
#define LOG2_64(n) LOG2_32(n), LOG2_32(n)
static const __u8 log2_of[256] = { 0,	      0,	  LOG2_2(1),  LOG2_4(2),
				   LOG2_8(3), LOG2_16(4), LOG2_32(5), LOG2_64(6),
				   LOG2_64(7), LOG2_64(7) };

/* The inverse of hist_low(), for  below 2^HIST_MAX_BITS. */
static __always_inline __u32 hist_bucket(__u64 ns)
{
	__u32 fine = ns >> (HIST_MIN_BITS - HIST_SUB_BITS), x = fine >> HIST_SUB_BITS, octave = 0;

	if (!x)
		return 0;
	if (x >> 16) {
		x >>= 16;
		octave = 16;
	}
	if (x >> 8) {
		x >>= 8;
		octave += 8;
	}
	octave += log2_of[x & 0xff];
	/* The leading one, and three bits behind it: 8 to 15 */
	return octave * HIST_SUB + (fine >> (octave & 31)) - HIST_SUB + 1;
}

static __always_inline void count_stage(struct hist_cell *cell, __u32 stage, __u64 ns)
{
	__u32 bucket = ns >> HIST_MAX_BITS ? HIST_BUCKETS - 1 : hist_bucket(ns);

	__sync_fetch_and_add(&cell->sum[stage], ns);
	if (bucket < HIST_BUCKETS)
		__sync_fetch_and_add(&cell->bucket[stage][bucket], 1);
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
