// SPDX-License-Identifier: GPL-2.0
/*
 * doorbells and completions: how often, over time and for each queue.  What the
 * driver tells the device goes up from the zero line, what comes back goes down.
 */
#include <string.h>
#include "format.h"
#include "plot_queues.h"

#define RATE_BINS 320 /* steps of a stair over the whole width */

/* Ticks of one direction, "20k"; what goes down is drawn @times as large. */
static void add_ticks(struct rows_picture *p, double most, double sign, double times)
{
	double step = nice_step(most, 3), unit = 1;
	const char *letter = "";

	if (most >= 1e3) {
		unit = most >= 1e6 ? 1e6 : 1e3;
		letter = most >= 1e6 ? "M" : "k";
	}
	for (double v = step; v <= most * 1.05; v += step)
		fprintf(p->pic.script, ", '%g%s' %g", v / unit, letter, sign * v * times);
}

struct rate_pair {
	const char *name, *title, *subtitle;
	struct legend_item legend[2];
	const struct decimator *(*up)(const struct series *s);
	const struct decimator *(*down)(const struct series *s);
	bool own_scale; /* of what goes down */
	void (*figures)(const struct series *s, char *text, size_t size);
};

static void draw_row(struct rows_picture *p, const struct rate_pair *r, unsigned int i, double most,
		     double times)
{
	char figures[256];

	r->figures(p->row[i], figures, sizeof(figures));
	rows_text(p, i, figures);
	rows_place(p, i, -most * 1.08, most * 1.08);
	rows_cuts(p, i, -most * 1.08, most * 1.08);
	rows_mark(p, i, -most * 1.08, most * 1.08);
	fprintf(p->pic.script,
		"plot $up%u using 1:2 with filledcurves y1=0 fc rgb '%s', "
		"$down%u using 1:(-$2*%g) with filledcurves y1=0 fc rgb '%s', "
		"0 with lines lc rgb '" COLOR_BLACK "' lw 0.8\n",
		i, r->legend[0].color, i, times, r->legend[1].color);
}

/* The rows' scale is common: a queue that does less must look so. */
static void draw_rows(struct rows_picture *p, const struct rate_pair *r)
{
	double most[2] = { 1, 1 };

	for (unsigned int i = 0; i < p->nr; i++) {
		char name[32];
		double up, down;

		snprintf(name, sizeof(name), "up%u", i);
		up = rows_rate(p, name, r->up(p->row[i]), RATE_BINS);
		snprintf(name, sizeof(name), "down%u", i);
		down = rows_rate(p, name, r->down(p->row[i]), RATE_BINS);
		most[0] = up > most[0] ? up : most[0];
		most[1] = down > most[1] ? down : most[1];
	}
	if (!r->own_scale)
		most[0] = most[1] = most[0] > most[1] ? most[0] : most[1];
	fprintf(p->pic.script, "set ytics ('0' 0");
	add_ticks(p, most[0], 1, 1);
	add_ticks(p, most[1], -1, most[0] / most[1]);
	fprintf(p->pic.script, ") font ',11'\n");
	for (unsigned int i = 0; i < p->nr; i++)
		draw_row(p, r, i, most[0], most[0] / most[1]);
}

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

/* At level io each request leaves a point there. */
static const struct decimator *taken(const struct series *s)
{
	return &s->depth;
}

static const struct decimator *irqs(const struct series *s)
{
	return &s->irqs;
}

/* What is within the picture, which may be less than the recording. */
static struct column all_of(const struct decimator *d)
{
	struct column all = { 0 };

	for (unsigned int i = 0; i < DECIMATE_COLUMNS; i++) {
		all.points += d->column[i].points;
		all.sum += d->column[i].sum;
	}
	return all;
}

static void doorbell_figures(const struct series *s, char *text, size_t size)
{
	struct column sq = all_of(&s->sq_bells), cq = all_of(&s->cq_bells);

	snprintf(text, size, "%s commands\n%s SQ doorbells\n%.1f commands each\n%s CQ doorbells",
		 format_count((uint64_t)sq.sum).s, format_count(sq.points).s,
		 sq.points ? sq.sum / (double)sq.points : 0, format_count(cq.points).s);
}

static void completion_figures(const struct series *s, char *text, size_t size)
{
	struct column irq = all_of(&s->irqs);
	int n = snprintf(text, size, "%s completions\n%s interrupts\n%.1f completions each",
			 format_count(all_of(&s->completions).points).s, format_count(irq.points).s,
			 irq.points ? irq.sum / (double)irq.points : 0);

	if (s->q->polls)
		snprintf(text + n, size - (size_t)n, "\n%s polls", format_count(s->q->polls).s);
}

static void request_figures(const struct series *s, char *text, size_t size)
{
	snprintf(text, size, "%s taken\n%s completed", format_count(all_of(&s->depth).points).s,
		 format_count(all_of(&s->completions).points).s);
}

static int plot(struct timeline *t, const struct rate_pair *r, struct nvs_error *err)
{
	struct rows_picture p;
	unsigned int extra = closeup_height(t, r->name);
	int ret = rows_begin(&p, t, r->name, extra, err);

	if (ret <= 0)
		return ret;
	rows_title(&p, r->title, r->subtitle, r->legend, 2);
	draw_rows(&p, r);
	if (extra)
		closeup_draw(&p);
	return rows_end(&p, err);
}

int plot_doorbells(struct timeline *t, struct nvs_error *err)
{
	static const struct rate_pair doorbells = {
		.name = "doorbells",
		.title = "Doorbells: how often the driver writes to the device",
		.subtitle = "writes a second on each queue; the fewer for the same commands, "
			    "the cheaper",
		.legend = {
			{ "■", COLOR_BLUE, "SQ tail doorbells: new commands (upwards)" },
			{ "■", COLOR_ORANGE, "CQ head doorbells: completions taken (downwards)" },
		},
		.up = sq_bells, .down = cq_bells, .figures = doorbell_figures,
	};

	return plot(t, &doorbells, err);
}

int plot_completions(struct timeline *t, struct nvs_error *err)
{
	static const struct rate_pair completed = {
		.name = "completions",
		.title = "Completions, and the interrupts that announce them",
		.subtitle = "a second, on each queue; an interrupt that finds several completions "
			    "saves the others' interrupts",
		.legend = {
			{ "■", COLOR_GREEN, "completions (upwards)" },
			{ "■", COLOR_PURPLE, "interrupts (downwards, on a scale of their own)" },
		},
		.up = completions, .down = irqs,
		.own_scale = true, .figures = completion_figures,
	};

	static const struct rate_pair requests = {
		.name = "completions",
		.title = "Requests that the driver took and completed",
		.subtitle = "a second, on each queue; interrupts and doorbells need a recording of "
			    "level events",
		.legend = {
			{ "■", COLOR_BLUE, "taken from blk-mq (upwards)" },
			{ "■", COLOR_GREEN, "completed (downwards)" },
		},
		.up = taken, .down = completions, .figures = request_figures,
	};

	return plot(t, t->level == LEVEL_IO ? &requests : &completed, err);
}
