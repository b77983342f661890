/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Level events: has the first of two programs told of this step?
 *
 * UNDISTURBED leaves a few instructions in which a task may have to leave its CPU to others; what
 * these come with is missed by that program until the task is back, a time slice or more later.
 * So a second one is attached, which runs behind the first, and tells of what that did not.
 */
#ifndef NVS_STOCK_AGAIN_H
#define NVS_STOCK_AGAIN_H

#include "again.h"
#include "stock_queue.h"

/* By how a program is called: is it the second? */
#define IS	 false
#define IS_again true

/* Of each identifier's tag, the last step that was told, and the identifier's generation. */
#define STEP_BEGAN 0x10
#define STEP_ENDED 0x20
#define STEP_TAGS  4096 /* as many as an identifier has */
struct told_steps {
	__u8 of_tag[STEP_TAGS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* as `queues`, where it is needed */
	__type(key, __u32);
	__type(value, struct told_steps);
} told SEC(".maps");

/*
 * Shall this program tell of @step of the command @cid?  @again: it is the second one, and
 * does what the first, @which, was not run for.
 */
static __always_inline bool is_owed(const struct owner *o, __u16 cid, __u8 step, bool again,
				    enum again which)
{
	__u8 now = step | cid >> 12, *last;
	struct told_steps *t;
	__u32 index;

	if (!preemptible)
		return true;
	APART();
	barrier(); /* nor is it begun before */
	index = o->index;
	t = bpf_map_lookup_elem(&told, &index);
	if (!t)
		return !again;
	last = &t->of_tag[cid & (STEP_TAGS - 1)];
	if (again && *last == now)
		return false;
	*last = now;
	if (again)
		__sync_fetch_and_add(&caught_up[which], 1);
	return true;
}

#endif
