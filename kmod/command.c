// SPDX-License-Identifier: GPL-2.0
/*
 * One command: from a blk-mq request to the 64 bytes of its SQ entry (3.3.3.1),
 * and from the status of its CQ entry (3.3.3.2) to the end of the request.
 */
#include "core.h"
#include "trace.h"

static int set_retries(const char *value, const struct kernel_param *kp)
{
	/* What struct nvme_req counts to. */
	return param_set_uint_minmax(value, kp, 0, U8_MAX);
}

static const struct kernel_param_ops retries_ops = {
	.set = set_retries,
	.get = param_get_uint,
};

static unsigned int max_retries = 5;
module_param_cb(max_retries, &retries_ops, &max_retries, 0644);
MODULE_PARM_DESC(max_retries, "how often a failed command is tried again");

static void setup_flush(struct nvme_ns *ns, struct nvme_command *cmd)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->common.opcode = nvme_cmd_flush;
	cmd->common.nsid = cpu_to_le32(ns->nsid);
}

/* Read and Write: NVM Command Set Specification 1.0, 3.2.4 and 3.2.6. */
static inline blk_status_t setup_rw(struct nvme_ns *ns, struct request *rq,
				    struct nvme_command *cmd, u8 opcode)
{
	u16 control = 0;

	if (rq->cmd_flags & REQ_FUA)
		control |= NVME_RW_FUA;
	if (rq->cmd_flags & (REQ_FAILFAST_DEV | REQ_RAHEAD))
		control |= NVME_RW_LR;

	/* All but the data pointer, which the transport sets. */
	cmd->rw.opcode = opcode;
	cmd->rw.flags = 0;
	cmd->rw.nsid = cpu_to_le32(ns->nsid);
	cmd->rw.cdw2 = 0;
	cmd->rw.cdw3 = 0;
	cmd->rw.metadata = 0;
	cmd->rw.slba = cpu_to_le64(blk_rq_pos(rq) >> (ns->lba_shift - SECTOR_SHIFT));
	/* Counted from zero */
	cmd->rw.length = cpu_to_le16((blk_rq_bytes(rq) >> ns->lba_shift) - 1);
	cmd->rw.control = cpu_to_le16(control);
	cmd->rw.dsmgmt = 0;
	cmd->rw.reftag = 0;
	cmd->common.cdw15 = 0;	/* application tag and mask */
	if (unlikely(ns->ms))
		return nvme_setup_protection(ns, rq, cmd);
	return BLK_STS_OK;
}

blk_status_t nvme_setup_rw(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd,
			   u8 opcode)
{
	return setup_rw(ns, rq, cmd, opcode);
}

static noinline void trace_cmd(struct nvme_ctrl *ctrl, struct request *rq,
			       const struct nvme_command *cmd)
{
	const struct nvme_common_command *c = &cmd->common;

	nvme_tell_cmd_setup(nvme_ctrl_id(ctrl), nvme_req_qid(rq), nvme_req(rq)->cid,
			    le32_to_cpu(c->nsid), le32_to_cpu(c->cdw10), le32_to_cpu(c->cdw11),
			    le32_to_cpu(c->cdw12), le32_to_cpu(c->cdw13), le32_to_cpu(c->cdw14),
			    le32_to_cpu(c->cdw15), c->opcode, c->flags);
}

static noinline void trace_start(struct nvme_ctrl *ctrl, struct request *rq)
{
	struct nvme_ns *ns = rq->q->queuedata;

	nvme_tell_rq_start(nvme_ctrl_id(ctrl), nvme_req_qid(rq), nvme_req(rq)->cid,
			   rq->start_time_ns, blk_rq_is_passthrough(rq) ? 0 : blk_rq_pos(rq),
			   blk_rq_bytes(rq), ns ? ns->nsid : 0, current->pid,
			   (__force u16)req_op(rq), rq->tag);
}

/**
 * nvme_setup_cmd() - build the command of a request, but for its data pointer
 * @ctrl:	the controller
 * @rq:		the request; its nvme_req.cmd says where the command goes
 *
 * Return: BLK_STS_OK, or BLK_STS_NOTSUPP for an operation that has no command.
 */
blk_status_t nvme_setup_cmd(struct nvme_ctrl *ctrl, struct request *rq)
{
	struct nvme_req *req = nvme_req(rq);
	struct nvme_ns *ns = rq->q->queuedata;
	struct nvme_command *cmd = req->cmd;
	blk_status_t status;

	/* A retry is the same use of the tag to blk-mq, but not to the device. */
	req->cid = NVME_CID(++req->gen, rq->tag);
	if (!(rq->rq_flags & RQF_DONTPREP)) {
		req->retries = 0;
		req->flags &= NVME_REQ_USER;
		rq->rq_flags |= RQF_DONTPREP;
	}
	req->status = 0;

	if (nvme_telling_steps())
		trace_start(ctrl, rq);

	switch (req_op(rq)) {
	case REQ_OP_READ:
		status = setup_rw(ns, rq, cmd, nvme_cmd_read);
		if (unlikely(status))
			return status;
		break;
	case REQ_OP_WRITE:
		status = setup_rw(ns, rq, cmd, nvme_cmd_write);
		if (unlikely(status))
			return status;
		break;
	case REQ_OP_FLUSH:
		setup_flush(ns, cmd);
		break;
	case REQ_OP_DRV_IN:
	case REQ_OP_DRV_OUT:
		break;	/* the submitter has built it */
	default:
		status = nvme_setup_special(ns, rq, cmd);
		if (status)
			return status;
	}
	cmd->common.command_id = req->cid;
	if (nvme_telling_steps())
		trace_cmd(ctrl, rq, cmd);
	return BLK_STS_OK;
}
EXPORT_SYMBOL_GPL(nvme_setup_cmd);

/**
 * nvme_refuse_request() - may this request go to the device just now?
 * @ctrl:	the controller
 * @rq:		the request
 *
 * The transport asks when the controller is not live.  While it is brought up,
 * only the driver's own commands pass on the admin queue; I/O cannot get here,
 * its queues are quiesced.
 *
 * Return: BLK_STS_OK, or the status to fail the request with.
 */
blk_status_t nvme_refuse_request(struct nvme_ctrl *ctrl, struct request *rq)
{
	if (!rq->q->queuedata && (nvme_req(rq)->flags & NVME_REQ_USER))
		return BLK_STS_IOERR;
	if (nvme_ctrl_state(ctrl) == NVS_STATE_dead)
		return BLK_STS_IOERR;
	return BLK_STS_OK;
}
EXPORT_SYMBOL_GPL(nvme_refuse_request);

/* Status Code Type and Status Code (3.3.3.2.1) as the block layer has them. */
static blk_status_t error_of(u16 status)
{
	switch (status & 0x7ff) {
	case NVME_SC_SUCCESS:
		return BLK_STS_OK;
	case NVME_SC_ZONE_TOO_MANY_ACTIVE:
		return BLK_STS_ZONE_ACTIVE_RESOURCE;
	case NVME_SC_ZONE_TOO_MANY_OPEN:
		return BLK_STS_ZONE_OPEN_RESOURCE;
	case NVME_SC_CAP_EXCEEDED:
		return BLK_STS_NOSPC;
	case NVME_SC_LBA_RANGE:
	case NVME_SC_CMD_INTERRUPTED:
	case NVME_SC_NS_NOT_READY:
		return BLK_STS_TARGET;
	case NVME_SC_INVALID_OPCODE:
	case NVME_SC_INVALID_FIELD:
	case NVME_SC_INVALID_NS:
	case NVME_SC_BAD_ATTRIBUTES:
		return BLK_STS_NOTSUPP;
	case NVME_SC_WRITE_FAULT:
	case NVME_SC_READ_ERROR:
	case NVME_SC_UNWRITTEN_BLOCK:
	case NVME_SC_ACCESS_DENIED:
	case NVME_SC_READ_ONLY:
	case NVME_SC_COMPARE_FAILED:
		return BLK_STS_MEDIUM;
	case NVME_SC_GUARD_CHECK:
	case NVME_SC_APPTAG_CHECK:
	case NVME_SC_REFTAG_CHECK:
	case NVME_SC_INVALID_PI:
		return BLK_STS_PROTECTION;
	default:
		return BLK_STS_IOERR;
	}
}

static noinline void trace_complete(struct request *rq, enum nvs_HOW_DONE how)
{
	struct nvme_req *req = nvme_req(rq);

	if (req->flags & NVME_REQ_CANCELLED)
		how = NVS_HOW_DONE_cancelled;
	nvme_tell_rq_complete(nvme_ctrl_id(req->ctrl), nvme_req_qid(rq), req->cid,
			      blk_rq_bytes(rq), req->status, how);
}

/* DNR, bit 14 of the status field without its phase tag: a retry is useless. */
static bool may_retry(struct request *rq)
{
	struct nvme_req *req = nvme_req(rq);

	if (likely(!req->status) || blk_noretry_request(rq) || blk_rq_is_passthrough(rq))
		return false;
	if (req->status & 0x4000 || nvme_ctrl_going(req->ctrl))
		return false;
	/* What a reset took back was not the command's fault: not counted. */
	return req->flags & NVME_REQ_CANCELLED || req->retries < max_retries;
}

/*
 * CRD, bits 12:11: which of the controller's three Command Retry Delay Times to
 * wait, 0 for none (3.3.3.2.1).  Set only if we said that we heed it (identify.c).
 */
static unsigned int retry_delay_ms(struct nvme_req *req)
{
	unsigned int crd = (req->status & NVME_STATUS_CRD) >> 11;

	return crd && !(req->flags & NVME_REQ_CANCELLED) ? req->ctrl->crdt[crd - 1] * 100 : 0;
}

static void retry(struct request *rq)
{
	struct nvme_req *req = nvme_req(rq);
	unsigned int delay_ms = retry_delay_ms(req);

	if (!(req->flags & NVME_REQ_CANCELLED))
		req->retries++;
	req->flags &= ~NVME_REQ_CANCELLED;
	nvme_tell_retry(nvme_ctrl_id(req->ctrl), nvme_req_qid(rq), req->cid, delay_ms,
			req->status, req->retries);
	blk_mq_requeue_request(rq, !delay_ms);
	if (delay_ms)
		blk_mq_delay_kick_requeue_list(rq->q, delay_ms);
}

static void report_error(struct request *rq)
{
	struct nvme_req *req = nvme_req(rq);

	pr_err_ratelimited("%s: %s at sector %llu, %u bytes: status %#x (SCT %u, SC %#x)%s, %u retries\n",
			   rq->q->disk ? rq->q->disk->disk_name : dev_name(&req->ctrl->ctrl_device),
			   req_op(rq) == REQ_OP_READ ? "read" : "write or flush",
			   (unsigned long long)blk_rq_pos(rq), blk_rq_bytes(rq), req->status,
			   req->status >> 8 & 7, req->status & 0xff,
			   req->status & 0x4000 ? ", do not retry" : "", req->retries);
}

/**
 * nvme_complete_rq() - end a request whose status is known, or try it again
 * @rq: the request, its memory unmapped
 */
void nvme_complete_rq(struct request *rq)
{
	struct nvme_req *req = nvme_req(rq);

	if (unlikely(req->flags & NVME_REQ_SPECIAL))
		nvme_finish_special(rq);
	if (nvme_telling_steps())
		trace_complete(rq, NVS_HOW_DONE_direct);
	if (unlikely(may_retry(rq))) {
		retry(rq);
		return;
	}
	if (unlikely(req->status) && !blk_rq_is_passthrough(rq) && !(rq->rq_flags & RQF_QUIET))
		report_error(rq);
	blk_mq_end_request(rq, error_of(req->status));
}
EXPORT_SYMBOL_GPL(nvme_complete_rq);

/* One of a batch, which holds nothing that failed; the caller ends them all. */
void nvme_complete_batch_req(struct request *rq)
{
	if (unlikely(nvme_req(rq)->flags & NVME_REQ_SPECIAL))
		nvme_finish_special(rq);
	if (nvme_telling_steps())
		trace_complete(rq, NVS_HOW_DONE_batched);
}
EXPORT_SYMBOL_GPL(nvme_complete_batch_req);

/**
 * nvme_init_internal_request() - make a passthrough request carry @cmd
 * @rq:		from blk_mq_alloc_request(), REQ_OP_DRV_IN or REQ_OP_DRV_OUT
 * @ctrl:	the controller
 * @cmd:	copied: the SQ entry is built in the request
 */
void nvme_init_internal_request(struct request *rq, struct nvme_ctrl *ctrl,
				struct nvme_command *cmd)
{
	struct nvme_req *req = nvme_req(rq);

	rq->timeout = rq->q->queuedata ? nvme_io_timeout * HZ : nvme_admin_timeout * HZ;
	/* Nobody but the caller knows what a failure means. */
	rq->rq_flags |= RQF_QUIET;
	rq->cmd_flags |= REQ_FAILFAST_DRIVER;
	req->flags = 0;
	memcpy(req->cmd, cmd, sizeof(*cmd));
}
EXPORT_SYMBOL_GPL(nvme_init_internal_request);

/**
 * nvme_submit_sync_cmd() - send one of the driver's own commands, and wait
 * @ctrl:	the controller
 * @q:		its admin queue, or a namespace's queue
 * @cmd:	the command
 * @buf:	kernel memory for its data, or NULL
 * @len:	bytes
 * @result:	DW0 and DW1 of the completion, or NULL
 *
 * Process context.  Return: 0, -errno, or the NVMe status if the device
 * refused the command (> 0).
 */
int nvme_submit_sync_cmd(struct nvme_ctrl *ctrl, struct request_queue *q,
			 struct nvme_command *cmd, void *buf, unsigned int len,
			 union nvme_result *result)
{
	struct request *rq;
	blk_status_t status;
	int ret;

	rq = blk_mq_alloc_request(q, nvme_is_write(cmd) ? REQ_OP_DRV_OUT : REQ_OP_DRV_IN, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	nvme_init_internal_request(rq, ctrl, cmd);
	if (buf && len) {
		ret = nvme_compat_map_kern(rq, buf, len, GFP_KERNEL);
		if (ret)
			goto out_free;
	}
	status = blk_execute_rq(rq, false);
	if (nvme_req(rq)->flags & NVME_REQ_CANCELLED)
		ret = -EINTR;
	else if (nvme_req(rq)->status)
		ret = nvme_req(rq)->status;
	else
		ret = blk_status_to_errno(status);
	if (result && ret >= 0)
		*result = nvme_req(rq)->result;
out_free:
	blk_mq_free_request(rq);
	return ret;
}
EXPORT_SYMBOL_GPL(nvme_submit_sync_cmd);
