// SPDX-License-Identifier: GPL-2.0
/*
 * ioctl: passthrough commands as nvme-cli sends them, and the few requests that
 * are no commands.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "passthru.h"
#include "trace.h"

static void widen(struct nvme_passthru_cmd64 *u, const struct nvme_passthru_cmd *u32)
{
	*u = (struct nvme_passthru_cmd64) {
		.opcode = u32->opcode, .flags = u32->flags, .nsid = u32->nsid,
		.cdw2 = u32->cdw2, .cdw3 = u32->cdw3,
		.metadata = u32->metadata, .metadata_len = u32->metadata_len,
		.addr = u32->addr, .data_len = u32->data_len,
		.cdw10 = u32->cdw10, .cdw11 = u32->cdw11, .cdw12 = u32->cdw12,
		.cdw13 = u32->cdw13, .cdw14 = u32->cdw14, .cdw15 = u32->cdw15,
		.timeout_ms = u32->timeout_ms,
	};
}

static int run(const struct nvme_passthru_from *from, const struct nvme_passthru_cmd64 *u,
	       bool vec, u64 *result)
{
	struct nvme_passthru p;
	int ret = nvme_passthru_build(&p, from, u);

	if (ret)
		return ret;
	p.vec = vec;
	ret = nvme_passthru_run(from, &p);
	*result = p.result;
	return ret;
}

/* ADMIN_CMD and IO_CMD: a result of 32 bits. */
static int user_command(const struct nvme_passthru_from *from,
			struct nvme_passthru_cmd __user *arg)
{
	struct nvme_passthru_cmd64 wide;
	struct nvme_passthru_cmd u;
	u64 result;
	int ret;

	if (copy_from_user(&u, arg, sizeof(u)))
		return -EFAULT;
	widen(&wide, &u);
	ret = run(from, &wide, false, &result);
	if (ret >= 0 && put_user((u32)result, &arg->result))
		return -EFAULT;
	return ret;
}

/* ADMIN64_CMD, IO64_CMD and IO64_CMD_VEC: a result of 64 bits. */
static int user_command64(const struct nvme_passthru_from *from,
			  struct nvme_passthru_cmd64 __user *arg, bool vec)
{
	struct nvme_passthru_cmd64 u;
	u64 result;
	int ret;

	if (copy_from_user(&u, arg, sizeof(u)))
		return -EFAULT;
	ret = run(from, &u, vec, &result);
	if (ret >= 0 && put_user(result, &arg->result))
		return -EFAULT;
	return ret;
}

/*
 * To 32-bit x86 programs 64-bit integers need no more than 4 bytes of alignment:
 * their structure ends without the padding, and so its ioctl has another number.
 */
#define USER_IO_BYTES		offsetofend(struct nvme_user_io, appmask)
#define NVME_IOCTL_SUBMIT_IO32	_IOC(_IOC_WRITE, 'N', 0x42, USER_IO_BYTES)

/*
 * The metadata of a command of nblocks (from zero): as much as its blocks have, unless
 * there is nothing but protection information, and the controller is to make and
 * strip it (PRACT, NVM Command Set Specification 5.2.2).
 */
static int take_metadata(struct nvme_passthru *p, const struct nvme_ns *ns,
			 const struct nvme_user_io *io)
{
	if (io->control & NVME_RW_PRINFO_PRACT && ns->ms == ns->format.pi_size)
		return io->metadata ? -EINVAL : 0;
	if (!ns->ms)
		return 0;
	if (!io->metadata || io->metadata & 3)
		return -EINVAL;
	p->meta = io->metadata;
	p->meta_len = ((u32)io->nblocks + 1) * ns->ms;
	return 0;
}

/* SUBMIT_IO: a read, write or compare by LBA. */
static int submit_io(const struct nvme_passthru_from *from, struct nvme_user_io __user *arg)
{
	struct nvme_ns *ns = from->ns;
	struct nvme_passthru p = {};
	struct nvme_user_io io = {};
	int ret;

	if (copy_from_user(&io, arg, USER_IO_BYTES))
		return -EFAULT;
	if (io.flags)
		return -EINVAL;
	if (io.opcode != nvme_cmd_read && io.opcode != nvme_cmd_write &&
	    io.opcode != nvme_cmd_compare)
		return -EINVAL;
	p.addr = io.addr;
	p.len = ((u32)io.nblocks + 1) << ns->lba_shift;
	ret = take_metadata(&p, ns, &io);
	if (ret)
		return ret;
	p.cmd.rw = (struct nvme_rw_command) {
		.opcode	 = io.opcode,
		.nsid	 = cpu_to_le32(ns->nsid),
		.slba	 = cpu_to_le64(io.slba),
		.length	 = cpu_to_le16(io.nblocks),
		.control = cpu_to_le16(io.control),
		.dsmgmt	 = cpu_to_le32(io.dsmgmt),
		.reftag	 = cpu_to_le32(io.reftag),
	};
	p.cmd.common.cdw15 = cpu_to_le32(io.apptag | (u32)io.appmask << 16);
	if (!nvme_passthru_allowed(from, &p.cmd))
		return -EACCES;
	return nvme_passthru_run(from, &p);
}

/*
 * IO_CMD on the controller's node names no namespace: allowed where there is
 * just one, which the caller gets with a reference.
 */
static struct nvme_ns *only_ns(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns = ERR_PTR(-ENOTTY);

	down_read(&ctrl->namespaces_rwsem);
	if (list_is_singular(&ctrl->namespaces)) {
		ns = list_first_entry(&ctrl->namespaces, struct nvme_ns, node);
		if (!nvme_get_ns(ns))
			ns = ERR_PTR(-ENXIO);
	} else if (!list_empty(&ctrl->namespaces)) {
		ns = ERR_PTR(-EINVAL);
	}
	up_read(&ctrl->namespaces_rwsem);
	return ns;
}

static int io_on_ctrl(struct nvme_ctrl *ctrl, bool writable, void __user *arg)
{
	struct nvme_passthru_from from = { .ctrl = ctrl, .writable = writable };
	int ret;

	from.ns = only_ns(ctrl);
	if (IS_ERR(from.ns))
		return PTR_ERR(from.ns);
	ret = user_command(&from, arg);
	nvme_put_ns(from.ns);
	return ret;
}

/*
 * An NVM Subsystem Reset (3.7.1) resets this controller and all others of its
 * subsystem, which must bring themselves up again.
 */
static int reset_subsystem(struct nvme_ctrl *ctrl)
{
	int ret;

	/* CAP.NSSRS */
	if (!NVME_CAP_NSSRC(ctrl->cap))
		return -ENOTTY;
	/* "NVMe" */
	ret = ctrl->ops->reg_write32(ctrl, NVME_REG_NSSR, NVME_SUBSYS_RESET);
	return ret ? ret : nvme_reset_ctrl_sync(ctrl, NVS_WHY_RESET_ioctl);
}

/* Requests to the driver, not the device. */
static long manage(struct nvme_ctrl *ctrl, unsigned int cmd)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	switch (cmd) {
	case NVME_IOCTL_RESET:
		return nvme_reset_ctrl_sync(ctrl, NVS_WHY_RESET_ioctl);
	case NVME_IOCTL_SUBSYS_RESET:
		return reset_subsystem(ctrl);
	default:
		nvme_queue_scan(ctrl);
		return 0;
	}
}

/* ioctl on nvme0. */
long nvme_ctrl_ioctl(struct nvme_ctrl *ctrl, unsigned int cmd, unsigned long arg, bool writable)
{
	struct nvme_passthru_from from = { .ctrl = ctrl, .writable = writable };
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case NVME_IOCTL_ADMIN_CMD:
		return user_command(&from, argp);
	case NVME_IOCTL_ADMIN64_CMD:
		return user_command64(&from, argp, false);
	case NVME_IOCTL_IO_CMD:
		return io_on_ctrl(ctrl, writable, argp);
	case NVME_IOCTL_RESET:
	case NVME_IOCTL_SUBSYS_RESET:
	case NVME_IOCTL_RESCAN:
		return manage(ctrl, cmd);
	default:
		return -ENOTTY;
	}
}

/* ioctl on nvme0n1, its partitions, and ng0n1. */
int nvme_ns_ioctl(struct nvme_ns *ns, unsigned int cmd, unsigned long arg, bool writable,
		  bool partition)
{
	struct nvme_passthru_from admin = {
		.ctrl = ns->ctrl, .writable = writable, .partition = partition,
	};
	struct nvme_passthru_from io = admin;
	void __user *argp = (void __user *)arg;

	io.ns = ns;
	switch (cmd) {
	case NVME_IOCTL_ID:
		force_successful_syscall_return();
		return ns->nsid;
	case NVME_IOCTL_ADMIN_CMD:
		return user_command(&admin, argp);
	case NVME_IOCTL_ADMIN64_CMD:
		return user_command64(&admin, argp, false);
	case NVME_IOCTL_IO_CMD:
		return user_command(&io, argp);
	case NVME_IOCTL_IO64_CMD:
		return user_command64(&io, argp, false);
	case NVME_IOCTL_IO64_CMD_VEC:
		return user_command64(&io, argp, true);
	case NVME_IOCTL_SUBMIT_IO:
#ifdef CONFIG_COMPAT
	case NVME_IOCTL_SUBMIT_IO32:
#endif
		return submit_io(&io, argp);
	default:
		return -ENOTTY;
	}
}
