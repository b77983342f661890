/* SPDX-License-Identifier: GPL-2.0 */
/* Levels io and hist of the kernel's own driver: whose queue, and whose slot, is it? */
#ifndef NVS_STOCK_SLOTS_H
#define NVS_STOCK_SLOTS_H

#include "stock_read.h"
#include "near_slots.h"

/*
 * Addresses are looked up by their lowest 32 bits, and then compared.  The verifier does not let
 * us reckon with a pointer, but with what an instruction of 32 bits leaves of it.
 */
static __always_inline __u32 low_bits(const void *pointer)
{
	__u32 low;

	asm("%0 = %1" : "=w"(low) : "w"((__u32)(__u64)pointer));
	return low;
}

/*
 * The place of a queue, by the address of its struct nvme_queue, or of a hctx that leads to it:
 * there is one for each namespace.  A hash of our own in .bss: an address that is where it
 * belongs costs ten instructions.
 */
#define KNOWN_BITS  14
#define KNOWN_MASK  ((1u << KNOWN_BITS) - 1)
#define KNOWN_TRIES 8
#define FORGOTTEN   1	       /* a key that no address has */
#define NOT_PCI	    0xfffffffe /* a place: what other transports have is not ours to follow */

struct known_queue {
	__u64 address;
	__u32 place;
	__u32 taken; /* somebody fills it in */
};
static struct known_queue known_queues[1 << KNOWN_BITS] = {};

static __always_inline __u32 known_index(const void *address)
{
	return ((low_bits(address) >> 6) * HASH_FACTOR) >> (32 - KNOWN_BITS);
}

/* Where @address is known, or NULL. */
static __always_inline struct known_queue *look_up(const void *address)
{
	__u32 at = known_index(address);

	for (int i = 0; i < KNOWN_TRIES; i++) {
		struct known_queue *k = &known_queues[(at + i) & KNOWN_MASK];

		if (k->address == (__u64)address)
			return k;
		if (!k->address)
			break;
	}
	return NULL;
}

static __always_inline void make_known(const void *address, __u32 place)
{
	__u32 at = known_index(address);

	for (int i = 0; i < KNOWN_TRIES; i++) {
		struct known_queue *k = &known_queues[(at + i) & KNOWN_MASK];

		if (k->address > FORGOTTEN || __sync_val_compare_and_swap(&k->taken, 0, 1))
			continue;
		k->place = place;
		__sync_lock_test_and_set(&k->address, (__u64)address);
		k->taken = 0;
		return;
	}
}

static __always_inline void forget(const void *address)
{
	struct known_queue *k = look_up(address);

	if (k)
		k->address = FORGOTTEN;
}

/* The place of a queue that is not known; which it makes known. */
static __always_inline __u32 place_of_queue(__u64 nvmeq, __u32 type)
{
	__u32 ctrl, qid, place;
	__u64 dev, queues;

	dev = (__u64)FIELD_AT(nvmeq, struct nvme_queue, dev);
	queues = (__u64)FIELD_AT(dev, struct nvme_dev, queues);
	qid = FIELD_AT(nvmeq, struct nvme_queue, qid);
	if (queues + qid * (__u64)bpf_core_type_size(struct nvme_queue) != nvmeq)
		return NOT_PCI;
	ctrl = FIELD_AT(dev + bpf_core_field_offset(struct nvme_dev, ctrl), struct nvme_ctrl,
			instance);
	place = place_of(ctrl, qid);
	if (place == NO_PLACE)
		place = new_place(ctrl, qid);
	if (place == NO_PLACE) {
		count_cause(LOST_no_place);
		return NO_PLACE;
	}
	queue_at(place)->polled = type == HCTX_TYPE_POLL;
	if (queue_at(place)->key != nvmeq)
		queue_at(place)->in_flight = 0;
	queue_at(place)->key = nvmeq;
	return place;
}

/* The slow way of place_by(), which makes @hctx and its queue known. */
static __noinline __u32 learn_place(struct blk_mq_hw_ctx *hctx)
{
	struct known_queue *k = look_up(hctx);
	const void *nvmeq;
	__u32 place;

	if (k)
		return k->place;
	nvmeq = hctx->driver_data;
	place = place_of_queue(ADDRESS_IN(hctx, struct blk_mq_hw_ctx, driver_data), hctx->type);
	if (place == NO_PLACE)
		return NO_PLACE;
	make_known(hctx, place);
	if (place != NOT_PCI && !look_up(nvmeq))
		make_known(nvmeq, place);
	return place;
}

static __always_inline __u32 place_by(struct blk_mq_hw_ctx *hctx)
{
	const struct known_queue *k = &known_queues[known_index(hctx)];
	__u64 address;
	__u32 place;

	barrier_var(k);
	address = k->address;
	barrier(); /* the place was there first */
	place = k->place;
	barrier_var(place); /* read in any case: so the rule need not jump */
	if (address != (__u64)hctx)
		place = learn_place(hctx);
	return place;
}

/* Requests lie a multiple of 64 bytes apart. */
static __always_inline __u32 near_number(const struct request *rq)
{
	return near_hash(low_bits(rq) >> 6);
}

/* take_slot() where the slot @c has to be made first, or is another's, or was not left. */
static __noinline struct command *take_slot_slowly(struct command *c, struct request *rq,
						   __u64 setup)
{
	__u32 place = place_by(rq->mq_hctx);

	if (place >= MAX_PLACES) {
		if (!setup)
			c->setup = 0;
		return NULL;
	}
	c = settle_slot(c, near_number(rq), setup, (__u64)rq, place, rq->tag);
	if (c)
		c->hctx = (__u64)rq->mq_hctx;
	return c;
}

/* The slot that @rq begins in.  NULL: it has none, for it is of none of our queues, or no room. */
static __always_inline struct command *take_slot(struct request *rq)
{
	struct command *c = near_slot(near_number(rq));
	__u64 setup = try_slot(c);

	if (!setup && c->whose == (__u64)rq && c->hctx == (__u64)rq->mq_hctx)
		return c;
	return take_slot_slowly(c, rq, setup);
}

static __noinline struct command *find_slot_slowly(struct request *rq, bool filtered)
{
	__u32 place = place_by(rq->mq_hctx);

	if (place >= MAX_PLACES ||
	    (filtered && !queue_passes(MODE_FILTERED, queue_at(place)->ctrl, queue_at(place)->qid)))
		return NULL;
	return find_kept_slot((__u64)rq, place, rq->tag);
}

/* The slot that @rq began in.  NULL: it did not, or is not to be followed. */
static __always_inline struct command *find_slot(__u32 mode, struct request *rq)
{
	struct command *c = near_slot(near_number(rq));

	if (c->whose == (__u64)rq && c->setup)
		return c;
	return find_slot_slowly(rq, mode & MODE_FILTERED);
}

struct forgotten {
	struct blk_mq_hw_ctx *hctx;
};

static long forget_slot(__u32 i, struct forgotten *f)
{
	struct command *c = &near_slots[i & (NEAR_SLOTS - 1)];

	if (c->hctx == (__u64)f->hctx)
		c->hctx = 0;
	return 0;
}

/* From here on @hctx leads to another queue. */
static __always_inline void forget_hctx(struct blk_mq_hw_ctx *hctx)
{
	struct forgotten f = { .hctx = hctx };

	forget(hctx);
	if (config.stages)
		bpf_loop(NEAR_SLOTS, forget_slot, &f, 0);
}

#endif
