// SPDX-License-Identifier: GPL-2.0
/*
 * Passthrough: commands that user space builds itself, as nvme-cli does.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/nvme_ioctl.h>
#include <linux/uaccess.h>

#include "core.h"
#include "trace.h"

/* One command with the user memory that it moves. */
struct passthru {
	struct nvme_command cmd;
	void __user *data;
	u32 data_len;		/* bytes */
	u32 timeout_ms;		/* 0: the queue's own */
	u64 result;		/* DW0 and DW1 of the completion */
};

static struct request *map_passthru(struct request_queue *q, struct nvme_ctrl *ctrl,
				    struct passthru *p)
{
	enum req_op op = nvme_is_write(&p->cmd) ? REQ_OP_DRV_OUT : REQ_OP_DRV_IN;
	struct request *rq = blk_mq_alloc_request(q, op, 0);
	int ret;

	if (IS_ERR(rq))
		return rq;
	nvme_init_internal_request(rq, ctrl, &p->cmd);
	nvme_req(rq)->flags |= NVME_REQ_USER;
	if (p->timeout_ms)
		rq->timeout = msecs_to_jiffies(p->timeout_ms);
	if (p->data && p->data_len) {
		ret = blk_rq_map_user(q, rq, NULL, p->data, p->data_len, GFP_KERNEL);
		if (ret) {
			blk_mq_free_request(rq);
			return ERR_PTR(ret);
		}
	}
	return rq;
}

/* Runs one command.  0, -errno, or the NVMe status (> 0), as all callers return. */
static int run_passthru(struct request_queue *q, struct nvme_ctrl *ctrl, struct passthru *p)
{
	struct request *rq = map_passthru(q, ctrl, p);
	blk_status_t status;
	struct bio *bio;
	int ret, ret_unmap;

	if (IS_ERR(rq))
		return PTR_ERR(rq);
	bio = rq->bio;	/* completion moves rq->bio on */
	status = blk_execute_rq(rq, false);
	if (nvme_req(rq)->flags & NVME_REQ_CANCELLED)
		ret = -EINTR;
	else if (nvme_req(rq)->status)
		ret = nvme_req(rq)->status;
	else
		ret = blk_status_to_errno(status);
	p->result = le64_to_cpu(nvme_req(rq)->result.u64);
	if (bio) {
		/* Copies bounced data back, so it can fail on its own. */
		ret_unmap = blk_rq_unmap_user(bio);
		if (!ret)
			ret = ret_unmap;
	}
	blk_mq_free_request(rq);
	return ret;
}

static void build_command(struct nvme_command *cmd, const struct nvme_passthru_cmd64 *u)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->common.opcode = u->opcode;
	cmd->common.flags = u->flags;
	cmd->common.nsid = cpu_to_le32(u->nsid);
	cmd->common.cdw2[0] = cpu_to_le32(u->cdw2);
	cmd->common.cdw2[1] = cpu_to_le32(u->cdw3);
	cmd->common.cdw10 = cpu_to_le32(u->cdw10);
	cmd->common.cdw11 = cpu_to_le32(u->cdw11);
	cmd->common.cdw12 = cpu_to_le32(u->cdw12);
	cmd->common.cdw13 = cpu_to_le32(u->cdw13);
	cmd->common.cdw14 = cpu_to_le32(u->cdw14);
	cmd->common.cdw15 = cpu_to_le32(u->cdw15);
}

/* FUSE and PSDT are the driver's business: it chooses PRPs and fuses nothing. */
static int check_command(struct nvme_ctrl *ctrl, struct nvme_ns *ns,
			 const struct nvme_passthru_cmd64 *u)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (u->flags)
		return -EINVAL;
	if (ns && u->nsid != ns->nsid) {
		dev_err(ctrl->dev, "passthrough to namespace %u through the node of namespace %u\n",
			u->nsid, ns->nsid);
		return -EINVAL;
	}
	if (u->metadata_len || u->metadata)
		return -EOPNOTSUPP;
	return 0;
}

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

static int run_user_command(struct nvme_ctrl *ctrl, struct nvme_ns *ns, struct request_queue *q,
			    const struct nvme_passthru_cmd64 *u, u64 *result)
{
	struct passthru p = {
		.data		= u64_to_user_ptr(u->addr),
		.data_len	= u->data_len,
		.timeout_ms	= u->timeout_ms,
	};
	int ret = check_command(ctrl, ns, u);

	if (ret)
		return ret;
	build_command(&p.cmd, u);
	ret = run_passthru(q, ctrl, &p);
	*result = p.result;
	return ret;
}

/* ADMIN_CMD and IO_CMD: a result of 32 bits. */
static int user_command(struct nvme_ctrl *ctrl, struct nvme_ns *ns, struct request_queue *q,
			struct nvme_passthru_cmd __user *arg)
{
	struct nvme_passthru_cmd64 wide;
	struct nvme_passthru_cmd u;
	u64 result;
	int ret;

	if (copy_from_user(&u, arg, sizeof(u)))
		return -EFAULT;
	widen(&wide, &u);
	ret = run_user_command(ctrl, ns, q, &wide, &result);
	if (ret >= 0 && put_user((u32)result, &arg->result))
		return -EFAULT;
	return ret;
}

/* ADMIN64_CMD and IO64_CMD: a result of 64 bits. */
static int user_command64(struct nvme_ctrl *ctrl, struct nvme_ns *ns, struct request_queue *q,
			  struct nvme_passthru_cmd64 __user *arg)
{
	struct nvme_passthru_cmd64 u;
	u64 result;
	int ret;

	if (copy_from_user(&u, arg, sizeof(u)))
		return -EFAULT;
	ret = run_user_command(ctrl, ns, q, &u, &result);
	if (ret >= 0 && put_user(result, &arg->result))
		return -EFAULT;
	return ret;
}

/* SUBMIT_IO: a read, write or compare by LBA. */
static int submit_io(struct nvme_ns *ns, struct nvme_user_io __user *arg)
{
	struct passthru p = {};
	struct nvme_user_io io;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	if (io.flags)
		return -EINVAL;
	if (io.metadata)
		return -EOPNOTSUPP;
	if (io.opcode != nvme_cmd_read && io.opcode != nvme_cmd_write &&
	    io.opcode != nvme_cmd_compare)
		return -EINVAL;
	p.data = u64_to_user_ptr(io.addr);
	p.data_len = ((u32)io.nblocks + 1) << ns->lba_shift;
	p.cmd.rw = (struct nvme_rw_command) {
		.opcode	 = io.opcode,
		.nsid	 = cpu_to_le32(ns->nsid),
		.slba	 = cpu_to_le64(io.slba),
		.length	 = cpu_to_le16(io.nblocks),
		.control = cpu_to_le16(io.control),
		.dsmgmt	 = cpu_to_le32(io.dsmgmt),
	};
	return run_passthru(ns->queue, ns->ctrl, &p);
}

/*
 * IO_CMD on the controller's node names no namespace: allowed where there is
 * just one, which the caller gets with a reference.
 */
static struct nvme_ns *only_ns(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns = ERR_PTR(-EINVAL);

	down_read(&ctrl->namespaces_rwsem);
	if (list_empty(&ctrl->namespaces)) {
		ns = ERR_PTR(-ENOTTY);
	} else if (list_is_singular(&ctrl->namespaces)) {
		ns = list_first_entry(&ctrl->namespaces, struct nvme_ns, node);
		if (!nvme_get_ns(ns))
			ns = ERR_PTR(-ENXIO);
	}
	up_read(&ctrl->namespaces_rwsem);
	return ns;
}

static int io_on_ctrl(struct nvme_ctrl *ctrl, void __user *arg)
{
	struct nvme_ns *ns = only_ns(ctrl);
	int ret;

	if (IS_ERR(ns))
		return PTR_ERR(ns);
	ret = user_command(ctrl, ns, ns->queue, arg);
	nvme_put_ns(ns);
	return ret;
}

/* ioctl on nvme0. */
long nvme_ctrl_ioctl(struct nvme_ctrl *ctrl, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case NVME_IOCTL_ADMIN_CMD:
		return user_command(ctrl, NULL, ctrl->admin_q, argp);
	case NVME_IOCTL_ADMIN64_CMD:
		return user_command64(ctrl, NULL, ctrl->admin_q, argp);
	case NVME_IOCTL_IO_CMD:
		return io_on_ctrl(ctrl, argp);
	case NVME_IOCTL_RESET:
		if (!capable(CAP_SYS_ADMIN))
			return -EACCES;
		return nvme_reset_ctrl_sync(ctrl, NVS_WHY_RESET_ioctl);
	case NVME_IOCTL_RESCAN:
		if (!capable(CAP_SYS_ADMIN))
			return -EACCES;
		nvme_queue_scan(ctrl);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* ioctl on nvme0n1, its partitions, and ng0n1. */
int nvme_ns_ioctl(struct nvme_ns *ns, unsigned int cmd, unsigned long arg, bool partition)
{
	void __user *argp = (void __user *)arg;

	/* A command built by hand knows no partition bounds. */
	if (partition && cmd != NVME_IOCTL_ID && !capable(CAP_SYS_ADMIN))
		return -EACCES;

	switch (cmd) {
	case NVME_IOCTL_ID:
		return ns->nsid;
	case NVME_IOCTL_ADMIN_CMD:
		return user_command(ns->ctrl, NULL, ns->ctrl->admin_q, argp);
	case NVME_IOCTL_ADMIN64_CMD:
		return user_command64(ns->ctrl, NULL, ns->ctrl->admin_q, argp);
	case NVME_IOCTL_IO_CMD:
		return user_command(ns->ctrl, ns, ns->queue, argp);
	case NVME_IOCTL_IO64_CMD:
		return user_command64(ns->ctrl, ns, ns->queue, argp);
	case NVME_IOCTL_SUBMIT_IO:
		return submit_io(ns, argp);
	default:
		return -ENOTTY;
	}
}
