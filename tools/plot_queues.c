// SPDX-License-Identifier: GPL-2.0
/* What doorbells, completions and depth share: rows of queues over one time axis. */
#include <string.h>
#include "cmd.h"
#include "format.h"
#include "plot_queues.h"

static void choose_unit(struct rows_picture *p)
{
	uint64_t from, to;

	timeline_span(p->t, &from, &to);
	p->first_ns = (double)analysis_since_start(&p->t->a, from);
	p->unit = to - from > 2000000000 ? 1e9 : to - from > 500000 ? 1e6 : 1e3;
	p->from = p->first_ns / p->unit;
	p->to = (double)analysis_since_start(&p->t->a, to > from ? to : from + 1) / p->unit;
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
			 t->from || t->to ? " between --from and --to" : "", name);
		return 0;
	}
	choose_unit(p);
	p->row_height = row_height(p->nr);
	p->extra = extra;
	height = ROWS_TOP + p->nr * (p->row_height + ROWS_GAP) + ROWS_BOTTOM + extra;
	if (picture_begin(&p->pic, t->out, name, t->format, height, err) < 0)
		return -1;
	fprintf(p->pic.script,
		"set lmargin at screen %.5f\nset rmargin at screen %.5f\nunset key\n"
		"set xrange [%.9g:%.9g]\nset grid xtics ytics lc rgb '" COLOR_LINE "' lw 0.6\n"
		"set tics scale 0.4\nset style fill solid 1 noborder\n",
		picture_x(&p->pic, ROWS_LEFT), picture_x(&p->pic, PICTURE_WIDTH - ROWS_RIGHT),
		p->from, p->to);
	return 1;
}

void rows_title(struct rows_picture *p, const char *title, const char *subtitle,
		const struct legend_item *legend, unsigned int nr)
{
	unsigned int all = p->t->nr_series, shown = p->nr;
	char x[32], y[32], style[64], text[320];
	double px = 24;

	snprintf(text, sizeof(text), "%s", subtitle);
	if (all > shown)
		snprintf(text, sizeof(text), "%s; %u of %u queues", subtitle, shown, all);
	picture_title(&p->pic, title, text);
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, 78));
	for (unsigned int i = 0; i < nr; i++) {
		snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px));
		snprintf(style, sizeof(style), "left textcolor rgb '%s'", legend[i].color);
		picture_label(&p->pic, legend[i].sign, x, y, style);
		px += 18;
		snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, px));
		picture_label(&p->pic, legend[i].text, x, y, "left");
		px += picture_text_width(legend[i].text, 12) + 16;
	}
	fprintf(p->pic.script, "set multiplot\n");
}

void rows_place(struct rows_picture *p, unsigned int i, double low, double high)
{
	double top = ROWS_TOP + i * (double)(p->row_height + ROWS_GAP);
	const char *unit = p->unit == 1e9 ? "s" : p->unit == 1e6 ? "ms" : "µs";

	fprintf(p->pic.script,
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\nset yrange [%.6g:%.6g]\n",
		picture_y(&p->pic, top), picture_y(&p->pic, top + p->row_height), low, high);
	if (i + 1 < p->nr)
		fprintf(p->pic.script, "set format x ''\nunset xlabel\n");
	else
		fprintf(p->pic.script,
			"set format x '%%g'\nset xlabel 'time since the recording began (%s)'\n",
			unit);
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

double rows_time(const struct rows_picture *p, const struct decimator *d, unsigned int column)
{
	return (p->first_ns + ((double)column + 0.5) * (double)d->width) / p->unit;
}

double rows_rate(struct rows_picture *p, const char *name, const struct decimator *d,
		 unsigned int bins)
{
	uint64_t from, to;
	unsigned int columns, merge;
	double most = 0;

	timeline_span(p->t, &from, &to);
	columns = (unsigned int)((to - from) / d->width) + 1;
	merge = (columns + bins - 1) / bins;
	fprintf(p->pic.script, "$%s << EOD\n", name);
	for (unsigned int i = 0; i < columns; i += merge) {
		double n = 0, rate;

		for (unsigned int k = i; k < i + merge && k < DECIMATE_COLUMNS; k++)
			n += (double)d->column[k].points;
		rate = n * 1e9 / ((double)merge * (double)d->width);
		if (rate > most)
			most = rate;
		/* Two points a bin: a stair, for nothing is known within. */
		fprintf(p->pic.script, "%.9g %.6g\n%.9g %.6g\n",
			rows_time(p, d, i) - 0.5 * (double)d->width / p->unit, rate,
			rows_time(p, d, i + merge) - 0.5 * (double)d->width / p->unit, rate);
	}
	fprintf(p->pic.script, "EOD\n");
	return most;
}
