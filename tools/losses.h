/* SPDX-License-Identifier: GPL-2.0 */
/* What a recording does not hold, by CPU and cause, as whoever recorded it counted it. */
#ifndef NVS_LOSSES_H
#define NVS_LOSSES_H

#include "recording.h"

struct loss {
	const char *cause; /* "ring_full", "interrupted", "unmatched_start", ... */
	const char *says;  /* the same for people: "events found the ring full" */
	int cpu;	   /* -1: of no one CPU */
	uint64_t count;
	const char *kinds; /* "cqe 12, sqe 3", or NULL: not known */
	bool there;	   /* nothing is missing but a step, or what was before the recording */
};

typedef void (*loss_fn)(void *ctx, const struct loss *loss);

/* Calls @fn for each cause on each CPU that counted any. */
void losses_each(const struct recording *r, loss_fn fn, void *ctx);
/* Was anything lost, unmatched or cut off? */
bool losses_any(const struct recording *r);
/* Is anything missing that should be there?  What --strict asks. */
bool losses_missing(const struct recording *r);
/*
 * Says in @text where a recording begins whose first part was dropped to keep it small, or
 * that was saved by the flight recorder.  false: it is all there.
 */
bool losses_begins(const struct recording *r, char *text, size_t size);
/*
 * A line for each loss, up to @most bytes each, such as "12 events found the ring full, on CPU 3:
 * cqe 12"; and one if the recording's beginning was dropped.
 */
void losses_lines(const struct recording *r, size_t most, void (*fn)(void *ctx, const char *line),
		  void *ctx);

/* The same lines on stderr, with whose recording it is. */
void losses_complain(const struct recording *r);

#endif
