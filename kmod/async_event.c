// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous events (5.2): a command that the controller keeps until it has
 * something to tell.  One is always outstanding.
 */
#include "core.h"
#include "trace.h"

/**
 * nvme_enable_async_events() - ask for the notices that both sides know
 * @ctrl: the controller, being brought up
 *
 * Return: 0, or -errno if the controller stopped answering.
 */
int nvme_enable_async_events(struct nvme_ctrl *ctrl)
{
	u32 wanted = ctrl->oaes & NVME_AEN_CFG_NS_ATTR;
	int ret;

	if (!wanted)
		return 0;
	ret = nvme_set_features(ctrl, NVME_FEAT_ASYNC_EVENT, wanted, NULL);
	if (ret > 0)
		dev_warn(ctrl->dev, "Set Features, Asynchronous Event Configuration: status %#x\n",
			 ret);
	return min(ret, 0);
}
EXPORT_SYMBOL_GPL(nvme_enable_async_events);

/* Sends the request (again): work, because it may follow a completion. */
void nvme_async_event_work(struct work_struct *work)
{
	struct nvme_ctrl *ctrl = container_of(work, struct nvme_ctrl, async_event_work);

	if (nvme_ctrl_state(ctrl) == NVS_STATE_live)
		ctrl->ops->submit_async_event(ctrl);
}

/* DW0 of the completion (figure 145): type in bits 2:0, information in 15:8. */
static bool namespaces_changed(u32 result)
{
	return (result & 7) == 2 && (result >> 8 & 0xff) == 0;
}

/**
 * nvme_complete_async_event() - the controller has told something
 * @ctrl:	the controller
 * @status:	as in the CQ entry
 * @result:	as in the CQ entry
 *
 * Interrupt context.
 */
void nvme_complete_async_event(struct nvme_ctrl *ctrl, __le16 status, union nvme_result *result)
{
	u32 dw0 = le32_to_cpu(result->u32);

	trace_nvs_async_event(nvme_ctrl_id(ctrl), 0, NVME_AER_CID, dw0);
	/* A reset aborts the request; the bring-up after it sends a new one. */
	if (le16_to_cpu(status) >> 1)
		return;
	if (namespaces_changed(dw0))
		nvme_queue_scan(ctrl);
	queue_work(nvme_wq, &ctrl->async_event_work);
}
EXPORT_SYMBOL_GPL(nvme_complete_async_event);
