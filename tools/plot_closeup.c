// SPDX-License-Identifier: GPL-2.0
/*
 * The close-up below doorbells: the busiest queue at its deepest moment, each
 * doorbell by itself with the value that was written.
 */
#include <string.h>
#include "format.h"
#include "plot_queues.h"

#define CLOSEUP_PLOT 230	/* pixels */
#define CLOSEUP_TITLE 64
#define CLOSEUP_AXIS 50

unsigned int closeup_height(const struct timeline *t, const char *name)
{
	return !strcmp(name, "doorbells") && t->nr_bells >= 4 ?
	       CLOSEUP_PLOT + CLOSEUP_TITLE + CLOSEUP_AXIS : 0;
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

		if (b->cq != cq || x < free_from || x < room / 2 || x > width - room / 2)
			continue;
		fprintf(p->pic.script, "%.9g %u +%u\n", x, b->value, b->count);
		free_from = x + room;
	}
	fprintf(p->pic.script, "EOD\n");
}

/* A wrap is not a fall: the line is broken there. */
static void write_values(struct rows_picture *p, const char *name, bool cq, double unit)
{
	uint16_t last = 0;

	fprintf(p->pic.script, "$%s << EOD\n", name);
	for (unsigned int i = 0; i < p->t->nr_bells; i++) {
		const struct bell *b = &p->t->bell[i];

		if (b->cq != cq)
			continue;
		if (b->value < last)
			fputc('\n', p->pic.script);
		last = b->value;
		fprintf(p->pic.script, "%.9g %u %u\n",
			(double)(b->ts - p->t->close_from) / unit, b->value, b->count);
	}
	fprintf(p->pic.script, "EOD\n");
}

void closeup_draw(struct rows_picture *p)
{
	struct timeline *t = p->t;
	double unit = t->close_to - t->close_from > 2000000 ? 1e6 : 1e3;
	double top = p->pic.height - CLOSEUP_PLOT - CLOSEUP_AXIS - 10.0;
	char text[160], x[32], y[32];

	write_values(p, "tail", false, unit);
	write_values(p, "head", true, unit);
	write_numbers(p, "tailn", false, unit);
	write_numbers(p, "headn", true, unit);
	fprintf(p->pic.script, "unset label\n");
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&p->pic, 24));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top - 44));
	snprintf(text, sizeof(text), "Close-up of %s where it is busiest, %s after the recording began",
		 series_name(t->close_queue).s,
		 format_ns_label((double)analysis_since_start(&t->a, t->close_from)).s);
	picture_label(&p->pic, text, x, y, "left font 'DejaVu Sans Bold,15'");
	snprintf(y, sizeof(y), "screen %.5f", picture_y(&p->pic, top - 20));
	picture_label(&p->pic, "each dot is one doorbell at the value written; +n: entries it covers, "
		      "where there is room; the distance between the lines is what the device still has",
		      x, y, "left textcolor rgb '" COLOR_GREY "' font 'DejaVu Sans,12'");
	fprintf(p->pic.script,
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\n"
		"set xrange [0:%.9g]\nset autoscale y\nset ytics auto\nset format y '%%g'\n"
		"set offsets 0, 0, graph 0.1, graph 0.05\n"
		"set format x '%%g'\nset xlabel 'time since the close-up begins (%s)'\n"
		"set ylabel 'slot' offset 1\n"
		"plot $tail using 1:2 with steps lc rgb '" COLOR_BLUE "' lw 1.2, "
		"$head using 1:2 with steps lc rgb '" COLOR_ORANGE "' lw 1.2, "
		"$tail using 1:2 with points pt 7 ps 0.6 lc rgb '" COLOR_BLUE "', "
		"$head using 1:2 with points pt 7 ps 0.6 lc rgb '" COLOR_ORANGE "'",
		picture_y(&p->pic, top), picture_y(&p->pic, top + CLOSEUP_PLOT),
		(double)(t->close_to - t->close_from) / unit, unit == 1e6 ? "ms" : "µs");
	fprintf(p->pic.script,
		", $tailn using 1:2:3 with labels font ',11' offset 0,0.8 tc rgb '" COLOR_BLUE "'"
		", $headn using 1:2:3 with labels font ',11' offset 0,-0.8 tc rgb '#9C6B00'\n");
}
