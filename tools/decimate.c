// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "decimate.h"

void decimate_start(struct decimator *d, uint64_t start_ns)
{
	d->start = start_ns;
	d->end = start_ns;
	d->width = 1;
}

static void merge(struct column *into, const struct column *from)
{
	if (!from->points)
		return;
	if (!into->points || from->min < into->min)
		into->min = from->min;
	if (!into->points || from->max > into->max)
		into->max = from->max;
	into->last = from->last;
	into->points += from->points;
	into->sum += from->sum;
}

static void halve(struct decimator *d)
{
	for (unsigned int i = 0; i < DECIMATE_COLUMNS / 2; i++) {
		struct column both = d->column[2 * i];

		merge(&both, &d->column[2 * i + 1]);
		d->column[i] = both;
	}
	memset(d->column + DECIMATE_COLUMNS / 2, 0, sizeof(d->column) / 2);
	d->width *= 2;
}

void decimate_add(struct decimator *d, uint64_t ts, double value)
{
	struct column one = {
		.points = 1, .sum = value, .min = value, .max = value, .last = value
	};
	uint64_t after;

	if (!d->width)
		decimate_start(d, ts);
	after = ts > d->start ? ts - d->start : 0;
	while (after / d->width >= DECIMATE_COLUMNS)
		halve(d);
	merge(&d->column[after / d->width], &one);
	if (ts > d->end)
		d->end = ts;
}

void decimate_widen(struct decimator *d, uint64_t width)
{
	while (d->width && d->width < width)
		halve(d);
}

unsigned int decimate_columns(const struct decimator *d)
{
	return d->width ? (unsigned int)((d->end - d->start) / d->width) + 1 : 0;
}
