/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Are two samples from different populations?  One value for each run, few runs, and nothing
 * assumed of how the values are spread: medians, and Mann and Whitney's U test.
 */
#ifndef NVS_SIGNIFICANCE_H
#define NVS_SIGNIFICANCE_H

#include <stdbool.h>

/* Up to as many values in both samples together the test is exact, ties or not. */
#define SIGNIFICANCE_EXACT 40

/*
 * Two-sided p of Mann and Whitney's U test, of @na values against @nb, in any order: the chance
 * that samples of one population are told apart as clearly as these.  Exact up to
 * SIGNIFICANCE_EXACT values; beyond, the normal approximation with corrections for ties and
 * continuity.  1 when a sample is empty; negative when there is no memory.
 */
double significance_p(const double *a, unsigned int na, const double *b, unsigned int nb);
/* The least p that so many values can have, all different: when every a is below every b. */
double significance_least_p(unsigned int na, unsigned int nb);
/* How many values each sample needs so that @tests tests at once can find anything at @alpha. */
unsigned int significance_needed(unsigned int tests, double alpha);

/*
 * Holm's correction: turns the p of @n tests that are made at once into p of the whole, so that
 * the chance of one wrong verdict among them all is alpha, not alpha for each.
 */
void significance_holm(double *p, unsigned int n);

/* Sorts @v.  NAN for no values. */
double sample_median(double *v, unsigned int n);

struct sample_interval {
	bool known; /* false: too few values for this confidence (fewer than 6 for 95 %) */
	double low, high;
};
/* Holds the median with at least @confidence (0.95); @v is sorted. */
struct sample_interval sample_interval(const double *v, unsigned int n, double confidence);

#endif
