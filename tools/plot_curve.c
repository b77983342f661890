// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include "plot_curve.h"

double curve_nines(double share)
{
	return -log10(1 - share);
}

void curve_data(struct picture *pic, const struct histogram *h, const char *name)
{
	uint64_t seen = 0;
	double end = (double)(h->min ? h->min : 1);

	fprintf(pic->script, "$%s << EOD\n%.6g 0\n", name, end / 1e3);
	for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++) {
		double begin = (double)histogram_low(b);

		if (!h->bucket[b])
			continue;
		/* level where there is nothing */
		if (begin > end)
			fprintf(pic->script, "%.6g %.5f\n", begin / 1e3,
				curve_nines((double)seen / (double)h->count));
		seen += h->bucket[b];
		if (seen == h->count)
			break; /* the last one has no end on this axis */
		end = fmin((double)histogram_low(b + 1), (double)h->max);
		fprintf(pic->script, "%.6g %.5f\n", end / 1e3,
			curve_nines((double)seen / (double)h->count));
	}
	fprintf(pic->script, "%.6g %.5f\nEOD\n", (double)h->max / 1e3,
		curve_nines(1 - 1 / (2.0 * (double)h->count)));
}

/* The power of ten below or above @v. */
static double decade(double v, double (*round_to)(double))
{
	return pow(10, round_to(log10(v)));
}

void curve_axes(struct picture *pic, double least, double most, double top)
{
	fprintf(pic->script,
		"set border 3\nset logscale x\n"
		"set xrange [%g:%g]\nset xtics ('10 ns' 0.01, '100 ns' 0.1, '1 µs' 1, '10 µs' 10, "
		"'100 µs' 100, '1 ms' 1e3, '10 ms' 1e4, '100 ms' 1e5, '1 s' 1e6, '10 s' 1e7, "
		"'100 s' 1e8) scale 0.4\nset yrange [0:%.4f]\n"
		"set ytics ('0' 0, '50 %%%%' %.5f, '90 %%%%' 1, '99 %%%%' 2, '99.9 %%%%' 3, "
		"'99.99 %%%%' 4, '99.999 %%%%' 5, '99.9999 %%%%' 6)\n"
		"set grid xtics ytics lc rgb '" COLOR_LINE "' lw 0.6\n",
		decade(least / 1e3, floor), decade(most / 1e3, ceil), fmax(top, 1),
		curve_nines(0.5));
}
