// SPDX-License-Identifier: GPL-2.0
/* Lanes for a terminal: the slowest command and those around it, a line each. */
#include <stdio.h>
#include <stdlib.h>
#include "format.h"
#include "lanes.h"
#include "timeline.h"

#define AROUND	  10 /* lines before the slowest, and after */
#define BAR_CELLS 38

/* By when they came to the driver. */
static int by_begin(const void *a, const void *b)
{
	const struct lane_cmd *c = *(const struct lane_cmd *const *)a;
	const struct lane_cmd *d = *(const struct lane_cmd *const *)b;

	if (c->queued != d->queued)
		return c->queued < d->queued ? -1 : 1;
	return (c->end > d->end) - (c->end < d->end);
}

static bool is_same(const struct lane_cmd *c, const struct lane_cmd *d)
{
	return c->ctrl == d->ctrl && c->qid == d->qid && c->cid == d->cid && c->end == d->end;
}

/* What it was about at @ts; NULL: nothing yet, or nothing any more. */
static const char *stage_at(const struct lane_cmd *c, uint64_t ts)
{
	if (ts < c->queued || ts > c->end)
		return NULL;
	if (c->seen && ts >= c->seen)
		return "░";
	if (c->bell && ts >= c->bell)
		return "▒";
	return c->start && ts >= c->start ? "█" : "▓";
}

static void print_bar(const struct lane_cmd *c, uint64_t from, uint64_t to)
{
	bool drawn = false;

	for (unsigned int i = 0; i < BAR_CELLS; i++) {
		uint64_t low = from + (to - from) * i / BAR_CELLS;
		uint64_t high = from + (to - from) * (i + 1) / BAR_CELLS;
		const char *stage = stage_at(c, low + (high - low) / 2);

		/* One that is shorter than a cell has one. */
		if (!stage && !drawn && c->queued >= low && c->queued < high)
			stage = stage_at(c, c->queued + (c->end - c->queued) / 2);
		drawn |= !!stage;
		printf("%s", stage ? stage : " ");
	}
}

static void print_command(const struct lane_cmd *c, bool slowest, uint64_t from, uint64_t to)
{
	const char *op = nvs_symbol_name(NVS_SET_RQOP, c->op);
	char queue[64];

	snprintf(queue, sizeof(queue), "%s q%u", format_ctrl(c->ctrl).s, c->qid);
	printf("%c %-9s %04x %-6.6s %7s │", slowest ? '>' : ' ', queue, c->cid, op ? op : "?",
	       c->bytes ? format_bytes(c->bytes).s : "-");
	print_bar(c, from, to);
	printf("│%s\n", format_ns((double)(c->end - c->queued)).s);
}

/* The commands of @r, the earliest first, to be freed; NULL: no memory. */
static const struct lane_cmd **sorted(const struct lane_rings *r, unsigned int nr)
{
	const struct lane_cmd **all = calloc(nr + 1, sizeof(*all));

	for (unsigned int i = 0; all && i < nr; i++)
		all[i] = &r->cmd[i];
	if (all)
		qsort(all, nr, sizeof(*all), by_begin);
	return all;
}

static void print_around(const struct timeline *t, const struct lane_cmd **all, unsigned int nr,
			 const struct lane_cmd *slowest)
{
	unsigned int at = 0, first, end;
	uint64_t to = 0;
	struct text a, b;

	while (at + 1 < nr && !is_same(all[at], slowest))
		at++;
	first = at > AROUND ? at - AROUND : 0;
	end = at + AROUND + 1 < nr ? at + AROUND + 1 : nr;
	for (unsigned int i = first; i < end; i++)
		to = all[i]->end > to ? all[i]->end : to;
	for (unsigned int i = first; i < end; i++)
		print_command(all[i], i == at, all[first]->queued, to);
	a = format_ns((double)analysis_since_start(&t->a, all[first]->queued));
	b = format_ns((double)analysis_since_start(&t->a, to));
	printf("%33s%-*s%s\n", "", BAR_CELLS - 6, a.s, b.s);
	printf("  %u of %u commands that are kept: those that came around the slowest (>)\n",
	       end - first, nr);
}

int text_lanes(struct timeline *t, struct nvs_error *err)
{
	const struct lane_rings *rings = lanes_finish(t->lanes);
	unsigned int nr = lane_cmds(rings);
	const struct lane_cmd **all = sorted(rings, nr);

	if (!all)
		return nvs_fail(err, "out of memory: close other programs and try again");
	printf("\nCommands one by one   ▓ queue  █ driver  ▒ device  ░ completion\n");
	if (nr)
		print_around(t, all, nr, &t->lanes->slowest);
	else
		printf("  no whole I/O command here\n");
	free(all);
	return 0;
}
