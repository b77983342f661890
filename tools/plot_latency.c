// SPDX-License-Identifier: GPL-2.0
/*
 * latency: where the time of an I/O goes.  Bars show what the commands at a
 * percentile spent in each stage (their own parts, which add up; medians of
 * stages would not), the curve how many commands are done within what time.
 */
#include <math.h>
#include <string.h>
#include "cmd.h"
#include "format.h"
#include "gnuplot.h"
#include "plot_curve.h"
#include "timeline.h"

#define BARS_LEFT    170 /* pixels */
#define BARS_RIGHT   690 /* from the left edge */
#define BAR	     26
#define PANEL_TITLE  40
#define PANEL_AXIS   46
#define CURVE_LEFT   780
#define CURVE_RIGHT  1176
#define CURVE_HEIGHT 380
#define LATENCY_TOP  96
#define MAX_BARS     12

static const char *const stage_color[NR_STAGES] = { COLOR_PURPLE, COLOR_BLUE, COLOR_ORANGE,
						    COLOR_GREEN, COLOR_BLACK };
static const char *const stage_name[NR_STAGES] = { "queue", "driver", "device", "completion",
						   "total" };

struct bar {
	char label[32], note[48];
	double part[STAGE_TOTAL]; /* ns */
};

struct panel {
	char title[96];
	struct bar bar[MAX_BARS];
	unsigned int nr;
};

static double bar_total(const struct bar *b)
{
	double ns = 0;

	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		ns += b->part[i];
	return ns;
}

static void bar_add(struct panel *p, const char *label, const struct latency *l, double q)
{
	struct bar *b = &p->bar[p->nr];

	if (p->nr == MAX_BARS)
		return;
	p->nr++;
	snprintf(b->label, sizeof(b->label), "%s", label);
	latency_parts(l, q, b->part);
	snprintf(b->note, sizeof(b->note), "%.15s", format_ns_label(bar_total(b)).s);
}

static void panel_percentiles(const struct timeline *t, struct panel *p)
{
	snprintf(p->title, sizeof(p->title), "All I/O: the typical command, and the slow ones");
	bar_add(p, "p50", t->all, 0.5);
	bar_add(p, "p90", t->all, 0.9);
	bar_add(p, "p99", t->all, 0.99);
	bar_add(p, "p99.9", t->all, 0.999);
}

/* Commands that a kind must have to be among the MAX_BARS most frequent. */
static uint64_t kinds_threshold(const struct timeline *t, unsigned int *kinds)
{
	const struct latency *const *k = (const struct latency *const *)&t->stats->kind[0][0];
	const unsigned int all = NR_STATS_OPS * NR_STATS_SIZES;
	uint64_t threshold = 0;

	for (;;) {
		uint64_t next = UINT64_MAX;
		unsigned int n = 0;

		for (unsigned int i = 0; i < all; i++) {
			uint64_t count = k[i] ? k[i]->stage[STAGE_TOTAL].count : 0;

			if (count <= threshold)
				continue;
			n++;
			next = count < next ? count : next;
		}
		if (threshold == 0)
			*kinds = n;
		if (n <= MAX_BARS)
			return threshold;
		threshold = next;
	}
}

static void panel_kinds(const struct timeline *t, struct panel *p)
{
	unsigned int kinds;
	uint64_t threshold = kinds_threshold(t, &kinds);
	char label[32];

	for (unsigned int op = 0; op < NR_STATS_OPS; op++) {
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++) {
			const struct latency *l = t->stats->kind[op][size];

			if (!l || l->stage[STAGE_TOTAL].count <= threshold)
				continue;
			snprintf(label, sizeof(label), "%s %s", stats_op_name(op),
				 size ? stats_size_name(size) : "");
			bar_add(p, label, l, 0.5);
		}
	}
	if (p->nr < kinds)
		snprintf(p->title, sizeof(p->title),
			 "The median command of the %u most frequent "
			 "kinds, of %u",
			 p->nr, kinds);
	else
		snprintf(p->title, sizeof(p->title),
			 "The median command of each operation and size");
}

static void panel_queues(const struct timeline *t, struct panel *p)
{
	const struct series *row[MAX_BARS];
	unsigned int nr = timeline_rows(t, row, MAX_BARS);

	snprintf(p->title, sizeof(p->title),
		 "The median command of each queue, split as all of its commands are");
	for (unsigned int i = 0; i < nr; i++)
		if (row[i]->q->qid && t->stats->queue[row[i]->q->index])
			bar_add(p, series_name(row[i]).s, t->stats->queue[row[i]->q->index], 0.5);
}

static unsigned int panel_height(const struct panel *p)
{
	return p->nr ? PANEL_TITLE + p->nr * BAR + PANEL_AXIS : 0;
}

/* One bar and its words, in plot coordinates: x in @unit ns, y in rows. */
static void draw_bar(struct picture *pic, const struct bar *b, unsigned int row, double unit,
		     double px)
{
	double x = 0;
	char sx[32], sy[32], style[96];

	snprintf(sy, sizeof(sy), "first %.3f", row + 0.5);
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		double wide = b->part[i] / unit;

		snprintf(style, sizeof(style), "fc rgb '%s' fs solid noborder", stage_color[i]);
		picture_box(pic, x, row + 0.18, x + wide, row + 0.82, style);
		x += wide;
	}
	snprintf(sx, sizeof(sx), "first %.6f", x + 6 * px);
	picture_label(pic, b->note, sx, sy, "left font 'DejaVu Sans,12'");
	snprintf(sx, sizeof(sx), "screen %.5f", picture_x(pic, BARS_LEFT - 10.0));
	picture_label(pic, b->label, sx, sy, "right");
}

static void draw_panel(struct picture *pic, const struct panel *p, double top)
{
	double most = 1, unit, step, px;
	char x[32], y[32];

	for (unsigned int i = 0; i < p->nr; i++)
		most = fmax(most, bar_total(&p->bar[i]));
	unit = most >= 2e9 ? 1e9 : most >= 2e6 ? 1e6 : 1e3;
	step = nice_step(most / unit, 5);
	px = most * 1.16 / unit / (BARS_RIGHT - BARS_LEFT);
	snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, 24));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(pic, top + 18));
	picture_label(pic, p->title, x, y, "left font 'DejaVu Sans Bold,13.5'");
	for (unsigned int i = 0; i < p->nr; i++)
		draw_bar(pic, &p->bar[i], i, unit, px);
	top += PANEL_TITLE;
	fprintf(pic->script,
		"set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\n"
		"set border 1\nunset ytics\nunset ylabel\nset xrange [0:%.9g]\nset yrange [%u:0]\n"
		"set xtics %.9g scale 0.4\nset grid xtics lc rgb '" COLOR_LINE "' lw 0.6\n"
		"set xlabel 'time (%s)' offset 0,0.4\nplot NaN notitle\nunset label\nunset object\n",
		picture_x(pic, BARS_LEFT), picture_x(pic, BARS_RIGHT), picture_y(pic, top),
		picture_y(pic, top + p->nr * (double)BAR), most * 1.16 / unit, p->nr, step,
		unit == 1e9   ? "s"
		: unit == 1e6 ? "ms"
			      : "µs");
	pic->nr_objects = 0;
}

static void draw_curves(struct picture *pic, const struct latency *l, double top)
{
	unsigned int comma = 0;
	double most = curve_nines(1 - 1 / (2.0 * (double)l->stage[STAGE_TOTAL].count)),
	       least = INFINITY;
	char x[32], y[32];

	snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, CURVE_LEFT - 66.0));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(pic, top + 18));
	picture_label(pic, "All I/O: share of commands done within a time", x, y,
		      "left font 'DejaVu Sans Bold,13.5'");
	for (unsigned int i = 0; i < NR_STAGES; i++) {
		if (!l->stage[i].count)
			continue; /* blk-mq kept no time */
		curve_data(pic, &l->stage[i], stage_name[i]);
		least = fmin(least, fmax((double)l->stage[i].min, 10));
	}
	top += PANEL_TITLE;
	fprintf(pic->script,
		"set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
		picture_x(pic, CURVE_LEFT), picture_x(pic, CURVE_RIGHT), picture_y(pic, top),
		picture_y(pic, top + CURVE_HEIGHT));
	curve_axes(pic, least, (double)l->stage[STAGE_TOTAL].max, most);
	fprintf(pic->script, "set xlabel 'time, each mark ten times the last' offset 0,0.2\nplot ");
	for (unsigned int i = 0; i < NR_STAGES; i++)
		if (l->stage[i].count)
			fprintf(pic->script, "%s$%s using 1:2 with lines lw %s lc rgb '%s' notitle",
				comma++ ? ", " : "", stage_name[i],
				i == STAGE_TOTAL ? "2.4" : "1.8", stage_color[i]);
	fputc('\n', pic->script);
}

/* The figures behind the curves, for who wants to cite them. */
static void draw_table(struct picture *pic, const struct latency *l, double top)
{
	static const char *const head[] = { "p50", "p99", "p99.9", "max" };
	static const double quantile[] = { 0.5, 0.99, 0.999, 1 };
	char x[32], y[32];

	for (unsigned int row = 0; row <= NR_STAGES; row++) {
		snprintf(y, sizeof(y), "screen %.5f", picture_y(pic, top + row * 22.0));
		snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, CURVE_LEFT - 66.0));
		if (row)
			picture_label(pic, stage_name[row - 1], x, y, "left");
		for (unsigned int i = 0; i < 4; i++) {
			const struct histogram *h = &l->stage[row ? row - 1 : 0];
			double ns = (double)(i == 3 ? h->max : histogram_quantile(h, quantile[i]));

			snprintf(x, sizeof(x), "screen %.5f",
				 picture_x(pic, CURVE_LEFT + 96 + 98.0 * i));
			picture_label(pic, row ? format_ns_label(ns).s : head[i], x, y,
				      row ? "right" : "right textcolor rgb '" COLOR_GREY "'");
		}
	}
}

static void legend(struct picture *pic)
{
	static const struct {
		const char *color, *text;
	} item[] = {
		{ COLOR_PURPLE, "queue: in blk-mq" },
		{ COLOR_BLUE, "driver: taken from it, until the doorbell" },
		{ COLOR_ORANGE, "device: until its completion entry is seen" },
		{ COLOR_GREEN, "completion: until the request ends" },
		{ COLOR_BLACK, "total" },
	};
	double px = 24;
	char x[32], y[32], style[64];

	snprintf(y, sizeof(y), "screen %.5f", picture_y(pic, 78));
	for (unsigned int i = 0; i < sizeof(item) / sizeof(item[0]); i++) {
		snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, px));
		snprintf(style, sizeof(style), "left textcolor rgb '%s'", item[i].color);
		picture_label(pic, "■", x, y, style);
		px += 18;
		snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, px));
		picture_label(pic, item[i].text, x, y, "left");
		px += picture_text_width(item[i].text, 12) + 14;
	}
}

static int draw(struct timeline *t, const struct panel *panel, unsigned int nr,
		struct nvs_error *err)
{
	unsigned int height = LATENCY_TOP + PANEL_TITLE + CURVE_HEIGHT + PANEL_AXIS + 160, all = 0;
	const struct histogram *total = &t->all->stage[STAGE_TOTAL];
	double top = LATENCY_TOP;
	struct picture pic;
	char text[200];
	int ret;

	for (unsigned int i = 0; i < nr; i++)
		all += panel_height(&panel[i]);
	if (LATENCY_TOP + all + 10 > height)
		height = LATENCY_TOP + all + 10;
	if (picture_begin(&pic, t->out, "latency", t->format, height, err) < 0)
		return -1;
	snprintf(
		text, sizeof(text),
		"%s commands%s; a bar is as long as the percentile, and split as the commands around it "
		"divide their time; right to 1/%u",
		format_count(total->count).s, t->windowed ? " in the window" : "", HISTOGRAM_SUB);
	picture_title(&pic, "Where the time of an I/O goes", text);
	legend(&pic);
	fprintf(pic.script, "unset key\nset multiplot\n");
	for (unsigned int i = 0; i < nr; i++) {
		if (panel[i].nr)
			draw_panel(&pic, &panel[i], top);
		top += panel_height(&panel[i]);
	}
	draw_table(&pic, t->all, LATENCY_TOP + PANEL_TITLE + CURVE_HEIGHT + PANEL_AXIS + 40);
	draw_curves(&pic, t->all, LATENCY_TOP);
	fprintf(pic.script, "unset multiplot\n");
	ret = picture_end(&pic, err);
	if (ret == 0)
		printf("%s/latency.%s\n", t->out, t->format);
	picture_free(&pic);
	return ret;
}

int plot_latency(struct timeline *t, struct nvs_error *err)
{
	struct panel panel[3];

	if (!t->all->stage[STAGE_TOTAL].count) {
		complain("%s has no whole I/O command%s: nothing to draw for latency", t->a.dir,
			 t->windowed ? " in this window" : "");
		return 0;
	}
	memset(panel, 0, sizeof(panel));
	panel_percentiles(t, &panel[0]);
	panel_kinds(t, &panel[1]);
	panel_queues(t, &panel[2]);
	return draw(t, panel, 3, err);
}
