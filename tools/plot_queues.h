/* SPDX-License-Identifier: GPL-2.0 */
/* Pictures with a row for each queue and one time axis. */
#ifndef NVS_PLOT_QUEUES_H
#define NVS_PLOT_QUEUES_H

#include "axis.h"
#include "gnuplot.h"
#include "timeline.h"

#define ROWS_LEFT   164 /* pixels */
#define ROWS_RIGHT  190
#define ROWS_TOP    104
#define ROWS_BOTTOM 66
#define ROWS_GAP    10

struct rows_picture {
	struct timeline *t;
	struct picture pic;
	const struct series *row[MAX_ROWS];
	unsigned int nr;
	struct axis axis;
	unsigned int row_height, extra; /* pixels; extra: below the rows */
};

struct legend_item {
	const char *sign, *color, *text;
};

/*
 * Begins NAME: title, legend, time axis.  1: go on; 0: there is nothing to draw,
 * and the user was told; -1 with @err set.
 */
int rows_begin(struct rows_picture *p, struct timeline *t, const char *name, unsigned int extra,
	       struct nvs_error *err);
void rows_title(struct rows_picture *p, const char *title, const char *subtitle,
		const struct legend_item *legend, unsigned int nr);
/* Sets the place of row @i, and its axes for y in [@low, @high]; @last: with time axis. */
void rows_place(struct rows_picture *p, unsigned int i, double low, double high);
/* Name on the left, up to three lines of figures on the right. */
void rows_text(struct rows_picture *p, unsigned int i, const char *figures);
/* After the last row. */
int rows_end(struct rows_picture *p, struct nvs_error *err);

/* ns, CLOCK_MONOTONIC, where a column begins. */
uint64_t rows_time(const struct rows_picture *p, const struct decimator *d, unsigned int column);
/* Writes @d as columns of counts for each of about @max bins: data block $NAME. */
double rows_rate(struct rows_picture *p, const char *name, const struct decimator *d,
		 unsigned int bins);

/* Where the axis is cut, a band; in the first row it says how much was left out. */
void rows_cuts(struct rows_picture *p, unsigned int row, double low, double high);
/* After rows_cuts(): what the window is around. */
void rows_mark(struct rows_picture *p, unsigned int row, double low, double high);
/* doorbells has a close-up below its rows: its height in pixels, or 0 without one. */
unsigned int closeup_height(const struct timeline *t, const char *name);
void closeup_draw(struct rows_picture *p);

#endif
