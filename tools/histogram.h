/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A log-linear histogram of 64-bit values: each power of two is cut into 32
 * buckets, so a value read back is off by less than 1/32 (3.1 %) of itself, over
 * the whole range and in fixed memory.  Minimum, maximum and sum are exact.
 */
#ifndef NVS_HISTOGRAM_H
#define NVS_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_SUB	   (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB)

/* All zero is an empty histogram. */
struct histogram {
	uint64_t count, min, max;
	uint64_t sum; /* wraps after 2^64 ns of time spent: 584 years */
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* The bucket of @value: exact below 64, then HISTOGRAM_SUB for each power of two. */
static inline unsigned int histogram_bucket(uint64_t value)
{
	/* Without a branch: the first two powers have no shift. */
	unsigned int shift =
		(63u ^ (unsigned int)__builtin_clzll(value | HISTOGRAM_SUB)) - HISTOGRAM_SUB_BITS;

	return shift * HISTOGRAM_SUB + (unsigned int)(value >> shift);
}

/* For who knows the bucket of @value. */
static inline void histogram_count(struct histogram *h, uint64_t value, unsigned int bucket)
{
	if (!h->count || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->count++;
	h->sum += value;
	h->bucket[bucket]++;
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	histogram_count(h, value, histogram_bucket(value));
}

/* Smallest value that falls into @bucket; of HISTOGRAM_BUCKETS: UINT64_MAX. */
uint64_t histogram_low(unsigned int bucket);
/* The bucket that holds the value of rank ceil(@q * count); @q in (0, 1]. */
unsigned int histogram_rank(const struct histogram *h, double q);
/*
 * The value below or at which a share @q of all values lies: the middle of its
 * bucket, kept within [min, max].  0 for an empty histogram.
 */
uint64_t histogram_quantile(const struct histogram *h, double q);
double histogram_mean(const struct histogram *h);
/* Adds @from to @into, as if all values had gone there. */
void histogram_merge(struct histogram *into, const struct histogram *from);

#endif
