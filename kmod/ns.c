// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace and its disk: from Identify Namespace (NVM Command Set
 * Specification 1.0, 4.1.5.1) to nvme0n1, and back.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "core.h"
#include "trace.h"

static void free_ns(struct kref *ref)
{
	struct nvme_ns *ns = container_of(ref, struct nvme_ns, ref);

	ida_free(&ns->ctrl->ns_ida, ns->instance);
	put_disk(ns->disk);
	nvme_put_ctrl(ns->ctrl);
	kfree(ns);
}

/* False: the last reference is gone, @ns is being freed. */
bool nvme_get_ns(struct nvme_ns *ns)
{
	return kref_get_unless_zero(&ns->ref);
}

void nvme_put_ns(struct nvme_ns *ns)
{
	kref_put(&ns->ref, free_ns);
}

/*
 * An open disk holds the namespace, and the transport's module: the namespace
 * holds the controller, which is freed by a function of that module.
 */
static int open_disk(struct gendisk *disk)
{
	struct nvme_ns *ns = disk->private_data;

	if (!nvme_get_ns(ns))
		return -ENXIO;
	if (!try_module_get(ns->ctrl->ops->module)) {
		nvme_put_ns(ns);
		return -ENXIO;
	}
	return 0;
}

static void release_disk(struct gendisk *disk)
{
	struct nvme_ns *ns = disk->private_data;

	module_put(ns->ctrl->ops->module);
	nvme_put_ns(ns);
}

static int ioctl_disk(struct block_device *bdev, bool writable, unsigned int cmd,
		      unsigned long arg)
{
	return nvme_ns_ioctl(bdev->bd_disk->private_data, cmd, arg, bdev_is_partition(bdev));
}

NVME_COMPAT_BDEV_OPS(nvme, open_disk, release_disk, ioctl_disk)

const struct block_device_operations nvme_disk_ops = {
	.owner		= THIS_MODULE,
	.open		= nvme_open,
	.release	= nvme_release,
	.ioctl		= nvme_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
};

static const struct nvme_lbaf *current_format(const struct nvme_id_ns *id)
{
	/* FLBAS: bits 3:0, and above 16 formats also bits 6:5, are the index. */
	unsigned int index = id->flbas & 0xf;

	if (id->nlbaf > 15)
		index |= (id->flbas >> 5 & 3) << 4;
	return &id->lbaf[index];
}

/* Can a disk be made of this format?  NULL, or why not. */
static const char *unusable(const struct nvme_lbaf *format)
{
	if (format->ds < SECTOR_SHIFT)
		return "its blocks are smaller than 512 bytes";
	if (format->ds > PAGE_SHIFT)
		return "its blocks are larger than a page";
	if (format->ms)
		return "its blocks carry metadata";
	return NULL;
}

static void fill_limits(struct nvme_ns *ns, const struct nvme_id_ns *id, struct nvme_limits *lim)
{
	u32 block = 1u << ns->lba_shift;

	*lim = (struct nvme_limits) {
		.logical_block_size	= block,
		.physical_block_size	= block,
		.io_min			= block,
		.max_hw_sectors		= ns->ctrl->max_hw_sectors,
		.max_segments		= ns->ctrl->max_segments,
		/* PRP entry 1 has its lowest two bits clear (4.1.1). */
		.dma_alignment		= 3,
		.virt_boundary		= NVME_CTRL_PAGE_SIZE - 1,
		.write_cache		= ns->ctrl->vwc & NVME_CTRL_VWC_PRESENT,
	};
	/* NSFEAT bit 4: the preferred sizes below are valid; from zero, in blocks. */
	if (id->nsfeat & 0x10) {
		lim->physical_block_size = block * (1 + le16_to_cpu(id->npwg));
		if (!is_power_of_2(lim->physical_block_size) ||
		    lim->physical_block_size > PAGE_SIZE)
			lim->physical_block_size = block;
		lim->io_min = lim->physical_block_size;
		lim->io_opt = block * (1 + le16_to_cpu(id->nows));
		if (lim->io_opt % lim->io_min || lim->io_opt == block)
			lim->io_opt = 0;
	}
}

static int apply_format(struct nvme_ns *ns, const struct nvme_id_ns *id)
{
	const struct nvme_lbaf *format = current_format(id);
	const char *why_not = unusable(format);
	struct nvme_limits lim;
	int ret;

	ns->lba_shift = why_not ? SECTOR_SHIFT : format->ds;
	ns->blocks = why_not ? 0 : le64_to_cpu(id->nsze);
	if (why_not)
		dev_warn(ns->ctrl->dev, "namespace %u gets size 0: %s\n", ns->nsid, why_not);

	fill_limits(ns, id, &lim);
	ret = nvme_compat_set_limits(ns->queue, &lim);
	if (ret)
		return ret;
	set_disk_ro(ns->disk, id->nsattr & NVME_NS_ATTR_RO);
	set_capacity_and_notify(ns->disk, ns->blocks << (ns->lba_shift - SECTOR_SHIFT));
	return 0;
}

/**
 * nvme_update_ns() - a known namespace was identified again
 * @ns:	the namespace
 * @id:	its Identify Namespace data now
 *
 * Return: 0 or -errno.
 */
int nvme_update_ns(struct nvme_ns *ns, const struct nvme_id_ns *id)
{
	const struct nvme_lbaf *format = current_format(id);
	int ret;

	if (!unusable(format) && format->ds == ns->lba_shift &&
	    le64_to_cpu(id->nsze) == ns->blocks &&
	    !!(id->nsattr & NVME_NS_ATTR_RO) == get_disk_ro(ns->disk))
		return 0;
	/* No request may see half of the change. */
	blk_mq_freeze_queue(ns->queue);
	ret = apply_format(ns, id);
	blk_mq_unfreeze_queue(ns->queue);
	return ret;
}

static struct nvme_ns *make_ns(struct nvme_ctrl *ctrl, u32 nsid, const struct nvme_ns *ids)
{
	struct nvme_ns *ns = kzalloc(sizeof(*ns), GFP_KERNEL);
	int ret;

	if (!ns)
		return ERR_PTR(-ENOMEM);
	ns->instance = ida_alloc_min(&ctrl->ns_ida, 1, GFP_KERNEL);
	if (ns->instance < 0) {
		ret = ns->instance;
		goto out_free_ns;
	}
	ns->disk = nvme_compat_alloc_disk(ctrl->tagset, ns);
	if (IS_ERR(ns->disk)) {
		ret = PTR_ERR(ns->disk);
		goto out_free_instance;
	}
	kref_init(&ns->ref);
	ns->ctrl = ctrl;
	ns->nsid = nsid;
	ns->queue = ns->disk->queue;
	memcpy(ns->eui64, ids->eui64, sizeof(ns->eui64));
	memcpy(ns->nguid, ids->nguid, sizeof(ns->nguid));
	memcpy(ns->uuid, ids->uuid, sizeof(ns->uuid));
	ns->disk->fops = &nvme_disk_ops;
	ns->disk->private_data = ns;
	snprintf(ns->disk->disk_name, sizeof(ns->disk->disk_name), "%s%dn%d",
		 nvme_node_prefix, ctrl->instance, ns->instance);
	nvme_get_ctrl(ctrl);
	return ns;

out_free_instance:
	ida_free(&ctrl->ns_ida, ns->instance);
out_free_ns:
	kfree(ns);
	return ERR_PTR(ret);
}

/* Into the list, in order, and held back if the others are. */
static void list_ns(struct nvme_ns *ns)
{
	struct nvme_ctrl *ctrl = ns->ctrl;
	struct nvme_ns *pos;

	mutex_lock(&ctrl->quiesce_lock);
	ns->quiesced = ctrl->io_quiesced;
	if (ns->quiesced)
		blk_mq_quiesce_queue(ns->queue);
	down_write(&ctrl->namespaces_rwsem);
	list_for_each_entry(pos, &ctrl->namespaces, node)
		if (pos->nsid > ns->nsid)
			break;
	list_add_tail(&ns->node, &pos->node);
	up_write(&ctrl->namespaces_rwsem);
	mutex_unlock(&ctrl->quiesce_lock);
}

static void unlist_ns(struct nvme_ns *ns)
{
	down_write(&ns->ctrl->namespaces_rwsem);
	list_del_init(&ns->node);
	up_write(&ns->ctrl->namespaces_rwsem);
}

static int add_ns(struct nvme_ctrl *ctrl, u32 nsid, const struct nvme_id_ns *id,
		  const struct nvme_ns *ids)
{
	struct nvme_ns *ns = make_ns(ctrl, nsid, ids);
	int ret;

	if (IS_ERR(ns)) {
		ret = PTR_ERR(ns);
		trace_nvs_ns_found(nvme_ctrl_id(ctrl), 0, 0, 0, nsid, 0, 0, ret);
		return ret;
	}
	ret = apply_format(ns, id);
	if (ret)
		goto out_put;
	/* Before the disk: adding it reads partitions, and that I/O may hang. */
	list_ns(ns);
	ret = device_add_disk(&ctrl->ctrl_device, ns->disk, nvme_ns_groups);
	if (ret) {
		unlist_ns(ns);
		goto out_put;
	}
	ret = nvme_add_ns_cdev(ns);
	if (ret)
		dev_warn(ctrl->dev, "namespace %u: no character device (%d)\n", nsid, ret);
	trace_nvs_ns_found(nvme_ctrl_id(ctrl), 0, 0, ns->blocks, nsid, 1u << ns->lba_shift,
			   ns->instance, 0);
	return 0;

out_put:
	trace_nvs_ns_found(nvme_ctrl_id(ctrl), 0, 0, ns->blocks, nsid, 1u << ns->lba_shift,
			   ns->instance, ret);
	nvme_put_ns(ns);
	return ret;
}

/**
 * nvme_alloc_ns() - make the disk and the character device of a namespace
 * @ctrl:	the controller
 * @nsid:	its identifier
 * @id:		its Identify Namespace data
 * @ids:	its eui64, nguid and uuid
 */
void nvme_alloc_ns(struct nvme_ctrl *ctrl, u32 nsid, const struct nvme_id_ns *id,
		   const struct nvme_ns *ids)
{
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_alloc_ns);
	ret = add_ns(ctrl, nsid, id, ids);
	if (ret)
		dev_err(ctrl->dev, "namespace %u: no disk (%d)\n", nsid, ret);
	nvme_phase_end(&phase, ret);
}

/**
 * nvme_ns_remove() - take a namespace away from user space and drop the list's reference
 * @ns: the namespace; the caller has a reference and holds scan_lock
 */
void nvme_ns_remove(struct nvme_ns *ns)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ns->ctrl), NVS_PHASE_nvme_ns_remove);
	nvme_remove_ns_cdev(ns);
	/*
	 * Waits for the requests in flight.  Still in the list, so that a reset
	 * that holds them back also gives them back.
	 */
	del_gendisk(ns->disk);
	unlist_ns(ns);
	nvme_put_ns(ns);
	nvme_phase_end(&phase, 0);
}
