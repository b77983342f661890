/* SPDX-License-Identifier: GPL-2.0 */
/* The picture of a bring-up: what its two files share. */
#ifndef NVS_PLOT_INIT_H
#define NVS_PLOT_INIT_H

#include "gnuplot.h"
#include "timeline.h"

#define MAX_GANTT_ROWS 72
#define MAX_SEGMENTS   12
#define AXIS_LENGTH    1000.0 /* x goes from 0 to here */

/* Stretches of time in which some phase is open; between them the axis is cut. */
struct segment {
	uint64_t begin, end; /* CLOCK_MONOTONIC, ns */
	double x;	     /* of begin */
};

struct gantt {
	struct timeline *t;
	uint16_t ctrl;
	const struct model_phase *phases;
	unsigned int nr_phases;
	unsigned int row[MAX_GANTT_ROWS]; /* index into phases, from top to bottom */
	int *row_of;			  /* by phase: its row, or -1 */
	unsigned int nr_rows, left_out;
	struct segment seg[MAX_SEGMENTS];
	unsigned int nr_segs;
	double scale; /* x for each ns */
	double y;     /* where the next lane begins, in rows */
	struct picture pic;
};

#define GANTT_LEFT   310 /* pixels left and right of the bars */
#define GANTT_RIGHT  170
#define GANTT_TOP    104
#define GANTT_BOTTOM 62
#define GANTT_ROW    23 /* pixels */

double gantt_x(const struct gantt *g, uint64_t ts);
/* Whether something at @ts lies in a stretch that is drawn. */
bool gantt_shows(const struct gantt *g, uint64_t ts);
/* Pixels to x, as far as widths go. */
double gantt_px(double px);

/* Register accesses and admin commands on the bars. */
void gantt_marks_on_bars(struct gantt *g);
/* Lanes below the bars: states, register writes, admin commands, what was found. */
void gantt_lanes(struct gantt *g);

#endif
