// SPDX-License-Identifier: GPL-2.0
/* The heat map for a terminal: 79 columns, the more I/Os the more ink. */
#include <math.h>
#include <stdio.h>
#include "format.h"
#include "timeline.h"

#define CELLS 64 /* characters of its width */
#define LINES 24 /* at most */

static const char *const inks[] = { " ", "·", "░", "▒", "▓", "█" };
#define NR_INKS (sizeof(inks) / sizeof(inks[0]))

struct text_map {
	double cell[HIST_BUCKETS][CELLS];
	double most;
	uint32_t low, high; /* buckets in use: [low, high) */
};

static void fill(const struct heatmap *h, struct text_map *m)
{
	unsigned int columns = heatmap_columns(h);

	m->low = HIST_BUCKETS;
	for (unsigned int i = 0; i < columns; i++) {
		for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
			if (!(h->cell[i][b] > 0))
				continue;
			m->cell[b][i * CELLS / columns] += h->cell[i][b];
			m->low = b < m->low ? b : m->low;
			m->high = b + 1 > m->high ? b + 1 : m->high;
		}
	}
}

/* One I/O is seen; then ink goes by the logarithm. */
static const char *ink(double n, double most)
{
	double share = n > 0 ? log1p(n) / log1p(most) : 0;
	unsigned int i = (unsigned int)(share * (NR_INKS - 1) + 0.5);

	return inks[n > 0 && i == 0 ? 1 : i];
}

static void print_line(const struct text_map *m, uint32_t from, uint32_t to)
{
	printf("%9s ", format_ns((double)hist_low(from)).s);
	printf("│");
	for (unsigned int i = 0; i < CELLS; i++) {
		double n = 0;

		for (uint32_t b = from; b < to; b++)
			n += m->cell[b][i];
		printf("%s", ink(n, m->most));
	}
	printf("\n");
}

int text_heatmap(struct timeline *t, struct nvs_error *err)
{
	uint64_t zero = model_totals(t->a.model)->first_ts;
	struct text_map m = { .most = 1 };
	struct text a, b;
	uint32_t step;

	(void)err;
	printf("\nHow long I/Os took, over time: the more ink the more of them\n");
	if (!t->heat) {
		printf("  no I/O here\n");
		return 0;
	}
	fill(t->heat, &m);
	step = (m.high - m.low + LINES - 1) / LINES;
	for (uint32_t from = m.low; from < m.high; from += step)
		for (unsigned int i = 0; i < CELLS; i++) {
			double n = 0;

			for (uint32_t k = from; k < from + step && k < m.high; k++)
				n += m.cell[k][i];
			m.most = fmax(m.most, n);
		}
	for (uint32_t line = (m.high - m.low + step - 1) / step; line-- > 0;) {
		uint32_t from = m.low + line * step;

		print_line(&m, from, from + step < m.high ? from + step : m.high);
	}
	printf("%10s└", "");
	for (unsigned int i = 0; i < CELLS; i++)
		printf("─");
	if (t->heat->start < zero)
		zero = t->heat->start; /* the first record of level hist is of a time before it */
	a = format_ns((double)(t->heat->start - zero));
	b = format_ns((double)(t->heat->end - zero));
	printf("\n%10s %-*s%s\n", "", CELLS - (int)sizeof("1.23us") + 1, a.s, b.s);
	return 0;
}
