/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands on their way to the device: a request begins, and after each function that may
 * ring a doorbell, the SQ up to its tail.
 */
#ifndef NVS_STOCK_SUBMIT_H
#define NVS_STOCK_SUBMIT_H

#include "stock_again.h"

/* Of a command that stands in the SQ, by words: each that is read costs. */
static __always_inline void fill_command(struct nvs_cmd_sent *e, const __u64 *sqe, __u32 slot,
					 __u64 ts, __u32 who)
{
	__u64 first = sqe[0], word;

	stamp(&e->h, NVS_ID_cmd_sent, ts, who >> 16, who, first >> 16);
	e->dptr1 = sqe[3];
	e->dptr2 = sqe[4];
	e->nsid = first >> 32;
	word = sqe[5];
	e->cdw10 = word;
	e->cdw11 = word >> 32;
	word = sqe[6];
	e->cdw12 = word;
	e->cdw13 = word >> 32;
	word = sqe[7];
	e->cdw14 = word;
	e->cdw15 = word >> 32;
	e->opcode = first & 0xff;
	e->flags = first >> 8 & 0xff;
	e->slot = slot;
	e->pad0 = 0;
	e->pad1 = 0;
}

static __always_inline void tell_command(struct nvs_cmd_sent *e, const struct queue_state *st,
					 __u32 slot, __u64 ts, __u32 who)
{
	__u64 address = st->sq_cmds + ((__u64)slot << (st->sqe_shift & 15));
	__u64 sqe[SQE_WORDS];

	if (direct_reads) {
		fill_command(e, AS_NUMBERS(address), slot, ts, who);
	} else {
		bpf_probe_read_kernel(sqe, sizeof(sqe), (void *)address);
		fill_command(e, sqe, slot, ts, who);
	}
}

struct sq_walk {
	struct queue_state *st;
	__u64 rung, ts;
	__u32 slot, left, who;
	__u16 old_tail, new_tail, count, how;
	bool claimed;
};

/* As many as are reserved for at once, and the doorbell if that is all. */
static __always_inline void fill_record(struct nvs_cmd_sent *e, struct sq_walk *w)
{
	struct nvs_sq_doorbell *bell;

	for (int i = 0; i < PER_RECORD && w->left; i++) {
		tell_command(e++, w->st, w->slot, w->ts, w->who);
		w->left--;
		if (++w->slot == w->st->depth)
			w->slot = 0;
	}
	if (w->left)
		return;
	bell = (void *)e;
	stamp(&bell->h, NVS_ID_sq_doorbell, w->ts, w->who >> 16, w->who, 0);
	bell->old_tail = w->old_tail;
	bell->new_tail = w->new_tail;
	bell->count = w->count;
	bell->how = w->how;
}

/*
 * The next record.  Returns 1 at the end.
 *
 * The first is filled in before its commands are claimed, by moving st->rung.  This CPU may
 * stand still anywhere, a virtual one for long: after a claim others take a small ring all
 * the way round, and what is read then is a later command.  Without one they tell of these
 * commands themselves, and this record is a gap.
 */
static long tell_commands(__u32 index, struct sq_walk *w)
{
	__u32 used = w->left < PER_RECORD ? w->left : PER_RECORD;
	struct nvs_cmd_sent *e;
	struct emission m;

	used = used * sizeof(*e) + (w->left <= PER_RECORD ? sizeof(struct nvs_sq_doorbell) : 0);
	e = reserve(&m, bpf_get_smp_processor_id(),
		    PER_RECORD * sizeof(*e) + sizeof(struct nvs_sq_doorbell), used);
	if (e)
		fill_record(e, w);
	if (!w->claimed) {
		w->claimed = __sync_val_compare_and_swap(&w->st->rung, w->rung,
							 w->ts << 16 | w->new_tail) == w->rung;
		if (e && !w->claimed)
			gap(&e->h, used);
	}
	if (e)
		commit(&m);
	if (!e && w->claimed) {
		count_lost(NVS_ID_cmd_sent, w->left);
		count_lost(NVS_ID_sq_doorbell, 1);
	}
	return !e || !w->claimed || !w->left ? 1 : 0;
}

/*
 * Tells of the commands from the tail in @rung to that in @bell's upper half, at @ts, and of
 * the doorbell that covers them, rung as its lower half says.  Returns 0 if another has told
 * of them meanwhile.
 */
__noinline int tell_submitted(struct queue_state *st, __u64 rung, __u64 ts, __u32 bell, __u32 who)
{
	__u32 old_tail = rung & 0xffff, tail = bell >> 16;
	struct sq_walk w = {
		.st = st,
		.rung = rung,
		.ts = ts,
		.slot = old_tail,
		.who = who,
		.old_tail = old_tail,
		.new_tail = tail,
		.how = bell,
	};

	if (!st)
		return 1;
	w.left = tail > old_tail ? tail - old_tail : tail + st->depth - old_tail;
	w.count = w.left;
	if (!tell_commands(0, &w))
		bpf_loop(MAX_RECORDS, tell_commands, &w, 0);
	return w.claimed;
}

/*
 * The doorbell was rung between the last command's building and now.  While somebody looks
 * at completions, this command's may be among them: then the earlier time is the one that is
 * surely not too late.  But never before the doorbell before.
 */
static __always_inline __u64 time_of_bell(const struct queue_state *st, __u64 now, __u64 rung)
{
	/* The word has 48 bits of it. */
	__u64 before = now - (((now << 16) - (rung >> 16 << 16)) >> 16);

	if (st->looking || st->seen_ts > st->setup_ts)
		now = st->setup_ts;
	return now > before ? now : before + 1;
}

/*
 * Was the doorbell of this queue rung since the last look at it?  Several may ask at a
 * time, on several CPUs or one within another: who moves st->rung tells of what is between.
 */
static __always_inline void look_at_sq(__u64 nvmeq, __u32 ctrl, __u32 qid)
{
	struct queue_state *st = state_of(ctrl, qid);
	__u64 rung, ts;
	__u32 tail, how;

	if (!st || st->learnt != LEARNT)
		return;
	for (int i = 0; i < 4; i++) {
		rung = *(volatile __u64 *)&st->rung;
		tail = FIELD_AT(nvmeq, struct nvme_queue, last_sq_tail);
		if (tail == (rung & 0xffff))
			return;
		/* After all that is told of was begun, before anybody can see it completed. */
		ts = time_of_bell(st, bpf_ktime_get_ns(), rung);
		how = FIELD_AT(nvmeq, struct nvme_queue, dbbuf_sq_db) ? NVS_BELL_shadow
								      : NVS_BELL_mmio;
		if (tell_submitted(st, rung, ts, tail << 16 | how, ctrl << 16 | qid))
			return;
	}
}

/* The queue that @rq goes through: its struct nvme_queue. */
static __always_inline __u64 queue_of(const struct request *rq)
{
	return ADDRESS_IN(rq->mq_hctx, struct blk_mq_hw_ctx, driver_data);
}

static __always_inline bool is_known(const struct owner *o, __u64 nvmeq)
{
	return o->nvmeq == nvmeq && o->made == queues_made;
}

static __always_inline void ask_owner_by(struct owner *o, __u64 nvmeq, struct request *rq)
{
	o->made = queues_made;
	o->nvmeq = nvmeq;
	o->ctrl = ctrl_of(rq->q, rq);
	o->qid = rq->q->queuedata ? rq->mq_hctx->queue_num + 1 : 0;
}

static __always_inline int begins(struct request *rq, struct nvme_command *cmd, bool again)
{
	struct at_work *work;
	struct queue_state *st;
	struct nvs_rq_start *e;
	struct emission m;
	struct owner *o;
	__u64 ts, nvmeq;
	__u32 zero = 0;

	if (!rq || !cmd)
		return 0;
	work = bpf_map_lookup_elem(&at_work, &zero);
	if (!work)
		return 0;
	o = &work->building;
	nvmeq = queue_of(rq);
	if (!is_known(o, nvmeq)) {
		/* A list of requests for several queues: each is rung before the next begins. */
		if (work->built)
			look_at_sq(o->nvmeq, o->ctrl, o->qid);
		ask_owner_by(o, nvmeq, rq);
	}
	st = passes(o->ctrl) ? state_of(o->ctrl, o->qid) : NULL;
	if (st && !is_owed(o, cmd->command_id, STEP_BEGAN, again, AGAIN_setup))
		return 0;
	work->built = !!st;
	if (!st)
		return 0;
	if (st->learnt != LEARNT)
		learn_once(st, nvmeq);
	ts = bpf_ktime_get_ns();
	st->setup_ts = ts;
	e = emit_some(&m, NVS_ID_rq_start, sizeof(*e), sizeof(*e), 1);
	if (!e)
		return 0;
	stamp(&e->h, NVS_ID_rq_start, ts, o->ctrl, o->qid, cmd->command_id);
	e->queued = rq->start_time_ns;
	e->sector = rq->__sector;
	e->bytes = rq->__data_len;
	e->nsid = cmd->nsid;
	e->pid = (__u32)bpf_get_current_pid_tgid();
	e->op = rq->cmd_flags & 0xff;
	e->tag = rq->tag;
	commit(&m);
	return 0;
}

SEC("tp_btf/nvme_setup_cmd")
int BPF_PROG(on_setup, struct request *rq, struct nvme_command *cmd)
{
	return UNDISTURBED(begins(rq, cmd, false));
}

SEC("tp_btf/nvme_setup_cmd")
int BPF_PROG(on_setup_again, struct request *rq, struct nvme_command *cmd)
{
	return UNDISTURBED(begins(rq, cmd, true));
}

/* The end of what this CPU was building commands for: tells of what none has told before. */
static __always_inline int submitted(bool again, enum again which)
{
	__u32 zero = 0;
	struct at_work *work = bpf_map_lookup_elem(&at_work, &zero);
	struct owner *o;

	if (!work || !work->built)
		return 0;
	o = &work->building;
	look_at_sq(o->nvmeq, o->ctrl, o->qid);
	work->built = 0;
	if (again)
		__sync_fetch_and_add(&caught_up[which], 1);
	return 0;
}

/* Of programs at the end of a function the one that is attached last runs first. */
#define ON_SUBMITTED(fn)                                          \
	SEC("fexit/nvme_" #fn)                                    \
	int BPF_PROG(on_##fn##_again)                             \
	{                                                         \
		return UNDISTURBED(submitted(true, AGAIN_##fn));  \
	}                                                         \
	SEC("fexit/nvme_" #fn)                                    \
	int BPF_PROG(on_##fn)                                     \
	{                                                         \
		return UNDISTURBED(submitted(false, AGAIN_##fn)); \
	}
ON_SUBMITTED(queue_rq)
ON_SUBMITTED(queue_rqs)

static __always_inline int committed(struct blk_mq_hw_ctx *hctx)
{
	struct gendisk *disk = hctx->queue->disk;

	if (disk)
		look_at_sq(ADDRESS_IN(hctx, struct blk_mq_hw_ctx, driver_data),
			   disk->part0->bd_device.parent->devt & MINOR_BITS, hctx->queue_num + 1);
	return 0;
}

/* Requests that were queued before, with bd->last unset. */
SEC("fexit/nvme_commit_rqs")
int BPF_PROG(on_commit_rqs, struct blk_mq_hw_ctx *hctx)
{
	return UNDISTURBED(committed(hctx));
}

/* The Asynchronous Event Request is sent past blk-mq and the tracepoint. */
SEC("fexit/nvme_pci_submit_async_event")
int BPF_PROG(on_async_event_request, struct nvme_ctrl *ctrl)
{
	__u64 dev = address_of(ctrl) - bpf_core_field_offset(struct nvme_dev, ctrl);

	if (passes(ctrl->instance))
		look_at_sq((__u64)FIELD_AT(dev, struct nvme_dev, queues), ctrl->instance, 0);
	return 0;
}

#endif
