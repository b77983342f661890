// SPDX-License-Identifier: GPL-2.0
/*
 * Passthrough commands: which are allowed, and how they are run.
 */
#include <linux/blk-integrity.h>
#include <linux/capability.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "passthru.h"
#include "trace.h"

/* Opcodes from here on are the vendor's own, of both queues (figures 138, 390). */
#define VENDOR_OPCODES	0x80
#define FABRICS_OPCODE	0x7f

/*
 * Features that the driver itself depends on: with a change behind its back it
 * would go on with a wrong number of queues (07h), memory that the controller no
 * longer knows of (0Dh), a wrong idea of power states (0Ch), of the keep-alive
 * timer (0Fh) or of the data structures it reads (16h).  Nobody may set them, as
 * with the in-box driver of the later kernels.
 */
static bool sets_our_feature(const struct nvme_command *cmd)
{
	if (cmd->common.opcode != nvme_admin_set_features)
		return false;
	switch (le32_to_cpu(cmd->common.cdw10) & 0xff) {
	case NVME_FEAT_NUM_QUEUES:
	case NVME_FEAT_AUTO_PST:
	case NVME_FEAT_HOST_MEM_BUF:
	case NVME_FEAT_KATO:
	case NVME_FEAT_HOST_BEHAVIOR:
		return true;
	default:
		return false;
	}
}

/* Identify data that tools need to know a namespace's format, and no secret. */
static bool harmless_identify(const struct nvme_command *cmd)
{
	if (cmd->common.opcode != nvme_admin_identify)
		return false;
	switch (cmd->identify.cns) {
	case NVME_ID_CNS_NS:
	case NVME_ID_CNS_CTRL:
	case NVME_ID_CNS_CS_NS:
	case NVME_ID_CNS_CS_CTRL:
	case NVME_ID_CNS_NS_CS_INDEP:
		return true;
	default:
		return false;
	}
}

/* May somebody without privileges send this I/O command to @ns? */
static bool harmless_io(const struct nvme_passthru_from *from, const struct nvme_command *cmd)
{
	u32 effects = nvme_io_effects(from->ns, cmd->common.opcode);

	/* A command built by hand knows no partition bounds. */
	if (from->partition)
		return false;
	/* Not in the log: nobody knows what it does. */
	if (!(effects & NVME_CMD_EFFECTS_CSUPP))
		return false;
	/* It may change what is in its blocks, but nothing beyond them. */
	if (effects & ~(NVME_CMD_EFFECTS_CSUPP | NVME_CMD_EFFECTS_LBCC |
			NVME_CMD_EFFECTS_UUID_SEL | NVME_EFFECTS_SCOPE))
		return false;
	if (nvme_passthru_writes(cmd) || effects & NVME_CMD_EFFECTS_LBCC)
		return from->writable;
	return true;
}

/**
 * nvme_passthru_allowed() - may the calling process send this command?
 * @from:	the node that it uses
 * @cmd:	the command
 *
 * Whoever was let open a node (its mode decides) may do there what cannot harm
 * others; all else needs CAP_SYS_ADMIN.  These are the rules of the in-box driver
 * of 6.12, without its gaps: there IO_CMD, and on 6.1 SUBMIT_IO, reaches beyond a
 * partition, and SUBMIT_IO writes through a node that was opened to read.
 */
bool nvme_passthru_allowed(const struct nvme_passthru_from *from, const struct nvme_command *cmd)
{
	if (!from->ns && sets_our_feature(cmd))
		return false;
	if (capable(CAP_SYS_ADMIN))
		return true;
	if (cmd->common.opcode >= VENDOR_OPCODES || cmd->common.opcode == FABRICS_OPCODE)
		return false;
	return from->ns ? harmless_io(from, cmd) : harmless_identify(cmd);
}

/**
 * nvme_passthru_build() - make a command of what user space filled in
 * @p:		where to; all is set but vec
 * @from:	the node that was used
 * @user:	the copied structure
 *
 * Return: 0, or -errno for a command that this node does not take.
 */
int nvme_passthru_build(struct nvme_passthru *p, const struct nvme_passthru_from *from,
			const struct nvme_passthru_cmd64 *user)
{
	struct nvme_common_command *c = &p->cmd.common;

	if (!NVME_COMPAT_UNPRIVILEGED_PASSTHRU && !capable(CAP_SYS_ADMIN))
		return -EACCES;
	/* FUSE and PSDT are the driver's: it chooses PRPs or SGLs, and fuses nothing. */
	if (user->flags)
		return -EINVAL;
	if (from->ns && user->nsid != from->ns->nsid) {
		dev_err_ratelimited(from->ctrl->dev,
				    "passthrough to namespace %u through the node of namespace %u\n",
				    user->nsid, from->ns->nsid);
		return -EINVAL;
	}
	*p = (struct nvme_passthru) {
		.addr		= user->addr,
		.len		= user->data_len,
		.meta		= user->metadata,
		.meta_len	= user->metadata_len,
		.timeout_ms	= user->timeout_ms,
	};
	c->opcode = user->opcode;
	c->nsid = cpu_to_le32(user->nsid);
	c->cdw2[0] = cpu_to_le32(user->cdw2);
	c->cdw2[1] = cpu_to_le32(user->cdw3);
	c->cdw10 = cpu_to_le32(user->cdw10);
	c->cdw11 = cpu_to_le32(user->cdw11);
	c->cdw12 = cpu_to_le32(user->cdw12);
	c->cdw13 = cpu_to_le32(user->cdw13);
	c->cdw14 = cpu_to_le32(user->cdw14);
	c->cdw15 = cpu_to_le32(user->cdw15);
	return nvme_passthru_allowed(from, &p->cmd) ? 0 : -EACCES;
}

/* Only a namespace whose metadata stands apart from its blocks has a use for a buffer of it. */
static bool takes_metadata(const struct nvme_passthru_from *from)
{
	return from->ns && blk_get_integrity(from->ns->disk);
}

static bool has_metadata(const struct nvme_passthru *p)
{
	return p->addr && p->len && p->meta && p->meta_len;
}

static int add_copy(struct nvme_passthru *p, struct request *rq)
{
	struct bio_integrity_payload *bip;
	struct nvme_passthru_meta *copy;
	struct bio *bio = rq->bio;
	int ret = -ENOMEM;

	copy = kzalloc(struct_size(copy, bytes, p->meta_len), GFP_KERNEL | __GFP_NOWARN);
	if (!copy)
		return -ENOMEM;
	copy->user = u64_to_user_ptr(p->meta);
	copy->len = p->meta_len;
	copy->to_user = rq_data_dir(rq) == READ;
	if (!copy->to_user && copy_from_user(copy->bytes, copy->user, copy->len)) {
		ret = -EFAULT;
		goto out_free;
	}
	bip = bio_integrity_alloc(bio, GFP_KERNEL, 1);
	if (IS_ERR(bip)) {
		ret = PTR_ERR(bip);
		goto out_free;
	}
	/* The bio frees its payload, but not the memory that it describes. */
	if (bio_integrity_add_page(bio, virt_to_page(copy->bytes), copy->len,
				   offset_in_page(copy->bytes)) != copy->len)
		goto out_free;
	bip->bip_iter.bi_size = copy->len;
	p->copy = copy;
	return 0;

out_free:
	kfree(copy);
	return ret;
}

/**
 * nvme_passthru_add_metadata() - let the command take its metadata along
 * @from:	the node
 * @p:		the command
 * @rq:		its request, the data mapped
 *
 * MPTR wants one piece of memory (3.3.3.1), and what the user has may be many: so a
 * copy goes, made by the block layer where it can, else here.  @p->copy is ours, to be
 * given to nvme_passthru_finish_metadata().
 *
 * Return: 0, or -errno.
 */
int nvme_passthru_add_metadata(const struct nvme_passthru_from *from, struct nvme_passthru *p,
			       struct request *rq)
{
	int ret;

	if (!has_metadata(p))
		return 0;
	bio_set_dev(rq->bio, from->ns->disk->part0);
	if (NVME_COMPAT_METADATA_COPY)
		ret = add_copy(p, rq);
	else
		ret = nvme_compat_map_metadata(rq, u64_to_user_ptr(p->meta), p->meta_len);
	if (!ret)
		rq->cmd_flags |= REQ_INTEGRITY;
	return ret;
}

/**
 * nvme_passthru_finish_metadata() - hand the metadata to its user, who is current
 * @copy:	what nvme_passthru_add_metadata() made, or NULL
 * @ret:	how the command ended
 *
 * Return: @ret, or -EFAULT if the command was well and the user's memory is not.
 */
int nvme_passthru_finish_metadata(struct nvme_passthru_meta *copy, int ret)
{
	if (!copy)
		return ret;
	if (!ret && copy->to_user && copy_to_user(copy->user, copy->bytes, copy->len))
		ret = -EFAULT;
	kfree(copy);
	return ret;
}

/**
 * nvme_passthru_request() - a request that carries the command, without data yet
 * @from:	the node
 * @p:		the command
 * @opf:	request flags
 * @flags:	allocation flags
 *
 * Return: the request, or -errno as a pointer.
 */
struct request *nvme_passthru_request(const struct nvme_passthru_from *from,
				      const struct nvme_passthru *p, blk_opf_t opf,
				      blk_mq_req_flags_t flags)
{
	struct request_queue *q = from->ns ? from->ns->queue : from->ctrl->admin_q;
	enum req_op op = nvme_passthru_writes(&p->cmd) ? REQ_OP_DRV_OUT : REQ_OP_DRV_IN;
	struct nvme_command cmd = p->cmd;
	struct request *rq;

	if (has_metadata(p) && !takes_metadata(from))
		return ERR_PTR(-EINVAL);
	rq = blk_mq_alloc_request(q, op | opf, flags);
	if (IS_ERR(rq))
		return rq;
	nvme_init_internal_request(rq, from->ctrl, &cmd);
	nvme_req(rq)->flags |= NVME_REQ_USER;
	if (p->timeout_ms)
		rq->timeout = msecs_to_jiffies(p->timeout_ms);
	return rq;
}

/* The sender is told; the log too, if the node's passthru_err_log_enabled is on. */
static void report_error(struct request *rq)
{
	const struct nvme_req *req = nvme_req(rq);
	const struct nvme_ns *ns = rq->q->queuedata;

	if (!(ns ? ns->log_passthru_errors : req->ctrl->log_passthru_errors))
		return;
	pr_err_ratelimited("%s: passthrough command, opcode %#x, cdw10 %#x: status %#x (SCT %u, SC %#x)\n",
			   ns ? ns->disk->disk_name : dev_name(&req->ctrl->ctrl_device),
			   req->cmd->common.opcode, le32_to_cpu(req->cmd->common.cdw10),
			   req->status, req->status >> 8 & 7, req->status & 0xff);
}

/* How it ended: 0, -errno, or the NVMe status (> 0), as all callers return it. */
int nvme_passthru_status(struct request *rq, blk_status_t status)
{
	if (nvme_req(rq)->flags & NVME_REQ_CANCELLED)
		return -EINTR;
	if (nvme_req(rq)->status) {
		report_error(rq);
		return nvme_req(rq)->status;
	}
	return blk_status_to_errno(status);
}

/**
 * nvme_passthru_map() - give the request the user's memory
 * @p:		the command
 * @rq:		its request
 *
 * What is longer than the queue takes is refused by the block layer; but from 7.0 on only
 * when there is memory for a copy of it, and it may be 2 GiB.  It is offered 16 MiB of that, or
 * twice what the queue takes, which is as much too long.
 *
 * Return: 0, or -errno.
 */
int nvme_passthru_map(const struct nvme_passthru *p, struct request *rq)
{
	unsigned long most = max_t(unsigned long, SZ_16M,
				   2ul * queue_max_hw_sectors(rq->q) << SECTOR_SHIFT);

	if (!p->addr || !p->len)
		return 0;
	return blk_rq_map_user_io(rq, NULL, u64_to_user_ptr(p->addr),
				  p->vec ? most : min_t(unsigned long, p->len, most), GFP_KERNEL,
				  p->vec, p->vec ? p->len : 0, false, rq_data_dir(rq));
}

/* Maps the memory, runs the request, frees it. */
static int execute(const struct nvme_passthru_from *from, struct request *rq,
		   struct nvme_passthru *p)
{
	struct bio *bio;
	int ret, ret_unmap;

	ret = nvme_passthru_map(p, rq);
	if (ret)
		goto out_free;
	bio = rq->bio;	/* completion moves rq->bio on */
	ret = nvme_passthru_add_metadata(from, p, rq);
	if (ret)
		goto out_unmap;
	ret = nvme_passthru_status(rq, blk_execute_rq(rq, false));
	p->result = le64_to_cpu(nvme_req(rq)->result.u64);
	ret = nvme_passthru_finish_metadata(p->copy, ret);
out_unmap:
	if (bio) {
		/* Copies bounced data back, so it can fail on its own. */
		ret_unmap = blk_rq_unmap_user(bio);
		if (!ret)
			ret = ret_unmap;
	}
out_free:
	blk_mq_free_request(rq);
	return ret;
}

/**
 * nvme_passthru_run() - send a command and wait for its end
 * @from:	the node
 * @p:		the command, allowed already; @p->result is written
 *
 * Return: 0, -errno, or the NVMe status (> 0).
 */
int nvme_passthru_run(const struct nvme_passthru_from *from, struct nvme_passthru *p)
{
	u32 effects = nvme_passthru_effects(from, &p->cmd);
	struct request *rq;
	int ret;

	nvme_passthru_begin(from->ctrl, effects);
	rq = nvme_passthru_request(from, p, 0, 0);
	ret = IS_ERR(rq) ? PTR_ERR(rq) : execute(from, rq, p);
	nvme_passthru_end(from->ctrl, effects, ret);
	return ret;
}
