/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots for levels io and hist.  A request's is found at once, by a hash of what names it; and what
 * is known of its queue is in the slot still, from the use before.  Is that slot another's at the
 * moment, the request has the one of its queue and tag, in `commands`: so there is one for each.
 */
#ifndef NVS_NEAR_SLOTS_H
#define NVS_NEAR_SLOTS_H

#include "flight.h"

#define NEAR_SLOTS_BITS 13
#define NEAR_SLOTS	(1u << NEAR_SLOTS_BITS)
static struct command near_slots[NEAR_SLOTS] = {};

static __always_inline __u32 near_hash(__u32 name)
{
	return (name * HASH_FACTOR) >> (32 - NEAR_SLOTS_BITS);
}

/* Has it a slot there? */
static __always_inline bool is_near(__u32 number)
{
	return __builtin_expect(number < NEAR_SLOTS, 1);
}

static __always_inline struct command *near_slot(__u32 number)
{
	struct command *c = &near_slots[number];

	barrier_var(c); /* else it is reckoned out again and again */
	return c;
}

static __always_inline struct command *slot_at(__u32 number)
{
	if (is_near(number))
		return &near_slots[number];
	return kept_slot(number - NEAR_SLOTS);
}

/* Takes @c if it is free. Returns its `setup`: then it was not. */
static __always_inline __u64 try_slot(struct command *c)
{
	__u64 setup = __sync_val_compare_and_swap(&c->setup, 0, SLOT_TAKEN);

	/* Else the compiler makes a number of the comparison, and then compares that. */
	barrier_var(setup);
	return setup;
}

/* What try_slot() left: makes @c the slot of @whose, or finds another. NULL: there is no room. */
static __always_inline struct command *settle_slot(struct command *c, __u32 number, __u64 setup,
						   __u64 whose, __u32 place, __u32 tag)
{
	bool again = setup;

	if (setup && c->whose != whose) {
		c = kept_slot_of(place, tag);
		if (!c)
			return NULL;
		number = NEAR_SLOTS + (place << config.tag_shift) + tag;
		again = c->setup;
	}
	if (again)
		begin_again(c, place);
	c->whose = whose;
	c->place = place;
	c->number = number;
	return c;
}

/* The slot in which @whose began that is not in its first one. NULL: it did not; counted. */
static __always_inline struct command *find_kept_slot(__u64 whose, __u32 place, __u32 tag)
{
	struct command *c = kept_slot_of(place, tag);

	if (!c || (c->whose == whose && c->setup))
		return c;
	count_cause(LOST_unmatched_end);
	return NULL;
}

#endif
