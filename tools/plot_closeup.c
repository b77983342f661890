// SPDX-License-Identifier: GPL-2.0
/*
 * The close-up below doorbells: the busiest queue at its deepest moment, each
 * doorbell by itself with the value that was written.
 */
#include <string.h>
#include "format.h"
#include "plot_queues.h"

#define CLOSEUP_PLOT  230 /* pixels */
#define CLOSEUP_TITLE 64
#define CLOSEUP_AXIS  50

unsigned int closeup_height(const struct timeline *t, const char *name)
{
	return !strcmp(name, "doorbells") && t->nr_bells >= 4
		       ? CLOSEUP_PLOT + CLOSEUP_TITLE + CLOSEUP_AXIS
		       : 0;
}

/*
 * A tail's number is above its dot, where the next tail's dot would be; a head's below, where that of the
 * head before would be.  Is there one so near, in ns?
 */
static bool is_covered(const struct timeline *t, unsigned int i, double near)
{
	const struct bell *b = &t->bell[i];

	for (unsigned int j = b->cq ? 0 : i + 1; j < (b->cq ? i : t->nr_bells); j++) {
		uint64_t away = b->cq ? b->ts - t->bell[j].ts : t->bell[j].ts - b->ts;

		if (t->bell[j].cq == b->cq && away < near)
			return true;
	}
	return false;
}

/* The numbers, as far as they do not run into each other. */
static void write_numbers(struct rows_picture *p, const char *name, bool cq, double unit)
{
	double width = (double)(p->t->close_to - p->t->close_from) / unit;
	double room = width * 30 / (PICTURE_WIDTH - ROWS_LEFT - ROWS_RIGHT), free_from = 0;

	fprintf(p->pic.script, "$%s << EOD\n", name);
	for (unsigned int i = 0; i < p->t->nr_bells; i++) {
		const struct bell *b = &p->t->bell[i];
		double x = (double)(b->ts - p->t->close_from) / unit;

		if (b->cq != cq || x < free_from || x < room / 2 || x > width - room / 2 ||
		    is_covered(p->t, i, room / 2 * unit))
			continue;
		fprintf(p->pic.script, "%.9g %u +%u\n", x, b->value, b->count);
		free_from = x + room;
	}
	fprintf(p->pic.script, "EOD\n");
}

/*
 * Both rings go round.  Drawn straight on, a wrap is no fall, and the distance
 * between tail and head stays what it is: the axis names the slots.
 */
static void unwrap(struct timeline *t, uint32_t depth)
{
	uint32_t lap[2] = { 0, 0 }, last[2] = { 0, 0 }, tail = UINT32_MAX, head = UINT32_MAX;

	for (unsigned int i = 0; i < t->nr_bells; i++) {
		struct bell *b = &t->bell[i];

		if (b->value < last[b->cq])
			lap[b->cq] += depth;
		last[b->cq] = b->value;
		b->value += lap[b->cq];
		/* The tail that the first head belongs to: the last before it, or the first. */
		if (b->cq && head == UINT32_MAX)
			head = b->value;
		else if (!b->cq && (head == UINT32_MAX || tail == UINT32_MAX))
			tail = b->value;
	}
	if (head == UINT32_MAX || tail >= head)
		return;
	/* The tail cannot be behind the head: it is one lap further. */
	for (unsigned int i = 0; i < t->nr_bells; i++)
		if (!t->bell[i].cq)
			t->bell[i].value += depth;
}

static void slot_ticks(struct rows_picture *p, uint32_t depth)
{
	uint32_t low = UINT32_MAX, high = 0, step;

	for (unsigned int i = 0; i < p->t->nr_bells; i++) {
		low = p->t->bell[i].value < low ? p->t->bell[i].value : low;
		high = p->t->bell[i].value > high ? p->t->bell[i].value : high;
	}
	step = (uint32_t)nice_step(high - low, 5);
	step = step ? step : 1;
	fprintf(p->pic.script, "set ytics (");
	for (uint32_t lap = 0; lap <= high; lap += depth)
		for (uint32_t v = 0; v == 0 || v + step / 2 < depth; v += step)
			if (lap + v + step >= low && lap + v <= high + step)
				fprintf(p->pic.script, "'%u' %u, ", v, lap + v);
	fprintf(p->pic.script, "'' %u)\n", high);
	for (uint32_t v = depth; v <= high; v += depth)
		if (v > low)
			fprintf(p->pic.script,
				"set arrow from graph 0, first %u to graph 1, first %u "
				"nohead lc rgb '" COLOR_GREY "' dt 2\n"
				"set label 'wraps to slot 0' at graph 0.995, first %u right "
				"offset 0,0.5 font ',11' textcolor rgb '" COLOR_GREY "'\n",
				v, v, v);
}

static void write_values(struct rows_picture *p, const char *name, bool cq, double unit)
{
	fprintf(p->pic.script, "$%s << EOD\n", name);
	for (unsigned int i = 0; i < p->t->nr_bells; i++)
		if (p->t->bell[i].cq == cq)
			fprintf(p->pic.script, "%.9g %u\n",
				(double)(p->t->bell[i].ts - p->t->close_from) / unit,
				p->t->bell[i].value);
	fprintf(p->pic.script, "EOD\n");
}

static void closeup_title(struct rows_picture *p, double top)
{
	struct timeline *t = p->t;
	char text[160], x[32], y[32];

	fprintf(p->pic.script, "unset label\n");
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, 24));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top - 44));
	snprintf(text, sizeof(text),
		 "Close-up of %s where it is busiest, %s after the recording began",
		 series_name(t->close_queue).s,
		 format_ns_label((double)analysis_since_start(&t->a, t->close_from)).s);
	picture_label(&p->pic, text, x, y, "left font 'DejaVu Sans Bold,15'");
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top - 20));
	picture_label(&p->pic,
		      "each dot is one doorbell at the slot that was written; +n: entries it "
		      "covers, where there is room; between the lines: what the device still has",
		      x, y, "left textcolor rgb '" COLOR_GREY "' font 'DejaVu Sans,12'");
}

void closeup_draw(struct rows_picture *p)
{
	struct timeline *t = p->t;
	double unit = t->close_to - t->close_from > 2000000 ? 1e6 : 1e3;
	double top = p->pic.height - CLOSEUP_PLOT - CLOSEUP_AXIS - 10.0;
	uint32_t depth = t->close_queue->q->sq_depth;

	closeup_title(p, top);
	fprintf(p->pic.script,
		"unset object\nunset arrow\nset xtics auto\nset ytics auto\nset format y '%%g'\n");
	if (depth && depth == t->close_queue->q->cq_depth) {
		unwrap(t, depth);
		slot_ticks(p, depth);
	}
	write_values(p, "tail", false, unit);
	write_values(p, "head", true, unit);
	write_numbers(p, "tailn", false, unit);
	write_numbers(p, "headn", true, unit);
	fprintf(p->pic.script,
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\n"
		"set xrange [0:%.9g]\nset autoscale y\nset offsets 0, 0, graph 0.12, graph 0.1\n"
		"set format x '%%g'\nset xlabel 'time since the close-up begins (%s)'\n"
		"set ylabel 'slot' offset 1\n"
		"plot $tail using 1:2 with steps lc rgb '" COLOR_BLUE "' lw 1.2, "
		"$head using 1:2 with steps lc rgb '" COLOR_ORANGE "' lw 1.2, "
		"$tail using 1:2 with points pt 7 ps 0.6 lc rgb '" COLOR_BLUE "', "
		"$head using 1:2 with points pt 7 ps 0.6 lc rgb '" COLOR_ORANGE "', "
		"$tailn using 1:2:3 with labels font ',11' offset 0,0.8 tc rgb '" COLOR_BLUE "', "
		"$headn using 1:2:3 with labels font ',11' offset 0,-0.8 tc rgb '#9C6B00'\n",
		picture_y(&p->pic, top), picture_y(&p->pic, top + CLOSEUP_PLOT),
		(double)(t->close_to - t->close_from) / unit, unit == 1e6 ? "ms" : "µs");
}
