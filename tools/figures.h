/* SPDX-License-Identifier: GPL-2.0 */
/* What a report says of many times, whichever histogram they were counted in. */
#ifndef NVS_FIGURES_H
#define NVS_FIGURES_H

#include "hist_tables.h"
#include "histogram.h"

/* Quantiles that every report gives: Q(name, JSON key, share). */
#define FIGURE_QUANTILES(Q)          \
	Q("p50", "p50_ns", 0.5)      \
	Q("p90", "p90_ns", 0.9)      \
	Q("p99", "p99_ns", 0.99)     \
	Q("p99.9", "p999_ns", 0.999) \
	Q("p99.99", "p9999_ns", 0.9999)
#define FIGURE_COUNT_(name, key, share) +1
#define NR_FIGURE_QUANTILES		(0 FIGURE_QUANTILES(FIGURE_COUNT_))
extern const char *const figure_names[NR_FIGURE_QUANTILES];
extern const char *const figure_keys[NR_FIGURE_QUANTILES];

/* ns; all 0 when nothing was counted. */
struct figures {
	uint64_t count, min, mean, max;
	uint64_t quantile[NR_FIGURE_QUANTILES];
};

struct figures figures_of(const struct histogram *h);
/* Here minimum and maximum are the edges of the buckets that they fell into. */
struct figures figures_of_hist(const struct hist_times *t);

#endif
