/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log's clock (the host's wall clock) in terms of the recording's (the
 * guest's CLOCK_MONOTONIC).  Nothing relates the two but events that both saw:
 * the device sees a doorbell not before the driver rang it, and the driver sees
 * a completion not before the device made it.  Between these bounds runs a
 * straight line, because the two clocks do not tick alike.
 */
#ifndef NVS_DEVICE_CLOCK_H
#define NVS_DEVICE_CLOCK_H

#include <stddef.h>
#include "recording.h"

/* One event that both saw.  Times in ns. */
struct clock_pair {
	uint64_t rec, log;
	bool answer; /* device first, then driver; else the other way round */
};

struct clock_pairs {
	struct clock_pair *pairs;
	size_t nr, room;
	bool failed; /* out of memory: some are missing */
};

struct device_clock {
	uint64_t rec0, log0;  /* the same moment on both */
	double drift;	      /* the log's clock gains this much, s per s */
	uint64_t uncertainty; /* ns to either side */
	size_t nr_pairs;
};

void clock_pairs_add(struct clock_pairs *p, uint64_t rec, uint64_t log, bool answer);
void clock_pairs_free(struct clock_pairs *p);

/* Fits @clock to @p, in the order of the recording or not.  -1: too few pairs, or no times. */
int device_clock_fit(struct device_clock *clock, struct clock_pairs *p, struct nvs_error *err);
/* A time of the log in the recording's clock, ns; 0 for what was before its zero. */
uint64_t device_clock_time(const struct device_clock *clock, uint64_t log);

#endif
