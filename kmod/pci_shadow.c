// SPDX-License-Identifier: GPL-2.0
/*
 * Shadow doorbells (Doorbell Buffer Config, 5.8): memory that the device looks at
 * while it is busy anyway, so that most doorbell writes can be left out.  Made for
 * devices that are software, where each write costs an exit to the hypervisor.
 *
 * Two pages, laid out as the doorbell registers are.  In one the host writes the
 * values; in the other, the event index, the device writes up to which value it
 * needs no register write.
 */
#include "pci.h"
#include "trace.h"

static bool shadow_doorbells = true;
module_param(shadow_doorbells, bool, 0444);
MODULE_PARM_DESC(shadow_doorbells, "use shadow doorbells if the device has them (0: each doorbell is a register write)");

/* Both pages hold a doorbell for each queue, the admin queue's unused. */
static size_t shadow_bytes(struct nvme_dev *dev)
{
	return dev->nr_queues * 8 * dev->db_stride;
}

/**
 * nvme_alloc_shadow() - memory for shadow doorbells, if they are to be used
 * @dev: the device, identified
 *
 * Doing without is no error.
 */
void nvme_alloc_shadow(struct nvme_dev *dev)
{
	size_t bytes = shadow_bytes(dev);

	if (!shadow_doorbells || !(dev->ctrl.oacs & NVME_CTRL_OACS_DBBUF_SUPP))
		return;
	/* The command has one PRP entry for each. */
	if (bytes > NVME_CTRL_PAGE_SIZE)
		return;
	if (dev->shadow) {
		/* After a reset: the device begins with zeroes, and so do we. */
		memset(dev->shadow, 0, NVME_CTRL_PAGE_SIZE);
		memset(dev->event_idx, 0, NVME_CTRL_PAGE_SIZE);
		return;
	}
	dev->shadow = dma_alloc_coherent(dev->ctrl.dev, NVME_CTRL_PAGE_SIZE, &dev->shadow_dma,
					 GFP_KERNEL);
	dev->event_idx = dma_alloc_coherent(dev->ctrl.dev, NVME_CTRL_PAGE_SIZE,
					    &dev->event_idx_dma, GFP_KERNEL);
	if (!dev->shadow || !dev->event_idx)
		nvme_free_shadow(dev);
}

void nvme_free_shadow(struct nvme_dev *dev)
{
	if (dev->shadow)
		dma_free_coherent(dev->ctrl.dev, NVME_CTRL_PAGE_SIZE, dev->shadow,
				  dev->shadow_dma);
	if (dev->event_idx)
		dma_free_coherent(dev->ctrl.dev, NVME_CTRL_PAGE_SIZE, dev->event_idx,
				  dev->event_idx_dma);
	dev->shadow = NULL;
	dev->event_idx = NULL;
}

static void set_queue_shadow(struct nvme_queue *nvmeq)
{
	struct nvme_dev *dev = nvmeq->dev;
	unsigned int sq = nvmeq->qid * 2 * dev->db_stride;
	unsigned int cq = sq + dev->db_stride;

	nvmeq->sq_shadow = dev->shadow + sq;
	nvmeq->sq_event_idx = dev->event_idx + sq;
	nvmeq->cq_shadow = dev->shadow + cq;
	nvmeq->cq_event_idx = dev->event_idx + cq;
}

/**
 * nvme_config_shadow() - tell the device where its shadow doorbells are
 * @dev: the device, its I/O queues created and still idle
 *
 * Return: 0, also if they are not used, or -errno if the device stopped answering.
 */
int nvme_config_shadow(struct nvme_dev *dev)
{
	struct nvme_command cmd = {
		.dbbuf = {
			.opcode	= nvme_admin_dbbuf,
			.prp1	= cpu_to_le64(dev->shadow_dma),
			.prp2	= cpu_to_le64(dev->event_idx_dma),
		},
	};
	unsigned int qid;
	int ret;

	if (!dev->shadow)
		return 0;
	ret = nvme_submit_sync_cmd(&dev->ctrl, dev->ctrl.admin_q, &cmd, NULL, 0, NULL);
	if (ret < 0)
		return ret;
	if (ret) {
		dev_warn(dev->ctrl.dev, "Doorbell Buffer Config: status %#x, going on without\n",
			 ret);
		return 0;
	}
	for (qid = 1; qid < dev->online_queues; qid++)
		set_queue_shadow(&dev->queues[qid]);
	return 0;
}
