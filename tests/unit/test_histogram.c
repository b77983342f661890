// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../../bpf/buckets.h"
#include "histogram.h"

/* The error that reports state: 1/32 of the value, whatever the code is made of. */
#define PROMISED 32

static void buckets_meet(void **state)
{
	(void)state;
	assert_int_equal(histogram_bucket(0), 0);
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++) {
		assert_int_equal(histogram_bucket(histogram_low(b)), b);
		if (b)
			assert_int_equal(histogram_bucket(histogram_low(b) - 1), b - 1);
	}
}

/* What programs look up is what readers take a bucket for. */
static void programs_buckets_meet(void **state)
{
	(void)state;
	assert_int_equal(hist_bucket(0), 0);
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
	for (unsigned int b = 1; b < HIST_BUCKETS; b++) {
		assert_int_equal(hist_bucket(hist_low(b)), b);
		assert_int_equal(hist_bucket(hist_low(b) - 1), b - 1);
	}
	/* The last one, wherever it is looked up */
	for (int bits = HIST_MAX_BITS; bits < 64; bits++)
		assert_int_equal(hist_bucket(1ull << bits), HIST_BUCKETS - 1);
}

static void one_value_within_bound(void **state)
{
	uint64_t x = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t v, got, low;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v = x >> (x % 60);
		low = histogram_low(histogram_bucket(v));
		got = low + (histogram_low(histogram_bucket(v) + 1) - low) / 2;
		assert_true((got > v ? got - v : v - got) <= v / PROMISED);
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void quantiles_within_bound(void **state)
{
	static struct histogram h;
	static uint64_t v[10000];
	const double q[] = { 0.001, 0.5, 0.9, 0.99, 0.999, 1.0 };
	uint64_t x = 42;

	(void)state;
	memset(&h, 0, sizeof(h));
	for (int i = 0; i < 10000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		v[i] = 1000 + (x >> 40) * (i % 100 ? 1 : 50);
		histogram_add(&h, v[i]);
	}
	qsort(v, 10000, sizeof(v[0]), by_value);
	for (int i = 0; i < 6; i++) {
		uint64_t want = v[(int)(q[i] * 10000 + 0.5) - 1],
			 got = histogram_quantile(&h, q[i]);

		assert_true((got > want ? got - want : want - got) <= want / PROMISED);
	}
	assert_int_equal(h.max, v[9999]);
	assert_int_equal(h.min, v[0]);
}

static void empty_and_single(void **state)
{
	static struct histogram h;

	(void)state;
	memset(&h, 0, sizeof(h));
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	assert_true(histogram_mean(&h) == 0);
	histogram_add(&h, 123457);
	assert_int_equal(histogram_quantile(&h, 0.5), 123457);
	assert_int_equal(histogram_quantile(&h, 0.999), 123457);
}

static void merge_is_addition(void **state)
{
	static struct histogram a, b, both;

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&both, 0, sizeof(both));
	for (uint64_t i = 1; i < 5000; i++) {
		histogram_add(i % 3 ? &a : &b, i * i);
		histogram_add(&both, i * i);
	}
	histogram_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
	memset(&b, 0, sizeof(b));
	histogram_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_meet),		  cmocka_unit_test(programs_buckets_meet),
		cmocka_unit_test(one_value_within_bound), cmocka_unit_test(quantiles_within_bound),
		cmocka_unit_test(empty_and_single),	  cmocka_unit_test(merge_is_addition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
