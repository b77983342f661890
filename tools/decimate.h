/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decimation: any number of points in time order becomes a fixed number of
 * columns, so that a picture costs its pixels.  Each column keeps the smallest
 * and largest value and how many points fell into it: no spike is lost.
 *
 * The span need not be known before: columns begin 1 ns wide, and when time runs
 * past the last one, neighbours are merged and the width doubles.  In the end
 * between half of the columns and all of them are in use.
 */
#ifndef NVS_DECIMATE_H
#define NVS_DECIMATE_H

#include <stdbool.h>
#include <stdint.h>

#define DECIMATE_COLUMNS 2048 /* twice the pixels of a picture's width, even */

struct column {
	uint64_t points;
	double sum;
	double min, max, last; /* meaningless without points */
};

/* All zero is an empty one. */
struct decimator {
	uint64_t start; /* ns, of column 0 */
	uint64_t width; /* ns, of each column; 0 while empty */
	uint64_t end;	/* ns, of the last point */
	struct column column[DECIMATE_COLUMNS];
};

/*
 * Sets where column 0 begins, so that several decimators line up.  Only while
 * empty; without it the first point begins column 0.
 */
void decimate_start(struct decimator *d, uint64_t start_ns);
/* A point at @ts (ns; one before the start counts for column 0). */
void decimate_add(struct decimator *d, uint64_t ts, double value);
/* Makes columns at least @width ns wide, to the next step of doubling. */
void decimate_widen(struct decimator *d, uint64_t width);
/* Columns in use. */
unsigned int decimate_columns(const struct decimator *d);

#endif
