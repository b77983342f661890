// SPDX-License-Identifier: GPL-2.0
/*
 * A queue's depth from records that come at the end of each request: its beginning lies
 * back by as much as it took.  Changes wait in a heap until nothing earlier is to be
 * expected, and leave it in time order.
 */
#include <stdlib.h>
#include "perfetto_depth.h"

#define LOOK_BACK 65536 /* changes that wait at most */

static void swap(struct depth_change *a, struct depth_change *b)
{
	struct depth_change c = *a;

	*a = *b;
	*b = c;
}

/* At one time, what begins comes first: a depth is never below none. */
static bool before(const struct depth_change *a, const struct depth_change *b)
{
	return a->ts != b->ts ? a->ts < b->ts : a->by > b->by;
}

static struct depth_change pop(struct depth_course *d)
{
	struct depth_change first = d->heap[0];
	unsigned int i = 0, child;

	d->heap[0] = d->heap[--d->nr];
	while ((child = 2 * i + 1) < d->nr) {
		if (child + 1 < d->nr && before(&d->heap[child + 1], &d->heap[child]))
			child++;
		if (before(&d->heap[i], &d->heap[child]))
			break;
		swap(&d->heap[i], &d->heap[child]);
		i = child;
	}
	return first;
}

bool depth_course_add(struct depth_course *d, uint64_t ts, int by)
{
	unsigned int i = d->nr, want = d->max ? d->max * 2 : 256;
	struct depth_change *more;

	if (d->nr == d->max) {
		more = realloc(d->heap, want * sizeof(*more));
		if (!more)
			return false;
		d->heap = more;
		d->max = want;
	}
	d->heap[d->nr++] = (struct depth_change){ ts, by };
	for (; i && before(&d->heap[i], &d->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&d->heap[i], &d->heap[(i - 1) / 2]);
	return true;
}

bool depth_course_next(struct depth_course *d, bool all, uint64_t *ts, uint64_t *depth)
{
	struct depth_change c;

	if (!d->nr || (!all && d->nr <= LOOK_BACK))
		return false;
	c = pop(d);
	/* Too late for its time: it counts from now on. */
	if (c.ts < d->last) {
		d->late++;
		c.ts = d->last;
	}
	d->last = c.ts;
	d->depth += c.by;
	*ts = c.ts;
	*depth = (uint64_t)(d->depth > 0 ? d->depth : 0);
	return true;
}
