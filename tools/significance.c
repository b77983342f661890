// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "significance.h"

struct value {
	double v;
	bool is_a;
};

static int by_value(const void *x, const void *y)
{
	const struct value *a = x, *b = y;

	return (a->v > b->v) - (a->v < b->v);
}

static int by_number(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static double choose(unsigned int n, unsigned int k)
{
	double c = 1;

	for (unsigned int i = 1; i <= k; i++)
		c = c * (n - k + i) / i;
	return c;
}

/*
 * Ways to draw @na of the values with each sum of ranks.  Ranks are counted twofold, so that the
 * mean rank of equal values is whole; values come in groups of equal ones, @group[i] of them.
 */
static double *count_ways(const unsigned int *group, unsigned int groups, unsigned int n,
			  unsigned int na)
{
	size_t sums = (size_t)2 * n * na + 1, cells = (na + 1) * sums;
	double *ways = calloc(cells, sizeof(*ways));
	unsigned int before = 0;

	if (!ways)
		return NULL;
	ways[0] = 1;
	for (unsigned int g = 0; g < groups; g++) {
		unsigned int rank = 2 * before + group[g] + 1;

		before += group[g];
		/* From the top: what a group adds to is not read again for the same group. */
		for (unsigned int k = before < na ? before : na; k; k--)
			for (size_t sum = sums - 1; sum; sum--)
				for (unsigned int j = 1; j <= group[g] && j <= k; j++)
					if (sum >= (size_t)j * rank)
						ways[k * sums + sum] +=
							choose(group[g], j) *
							ways[(k - j) * sums + sum - j * rank];
	}
	return ways;
}

static double exact_p(const unsigned int *group, unsigned int groups, unsigned int n,
		      unsigned int na, unsigned int rank_sum)
{
	size_t sums = (size_t)2 * n * na + 1;
	double *ways = count_ways(group, groups, n, na), low = 0, high = 0, all = choose(n, na), p;

	if (!ways)
		return -1;
	for (size_t sum = 0; sum < sums; sum++) {
		low += sum <= rank_sum ? ways[na * sums + sum] : 0;
		high += sum >= rank_sum ? ways[na * sums + sum] : 0;
	}
	free(ways);
	p = 2 * fmin(low, high) / all;
	return p < 1 ? p : 1;
}

static double normal_p(const unsigned int *group, unsigned int groups, unsigned int n,
		       unsigned int na, unsigned int rank_sum)
{
	double nb = n - na, u = rank_sum / 2.0 - na * (na + 1) / 2.0, ties = 0, variance, away;

	for (unsigned int g = 0; g < groups; g++)
		ties += pow(group[g], 3) - group[g];
	variance = na * nb / 12 * (n + 1 - ties / ((double)n * (n - 1)));
	away = fabs(u - na * nb / 2) - 0.5;
	if (variance <= 0 || away <= 0)
		return 1;
	return erfc(away / sqrt(2 * variance));
}

double significance_p(const double *a, unsigned int na, const double *b, unsigned int nb)
{
	unsigned int n = na + nb, groups = 0, rank_sum = 0, end;
	struct value *v = calloc(n + 1, sizeof(*v));
	unsigned int *group = calloc(n + 1, sizeof(*group));
	double p = -1;

	if (!v || !group)
		goto out;
	for (unsigned int i = 0; i < n; i++)
		v[i] = (struct value){ i < na ? a[i] : b[i - na], i < na };
	qsort(v, n, sizeof(*v), by_value);
	for (unsigned int i = 0; i < n; i = end) {
		for (end = i; end < n && v[end].v <= v[i].v; end++)
			group[groups]++;
		for (unsigned int k = i; k < end; k++)
			rank_sum += v[k].is_a ? i + end + 1 : 0;
		groups++;
	}
	if (!na || !nb)
		p = 1;
	else if (n <= SIGNIFICANCE_EXACT)
		p = exact_p(group, groups, n, na, rank_sum);
	else
		p = normal_p(group, groups, n, na, rank_sum);
out:
	free(v);
	free(group);
	return p;
}

double significance_least_p(unsigned int na, unsigned int nb)
{
	return fmin(1, 2 / choose(na + nb, na < nb ? na : nb));
}

unsigned int significance_needed(unsigned int tests, double alpha)
{
	unsigned int n = 1;

	while (significance_least_p(n, n) * (tests ? tests : 1) > alpha)
		n++;
	return n;
}

struct ranked {
	double p;
	unsigned int at;
};

static int by_p(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	return (a->p > b->p) - (a->p < b->p);
}

void significance_holm(double *p, unsigned int n)
{
	struct ranked *r = calloc(n + 1, sizeof(*r));
	double most = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (r)
			r[i] = (struct ranked){ p[i], i };
		else
			p[i] = fmin(1, p[i] * n); /* Bonferroni's, which is never bolder */
	}
	if (!r)
		return;
	qsort(r, n, sizeof(*r), by_p);
	for (unsigned int i = 0; i < n; i++) {
		most = fmax(most, fmin(1, r[i].p * (n - i)));
		p[r[i].at] = most;
	}
	free(r);
}

double sample_median(double *v, unsigned int n)
{
	if (!n)
		return NAN;
	qsort(v, n, sizeof(*v), by_number);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/*
 * The median lies outside of [k-th least, k-th greatest] when fewer than k values are on one side
 * of it; each value is on either side as a coin falls.
 */
struct sample_interval sample_interval(const double *v, unsigned int n, double confidence)
{
	struct sample_interval s = { .known = false };
	double outside = 0, way = pow(0.5, n);

	for (unsigned int k = 1; 2 * k <= n; k++) {
		outside += 2 * way;
		if (1 - outside < confidence)
			break;
		s = (struct sample_interval){ true, v[k - 1], v[n - k] };
		way *= (double)(n - k + 1) / k;
	}
	return s;
}
