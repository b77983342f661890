// SPDX-License-Identifier: GPL-2.0
/*
 * Passthrough by io_uring: the same commands as in ioctl.c, but the caller goes on
 * and finds the result in its completion ring.
 */
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "passthru.h"
#include "trace.h"

/* What we keep of a command in io_uring's own structure. */
struct uring_pdu {
	struct bio *bio;	/* user memory, to be unmapped in the caller's context */
	struct nvme_passthru_meta *meta;	/* the same, or NULL */
	u64 result;		/* DW0 and DW1 of the completion */
	int ret;		/* 0, -errno, or the NVMe status */
	u16 poll_queue;		/* 1 + hardware context to poll, 0: it has an interrupt */
};

static struct uring_pdu *to_pdu(struct io_uring_cmd *ioucmd)
{
	BUILD_BUG_ON(sizeof(struct uring_pdu) > sizeof(ioucmd->pdu));
	return (struct uring_pdu *)ioucmd->pdu;
}

/* In the caller's context, where its memory is: bounced data is copied there. */
static void uring_done(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct uring_pdu *pdu = to_pdu(ioucmd);
	int ret = pdu->ret, ret_unmap;

	if (pdu->bio) {
		ret_unmap = blk_rq_unmap_user(pdu->bio);
		if (!ret)
			ret = ret_unmap;
	}
	ret = nvme_passthru_finish_metadata(pdu->meta, ret);
	nvme_compat_uring_done(ioucmd, ret, pdu->result, issue_flags);
}

NVME_COMPAT_URING_WORK(uring_work, uring_done)

/* In any context: an interrupt's, or that of some other ring which polls the queue. */
static NVME_COMPAT_END_IO(uring_end_io, rq, status)
{
	struct io_uring_cmd *ioucmd = rq->end_io_data;
	struct uring_pdu *pdu = to_pdu(ioucmd);

	pdu->ret = nvme_passthru_status(rq, status);
	pdu->result = le64_to_cpu(nvme_req(rq)->result.u64);
	nvme_compat_uring_in_task(ioucmd, uring_work);
	return RQ_END_IO_FREE;
}

static int map_memory(struct request *rq, const struct nvme_passthru *p,
		      struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct iov_iter iter;
	int ret;

	if (!(ioucmd->flags & IORING_URING_CMD_FIXED))
		return nvme_passthru_map(p, rq);
	if (!p->addr || !p->len)
		return 0;
	/* A registered buffer: its pages are pinned and known. */
	if (p->vec)
		ret = nvme_compat_import_fixed_vec(ioucmd, p->addr, p->len, rq_data_dir(rq), &iter,
						   issue_flags);
	else
		ret = nvme_compat_import_fixed(ioucmd, p->addr, p->len, rq_data_dir(rq), &iter,
					       issue_flags);
	if (ret < 0)
		return ret;
	return blk_rq_map_user_iov(rq->q, rq, NULL, &iter, GFP_KERNEL);
}

static int start(const struct nvme_passthru_from *from, struct nvme_passthru *p,
		 struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct uring_pdu *pdu = to_pdu(ioucmd);
	blk_mq_req_flags_t flags = 0;
	struct request *rq;
	struct bio *bio;
	blk_opf_t opf = 0;
	int ret;

	if (issue_flags & IO_URING_F_NONBLOCK) {
		opf |= REQ_NOWAIT;
		flags |= BLK_MQ_REQ_NOWAIT;
	}
	if (issue_flags & IO_URING_F_IOPOLL)
		opf |= REQ_POLLED;
	rq = nvme_passthru_request(from, p, opf, flags);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	ret = map_memory(rq, p, ioucmd, issue_flags);
	if (ret)
		goto out_free;
	bio = rq->bio;
	ret = nvme_passthru_add_metadata(from, p, rq);
	if (ret)
		goto out_unmap;
	*pdu = (struct uring_pdu) {
		.bio		= bio,
		.meta		= p->copy,
		.poll_queue	= blk_rq_is_poll(rq) ? rq->mq_hctx->queue_num + 1 : 0,
	};
	rq->end_io = uring_end_io;
	rq->end_io_data = ioucmd;
	blk_execute_rq_nowait(rq, false);
	return -EIOCBQUEUED;

out_unmap:
	if (bio)
		blk_rq_unmap_user(bio);
out_free:
	blk_mq_free_request(rq);
	return ret;
}

/* Takes a command from the ring's SQE, which has no field for the result. */
static int take(struct nvme_passthru *p, const struct nvme_passthru_from *from,
		struct io_uring_cmd *ioucmd)
{
	struct nvme_passthru_cmd64 user = {};

	BUILD_BUG_ON(sizeof(struct nvme_uring_cmd) !=
		     offsetof(struct nvme_passthru_cmd64, result));
	memcpy(&user, nvme_compat_uring_payload(ioucmd), sizeof(struct nvme_uring_cmd));
	/* The ring is shared with the caller: what is checked must be what is used. */
	barrier();
	return nvme_passthru_build(p, from, &user);
}

/*
 * A command that needs other queues frozen, or a scan after it, has to wait for
 * them: io_uring calls again from a thread that may sleep.
 */
static int run_with_effects(const struct nvme_passthru_from *from, struct nvme_passthru *p,
			    struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	int ret;

	if (issue_flags & IO_URING_F_NONBLOCK)
		return -EAGAIN;
	if (ioucmd->flags & IORING_URING_CMD_FIXED)
		return -EOPNOTSUPP;
	ret = nvme_passthru_run(from, p);
	nvme_compat_uring_done(ioucmd, ret, p->result, issue_flags);
	return -EIOCBQUEUED;
}

/* The command fills the second half of a big SQE, its result that of a big CQE. */
static bool ring_is_big(unsigned int issue_flags)
{
	const unsigned int big = IO_URING_F_SQE128 | IO_URING_F_CQE32;

	return (issue_flags & big) == big;
}

static int uring_cmd(const struct nvme_passthru_from *from, struct io_uring_cmd *ioucmd,
		     unsigned int issue_flags, bool vec)
{
	struct nvme_passthru p;
	int ret;

	ret = take(&p, from, ioucmd);
	if (ret)
		return ret;
	p.vec = vec;
	if (nvme_passthru_effects(from, &p.cmd) & NVME_EFFECTS_MUST_WAIT)
		return run_with_effects(from, &p, ioucmd, issue_flags);
	return start(from, &p, ioucmd, issue_flags);
}

/* uring_cmd on nvme0: admin commands. */
int nvme_ctrl_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct nvme_passthru_from from = {
		.ctrl		= ioucmd->file->private_data,
		.writable	= ioucmd->file->f_mode & FMODE_WRITE,
	};

	/* The admin queue has an interrupt, and nothing to poll. */
	if (issue_flags & IO_URING_F_IOPOLL || !ring_is_big(issue_flags))
		return -EOPNOTSUPP;
	switch (ioucmd->cmd_op) {
	case NVME_URING_CMD_ADMIN:
		return uring_cmd(&from, ioucmd, issue_flags, false);
	case NVME_URING_CMD_ADMIN_VEC:
		return uring_cmd(&from, ioucmd, issue_flags, true);
	default:
		return -ENOTTY;
	}
}

/* uring_cmd on ng0n1: I/O commands. */
int nvme_ns_uring_cmd(struct io_uring_cmd *ioucmd, unsigned int issue_flags)
{
	struct nvme_ns *ns = ioucmd->file->private_data;
	struct nvme_passthru_from from = {
		.ctrl		= ns->ctrl,
		.ns		= ns,
		.writable	= ioucmd->file->f_mode & FMODE_WRITE,
	};

	if (!ring_is_big(issue_flags))
		return -EOPNOTSUPP;
	switch (ioucmd->cmd_op) {
	case NVME_URING_CMD_IO:
		return uring_cmd(&from, ioucmd, issue_flags, false);
	case NVME_URING_CMD_IO_VEC:
		return uring_cmd(&from, ioucmd, issue_flags, true);
	default:
		return -ENOTTY;
	}
}

/**
 * nvme_ns_uring_iopoll() - look for the completion of a command of an IOPOLL ring
 * @ioucmd:	the command; may complete, and be freed, at any time but now
 * @iob:	where completed requests may be gathered
 * @flags:	io_uring's, not needed: it calls again
 *
 * Return: how many requests were found completed.
 */
int nvme_ns_uring_iopoll(struct io_uring_cmd *ioucmd, struct io_comp_batch *iob,
			 unsigned int flags)
{
	struct nvme_ns *ns = ioucmd->file->private_data;
	u16 poll_queue = to_pdu(ioucmd)->poll_queue;
	struct request_queue *q = ns->queue;
	struct blk_mq_hw_ctx *hctx;
	int found = 0;

	/* Without poll queues its interrupt completes it. */
	if (!poll_queue || !percpu_ref_tryget(&q->q_usage_counter))
		return 0;
	/* The reference keeps the hardware contexts from being replaced. */
	hctx = nvme_compat_hctx(q, poll_queue - 1);
	if (hctx && hctx->type == HCTX_TYPE_POLL)
		found = q->mq_ops->poll(hctx, iob);
	percpu_ref_put(&q->q_usage_counter);
	return found;
}
