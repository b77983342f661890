// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous events (5.2): a command that the controller keeps until it has
 * something to tell.  One is always outstanding.
 *
 * An event is not told again until the log page that it names has been read, so
 * each is followed by that: the pages change nothing else, and whoever wants to
 * know more hears of the event (NVME_AEN) and reads them too.
 */
#include <linux/kobject.h>
#include <linux/slab.h>

#include "core.h"
#include "trace.h"

/* ctrl->aer_flags */
#define AER_SENT	0	/* the controller has the request */
#define AER_PENDING	1	/* aen_result is yet to be dealt with */

/* DW0 of the completion (figure 145). */
#define AER_TYPE(dw0)		((dw0) & 7)
#define AER_INFO(dw0)		((dw0) >> 8 & 0xff)
#define AER_PAGE(dw0)		((dw0) >> 16 & 0xff)
#define AER_KIND(dw0)		((dw0) & 0xff07)
#define AER_OF(type, info)	((type) | (info) << 8)

enum {
	PERSISTENT_INTERNAL_ERROR	= AER_OF(0, 3),
	NAMESPACES_CHANGED		= AER_OF(2, 0),
};

enum { TYPE_ERROR, TYPE_SMART, TYPE_NOTICE };

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

	/*
	 * The reset took the request from the device, and what it told is old.  The work
	 * may still be about to send one; it begins again when the controller is live.
	 */
	cancel_work_sync(&ctrl->async_event_work);
	clear_bit(AER_SENT, &ctrl->aer_flags);
	clear_bit(AER_PENDING, &ctrl->aer_flags);
	if (!wanted)
		return 0;
	ret = nvme_set_features(ctrl, NVME_FEAT_ASYNC_EVENT, wanted, NULL);
	if (ret > 0)
		dev_warn(ctrl->dev, "Set Features, Asynchronous Event Configuration: status %#x\n",
			 ret);
	return min(ret, 0);
}
EXPORT_SYMBOL_GPL(nvme_enable_async_events);

/* Bytes of the log pages that events name; 0: not one that is known here. */
static u32 log_page_bytes(u8 page)
{
	switch (page) {
	case NVME_LOG_ERROR:
		return 64;	/* the newest entry */
	case NVME_LOG_SMART:
	case NVME_LOG_FW_SLOT:
		return 512;
	case NVME_LOG_CHANGED_NS:
		return 4096;
	default:
		return 0;
	}
}

static void read_page(struct nvme_ctrl *ctrl, u8 page)
{
	u32 size = log_page_bytes(page);
	u8 *data;
	int ret;

	if (!size)
		return;
	data = kzalloc(size, GFP_KERNEL);
	if (!data)
		return;
	ret = nvme_get_log(ctrl, NVME_NSID_ALL, page, data, size);
	if (ret)
		dev_warn(ctrl->dev, "cannot read log page %#x: %d\n", page, ret);
	else if (page == NVME_LOG_SMART && data[0])
		dev_warn(ctrl->dev, "SMART: critical warning %#x\n", data[0]);
	kfree(data);
}

static void tell_user_space(struct nvme_ctrl *ctrl, u32 dw0)
{
	char text[32];
	char *envp[] = { text, NULL };

	snprintf(text, sizeof(text), "NVME_AEN=%#08x", dw0);
	kobject_uevent_env(&ctrl->ctrl_device.kobj, KOBJ_CHANGE, envp);
}

static void handle_event(struct nvme_ctrl *ctrl, u32 dw0)
{
	if (AER_KIND(dw0) == PERSISTENT_INTERNAL_ERROR) {
		dev_warn(ctrl->dev, "reports a persistent internal error: resetting it\n");
		tell_user_space(ctrl, dw0);
		nvme_reset_ctrl(ctrl, NVS_WHY_RESET_async_event);
		return;
	}
	if (AER_TYPE(dw0) == TYPE_ERROR)
		dev_warn(ctrl->dev, "reports an error, asynchronous event %#x\n", dw0);
	read_page(ctrl, AER_PAGE(dw0));
	if (AER_TYPE(dw0) != TYPE_NOTICE)
		tell_user_space(ctrl, dw0);
	/* After the page was read: what changes from now on is a new event. */
	if (AER_KIND(dw0) == NAMESPACES_CHANGED)
		nvme_queue_scan(ctrl);
}

/* Deals with an event, and sends the request (again). */
void nvme_async_event_work(struct work_struct *work)
{
	struct nvme_ctrl *ctrl = container_of(work, struct nvme_ctrl, async_event_work);

	if (nvme_ctrl_state(ctrl) != NVS_STATE_live)
		return;
	if (test_and_clear_bit(AER_PENDING, &ctrl->aer_flags))
		handle_event(ctrl, ctrl->aen_result);
	if (nvme_ctrl_state(ctrl) == NVS_STATE_live &&
	    !test_and_set_bit(AER_SENT, &ctrl->aer_flags))
		ctrl->ops->submit_async_event(ctrl);
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

	nvme_tell_async_event(nvme_ctrl_id(ctrl), 0, NVME_AER_CID, dw0);
	/* A reset aborts the request; the bring-up after it sends a new one. */
	if (le16_to_cpu(status) >> 1)
		return;
	ctrl->aen_result = dw0;
	clear_bit(AER_SENT, &ctrl->aer_flags);
	set_bit(AER_PENDING, &ctrl->aer_flags);
	queue_work(nvme_wq, &ctrl->async_event_work);
}
EXPORT_SYMBOL_GPL(nvme_complete_async_event);
