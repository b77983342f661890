/* SPDX-License-Identifier: GPL-2.0 */
/* What BPF and the recorder share besides the events: the counts of those that were lost. */
#ifndef NVS_LOST_H
#define NVS_LOST_H

#include "nvs_events.h"

/* One for each CPU; written by programs on that CPU, read by the recorder at any time. */
struct cpu_lost {
	__u64 by_event[NVS_EVENT_ID_MAX + 1]; /* no room in the ring, or no ring */
};

#endif
