/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's own types and its nvme tracepoints tell of a request, where nothing is said of
 * its nvme modules' types (before 5.11, or built without).  For all levels.
 *
 * The command is there when it is built, the SQ head when its completion is taken in.  The
 * status lies in the driver's part of the request, whose layout is not known; but the kernel
 * writes it out for each who listens to the tracepoint nvme_complete_rq, in a format that
 * tracefs describes.
 */
#ifndef NVS_TRACEPOINTS_H
#define NVS_TRACEPOINTS_H

#define NVS_KERNEL_RING
#include "stock_read.h"

/* Major number of controllers' character devices */
const volatile __u32 nvme_major = 0;
/* Where the record of tracepoint nvme_complete_rq has these */
const volatile __u32 at_qid = 0, at_flags = 0, at_status = 0, at_result = 0;

/* Steps of queues and tags that had no place: counted, and told by the recorder. */
__u64 untracked = 0;
/* The same of requests whose controller could not be told. */
__u64 unknown_ctrl = 0;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct blk_mq_tag_set {
	void *driver_data; /* struct nvme_dev, or what is in it */
};

struct request_queue___tags {
	struct blk_mq_tag_set *tag_set;
};

/* Until 5.16 a request knew its disk, its queue did not. */
struct request___before_5_17 {
	struct gendisk *rq_disk;
};

/* Until 5.10 the whole disk was no block device. */
struct hd_struct {
	struct device __dev;
};

struct gendisk___before_5_11 {
	struct hd_struct part0;
};

#pragma clang attribute pop

/* What the kernel wrote out of the request that it is about to end on this CPU. */
struct outcome {
	__u32 fresh; /* not taken yet */
	__u32 taken; /* just now, for the first time */
	__u64 result;
	__s32 qid;
	__u16 status;
	__u8 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct outcome);
} outcomes SEC(".maps");

#define READ(object, field)                                         \
	({                                                          \
		typeof((object)->field) __v = 0;                    \
		bpf_core_read(&__v, sizeof(__v), &(object)->field); \
		__v;                                                \
	})

static __always_inline struct gendisk *disk_of(struct request *rq, struct request_queue *q)
{
	struct request___before_5_17 *old = (void *)rq;

	if (bpf_core_field_exists(old->rq_disk))
		return READ(old, rq_disk);
	if (bpf_core_field_exists(q->disk))
		return READ(q, disk);
	return NULL;
}

/* A disk's parent is the controller's character device. */
static __always_inline struct device *parent_of(struct gendisk *disk)
{
	struct gendisk___before_5_11 *old = (void *)disk;
	struct block_device *part0;

	if (bpf_core_field_exists(old->part0.__dev))
		return READ(old, part0.__dev.parent);
	part0 = READ(disk, part0);
	return READ(part0, bd_device.parent);
}

/* How much of a controller's structures is looked through, in words */
#define MAX_WORDS 1024

/*
 * An admin command has no disk.  Its controller's structure has a pointer to the character
 * device that is in it as well: the one that has the driver's number, and points back into
 * the structure before itself.
 */
static __noinline __u32 find_ctrl(__u64 dev)
{
	struct device *candidate;
	__u64 word, back;
	__u32 devt;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < MAX_WORDS; i++) {
		word = 0;
		bpf_probe_read_kernel(&word, sizeof(word), (void *)(dev + i * 8));
		if (word <= dev || word >= dev + MAX_WORDS * 8)
			continue;
		candidate = (void *)word;
		devt = READ(candidate, devt);
		back = (__u64)READ(candidate, driver_data);
		if (devt >> 20 == nvme_major && back >= dev && back < word)
			return devt & 0xfffff;
	}
	__sync_fetch_and_add(&unknown_ctrl, 1);
	return NVS_NO_CTRL;
}

/* A request, as it is told of */
struct who {
	__u16 ctrl, qid;
	__u32 tag;
	__u32 place; /* of what is kept of its command: for the level to say */
};

/* Whose it is; false: its controller cannot be told. */
static __always_inline bool ask_whose(struct request *rq, struct who *w)
{
	struct request_queue *q = READ(rq, q);
	struct request_queue___tags *tags = (void *)q;
	struct blk_mq_hw_ctx *hctx = READ(rq, mq_hctx);
	struct gendisk *disk = disk_of(rq, q);

	if (disk) {
		struct device *parent = parent_of(disk);

		w->ctrl = READ(parent, devt) & 0xfffff;
	} else {
		struct blk_mq_tag_set *set = READ(tags, tag_set);

		w->ctrl = find_ctrl((__u64)READ(set, driver_data));
	}
	w->qid = READ(q, queuedata) ? READ(hctx, queue_num) + 1 : 0;
	w->tag = READ(rq, tag);
	return w->ctrl != NVS_NO_CTRL;
}

/* Attached first, so that it has run when on_complete() does. */
SEC("tp/nvme/nvme_complete_rq")
int on_outcome(void *ctx)
{
	__u32 zero = 0;
	struct outcome *o = bpf_map_lookup_elem(&outcomes, &zero);

	if (!o)
		return 0;
	bpf_probe_read_kernel(&o->qid, sizeof(o->qid), ctx + at_qid);
	bpf_probe_read_kernel(&o->flags, sizeof(o->flags), ctx + at_flags);
	bpf_probe_read_kernel(&o->result, sizeof(o->result), ctx + at_result);
	bpf_probe_read_kernel(&o->status, sizeof(o->status), ctx + at_status);
	o->fresh = 1;
	return 0;
}

/* For the program that comes after, which every end of a request reaches. */
static __always_inline struct outcome *take_outcome(void)
{
	__u32 zero = 0;
	struct outcome *o = bpf_map_lookup_elem(&outcomes, &zero);

	if (!o)
		return NULL;
	o->taken = o->fresh;
	o->fresh = 0;
	return o;
}

/*
 * Another program of this kind that this CPU was in when it was interrupted keeps on_outcome()
 * from running: then there is nothing fresh, and the end, an @id, counts as lost.
 */
static __always_inline bool is_outcome_of(const struct outcome *o, const struct who *w, __u16 id)
{
	if (o->taken && o->qid == w->qid)
		return true;
	count_lost(id, 1);
	return false;
}

#endif
