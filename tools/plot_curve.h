/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Curves of a distribution: over a time (us, logarithmic) the share of commands done within it, on
 * an axis where each nine is one step, so that the tail has its room.
 */
#ifndef NVS_PLOT_CURVE_H
#define NVS_PLOT_CURVE_H

#include "gnuplot.h"
#include "histogram.h"

/* How far up the axis a share lies. */
double curve_nines(double share);
/* Data block $NAME of @h, which has a count. */
void curve_data(struct picture *pic, const struct histogram *h, const char *name);
/* Sets both axes: from the decade of @least to that of @most (ns), up to @top nines. */
void curve_axes(struct picture *pic, double least, double most, double top);

#endif
