// SPDX-License-Identifier: GPL-2.0
/*
 * What a controller says about itself (Identify, 5.17) and what the host asks
 * of it (Set Features, 5.27).
 */
#include <linux/slab.h>

#include "core.h"
#include "trace.h"

/**
 * nvme_identify() - one Identify command
 * @ctrl:	the controller
 * @nsid:	namespace identifier, 0 where none is meant
 * @cns:	which structure (figure 273)
 * @data:	NVME_IDENTIFY_DATA_SIZE bytes
 *
 * Return: 0, -errno or an NVMe status.
 */
int nvme_identify(struct nvme_ctrl *ctrl, u32 nsid, u8 cns, void *data)
{
	struct nvme_command cmd = {
		.identify = {
			.opcode	= nvme_admin_identify,
			.nsid	= cpu_to_le32(nsid),
			.cns	= cns,
		},
	};

	return nvme_submit_sync_cmd(ctrl, ctrl->admin_q, &cmd, data,
				    NVME_IDENTIFY_DATA_SIZE, NULL);
}

/* Set Features @fid to @dw11.  0, -errno or an NVMe status. */
int nvme_set_features(struct nvme_ctrl *ctrl, u8 fid, u32 dw11, u32 *result)
{
	struct nvme_command cmd = {
		.features = {
			.opcode	= nvme_admin_set_features,
			.fid	= cpu_to_le32(fid),
			.dword11 = cpu_to_le32(dw11),
		},
	};
	union nvme_result res;
	int ret = nvme_submit_sync_cmd(ctrl, ctrl->admin_q, &cmd, NULL, 0, &res);

	if (!ret && result)
		*result = le32_to_cpu(res.u32);
	return ret;
}

/* MDTS is a power of two of the smallest page, CAP.MPSMIN; 0 is no limit. */
static u32 transfer_limit(struct nvme_ctrl *ctrl, u8 mdts)
{
	unsigned int shift = mdts + NVME_CAP_MPSMIN(ctrl->cap) + 12 - SECTOR_SHIFT;

	if (!mdts || shift >= 31)
		return U32_MAX;
	return 1u << shift;
}

static void remember(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id)
{
	ctrl->cntlid = le16_to_cpu(id->cntlid);
	ctrl->oacs = le16_to_cpu(id->oacs);
	ctrl->oncs = le16_to_cpu(id->oncs);
	ctrl->oaes = le32_to_cpu(id->oaes);
	ctrl->nn = le32_to_cpu(id->nn);
	ctrl->sgls = le32_to_cpu(id->sgls);
	ctrl->rtd3e = le32_to_cpu(id->rtd3e);
	ctrl->vwc = id->vwc;
	ctrl->acl = id->acl;
	ctrl->mdts = id->mdts;
	ctrl->cntrltype = id->cntrltype;
	ctrl->max_hw_sectors = min(ctrl->max_hw_sectors, transfer_limit(ctrl, id->mdts));
	/* ACL, as all counts of the specification here, is from zero. */
	atomic_set(&ctrl->abort_limit, id->acl + 1);
}

static int identify_ctrl(struct nvme_ctrl *ctrl)
{
	struct nvme_id_ctrl *id;
	int ret;

	ret = ctrl->ops->reg_read32(ctrl, NVME_REG_VS, &ctrl->vs);
	if (ret)
		return ret;
	id = kzalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	ret = nvme_identify(ctrl, 0, NVME_ID_CNS_CTRL, id);
	if (ret) {
		dev_err(ctrl->dev, "Identify Controller failed: %d\n", ret);
		ret = ret < 0 ? ret : -EIO;
		goto out_free;
	}
	if (!ctrl->identified)
		nvme_add_model_quirks(ctrl, id);
	remember(ctrl, id);
	if (!ctrl->subsys)
		ret = nvme_subsystem_join(ctrl, id);
	if (!ret)
		ctrl->identified = true;
out_free:
	kfree(id);
	return ret;
}

/**
 * nvme_init_identify() - learn what the controller is and can
 * @ctrl: the controller, its admin queue live
 *
 * Return: 0 or -errno.
 */
int nvme_init_identify(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_init_identify);
	return nvme_phase_end(&phase, identify_ctrl(ctrl));
}
EXPORT_SYMBOL_GPL(nvme_init_identify);

static int ask_queue_count(struct nvme_ctrl *ctrl, unsigned int *count)
{
	/* Both numbers from zero: SQs in the low, CQs in the high half. */
	u32 wanted = (*count - 1) | (*count - 1) << 16;
	u32 granted;
	int ret = nvme_set_features(ctrl, NVME_FEAT_NUM_QUEUES, wanted, &granted);

	if (ret < 0)
		return ret;
	if (ret) {
		/* Refused: the admin queue works, so the device can be mended. */
		dev_err(ctrl->dev, "Set Features, Number of Queues: status %#x\n", ret);
		*count = 0;
		return 0;
	}
	*count = min(*count, min(granted & 0xffff, granted >> 16) + 1);
	return 0;
}

/**
 * nvme_set_queue_count() - negotiate the number of I/O queues (5.27.1.5)
 * @ctrl:	the controller
 * @count:	in: how many are wanted; out: how many may be created
 *
 * Return: 0 or -errno.  A controller that refuses leaves @count 0.
 */
int nvme_set_queue_count(struct nvme_ctrl *ctrl, unsigned int *count)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_set_queue_count);
	return nvme_phase_end(&phase, ask_queue_count(ctrl, count));
}
EXPORT_SYMBOL_GPL(nvme_set_queue_count);
