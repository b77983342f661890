/* SPDX-License-Identifier: GPL-2.0 */
/* Level events: only some queues.  Unset, nothing is left of it in the programs. */
#ifndef NVS_QUEUE_FILTER_H
#define NVS_QUEUE_FILTER_H

#include <stdbool.h>
#include "level.h"

const volatile bool filter_by_queue = false;
const volatile __u64 filter_queues[SET_WORDS(FILTER_QUEUES)] = {};

static __always_inline bool qid_passes(__u32 qid)
{
	return !filter_by_queue ||
	       (qid < FILTER_QUEUES && filter_queues[qid / 64] >> (qid & 63) & 1);
}

#endif
