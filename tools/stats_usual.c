// SPDX-License-Identifier: GPL-2.0
/*
 * The short way into the figures, for processors that look at eight times at once.  Nearly all
 * commands take it: each step is known and in order, and no time is out of the range that its like had
 * before.
 */
#include "stats_batch.h"
#ifdef SHORT_WAY
#pragma GCC target("arch=x86-64-v3")
#include <float.h>
#include <immintrin.h>

#define LOAD(from) _mm256_loadu_si256((const __m256i *)(from))
#define EACH(v)	   _mm256_set1_epi32(v)

/*
 * The buckets of times below 2^31: exponent and first bits of a floating point number say which.
 * Bits behind those are taken off, lest the number be rounded up.  The first times have a bucket each.
 */
HOT lane_briefs buckets_of(__m256i ns)
{
	const int first = (FLT_MAX_EXP - 1 + HISTOGRAM_SUB_BITS - 1) * (int)HISTOGRAM_SUB;
	__m256i cut = _mm256_andnot_si256(_mm256_srli_epi32(ns, 8), ns);
	__m256i number = _mm256_castps_si256(_mm256_cvtepi32_ps(cut));
	__m256i bits = _mm256_srli_epi32(number, FLT_MANT_DIG - 1 - HISTOGRAM_SUB_BITS);

	return (lane_briefs)_mm256_max_epi32(_mm256_sub_epi32(bits, EACH(first)),
					     _mm256_min_epi32(ns, EACH(HISTOGRAM_SUB - 1)));
}

/* Lower halves of the stages' times, and of what was left when each began; once the total. */
HOT __m256i briefs_of(__m256i ns, __m256i left)
{
	return (__m256i)_mm256_shuffle_ps((__m256)ns, (__m256)left, _MM_SHUFFLE(2, 0, 2, 0));
}

/* What is not in order or not known has a time of 2^31 at least: something in an upper half. */
HOT bool is_usual(const struct tally *pair, __m256i ns, __m256i left)
{
	__m256i brief = briefs_of(ns, left);
	__m256i below = _mm256_cmpgt_epi32(LOAD(&pair->least), brief);
	__m256i above = _mm256_cmpgt_epi32(brief, LOAD(&pair->greatest));
	__m256i odd = _mm256_srli_epi64(_mm256_or_si256(ns, left), 31);

	odd = _mm256_or_si256(_mm256_or_si256(below, above), odd);
	return _mm256_testz_si256(odd, odd);
}

HOT void count(struct tally *pair, const struct timing *t, lane_briefs bucket)
{
	pair->bucket[STAGE_QUEUE][(uint32_t)bucket[LANE_QUEUE]]++;
	pair->bucket[STAGE_DRIVER][(uint32_t)bucket[LANE_DRIVER]]++;
	pair->bucket[STAGE_DEVICE][(uint32_t)bucket[LANE_DEVICE]]++;
	pair->bucket[STAGE_COMPLETION][(uint32_t)bucket[LANE_COMPLETION]]++;
	pair->bucket[STAGE_TOTAL][t->total_bucket]++;
	pair->bytes += t->io->bytes;
	add_times(pair->parts[t->total_bucket], t);
}

/* False: it is not a usual one, and not counted. */
HOT bool take(struct batch *b, const struct nvs_io *io)
{
	/* queued, setup, bell and seen; what comes after each of them; and the end after all. */
	__m256i from = LOAD(&io->queued);
	__m256i end = _mm256_set1_epi64x((int64_t)io->h.ts);
	__m256i to = _mm256_blend_epi32(LOAD(&io->setup), end, 0xc0);
	__m256i ns = _mm256_sub_epi64(to, from), left = _mm256_sub_epi64(end, from);
	struct timing t = { .ns = (stage_times)ns, .total = io->h.ts - io->queued };
	lane_briefs bucket;
	struct tally *pair;

	make_kind(&t, io);
	pair = b->row->of[t.kind];
	if (!pair || io->queued - 1 >= io->h.ts || !is_usual(pair, ns, left))
		return false;
	bucket = buckets_of(briefs_of(ns, left));
	t.total_bucket = (uint32_t)bucket[LANE_TOTAL];
	count(pair, &t, bucket);
	if (t.total > b->longest)
		b->longest = t.total;
	take_size(b, io);
	take_task(b, &t);
	return true;
}

void stats_take_usual(struct batch *b, const struct nvs_io *io, unsigned int nr)
{
	for (const struct nvs_io *end = io + nr; io < end; io++)
		if (__builtin_expect(!take(b, io), 0))
			stats_take_unusual(b, io);
}
#endif
