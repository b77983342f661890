// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing a controller up, as 3.5.1 sets out, and taking it down.  The same
 * code serves the first start and every reset.
 */
#include "pci.h"
#include "trace.h"

static int set_depth(const char *value, const struct kernel_param *kp)
{
	/* A ring of one is always empty; a tag must fit a command identifier. */
	return param_set_uint_minmax(value, kp, 2, 4095);
}

static const struct kernel_param_ops depth_ops = {
	.set = set_depth,
	.get = param_get_uint,
};

static unsigned int io_queue_depth = 1024;
module_param_cb(io_queue_depth, &depth_ops, &io_queue_depth, 0644);
MODULE_PARM_DESC(io_queue_depth,
		 "entries of each I/O queue (2 to 4095); a change is for devices found after it");

static int read_capabilities(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	u32 csts;
	int ret;

	ret = ctrl->ops->reg_read32(ctrl, NVME_REG_CSTS, &csts);
	if (ret)
		return ret;
	if (csts == ~0) {
		dev_err(ctrl->dev, "CSTS reads all ones: the device does not answer\n");
		return -ENODEV;
	}
	ret = nvme_read_cap(ctrl);
	if (ret)
		return ret;
	/* Once, for queues keep their memory over resets.  MQES counts from zero. */
	if (!dev->q_depth)
		dev->q_depth = min_t(u32, NVME_CAP_MQES(ctrl->cap) + 1, io_queue_depth);
	dev->db_stride = 1 << NVME_CAP_STRIDE(ctrl->cap);
	ctrl->sqsize = dev->q_depth - 1;
	return 0;
}

/*
 * What identify.c is to say that is not used, seen here: CAP.CMBS, or before 1.4 the
 * size that CMBSZ has at once (3.1.3.12).
 */
static int note_unused(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	u32 cmbsz;
	int ret = ctrl->ops->reg_read32(ctrl, NVME_REG_CMBSZ, &cmbsz);

	if (ret)
		return ret;
	if (NVME_CAP_CMBS(ctrl->cap) || (cmbsz && cmbsz != ~0))
		ctrl->unused |= NVME_UNUSED_CMB;
	return 0;
}

static int enable_function(struct nvme_dev *dev)
{
	struct pci_dev *pdev = nvme_pdev(dev);
	u64 address_bits = dev->ctrl.quirks & NVME_QUIRK_DMA_ADDRESS_BITS_48 ? 48 : 64;
	int ret;

	ret = pci_enable_device_mem(pdev);
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(address_bits));
	if (ret)
		goto out_disable;
	/* The real number is known after Identify. */
	ret = nvme_alloc_first_vector(dev);
	if (ret)
		goto out_disable;
	ret = read_capabilities(dev);
	if (!ret && !dev->ctrl.unused_told)
		ret = note_unused(dev);
	if (ret)
		goto out_free_vectors;
	nvme_compat_pcie_error_reporting(pdev, true);
	pci_save_state(pdev);
	return 0;

out_free_vectors:
	pci_free_irq_vectors(pdev);
out_disable:
	pci_disable_device(pdev);
	return ret;
}

static int nvme_pci_enable(struct nvme_dev *dev)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_pci_enable);
	return nvme_phase_end(&phase, enable_function(dev));
}

static void nvme_pci_disable(struct nvme_dev *dev)
{
	struct pci_dev *pdev = nvme_pdev(dev);

	pci_free_irq_vectors(pdev);
	if (pci_is_enabled(pdev)) {
		nvme_compat_pcie_error_reporting(pdev, false);
		pci_disable_device(pdev);
	}
}

/* AQA (3.1.3.8), ASQ and ACQ: the admin queue is made of registers. */
static int write_admin_queue(struct nvme_dev *dev, struct nvme_queue *nvmeq)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	/* LAB(5): write AQA, ASQ and ACQ.  Starter: return -ENODEV; */
	u32 aqa = (nvmeq->depth - 1) | (nvmeq->depth - 1) << 16;
	const struct {
		u32 off;
		u32 val;
	} writes[] = {
		{ NVME_REG_AQA, aqa },
		{ NVME_REG_ASQ, lower_32_bits(nvmeq->sq_dma) },
		{ NVME_REG_ASQ + 4, upper_32_bits(nvmeq->sq_dma) },
		{ NVME_REG_ACQ, lower_32_bits(nvmeq->cq_dma) },
		{ NVME_REG_ACQ + 4, upper_32_bits(nvmeq->cq_dma) },
	};
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(writes); i++) {
		ret = ctrl->ops->reg_write32(ctrl, writes[i].off, writes[i].val);
		if (ret)
			return ret;
	}
	/* LAB(5) end */
	nvme_tell_queue_create(nvme_ctrl_id(ctrl), 0, 0, nvmeq->cq_dma, NVS_RING_cq,
			       nvmeq->depth, 0, 0);
	nvme_tell_queue_create(nvme_ctrl_id(ctrl), 0, 0, nvmeq->sq_dma, NVS_RING_sq,
			       nvmeq->depth, 0, 0);
	return 0;
}

/* CSTS.NSSRO stays after an NVM Subsystem Reset until it is written with 1. */
static int clear_subsystem_reset(struct nvme_ctrl *ctrl)
{
	u32 csts;
	int ret;

	/* CAP.NSSRS: it has this kind of reset at all. */
	if (!NVME_CAP_NSSRC(ctrl->cap))
		return 0;
	ret = ctrl->ops->reg_read32(ctrl, NVME_REG_CSTS, &csts);
	if (!ret && csts != ~0 && csts & NVME_CSTS_NSSRO)
		ret = ctrl->ops->reg_write32(ctrl, NVME_REG_CSTS, NVME_CSTS_NSSRO);
	return ret;
}

/* One that does not stop when told so is reset from outside, and told again. */
static int disable_or_flr(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	struct pci_dev *pdev = nvme_pdev(dev);
	int ret = nvme_disable_ctrl(ctrl);

	if (ret != -ETIMEDOUT)
		return ret;
	ret = pcie_reset_flr(pdev, false);
	nvme_tell_reset(nvme_ctrl_id(ctrl), 0, 0, NVS_WHY_RESET_flr, ret);
	dev_warn(ctrl->dev, "does not stop; function level reset: %d\n", ret);
	if (ret)
		return ret;
	/* Restoring uses the saved state up, and error recovery wants one too. */
	pci_restore_state(pdev);
	pci_save_state(pdev);
	return nvme_disable_ctrl(ctrl);
}

static int configure_admin_queue(struct nvme_dev *dev)
{
	struct nvme_queue *nvmeq = &dev->queues[0];
	int ret;

	ret = clear_subsystem_reset(&dev->ctrl);
	if (ret)
		return ret;
	/* LAB(5): stop it, give it its admin queue, start it (3.5.1).  Starter: return -ENODEV; */
	/* Firmware may have left it running: queues may change only while off. */
	ret = disable_or_flr(dev);
	if (ret)
		return ret;
	ret = nvme_alloc_queue(dev, 0, NVME_AQ_DEPTH);
	if (ret)
		return ret;
	ret = write_admin_queue(dev, nvmeq);
	if (ret)
		return ret;
	ret = nvme_enable_ctrl(&dev->ctrl);
	if (ret)
		return ret;
	/* LAB(5) end */
	nvmeq->vector = 0;
	nvme_init_queue(nvmeq);
	ret = nvme_request_queue_irq(nvmeq);
	if (ret)
		return ret;
	dev->online_queues = 1;
	set_bit(NVMEQ_ENABLED, &nvmeq->flags);
	return 0;
}

static int nvme_pci_configure_admin_queue(struct nvme_dev *dev)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl),
			 NVS_PHASE_nvme_pci_configure_admin_queue);
	return nvme_phase_end(&phase, configure_admin_queue(dev));
}

/* Do the tag set's maps still lead to queues of the right kind? */
static bool maps_are_current(struct nvme_dev *dev)
{
	return dev->tagset.nr_hw_queues == dev->online_queues - 1 &&
	       dev->mapped_vecs == dev->num_vecs &&
	       !memcmp(dev->mapped_queues, dev->io_queues, sizeof(dev->io_queues));
}

static void look_into_polled(struct nvme_ctrl *ctrl)
{
	struct nvme_dev *dev = to_nvme_dev(ctrl);
	unsigned int qid;

	for (qid = 1; qid < dev->online_queues; qid++)
		if (test_bit(NVMEQ_POLLED, &dev->queues[qid].flags))
			nvme_poll_queue(&dev->queues[qid], NVS_WHY_CQ_poll);
}

/*
 * The controller that had I/O queues has none any more.  Its disks cannot be kept:
 * what waits for them would wait for good.
 */
static void drop_tagset(struct nvme_ctrl *ctrl)
{
	nvme_mark_namespaces_dead(ctrl);
	nvme_unquiesce_io_queues(ctrl);
	nvme_remove_namespaces(ctrl);
	nvme_remove_io_tags(ctrl);
}

/* The I/O tag set: made once, fitted to the queues after a reset. */
static int add_or_update_tagset(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	int ret = 0;

	if (dev->online_queues < 2) {
		dev_warn(ctrl->dev, "no I/O queues: admin commands only\n");
		if (ctrl->tagset)
			drop_tagset(ctrl);
		return 0;
	}
	if (!ctrl->tagset) {
		/* Maps for all kinds: a later reset may fill or empty one. */
		ret = nvme_alloc_io_tags(ctrl, &dev->tagset, &nvme_mq_ops, HCTX_MAX_TYPES,
					 dev->q_depth - 1, sizeof(struct nvme_iod));
	} else if (maps_are_current(dev)) {
		nvme_unquiesce_io_queues(ctrl);
	} else {
		nvme_update_hw_queues(ctrl, dev->online_queues - 1, look_into_polled);
	}
	memcpy(dev->mapped_queues, dev->io_queues, sizeof(dev->io_queues));
	dev->mapped_vecs = dev->num_vecs;
	return ret;
}

static int nvme_dev_add(struct nvme_dev *dev)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(&dev->ctrl), NVS_PHASE_nvme_dev_add);
	return nvme_phase_end(&phase, add_or_update_tagset(dev));
}

/**
 * nvme_begin_setup() - keep others from taking the device down, unless they have
 * @dev:	the device, being brought up
 * @state:	the state that it must be in
 *
 * Never across a command: the timeout handler that would end it could not take the
 * device down.  Return: true, and nvme_end_setup() is to follow; or false.
 */
bool nvme_begin_setup(struct nvme_dev *dev, enum nvs_STATE state)
{
	mutex_lock(&dev->shutdown_lock);
	if (nvme_ctrl_state(&dev->ctrl) == state)
		return true;
	mutex_unlock(&dev->shutdown_lock);
	return false;
}

void nvme_end_setup(struct nvme_dev *dev)
{
	mutex_unlock(&dev->shutdown_lock);
}

static int bring_up_admin(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	int ret;

	if (!nvme_begin_setup(dev, NVS_STATE_resetting))
		return -EBUSY;
	ret = nvme_pci_enable(dev) ?: nvme_pci_configure_admin_queue(dev);
	nvme_end_setup(dev);
	if (ret)
		return ret;
	if (!ctrl->admin_tagset)
		return nvme_alloc_admin_tags(ctrl, &dev->admin_tagset, &nvme_mq_admin_ops,
					     sizeof(struct nvme_iod));
	nvme_unquiesce_admin_queue(ctrl);
	return 0;
}

static int bring_up(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	int ret;

	ctrl->max_hw_sectors = NVME_MAX_BYTES >> SECTOR_SHIFT;
	ctrl->max_segments = NVME_MAX_SEGMENTS;
	ret = bring_up_admin(dev);
	if (ret)
		return ret;
	/* From here on a command that times out ends the attempt. */
	if (!nvme_change_ctrl_state(ctrl, NVS_STATE_connecting))
		return -EBUSY;
	ret = nvme_init_identify(ctrl);
	if (ret)
		return ret;
	nvme_alloc_shadow(dev);
	ret = nvme_setup_io_queues(dev);
	if (ret)
		return ret;
	ret = nvme_config_shadow(dev);
	if (ret)
		return ret;
	ret = nvme_dev_add(dev);
	if (ret)
		return ret;
	ret = nvme_enable_async_events(ctrl);
	if (ret)
		return ret;
	if (!nvme_change_ctrl_state(ctrl, NVS_STATE_live))
		return -EBUSY;
	nvme_start_ctrl(ctrl);
	return 0;
}

/**
 * nvme_remove_dead_ctrl() - it does not come up: whoever waits for it must learn that
 * @dev:	the device
 * @why:	-errno; -EBUSY if somebody removes it just now, and knows
 */
void nvme_remove_dead_ctrl(struct nvme_dev *dev, int why)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_remove_dead_ctrl);
	if (why != -EBUSY)
		dev_err(ctrl->dev, "the controller did not come up (error %d), it is left alone from now on\n",
			why);
	nvme_tell_ctrl_gone(nvme_ctrl_id(ctrl), 0, 0, NVS_GONE_dead);
	nvme_change_ctrl_state(ctrl, NVS_STATE_deleting);
	nvme_dev_disable(dev, false);
	nvme_change_ctrl_state(ctrl, NVS_STATE_dead);
	nvme_mark_namespaces_dead(ctrl);
	nvme_phase_end(&phase, 0);
}

/**
 * nvme_reset_work() - take the controller down if it is up, and bring it up
 * @work: ctrl->reset_work, queued by nvme_reset_ctrl()
 */
void nvme_reset_work(struct work_struct *work)
{
	struct nvme_ctrl *ctrl = container_of(work, struct nvme_ctrl, reset_work);
	struct nvme_dev *dev = to_nvme_dev(ctrl);
	struct nvme_phase phase;
	int ret = -ENODEV;

	nvme_phase_begin_work(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_reset_work,
			      ctrl->reset_cause);
	/* A removal may have overtaken us; it takes the controller down itself. */
	if (nvme_ctrl_state(ctrl) != NVS_STATE_resetting)
		goto out;
	if (ctrl->ctrl_config & NVME_CC_ENABLE)
		nvme_dev_disable(dev, false);
	ret = bring_up(dev);
	if (ret)
		nvme_remove_dead_ctrl(dev, ret);
out:
	nvme_phase_end(&phase, ret);
}

/* Does the device still answer, without having declared itself broken? */
static bool is_responsive(struct nvme_dev *dev)
{
	struct pci_dev *pdev = nvme_pdev(dev);
	u32 csts;

	if (!pci_is_enabled(pdev) || !pci_device_is_present(pdev) || pci_channel_offline(pdev))
		return false;
	dev->ctrl.ops->reg_read32(&dev->ctrl, NVME_REG_CSTS, &csts);
	return csts != ~0 && !(csts & NVME_CSTS_CFS);
}

static void each_queue(struct nvme_dev *dev, void (*action)(struct nvme_queue *nvmeq))
{
	int i;

	for (i = dev->online_queues - 1; i >= 0; i--)
		action(&dev->queues[i]);
}

/* Stopped only when nobody is left who might ring a doorbell: 3.5.1 forbids that then. */
static void stop_device(struct nvme_dev *dev, bool shutdown)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	struct pci_dev *pdev = nvme_pdev(dev);

	/* 3.6.1: delete the I/O queues, then notify.  A reset deletes them by itself (3.7.2). */
	if (shutdown)
		nvme_delete_io_queues(dev);
	/* Nobody will answer its line; the next pci_alloc_irq_vectors() gives it back. */
	if (!pci_dev_msi_enabled(pdev))
		pci_intx(pdev, false);
	nvme_quiesce_admin_queue(ctrl);
	each_queue(dev, nvme_silence_queue);
	if (shutdown)
		nvme_shutdown_ctrl(ctrl);
	else
		nvme_disable_ctrl(ctrl);
}

static void disable_locked(struct nvme_dev *dev, bool shutdown)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_dev_disable);
	nvme_quiesce_io_queues(ctrl);
	if (dev->online_queues && is_responsive(dev))
		stop_device(dev, shutdown);
	nvme_quiesce_admin_queue(ctrl);
	each_queue(dev, nvme_suspend_queue);
	dev->online_queues = 0;
	ctrl->ctrl_config &= ~NVME_CC_ENABLE;
	nvme_pci_disable(dev);

	/* No DMA from here on, so the requests' memory may go back. */
	nvme_cancel_all(ctrl, ctrl->tagset);
	nvme_cancel_all(ctrl, ctrl->admin_tagset);
	/* What was held back now runs into disabled queues, and fails. */
	if (shutdown || nvme_ctrl_going(ctrl)) {
		nvme_unquiesce_io_queues(ctrl);
		nvme_unquiesce_admin_queue(ctrl);
	}
	nvme_phase_end(&phase, 0);
}

/**
 * nvme_dev_disable() - take the device down, and get every request back
 * @dev:	the device
 * @shutdown:	notify it before
 *
 * The requests wait for the next bring-up, or fail if there will be none: after a
 * shutdown, or in a state that says so.
 */
void nvme_dev_disable(struct nvme_dev *dev, bool shutdown)
{
	mutex_lock(&dev->shutdown_lock);
	disable_locked(dev, shutdown);
	mutex_unlock(&dev->shutdown_lock);
}

/*
 * The same for the timeout handler, which must not wait: whoever is taking the
 * device down may be waiting for the command that timed out.
 */
bool nvme_dev_try_disable(struct nvme_dev *dev)
{
	if (!mutex_trylock(&dev->shutdown_lock))
		return false;
	disable_locked(dev, false);
	mutex_unlock(&dev->shutdown_lock);
	return true;
}
