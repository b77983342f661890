// SPDX-License-Identifier: GPL-2.0
/*
 * Events carry CLOCK_MONOTONIC, which nobody sets; what leads from it to the time of day is
 * taken when a recording begins.  If the time of day is set meanwhile, the recording says when,
 * and by how much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "record.h"

#define LOOK_EVERY 1000000000ull
/* Slewing (0.5 ms in a second at most) is no step. */
#define STEP 5000000ll

static int64_t wall_offset(void)
{
	struct timespec wall;
	uint64_t before = record_now();

	clock_gettime(CLOCK_REALTIME, &wall);
	return wall.tv_sec * 1000000000ll + wall.tv_nsec - (int64_t)((before + record_now()) / 2);
}

void record_clock_watch(struct recorder *r, uint64_t now)
{
	char step[64];
	int64_t offset, by;

	if (now < r->clock.looked_at + LOOK_EVERY)
		return;
	offset = wall_offset();
	by = offset - r->clock.offset;
	if (r->clock.looked_at && (by > STEP || by < -STEP)) {
		size_t n = strlen(r->clock.steps);

		snprintf(step, sizeof(step), "%s%+.3f s at %.3f s", n ? ", " : "", (double)by / 1e9,
			 (double)now / 1e9);
		if (n + strlen(step) < sizeof(r->clock.steps))
			strcat(r->clock.steps, step);
		record_env_set(r, "clock_steps", r->clock.steps);
	}
	r->clock.looked_at = now;
	r->clock.offset = offset;
}
