// SPDX-License-Identifier: GPL-2.0
/*
 * Levels io and hist: while somebody listens, a request notes its steps in itself, and is told of
 * once, at its end.  Of one that began when nobody listened only its end is told, with setup 0.
 *
 * All of this but nvme_level_init() is called only while nvs_io is enabled.  Interrupts are off
 * while something is told, for the same reason as in trace.h.
 */
#include <linux/cgroup.h>
#include <linux/ktime.h>
#include "pci.h"
#include "trace.h"

static inline struct nvme_iod *iod_of(struct request *rq)
{
	return blk_mq_rq_to_pdu(rq);
}

/* Did it note its beginning? */
static inline bool is_followed(const struct nvme_iod *iod)
{
	return iod->watch == nvme_watch;
}

/**
 * nvme_level_init() - what is told of a request and never changes
 * @iod:	the request's
 * @qid:	its queue
 */
void nvme_level_init(struct nvme_iod *iod, u16 qid)
{
	iod->io.h.id = NVS_ID_io;
	iod->io.h.ctrl = nvme_ctrl_id(iod->req.ctrl);
	iod->io.h.qid = qid;
}

/* The first in this watch: what is left of the one before did not all end in it. */
static noinline u16 count_first(struct nvme_queue *nvmeq, s64 now)
{
	s64 one = (u64)nvme_watch << 32 | 1;

	do {
		if (atomic64_try_cmpxchg(&nvmeq->at_driver, &now, one))
			return 1;
	} while ((u64)now >> 32 != nvme_watch);
	return atomic64_inc_return(&nvmeq->at_driver);
}

/* One request more at the driver: how many they are now. */
static inline u16 count_in(struct nvme_iod *iod, struct nvme_queue *nvmeq)
{
	u64 now = atomic64_inc_return(&nvmeq->at_driver);

	iod->watch = nvme_watch;
	return likely(now >> 32 == iod->watch) ? now : count_first(nvmeq, now);
}

static inline void count_out(struct nvme_iod *iod, struct nvme_queue *nvmeq)
{
	iod->watch = 0;
	atomic64_dec(&nvmeq->at_driver);
}

/* Its cgroup v2, which a kernel may be built without.  In an RCU section. */
static inline u64 cgroup_of(struct task_struct *task)
{
#ifdef CONFIG_CGROUPS
	return cgroup_id(task_dfl_cgroup(task));
#else
	return 0;
#endif
}

/* The task that submits, of which blk-mq runs us in an RCU section. */
static inline void note_task(struct nvs_io *io)
{
	_Static_assert(sizeof(current->comm) >= 2 * sizeof(u64), "a task's name is that long");
	io->pid = current->pid;
	io->tgid = current->tgid;
	io->cgroup = cgroup_of(current);
	memcpy(&io->comm0, current->comm, sizeof(u64));
	memcpy(&io->comm1, current->comm + sizeof(u64), sizeof(u64));
}

/**
 * nvme_level_begin() - a request's command is built, but for its data pointer
 * @rq: the request
 */
void nvme_level_begin(struct request *rq)
{
	struct nvme_ns *ns = rq->q->queuedata;
	struct nvme_iod *iod = iod_of(rq);
	struct nvs_io *io = &iod->io;

	note_task(io);
	io->h.cid = iod->req.cid;
	io->queued = rq->start_time_ns;
	io->bell = 0;
	io->sector = blk_rq_is_passthrough(rq) ? 0 : blk_rq_pos(rq);
	io->bytes = blk_rq_bytes(rq);
	io->nsid = ns ? ns->nsid : 0;
	io->op = (__force u16)req_op(rq);
	io->opcode = iod->req.cmd->common.opcode;
	io->depth = count_in(iod, rq->mq_hctx->driver_data);
	io->batch = 0;
	io->submit_cpu = raw_smp_processor_id();
	io->setup = ktime_get_mono_fast_ns();
}

/**
 * nvme_level_unbuilt() - it is not sent after all
 * @rq: the request
 */
void nvme_level_unbuilt(struct request *rq)
{
	if (is_followed(iod_of(rq)))
		count_out(iod_of(rq), rq->mq_hctx->driver_data);
}

/*
 * Notes in the requests of commands in a row when they are rung, in how large a batch.  Returns how
 * many are followed: one that is not any more was taken back, and is not used anew before its queue
 * is.
 */
static __always_inline u16 note_row(struct nvme_queue *nvmeq, u16 from, u16 end, u16 batch, u64 now)
{
	const struct nvme_command *cmd = &nvmeq->sqes[from], *last = &nvmeq->sqes[end];
	struct blk_mq_tags *tags = nvme_queue_tags(nvmeq);
	u16 count = 0;

	for (; cmd != last; cmd++) {
		struct request *rq = blk_mq_tag_to_rq(tags, NVME_CID_TAG(cmd->common.command_id));

		if (likely(rq) && is_followed(iod_of(rq))) {
			iod_of(rq)->io.bell = now;
			iod_of(rq)->io.batch = batch;
			count++;
		}
	}
	return count;
}

static noinline u16 note_wrapped(struct nvme_queue *nvmeq, u16 from, u16 to, u16 batch, u64 now)
{
	return note_row(nvmeq, from, nvmeq->depth, batch, now) +
	       note_row(nvmeq, 0, to, batch, now);
}

static noinline void tell_bell(struct nvme_queue *nvmeq, u16 count, u64 now)
{
	unsigned long flags;

	local_irq_save(flags);
	trace_nvs_level_bell(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, count, now);
	local_irq_restore(flags);
}

/* Only so many are followed: others began when nobody listened, or are none of blk-mq's. */
static noinline void correct_bell(struct nvme_queue *nvmeq, u16 from, u16 to, u16 count, u64 now)
{
	if (to > from)
		note_row(nvmeq, from, to, count, now);
	else
		note_wrapped(nvmeq, from, to, count, now);
	if (trace_nvs_level_bell_enabled() && count)
		tell_bell(nvmeq, count, now);
}

/**
 * nvme_level_bell() - a doorbell is about to be rung
 * @nvmeq:	the queue, its sq_lock held
 * @from:	its tail before
 * @to:		its tail now
 */
void nvme_level_bell(struct nvme_queue *nvmeq, u16 from, u16 to)
{
	u64 now = ktime_get_mono_fast_ns();
	u16 all = to - from, count;

	if (likely(to > from)) {
		count = note_row(nvmeq, from, to, all, now);
	} else {
		all += nvmeq->depth;
		count = note_wrapped(nvmeq, from, to, all, now);
	}
	if (unlikely(count != all))
		correct_bell(nvmeq, from, to, count, now);
	else if (trace_nvs_level_bell_enabled())
		tell_bell(nvmeq, count, now);
}

/**
 * nvme_level_look() - somebody begins to look at a completion queue
 * @nvmeq:	the queue
 * @why:	what made the driver look
 */
void nvme_level_look(struct nvme_queue *nvmeq, enum nvs_WHY_CQ why)
{
	nvmeq->look_why = why;
	nvmeq->look = ktime_get_mono_fast_ns();
}

/**
 * nvme_level_end() - a request ends, or is tried again
 * @rq:		the request
 * @how:	alone or in a batch
 */
void nvme_level_end(struct request *rq, enum nvs_HOW_DONE how)
{
	struct nvme_iod *iod = iod_of(rq);
	struct nvs_io *io = &iod->io;
	unsigned long flags;

	local_irq_save(flags);
	if (likely(is_followed(iod)))
		count_out(iod, rq->mq_hctx->driver_data);
	else
		io->setup = 0;
	io->status = iod->req.status;
	io->how = how;
	/* The driver took no entry of it. */
	if (unlikely(iod->req.flags & NVME_REQ_CANCELLED)) {
		io->how = NVS_HOW_DONE_cancelled;
		io->why = NVS_WHY_CQ_unseen;
		io->seen = 0;
	}
	io->h.ts = ktime_get_mono_fast_ns();
	trace_nvs_io(io);
	local_irq_restore(flags);
}
