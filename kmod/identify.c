// SPDX-License-Identifier: GPL-2.0
/*
 * What a controller says about itself (Identify, 5.17) and what the host asks
 * of it (Set Features, 5.27).
 */
#include <linux/delay.h>
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

/* The same, of a structure that belongs to the I/O command set @csi. */
int nvme_identify_csi(struct nvme_ctrl *ctrl, u32 nsid, u8 cns, u8 csi, void *data)
{
	struct nvme_command cmd = {
		.identify = {
			.opcode	= nvme_admin_identify,
			.nsid	= cpu_to_le32(nsid),
			.cns	= cns,
			.csi	= csi,
		},
	};

	return nvme_submit_sync_cmd(ctrl, ctrl->admin_q, &cmd, data,
				    NVME_IDENTIFY_DATA_SIZE, NULL);
}

static int set_feature_data(struct nvme_ctrl *ctrl, u8 fid, u32 dw11, void *data, u32 len,
			    u32 *result)
{
	struct nvme_command cmd = {
		.features = {
			.opcode	= nvme_admin_set_features,
			.fid	= cpu_to_le32(fid),
			.dword11 = cpu_to_le32(dw11),
		},
	};
	union nvme_result res;
	int ret = nvme_submit_sync_cmd(ctrl, ctrl->admin_q, &cmd, data, len, &res);

	if (!ret && result)
		*result = le32_to_cpu(res.u32);
	return ret;
}

/* Set Features @fid to @dw11.  0, -errno or an NVMe status. */
int nvme_set_features(struct nvme_ctrl *ctrl, u8 fid, u32 dw11, u32 *result)
{
	return set_feature_data(ctrl, fid, dw11, NULL, 0, result);
}

/**
 * nvme_get_log() - the first bytes of a log page (5.16)
 * @ctrl:	the controller
 * @nsid:	NVME_NSID_ALL where none is meant
 * @lid:	which page
 * @data:	where to
 * @len:	bytes, a multiple of 4
 *
 * Asynchronous events that point to the page are allowed again (RAE is 0).
 * Return: 0, -errno or an NVMe status.
 */
int nvme_get_log(struct nvme_ctrl *ctrl, u32 nsid, u8 lid, void *data, u32 len)
{
	u32 dwords = len / 4 - 1;	/* from zero */
	struct nvme_command cmd = {
		.get_log_page = {
			.opcode	= nvme_admin_get_log_page,
			.nsid	= cpu_to_le32(nsid),
			.lid	= lid,
			.numdl	= cpu_to_le16(dwords & 0xffff),
			.numdu	= cpu_to_le16(dwords >> 16),
		},
	};

	return nvme_submit_sync_cmd(ctrl, ctrl->admin_q, &cmd, data, len, NULL);
}

/**
 * nvme_wait_ns_ready() - until the medium of a namespace can be used
 * @ctrl:	the controller
 * @nsid:	the namespace
 *
 * Without CC.CRIME the controller was not ready before its media were.  With it,
 * CRTO says how long they may take, and NSTAT.NRDY when one is there.
 *
 * Return: 0, also if the device cannot tell, or -errno.
 */
int nvme_wait_ns_ready(struct nvme_ctrl *ctrl, u32 nsid)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(ctrl->media_ms);
	struct nvme_id_ns_cs_indep *id;
	bool late = false;
	int ret = 0;

	if (!(ctrl->ctrl_config & NVME_CC_CRIME))
		return 0;
	id = kzalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	for (;;) {
		late = time_after(jiffies, deadline);
		ret = nvme_identify(ctrl, nsid, NVME_ID_CNS_NS_CS_INDEP, id);
		if (ret || id->nstat & NVME_NSTAT_NRDY || late)
			break;
		msleep(100);
	}
	if (!ret && late && !(id->nstat & NVME_NSTAT_NRDY)) {
		dev_warn(ctrl->dev, "namespace %u is not ready after %u ms\n", nsid,
			 ctrl->media_ms);
		ret = -EAGAIN;
	}
	kfree(id);
	return min(ret, 0);
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
	ctrl->crdt[0] = le16_to_cpu(id->crdt1);
	ctrl->crdt[1] = le16_to_cpu(id->crdt2);
	ctrl->crdt[2] = le16_to_cpu(id->crdt3);
	ctrl->cmic = id->cmic;
	ctrl->vwc = id->vwc;
	ctrl->acl = id->acl;
	ctrl->lpa = id->lpa;
	ctrl->mdts = id->mdts;
	ctrl->cntrltype = id->cntrltype;
	ctrl->dctype = id->dctype;
	ctrl->vid = le16_to_cpu(id->vid);
	ctrl->wctemp = le16_to_cpu(id->wctemp);
	ctrl->cctemp = le16_to_cpu(id->cctemp);
	ctrl->max_hw_sectors = min(ctrl->max_hw_sectors, transfer_limit(ctrl, id->mdts));
	nvme_remember_limits(ctrl, id);
	/* ACL, as all counts of the specification here, is from zero. */
	atomic_set(&ctrl->abort_limit, id->acl + 1);
	nvme_tell_ctrl_limits(nvme_ctrl_id(ctrl), 0, 0,
			      id->mdts ? (u64)transfer_limit(ctrl, id->mdts) << SECTOR_SHIFT : 0,
			      id->mdts, id->acl, id->aerl);
}

/*
 * What the device offers and this driver leaves alone: said once in its life.  What
 * namespaces offer (NMIC, RESCAP) is not looked at, for their controller says it too.
 */
static void tell_unused(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id)
{
	const struct {
		bool offered;
		const char *name;
	} features[] = {
		{ id->cmic & (NVME_CTRL_CMIC_MULTI_PORT | NVME_CTRL_CMIC_MULTI_CTRL), "multipath" },
		{ id->cmic & NVME_CTRL_CMIC_ANA, "ANA" },
		{ id->hmpre, "HMB" },
		{ id->apsta & 1 && id->npss, "APST" },
		{ ctrl->unused & NVME_UNUSED_CMB, "CMB" },
		{ ctrl->oncs & NVME_CTRL_ONCS_RESERVATIONS, "reservations" },
		{ ctrl->oacs & NVME_CTRL_OACS_SEC_SUPP, "Opal" },
		{ id->kas, "keep-alive" },
	};
	char list[96] = "";
	int i, len = 0;

	if (ctrl->unused_told)
		return;
	ctrl->unused_told = true;
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (features[i].offered)
			len += scnprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					 features[i].name);
	if (len)
		dev_info(ctrl->dev, "not supported here yet: %s\n", list);
}

static int set_timestamp(struct nvme_ctrl *ctrl)
{
	__le64 ms;
	int ret;

	if (!(ctrl->oncs & NVME_CTRL_ONCS_TIMESTAMP))
		return 0;
	/* Since 1970, in 48 bits (5.27.1.10). */
	ms = cpu_to_le64(ktime_to_ms(ktime_get_real()));
	ret = set_feature_data(ctrl, NVME_FEAT_TIMESTAMP, 0, &ms, sizeof(ms), NULL);
	if (ret > 0)
		dev_warn_once(ctrl->dev, "Set Features, Timestamp: status %#x\n", ret);
	return min(ret, 0);
}

/*
 * Host Behavior Support (5.27.1.18): that we wait before a retry when told to, and
 * know LBA formats past the sixteenth and larger metadata.
 */
static int set_host_behavior(struct nvme_ctrl *ctrl, bool many_formats)
{
	struct nvme_feat_host_behavior *host;
	int ret;

	if (!ctrl->crdt[0] && !many_formats)
		return 0;
	host = kzalloc(sizeof(*host), GFP_KERNEL);
	if (!host)
		return -ENOMEM;
	host->acre = ctrl->crdt[0] ? NVME_ENABLE_ACRE : 0;
	host->lbafee = many_formats ? NVME_ENABLE_LBAFEE : 0;
	ret = set_feature_data(ctrl, NVME_FEAT_HOST_BEHAVIOR, 0, host, sizeof(*host), NULL);
	kfree(host);
	if (ret > 0)
		dev_warn_once(ctrl->dev, "Set Features, Host Behavior Support: status %#x\n", ret);
	return min(ret, 0);
}

/* Features that a reset has set back. */
static int set_host_features(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id)
{
	int ret = set_timestamp(ctrl);

	if (ret)
		return ret;
	return set_host_behavior(ctrl, le32_to_cpu(id->ctratt) & NVME_CTRL_ATTR_ELBAS);
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
	remember(ctrl, id);
	if (!ctrl->identified)
		nvme_add_model_quirks(ctrl, id);
	tell_unused(ctrl, id);
	if (!ctrl->subsys)
		ret = nvme_subsystem_join(ctrl, id);
	if (!ret)
		ret = nvme_init_effects(ctrl, NVME_CSI_NVM);
	if (!ret)
		ret = set_host_features(ctrl, id);
	if (!ret)
		ret = nvme_hwmon_init(ctrl);
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
	/* LAB(7): ask for *count queues, see how many there are.  Starter: return *count = 0; */
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
	/* LAB(7) end */
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
