// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include "histogram.h"

uint64_t histogram_low(unsigned int bucket)
{
	unsigned int shift;

	if (bucket >= HISTOGRAM_BUCKETS)
		return UINT64_MAX;
	if (bucket < 2 * HISTOGRAM_SUB)
		return bucket;
	shift = bucket / HISTOGRAM_SUB - 1;
	return (uint64_t)(HISTOGRAM_SUB + bucket % HISTOGRAM_SUB) << shift;
}

unsigned int histogram_rank(const struct histogram *h, double q)
{
	uint64_t want = (uint64_t)ceil(q * (double)h->count), seen = 0;
	unsigned int i;

	if (want < 1)
		want = 1;
	if (want > h->count)
		want = h->count;
	for (i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= want)
			break;
	}
	return i;
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
	unsigned int b;
	uint64_t low, middle;

	if (!h->count)
		return 0;
	b = histogram_rank(h, q);
	low = histogram_low(b);
	middle = low + (histogram_low(b + 1) - low) / 2;
	if (middle < h->min)
		return h->min;
	return middle > h->max ? h->max : middle;
}

double histogram_mean(const struct histogram *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (!from->count)
		return;
	if (!into->count || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}
