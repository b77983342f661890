/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms that BPF programs count in and tools read: level hist, top, serve.
 *
 * Log-linear: each power of two is cut into 8 buckets, so the middle of a bucket is off by
 * at most 1/16 (6.25 %) from any value in it.  Below 256 ns there is one bucket, from 2^35 ns
 * (34 s) on there is one.
 */
#ifndef NVS_HIST_H
#define NVS_HIST_H

#include "nvs_events.h"

#define HIST_SUB_BITS 3
#define HIST_SUB      (1u << HIST_SUB_BITS)
#define HIST_MIN_BITS 8	 /* bucket 0: below 2^8 ns */
#define HIST_MAX_BITS 35 /* the last one: from 2^35 ns on */
#define HIST_BUCKETS  ((HIST_MAX_BITS - HIST_MIN_BITS) * HIST_SUB + 2)
#define HIST_ROOM     256 /* for so many, that none need be checked */

/* Reads and writes have a cell for each size class, other operations one. */
#define HIST_SIZES (NVS_HIST_SIZE_larger + 1)
#define HIST_OPS   (NVS_HIST_OP_other + 1)
#define HIST_CELLS (2 * HIST_SIZES + HIST_OPS - 2)

/*
 * The cells of the first places; those of others lie elsewhere.  No more, for until 6.1 a map's
 * value, as .bss is one, has 4 MiB at most.
 */
#define NEAR_PLACES 16
#define NEAR_CELLS  (NEAR_PLACES * HIST_CELLS)

#define HIST_STAGES (NVS_STAGE_total + 1)

/*
 * What one queue did of one operation and size class; the reader takes differences, so a
 * count may wrap.  Written by programs on any CPU (atomically), read by the tool at any time.
 */
struct hist_cell {
	__u64 bytes;
	__u64 failed; /* requests with a status that is not success */
	__u64 sum[HIST_STAGES]; /* ns; of total: what the other stages' do not add up to */
	__u32 bucket[HIST_STAGES][HIST_ROOM];
};

static inline __u32 hist_cell_index(__u32 op, __u32 size)
{
	return op <= NVS_HIST_OP_write ? op * HIST_SIZES + size : 2 * HIST_SIZES + op - 2;
}

/* The least value in @bucket, ns. */
static inline __u64 hist_low(__u32 bucket)
{
	__u32 octave, sub;

	if (!bucket)
		return 0;
	octave = (bucket - 1) / HIST_SUB;
	sub = (bucket - 1) % HIST_SUB;
	return (1ull << (HIST_MIN_BITS + octave)) +
	       ((__u64)sub << (HIST_MIN_BITS + octave - HIST_SUB_BITS));
}

#endif
