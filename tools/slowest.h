/* SPDX-License-Identifier: GPL-2.0 */
/* The slowest commands of a recording, and what shared their queue with them. */
#ifndef NVS_SLOWEST_H
#define NVS_SLOWEST_H

#include "model.h"
#include "stats.h"

#define MAX_SLOWEST 1000

/* Commands of the same queue, around one command. */
struct neighbours {
	uint32_t ahead;	   /* at the device when its doorbell was rung, rung before it */
	uint32_t beside;   /* rung by the same doorbell */
	uint32_t overtook; /* rung after it, and completed before it */
	uint32_t ahead_of[NR_STATS_OPS][NR_STATS_SIZES]; /* those ahead, by kind */
};

struct slow {
	uint16_t ctrl, qid;
	struct model_cmd cmd;
	struct model_split split;
	struct neighbours near;
};

/* The slowest so far; the first is the least slow until slowest_finish(), then the slowest. */
struct slowest {
	struct slow *of;
	unsigned int nr, max;
};

/* Room for @max; 0: none is kept.  0, or -1: no memory. */
int slowest_init(struct slowest *s, unsigned int max);
void slowest_free(struct slowest *s);
/* An ended command of an I/O queue; one without a split is passed over. */
void slowest_command(struct slowest *s, const struct model_queue *q, const struct model_cmd *c);
/* False: a command that took @total ns is not among the slowest so far. */
static inline bool slowest_may_take(const struct slowest *s, uint64_t total)
{
	return s->max && (s->nr < s->max || total >= s->of[0].split.total);
}
void slowest_merge(struct slowest *s, const struct slowest *from);
/*
 * After the last command: sorts them, and reads again what @r holds of the time around each, for
 * its neighbours.  0, or -1 with @err set.
 */
int slowest_finish(struct slowest *s, const struct recording *r, struct nvs_error *err);

/* In a sentence or two where the time of @s went, for @text of @size bytes. */
void slow_sentence(const struct slow *s, char *text, size_t size);

#endif
