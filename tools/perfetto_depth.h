/* SPDX-License-Identifier: GPL-2.0 */
/* The depth of one queue over time, from requests told at their ends. */
#ifndef NVS_PERFETTO_DEPTH_H
#define NVS_PERFETTO_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

struct depth_change {
	uint64_t ts; /* ns */
	int by;	     /* +1 or -1 */
};

/* All zero is an empty one; @heap is to be freed. */
struct depth_course {
	struct depth_change *heap;
	unsigned int nr, max;
	uint64_t last; /* ns, of what left it last */
	int64_t depth;
	uint64_t late; /* changes that came when later ones had left */
};

/* False: no memory. */
bool depth_course_add(struct depth_course *d, uint64_t ts, int by);
/*
 * The next change, in time order: when, and the depth from then on.  False: none is due; with @all
 * none is left.
 */
bool depth_course_next(struct depth_course *d, bool all, uint64_t *ts, uint64_t *depth);

#endif
