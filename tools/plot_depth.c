// SPDX-License-Identifier: GPL-2.0
/*
 * depth: commands at the device over time.  The band reaches from the fewest to
 * the most within a pixel's width of time, so no peak is lost to the scale.
 */
#include "format.h"
#include "plot_queues.h"

#define PALE_SKY "#BBDFF6"

/*
 * A column without a change holds the depth of the last change before it; the first ones
 * what there was when the window began.
 */
static double write_band(struct rows_picture *p, const char *name, const struct series *s)
{
	uint64_t from, to;
	unsigned int columns;
	const struct decimator *d = &s->depth;
	double value = depth_before(p->t, s), most = 0;

	timeline_span(p->t, &from, &to);
	columns = (unsigned int)((to - from) / d->width) + 1;
	fprintf(p->pic.script, "$%s << EOD\n", name);
	for (unsigned int i = 0; i < columns && i < DECIMATE_COLUMNS; i++) {
		double low, high;

		depth_step(p->t, s, i, &value, &low, &high);
		if (high > most)
			most = high;
		/* Nothing goes on in a cut; a blank line ends the curve before it. */
		if (!axis_shows(&p->axis, rows_time(p, d, i))) {
			fprintf(p->pic.script, "\n");
			continue;
		}
		fprintf(p->pic.script, "%.3f %g %g\n", axis_x(&p->axis, rows_time(p, d, i)), low,
			high);
	}
	fprintf(p->pic.script, "EOD\n");
	return most;
}

static bool device_logged(const struct series *s)
{
	return s->device.end > s->device.start;
}

/* What the device itself had, the most within a pixel. */
static void write_device(struct rows_picture *p, unsigned int row)
{
	const struct decimator *d = &p->row[row]->device;
	double last = 0;

	fprintf(p->pic.script, "$v%u << EOD\n", row);
	for (unsigned int i = 0; i < DECIMATE_COLUMNS && rows_time(p, d, i) <= d->end; i++) {
		const struct column *c = &d->column[i];
		double high = c->points && c->max > last ? c->max : last;

		if (c->points)
			last = c->last;
		if (axis_shows(&p->axis, rows_time(p, d, i)))
			fprintf(p->pic.script, "%.3f %g\n", axis_x(&p->axis, rows_time(p, d, i)),
				high);
		else
			fprintf(p->pic.script, "\n");
	}
	fprintf(p->pic.script, "EOD\n");
}

static void draw_row(struct rows_picture *p, unsigned int i, double own, double most)
{
	const struct model_queue *q = p->row[i]->q;
	char figures[128];

	snprintf(figures, sizeof(figures),
		 q->sq_depth ? "at most %.0f\nof %u slots" : "at most %.0f", own, q->sq_depth);
	rows_text(p, i, figures);
	rows_place(p, i, 0, most * 1.08);
	rows_cuts(p, i, 0, most * 1.08);
	rows_mark(p, i, 0, most * 1.08);
	fprintf(p->pic.script,
		"plot $d%u using 1:2 with filledcurves y1=0 fc rgb '" PALE_SKY "', "
		"$d%u using 1:2:3 with filledcurves fc rgb '" COLOR_BLUE "', "
		"$d%u using 1:3 with lines lc rgb '" COLOR_BLUE "' lw 0.6",
		i, i, i);
	if (device_logged(p->row[i]))
		fprintf(p->pic.script,
			", $v%u using 1:2 with lines lc rgb '" COLOR_ORANGE "' lw 0.8", i);
	fputc('\n', p->pic.script);
}

int plot_depth(struct timeline *t, struct nvs_error *err)
{
	static const struct legend_item legend[] = {
		{ "■", COLOR_BLUE, "between the fewest and the most within a pixel of time" },
		{ "■", PALE_SKY, "always at least" },
		{ "▬", COLOR_ORANGE, "at the device, by its own log" },
	};
	struct rows_picture p;
	double own[MAX_ROWS], most = 1;
	bool logged = false;
	int ret = rows_begin(&p, t, "depth", 0, err);

	if (ret <= 0)
		return ret;
	for (unsigned int i = 0; i < p.nr; i++)
		logged |= device_logged(p.row[i]);
	if (t->level == LEVEL_IO)
		rows_title(&p, "Queue depth: requests at the driver",
			   "taken from blk-mq, not ended yet; on each queue", legend, 2 + logged);
	else
		rows_title(&p, "Queue depth: commands at the device",
			   "doorbell rung, completion not seen yet; on each queue", legend,
			   2 + logged);
	for (unsigned int i = 0; i < p.nr; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d%u", i);
		if (device_logged(p.row[i]))
			write_device(&p, i);
		own[i] = write_band(&p, name, p.row[i]);
		most = own[i] > most ? own[i] : most;
	}
	fprintf(p.pic.script, "set ytics %g font ',11'\n",
		nice_step(most, 4) < 1 ? 1 : nice_step(most, 4));
	for (unsigned int i = 0; i < p.nr; i++)
		draw_row(&p, i, own[i], most);
	return rows_end(&p, err);
}
