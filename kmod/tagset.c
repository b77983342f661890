// SPDX-License-Identifier: GPL-2.0
/*
 * Tag sets and request queues, and the means to hold back and to give back all
 * requests of a controller.
 */
#include "core.h"
#include "trace.h"

static const struct nvme_limits admin_limits = {
	.logical_block_size	= 512,
	.physical_block_size	= 512,
	.io_min			= 512,
	.max_hw_sectors		= 1024,
	.max_segments		= 128,
	.dma_alignment		= 3,
	.virt_boundary		= NVME_CTRL_PAGE_SIZE - 1,
};

static int make_admin_queue(struct nvme_ctrl *ctrl, struct blk_mq_tag_set *set,
			    const struct blk_mq_ops *ops, unsigned int cmd_size)
{
	int ret;

	*set = (struct blk_mq_tag_set) {
		.ops		= ops,
		.nr_hw_queues	= 1,
		.queue_depth	= NVME_AQ_MQ_DEPTH,
		.cmd_size	= cmd_size,
		.timeout	= nvme_admin_timeout * HZ,
		.numa_node	= dev_to_node(ctrl->dev),
		.driver_data	= ctrl,
	};
	ret = blk_mq_alloc_tag_set(set);
	if (ret)
		return ret;
	ctrl->admin_q = nvme_compat_alloc_queue(set);
	if (IS_ERR(ctrl->admin_q)) {
		ret = PTR_ERR(ctrl->admin_q);
		ctrl->admin_q = NULL;
		goto out_free_set;
	}
	ret = nvme_compat_set_limits(ctrl->admin_q, &admin_limits);
	if (ret)
		goto out_destroy_queue;
	ctrl->admin_tagset = set;
	return 0;

out_destroy_queue:
	blk_mq_destroy_queue(ctrl->admin_q);
	blk_put_queue(ctrl->admin_q);
	ctrl->admin_q = NULL;
out_free_set:
	blk_mq_free_tag_set(set);
	return ret;
}

/**
 * nvme_alloc_admin_tags() - tag set and request queue of the admin queue
 * @ctrl:	the controller
 * @set:	the transport's memory for the tag set
 * @ops:	the transport's functions
 * @cmd_size:	bytes of private data for each request, struct nvme_req first
 *
 * Return: 0 or -errno.
 */
int nvme_alloc_admin_tags(struct nvme_ctrl *ctrl, struct blk_mq_tag_set *set,
			  const struct blk_mq_ops *ops, unsigned int cmd_size)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_alloc_admin_tags);
	return nvme_phase_end(&phase, make_admin_queue(ctrl, set, ops, cmd_size));
}
EXPORT_SYMBOL_GPL(nvme_alloc_admin_tags);

/* The queue itself stays until the last user of the controller is gone. */
void nvme_remove_admin_tags(struct nvme_ctrl *ctrl)
{
	if (!ctrl->admin_tagset)
		return;
	nvme_unquiesce_admin_queue(ctrl);
	blk_mq_destroy_queue(ctrl->admin_q);
	blk_mq_free_tag_set(ctrl->admin_tagset);
	ctrl->admin_tagset = NULL;
}
EXPORT_SYMBOL_GPL(nvme_remove_admin_tags);

/**
 * nvme_alloc_io_tags() - tag set that all namespaces of a controller share
 * @ctrl:	the controller; queue_count must be known
 * @set:	the transport's memory for the tag set
 * @ops:	the transport's functions
 * @nr_maps:	kinds of queues: 1, or 3 with poll queues
 * @depth:	commands in flight for each queue
 * @cmd_size:	as above
 *
 * Return: 0 or -errno.
 */
int nvme_alloc_io_tags(struct nvme_ctrl *ctrl, struct blk_mq_tag_set *set,
		       const struct blk_mq_ops *ops, unsigned int nr_maps, unsigned int depth,
		       unsigned int cmd_size)
{
	int ret;

	*set = (struct blk_mq_tag_set) {
		.ops		= ops,
		.nr_maps	= nr_maps,
		.nr_hw_queues	= ctrl->queue_count - 1,
		.queue_depth	= depth,
		.cmd_size	= cmd_size,
		.timeout	= nvme_io_timeout * HZ,
		.numa_node	= dev_to_node(ctrl->dev),
		.flags		= NVME_COMPAT_TAGSET_FLAGS,
		.driver_data	= ctrl,
	};
	ret = blk_mq_alloc_tag_set(set);
	if (ret)
		return ret;
	ctrl->tagset = set;
	return 0;
}
EXPORT_SYMBOL_GPL(nvme_alloc_io_tags);

void nvme_remove_io_tags(struct nvme_ctrl *ctrl)
{
	if (!ctrl->tagset)
		return;
	blk_mq_free_tag_set(ctrl->tagset);
	ctrl->tagset = NULL;
}
EXPORT_SYMBOL_GPL(nvme_remove_io_tags);

/*
 * Quiescing counts, and a namespace may appear while the others are held, so
 * each remembers by itself whether it is.
 */
static void set_io_quiesced(struct nvme_ctrl *ctrl, bool on)
{
	struct nvme_ns *ns;

	mutex_lock(&ctrl->quiesce_lock);
	ctrl->io_quiesced = on;
	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node) {
		if (ns->quiesced == on)
			continue;
		ns->quiesced = on;
		if (on)
			blk_mq_quiesce_queue(ns->queue);
		else
			blk_mq_unquiesce_queue(ns->queue);
	}
	up_read(&ctrl->namespaces_rwsem);
	mutex_unlock(&ctrl->quiesce_lock);
	nvme_tell_freeze(nvme_ctrl_id(ctrl), 1, 0,
			 on ? NVS_FREEZE_quiesce : NVS_FREEZE_unquiesce);
}

/* No request is handed to the transport any more when this returns. */
void nvme_quiesce_io_queues(struct nvme_ctrl *ctrl)
{
	set_io_quiesced(ctrl, true);
}
EXPORT_SYMBOL_GPL(nvme_quiesce_io_queues);

void nvme_unquiesce_io_queues(struct nvme_ctrl *ctrl)
{
	set_io_quiesced(ctrl, false);
}
EXPORT_SYMBOL_GPL(nvme_unquiesce_io_queues);

static void set_admin_quiesced(struct nvme_ctrl *ctrl, bool on)
{
	mutex_lock(&ctrl->quiesce_lock);
	if (ctrl->admin_q && ctrl->admin_quiesced != on) {
		ctrl->admin_quiesced = on;
		if (on)
			blk_mq_quiesce_queue(ctrl->admin_q);
		else
			blk_mq_unquiesce_queue(ctrl->admin_q);
		nvme_tell_freeze(nvme_ctrl_id(ctrl), 0, 0,
				 on ? NVS_FREEZE_quiesce : NVS_FREEZE_unquiesce);
	}
	mutex_unlock(&ctrl->quiesce_lock);
}

void nvme_quiesce_admin_queue(struct nvme_ctrl *ctrl)
{
	set_admin_quiesced(ctrl, true);
}
EXPORT_SYMBOL_GPL(nvme_quiesce_admin_queue);

void nvme_unquiesce_admin_queue(struct nvme_ctrl *ctrl)
{
	set_admin_quiesced(ctrl, false);
}
EXPORT_SYMBOL_GPL(nvme_unquiesce_admin_queue);

/**
 * nvme_start_freeze() - let no new request enter the I/O queues
 * @ctrl: the controller
 *
 * Those that are in go on.  Whoever comes now waits for nvme_unfreeze().
 */
void nvme_start_freeze(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns;

	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node) {
		ns->frozen = true;
		blk_freeze_queue_start(ns->queue);
	}
	up_read(&ctrl->namespaces_rwsem);
	nvme_tell_freeze(nvme_ctrl_id(ctrl), 1, 0, NVS_FREEZE_freeze);
}
EXPORT_SYMBOL_GPL(nvme_start_freeze);

/* Waits until all requests have ended.  False: not within @timeout jiffies. */
bool nvme_wait_freeze_timeout(struct nvme_ctrl *ctrl, unsigned long timeout)
{
	struct nvme_ns *ns;
	long left = timeout;

	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node) {
		if (ns->frozen)
			left = blk_mq_freeze_queue_wait_timeout(ns->queue, left);
		if (left <= 0)
			break;
	}
	up_read(&ctrl->namespaces_rwsem);
	return left > 0;
}
EXPORT_SYMBOL_GPL(nvme_wait_freeze_timeout);

/* Ends nvme_start_freeze(); one caller at a time has the controller frozen. */
void nvme_unfreeze(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns;

	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node) {
		if (!ns->frozen)
			continue;
		ns->frozen = false;
		nvme_compat_unfreeze_queue(ns->queue);
	}
	up_read(&ctrl->namespaces_rwsem);
	nvme_tell_freeze(nvme_ctrl_id(ctrl), 1, 0, NVS_FREEZE_unfreeze);
}
EXPORT_SYMBOL_GPL(nvme_unfreeze);

/**
 * nvme_update_hw_queues() - new maps from CPUs to hardware queues
 * @ctrl:	the controller, its I/O queues quiesced; they are let go
 * @count:	hardware queues
 * @look:	completes what is in queues without an interrupt
 *
 * What entered before goes by the old maps: perhaps into a queue that had an
 * interrupt and is a polled one now, for which nobody would look.
 */
void nvme_update_hw_queues(struct nvme_ctrl *ctrl, unsigned int count,
			   void (*look)(struct nvme_ctrl *ctrl))
{
	struct nvme_ns *ns;

	/* No namespace comes or goes, and a timeout meanwhile finds its locks free. */
	mutex_lock(&ctrl->map_lock);
	list_for_each_entry(ns, &ctrl->namespaces, node)
		blk_freeze_queue_start(ns->queue);
	nvme_tell_freeze(nvme_ctrl_id(ctrl), 1, 0, NVS_FREEZE_freeze);
	nvme_unquiesce_io_queues(ctrl);
	list_for_each_entry(ns, &ctrl->namespaces, node)
		while (!blk_mq_freeze_queue_wait_timeout(ns->queue, msecs_to_jiffies(20)))
			look(ctrl);
	blk_mq_update_nr_hw_queues(ctrl->tagset, count);
	list_for_each_entry(ns, &ctrl->namespaces, node)
		nvme_compat_unfreeze_queue(ns->queue);
	nvme_tell_freeze(nvme_ctrl_id(ctrl), 1, 0, NVS_FREEZE_unfreeze);
	mutex_unlock(&ctrl->map_lock);
}
EXPORT_SYMBOL_GPL(nvme_update_hw_queues);

static bool cancel_request(struct request *rq, void *data)
{
	struct nvme_req *req = nvme_req(rq);

	/* Its completion was seen already, and is on its way to another CPU. */
	if (blk_mq_request_completed(rq))
		return true;
	req->status = NVME_SC_HOST_ABORTED_CMD;
	req->flags |= NVME_REQ_CANCELLED;
	blk_mq_complete_request(rq);
	return true;
}

/**
 * nvme_cancel_all() - complete every started request of a tag set as aborted
 * @ctrl:	the controller, which can no longer touch their memory
 * @set:	its admin or I/O tag set, quiesced; NULL is allowed
 *
 * A request that may be retried waits in its queue afterwards.
 */
void nvme_cancel_all(struct nvme_ctrl *ctrl, struct blk_mq_tag_set *set)
{
	if (!set)
		return;
	blk_mq_tagset_busy_iter(set, cancel_request, ctrl);
	blk_mq_tagset_wait_completed_request(set);
}
EXPORT_SYMBOL_GPL(nvme_cancel_all);
