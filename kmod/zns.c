// SPDX-License-Identifier: GPL-2.0
/*
 * Zoned namespaces: what the zones are like, their report, and the commands that
 * move them from state to state.
 *
 * Sections are those of the Zoned Namespace Command Set Specification 1.1.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core.h"

/* Zone Management Receive brings whole reports, of at most so much memory. */
#define MAX_REPORT_BYTES	SZ_1M

/* Zone Append has a limit of its own, in the unit of MDTS; 0: MDTS it is (4.1.5.2). */
static int read_append_limit(struct nvme_ctrl *ctrl)
{
	struct nvme_id_ctrl_zns *id = kzalloc(sizeof(*id), GFP_KERNEL);
	int ret;

	if (!id)
		return -ENOMEM;
	ret = nvme_identify_csi(ctrl, 0, NVME_ID_CNS_CS_CTRL, NVME_CSI_ZNS, id);
	if (!ret && id->zasl)
		ctrl->max_append_sectors = min(ctrl->max_hw_sectors,
					       nvme_mps_to_sectors(ctrl, id->zasl));
	kfree(id);
	return ret;
}

/* Can the block layer's zones be made of these?  NULL, or why not. */
static const char *unusable(const struct nvme_id_ns_zns *id, u64 zone_sectors)
{
	if (id->zoc & cpu_to_le16(1))
		return "the capacity of its zones varies";
	if (!zone_sectors || zone_sectors > U32_MAX)
		return "its zones are too large";
	if (!is_power_of_2(zone_sectors))
		return "the size of its zones is no power of two";
	return NULL;
}

static void fill_zones(struct nvme_ctrl *ctrl, const struct nvme_id_ns_zns *id,
		       unsigned int lbaf, struct nvme_ns_info *info)
{
	u8 shift = info->format.lba_shift - SECTOR_SHIFT;
	u64 zone_sectors = le64_to_cpu(id->lbafe[lbaf].zsze) << shift;
	struct nvme_limits *lim = &info->limits;

	info->format.why_not = unusable(id, zone_sectors);
	if (info->format.why_not)
		return;
	lim->zoned = true;
	lim->chunk_sectors = zone_sectors;
	lim->max_append_sectors = min_t(u32, ctrl->max_append_sectors, zone_sectors);
	/* From zero; all ones is no limit, which the block layer calls 0. */
	lim->max_open_zones = le32_to_cpu(id->mor) + 1;
	lim->max_active_zones = le32_to_cpu(id->mar) + 1;
}

/**
 * nvme_read_zone_info() - what Identify tells of a zoned namespace
 * @ctrl:	the controller
 * @lbaf:	index of the namespace's format
 * @info:	its format and limits are known as far as all namespaces have them
 *
 * Return: 0, -errno or an NVMe status.
 */
int nvme_read_zone_info(struct nvme_ctrl *ctrl, unsigned int lbaf, struct nvme_ns_info *info)
{
	struct nvme_id_ns_zns *id;
	int ret = read_append_limit(ctrl);

	if (ret)
		return ret;
	id = kzalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	ret = nvme_identify_csi(ctrl, info->nsid, NVME_ID_CNS_CS_NS, NVME_CSI_ZNS, id);
	if (!ret)
		fill_zones(ctrl, id, lbaf, info);
	kfree(id);
	return ret;
}

/* Zone Management Send (3.4.3). */
static void setup_zone_mgmt(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd,
			    enum nvme_zone_mgmt_action action, bool all)
{
	*cmd = (struct nvme_command) {
		.zms = {
			.opcode	    = nvme_cmd_zone_mgmt_send,
			.nsid	    = cpu_to_le32(ns->nsid),
			.slba	    = cpu_to_le64(blk_rq_pos(rq) >> (ns->lba_shift - SECTOR_SHIFT)),
			.zsa	    = action,
			.select_all = all,
		},
	};
}

/**
 * nvme_setup_zone_cmd() - build one of the commands that only zoned disks get
 * @ns:		the namespace
 * @rq:		the request
 * @cmd:	where the command goes
 *
 * Return: BLK_STS_OK; BLK_STS_NOTSUPP for an operation that has no command.
 */
blk_status_t nvme_setup_zone_cmd(struct nvme_ns *ns, struct request *rq, struct nvme_command *cmd)
{
	switch (req_op(rq)) {
	case REQ_OP_ZONE_APPEND:
		/* Its completion says where the data went. */
		nvme_req(rq)->flags |= NVME_REQ_SPECIAL;
		return nvme_setup_rw(ns, rq, cmd, nvme_cmd_zone_append);
	case REQ_OP_ZONE_RESET:
		setup_zone_mgmt(ns, rq, cmd, NVME_ZONE_RESET, false);
		return BLK_STS_OK;
	case REQ_OP_ZONE_RESET_ALL:
		setup_zone_mgmt(ns, rq, cmd, NVME_ZONE_RESET, true);
		return BLK_STS_OK;
	case REQ_OP_ZONE_OPEN:
		setup_zone_mgmt(ns, rq, cmd, NVME_ZONE_OPEN, false);
		return BLK_STS_OK;
	case REQ_OP_ZONE_CLOSE:
		setup_zone_mgmt(ns, rq, cmd, NVME_ZONE_CLOSE, false);
		return BLK_STS_OK;
	case REQ_OP_ZONE_FINISH:
		setup_zone_mgmt(ns, rq, cmd, NVME_ZONE_FINISH, false);
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/* A zone descriptor (3.4.2.2.3) as the block layer has it. */
static int tell_zone(struct nvme_ns *ns, const struct nvme_zone_descriptor *desc,
		     unsigned int idx, const struct nvme_zone_sink *sink)
{
	u8 shift = ns->lba_shift - SECTOR_SHIFT;
	struct blk_zone zone = {
		.type		= BLK_ZONE_TYPE_SEQWRITE_REQ,
		/* Both number the states alike. */
		.cond		= desc->zs >> 4,
		.start		= le64_to_cpu(desc->zslba) << shift,
		.len		= ns->limits.chunk_sectors,
		.capacity	= le64_to_cpu(desc->zcap) << shift,
		.wp		= le64_to_cpu(desc->wp) << shift,
	};

	if ((desc->zt & 0xf) != NVME_ZONE_TYPE_SEQWRITE_REQ) {
		dev_err(ns->ctrl->dev, "namespace %u: zone of unknown type %#x\n", ns->nsid,
			desc->zt);
		return -EINVAL;
	}
	/* The write pointer of a full zone is not valid (2.3). */
	if (zone.cond == BLK_ZONE_COND_FULL)
		zone.wp = zone.start + zone.len;
	return nvme_compat_tell_zone(ns->disk, &zone, idx, sink);
}

/* One report (3.4.2), from @sector on.  Number of zones in it, -errno or an NVMe status. */
static int receive_report(struct nvme_ns *ns, sector_t sector, struct nvme_zone_report *report,
			  size_t size, unsigned int *nr_zones)
{
	struct nvme_command cmd = {
		.zmr = {
			.opcode	= nvme_cmd_zone_mgmt_recv,
			.nsid	= cpu_to_le32(ns->nsid),
			.slba	= cpu_to_le64(sector >> (ns->lba_shift - SECTOR_SHIFT)),
			/* Dwords, from zero */
			.numd	= cpu_to_le32(size / 4 - 1),
			.zra	= NVME_ZRA_ZONE_REPORT,
			.zrasf	= NVME_ZRASF_ZONE_REPORT_ALL,
			/* Counts the zones that are in it, not all that there are. */
			.pr	= NVME_REPORT_ZONE_PARTIAL,
		},
	};
	int ret;

	memset(report, 0, size);
	ret = nvme_submit_sync_cmd(ns->ctrl, ns->queue, &cmd, report, size, NULL);
	if (ret)
		return ret < 0 ? ret : -EIO;
	*nr_zones = min_t(u64, le64_to_cpu(report->nr_zones),
			  (size - sizeof(*report)) / sizeof(report->entries[0]));
	return 0;
}

/* Memory for a report of @nr_zones, or of fewer: whole blocks, one command's worth. */
static struct nvme_zone_report *alloc_report(struct nvme_ns *ns, unsigned int nr_zones,
					     size_t *size)
{
	size_t wanted = sizeof(struct nvme_zone_report) +
			min_t(size_t, nr_zones, MAX_REPORT_BYTES / 64) *
			sizeof(struct nvme_zone_descriptor);
	size_t most = min_t(u64, (u64)queue_max_hw_sectors(ns->queue) << SECTOR_SHIFT,
			    (size_t)(queue_max_segments(ns->queue) - 1) << PAGE_SHIFT);
	struct nvme_zone_report *report;

	for (*size = min(roundup(wanted, SECTOR_SIZE), most); *size >= SECTOR_SIZE; *size /= 2) {
		*size = rounddown(*size, SECTOR_SIZE);
		report = vmalloc(*size);
		if (report)
			return report;
	}
	return NULL;
}

/**
 * nvme_report_zones() - what block_device_operations.report_zones does
 * @disk:	a zoned disk
 * @sector:	in the first zone to report
 * @nr_zones:	at most so many
 * @sink:	is told of each
 *
 * Return: the number of zones reported, or -errno.
 */
int nvme_report_zones(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
		      const struct nvme_zone_sink *sink)
{
	struct nvme_ns *ns = disk->private_data;
	struct nvme_zone_report *report;
	unsigned int found, told = 0, i;
	size_t size;
	int ret = 0;

	if (!ns->limits.zoned)
		return -EOPNOTSUPP;
	report = alloc_report(ns, nr_zones, &size);
	if (!report)
		return -ENOMEM;
	sector = round_down(sector, ns->limits.chunk_sectors);
	while (told < nr_zones && sector < get_capacity(disk)) {
		ret = receive_report(ns, sector, report, size, &found);
		if (ret || !found)
			break;
		for (i = 0; i < found && told < nr_zones; i++) {
			ret = tell_zone(ns, &report->entries[i], told, sink);
			if (ret)
				goto out_free;
			told++;
		}
		sector += (sector_t)found * ns->limits.chunk_sectors;
	}
out_free:
	vfree(report);
	return ret ?: told;
}
