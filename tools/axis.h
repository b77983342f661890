/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A time axis that leaves out what is idle: stretches in which something happens
 * are drawn to one scale, the gaps between them are cut and say so.
 */
#ifndef NVS_AXIS_H
#define NVS_AXIS_H

#include <stdbool.h>
#include <stdint.h>
#include "gnuplot.h"

#define AXIS_LENGTH   1000.0 /* x goes from 0 to here */
#define AXIS_SEGMENTS 12

struct axis {
	struct axis_segment {
		uint64_t begin, end; /* CLOCK_MONOTONIC, ns */
		double x;	     /* of begin */
	} seg[AXIS_SEGMENTS];
	unsigned int nr;
	double scale;  /* x for each ns */
	uint64_t zero; /* ns that the ticks count from */
	double px;     /* x for each pixel */
};

/*
 * Adds a stretch.  They come by their beginnings; one that begins within @gap ns
 * of the last one's end, or for which there is no room, prolongs it.
 */
void axis_add(struct axis *a, uint64_t begin, uint64_t end, uint64_t gap);
/* ns that are drawn. */
uint64_t axis_busy(const struct axis *a);
/* After the last stretch: the axis is @pixels long, its ticks count from @zero. */
void axis_finish(struct axis *a, unsigned int pixels, uint64_t zero);

double axis_x(const struct axis *a, uint64_t ts);
/* Whether @ts lies in a stretch that is drawn. */
bool axis_shows(const struct axis *a, uint64_t ts);
/* Where the gap before stretch @i (1 and up) is on the axis. */
void axis_gap(const struct axis *a, unsigned int i, double *from, double *to);
/* The xtics command, with numbers if @labels.  Returns their unit: "s", "ms" or "µs". */
const char *axis_ticks(const struct axis *a, struct picture *p, bool labels);

#endif
