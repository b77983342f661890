// SPDX-License-Identifier: GPL-2.0
/* The pictures for a terminal: 79 columns, drawn with block characters, no gnuplot. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "format.h"
#include "timeline.h"

#define CELLS	    56 /* characters of a chart's width */
#define CHART_LINES 4  /* and of a row's height */

static const char *const eighths[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

/* One value for each cell, from 0 up. */
struct chart {
	const char *name, *high; /* of the row; what the topmost line stands for */
	double value[CELLS], most;
};

static void print_chart(const struct chart *c)
{
	for (int line = CHART_LINES - 1; line >= 0; line--) {
		printf("%-11s %8s ", line == CHART_LINES - 1 ? c->name : "",
		       line == CHART_LINES - 1 ? c->high
		       : line		       ? ""
					       : "0");
		printf("│");
		for (unsigned int i = 0; i < CELLS; i++) {
			double filled = c->value[i] / c->most * CHART_LINES * 8 - line * 8;

			/* The least of something is more than nothing. */
			if (line == 0 && c->value[i] > 0 && filled < 1)
				filled = 1;
			printf("%s", eighths[filled <= 0 ? 0 : filled >= 8 ? 8 : (int)filled]);
		}
		printf("\n");
	}
}

static void print_axis(const struct timeline *t)
{
	uint64_t from, to;
	struct text a, b;

	timeline_span(t, &from, &to);
	a = format_ns((double)analysis_since_start(&t->a, from));
	b = format_ns((double)analysis_since_start(&t->a, to));
	printf("%21s└", "");
	for (unsigned int i = 0; i < CELLS; i++)
		printf("─");
	printf("\n%21s %-*s%s\n", "", CELLS - (int)strlen(b.s), a.s, b.s);
}

/* Of @d's column @i, of those that make up @span ns. */
static unsigned int cell_of(uint64_t span, const struct decimator *d, unsigned int i)
{
	double share = ((double)i + 0.5) * (double)d->width / (double)span;

	return share >= 1 ? CELLS - 1 : (unsigned int)(share * CELLS);
}

/* Points of each cell. */
static void fill_counts(uint64_t span, struct chart *c, const struct decimator *d)
{
	for (unsigned int i = 0; i < decimate_columns(d); i++)
		c->value[cell_of(span, d, i)] += (double)d->column[i].points;
}

/* The most of each cell; without a change it is what it was. */
static void fill_depth(const struct timeline *t, struct chart *c, const struct series *s)
{
	const struct decimator *d = &s->depth;
	double now = depth_before(t, s);
	unsigned int columns, at = 0;
	uint64_t from, to;

	timeline_span(t, &from, &to);
	columns = (unsigned int)((to - from) / d->width) + 1;

	for (unsigned int i = 0; i < columns && i < DECIMATE_COLUMNS; i++) {
		unsigned int cell = cell_of(to - from + 1, d, i);
		double low, high;

		for (; at < cell; at++)
			c->value[at + 1] = fmax(c->value[at + 1], now);
		depth_step(t, s, i, &now, &low, &high);
		c->value[cell] = fmax(c->value[cell], high);
	}
}

static double most_of(const struct chart *c)
{
	double most = 0;

	for (unsigned int i = 0; i < CELLS; i++)
		most = fmax(most, c->value[i]);
	return most;
}

typedef const struct decimator *(*which_fn)(const struct series *s);

static const struct decimator *sq_bells(const struct series *s)
{
	return &s->sq_bells;
}

static const struct decimator *cq_bells(const struct series *s)
{
	return &s->cq_bells;
}

static const struct decimator *completions(const struct series *s)
{
	return &s->completions;
}

static const struct decimator *irqs(const struct series *s)
{
	return &s->irqs;
}

static const struct decimator *depth(const struct series *s)
{
	return &s->depth;
}

static struct text plain(double v)
{
	struct text t;

	snprintf(t.s, sizeof(t.s), "%.0f", v);
	return t;
}

/* "68.2k/s" */
static struct text rate(double v)
{
	const char *unit = v >= 1e6 ? "M" : v >= 1e3 ? "k" : "";
	struct text t;

	v /= v >= 1e6 ? 1e6 : v >= 1e3 ? 1e3 : 1;
	snprintf(t.s, sizeof(t.s), "%.3g%s/s", v, unit);
	return t;
}

/* All queues with one scale, so that they compare; without @which: their depths. */
static int charts(const struct timeline *t, const char *title, which_fn which)
{
	const struct series *row[MAX_ROWS];
	unsigned int nr = timeline_rows(t, row, MAX_ROWS);
	struct chart c[MAX_ROWS];
	uint64_t from, to;
	double most = 0;
	struct text high;

	timeline_span(t, &from, &to);
	printf("\n%s\n", title);
	if (!nr)
		printf("  no I/O here\n");
	memset(c, 0, sizeof(c));
	for (unsigned int i = 0; i < nr; i++) {
		if (!which)
			fill_depth(t, &c[i], row[i]);
		else
			fill_counts(to - from + 1, &c[i], which(row[i]));
		most = fmax(most, most_of(&c[i]));
	}
	/* Counts of a cell become a rate: cells of 35 ms say nothing to anybody. */
	high = !which ? plain(most) : rate(most * CELLS * 1e9 / (double)(to - from + 1));
	for (unsigned int i = 0; i < nr; i++) {
		struct text name = series_name(row[i]);

		c[i].most = most > 0 ? most : 1;
		c[i].name = name.s;
		c[i].high = high.s;
		print_chart(&c[i]);
	}
	if (nr)
		print_axis(t);
	if (t->nr_series > nr)
		printf("  %u of %u queues\n", nr, t->nr_series);
	return 0;
}

int text_doorbells(struct timeline *t, struct nvs_error *err)
{
	(void)err;
	charts(t, "SQ tail doorbells a second", sq_bells);
	return charts(t, "CQ head doorbells a second", cq_bells);
}

int text_completions(struct timeline *t, struct nvs_error *err)
{
	(void)err;
	charts(t, "Completions a second", completions);
	if (t->level == LEVEL_IO)
		return charts(t, "Requests that the driver took, a second", depth);
	return charts(t, "Interrupts a second", irqs);
}

int text_depth(struct timeline *t, struct nvs_error *err)
{
	(void)err;
	return charts(t,
		      t->level == LEVEL_IO
			      ? "Queue depth: requests at the driver, the most of each moment"
			      : "Queue depth: commands at the device, the most of each moment",
		      NULL);
}

static void text_bar(const char *label, const struct latency *l, double q, double longest)
{
	static const char *const fill[STAGE_TOTAL] = { "▓", "█", "▒", "░" };
	double part[STAGE_TOTAL], sum = 0, end = 0;
	int drawn = 0;

	latency_parts(l, q, part);
	printf("  %-7s", label);
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		sum += part[i];
		for (end += part[i] / longest * 50; drawn < (int)(end + 0.5); drawn++)
			printf("%s", fill[i]);
	}
	printf(" %s\n", format_ns(sum).s);
}

int text_latency(struct timeline *t, struct nvs_error *err)
{
	double part[STAGE_TOTAL], longest = 0;

	(void)err;
	printf("\nWhere the time of an I/O goes   ▓ queue  █ driver  ▒ device  ░ completion\n");
	if (!t->all->stage[STAGE_TOTAL].count) {
		printf("  no whole I/O command here\n");
		return 0;
	}
	latency_parts(t->all, 0.999, part);
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		longest += part[i];
	longest = fmax(longest, 1);
	text_bar("p50", t->all, 0.5, longest);
	text_bar("p90", t->all, 0.9, longest);
	text_bar("p99", t->all, 0.99, longest);
	text_bar("p99.9", t->all, 0.999, longest);
	return 0;
}

/* From the first to the last phase of bringing up; false: there is none. */
static bool init_span(const struct timeline *t, uint64_t *from, uint64_t *to)
{
	unsigned int nr;
	const struct model_phase *p = model_phases(t->a.model, &nr);

	*from = UINT64_MAX;
	*to = 0;
	for (unsigned int i = 0; i < nr; i++) {
		if (!phase_is_init(p[i].phase) || p[i].phase == NVS_PHASE_nvme_core_init)
			continue;
		*from = p[i].begin < *from ? p[i].begin : *from;
		*to = p[i].end > *to ? p[i].end : *to;
	}
	return *to > *from;
}

int text_init(struct timeline *t, struct nvs_error *err)
{
	unsigned int nr;
	const struct model_phase *p = model_phases(t->a.model, &nr);
	uint64_t from, to;
	const int width = 30;

	(void)err;
	printf("\nHow the controller comes up   █ phase  ▒ waits for CSTS.RDY\n");
	if (!init_span(t, &from, &to)) {
		printf("  no bring-up here: record from before the modules load\n");
		return 0;
	}
	for (unsigned int i = 0; i < nr; i++) {
		const struct model_phase *ph = &p[t->a.order[i]];
		const char *name = nvs_symbol_name(NVS_SET_PHASE, ph->phase);
		bool wait = ph->phase == NVS_PHASE_nvme_wait_ready;
		int a, b;

		if (!phase_is_init(ph->phase) || ph->begin < from || ph->end > to)
			continue;
		a = (int)((double)(ph->begin - from) / (double)(to - from) * width);
		b = (int)((double)(ph->end - from) / (double)(to - from) * width);
		a = a >= width ? width - 1 : a;
		b = b <= a ? a + 1 : b;
		printf("  %*s%-*s %8s │%*s", ph->level, "", 34 - ph->level, name ? name : "?",
		       format_ns((double)(ph->end - ph->begin)).s, a, "");
		for (int k = a; k < b; k++)
			printf("%s", wait ? "▒" : "█");
		printf("\n");
	}
	return 0;
}
