// SPDX-License-Identifier: GPL-2.0
/* lanes: which commands are drawn, in which rows and lanes. */
#include <stdlib.h>
#include "plot_lanes.h"

#define MAX_DRAWN  1500
#define MOST_TIMES 4 /* so many times what the slowest took, before and after it */

static int by_begin(const void *a, const void *b)
{
	const struct lane_cmd *x = *(struct lane_cmd *const *)a, *y = *(struct lane_cmd *const *)b;

	if (x->queued != y->queued)
		return x->queued < y->queued ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

static void select_commands(struct lanes_picture *p)
{
	p->nr = 0;
	for (unsigned int i = 0; i < lane_cmds(p->r); i++) {
		struct lane_cmd *c = &p->r->cmd[i];

		if (c->end >= p->from && c->queued <= p->to)
			p->cmd[p->nr++] = c;
	}
}

/* The earliest time from which on no command is missing: a full ring has lost older ones. */
static uint64_t covered_from(const struct lane_rings *r)
{
	uint64_t from = 0;

	if (r->nr_cmds > LANE_CMDS)
		from = r->cmd[r->nr_cmds % LANE_CMDS].end;
	if (r->nr_ticks > LANE_TICKS && r->tick[r->nr_ticks % LANE_TICKS].ts > from)
		from = r->tick[r->nr_ticks % LANE_TICKS].ts;
	return from;
}

void lanes_choose_span(struct lanes_picture *p)
{
	uint64_t took = p->focus_end - p->focus_begin, covered = covered_from(p->r), from, to;

	timeline_span(p->t, &from, &to);
	/* Without a window: no more than makes the slowest command visible. */
	if (!p->t->windowed && to - from > 2 * MOST_TIMES * took) {
		from = p->focus_begin > from + MOST_TIMES * took
			       ? p->focus_begin - MOST_TIMES * took
			       : from;
		to = p->focus_end + MOST_TIMES * took < to ? p->focus_end + MOST_TIMES * took : to;
	}
	p->from = from;
	p->to = to;
	select_commands(p);
	if (p->nr > MAX_DRAWN || covered > p->from) {
		if (took) {
			p->from =
				p->focus_begin > from + took / 4 ? p->focus_begin - took / 4 : from;
			p->to = p->focus_end + took / 4 < to ? p->focus_end + took / 4 : to;
		}
		p->from = covered > p->from && covered < p->focus_end ? covered : p->from;
		select_commands(p);
	}
	for (unsigned int i = 0; i < 100 && p->nr > MAX_DRAWN; i++) {
		p->from = p->focus_end - (p->focus_end - p->from) * 7 / 8;
		p->to = p->focus_end + (p->to - p->focus_end) * 7 / 8;
		select_commands(p);
	}
	qsort(p->cmd, p->nr, sizeof(p->cmd[0]), by_begin);
}

bool lane_is_whole(const struct lane_cmd *c)
{
	return c->start && c->bell >= c->start && c->seen >= c->bell && c->end >= c->seen;
}

static struct lanes_row *find_row(struct lanes_picture *p, uint16_t ctrl, uint16_t qid)
{
	for (unsigned int i = 0; i < p->nr_rows; i++)
		if (p->row[i].ctrl == ctrl && p->row[i].qid == qid)
			return &p->row[i];
	return NULL;
}

static struct lanes_row *add_row(struct lanes_picture *p, uint16_t ctrl, uint16_t qid)
{
	struct lanes_row *row = find_row(p, ctrl, qid);

	if (row)
		return row;
	if (p->nr_rows == LANES_ROWS) {
		p->queues_left++;
		return NULL;
	}
	p->row[p->nr_rows] = (struct lanes_row){ .ctrl = ctrl, .qid = qid };
	return &p->row[p->nr_rows++];
}

static int by_queue(const void *a, const void *b)
{
	const struct lanes_row *x = a, *y = b;

	return x->ctrl != y->ctrl ? x->ctrl - y->ctrl : x->qid - y->qid;
}

/* The lowest lane that is free when it begins: how full a row is, is the queue's depth. */
static void place(struct lanes_picture *p, struct lanes_row *row, uint64_t busy[MAX_LANES],
		  struct lane_cmd *c)
{
	unsigned int lane = 0;

	while (lane < MAX_LANES && busy[lane] > c->queued)
		lane++;
	c->lane = (uint16_t)lane;
	row->cmds++;
	if (lane == MAX_LANES) {
		row->over++;
		return;
	}
	/* A lane's next command begins a pixel further, so that both are seen. */
	busy[lane] = c->end + (uint64_t)(p->axis.px / p->axis.scale);
	row->lanes = lane + 1 > row->lanes ? lane + 1 : row->lanes;
}

static void place_all(struct lanes_picture *p)
{
	for (unsigned int k = 0; k < p->nr_rows; k++) {
		struct lanes_row *row = &p->row[k];
		uint64_t busy[MAX_LANES] = { 0 };

		for (unsigned int i = 0; i < p->nr; i++)
			if (p->cmd[i]->ctrl == row->ctrl && p->cmd[i]->qid == row->qid)
				place(p, row, busy, p->cmd[i]);
		row->lanes = row->lanes ? row->lanes : 1;
		row->px = 150 / row->lanes;
		row->px = row->px < 2 ? 2 : row->px > 12 ? 12 : row->px;
	}
	for (unsigned int i = 0; i < lane_ticks(p->r); i++) {
		const struct lane_tick *tick = &p->r->tick[i];
		struct lanes_row *row = find_row(p, tick->ctrl, tick->qid);

		if (row && tick->ts >= p->from && tick->ts <= p->to)
			row->tick[tick->kind]++;
	}
}

void lanes_choose_rows(struct lanes_picture *p)
{
	const struct lane_cmd *slow = &p->t->lanes->slowest;

	if (slow->end >= p->from && slow->queued <= p->to)
		add_row(p, slow->ctrl, slow->qid);
	for (unsigned int i = 0; i < p->nr; i++)
		add_row(p, p->cmd[i]->ctrl, p->cmd[i]->qid);
	for (unsigned int i = 0; i < p->nr; i++)
		p->unknown |= !lane_is_whole(p->cmd[i]);
	qsort(p->row, p->nr_rows, sizeof(p->row[0]), by_queue);
	p->axis.nr = 0;
	axis_add(&p->axis, p->from, p->to + 1, 0);
	axis_finish(&p->axis, PICTURE_WIDTH - LANES_LEFT - LANES_RIGHT,
		    model_totals(p->t->a.model)->first_ts);
	place_all(p);
}
