// SPDX-License-Identifier: GPL-2.0
/*
 * Distributions of both sets, one over the other: a row for each kind of command, a column for
 * each stage; each run a thin line, all runs of a side together a thick one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "compare.h"
#include "plot_curve.h"

#define MAX_KINDS  6
#define MAX_RUNS   40 /* thin lines of each side */
#define PANEL_HIGH 210
#define PLOT_TOP   108
#define LEFT	   74.0
#define GAP	   52.0

static const char *const side_color[NR_SIDES] = { COLOR_BLUE, COLOR_RED };
static const unsigned int shown_stages[] = { STAGE_DRIVER, STAGE_DEVICE, STAGE_COMPLETION,
					     STAGE_TOTAL };
#define NR_SHOWN (sizeof(shown_stages) / sizeof(shown_stages[0]))

struct kind {
	struct compare_key key;
	uint64_t commands;
};

static int by_commands(const void *x, const void *y)
{
	const struct kind *a = x, *b = y;

	return (a->commands < b->commands) - (a->commands > b->commands);
}

/* Kinds of I/O, those with the most commands first. */
static unsigned int find_kinds(const struct comparison *c, struct kind *kind)
{
	struct kind all[256];
	unsigned int nr = 0, i;

	for (unsigned int side = 0; side < NR_SIDES; side++)
		for (unsigned int r = 0; r < c->set[side].nr; r++)
			for (const struct compare_cell *cell = c->set[side].run[r].cells; cell;
			     cell = cell->next) {
				if (cell->key.class == CLASS_admin)
					continue;
				for (i = 0;
				     i < nr && memcmp(&all[i].key, &cell->key, sizeof(cell->key));
				     i++)
					;
				if (i == 256)
					continue;
				if (i == nr)
					all[nr++] = (struct kind){ .key = cell->key };
				all[i].commands += cell->stage[STAGE_TOTAL].count;
			}
	qsort(all, nr, sizeof(*all), by_commands);
	nr = nr < MAX_KINDS ? nr : MAX_KINDS;
	memcpy(kind, all, nr * sizeof(*all));
	return nr;
}

static const struct histogram *histogram_of(const struct compare_run *run,
					    const struct compare_key *key, unsigned int stage)
{
	for (const struct compare_cell *cell = run->cells; cell; cell = cell->next)
		if (!memcmp(&cell->key, key, sizeof(*key)))
			return cell->stage[stage].count ? &cell->stage[stage] : NULL;
	return NULL;
}

/* Margins of a panel, in pixels from the top left. */
static void place_panel(struct picture *pic, unsigned int row, unsigned int column)
{
	double wide = (PICTURE_WIDTH - LEFT - 16) / NR_SHOWN,
	       top = PLOT_TOP + row * (double)(PANEL_HIGH + 62);

	fprintf(pic->script,
		"set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
		picture_x(pic, LEFT + column * wide),
		picture_x(pic, LEFT + (column + 1) * wide - GAP), picture_y(pic, top + 24),
		picture_y(pic, top + PANEL_HIGH));
}

static void title_panel(struct picture *pic, const struct kind *kind, unsigned int row,
			unsigned int column)
{
	double wide = (PICTURE_WIDTH - LEFT - 16) / NR_SHOWN,
	       top = PLOT_TOP + row * (double)(PANEL_HIGH + 62);
	struct compare_key key = kind->key;
	struct compare_name name;
	char x[32], y[32];

	key.section = SECTION_RATE; /* its name is without a stage */
	name = compare_where(&key);
	snprintf(y, sizeof(y), "screen %.5f", picture_y(pic, top + 12));
	snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, LEFT + column * wide));
	picture_label(pic, compare_stage_names[shown_stages[column]], x, y, "left");
	if (column)
		return;
	snprintf(y, sizeof(y), "screen %.5f", picture_y(pic, top - 6));
	snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, 24));
	picture_label(pic, name.s, x, y, "left font 'DejaVu Sans Bold,13.5'");
}

struct curves {
	char *plot; /* gnuplot's list */
	size_t size;
	FILE *list;
	double least, most, top;
	unsigned int nr;
};

static void add_curve(struct picture *pic, struct curves *v, const struct histogram *h,
		      unsigned int side, bool all_runs)
{
	char name[16];

	snprintf(name, sizeof(name), "c%u", v->nr);
	curve_data(pic, h, name);
	fprintf(v->list, "%s$%s using 1:2 with lines lw %s lc rgb '%s%s' notitle",
		v->nr++ ? ", " : "", name, all_runs ? "2.4" : "0.6", all_runs ? "#" : "#90",
		side_color[side] + 1);
	v->least = fmin(v->least, fmax((double)h->min, 10));
	v->most = fmax(v->most, (double)h->max);
	v->top = fmax(v->top, curve_nines(1 - 1 / (2.0 * (double)h->count)));
}

static void draw_panel(struct picture *pic, const struct comparison *c, const struct kind *kind,
		       unsigned int row, unsigned int column)
{
	struct curves v = { .least = INFINITY, .most = 20 };

	v.list = open_memstream(&v.plot, &v.size);
	for (unsigned int side = 0; v.list && side < NR_SIDES; side++) {
		const struct compare_set *set = &c->set[side];
		struct histogram all = { 0 };

		for (unsigned int r = 0; r < set->nr; r++) {
			const struct histogram *h =
				histogram_of(&set->run[r], &kind->key, shown_stages[column]);

			if (!h)
				continue;
			histogram_merge(&all, h);
			if (set->nr > 1 && r < MAX_RUNS)
				add_curve(pic, &v, h, side, false);
		}
		if (all.count)
			add_curve(pic, &v, &all, side, true);
	}
	if (!v.list || fclose(v.list) || !v.nr) {
		free(v.plot);
		return;
	}
	title_panel(pic, kind, row, column);
	place_panel(pic, row, column);
	curve_axes(pic, v.least, v.most, v.top);
	fprintf(pic->script,
		"set xtics font ',9' rotate by -35\nset ytics font ',10'\nplot %s\nunset label\n",
		v.plot);
	free(v.plot);
}

static void legend(struct picture *pic, const struct comparison *c)
{
	static const double at[NR_SIDES] = { 24, 620 };
	char x[32], y[32], text[96], style[64];

	snprintf(y, sizeof(y), "screen %.5f", picture_y(pic, 72));
	for (unsigned int side = 0; side < NR_SIDES; side++) {
		snprintf(x, sizeof(x), "screen %.5f", picture_x(pic, at[side]));
		snprintf(style, sizeof(style), "left textcolor rgb '%s'", side_color[side]);
		snprintf(text, sizeof(text), "■ %c: %u run%s, %.60s", 'A' + side, c->set[side].nr,
			 c->set[side].nr == 1 ? "" : "s", c->set[side].run[0].path);
		picture_label(pic, text, x, y, style);
	}
}

int compare_plot(const struct comparison *c, const char *dir, const char *format,
		 struct nvs_error *err)
{
	struct kind kind[MAX_KINDS];
	unsigned int nr = find_kinds(c, kind);
	struct picture pic;
	int ret;

	if (!nr)
		return 0;
	if (picture_begin(&pic, dir, "distributions", format, PLOT_TOP + nr * (PANEL_HIGH + 62),
			  err) < 0)
		return -1;
	picture_title(
		&pic, "Share of commands done within a time, by stage",
		"thick: all runs of a side; thin: each run; every nine more is one step up, every mark "
		"to the right ten times the time");
	legend(&pic, c);
	fprintf(pic.script, "unset key\nset multiplot\n");
	for (unsigned int row = 0; row < nr; row++)
		for (unsigned int column = 0; column < NR_SHOWN; column++)
			draw_panel(&pic, c, &kind[row], row, column);
	fprintf(pic.script, "unset multiplot\n");
	ret = picture_end(&pic, err);
	picture_free(&pic);
	return ret < 0 ? -1 : 1;
}
