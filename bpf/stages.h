/* SPDX-License-Identifier: GPL-2.0 */
/* Levels io and hist: the times of a request's steps, put in order and counted. */
#ifndef NVS_STAGES_H
#define NVS_STAGES_H

#include "count.h"
#include "ring.h"

/* The steps of a command, in order; a look that was not seen is 0. */
struct steps {
	__u64 queued, setup, bell, seen, end;
};

static __always_inline bool in_order(const struct steps *s)
{
	return s->queued <= s->setup && s->setup <= s->bell && s->bell <= s->seen &&
	       s->seen <= s->end;
}

/* What is known beside them. */
struct circumstances {
	__u64 built; /* when the driver last built a command for the queue; 0: not told */
	bool polled; /* the queue has no interrupt */
	__u16 how;   /* the request ended */
};

/*
 * The look that found its entry.  A command that is sent and completed while a look is under way
 * is found by that look, which began before.  And the kernel's own driver is seen to ring
 * after it did: it may be that the command was found meanwhile.
 */
static __always_inline void put_look_in_order(struct steps *s, const struct circumstances *c)
{
	if (s->seen < s->setup) {
		count_cause(LOST_unseen_look);
		s->seen = c->polled ? 0 : s->bell;
	} else if (s->seen < s->bell) {
		s->bell = c->built >= s->setup && c->built <= s->seen ? c->built : s->setup;
	}
}

/* Where they are not in order, or where there was no completion. */
static __noinline int put_in_order(struct steps *s, const struct circumstances *c)
{
	if (!s || !c)
		return 0;
	if (s->queued > s->setup || s->setup > s->end) {
		count_cause(LOST_negative_delta);
		if (s->queued > s->setup)
			s->queued = s->setup;
		if (s->end < s->setup)
			s->end = s->setup;
	}
	if (!s->bell) {
		count_cause(LOST_unseen_bell);
		s->bell = s->setup;
	}
	if (c->how == NVS_HOW_DONE_cancelled)
		s->seen = 0;
	else
		put_look_in_order(s, c);
	return 0;
}

static __always_inline void count_stages(struct hist_cell *cell, const struct steps *s)
{
	__u64 start = s->setup;

	if (s->queued) {
		start = s->queued;
		count_stage(cell, NVS_STAGE_queue, s->setup - start);
	}
	count_stage(cell, NVS_STAGE_driver, s->bell - s->setup);
	count_stage(cell, NVS_STAGE_device, s->seen - s->bell);
	count_stage(cell, NVS_STAGE_completion, s->end - s->seen);
	count_bucket(cell, NVS_STAGE_total, s->end - start);
}

#endif
