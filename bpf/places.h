/* SPDX-License-Identifier: GPL-2.0 */
/* Levels io and hist: what is kept of a queue, and where. */
#ifndef NVS_PLACES_H
#define NVS_PLACES_H

#include "filter.h"

#define HASH_FACTOR 0x9e3779b1u /* 2^32 by the golden ratio: it spreads what lies in a row */

/*
 * Places: what is kept of a queue lies at its place, given when it is met first.  In .bss,
 * where neither a call nor a check is needed to get at it.
 */
#define MAX_PLACES 2048
#define NO_PLACE   0xffffffff
struct flight_queue flight_queues[MAX_PLACES] = {};
__u32 next_place = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* queues_per_ctrl for each of max_ctrls */
	__type(key, __u32);
	__type(value, __u32); /* place + 1; 0: not met yet */
} places SEC(".maps");

static __always_inline struct flight_queue *queue_at(__u32 place)
{
	return &flight_queues[place & (MAX_PLACES - 1)];
}

/* The place of a queue, or NO_PLACE. */
static __always_inline __u32 place_of(__u32 ctrl, __u32 qid)
{
	__u32 index = ctrl * config.queues_per_ctrl + qid, *place;

	if (ctrl >= config.max_ctrls || qid >= config.queues_per_ctrl)
		return NO_PLACE;
	place = bpf_map_lookup_elem(&places, &index);
	return place ? *place - 1 : NO_PLACE;
}

/* Gives a queue that has none a place. NO_PLACE: there is none left, or one is just being given. */
static __always_inline __u32 new_place(__u32 ctrl, __u32 qid)
{
	__u32 index = ctrl * config.queues_per_ctrl + qid, *given, place;

	if (ctrl >= config.max_ctrls || qid >= config.queues_per_ctrl)
		return NO_PLACE;
	given = bpf_map_lookup_elem(&places, &index);
	if (!given || __sync_val_compare_and_swap(given, 0, NO_PLACE))
		return NO_PLACE;
	place = __sync_fetch_and_add(&next_place, 1);
	if (place >= config.places || place >= MAX_PLACES)
		return NO_PLACE;
	queue_at(place)->ctrl = ctrl;
	queue_at(place)->qid = qid;
	__sync_lock_test_and_set(given, place + 1);
	return place;
}

#endif
