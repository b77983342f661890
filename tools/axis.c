// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include "axis.h"

#define CUT 0.03 /* of the axis, for each gap */

void axis_add(struct axis *a, uint64_t begin, uint64_t end, uint64_t gap)
{
	struct axis_segment *last = a->nr ? &a->seg[a->nr - 1] : NULL;

	if (last && (begin <= last->end + gap || a->nr == AXIS_SEGMENTS)) {
		if (end > last->end)
			last->end = end;
		return;
	}
	a->seg[a->nr++] = (struct axis_segment){ .begin = begin, .end = end };
}

uint64_t axis_busy(const struct axis *a)
{
	uint64_t busy = 0;

	for (unsigned int i = 0; i < a->nr; i++)
		busy += a->seg[i].end - a->seg[i].begin;
	return busy;
}

void axis_finish(struct axis *a, unsigned int pixels, uint64_t zero)
{
	uint64_t busy = axis_busy(a);

	a->px = AXIS_LENGTH / pixels;
	a->zero = zero;
	a->scale = AXIS_LENGTH * (1 - CUT * (a->nr - 1)) / (double)(busy ? busy : 1);
	for (unsigned int i = 1; i < a->nr; i++)
		a->seg[i].x = a->seg[i - 1].x + CUT * AXIS_LENGTH +
			      (double)(a->seg[i - 1].end - a->seg[i - 1].begin) * a->scale;
}

bool axis_shows(const struct axis *a, uint64_t ts)
{
	for (unsigned int i = 0; i < a->nr; i++)
		if (ts >= a->seg[i].begin && ts <= a->seg[i].end)
			return true;
	return false;
}

double axis_x(const struct axis *a, uint64_t ts)
{
	unsigned int i = 0;

	while (i + 1 < a->nr && ts >= a->seg[i + 1].begin)
		i++;
	if (ts < a->seg[i].begin)
		ts = a->seg[i].begin;
	if (ts > a->seg[i].end)
		ts = a->seg[i].end;
	return a->seg[i].x + (double)(ts - a->seg[i].begin) * a->scale;
}

void axis_gap(const struct axis *a, unsigned int i, double *from, double *to)
{
	*to = a->seg[i].x;
	*from = *to - CUT * AXIS_LENGTH;
}

const char *axis_ticks(const struct axis *a, struct picture *p, bool labels)
{
	int64_t step = (int64_t)fmax(nice_step((double)axis_busy(a), 12), 1);
	double last = -AXIS_LENGTH, unit = 1e3;
	const char *comma = "";

	if (step >= 1e6)
		unit = step >= 1e9 ? 1e9 : 1e6;
	fprintf(p->script, "set xtics (");
	for (unsigned int i = 0; i < a->nr; i++) {
		/* Whole ns: a stretch may begin before zero, or centuries after it. */
		int64_t from = (int64_t)(a->seg[i].begin - a->zero);
		int64_t to = (int64_t)(a->seg[i].end - a->zero);
		int64_t v = from / step * step + (from > 0 && from % step ? step : 0);

		for (; v <= to; v += step) {
			double x = axis_x(a, a->zero + (uint64_t)v);

			if (x - last < 50 * a->px)
				continue;
			if (labels)
				fprintf(p->script, "%s'%.10g' %.4f", comma, (double)v / unit, x);
			else
				fprintf(p->script, "%s'' %.4f", comma, x);
			comma = ", ";
			last = x;
		}
	}
	fprintf(p->script, ") scale 0.5\n");
	if (unit == 1e9)
		return "s";
	return unit == 1e6 ? "ms" : "µs";
}
