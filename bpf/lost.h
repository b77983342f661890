/* SPDX-License-Identifier: GPL-2.0 */
/* What BPF and the recorder share besides the events: the counts of those that were lost. */
#ifndef NVS_LOST_H
#define NVS_LOST_H

#include "nvs_events.h"

/*
 * C(name): what levels io and hist could not put together.  The first few cost a record, or
 * a count in a histogram; of the others it is there, but not all of it.
 */
#define LOST_CAUSES(C)                                                                             \
	C(unmatched_start) /* begun, and begun again: its end was not seen */                      \
	C(stale_tag)	   /* its end is there, but its beginning is that of an earlier use */     \
	C(no_place)	   /* of a queue or a tag beyond those that there is room for */           \
	C(untimed)	   /* one probe alone: blk-mq kept no time of it */                        \
	C(unmatched_end)   /* its beginning was not seen: before the recording, as a rule */       \
	C(negative_delta)  /* a step seemed to precede the one before: taken as 0 */               \
	C(unseen_bell)	   /* ended before its doorbell was told of */                             \
	C(unseen_look)	   /* what made the driver look at its entry was not seen */

#define LOST_CAUSE_ENUM(name) LOST_##name,
enum lost_cause { LOST_CAUSES(LOST_CAUSE_ENUM) NR_LOST_CAUSES };
#undef LOST_CAUSE_ENUM
/* Causes up to this one cost a record. */
#define LOST_LAST_RECORD LOST_untimed

/* One for each CPU; written by programs on that CPU, read by the recorder at any time. */
struct cpu_lost {
	__u64 by_event[NVS_EVENT_ID_MAX + 1]; /* no room in the ring, or no ring */
	__u64 by_cause[NR_LOST_CAUSES];
};

#endif
