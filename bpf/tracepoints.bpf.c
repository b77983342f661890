// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "stock" where the kernel says nothing of its nvme modules' types (before 5.11, or
 * built without): their tracepoints, by name, and what the kernel's own types tell of a
 * request.  No bpf_loop, no atomics, no fentry: runs on 5.10.
 *
 * The command is there when it is built, the SQ head when its completion is taken in.  The
 * status lies in the driver's part of the request, whose layout is not known; but the kernel
 * writes it out for each who listens to the tracepoint nvme_complete_rq, in a format that
 * tracefs describes.
 */
#pragma clang diagnostic ignored "-Wunused-parameter" /* BPF_PROG has a ctx */

#define NVS_KERNEL_RING
#include "stock_read.h"

const volatile bool filter = false;
volatile __u16 filter_ctrl = NVS_NO_CTRL;
const volatile __u32 queues_per_ctrl = 1;
const volatile __u32 max_ctrls = 1;
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

/* The identifier that a tag's command has, or had: CID_USED | identifier */
#define TAGS	 1024
#define CID_USED 0x10000u
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the recorder sets it */
	__type(key, __u32);
	__type(value, __u32);
} cids SEC(".maps");

/* What the kernel wrote out of the request that it is about to end on this CPU. */
struct outcome {
	__u32 fresh; /* not taken yet */
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
	__u32 place; /* in `cids` */
};

/* false: of another controller than is recorded, or of one that cannot be told. */
static __always_inline bool is_recorded(struct request *rq, struct who *w)
{
	struct request_queue *q = READ(rq, q);
	struct request_queue___tags *tags = (void *)q;
	struct blk_mq_hw_ctx *hctx = READ(rq, mq_hctx);
	struct gendisk *disk = disk_of(rq, q);
	__u32 tag = READ(rq, tag);

	if (disk) {
		struct device *parent = parent_of(disk);

		w->ctrl = READ(parent, devt) & 0xfffff;
	} else {
		struct blk_mq_tag_set *set = READ(tags, tag_set);

		w->ctrl = find_ctrl((__u64)READ(set, driver_data));
	}
	if (w->ctrl == NVS_NO_CTRL || (filter && w->ctrl != filter_ctrl))
		return false;
	w->qid = READ(q, queuedata) ? READ(hctx, queue_num) + 1 : 0;
	if (w->ctrl >= max_ctrls || w->qid >= queues_per_ctrl || tag >= TAGS) {
		__sync_fetch_and_add(&untracked, 1);
		return false;
	}
	w->place = (w->ctrl * queues_per_ctrl + w->qid) * TAGS + tag;
	return true;
}

struct built {
	struct nvs_rq_start start;
	struct nvs_cmd_setup setup;
};

static __always_inline void tell_built(struct built *b, const struct who *w, struct request *rq,
				       const struct nvme_command *cmd)
{
	__u64 ts = bpf_ktime_get_ns();

	stamp(&b->start.h, NVS_ID_rq_start, ts, w->ctrl, w->qid, cmd->command_id);
	b->start.queued = READ(rq, start_time_ns);
	b->start.sector = READ(rq, __sector);
	b->start.bytes = READ(rq, __data_len);
	b->start.nsid = cmd->nsid;
	b->start.pid = (__u32)bpf_get_current_pid_tgid();
	b->start.op = READ(rq, cmd_flags) & 0xff;
	b->start.tag = READ(rq, tag);
	stamp(&b->setup.h, NVS_ID_cmd_setup, ts, w->ctrl, w->qid, cmd->command_id);
	b->setup.nsid = cmd->nsid;
	b->setup.cdw10 = cmd->cdw10;
	b->setup.cdw11 = cmd->cdw11;
	b->setup.cdw12 = cmd->cdw12;
	b->setup.cdw13 = cmd->cdw13;
	b->setup.cdw14 = cmd->cdw14;
	b->setup.cdw15 = cmd->cdw15;
	b->setup.opcode = cmd->opcode;
	b->setup.flags = cmd->flags;
}

SEC("raw_tp/nvme_setup_cmd")
int BPF_PROG(on_setup, struct request *rq, void *command)
{
	struct nvme_command cmd;
	struct built *b;
	struct who w;
	__u32 cid;

	if (!is_recorded(rq, &w))
		return 0;
	bpf_probe_read_kernel(&cmd, sizeof(cmd), command);
	cid = CID_USED | cmd.command_id;
	bpf_map_update_elem(&cids, &w.place, &cid, BPF_ANY);
	b = emit_room(NVS_ID_rq_start, sizeof(*b), 1);
	if (!b) {
		count_lost(NVS_ID_cmd_setup, 1);
		return 0;
	}
	tell_built(b, &w, rq, &cmd);
	emit_end(b);
	return 0;
}

/* The identifier of the command that @w has in flight; -1: its beginning was not seen. */
static __always_inline int cid_of(const struct who *w)
{
	__u32 *cid = bpf_map_lookup_elem(&cids, &w->place);

	if (cid && *cid & CID_USED)
		return *cid & 0xffff;
	count_cause(LOST_unmatched_end);
	return -1;
}

/* The driver has found a completion entry, in the order of the queue. */
SEC("raw_tp/nvme_sq")
int BPF_PROG(on_entry, struct request *rq, __u64 sq_head, __u64 sq_tail)
{
	struct nvs_sq_head *e;
	struct who w;
	int cid;

	if (!is_recorded(rq, &w))
		return 0;
	cid = cid_of(&w);
	if (cid < 0)
		return 0;
	e = emit_begin(NVS_ID_sq_head, sizeof(*e));
	if (!e)
		return 0;
	e->h.ctrl = w.ctrl;
	e->h.qid = w.qid;
	e->h.cid = cid;
	e->sq_head = sq_head;
	e->sq_tail = sq_tail;
	e->pad = 0;
	emit_end(e);
	return 0;
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

struct ended {
	struct nvs_rq_complete end;
	struct nvs_rq_result result;
};

static __always_inline void tell_end(const struct who *w, struct request *rq, __u16 cid,
				     const struct outcome *o)
{
	struct ended *e = emit_room(NVS_ID_rq_complete, sizeof(*e), 1);
	__u64 ts = bpf_ktime_get_ns();

	if (!e) {
		count_lost(NVS_ID_rq_result, 1);
		return;
	}
	stamp(&e->end.h, NVS_ID_rq_complete, ts, w->ctrl, w->qid, cid);
	e->end.bytes = READ(rq, __data_len);
	e->end.status = o->status;
	e->end.how = o->flags & NVME_REQ_CANCELLED ? NVS_HOW_DONE_cancelled : NVS_HOW_DONE_unseen;
	stamp(&e->result.h, NVS_ID_rq_result, ts, w->ctrl, w->qid, cid);
	e->result.result = o->result;
	emit_end(e);
}

/*
 * Another program of this kind that this CPU was in when it was interrupted keeps on_outcome()
 * from running: then there is nothing fresh, and the end counts as lost.
 */
SEC("raw_tp/nvme_complete_rq")
int BPF_PROG(on_complete, struct request *rq)
{
	__u32 zero = 0, fresh;
	struct outcome *o = bpf_map_lookup_elem(&outcomes, &zero);
	struct who w;
	int cid;

	if (!o)
		return 0;
	fresh = o->fresh;
	o->fresh = 0;
	if (!is_recorded(rq, &w))
		return 0;
	cid = cid_of(&w);
	if (cid < 0)
		return 0;
	if (!fresh || o->qid != w.qid) {
		count_lost(NVS_ID_rq_complete, 1);
		return 0;
	}
	tell_end(&w, rq, cid, o);
	return 0;
}

char _license[] SEC("license") = "GPL";
