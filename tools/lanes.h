/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Single commands for the picture of lanes: those of the window if they are few, else those
 * around the slowest.  Kept in rings while reading, so memory is the same for any recording.
 */
#ifndef NVS_LANES_H
#define NVS_LANES_H

#include "model.h"

#define LANE_CMDS  8192
#define LANE_TICKS 16384

struct lane_cmd {
	uint64_t queued, start, bell, seen, end; /* ns, CLOCK_MONOTONIC; 0: not seen */
	uint32_t bytes;
	uint16_t ctrl, qid, cid;
	uint16_t op;   /* enum nvs_RQOP */
	uint16_t lane; /* the picture's */
};

enum tick_kind { TICK_SQ, TICK_IRQ, TICK_CQ, TICK_DEV_BELL, TICK_DEV_CMD, TICK_DEV_CQE, NR_TICKS };

/* Something that has no length. */
struct lane_tick {
	uint64_t ts;
	uint16_t ctrl, qid, cid;
	uint16_t kind; /* enum tick_kind */
};

/* The last of them; @nr counts all that came. */
struct lane_rings {
	struct lane_cmd cmd[LANE_CMDS];
	struct lane_tick tick[LANE_TICKS];
	uint64_t nr_cmds, nr_ticks;
};

struct lanes {
	struct lane_rings now, kept; /* kept: as it was some time after the slowest */
	struct lane_cmd slowest;
	unsigned int keep_in; /* commands until then; 0: it is kept, or there is none */
	bool has_kept;
};

/* An ended command; its time began at @begin. */
void lanes_command(struct lanes *l, const struct model_queue *q, const struct model_cmd *c,
		   uint64_t begin);
void lanes_tick(struct lanes *l, uint16_t ctrl, uint16_t qid, uint16_t cid, enum tick_kind kind,
		uint64_t ts);
/* After the last: the rings to draw from. */
struct lane_rings *lanes_finish(struct lanes *l);
/* How many of each are in a ring. */
unsigned int lane_cmds(const struct lane_rings *r);
unsigned int lane_ticks(const struct lane_rings *r);

#endif
