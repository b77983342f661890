// SPDX-License-Identifier: GPL-2.0
/*
 * Character devices: nvme0 for a controller, ng0n1 for a namespace.  Both carry
 * passthrough commands, see ioctl.c and uring.c.
 */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/module.h>

#include "passthru.h"

static DEFINE_IDA(ns_minor_ida);

static int open_ctrl(struct inode *inode, struct file *file)
{
	struct nvme_ctrl *ctrl = container_of(inode->i_cdev, struct nvme_ctrl, cdev);

	/* The cdev's owner is the transport's module: it is held already. */
	if (nvme_ctrl_state(ctrl) != NVS_STATE_live)
		return -EWOULDBLOCK;
	nvme_get_ctrl(ctrl);
	file->private_data = ctrl;
	return nonseekable_open(inode, file);
}

static int release_ctrl_file(struct inode *inode, struct file *file)
{
	nvme_put_ctrl(file->private_data);
	return 0;
}

static long ioctl_ctrl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return nvme_ctrl_ioctl(file->private_data, cmd, arg, file->f_mode & FMODE_WRITE);
}

const struct file_operations nvme_ctrl_fops = {
	.owner		= THIS_MODULE,
	.open		= open_ctrl,
	.release	= release_ctrl_file,
	.unlocked_ioctl	= ioctl_ctrl,
	.compat_ioctl	= compat_ptr_ioctl,
	.uring_cmd	= nvme_ctrl_uring_cmd,
};

static int open_ns(struct inode *inode, struct file *file)
{
	struct nvme_ns *ns = container_of(inode->i_cdev, struct nvme_ns, cdev);

	if (!nvme_get_ns(ns))
		return -ENXIO;
	file->private_data = ns;
	return nonseekable_open(inode, file);
}

static int release_ns_file(struct inode *inode, struct file *file)
{
	nvme_put_ns(file->private_data);
	return 0;
}

static long ioctl_ns(struct file *file, unsigned int cmd, unsigned long arg)
{
	return nvme_ns_ioctl(file->private_data, cmd, arg, file->f_mode & FMODE_WRITE, false);
}

static const struct file_operations ns_fops = {
	.owner		= THIS_MODULE,
	.open		= open_ns,
	.release	= release_ns_file,
	.unlocked_ioctl	= ioctl_ns,
	.compat_ioctl	= compat_ptr_ioctl,
	.uring_cmd	= nvme_ns_uring_cmd,
	.uring_cmd_iopoll = nvme_ns_uring_iopoll,
};

static void release_ns_node(struct device *dev)
{
	struct nvme_ns *ns = container_of(dev, struct nvme_ns, cdev_device);

	ida_free(&ns_minor_ida, MINOR(dev->devt));
	nvme_put_ns(ns);
}

/**
 * nvme_add_ns_cdev() - make ng0n1
 * @ns: the namespace; the node holds a reference to it
 *
 * Return: 0 or -errno.
 */
int nvme_add_ns_cdev(struct nvme_ns *ns)
{
	struct device *node = &ns->cdev_device;
	int ret = ida_alloc_max(&ns_minor_ida, NVME_MINORS - 1, GFP_KERNEL);

	if (ret < 0)
		return ret;
	if (!nvme_get_ns(ns)) {
		ida_free(&ns_minor_ida, ret);
		return -ENXIO;
	}
	device_initialize(node);
	node->devt = nvme_ns_devt(ret);
	node->class = nvme_generic_class;
	node->parent = &ns->ctrl->ctrl_device;
	node->release = release_ns_node;
	ret = dev_set_name(node, "%sg%dn%d", strcmp(nvme_node_prefix, "nvme") ? "nvs" : "n",
			   ns->ctrl->instance, ns->instance);
	if (!ret) {
		cdev_init(&ns->cdev, &ns_fops);
		ns->cdev.owner = ns->ctrl->ops->module;
		ret = cdev_device_add(&ns->cdev, node);
	}
	if (ret) {
		put_device(node);
		return ret;
	}
	ns->cdev_added = true;
	return 0;
}

void nvme_remove_ns_cdev(struct nvme_ns *ns)
{
	if (!ns->cdev_added)
		return;
	ns->cdev_added = false;
	cdev_device_del(&ns->cdev, &ns->cdev_device);
	put_device(&ns->cdev_device);
}
