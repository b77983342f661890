// SPDX-License-Identifier: GPL-2.0
/*
 * heatmap: when I/Os ended and how long they had taken; the darker, the more of them.
 * Drawn of the map's cells, so ten I/Os cost as much as ten thousand million.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "axis.h"
#include "cmd.h"
#include "format.h"
#include "gnuplot.h"
#include "timeline.h"

#define HEAT_LEFT   164 /* pixels */
#define HEAT_RIGHT  190
#define HEAT_TOP    104
#define HEAT_BOTTOM 66
#define HEAT_GAP    12
#define ALL_HEIGHT  340
#define QUEUE_ROW   120
#define LINE_BINS   110 /* steps of the percentiles' lines over the whole width */

struct heat_picture {
	struct timeline *t;
	struct picture pic;
	struct axis axis;
	struct panel {
		char name[48];
		const struct heatmap *h;
	} panel[MAX_ROWS + 1];
	unsigned int nr;
	uint32_t low, high; /* buckets that are drawn: [low, high) */
	double least, most; /* I/Os in a cell */
};

/* --- what there is to draw ------------------------------------------------------------ */

static void add_panels(struct heat_picture *p)
{
	const struct timeline *t = p->t;

	p->panel[p->nr].h = t->heat;
	snprintf(p->panel[p->nr++].name, sizeof(p->panel[0].name), "%s",
		 t->nr_queue_heat > 1 ? "all queues" : "all I/O");
	for (unsigned int i = 0; i < t->nr_queue_heat && t->nr_queue_heat > 1; i++) {
		const struct queue_heat *own = &t->queue_heat[i];

		p->panel[p->nr].h = own->h;
		snprintf(p->panel[p->nr++].name, sizeof(p->panel[0].name), "nvme%u q%u", own->ctrl,
			 own->qid);
	}
}

/* The rows and the colours that all panels share. */
static void find_ranges(struct heat_picture *p)
{
	p->low = HIST_BUCKETS;
	p->least = INFINITY;
	for (unsigned int k = 0; k < p->nr; k++) {
		for (unsigned int i = 0; i < HEAT_COLUMNS; i++) {
			for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
				double n = p->panel[k].h->cell[i][b];

				if (n <= 0)
					continue;
				p->low = b < p->low ? b : p->low;
				p->high = b >= p->high ? b + 1 : p->high;
				p->least = fmin(p->least, n);
				p->most = fmax(p->most, n);
			}
		}
	}
	/* An interval's count leaves small parts at its ends: no colours are spent on them. */
	p->least = fmax(p->least, fmin(1, p->most / 1e4));
	/* Room above and below, and never so little that a cell looks like a wall. */
	p->low = p->low > 4 ? p->low - 4 : 0;
	p->high = p->high + 4 < HIST_BUCKETS ? p->high + 4 : HIST_BUCKETS;
	while (p->high - p->low < 24 && p->high < HIST_BUCKETS)
		p->high++;
}

static bool column_busy(const struct heatmap *h, unsigned int i)
{
	for (uint32_t b = 0; b < HIST_BUCKETS; b++)
		if (h->cell[i][b] > 0)
			return true;
	return false;
}

/* Where nothing ends for long, the axis is cut; a window is drawn as it is. */
static void make_axis(struct heat_picture *p)
{
	const struct heatmap *h = p->t->heat;
	uint64_t first = model_totals(p->t->a.model)->first_ts;
	uint64_t gap = (h->end - h->start) / 16;

	for (unsigned int i = 0; i < heatmap_columns(h) && !p->t->windowed; i++)
		if (column_busy(h, i))
			axis_add(&p->axis, h->start + i * h->width, h->start + (i + 1) * h->width,
				 gap);
	if (p->t->windowed) {
		uint64_t from, to;

		timeline_span(p->t, &from, &to);
		axis_add(&p->axis, from, to + 1, 0);
	}
	/* The first record of level hist is of a time before it. */
	axis_finish(&p->axis, PICTURE_WIDTH - HEAT_LEFT - HEAT_RIGHT,
		    first < h->start ? first : h->start);
}

/* --- one panel ---------------------------------------------------------------------------- */

/* One stretch of the axis as a matrix; returns its columns. */
static unsigned int write_matrix(struct heat_picture *p, const struct heatmap *h,
				 unsigned int panel, unsigned int s, unsigned int *first)
{
	const struct axis_segment *seg = &p->axis.seg[s];
	unsigned int from = (unsigned int)((seg->begin - h->start) / h->width);
	unsigned int to = (unsigned int)((seg->end - 1 - h->start) / h->width) + 1;

	*first = from;
	if (to > heatmap_columns(h))
		to = heatmap_columns(h);
	if (to <= from)
		return 0;
	fprintf(p->pic.script, "$m%u_%u << EOD\n", panel, s);
	for (uint32_t b = p->low; b < p->high; b++) {
		for (unsigned int i = from; i < to; i++)
			if (h->cell[i][b] > 0)
				fprintf(p->pic.script, "%.4g ", h->cell[i][b]);
			else
				fputs("NaN ", p->pic.script);
		/* gnuplot takes no image of a single column. */
		if (to - from == 1)
			fputs("NaN", p->pic.script);
		fputc('\n', p->pic.script);
	}
	fputs("EOD\n", p->pic.script);
	return to - from;
}

/* The percentile @q in steps, each over so many columns that it says something. */
static void write_line(struct heat_picture *p, const struct heatmap *h, unsigned int panel,
		       double q)
{
	unsigned int merge = (unsigned int)(axis_busy(&p->axis) / h->width / LINE_BINS) + 1;

	fprintf(p->pic.script, "$q%u_%.0f << EOD\n", panel, q * 100);
	for (unsigned int i = 0; i < heatmap_columns(h); i += merge) {
		uint32_t b = heatmap_quantile(h, i, i + merge, q);
		uint64_t from = h->start + i * h->width, to = from + merge * h->width - 1;

		if (b == HIST_BUCKETS || !axis_shows(&p->axis, from)) {
			fputc('\n', p->pic.script);
			continue;
		}
		fprintf(p->pic.script, "%.3f %.1f\n%.3f %.1f\n", axis_x(&p->axis, from), b + 0.5,
			axis_x(&p->axis, to), b + 0.5);
	}
	fputs("\nEOD\n", p->pic.script);
}

/* Percentiles of a handful of I/Os say nothing, and would hide them. */
static bool has_lines(const struct heatmap *h)
{
	return h->count >= 100;
}

static void latency_ticks(struct heat_picture *p, bool large)
{
	const char *comma = "";

	fputs("set ytics (", p->pic.script);
	for (double ns = 1000; ns < 1e11; ns *= 10) {
		double y = heatmap_y(ns);

		if (y < p->low || y > p->high)
			continue;
		fprintf(p->pic.script, "%s'%s' %.3f", comma, format_ns_label(ns).s, y);
		comma = ", ";
		for (unsigned int k = 2; large && k < 10; k++)
			if (heatmap_y(ns * k) < p->high)
				fprintf(p->pic.script, ", '' %.3f 1", heatmap_y(ns * k));
	}
	fputs(") font ',11'\n", p->pic.script);
}

/* Percentiles of the whole panel, right of it. */
static void figures(struct heat_picture *p, const struct panel *panel, double top, bool first)
{
	static const double quantiles[] = { 0.5, 0.99, 0.999 };
	static const char *const names[] = { "p50", "p99", "p99.9" };
	char text[64], x[32], y[32];

	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, 24));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top + 14));
	picture_label(&p->pic, panel->name, x, y, "left font 'DejaVu Sans Bold,13'");
	snprintf(x, sizeof(x), "screen %.5f",
		 picture_x(&p->pic, PICTURE_WIDTH - HEAT_RIGHT + 14.0));
	snprintf(text, sizeof(text), "%s I/Os", format_count(panel->h->count).s);
	picture_label(&p->pic, text, x, y, "left font 'DejaVu Sans,12'");
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t b = heatmap_quantile(panel->h, 0, HEAT_COLUMNS, quantiles[i]);

		if (b == HIST_BUCKETS)
			continue;
		snprintf(text, sizeof(text), "%s %s", names[i],
			 format_ns_label(((double)hist_low(b) + (double)hist_low(b + 1)) / 2).s);
		snprintf(y, sizeof(y), "screen %.5f",
			 picture_y(&p->pic, top + 14 + 18 * (i + 1.0)));
		picture_label(&p->pic, text, x, y, "left font 'DejaVu Sans,12'");
	}
	if (!first)
		return;
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top + 118));
	picture_label(&p->pic, "I/Os in a cell:", x, y, "left font 'DejaVu Sans,12'");
}

static void mark(struct heat_picture *p)
{
	const struct timeline_mark *m = &p->t->mark;

	fputs("unset arrow\nunset object\n", p->pic.script);
	p->pic.nr_objects = 0;
	for (unsigned int i = 1; i < p->axis.nr; i++) {
		double x1, x2;

		axis_gap(&p->axis, i, &x1, &x2);
		picture_box(&p->pic, x1, p->low, x2, p->high, "fc rgb '#EDEDED' fs solid noborder");
	}
	if (m->set)
		fprintf(p->pic.script,
			"set arrow from first %.4f, graph 0 to first %.4f, graph 1 nohead front "
			"lc rgb '" COLOR_RED "' dt 2 lw 1.2\n",
			axis_x(&p->axis, m->end), axis_x(&p->axis, m->end));
}

static void draw_panel(struct heat_picture *p, unsigned int k, double top, double height)
{
	const struct heatmap *h = p->panel[k].h;
	unsigned int columns[AXIS_SEGMENTS], first[AXIS_SEGMENTS];
	bool last = k + 1 == p->nr;
	const char *unit, *comma = "";

	for (unsigned int s = 0; s < p->axis.nr; s++)
		columns[s] = write_matrix(p, h, k, s, &first[s]);
	if (has_lines(h)) {
		write_line(p, h, k, 0.5);
		write_line(p, h, k, 0.99);
	}
	if (k)
		fputs("unset label\nunset colorbox\n", p->pic.script);
	figures(p, &p->panel[k], top, k == 0);
	mark(p);
	latency_ticks(p, k == 0);
	fprintf(p->pic.script,
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\nset yrange [%u:%u]\n",
		picture_y(&p->pic, top), picture_y(&p->pic, top + height), p->low, p->high);
	unit = axis_ticks(&p->axis, &p->pic, last);
	if (last)
		fprintf(p->pic.script,
			"set xlabel 'when they ended: time since the recording "
			"began (%s)%s'\n",
			unit, p->axis.nr > 1 ? "; grey: idle time, left out" : "");
	fputs("plot ", p->pic.script);
	for (unsigned int s = 0; s < p->axis.nr; s++) {
		double x, dx = (double)h->width * p->axis.scale;

		if (!columns[s])
			continue;
		x = axis_x(&p->axis, h->start + first[s] * h->width);
		fprintf(p->pic.script,
			"%s$m%u_%u matrix using (%.5f+$1*%.6f):(%u+0.5+$2):3 with image", comma, k,
			s, x + dx / 2, dx, p->low);
		comma = ", ";
	}
	if (has_lines(h))
		fprintf(p->pic.script,
			"%s$q%u_50 with lines lc rgb '" COLOR_ORANGE "' lw 1.6, "
			"$q%u_99 with lines lc rgb '" COLOR_RED "' lw 1.6",
			comma, k, k);
	fputc('\n', p->pic.script);
}

/* --- the picture ------------------------------------------------------------------------------ */

static void legend(struct heat_picture *p)
{
	const struct {
		const char *sign, *color, *text;
	} item[] = {
		{ "▬", COLOR_ORANGE, "half of the I/Os were faster (p50)" },
		{ "▬", COLOR_RED, "99 of 100 were faster (p99)" },
		{ "┆", COLOR_RED, p->t->mark.label },
	};
	double px = 24;
	char x[32], y[32], style[64];

	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, 78));
	for (unsigned int i = has_lines(p->t->heat) ? 0 : 2; i < (p->t->mark.set ? 3 : 2); i++) {
		snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px));
		snprintf(style, sizeof(style), "left textcolor rgb '%s'", item[i].color);
		picture_label(&p->pic, item[i].sign, x, y, style);
		snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px + 18));
		picture_label(&p->pic, item[i].text, x, y, "left");
		px += 34 + picture_text_width(item[i].text, 12);
	}
}

static void begin_script(struct heat_picture *p)
{
	char subtitle[280];
	unsigned int n;

	n = (unsigned int)snprintf(
		subtitle, sizeof(subtitle),
		"each cell: I/Os that ended within %s and had taken so long, within 1/%u%s",
		format_ns_label((double)p->t->heat->width).s, HIST_SUB, timeline_filter(p->t).s);
	if (p->t->level == LEVEL_HIST)
		n += (unsigned int)snprintf(subtitle + n, sizeof(subtitle) - n,
					    "; counted in the kernel, spread over each interval");
	if (p->t->nr_series > p->t->nr_queue_heat && p->t->nr_queue_heat == MAX_ROWS)
		snprintf(subtitle + n, sizeof(subtitle) - n, "; below: %u queues of more",
			 MAX_ROWS);
	picture_title(&p->pic, "How long I/Os took, over time", subtitle);
	legend(p);
	fprintf(p->pic.script,
		"unset key\nset lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		"set xrange [0:%g]\nset tics scale 0.4, 0.25\n"
		"set grid ytics lc rgb '" COLOR_LINE "' lw 0.6 back\n"
		"set palette defined (0 '#8CD3BE', 0.3 '#41B6C4', 0.6 '#2C7FB8', 0.85 '#253494', "
		"1 '#081D58')\n"
		"set logscale cb\nset cbrange [%.4g:%.4g]\nset format cb '%%g'\n"
		"set cbtics font ',11'\n"
		"set colorbox user origin screen %.5f, %.5f size screen %.5f, %.5f\n"
		"set multiplot\n",
		picture_x(&p->pic, HEAT_LEFT), picture_x(&p->pic, PICTURE_WIDTH - HEAT_RIGHT),
		AXIS_LENGTH, p->least, fmax(p->most, p->least * 10),
		picture_x(&p->pic, PICTURE_WIDTH - HEAT_RIGHT + 18.0),
		picture_y(&p->pic, HEAT_TOP + ALL_HEIGHT - 16.0), picture_x(&p->pic, 18),
		(double)(ALL_HEIGHT - 16 - 132) / p->pic.height);
}

static int draw(struct heat_picture *p, struct nvs_error *err)
{
	unsigned int height =
		HEAT_TOP + ALL_HEIGHT + (p->nr - 1) * (QUEUE_ROW + HEAT_GAP) + HEAT_BOTTOM;
	double top = HEAT_TOP;
	int ret;

	if (picture_begin(&p->pic, p->t->out, "heatmap", p->t->format, height, err) < 0)
		return -1;
	begin_script(p);
	for (unsigned int k = 0; k < p->nr; k++) {
		draw_panel(p, k, top, k ? QUEUE_ROW : ALL_HEIGHT);
		top += HEAT_GAP + (k ? QUEUE_ROW : ALL_HEIGHT);
	}
	fputs("unset multiplot\n", p->pic.script);
	ret = picture_end(&p->pic, err);
	if (ret == 0)
		printf("%s/heatmap.%s\n", p->t->out, p->t->format);
	picture_free(&p->pic);
	return ret;
}

int plot_heatmap(struct timeline *t, struct nvs_error *err)
{
	struct heat_picture *p;
	int ret;

	if (!t->heat) {
		complain("no I/O command ended in %s%s: nothing to draw for heatmap", t->a.dir,
			 t->windowed ? " in this window" : "");
		return 0;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return nvs_fail(err, "out of memory for picture heatmap: close other programs");
	p->t = t;
	add_panels(p);
	find_ranges(p);
	make_axis(p);
	ret = draw(p, err);
	free(p);
	return ret;
}
