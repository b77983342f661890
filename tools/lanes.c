// SPDX-License-Identifier: GPL-2.0
#include "lanes.h"

void lanes_command(struct lanes *l, const struct model_queue *q, const struct model_cmd *c,
		   uint64_t begin)
{
	struct lane_cmd *to = &l->now.cmd[l->now.nr_cmds++ % LANE_CMDS];

	*to = (struct lane_cmd){ .queued = begin,
				 .start = c->at[STEP_START],
				 .bell = c->at[STEP_SQ_BELL],
				 .seen = c->at[STEP_CQE],
				 .end = c->at[STEP_COMPLETE],
				 .bytes = c->bytes,
				 .ctrl = q->ctrl,
				 .qid = q->qid,
				 .cid = c->cid,
				 .op = c->op };
	if (to->end - to->queued > l->slowest.end - l->slowest.queued) {
		l->slowest = *to;
		l->keep_in = LANE_CMDS / 4;
		return;
	}
	if (l->keep_in && --l->keep_in == 0) {
		l->kept = l->now;
		l->has_kept = true;
	}
}

void lanes_tick(struct lanes *l, uint16_t ctrl, uint16_t qid, uint16_t cid, enum tick_kind kind,
		uint64_t ts)
{
	l->now.tick[l->now.nr_ticks++ % LANE_TICKS] =
		(struct lane_tick){ ts, ctrl, qid, cid, kind };
}

struct lane_rings *lanes_finish(struct lanes *l)
{
	bool all = l->now.nr_cmds <= LANE_CMDS && l->now.nr_ticks <= LANE_TICKS;

	return l->has_kept && !l->keep_in && !all ? &l->kept : &l->now;
}

unsigned int lane_cmds(const struct lane_rings *r)
{
	return r->nr_cmds < LANE_CMDS ? (unsigned int)r->nr_cmds : LANE_CMDS;
}

unsigned int lane_ticks(const struct lane_rings *r)
{
	return r->nr_ticks < LANE_TICKS ? (unsigned int)r->nr_ticks : LANE_TICKS;
}
