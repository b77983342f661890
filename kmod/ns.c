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
	return nvme_ns_ioctl(bdev->bd_disk->private_data, cmd, arg, writable,
			     bdev_is_partition(bdev));
}

NVME_COMPAT_BDEV_OPS(nvme, open_disk, release_disk, ioctl_disk)

const struct block_device_operations nvme_disk_ops = {
	.owner		= THIS_MODULE,
	.open		= nvme_open,
	.release	= nvme_release,
	.report_zones	= nvme_compat_report_zones,
	.ioctl		= nvme_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
};

/*
 * A word for every namespace that cannot be used, but only one: scans come often.
 * The disk is made all the same, of size 0, for its node is the way to format it.
 */
static void explain(struct nvme_ns *ns, const char *why_not)
{
	if (why_not && why_not != ns->format.why_not)
		dev_warn(ns->ctrl->dev, "namespace %u gets size 0: %s\n", ns->nsid, why_not);
}

static int apply_info(struct nvme_ns *ns, const struct nvme_ns_info *info)
{
	const struct nvme_ns_format *format = &info->format;
	int ret = nvme_compat_set_limits(ns->queue, &info->limits);

	if (ret)
		return ret;
	explain(ns, format->why_not);
	ns->format = *format;
	ns->limits = info->limits;
	ns->lba_shift = format->lba_shift;
	ns->ms = format->ms;
	set_disk_ro(ns->disk, format->read_only);
	set_capacity_and_notify(ns->disk, format->blocks << (format->lba_shift - SECTOR_SHIFT));
	return 0;
}

/*
 * Zones are read as any other data is, so the disk must be ready for requests; and
 * without them it is not one that can be written to.
 */
static int apply_zones(struct nvme_ns *ns)
{
	int ret;

	if (!ns->limits.zoned)
		return 0;
	ret = nvme_compat_revalidate_zones(ns->disk);
	if (ret) {
		dev_warn(ns->ctrl->dev, "namespace %u gets size 0: no report of its zones (%d)\n",
			 ns->nsid, ret);
		set_capacity_and_notify(ns->disk, 0);
	}
	/* That may end well the next time. */
	if (ret)
		memset(&ns->limits, 0, sizeof(ns->limits));
	return ret == -EINTR ? ret : 0;
}

/**
 * nvme_update_ns() - a known namespace was identified again
 * @ns:		the namespace
 * @info:	what was found
 *
 * Return: 0 or -errno.
 */
int nvme_update_ns(struct nvme_ns *ns, const struct nvme_ns_info *info)
{
	int ret;

	if (!memcmp(&ns->format, &info->format, sizeof(ns->format)) &&
	    !memcmp(&ns->limits, &info->limits, sizeof(ns->limits)))
		return 0;
	/* No request may see half of the change. */
	nvme_compat_freeze_queue(ns->queue);
	ret = apply_info(ns, info);
	nvme_compat_unfreeze_queue(ns->queue);
	return ret ?: apply_zones(ns);
}

static struct nvme_ns *make_ns(struct nvme_ctrl *ctrl, const struct nvme_ns_info *info)
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
	ns->nsid = info->nsid;
	ns->queue = ns->disk->queue;
	ns->ids = info->ids;
	ns->told_ids = info->ids;
	ns->ids_known = info->ids_known;
	ns->shared = info->shared;
	INIT_LIST_HEAD(&ns->claim);
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

	mutex_lock(&ctrl->map_lock);
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
	mutex_unlock(&ctrl->map_lock);
}

static void unlist_ns(struct nvme_ns *ns)
{
	struct nvme_ctrl *ctrl = ns->ctrl;

	mutex_lock(&ctrl->map_lock);
	down_write(&ctrl->namespaces_rwsem);
	list_del_init(&ns->node);
	up_write(&ctrl->namespaces_rwsem);
	mutex_unlock(&ctrl->map_lock);
}

static int add_ns(struct nvme_ctrl *ctrl, const struct nvme_ns_info *info)
{
	struct nvme_ns *ns = make_ns(ctrl, info);
	u32 nsid = info->nsid;
	int ret;

	if (IS_ERR(ns)) {
		ret = PTR_ERR(ns);
		nvme_tell_ns_found(nvme_ctrl_id(ctrl), 0, 0, 0, nsid, 0, 0, ret);
		return ret;
	}
	ret = nvme_claim_ids(ns) ?: apply_info(ns, info);
	if (ret)
		goto out_put;
	/* Before the disk: adding it reads partitions, and that I/O may hang. */
	list_ns(ns);
	ret = apply_zones(ns) ?: device_add_disk(&ctrl->ctrl_device, ns->disk, nvme_ns_groups);
	if (ret) {
		unlist_ns(ns);
		goto out_put;
	}
	ret = nvme_add_ns_cdev(ns);
	if (ret)
		dev_warn(ctrl->dev, "namespace %u: no character device (%d)\n", nsid, ret);
	nvme_tell_ns_found(nvme_ctrl_id(ctrl), 0, 0, info->format.blocks, nsid, 1u << ns->lba_shift,
			   ns->instance, 0);
	return 0;

out_put:
	nvme_release_ids(ns);
	nvme_tell_ns_found(nvme_ctrl_id(ctrl), 0, 0, info->format.blocks, nsid, 1u << ns->lba_shift,
			   ns->instance, ret);
	nvme_put_ns(ns);
	return ret;
}

/**
 * nvme_alloc_ns() - make the disk and the character device of a namespace
 * @ctrl:	the controller
 * @info:	what Identify told of it
 */
void nvme_alloc_ns(struct nvme_ctrl *ctrl, const struct nvme_ns_info *info)
{
	struct nvme_phase phase;
	int ret;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_alloc_ns);
	/* Another command set has another effects log; without it, all is refused to users. */
	if (info->ids.csi < ARRAY_SIZE(ctrl->effects) && !ctrl->effects[info->ids.csi])
		nvme_init_effects(ctrl, info->ids.csi);
	ret = add_ns(ctrl, info);
	if (ret && ret != -ENOTUNIQ)
		dev_err(ctrl->dev, "namespace %u: no disk (%d)\n", info->nsid, ret);
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
	/* Only now: a link by identifiers must not lead to two disks. */
	nvme_release_ids(ns);
	unlist_ns(ns);
	nvme_put_ns(ns);
	nvme_phase_end(&phase, 0);
}
