/* SPDX-License-Identifier: GPL-2.0 */
/* Level events: only some queues.  Unset, nothing is left of it in the programs. */
#ifndef NVS_QUEUE_FILTER_H
#define NVS_QUEUE_FILTER_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "level.h"

const volatile bool filter_by_queue = false;
const volatile __u64 filter_queues[SET_WORDS(FILTER_QUEUES)] = {};

static __always_inline bool qid_passes(__u32 qid)
{
	__u32 word = qid / 64;

	if (!filter_by_queue)
		return true;
	barrier_var(word);
	return word < SET_WORDS(FILTER_QUEUES) && filter_queues[word] >> (qid & 63) & 1;
}

#endif
