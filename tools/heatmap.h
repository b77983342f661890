/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heat map: how many I/Os ended when, after how long.  Time is cut into columns, latency
 * into the buckets of bpf/hist.h (8 to each power of two), so its memory does not depend
 * on how many I/Os there are, and counts made in the kernel go in as they are.
 */
#ifndef NVS_HEATMAP_H
#define NVS_HEATMAP_H

#include <stdbool.h>
#include <stdint.h>
#include "hist.h"

#define HEAT_COLUMNS 512 /* even; between half of them and all are in use at the end */

/* All zero but for @start and @width, which heatmap_new() sets. */
struct heatmap {
	uint64_t start; /* ns, of column 0 */
	uint64_t width; /* ns, of each column: doubles when time runs past the last one */
	uint64_t end;	/* ns, of what came last */
	uint64_t count; /* I/Os */
	float cell[HEAT_COLUMNS][HIST_BUCKETS]; /* I/Os; fractions where an interval was spread */
};

/* Columns begin at @start; if they are to reach to @end and no further, that is not 0.  NULL: no memory. */
struct heatmap *heatmap_new(uint64_t start, uint64_t end);
/* An I/O that took @latency ns and ended at @ts; one before the start counts for column 0. */
void heatmap_add(struct heatmap *h, uint64_t ts, uint64_t latency);
/* @count I/Os of @bucket that ended somewhere from @since to @ts. */
void heatmap_spread(struct heatmap *h, uint64_t since, uint64_t ts, uint32_t bucket,
		    uint64_t count);
/* Makes columns at least @width ns wide, to the next step of doubling. */
void heatmap_widen(struct heatmap *h, uint64_t width);
/* Columns in use. */
unsigned int heatmap_columns(const struct heatmap *h);

/* The bucket that @ns falls into. */
uint32_t heatmap_bucket(uint64_t ns);
/* Where @ns is on an axis on which bucket b reaches from b to b + 1. */
double heatmap_y(double ns);
/*
 * The bucket in which a share @q of the I/Os of columns [@from, @to) is reached, counted from
 * the fastest; HIST_BUCKETS: there are none.
 */
uint32_t heatmap_quantile(const struct heatmap *h, unsigned int from, unsigned int to, double q);

#endif
