// SPDX-License-Identifier: GPL-2.0
/*
 * init: every phase of a bring-up as a bar, one row each, callers above what they
 * call.  A bar is pale where the phase waits for a phase it called and strong
 * where it runs itself, so the eye goes to where the time is spent.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "format.h"
#include "plot_init.h"

double gantt_px(double px)
{
	return px * AXIS_LENGTH / (PICTURE_WIDTH - GANTT_LEFT - GANTT_RIGHT);
}

/* Part of a bring-up: it and all it belongs to, and this controller's or the module's; or of the window. */
static bool belongs(const struct gantt *g, unsigned int i)
{
	const struct model_phase *p = &g->phases[i];

	if (p->ctrl != g->ctrl && p->ctrl != NVS_NO_CTRL)
		return false;
	if (g->t->windowed)
		return p->end >= g->t->from && (!g->t->to || p->begin <= g->t->to);
	for (int32_t k = (int32_t)i; k >= 0; k = g->phases[k].parent)
		if (!phase_is_init(g->phases[k].phase))
			return false;
	return true;
}

static int choose_rows(struct gantt *g)
{
	g->row_of = malloc((g->nr_phases + 1) * sizeof(*g->row_of));
	if (!g->row_of)
		return -1;
	for (unsigned int i = 0; i < g->nr_phases; i++)
		g->row_of[i] = -1;
	for (unsigned int i = 0; i < g->nr_phases; i++) {
		unsigned int k = g->t->a.order[i];

		if (!belongs(g, k))
			continue;
		if (g->nr_rows == MAX_GANTT_ROWS) {
			g->left_out++;
			continue;
		}
		g->row_of[k] = (int)g->nr_rows;
		g->row[g->nr_rows++] = k;
	}
	return 0;
}

/* Nothing of ours runs between insmod of one module and of the next: cut that out. */
static void make_axis(struct gantt *g)
{
	uint64_t gap = 0;

	if (g->t->windowed) {
		uint64_t from, to;

		timeline_span(g->t, &from, &to);
		axis_add(&g->axis, from, to + 1, 0);
		axis_finish(&g->axis, PICTURE_WIDTH - GANTT_LEFT - GANTT_RIGHT,
			    model_totals(g->t->a.model)->first_ts);
		return;
	}

	/* What counts as a gap depends on how much there is without gaps. */
	for (unsigned int pass = 0; pass < 2; pass++) {
		g->axis.nr = 0;
		for (unsigned int i = 0; i < g->nr_rows; i++) {
			const struct model_phase *p = &g->phases[g->row[i]];

			if (p->level == 0)
				axis_add(&g->axis, p->begin, p->end, gap);
		}
		gap = axis_busy(&g->axis) / 25;
	}
	axis_finish(&g->axis, PICTURE_WIDTH - GANTT_LEFT - GANTT_RIGHT, g->axis.seg[0].begin);
}

/* Colours tell the threads apart: who runs it is half of understanding it. */
static const char *thread_color(const struct gantt *g, const struct model_phase *p, bool pale)
{
	while (p->level && p->parent >= 0)
		p = &g->phases[p->parent];
	switch (p->phase) {
	case NVS_PHASE_nvme_reset_work: return pale ? "#B3E2D5" : COLOR_GREEN;
	case NVS_PHASE_nvme_scan_work: return pale ? "#F0DCE9" : COLOR_PURPLE;
	default: return pale ? "#B3D5E8" : COLOR_BLUE;
	}
}

static void bar(struct gantt *g, uint64_t begin, uint64_t end, double y, const char *color,
		double thickness)
{
	double x1 = axis_x(&g->axis, begin), x2 = axis_x(&g->axis, end);
	char style[64];

	/* What is too short for a pixel is still there. */
	if (x2 - x1 < gantt_px(1.5))
		x2 = x1 + gantt_px(1.5);
	snprintf(style, sizeof(style), "fc rgb '%s' fs solid noborder", color);
	picture_box(&g->pic, x1, y - thickness / 2, x2, y + thickness / 2, style);
}

/* Strong where no phase that this one called is running. */
static void bar_of_own_time(struct gantt *g, unsigned int k, double y)
{
	const struct model_phase *p = &g->phases[k];
	const char *color = thread_color(g, p, false);
	uint64_t at = p->begin;

	for (unsigned int i = k + 1; i < g->nr_phases; i++) {
		const struct model_phase *child = &g->phases[i];

		if (child->parent != (int32_t)k || child->queued)
			continue;
		if (child->begin > at)
			bar(g, at, child->begin, y, color, 0.56);
		at = child->end;
	}
	if (p->end > at)
		bar(g, at, p->end, y, color, 0.56);
}

/* The bar that a stranger must find first: how long the driver waited, and for what. */
static void wait_bar(struct gantt *g, const struct model_phase *p, double y)
{
	double x1 = axis_x(&g->axis, p->begin), x2 = axis_x(&g->axis, p->end), width;
	char text[96], at[32], row[32], style[96];
	const char *side;

	if (x2 - x1 < gantt_px(3))
		x2 = x1 + gantt_px(3);
	picture_box(&g->pic, x1, y - 0.36, x2, y + 0.36,
		    "fc rgb '#F6D6C2' fs solid border lc rgb '" COLOR_RED "'");
	picture_box(&g->pic, x1, y - 0.36, x2, y + 0.36,
		    "fc rgb '" COLOR_RED "' fs transparent pattern 4 border lc rgb '" COLOR_RED
		    "'");
	snprintf(text, sizeof(text), "waits for CSTS.RDY: %s",
		 format_ns_label((double)(p->end - p->begin)).s);
	width = gantt_px(picture_text_width(text, 13.5) + 12);
	snprintf(row, sizeof(row), "first %.3f", y);
	if (x2 - x1 > width + gantt_px(40)) {
		side = "center";
		snprintf(at, sizeof(at), "first %.3f", (x1 + x2) / 2);
		picture_box(&g->pic, (x1 + x2 - width) / 2, y - 0.34, (x1 + x2 + width) / 2,
			    y + 0.34, "fc rgb '#FFFFFF' fs solid noborder front");
	} else if (x2 + width < AXIS_LENGTH) {
		side = "left";
		snprintf(at, sizeof(at), "first %.3f", x2 + gantt_px(6));
	} else {
		side = "right";
		snprintf(at, sizeof(at), "first %.3f", x1 - gantt_px(6));
	}
	snprintf(style, sizeof(style),
		 "%s textcolor rgb '" COLOR_RED "' font 'DejaVu Sans Bold,13'", side);
	picture_label(&g->pic, text, at, row, style);
}

/* Left and right of a bar: whose it is, how long it took, what it did. */
static void row_text(struct gantt *g, unsigned int k, double y)
{
	const struct model_phase *p = &g->phases[k];
	const struct phase_marks *m = &g->t->a.marks[k];
	const char *name = nvs_symbol_name(NVS_SET_PHASE, p->phase);
	char x[32], row[32], text[64];
	int n = 0;

	snprintf(row, sizeof(row), "first %.3f", y);
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, 18.0 + 15 * p->level));
	picture_label(&g->pic, name ? name : "?", x, row,
		      p->level ? "left" : "left font 'DejaVu Sans Bold,13'");
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, PICTURE_WIDTH - 98.0));
	snprintf(text, sizeof(text), "%s%s", p->open ? "> " : "",
		 format_ns_label((double)(p->end - p->begin)).s);
	picture_label(&g->pic, text, x, row,
		      p->result ? "right textcolor rgb '" COLOR_RED "'" : "right");
	text[0] = 0;
	if (m->writes)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%u w ", m->writes);
	if (m->reads)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%u r ", m->reads);
	if (m->admin)
		snprintf(text + n, sizeof(text) - (size_t)n, "%u c", m->admin);
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, PICTURE_WIDTH - 88.0));
	picture_label(&g->pic, text, x, row,
		      "left textcolor rgb '" COLOR_GREY "' font 'DejaVu Sans,12'");
}

static void rows(struct gantt *g)
{
	for (unsigned int i = 0; i < g->nr_rows; i++) {
		unsigned int k = g->row[i];
		const struct model_phase *p = &g->phases[k];
		double y = i + 0.5;

		if (i % 2)
			picture_box(&g->pic, 0, i, AXIS_LENGTH, i + 1.0,
				    "fc rgb '#F6F6F6' fs solid noborder behind");
		bar(g, p->begin, p->end, y, thread_color(g, p, true), 0.56);
		if (p->phase == NVS_PHASE_nvme_wait_ready)
			wait_bar(g, p, y);
		else
			bar_of_own_time(g, k, y);
		row_text(g, k, y);
	}
}

/* A piece of axis left out: what it was, so that nobody takes it for time spent. */
static void cuts(struct gantt *g, double height)
{
	for (unsigned int i = 1; i < g->axis.nr; i++) {
		uint64_t ns = g->axis.seg[i].begin - g->axis.seg[i - 1].end;
		char text[96], x[32], y[32];
		double x1, x2;

		axis_gap(&g->axis, i, &x1, &x2);
		picture_box(&g->pic, x1 + gantt_px(2), 0, x2 - gantt_px(2), height,
			    "fc rgb '#EDEDED' fs solid noborder");
		snprintf(text, sizeof(text), "%s left out: no phase was open",
			 format_ns_label((double)ns).s);
		snprintf(x, sizeof(x), "first %.3f", (x1 + x2) / 2);
		snprintf(y, sizeof(y), "first %.3f", g->nr_rows / 2.0);
		picture_label(&g->pic, text, x, y,
			      "center rotate by 90 textcolor rgb '" COLOR_GREY "'");
	}
}

static void legend(struct gantt *g)
{
	static const struct {
		const char *sign, *text, *color;
	} item[] = {
		{ "■", "module load and probe", COLOR_BLUE },
		{ "■", "reset work", COLOR_GREEN },
		{ "■", "scan work", COLOR_PURPLE },
		{ "▨", "waits for the device", COLOR_RED },
		{ "▲", "register write", COLOR_BLACK },
		{ "❘", "register read", COLOR_GREY },
		{ "▬", "admin command", COLOR_ORANGE },
	};
	double px = 24;
	char x[32], y[32], style[64];

	snprintf(y, sizeof(y), "screen %.5f", picture_y(&g->pic, 76));
	for (unsigned int i = 0; i < sizeof(item) / sizeof(item[0]); i++) {
		snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, px));
		snprintf(style, sizeof(style), "left textcolor rgb '%s'", item[i].color);
		picture_label(&g->pic, item[i].sign, x, y, style);
		px += 17;
		snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, px));
		picture_label(&g->pic, item[i].text, x, y, "left");
		px += picture_text_width(item[i].text, 12) + 14;
	}
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, PICTURE_WIDTH - 98.0));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&g->pic, GANTT_TOP - 10.0));
	picture_label(&g->pic, "took", x, y, "right textcolor rgb '" COLOR_GREY "'");
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, PICTURE_WIDTH - 88.0));
	picture_label(&g->pic, "write read cmd", x, y,
		      "left font 'DejaVu Sans,11' textcolor rgb '" COLOR_GREY "'");
}

static uint64_t waited(const struct gantt *g)
{
	uint64_t from = g->axis.seg[0].begin, to = g->axis.seg[g->axis.nr - 1].end, ns = 0;

	for (unsigned int i = 0; i < g->nr_rows; i++) {
		const struct model_phase *p = &g->phases[g->row[i]];
		uint64_t begin = p->begin > from ? p->begin : from, end = p->end < to ? p->end : to;

		if (p->phase == NVS_PHASE_nvme_wait_ready && end > begin)
			ns += end - begin;
	}
	return ns;
}

static void title(struct gantt *g)
{
	const char *kernel = recording_env(g->t->a.recording, "kernel");
	char text[320], more[64] = "";

	if (g->left_out)
		snprintf(more, sizeof(more), "; first %u of %u phases", g->nr_rows,
			 g->nr_rows + g->left_out);
	snprintf(text, sizeof(text), "%s %s %s, of that %s waiting for CSTS.RDY%s%s%s",
		 format_ctrl(g->ctrl).s, g->t->windowed ? "in" : "at work for",
		 format_ns_label((double)axis_busy(&g->axis)).s,
		 format_ns_label((double)waited(g)).s, more, kernel ? "; Linux " : "",
		 kernel ? kernel : "");
	picture_title(&g->pic,
		      g->t->windowed ? "What the driver was at: its phases in this window"
				     : "How the controller comes up: every phase of the driver, "
				       "from module load to disk",
		      text);
}

static int draw(struct gantt *g, const char *name, struct nvs_error *err)
{
	/* Lanes need: states 2, register writes, admin commands and findings 3.6 each. */
	double height = g->nr_rows + 13.3;
	unsigned int px = (unsigned int)(height * GANTT_ROW) + GANTT_TOP + GANTT_BOTTOM;
	int ret;

	if (picture_begin(&g->pic, g->t->out, name, g->t->format, px, err) < 0)
		return -1;
	title(g);
	legend(g);
	cuts(g, height);
	rows(g);
	g->y = g->nr_rows;
	gantt_marks_on_bars(g);
	gantt_lanes(g);
	if (g->t->mark.set)
		fprintf(g->pic.script,
			"set arrow from first %.4f, graph 0 to first %.4f, graph 1 nohead front "
			"lc rgb '" COLOR_RED "' dt 2\n",
			axis_x(&g->axis, g->t->mark.begin), axis_x(&g->axis, g->t->mark.begin));
	fprintf(g->pic.script, "set xlabel 'time since the %s began (%s)'\n",
		g->t->windowed ? "recording" : "first phase", axis_ticks(&g->axis, &g->pic, true));
	fprintf(g->pic.script,
		"set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\n"
		"set border 1\nunset ytics\nunset key\nset xrange [0:%g]\nset yrange [%g:0]\n"
		"plot NaN notitle\n",
		picture_x(&g->pic, GANTT_LEFT), picture_x(&g->pic, PICTURE_WIDTH - GANTT_RIGHT),
		picture_y(&g->pic, GANTT_TOP), picture_y(&g->pic, px - GANTT_BOTTOM), AXIS_LENGTH,
		height);
	ret = picture_end(&g->pic, err);
	picture_free(&g->pic);
	if (ret == 0)
		printf("%s/%s.%s\n", g->t->out, name, g->t->format);
	return ret;
}

static int draw_ctrl(struct timeline *t, const struct model_ctrl *c, unsigned int nth,
		     struct nvs_error *err)
{
	struct gantt *g = calloc(1, sizeof(*g));
	char name[64] = "init";
	int ret = 0;

	if (!g)
		return nvs_fail(err, "out of memory for picture init: close other programs");
	g->t = t;
	g->ctrl = c->id;
	g->phases = model_phases(t->a.model, &g->nr_phases);
	if (nth)
		snprintf(name, sizeof(name), "init-%s", format_ctrl(c->id).s);
	if (choose_rows(g) < 0) {
		ret = nvs_fail(err, "out of memory for picture init: close other programs");
	} else if (g->nr_rows) {
		make_axis(g);
		ret = draw(g, name, err);
	}
	if (ret == 0 && !g->nr_rows && !nth)
		complain(t->windowed
				 ? "%s has no phase of %s in this window: nothing to draw for init"
				 : "%s has no bring-up of %s to draw: record from before the "
				   "modules load",
			 t->a.dir, format_ctrl(c->id).s);
	free(g->row_of);
	free(g);
	return ret;
}

int plot_init(struct timeline *t, struct nvs_error *err)
{
	unsigned int drawn = 0;

	for (unsigned int i = 0; i < model_nr_ctrls(t->a.model); i++) {
		const struct model_ctrl *c = model_ctrl(t->a.model, i);

		if (c->id == NVS_NO_CTRL)
			continue;
		if (draw_ctrl(t, c, drawn++, err) < 0)
			return -1;
	}
	if (!drawn)
		complain("%s has no controller in it: nothing to draw for init", t->a.dir);
	return 0;
}
