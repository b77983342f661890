// SPDX-License-Identifier: GPL-2.0
/*
 * What a command does beyond moving its data: the Commands Supported and Effects
 * log (5.16.1.6), and what the driver has to do about it when user space sends a
 * command that formats, attaches or erases namespaces.
 */
#include <linux/slab.h>

#include "passthru.h"
#include "trace.h"

/* Commands that are known to be grave, whatever a log says or leaves out. */
static void add_known_effects(struct nvme_effects_log *log)
{
	const u32 wipes = NVME_CMD_EFFECTS_CSUPP | NVME_CMD_EFFECTS_LBCC | NVME_EFFECTS_CSE_ALL;

	log->acs[nvme_admin_format_nvm] |= cpu_to_le32(wipes | NVME_CMD_EFFECTS_NCC);
	log->acs[nvme_admin_sanitize_nvm] |= cpu_to_le32(wipes);
}

/* A controller without the log: what every one has (NVM Command Set 1.0, figure 22). */
static void fill_default_log(struct nvme_effects_log *log)
{
	static const u8 changing[] = {
		nvme_cmd_write, nvme_cmd_write_zeroes, nvme_cmd_write_uncor, nvme_cmd_dsm,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(changing); i++)
		log->iocs[changing[i]] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP |
						     NVME_CMD_EFFECTS_LBCC);
	log->iocs[nvme_cmd_flush] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
	log->iocs[nvme_cmd_read] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
	log->iocs[nvme_cmd_compare] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
}

/* There is a log for each command set. */
static int get_effects_log(struct nvme_ctrl *ctrl, u8 csi, struct nvme_effects_log *log)
{
	u32 dwords = sizeof(*log) / 4 - 1;	/* from zero */
	struct nvme_command cmd = {
		.get_log_page = {
			.opcode	= nvme_admin_get_log_page,
			.nsid	= cpu_to_le32(NVME_NSID_ALL),
			.lid	= NVME_LOG_CMD_EFFECTS,
			.csi	= csi,
			.numdl	= cpu_to_le16(dwords),
		},
	};

	return nvme_submit_sync_cmd(ctrl, ctrl->admin_q, &cmd, log, sizeof(*log), NULL);
}

static int read_log(struct nvme_ctrl *ctrl, u8 csi, struct nvme_effects_log *log)
{
	int ret = NVME_SC_INVALID_LOG_PAGE;

	/* LPA bit 1 says whether there is one. */
	if (ctrl->lpa & NVME_CTRL_LPA_CMD_EFFECTS_LOG)
		ret = get_effects_log(ctrl, csi, log);
	if (ret < 0)
		return ret;
	if (ret) {
		memset(log, 0, sizeof(*log));
		fill_default_log(log);
	}
	add_known_effects(log);
	return 0;
}

/**
 * nvme_init_effects() - learn what the commands of a command set do
 * @ctrl:	the controller, its admin queue live
 * @csi:	the command set
 *
 * At each bring-up: other firmware has another log.
 *
 * Return: 0 or -errno.
 */
int nvme_init_effects(struct nvme_ctrl *ctrl, u8 csi)
{
	struct nvme_effects_log *log;
	int ret;

	if (csi >= ARRAY_SIZE(ctrl->effects))
		return -EINVAL;
	log = kzalloc(sizeof(*log), GFP_KERNEL);
	if (!log)
		return -ENOMEM;
	ret = read_log(ctrl, csi, log);
	if (ret) {
		kfree(log);
		return ret;
	}
	/* Readers have no lock: after a reset the old log is written over in place. */
	if (ctrl->effects[csi]) {
		memcpy(ctrl->effects[csi], log, sizeof(*log));
		kfree(log);
	} else {
		/* Filled before it is seen: pairs with log_of(). */
		smp_store_release(&ctrl->effects[csi], log);
	}
	return 0;
}

void nvme_free_effects(struct nvme_ctrl *ctrl)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ctrl->effects); i++)
		kfree(ctrl->effects[i]);
}

static const struct nvme_effects_log *log_of(struct nvme_ctrl *ctrl, u8 csi)
{
	if (csi >= ARRAY_SIZE(ctrl->effects))
		return NULL;
	/* Pairs with nvme_init_effects(). */
	return smp_load_acquire(&ctrl->effects[csi]);
}

/* The log's word on an I/O command of this namespace's command set; 0: unknown. */
u32 nvme_io_effects(struct nvme_ns *ns, u8 opcode)
{
	const struct nvme_effects_log *log = log_of(ns->ctrl, ns->ids.csi);

	return log ? le32_to_cpu(log->iocs[opcode]) : 0;
}

static u32 admin_effects(struct nvme_ctrl *ctrl, u8 opcode)
{
	const struct nvme_effects_log *log = log_of(ctrl, NVME_CSI_NVM);

	return log ? le32_to_cpu(log->acs[opcode]) : 0;
}

/**
 * nvme_passthru_effects() - what the driver must do around a command
 * @from:	the node
 * @cmd:	the command
 *
 * Return: bits of the effects log.  0 for I/O commands: to hold other commands
 * back, the command's own queue would have to be frozen.
 */
u32 nvme_passthru_effects(const struct nvme_passthru_from *from, const struct nvme_command *cmd)
{
	return from->ns ? 0 : admin_effects(from->ctrl, cmd->common.opcode);
}

static void freeze_all(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns;

	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node)
		blk_freeze_queue_start(ns->queue);
	/* All drain at the same time. */
	list_for_each_entry(ns, &ctrl->namespaces, node)
		blk_mq_freeze_queue_wait(ns->queue);
	up_read(&ctrl->namespaces_rwsem);
	nvme_tell_freeze(nvme_ctrl_id(ctrl), 1, 0, NVS_FREEZE_freeze);
}

static void unfreeze_all(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns;

	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node)
		nvme_compat_unfreeze_queue(ns->queue);
	up_read(&ctrl->namespaces_rwsem);
	nvme_tell_freeze(nvme_ctrl_id(ctrl), 1, 0, NVS_FREEZE_unfreeze);
}

/**
 * nvme_passthru_begin() - hold other commands back, if this one wants to be alone
 * @ctrl:	the controller
 * @effects:	from nvme_passthru_effects()
 *
 * CSE, bits 18:16 of the log: no other command to the namespace, or to any.  We do
 * not ask which, and freeze all.  Until nvme_passthru_end() no namespace comes or
 * goes, so that what is frozen is what will be thawed.
 */
void nvme_passthru_begin(struct nvme_ctrl *ctrl, u32 effects)
{
	if (!(effects & NVME_CMD_EFFECTS_CSE_MASK))
		return;
	mutex_lock(&ctrl->scan_lock);
	freeze_all(ctrl);
}

/**
 * nvme_passthru_end() - let the others go on, and look at what has changed
 * @ctrl:	the controller
 * @effects:	as given to nvme_passthru_begin()
 * @ret:	how the command ended
 */
void nvme_passthru_end(struct nvme_ctrl *ctrl, u32 effects, int ret)
{
	if (effects & NVME_CMD_EFFECTS_CSE_MASK) {
		unfreeze_all(ctrl);
		mutex_unlock(&ctrl->scan_lock);
	}
	if (ret)
		return;
	if (effects & NVME_CMD_EFFECTS_CCC)
		dev_info_once(ctrl->dev, "a command may have changed what the controller can do; reset it to have that seen\n");
	if (effects & (NVME_CMD_EFFECTS_NCC | NVME_CMD_EFFECTS_NIC)) {
		nvme_queue_scan(ctrl);
		/* Who formats a namespace looks at its size next. */
		flush_work(&ctrl->scan_work);
	}
}
