// SPDX-License-Identifier: GPL-2.0
/*
 * A request's way to the device: command built, memory mapped, 64 bytes copied
 * into the submission queue, doorbell rung.
 *
 * One doorbell write, which leaves the CPU's caches and costs more than the rest,
 * covers as many commands as stand in the queue.  blk-mq helps: it hands over
 * whole lists (queue_rqs), or says that more will follow (bd->last is false) and
 * later that no more do (commit_rqs).
 */

#include "pci.h"
#include "trace.h"

static noinline void trace_sqe(struct nvme_queue *nvmeq, const struct nvme_command *cmd, u16 slot)
{
	nvme_tell_sqe(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, cmd->common.command_id, slot);
}

/* Copies a command into the next slot.  Under sq_lock. */
static __always_inline void copy_command(struct nvme_queue *nvmeq, const struct nvme_command *cmd)
{
	unsigned int slot = nvmeq->sq_tail;

	memcpy(&nvmeq->sqes[slot], cmd, sizeof(*cmd));
	nvmeq->sq_tail = slot + 1 == nvmeq->depth ? 0 : slot + 1;
	if (nvme_telling_steps())
		trace_sqe(nvmeq, cmd, slot);
}

static noinline void trace_sq(struct nvme_queue *nvmeq, u16 old_tail, u16 new_tail,
			      enum nvs_BELL how)
{
	u16 count = new_tail - old_tail;

	if (new_tail < old_tail)
		count += nvmeq->depth;
	nvme_tell_sq_doorbell(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, 0, old_tail, new_tail,
			      count, how);
}

/*
 * Tells the device how far the queue is filled (SQyTDBL, PCIe Transport 3.1.2.1).  There are
 * fewer tags than slots, so an equal tail means that nothing is new.  Under sq_lock.
 */
static inline void ring_sq(struct nvme_queue *nvmeq)
{
	u16 old_tail = nvmeq->sq_rung;
	u16 new_tail = nvmeq->sq_tail;

	if (new_tail == old_tail)
		return;
	nvmeq->sq_rung = new_tail;
	/* Traced before the device can see it: what comes of it must stand behind it. */
	if (trace_nvs_io_enabled())
		nvme_level_bell(nvmeq, old_tail, new_tail);
	if (nvmeq->sq_shadow) {
		if (nvme_telling_steps())
			trace_sq(nvmeq, old_tail, new_tail, NVS_BELL_shadow);
		if (!nvme_shadow_update(nvmeq->sq_shadow, nvmeq->sq_event_idx, old_tail, new_tail))
			return;
		old_tail = new_tail;
	}
	if (nvme_telling_steps())
		trace_sq(nvmeq, old_tail, new_tail, NVS_BELL_mmio);
	/* Orders the commands before it, as every writel() does for DMA memory. */
	writel(new_tail, nvmeq->sq_db);
}

/* Everything that can be done before the queue's lock. */
static __always_inline blk_status_t prepare(struct nvme_dev *dev, struct request *rq)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);
	blk_status_t status;

	iod->aborted = false;
	iod->use_sgl = false;
	iod->nr_lists = 0;
	iod->small_list = false;
	status = nvme_setup_cmd(&dev->ctrl, rq);
	if (status)
		return status;
	if (trace_nvs_io_enabled())
		nvme_level_begin(rq);
	if (blk_rq_nr_phys_segments(rq)) {
		status = nvme_map_data(dev, rq);
		if (unlikely(status)) {
			if (iod->req.flags & NVME_REQ_SPECIAL)
				nvme_finish_special(rq);
			goto unbuilt;
		}
	}
	if (unlikely(blk_integrity_rq(rq))) {
		status = nvme_start_with_metadata(dev, rq);
		if (status)
			goto unbuilt;
		return BLK_STS_OK;
	}
	blk_mq_start_request(rq);
	return BLK_STS_OK;
unbuilt:
	if (trace_nvs_io_enabled())
		nvme_level_unbuilt(rq);
	return status;
}

/* May @rq go to this queue now?  BLK_STS_OK, or what to end it with. */
static __always_inline blk_status_t check_ready(struct nvme_queue *nvmeq, struct request *rq)
{
	struct nvme_ctrl *ctrl = &nvmeq->dev->ctrl;

	if (unlikely(!test_bit(NVMEQ_ENABLED, &nvmeq->flags)))
		return BLK_STS_IOERR;
	if (unlikely(nvme_ctrl_state(ctrl) != NVS_STATE_live))
		return nvme_refuse_request(ctrl, rq);
	return BLK_STS_OK;
}

static __always_inline blk_status_t submit_one(struct nvme_queue *nvmeq, struct request *rq,
					       bool last)
{
	blk_status_t status = prepare(nvmeq->dev, rq);

	if (unlikely(status))
		return status;
	spin_lock(&nvmeq->sq_lock);
	copy_command(nvmeq, nvme_req(rq)->cmd);
	if (likely(last))
		ring_sq(nvmeq);
	spin_unlock(&nvmeq->sq_lock);
	return BLK_STS_OK;
}

static blk_status_t nvme_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct nvme_queue *nvmeq = hctx->driver_data;
	struct request *rq = bd->rq;
	blk_status_t status;

	status = check_ready(nvmeq, rq);
	if (unlikely(status))
		return status;
	NVME_STRETCH(status = submit_one(nvmeq, rq, bd->last));
	return status;
}

static noinline void trace_batch(struct nvme_queue *nvmeq, enum nvs_BATCH how, unsigned int count)
{
	nvme_tell_batch_submit(nvme_ctrl_id(&nvmeq->dev->ctrl), nvmeq->qid, 0, how, count);
}

static __always_inline void ring_rest(struct nvme_queue *nvmeq)
{
	spin_lock(&nvmeq->sq_lock);
	if (nvmeq->sq_tail != nvmeq->sq_rung) {
		if (nvme_telling_steps())
			trace_batch(nvmeq, NVS_BATCH_commit_rqs,
				    (nvmeq->sq_tail + nvmeq->depth - nvmeq->sq_rung) %
				    nvmeq->depth);
		ring_sq(nvmeq);
	}
	spin_unlock(&nvmeq->sq_lock);
}

/* blk-mq announced more with bd->last = false, and now has no more. */
static void nvme_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	NVME_STRETCH(ring_rest(hctx->driver_data));
}

/* @count prepared requests for one queue, in order, chained by rq_next from @rq on. */
static void submit_batch(struct nvme_queue *nvmeq, struct request *rq, unsigned int count)
{
	unsigned int left = count;

	spin_lock(&nvmeq->sq_lock);
	while (left--) {
		/* Once rung it may complete and be used again: read the link first. */
		struct request *next = rq->rq_next;

		copy_command(nvmeq, nvme_req(rq)->cmd);
		rq = next;
	}
	if (nvme_telling_steps())
		trace_batch(nvmeq, NVS_BATCH_queue_rqs, count);
	ring_sq(nvmeq);
	spin_unlock(&nvmeq->sq_lock);
}

/*
 * A whole list of requests, for one or more queues: those in a row for one are a batch.  What
 * cannot be taken stays in the list: blk-mq then sends it one by one, and gets to see the reason.
 */
static __always_inline void submit_list(nvme_rqlist *rqlist)
{
	struct request *rq, *first = NULL, *last = NULL;
	nvme_rqlist refused = NVME_COMPAT_RQLIST_INIT;
	struct nvme_queue *queue = NULL;
	unsigned int count = 0;

	while (!nvme_compat_rqlist_empty(rqlist)) {
		struct nvme_queue *nvmeq;

		rq = nvme_compat_rqlist_pop(rqlist);
		nvmeq = rq->mq_hctx->driver_data;
		nvme_compat_enter_tag(rq);
		if (unlikely(check_ready(nvmeq, rq)) || unlikely(prepare(nvmeq->dev, rq))) {
			nvme_compat_rqlist_add(&refused, rq);
			continue;
		}
		if (nvmeq == queue) {
			last->rq_next = rq;
		} else {
			if (count)
				submit_batch(queue, first, count);
			queue = nvmeq;
			first = rq;
			count = 0;
		}
		last = rq;
		count++;
	}
	if (count)
		submit_batch(queue, first, count);
	*rqlist = refused;
}

static void nvme_queue_rqs(nvme_rqlist *rqlist)
{
	NVME_STRETCH(submit_list(rqlist));
}

/**
 * nvme_pci_submit_async_event() - send the Asynchronous Event Request (5.2)
 * @ctrl: the controller
 *
 * Outside blk-mq: it has no timeout, and no end but an event.
 */
void nvme_pci_submit_async_event(struct nvme_ctrl *ctrl)
{
	struct nvme_queue *nvmeq = &to_nvme_dev(ctrl)->queues[0];
	struct nvme_command cmd = {
		.common = {
			.opcode		= nvme_admin_async_event,
			.command_id	= NVME_AER_CID,
		},
	};

	spin_lock(&nvmeq->sq_lock);
	if (test_bit(NVMEQ_ENABLED, &nvmeq->flags)) {
		nvme_tell_cmd_setup(nvme_ctrl_id(ctrl), 0, NVME_AER_CID, 0, 0, 0, 0, 0, 0, 0,
				    nvme_admin_async_event, 0);
		copy_command(nvmeq, &cmd);
		ring_sq(nvmeq);
	}
	spin_unlock(&nvmeq->sq_lock);
}

static int nvme_init_request(struct blk_mq_tag_set *set, struct request *rq,
			     unsigned int hctx_idx, nvme_numa_node numa_node)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);
	struct nvme_dev *dev = to_nvme_dev(set->driver_data);

	iod->req.ctrl = &dev->ctrl;
	iod->req.cmd = &iod->cmd;
	nvme_level_init(iod, set == &dev->tagset ? hctx_idx + 1 : 0);
	return 0;
}

static int nvme_admin_init_hctx(struct blk_mq_hw_ctx *hctx, void *data, unsigned int hctx_idx)
{
	struct nvme_dev *dev = to_nvme_dev(data);

	hctx->driver_data = &dev->queues[0];
	return 0;
}

static int nvme_init_hctx(struct blk_mq_hw_ctx *hctx, void *data, unsigned int hctx_idx)
{
	struct nvme_dev *dev = to_nvme_dev(data);

	hctx->driver_data = &dev->queues[hctx_idx + 1];
	return 0;
}

/*
 * Which CPU uses which queue: for queues with a vector, the CPUs of the vector;
 * for the others, spread evenly.  Vector 0 is the admin queue's.
 */
static void nvme_pci_map_queues(struct blk_mq_tag_set *set)
{
	struct nvme_dev *dev = to_nvme_dev(set->driver_data);
	unsigned int type, first = 0;

	for (type = 0; type < set->nr_maps; type++) {
		struct blk_mq_queue_map *map = &set->map[type];

		map->nr_queues = dev->io_queues[type];
		map->queue_offset = first;
		if (!map->nr_queues)
			continue;	/* blk-mq uses the default ones */
		if (type != HCTX_TYPE_POLL && dev->num_vecs > 1)
			nvme_compat_map_queues(map, nvme_pdev(dev), first + 1);
		else
			blk_mq_map_queues(map);
		first += map->nr_queues;
	}
}

const struct blk_mq_ops nvme_mq_admin_ops = {
	.queue_rq	= nvme_queue_rq,
	.complete	= nvme_pci_complete_rq,
	.init_hctx	= nvme_admin_init_hctx,
	.init_request	= nvme_init_request,
	.timeout	= nvme_timeout,
};

const struct blk_mq_ops nvme_mq_ops = {
	.queue_rq	= nvme_queue_rq,
	.queue_rqs	= nvme_queue_rqs,
	.commit_rqs	= nvme_commit_rqs,
	.complete	= nvme_pci_complete_rq,
	.init_hctx	= nvme_init_hctx,
	.init_request	= nvme_init_request,
	.map_queues	= nvme_pci_map_queues,
	.poll		= nvme_poll,
	.timeout	= nvme_timeout,
};
