// SPDX-License-Identifier: GPL-2.0
/*
 * lanes: every command by itself, a row for each queue; commands that overlap lie in lanes
 * above each other.  Ticks above them are what has no length: doorbells, interrupts, and
 * what the device itself logged.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "format.h"
#include "plot_lanes.h"

#define LANES_TOP    104
#define LANES_BOTTOM 66
#define LANES_GAP    14
#define STRIP	     11 /* pixels of a row of ticks */

static const struct {
	const char *name, *color;
} ticks[NR_TICKS] = {
	[TICK_SQ] = { "SQ doorbells", COLOR_BLUE },
	[TICK_IRQ] = { "interrupts", COLOR_PURPLE },
	[TICK_CQ] = { "CQ doorbells", COLOR_ORANGE },
	[TICK_DEV_BELL] = { "device: rung", COLOR_GREY },
	[TICK_DEV_CMD] = { "device: begins", COLOR_BLACK },
	[TICK_DEV_CQE] = { "device: done", COLOR_SKY },
};

enum { PART_QUEUE, PART_DRIVER, PART_DEVICE, PART_COMPLETION, PART_UNKNOWN, NR_PARTS };
static const struct {
	const char *name, *color;
} parts[NR_PARTS] = {
	[PART_QUEUE] = { "in blk-mq", COLOR_PURPLE },
	[PART_DRIVER] = { "driver", COLOR_BLUE },
	[PART_DEVICE] = { "device", COLOR_ORANGE },
	[PART_COMPLETION] = { "completion", COLOR_GREEN },
	[PART_UNKNOWN] = { "a step is missing", COLOR_LINE },
};

static unsigned int strips(const struct lanes_row *row)
{
	unsigned int n = 0;

	for (unsigned int k = 0; k < NR_TICKS; k++)
		n += row->tick[k] != 0;
	return n;
}

static unsigned int row_height(const struct lanes_row *row)
{
	return row->lanes * row->px + strips(row) * STRIP + 6;
}

static void box(struct lanes_picture *p, uint64_t from, uint64_t to, double low, double high)
{
	double x1 = axis_x(&p->axis, from), x2 = axis_x(&p->axis, to);

	if (to < p->from || from > p->to)
		return;
	if (x2 - x1 < 0.7 * p->axis.px)
		x2 = x1 + 0.7 * p->axis.px;
	fprintf(p->pic.script, "%.3f %.2f %.3f %.3f %.2f %.2f\n", (x1 + x2) / 2, (low + high) / 2,
		x1, x2, low, high);
}

static void write_part(struct lanes_picture *p, const struct lane_cmd *c, unsigned int part,
		       double low, double high)
{
	bool whole = lane_is_whole(c);

	if (part == PART_UNKNOWN && !whole)
		box(p, c->queued, c->end, low, high);
	if (!whole)
		return;
	switch (part) {
	case PART_QUEUE:
		if (c->queued < c->start)
			box(p, c->queued, c->start, low, high);
		break;
	case PART_DRIVER: box(p, c->start, c->bell, low, high); break;
	case PART_DEVICE: box(p, c->bell, c->seen, low, high); break;
	case PART_COMPLETION: box(p, c->seen, c->end, low, high); break;
	}
}

/* y counts pixels, from the bottom of the row. */
static void write_commands(struct lanes_picture *p, const struct lanes_row *row, unsigned int k)
{
	double gap = row->px > 3 ? 1 : 0.4;

	for (unsigned int part = 0; part < NR_PARTS; part++) {
		fprintf(p->pic.script, "$c%u_%u << EOD\n", k, part);
		for (unsigned int i = 0; i < p->nr; i++) {
			const struct lane_cmd *c = p->cmd[i];
			double low = 3 + c->lane * (double)row->px;

			if (c->ctrl == row->ctrl && c->qid == row->qid && c->lane < MAX_LANES)
				write_part(p, c, part, low, low + row->px - gap);
		}
		fputs("EOD\n", p->pic.script);
	}
}

/* When the device itself had it, by its own log. */
static void write_device_times(struct lanes_picture *p, const struct lanes_row *row, unsigned int k)
{
	fprintf(p->pic.script, "$d%u << EOD\n", k);
	for (unsigned int i = 0; i < p->nr && row->tick[TICK_DEV_CMD]; i++) {
		const struct lane_cmd *c = p->cmd[i];
		uint64_t begin = 0, end = 0;

		if (c->ctrl != row->ctrl || c->qid != row->qid || c->lane >= MAX_LANES)
			continue;
		for (unsigned int j = 0; j < lane_ticks(p->r); j++) {
			const struct lane_tick *tick = &p->r->tick[j];

			if (tick->qid != c->qid || tick->cid != c->cid || tick->ctrl != c->ctrl ||
			    tick->ts < c->queued || tick->ts > c->end)
				continue;
			if (tick->kind == TICK_DEV_CMD)
				begin = tick->ts;
			else if (tick->kind == TICK_DEV_CQE)
				end = tick->ts;
		}
		if (begin && end >= begin && begin <= p->to && end >= p->from)
			fprintf(p->pic.script, "%.3f %.2f\n%.3f %.2f\n\n", axis_x(&p->axis, begin),
				3 + (c->lane + 0.5) * row->px, axis_x(&p->axis, end),
				3 + (c->lane + 0.5) * row->px);
	}
	fputs("\nEOD\n", p->pic.script);
}

static void write_ticks(struct lanes_picture *p, const struct lanes_row *row, unsigned int k,
			double top)
{
	double y = row->lanes * (double)row->px + 6;
	char sx[32], sy[32], style[64];

	for (unsigned int kind = 0; kind < NR_TICKS; kind++) {
		double last = -1;

		if (!row->tick[kind])
			continue;
		fprintf(p->pic.script, "$t%u_%u << EOD\n", k, kind);
		for (unsigned int i = 0; i < lane_ticks(p->r); i++) {
			const struct lane_tick *tick = &p->r->tick[i];
			double x = axis_x(&p->axis, tick->ts);

			if (tick->kind != kind || tick->ctrl != row->ctrl ||
			    tick->qid != row->qid || tick->ts < p->from || tick->ts > p->to ||
			    (last >= 0 && x >= last && x - last < 0.5 * p->axis.px))
				continue;
			fprintf(p->pic.script, "%.3f %.2f 0 %d\n", x, y, STRIP - 3);
			last = x;
		}
		fputs("EOD\n", p->pic.script);
		snprintf(sx, sizeof(sx), "screen %.5f", picture_x(&p->pic, LANES_LEFT - 8.0));
		snprintf(sy, sizeof(sy), "screen %.5f",
			 picture_y(&p->pic, top + row_height(row) - y - STRIP / 2.0 + 1));
		snprintf(style, sizeof(style), "right font 'DejaVu Sans,10' textcolor rgb '%s'",
			 ticks[kind].color);
		picture_label(&p->pic, ticks[kind].name, sx, sy, style);
		y += STRIP;
	}
}

static void row_words(struct lanes_picture *p, const struct lanes_row *row, double top)
{
	char text[64], x[32], y[32];
	double at = top + row_height(row) - row->lanes * row->px / 2.0 - 3;

	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, 24));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, at));
	snprintf(text, sizeof(text), row->qid ? "nvme%u q%u" : "nvme%u admin", row->ctrl, row->qid);
	picture_label(&p->pic, text, x, y, "left font 'DejaVu Sans Bold,13'");
	snprintf(x, sizeof(x), "screen %.5f",
		 picture_x(&p->pic, PICTURE_WIDTH - LANES_RIGHT + 14.0));
	snprintf(text, sizeof(text), "%u commands", row->cmds);
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, at - 9));
	picture_label(&p->pic, text, x, y, "left font 'DejaVu Sans,12'");
	snprintf(text, sizeof(text), "at most %u at once", row->lanes);
	if (row->over)
		snprintf(text, sizeof(text), "%u of them without room", row->over);
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, at + 9));
	picture_label(&p->pic, text, x, y, "left font 'DejaVu Sans,12'");
}

/* A frame around what it is about, and the mark of the window. */
static void frame(struct lanes_picture *p, const struct lanes_row *row)
{
	const struct timeline_mark *m = &p->t->mark;

	fputs("unset object\nunset arrow\n", p->pic.script);
	p->pic.nr_objects = 0;
	for (unsigned int i = 0; i < p->nr; i++) {
		const struct lane_cmd *c = p->cmd[i];
		double low = 3 + c->lane * (double)row->px;

		if (c->qid != row->qid || c->ctrl != row->ctrl || c->lane >= MAX_LANES ||
		    c->end != p->focus_end || c->queued != p->focus_begin)
			continue;
		picture_box(&p->pic, axis_x(&p->axis, c->queued), low - 1.5,
			    axis_x(&p->axis, c->end), low + row->px + 0.5,
			    "fs empty border lc rgb '" COLOR_RED "' lw 2 front");
	}
	if (m->set && m->begin >= p->from && m->begin <= p->to)
		fprintf(p->pic.script,
			"set arrow from first %.4f, graph 0 to first %.4f, graph 1 nohead front "
			"lc rgb '" COLOR_RED "' dt 2 lw 1.2\n",
			axis_x(&p->axis, m->begin), axis_x(&p->axis, m->begin));
}

static void draw_row(struct lanes_picture *p, unsigned int k, double top)
{
	const struct lanes_row *row = &p->row[k];
	unsigned int height = row_height(row);
	bool last = k + 1 == p->nr_rows;
	const char *unit;

	write_commands(p, row, k);
	write_device_times(p, row, k);
	if (k)
		fputs("unset label\n", p->pic.script);
	row_words(p, row, top);
	write_ticks(p, row, k, top);
	frame(p, row);
	fprintf(p->pic.script,
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\nset yrange [0:%u]\n",
		picture_y(&p->pic, top), picture_y(&p->pic, top + height), height);
	unit = axis_ticks(&p->axis, &p->pic, last);
	if (last)
		fprintf(p->pic.script, "set xlabel 'time since the recording began (%s)'\n", unit);
	fputs("plot ", p->pic.script);
	for (unsigned int part = 0; part < NR_PARTS; part++)
		fprintf(p->pic.script,
			"$c%u_%u using 1:2:3:4:5:6 with boxxyerror fs solid noborder fc rgb '%s', ",
			k, part, parts[part].color);
	for (unsigned int kind = 0; kind < NR_TICKS; kind++)
		if (row->tick[kind])
			fprintf(p->pic.script,
				"$t%u_%u using 1:2:3:4 with vectors nohead lc rgb '%s' lw 1, ", k,
				kind, ticks[kind].color);
	fprintf(p->pic.script, "$d%u with lines lc rgb '" COLOR_BLACK "' lw 1.2\n", k);
}

/* --- the picture ------------------------------------------------------------------------ */

static double legend_item(struct lanes_picture *p, double px, const char *sign, const char *color,
			  const char *text)
{
	char x[32], y[32], style[64];

	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, 78));
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px));
	snprintf(style, sizeof(style), "left textcolor rgb '%s'", color);
	picture_label(&p->pic, sign, x, y, style);
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px + 18));
	picture_label(&p->pic, text, x, y, "left");
	return px + 32 + picture_text_width(text, 12);
}

static void titles(struct lanes_picture *p)
{
	const struct lane_cmd *slow = &p->t->lanes->slowest;
	const char *op = nvs_symbol_name(NVS_SET_RQOP, slow->op);
	unsigned int nr_dev = 0;
	char text[240], slowest[96];
	double px = 24;
	int n;

	n = snprintf(text, sizeof(text), "%u commands in %s%s", p->nr,
		     format_ns_label((double)(p->to - p->from)).s,
		     p->nr == p->r->nr_cmds || p->t->windowed
			     ? ""
			     : "; of a longer recording these are around the slowest");
	n += snprintf(text + n, sizeof(text) - (size_t)n, "%s", timeline_filter(p->t).s);
	if (p->queues_left)
		snprintf(text + n, sizeof(text) - (size_t)n, "; %u queues of more", LANES_ROWS);
	picture_title(&p->pic, "Every command in its queue's lanes", text);
	for (unsigned int part = 0; part < NR_PARTS - (p->unknown ? 0u : 1u); part++)
		px = legend_item(p, px, "■", parts[part].color, parts[part].name);
	for (unsigned int k = 0; k < p->nr_rows; k++)
		nr_dev += p->row[k].tick[TICK_DEV_CMD];
	if (nr_dev)
		px = legend_item(p, px, "▬", COLOR_BLACK, "at the device, by its own log");
	snprintf(slowest, sizeof(slowest), "the slowest: %.20s %.20s, %.20s", op ? op : "?",
		 slow->bytes ? format_bytes(slow->bytes).s : "",
		 format_ns_label((double)(slow->end - slow->queued)).s);
	if (p->t->mark.set)
		legend_item(p, px, p->t->mark.end > p->t->mark.begin ? "□" : "┆", COLOR_RED,
			    p->t->mark.label);
	else
		legend_item(p, px, "□", COLOR_RED, slowest);
}

static int draw(struct lanes_picture *p, struct nvs_error *err)
{
	unsigned int height = LANES_TOP + LANES_BOTTOM;
	double top = LANES_TOP;
	int ret;

	for (unsigned int k = 0; k < p->nr_rows; k++)
		height += row_height(&p->row[k]) + LANES_GAP;
	if (picture_begin(&p->pic, p->t->out, "lanes", p->t->format, height, err) < 0)
		return -1;
	titles(p);
	fprintf(p->pic.script,
		"unset key\nset lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		"set xrange [0:%g]\nunset ytics\nset grid xtics lc rgb '" COLOR_LINE "' lw 0.6\n"
		"set multiplot\n",
		picture_x(&p->pic, LANES_LEFT), picture_x(&p->pic, PICTURE_WIDTH - LANES_RIGHT),
		AXIS_LENGTH);
	for (unsigned int k = 0; k < p->nr_rows; k++) {
		draw_row(p, k, top);
		top += row_height(&p->row[k]) + LANES_GAP;
	}
	fputs("unset multiplot\n", p->pic.script);
	ret = picture_end(&p->pic, err);
	if (ret == 0)
		printf("%s/lanes.%s\n", p->t->out, p->t->format);
	picture_free(&p->pic);
	return ret;
}

int plot_lanes(struct timeline *t, struct nvs_error *err)
{
	struct lanes_picture *p;
	int ret;

	if (!t->lanes || !t->lanes->now.nr_cmds) {
		complain("no command in %s%s: nothing to draw for lanes", t->a.dir,
			 t->windowed ? " in this window" : "");
		return 0;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return nvs_fail(err, "out of memory for picture lanes: close other programs");
	p->t = t;
	p->r = lanes_finish(t->lanes);
	p->focus_begin = t->mark.set ? t->mark.begin : t->lanes->slowest.queued;
	p->focus_end = t->mark.set ? t->mark.end : t->lanes->slowest.end;
	lanes_choose_span(p);
	lanes_choose_rows(p);
	ret = draw(p, err);
	free(p);
	return ret;
}
