/* SPDX-License-Identifier: GPL-2.0 */
/* Inside `nvmescope top`: top_table.c counts and makes lines, top_screen.c shows them. */
#ifndef NVS_TOP_H
#define NVS_TOP_H

#include "live.h"

#define TOP_WIDTH    79	 /* columns that a line has */
#define TOP_WIDE     111 /* with each stage's p99 behind */
#define TOP_LINE_MAX 160
#define TOP_ALL_OPS  (-1)
#define TOP_NOT_TOLD UINT64_MAX /* of bells and irqs */

/* What rows are sorted by, downwards; by device, upwards. */
#define TOP_SORTS(S)          \
	S(device, "device")   \
	S(iops, "IOPS")       \
	S(bytes, "bandwidth") \
	S(depth, "depth")     \
	S(p50, "p50")         \
	S(p99, "p99")         \
	S(p999, "p99.9")      \
	S(errors, "errors")
#define TOP_SORT_ENUM(name, text) TOP_BY_##name,
enum top_sort { TOP_SORTS(TOP_SORT_ENUM) NR_TOP_SORTS };
#undef TOP_SORT_ENUM
const char *top_sort_name(enum top_sort sort);

struct top_row {
	uint16_t ctrl, qid; /* qid: of a whole device, NVS_NO_CTRL */
	bool polled;
	uint32_t depth;	      /* requests at the driver, at the end of the interval */
	uint64_t bells, irqs; /* in the interval; TOP_NOT_TOLD */
	struct live_sums sums;
};

struct top_table {
	struct top_row *row;
	unsigned int nr, room;
	uint64_t span_ns; /* of the interval */
	const char *prefix;
	/* What is asked for */
	bool by_device, reverse;
	int op; /* enum nvs_HIST_OP, or TOP_ALL_OPS */
	unsigned int stage;
	enum top_sort sort;
};

/* The row of a queue or, by_device, of its device. NULL: out of memory. */
struct top_row *top_row_of(struct top_table *t, uint16_t ctrl, uint16_t qid);
/* Counts a change, unless it is of another operation, or by_device of an admin queue. -1: no memory. */
int top_add(struct top_table *t, const struct hist_change *change);
/* Begins an interval: rows stay, with nothing in them. */
void top_clear(struct top_table *t);
void top_sort(struct top_table *t);
void top_free(struct top_table *t);

/* Lines without a newline; with @wide, TOP_WIDE columns. */
void top_header(const struct top_table *t, bool wide, char line[TOP_LINE_MAX]);
void top_line(const struct top_table *t, const struct top_row *r, bool wide,
	      char line[TOP_LINE_MAX]);

/* What is watched, and how far that is. */
struct top {
	struct live live;
	struct top_table table;
	uint64_t interval_ns;
	uint32_t *bells; /* as they stood then, by place of hist_live_queue() */
	unsigned int nr_bells;
	char *irqs;	  /* /proc/interrupts then */
	uint64_t last_ns; /* when it was looked last */
	uint64_t lost;
};

/* Takes what was counted since the last time into the table. -1: @err says. */
int top_look(struct top *t, struct nvs_error *err);
/* "nvmescope top - stock driver, ...": one line on what is shown. */
void top_title(const struct top *t, char line[TOP_LINE_MAX]);
/* Runs on the terminal until q is pressed or a signal comes. -1: @err says. */
int top_screen(struct top *t, struct nvs_error *err);

#endif
