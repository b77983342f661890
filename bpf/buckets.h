/* SPDX-License-Identifier: GPL-2.0 */
/* Which of hist.h's buckets is it?  By tables: a fraction of finding a time's leading one. */
#ifndef NVS_BUCKETS_H
#define NVS_BUCKETS_H

#include "hist.h"

/*
 * By thirteen of its bits: from the 5th on, the 15th, the 25th.  The first table has all times
 * below 262 us: as a rule, what a device takes.
 */
#define NEAR	   8192
#define NEAR_SHIFT (HIST_MIN_BITS - HIST_SUB_BITS)
#define NEAR_STEP  10

#define SAME_1(n)    n
#define SAME_2(n)    n, n
#define SAME_4(n)    SAME_2(n), SAME_2(n)
#define SAME_8(n)    SAME_4(n), SAME_4(n)
#define SAME_16(n)   SAME_8(n), SAME_8(n)
#define SAME_32(n)   SAME_16(n), SAME_16(n)
#define SAME_64(n)   SAME_32(n), SAME_32(n)
#define SAME_128(n)  SAME_64(n), SAME_64(n)
#define SAME_256(n)  SAME_128(n), SAME_128(n)
#define SAME_512(n)  SAME_256(n), SAME_256(n)
#define SAME_1024(n) SAME_512(n), SAME_512(n)
#define OCTAVE(o, w)                                                                        \
	SAME_##w(8 * o + 1), SAME_##w(8 * o + 2), SAME_##w(8 * o + 3), SAME_##w(8 * o + 4), \
		SAME_##w(8 * o + 5), SAME_##w(8 * o + 6), SAME_##w(8 * o + 7), SAME_##w(8 * o + 8)
/* What lies before the first octave is looked up in the first table alone. */
#define OCTAVES_7(o)                                                                \
	SAME_8(0), OCTAVE((o), 1), OCTAVE((o + 1), 2), OCTAVE((o + 2), 4),          \
		OCTAVE((o + 3), 8), OCTAVE((o + 4), 16), OCTAVE((o + 5), 32),       \
		OCTAVE((o + 6), 64)
#define OCTAVES_10(o) \
	OCTAVES_7(o), OCTAVE((o + 7), 128), OCTAVE((o + 8), 256), OCTAVE((o + 9), 512)
/* The last bucket has no end. */
#define LAST (HIST_BUCKETS - 1)
#define LAST_ONES                                                                          \
	SAME_1024(LAST), SAME_1024(LAST), SAME_1024(LAST), SAME_1024(LAST), SAME_1024(LAST), \
		SAME_1024(LAST), SAME_1024(LAST)
static const __u8 buckets_of[3][NEAR] = {
	{ OCTAVES_10(0) }, { OCTAVES_10(10) }, { OCTAVES_7(20), LAST_ONES }
};
_Static_assert(NEAR_SHIFT + 2 * NEAR_STEP + 10 == HIST_MAX_BITS && 8 * 27 + 1 == LAST,
	       "where the last one begins");

static __always_inline __u64 look_bucket_up(__u32 table, __u64 ns)
{
	__u64 bits = ns >> (NEAR_SHIFT + NEAR_STEP * table), bucket;

#ifdef NVS_KERNEL_RING
	/* Known to the compiler, but not to 5.10's verifier, if it was kept on the stack. */
	barrier_var(bits);
	bits &= NEAR - 1;
#endif
#ifdef __bpf__
	/* By hand: the compiler clears what a load of a byte has cleared. */
	asm volatile("%0 = *(u8 *)(%1 + 0)" : "=r"(bucket) : "r"(&buckets_of[table][bits]));
#else
	bucket = buckets_of[table][bits];
#endif
	return bucket;
}

/* The inverse of hist_low(). */
static __always_inline __u64 hist_bucket(__u64 ns)
{
	if (__builtin_expect(ns < (__u64)NEAR << NEAR_SHIFT, 1))
		return look_bucket_up(0, ns);
	if (ns < (__u64)NEAR << (NEAR_SHIFT + NEAR_STEP))
		return look_bucket_up(1, ns);
	if (ns < (__u64)NEAR << (NEAR_SHIFT + 2 * NEAR_STEP))
		return look_bucket_up(2, ns);
	return LAST;
}

#endif
