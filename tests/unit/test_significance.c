// SPDX-License-Identifier: GPL-2.0
/* The statistics of compare against published tables, and against counting all that can be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include "significance.h"

static void near(double got, double want, double by)
{
	if (fabs(got - want) > by)
		fail_msg("%.12g, not %.12g", got, want);
}

/* Samples of 1..n with U as wanted: the lowest values are a's, then some are moved up. */
static double p_of_u(unsigned int na, unsigned int nb, unsigned int u)
{
	double a[64], b[64];
	unsigned int k = 0;
	bool taken[128] = { false };

	for (unsigned int i = na; i--;) {
		unsigned int up = u < nb ? u : nb;

		a[i] = i + up;
		taken[i + up] = true;
		u -= up;
	}
	for (unsigned int i = 0; i < na + nb; i++)
		if (!taken[i])
			b[k++] = i;
	assert_int_equal(k, nb);
	return significance_p(a, na, b, nb);
}

/*
 * Critical values of U, two-sided 5 %: the greatest U that is significant (Mann and Whitney's
 * table as every textbook has it).
 */
static void critical_values(void **state)
{
	static const struct {
		unsigned int na, nb, u;
	} row[] = {
		{ 4, 4, 0 },	 { 4, 5, 1 },	 { 5, 5, 2 },	 { 5, 8, 6 },
		{ 6, 6, 5 },	 { 7, 7, 8 },	 { 8, 8, 13 },	 { 8, 10, 17 },
		{ 9, 9, 17 },	 { 10, 10, 23 }, { 12, 12, 37 }, { 15, 15, 64 },
		{ 20, 20, 127 }, { 3, 5, 0 },	 { 6, 12, 14 },	 { 5, 20, 20 },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_true(p_of_u(row[i].na, row[i].nb, row[i].u) <= 0.05);
		assert_true(p_of_u(row[i].na, row[i].nb, row[i].u + 1) > 0.05);
	}
}

/* R's wilcox.test(1:5, 6:10), (1:4, 5:8) and (c(1,3,5), c(2,4,6)). */
static void known_p(void **state)
{
	static const double a[] = { 1, 2, 3, 4, 5 }, b[] = { 6, 7, 8, 9, 10 };
	static const double c[] = { 1, 3, 5 }, d[] = { 2, 4, 6 };

	(void)state;
	near(significance_p(a, 5, b, 5), 2.0 / 252, 1e-12);
	near(significance_p(b, 5, a, 5), 2.0 / 252, 1e-12);
	near(significance_p(a, 4, a + 1, 4), significance_p(a + 1, 4, a, 4), 1e-12);
	near(significance_p(c, 3, d, 3), 0.7, 1e-12);
	near(significance_p(a, 5, a, 5), 1, 0);
	near(significance_p(a, 5, b, 0), 1, 0);
	near(significance_least_p(4, 4), 2.0 / 70, 1e-12);
	near(significance_least_p(8, 8), 2.0 / 12870, 1e-12);
}

/* U of the sample that @mask draws of @v. */
static double u_of(const double *v, unsigned int n, unsigned int mask)
{
	double u = 0;

	for (unsigned int i = 0; i < n; i++)
		for (unsigned int k = 0; k < n; k++)
			if (mask >> i & 1 && !(mask >> k & 1))
				u += v[i] > v[k] ? 1 : v[i] < v[k] ? 0 : 0.5;
	return u;
}

/* With ties: every way to draw the sample, counted one by one. */
static void ties_are_exact(void **state)
{
	unsigned int seed = 7;

	(void)state;
	for (unsigned int round = 0; round < 60; round++) {
		unsigned int na = 2 + round % 4, nb = 3 + round / 4 % 4, n = na + nb;
		double v[16], got, low = 0, high = 0, all = 0, want, p;

		for (unsigned int i = 0; i < n; i++)
			v[i] = (seed = seed * 1103515245 + 12345) >> 16 & 3;
		want = u_of(v, n, (1u << na) - 1);
		for (unsigned int mask = 0; mask < 1u << n; mask++) {
			if ((unsigned int)__builtin_popcount(mask) != na)
				continue;
			got = u_of(v, n, mask);
			low += got <= want;
			high += got >= want;
			all++;
		}
		p = 2 * fmin(low, high) / all;
		near(significance_p(v, na, v + na, nb), fmin(1, p), 1e-9);
	}
}

/*
 * Beyond the exact: the formula by hand.  25 against 25, each value twice in one sample: U and
 * its variance with ties from the definition.
 */
static void many_values(void **state)
{
	double a[30], b[30], v[60], u, ties, sigma;

	(void)state;
	for (unsigned int i = 0; i < 30; i++) {
		a[i] = v[i] = i;
		b[i] = v[30 + i] = i + 7; /* 23 values are in both */
	}
	u = 0;
	for (unsigned int i = 0; i < 30; i++)
		for (unsigned int k = 0; k < 30; k++)
			u += a[i] > b[k] ? 1 : a[i] < b[k] ? 0 : 0.5;
	ties = 23 * (8 - 2);
	sigma = sqrt(900.0 / 12 * (61 - ties / (60.0 * 59)));
	near(significance_p(a, 30, b, 30), erfc((450 - u - 0.5) / sigma / sqrt(2)), 1e-9);
	/* And it goes on from where the exact ends: of 20 against 20 and 21 against 20 alike. */
	near(p_of_u(20, 20, 120), p_of_u(21, 20, 126), 0.006);
}

static void holm(void **state)
{
	/* The example of p = .01 .04 .03 .005: adjusted .03 .06 .06 .02 (R's p.adjust). */
	double p[] = { 0.01, 0.04, 0.03, 0.005 }, one[] = { 0.5 }, much[] = { 0.9, 0.8 };

	(void)state;
	significance_holm(p, 4);
	near(p[0], 0.03, 1e-12);
	near(p[1], 0.06, 1e-12);
	near(p[2], 0.06, 1e-12);
	near(p[3], 0.02, 1e-12);
	significance_holm(one, 1);
	near(one[0], 0.5, 0);
	significance_holm(much, 2);
	near(much[0], 1, 0);
	near(much[1], 1, 0);
}

static void how_many_are_needed(void **state)
{
	(void)state;
	assert_int_equal(significance_needed(1, 0.05), 4);
	assert_int_equal(significance_needed(1, 0.2), 3);
	assert_int_equal(significance_needed(20, 0.05), 6); /* 20 * 2 / 924 = 0.043; 5: 0.16 */
	assert_int_equal(significance_needed(200, 0.05), 8);
}

static void medians(void **state)
{
	double even[] = { 4, 1, 3, 2 }, odd[] = { 9, 7, 8 }, v[12];
	struct sample_interval s;

	(void)state;
	near(sample_median(even, 4), 2.5, 0);
	near(sample_median(odd, 3), 8, 0);
	assert_true(isnan(sample_median(odd, 0)));
	for (unsigned int i = 0; i < 12; i++)
		v[i] = i + 1;
	assert_false(sample_interval(v, 5, 0.95).known);
	/* The textbook's: of 6 the extremes (96.9 %), of 8 too, of 9 the 2nd, of 12 the 3rd. */
	s = sample_interval(v, 6, 0.95);
	assert_true(s.known && s.low == 1 && s.high == 6);
	s = sample_interval(v, 8, 0.95);
	assert_true(s.known && s.low == 1 && s.high == 8);
	s = sample_interval(v, 9, 0.95);
	assert_true(s.known && s.low == 2 && s.high == 8);
	s = sample_interval(v, 12, 0.95);
	assert_true(s.known && s.low == 3 && s.high == 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(critical_values),
		cmocka_unit_test(known_p),
		cmocka_unit_test(ties_are_exact),
		cmocka_unit_test(many_values),
		cmocka_unit_test(holm),
		cmocka_unit_test(how_many_are_needed),
		cmocka_unit_test(medians),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
