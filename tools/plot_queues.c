// SPDX-License-Identifier: GPL-2.0
/* What doorbells, completions and depth share: rows of queues over one time axis. */
#include <string.h>
#include "cmd.h"
#include "format.h"
#include "plot_queues.h"

/* Whether any queue drawn here did anything in a column, or had something to do. */
static bool column_busy(const struct rows_picture *p, unsigned int column, double *depth)
{
	bool busy = false;

	for (unsigned int i = 0; i < p->nr; i++) {
		const struct series *s = p->row[i];
		double low, high;

		depth_step(p->t, s, column, &depth[i], &low, &high);
		busy |= s->depth.column[column].points || s->cq_bells.column[column].points ||
			high > 0;
	}
	return busy;
}

/* What is idle on all queues is left out, if it is long enough to be worth a cut. */
static void make_axis(struct rows_picture *p)
{
	const struct decimator *d = &p->row[0]->depth;
	uint64_t from, to, gap = 0;

	timeline_span(p->t, &from, &to);
	/* A window is drawn as it is: idle time in it says something. */
	for (unsigned int pass = 0; pass < 2 && !p->t->windowed; pass++) {
		double depth[MAX_ROWS];

		p->axis.nr = 0;
		for (unsigned int i = 0; i < p->nr; i++)
			depth[i] = depth_before(p->t, p->row[i]);
		for (unsigned int i = 0; i < DECIMATE_COLUMNS && rows_time(p, d, i) <= to; i++)
			if (column_busy(p, i, depth))
				axis_add(&p->axis, rows_time(p, d, i), rows_time(p, d, i + 1), gap);
		gap = axis_busy(&p->axis) / 12;
	}
	if (!p->axis.nr)
		axis_add(&p->axis, from, to + 1, 0);
	axis_finish(&p->axis, PICTURE_WIDTH - ROWS_LEFT - ROWS_RIGHT,
		    model_totals(p->t->a.model)->first_ts);
}

static unsigned int row_height(unsigned int nr)
{
	return nr <= 3 ? 170 : nr <= 6 ? 130 : 90;
}

int rows_begin(struct rows_picture *p, struct timeline *t, const char *name, unsigned int extra,
	       struct nvs_error *err)
{
	unsigned int height;

	memset(p, 0, sizeof(*p));
	p->t = t;
	p->nr = timeline_rows(t, p->row, MAX_ROWS);
	if (!p->nr) {
		complain("%s has no I/O%s: nothing to draw for %s", t->a.dir,
			 t->windowed ? " in this window" : "", name);
		return 0;
	}
	make_axis(p);
	p->row_height = row_height(p->nr);
	p->extra = extra;
	height = ROWS_TOP + p->nr * (p->row_height + ROWS_GAP) + ROWS_BOTTOM + extra;
	if (picture_begin(&p->pic, t->out, name, t->format, height, err) < 0)
		return -1;
	fprintf(p->pic.script,
		"set lmargin at screen %.5f\nset rmargin at screen %.5f\nunset key\n"
		"set xrange [0:%g]\nset grid xtics ytics lc rgb '" COLOR_LINE "' lw 0.6\n"
		"set tics scale 0.4\nset style fill solid 1 noborder\n",
		picture_x(&p->pic, ROWS_LEFT), picture_x(&p->pic, PICTURE_WIDTH - ROWS_RIGHT),
		AXIS_LENGTH);
	return 1;
}

static double add_legend(struct rows_picture *p, const struct legend_item *item, double px)
{
	char x[32], y[32], style[64];

	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, 78));
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px));
	snprintf(style, sizeof(style), "left textcolor rgb '%s'", item->color);
	picture_label(&p->pic, item->sign, x, y, style);
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px + 18));
	picture_label(&p->pic, item->text, x, y, "left");
	return px + 34 + picture_text_width(item->text, 12);
}

void rows_title(struct rows_picture *p, const char *title, const char *subtitle,
		const struct legend_item *legend, unsigned int nr)
{
	unsigned int all = p->t->nr_series, shown = p->nr;
	const struct legend_item mark = { "┆", COLOR_RED, p->t->mark.label };
	char text[320];
	double px = 24;

	snprintf(text, sizeof(text), "%s%s", subtitle, timeline_filter(p->t).s);
	if (all > shown)
		snprintf(text, sizeof(text), "%s%s; %u of %u queues", subtitle,
			 timeline_filter(p->t).s, shown, all);
	picture_title(&p->pic, title, text);
	for (unsigned int i = 0; i < nr; i++)
		px = add_legend(p, &legend[i], px);
	if (p->t->mark.set)
		add_legend(p, &mark, px);
	fprintf(p->pic.script, "set multiplot\n");
}

void rows_place(struct rows_picture *p, unsigned int i, double low, double high)
{
	double top = ROWS_TOP + i * (double)(p->row_height + ROWS_GAP);
	const char *unit;

	fprintf(p->pic.script,
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\nset yrange [%.6g:%.6g]\n",
		picture_y(&p->pic, top), picture_y(&p->pic, top + p->row_height), low, high);
	unit = axis_ticks(&p->axis, &p->pic, i + 1 == p->nr);
	if (i + 1 == p->nr)
		fprintf(p->pic.script, "set xlabel 'time since the recording began (%s)%s'\n", unit,
			p->axis.nr > 1 ? "; grey: idle time, left out" : "");
}

/* One label to a line: gnuplot would centre several about one point. */
static void lines(struct rows_picture *p, const char *text, double px, double top)
{
	char line[96], x[32], y[32];

	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px));
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
		snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top));
		picture_label(&p->pic, line, x, y, "left font 'DejaVu Sans,12'");
		top += 18;
	}
}

void rows_text(struct rows_picture *p, unsigned int i, const char *figures)
{
	double top = ROWS_TOP + i * (double)(p->row_height + ROWS_GAP);
	char x[32], y[32];

	/* Labels are drawn with a plot: the title's with the first row, then each row's own. */
	if (i > 0)
		fprintf(p->pic.script, "unset label\n");
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, 24));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top + 14));
	picture_label(&p->pic, series_name(p->row[i]).s, x, y, "left font 'DejaVu Sans Bold,13'");
	lines(p, figures, PICTURE_WIDTH - ROWS_RIGHT + 14.0, top + 14);
}

int rows_end(struct rows_picture *p, struct nvs_error *err)
{
	int ret;

	fprintf(p->pic.script, "unset multiplot\n");
	ret = picture_end(&p->pic, err);
	if (ret == 0)
		printf("%s/%s.%s\n", p->t->out, p->pic.name, p->t->format);
	picture_free(&p->pic);
	return ret;
}

uint64_t rows_time(const struct rows_picture *p, const struct decimator *d, unsigned int column)
{
	(void)p;
	return d->start + column * d->width;
}

/* One bin of a stair: two points, for nothing is known within. */
static void write_bin(struct rows_picture *p, uint64_t from, uint64_t to, double rate)
{
	fprintf(p->pic.script, "%.3f %.6g\n%.3f %.6g\n", axis_x(&p->axis, from), rate,
		axis_x(&p->axis, to), rate);
}

double rows_rate(struct rows_picture *p, const char *name, const struct decimator *d,
		 unsigned int bins)
{
	unsigned int merge = (unsigned int)(axis_busy(&p->axis) / d->width / bins) + 1;
	double most = 0;

	fprintf(p->pic.script, "$%s << EOD\n", name);
	for (unsigned int s = 0; s < p->axis.nr; s++) {
		const struct axis_segment *seg = &p->axis.seg[s];
		unsigned int at = (unsigned int)((seg->begin - d->start) / d->width);

		while (at < DECIMATE_COLUMNS && rows_time(p, d, at) < seg->end) {
			unsigned int begin = at, end = at + merge;
			double n = 0, rate;

			for (; at < end && at < DECIMATE_COLUMNS && rows_time(p, d, at) < seg->end;
			     at++)
				n += (double)d->column[at].points;
			rate = n * 1e9 / ((double)(at - begin) * (double)d->width);
			most = rate > most ? rate : most;
			write_bin(p, rows_time(p, d, begin), rows_time(p, d, at) - 1, rate);
		}
		fprintf(p->pic.script, "\n");
	}
	fprintf(p->pic.script, "EOD\n");
	return most;
}

void rows_cuts(struct rows_picture *p, unsigned int row, double low, double high)
{
	fprintf(p->pic.script, "unset object\n");
	p->pic.nr_objects = 0;
	for (unsigned int i = 1; i < p->axis.nr; i++) {
		uint64_t ns = p->axis.seg[i].begin - p->axis.seg[i - 1].end;
		double x1, x2;
		char x[32], y[32];

		axis_gap(&p->axis, i, &x1, &x2);
		picture_box(&p->pic, x1, low, x2, high, "fc rgb '#EDEDED' fs solid noborder front");
		if (row)
			continue;
		snprintf(x, sizeof(x), "first %.3f", (x1 + x2) / 2);
		snprintf(y, sizeof(y), "first %.6g", (low + high) / 2);
		picture_label(&p->pic, format_ns_label((double)ns).s, x, y,
			      "center rotate by 90 font ',11' textcolor rgb '" COLOR_GREY "'");
	}
}

/* A dashed line where it is, in every row; in its own queue's the time that it took. */
void rows_mark(struct rows_picture *p, unsigned int row, double low, double high)
{
	const struct timeline_mark *m = &p->t->mark;
	const struct model_queue *q = p->row[row]->q;
	double x1 = axis_x(&p->axis, m->begin), x2 = axis_x(&p->axis, m->end);

	if (!m->set)
		return;
	fprintf(p->pic.script,
		"unset arrow\nset arrow from first %.4f, graph 0 to first %.4f, graph 1 nohead front "
		"lc rgb '" COLOR_RED "' dt 2 lw 1.2\n",
		x1, x1);
	if (m->end > m->begin && q->ctrl == m->ctrl && q->qid == m->qid)
		picture_box(&p->pic, x1, low, x2, high,
			    "fc rgb '" COLOR_RED "' fs transparent solid 0.18 noborder front");
}
