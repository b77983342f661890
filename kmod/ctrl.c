// SPDX-License-Identifier: GPL-2.0
/*
 * Life of a controller: its number and node, its states, its reset, its end.
 */
#include <linux/idr.h>
#include <linux/module.h>

#include "core.h"
#include "trace.h"

static DEFINE_IDA(ctrl_ida);

/* For each state, those that may come before it. */
static const u8 legal_from[] = {
	/* LAB(4): from which states may one go there?  Starter: [NVS_STATE_dead] = 0, */
	[NVS_STATE_live]	  = BIT(NVS_STATE_connecting),
	[NVS_STATE_resetting]	  = BIT(NVS_STATE_new) | BIT(NVS_STATE_live),
	[NVS_STATE_connecting]	  = BIT(NVS_STATE_new) | BIT(NVS_STATE_resetting),
	[NVS_STATE_deleting]	  = BIT(NVS_STATE_live) | BIT(NVS_STATE_resetting) |
				    BIT(NVS_STATE_connecting),
	[NVS_STATE_deleting_noio] = BIT(NVS_STATE_deleting) | BIT(NVS_STATE_dead),
	[NVS_STATE_dead]	  = BIT(NVS_STATE_deleting),
	/* LAB(4) end */
};

/**
 * nvme_change_ctrl_state() - go to another state, if that is legal from here
 * @ctrl:	the controller
 * @new_state:	where to
 *
 * Any context.  Return: true if the state was changed by this call.
 */
bool nvme_change_ctrl_state(struct nvme_ctrl *ctrl, enum nvs_STATE new_state)
{
	enum nvs_STATE old_state;
	unsigned long flags;
	bool changed;

	/* LAB(4): go there, if it is legal.  Starter: changed = false; old_state = ctrl->state; */
	spin_lock_irqsave(&ctrl->lock, flags);
	old_state = ctrl->state;
	changed = legal_from[new_state] & BIT(old_state);
	if (changed)
		WRITE_ONCE(ctrl->state, new_state);
	spin_unlock_irqrestore(&ctrl->lock, flags);
	/* LAB(4) end */

	nvme_tell_ctrl_state(nvme_ctrl_id(ctrl), 0, 0, old_state, new_state, changed);
	if (changed)
		wake_up_all(&ctrl->state_wq);
	return changed;
}
EXPORT_SYMBOL_GPL(nvme_change_ctrl_state);

/**
 * nvme_reset_ctrl() - have the controller brought (back) up by nvme_reset_work()
 * @ctrl:	the controller
 * @why:	for the trace
 *
 * Process context.  Return: 0, or -EBUSY if a reset or removal is under way.
 */
int nvme_reset_ctrl(struct nvme_ctrl *ctrl, enum nvs_WHY_RESET why)
{
	struct nvme_phase phase;
	int ret = -EBUSY;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_reset_ctrl);
	if (nvme_change_ctrl_state(ctrl, NVS_STATE_resetting)) {
		ctrl->reset_cause = NVS_PHASE_nvme_reset_ctrl;
		if (queue_work(nvme_reset_wq, &ctrl->reset_work))
			ret = 0;
	}
	nvme_tell_reset(nvme_ctrl_id(ctrl), 0, 0, why, ret);
	return nvme_phase_end(&phase, ret);
}
EXPORT_SYMBOL_GPL(nvme_reset_ctrl);

/* As above, and wait for the end of it.  -ENETRESET: it did not come back up. */
int nvme_reset_ctrl_sync(struct nvme_ctrl *ctrl, enum nvs_WHY_RESET why)
{
	int ret = nvme_reset_ctrl(ctrl, why);

	if (ret)
		return ret;
	flush_work(&ctrl->reset_work);
	return nvme_ctrl_state(ctrl) == NVS_STATE_live ? 0 : -ENETRESET;
}

static void release_ctrl(struct device *dev)
{
	struct nvme_ctrl *ctrl = container_of(dev, struct nvme_ctrl, ctrl_device);

	if (ctrl->admin_q)
		blk_put_queue(ctrl->admin_q);
	nvme_free_effects(ctrl);
	ida_destroy(&ctrl->ns_ida);
	xa_destroy(&ctrl->refused);
	kfree(ctrl->discard_page);
	ida_free(&ctrl_ida, ctrl->instance);
	ctrl->ops->free_ctrl(ctrl);
}

static void init_fields(struct nvme_ctrl *ctrl, struct device *dev,
			const struct nvme_ctrl_ops *ops)
{
	ctrl->ops = ops;
	ctrl->dev = dev;
	ctrl->state = NVS_STATE_new;
	spin_lock_init(&ctrl->lock);
	init_waitqueue_head(&ctrl->state_wq);
	init_rwsem(&ctrl->namespaces_rwsem);
	INIT_LIST_HEAD(&ctrl->namespaces);
	ida_init(&ctrl->ns_ida);
	xa_init(&ctrl->refused);
	mutex_init(&ctrl->scan_lock);
	mutex_init(&ctrl->quiesce_lock);
	mutex_init(&ctrl->map_lock);
	INIT_WORK(&ctrl->scan_work, nvme_scan_work);
	INIT_WORK(&ctrl->async_event_work, nvme_async_event_work);
}

static int add_ctrl_node(struct nvme_ctrl *ctrl)
{
	struct device *node = &ctrl->ctrl_device;
	int ret;

	node->class = nvme_class;
	node->parent = ctrl->dev;
	node->groups = nvme_ctrl_groups;
	node->devt = nvme_ctrl_devt(ctrl->instance);
	dev_set_drvdata(node, ctrl);
	ret = dev_set_name(node, "%s%d", nvme_node_prefix, ctrl->instance);
	if (ret)
		return ret;
	cdev_init(&ctrl->cdev, &nvme_ctrl_fops);
	ctrl->cdev.owner = ctrl->ops->module;
	return cdev_device_add(&ctrl->cdev, node);
}

/**
 * nvme_init_ctrl() - number a controller and make its character device
 * @ctrl:	zeroed memory; @ops->free_ctrl() frees it with the last reference
 * @dev:	the device it sits on
 * @ops:	the transport
 *
 * Return: 0, or -errno with nothing left behind: the caller frees @ctrl.
 */
int nvme_init_ctrl(struct nvme_ctrl *ctrl, struct device *dev, const struct nvme_ctrl_ops *ops)
{
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_init_ctrl);
	init_fields(ctrl, dev, ops);
	ret = ida_alloc_max(&ctrl_ida, NVME_MINORS - 1, GFP_KERNEL);
	if (ret < 0)
		goto out;
	ctrl->instance = ret;

	device_initialize(&ctrl->ctrl_device);
	ret = add_ctrl_node(ctrl);
	if (ret) {
		/* No release function yet, so this frees the name and no more. */
		kfree_const(ctrl->ctrl_device.kobj.name);
		ctrl->ctrl_device.kobj.name = NULL;
		ida_free(&ctrl_ida, ctrl->instance);
		goto out;
	}
	ctrl->ctrl_device.release = release_ctrl;
out:
	return nvme_phase_end(&phase, ret);
}
EXPORT_SYMBOL_GPL(nvme_init_ctrl);

/**
 * nvme_uninit_ctrl() - take the node away and drop the transport's reference
 * @ctrl: the controller, no longer reachable by its transport
 */
void nvme_uninit_ctrl(struct nvme_ctrl *ctrl)
{
	nvme_hwmon_exit(ctrl);
	cdev_device_del(&ctrl->cdev, &ctrl->ctrl_device);
	/* Queued by somebody who saw it live and was slow: it finds that it is not. */
	cancel_work_sync(&ctrl->scan_work);
	nvme_subsystem_leave(ctrl);
	nvme_put_ctrl(ctrl);
}
EXPORT_SYMBOL_GPL(nvme_uninit_ctrl);

/**
 * nvme_start_ctrl() - a controller has become live: look for its namespaces
 * @ctrl: the controller
 */
void nvme_start_ctrl(struct nvme_ctrl *ctrl)
{
	char *envp[] = { "NVME_EVENT=connected", NULL };
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_start_ctrl);
	queue_work(nvme_wq, &ctrl->async_event_work);
	if (ctrl->queue_count > 1)
		nvme_queue_scan(ctrl);
	kobject_uevent_env(&ctrl->ctrl_device.kobj, KOBJ_CHANGE, envp);
	nvme_phase_end(&phase, 0);
}
EXPORT_SYMBOL_GPL(nvme_start_ctrl);

/**
 * nvme_stop_ctrl() - no new work begins after this; the state says so already
 * @ctrl: the controller, in a deleting state
 */
void nvme_stop_ctrl(struct nvme_ctrl *ctrl)
{
	cancel_work_sync(&ctrl->async_event_work);
	flush_work(&ctrl->scan_work);
}
EXPORT_SYMBOL_GPL(nvme_stop_ctrl);
