// SPDX-License-Identifier: GPL-2.0
/*
 * A command took too long.  In this order: was only its interrupt lost?  Then an
 * Abort (5.1), which lets the device end it by itself.  Then a reset.
 */
#include "pci.h"
#include "trace.h"

static NVME_COMPAT_END_IO(abort_done, rq, error)
{
	struct nvme_req *req = nvme_req(rq);
	u32 cdw10 = le32_to_cpu(req->cmd->common.cdw10);

	nvme_tell_abort(nvme_ctrl_id(req->ctrl), cdw10 & 0xffff, cdw10 >> 16, NVS_ABORT_done,
			req->status);
	atomic_inc(&req->ctrl->abort_limit);
	return RQ_END_IO_FREE;
}

/* Sends an Abort for @rq.  False: no more may be outstanding just now. */
static bool send_abort(struct nvme_queue *nvmeq, struct request *rq)
{
	struct nvme_ctrl *ctrl = &nvmeq->dev->ctrl;
	u16 cid = nvme_req(rq)->cid;
	struct nvme_command cmd = {
		.abort = {
			.opcode	= nvme_admin_abort_cmd,
			.sqid	= cpu_to_le16(nvmeq->qid),
			.cid	= cid,
		},
	};
	struct request *abort;

	if (atomic_dec_if_positive(&ctrl->abort_limit) < 0)
		return false;
	abort = blk_mq_alloc_request(ctrl->admin_q, REQ_OP_DRV_OUT, BLK_MQ_REQ_NOWAIT);
	if (IS_ERR(abort)) {
		atomic_inc(&ctrl->abort_limit);
		return false;
	}
	nvme_init_internal_request(abort, ctrl, &cmd);
	abort->end_io = abort_done;
	nvme_tell_abort(nvme_ctrl_id(ctrl), nvmeq->qid, cid, NVS_ABORT_sent, 0);
	blk_execute_rq_nowait(abort, false);
	return true;
}

static enum nvs_TIMEOUT timeout_while_live(struct nvme_queue *nvmeq, struct request *rq)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(rq);
	struct nvme_ctrl *ctrl = &nvmeq->dev->ctrl;

	/* LAB(11): reset, send an Abort, or wait.  Starter: return NVS_TIMEOUT_wait; */
	/* An admin command, or one that an Abort did not help: reset. */
	if (!nvmeq->qid || iod->aborted) {
		dev_warn(ctrl->dev, "queue %u, command %#x timed out%s: resetting the controller\n",
			 nvmeq->qid, iod->req.cid, iod->aborted ? " again, after an Abort" : "");
		/* The reset cancels the command; until then it is in flight. */
		return nvme_reset_ctrl(ctrl, NVS_WHY_RESET_timeout) ? NVS_TIMEOUT_wait :
								      NVS_TIMEOUT_reset;
	}
	if (!send_abort(nvmeq, rq))
		return NVS_TIMEOUT_wait;
	iod->aborted = true;
	dev_warn(ctrl->dev, "queue %u, command %#x timed out: sent an Abort\n", nvmeq->qid,
		 iod->req.cid);
	return NVS_TIMEOUT_abort;
	/* LAB(11) end */
}

/* In bring-up or removal nobody else may be there to take the device down. */
static enum nvs_TIMEOUT timeout_while_down(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;

	if (nvme_ctrl_state(ctrl) == NVS_STATE_resetting)
		return NVS_TIMEOUT_wait;
	nvme_change_ctrl_state(ctrl, NVS_STATE_deleting);
	if (!nvme_dev_try_disable(dev))
		return NVS_TIMEOUT_wait;
	return NVS_TIMEOUT_disable;
}

/* Completed, or even ended and idle again: whoever asks about a timeout holds its tag. */
static bool is_done(struct request *rq)
{
	return blk_mq_request_completed(rq) || !blk_mq_request_started(rq);
}

static enum nvs_TIMEOUT choose_action(struct nvme_queue *nvmeq, struct request *rq, u32 csts)
{
	struct nvme_dev *dev = nvmeq->dev;
	struct nvme_ctrl *ctrl = &dev->ctrl;
	enum nvs_STATE state = nvme_ctrl_state(ctrl);
	bool live = state == NVS_STATE_live;

	/*
	 * nvme_error_detected() is on its way, and gives the request back; but not
	 * one of a bring-up, whose end it waits for.
	 */
	if (pci_channel_offline(nvme_pdev(dev)) && (live || state == NVS_STATE_resetting))
		return NVS_TIMEOUT_wait;
	/* LAB(11): is the device broken, or was only the interrupt lost? */
	if (live && (csts == ~0 || csts & NVME_CSTS_CFS)) {
		dev_warn(ctrl->dev, "queue %u timed out with CSTS %#x: resetting the controller\n",
			 nvmeq->qid, csts);
		return nvme_reset_ctrl(ctrl, NVS_WHY_RESET_fatal_status) ? NVS_TIMEOUT_wait :
									   NVS_TIMEOUT_reset;
	}
	nvme_poll_queue(nvmeq, NVS_WHY_CQ_timeout);
	if (is_done(rq)) {
		dev_warn(ctrl->dev, "queue %u, command %#x timed out, but was found completed\n",
			 nvmeq->qid, nvme_req(rq)->cid);
		return NVS_TIMEOUT_polled;
	}
	/* LAB(11) end */
	return live ? timeout_while_live(nvmeq, rq) : timeout_while_down(dev);
}

/**
 * nvme_timeout() - blk-mq's question what to do about a late request
 * @rq: the request
 *
 * Return: BLK_EH_DONE if it has completed, else BLK_EH_RESET_TIMER.
 */
enum blk_eh_timer_return nvme_timeout(struct request *rq)
{
	struct nvme_queue *nvmeq = rq->mq_hctx->driver_data;
	struct nvme_ctrl *ctrl = &nvmeq->dev->ctrl;
	enum nvs_STATE state = nvme_ctrl_state(ctrl);
	u16 cid = nvme_req(rq)->cid;
	enum nvs_TIMEOUT action;
	u32 csts;

	ctrl->ops->reg_read32(ctrl, NVME_REG_CSTS, &csts);
	action = choose_action(nvmeq, rq, csts);
	nvme_tell_timeout(nvme_ctrl_id(ctrl), nvmeq->qid, cid, csts, action, state);
	return action == NVS_TIMEOUT_polled || action == NVS_TIMEOUT_disable ?
	       BLK_EH_DONE : BLK_EH_RESET_TIMER;
}
