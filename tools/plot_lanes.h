/* SPDX-License-Identifier: GPL-2.0 */
/* The picture of lanes: what its two files share. */
#ifndef NVS_PLOT_LANES_H
#define NVS_PLOT_LANES_H

#include "axis.h"
#include "gnuplot.h"
#include "lanes.h"
#include "timeline.h"

#define LANES_LEFT  164 /* pixels */
#define LANES_RIGHT 190
#define MAX_LANES   160 /* commands of a queue at once that have room */
#define LANES_ROWS  8

struct lanes_row {
	uint16_t ctrl, qid;
	unsigned int cmds, lanes, over; /* over: commands without room */
	unsigned int tick[NR_TICKS];
	unsigned int px; /* of a lane */
};

struct lanes_picture {
	struct timeline *t;
	struct picture pic;
	struct axis axis;
	struct lane_rings *r;
	struct lane_cmd *cmd[LANE_CMDS]; /* those drawn, by their beginnings */
	unsigned int nr;
	uint64_t from, to;
	struct lanes_row row[LANES_ROWS];
	unsigned int nr_rows, queues_left;
	bool unknown;			 /* a command with a step missing */
	uint64_t focus_begin, focus_end; /* what is framed: the window's mark, or the slowest */
};

/* The window, or as much around what it is about as can be told apart. */
void lanes_choose_span(struct lanes_picture *p);
/* Queues and their lanes, and the axis. */
void lanes_choose_rows(struct lanes_picture *p);
/* All of its steps were seen, in order. */
bool lane_is_whole(const struct lane_cmd *c);

#endif
