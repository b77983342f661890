// SPDX-License-Identifier: GPL-2.0
#include "heatmap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct heatmap *heatmap_new(uint64_t start, uint64_t end)
{
	struct heatmap *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->start = h->end = start;
	h->width = end > start ? (end - start) / HEAT_COLUMNS + 1 : 1;
	return h;
}

static void halve(struct heatmap *h)
{
	for (unsigned int i = 0; i < HEAT_COLUMNS / 2; i++)
		for (unsigned int b = 0; b < HIST_BUCKETS; b++)
			h->cell[i][b] = h->cell[2 * i][b] + h->cell[2 * i + 1][b];
	memset(h->cell[HEAT_COLUMNS / 2], 0, sizeof(h->cell) / 2);
	h->width *= 2;
}

static unsigned int column_of(struct heatmap *h, uint64_t ts)
{
	uint64_t after = ts > h->start ? ts - h->start : 0;

	while (after / h->width >= HEAT_COLUMNS)
		halve(h);
	if (ts > h->end)
		h->end = ts;
	return (unsigned int)(after / h->width);
}

uint32_t heatmap_bucket(uint64_t ns)
{
	unsigned int octave;

	if (ns >> HIST_MIN_BITS == 0)
		return 0;
	if (ns >> HIST_MAX_BITS)
		return HIST_BUCKETS - 1;
	octave = 63 - (unsigned int)__builtin_clzll(ns);
	return 1 + (octave - HIST_MIN_BITS) * HIST_SUB +
	       ((uint32_t)(ns >> (octave - HIST_SUB_BITS)) & (HIST_SUB - 1));
}

double heatmap_y(double ns)
{
	double octave = floor(log2(ns > 1 ? ns : 1));

	if (octave < HIST_MIN_BITS)
		return ns / (1 << HIST_MIN_BITS);
	return 1 + (octave - HIST_MIN_BITS) * HIST_SUB + (ns / exp2(octave) - 1) * HIST_SUB;
}

void heatmap_add(struct heatmap *h, uint64_t ts, uint64_t latency)
{
	h->cell[column_of(h, ts)][heatmap_bucket(latency)] += 1;
	h->count++;
}

void heatmap_spread(struct heatmap *h, uint64_t since, uint64_t ts, uint32_t bucket, uint64_t count)
{
	unsigned int last = column_of(h, ts), first;

	if (bucket >= HIST_BUCKETS)
		return;
	first = since < ts ? column_of(h, since) : last;
	for (unsigned int i = first; i <= last; i++) {
		double from = fmax((double)h->start + (double)i * (double)h->width, (double)since);
		double to = fmin((double)h->start + (double)(i + 1) * (double)h->width, (double)ts);
		double share = ts > since ? (to - from) / (double)(ts - since) : 1;

		h->cell[i][bucket] += (float)((double)count * share);
	}
	h->count += count;
}

void heatmap_widen(struct heatmap *h, uint64_t width)
{
	while (h->width < width)
		halve(h);
}

unsigned int heatmap_columns(const struct heatmap *h)
{
	return (unsigned int)((h->end - h->start) / h->width) + 1;
}

uint32_t heatmap_quantile(const struct heatmap *h, unsigned int from, unsigned int to, double q)
{
	double row[HIST_BUCKETS] = { 0 }, sum = 0, seen = 0;

	for (unsigned int i = from; i < to && i < HEAT_COLUMNS; i++)
		for (uint32_t b = 0; b < HIST_BUCKETS; b++)
			row[b] += h->cell[i][b];
	for (uint32_t b = 0; b < HIST_BUCKETS; b++)
		sum += row[b];
	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		seen += row[b];
		/* Shares of spread counts do not add up to the last digit. */
		if (row[b] > 0 && seen >= q * sum * (1 - 1e-9))
			return b;
	}
	return HIST_BUCKETS;
}
