/* SPDX-License-Identifier: GPL-2.0 */
/* The picture of a bring-up: what its two files share. */
#ifndef NVS_PLOT_INIT_H
#define NVS_PLOT_INIT_H

#include "axis.h"
#include "gnuplot.h"
#include "timeline.h"

#define MAX_GANTT_ROWS 72

struct gantt {
	struct timeline *t;
	uint16_t ctrl;
	const struct model_phase *phases;
	unsigned int nr_phases;
	unsigned int row[MAX_GANTT_ROWS]; /* index into phases, from top to bottom */
	int *row_of;			  /* by phase: its row, or -1 */
	unsigned int nr_rows, left_out;
	struct axis axis;
	double y; /* where the next lane begins, in rows */
	struct picture pic;
};

#define GANTT_LEFT   310 /* pixels left and right of the bars */
#define GANTT_RIGHT  170
#define GANTT_TOP    104
#define GANTT_BOTTOM 62
#define GANTT_ROW    23 /* pixels */

/* Pixels to x, as far as widths go. */
double gantt_px(double px);

/* Register accesses and admin commands on the bars. */
void gantt_marks_on_bars(struct gantt *g);
/* Lanes below the bars: states, register writes, admin commands, what was found. */
void gantt_lanes(struct gantt *g);

#endif
