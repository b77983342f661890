// SPDX-License-Identifier: GPL-2.0
/*
 * Limits: how much one command may carry, in which sizes the device likes it, and
 * what a power failure leaves whole.  From the fields of Identify to what the
 * block layer holds its requests to.
 *
 * Sections are those of the NVM Command Set Specification 1.0, if not said
 * otherwise.
 */
#include <linux/slab.h>

#include "core.h"

/* One Dataset Management command has room for so many ranges (3.2.3). */
#define MAX_DSM_RANGES	256

/* 512 B units in 2^@exponent of the smallest pages, CAP.MPSMIN. */
u32 nvme_mps_to_sectors(struct nvme_ctrl *ctrl, u8 exponent)
{
	unsigned int shift = exponent + NVME_CAP_MPSMIN(ctrl->cap) + 12 - SECTOR_SHIFT;

	return shift < 32 ? 1u << shift : U32_MAX;
}

/* Blocks as 512 B units, at most U32_MAX. */
static u32 to_sectors(u64 blocks, u8 lba_shift)
{
	return min_t(u64, blocks, U32_MAX >> (lba_shift - SECTOR_SHIFT)) <<
	       (lba_shift - SECTOR_SHIFT);
}

/* Identify Controller, as far as it limits the I/O commands (Base Specification 5.17.2.1). */
void nvme_remember_limits(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id)
{
	ctrl->ctratt = le32_to_cpu(id->ctratt);
	ctrl->awupf = le16_to_cpu(id->awupf);
	/* Until Identify with CNS 06h knows better. */
	ctrl->max_zeroes_sectors = 0;
	if (ctrl->oncs & NVME_CTRL_ONCS_WRITE_ZEROES &&
	    !(ctrl->quirks & NVME_QUIRK_DISABLE_WRITE_ZEROES))
		ctrl->max_zeroes_sectors = ctrl->max_hw_sectors;
	ctrl->max_discard_ranges = ctrl->oncs & NVME_CTRL_ONCS_DSM ? MAX_DSM_RANGES : 0;
	ctrl->max_discard_blocks = U32_MAX;
	ctrl->max_append_sectors = ctrl->max_hw_sectors;
}

/* Commands that move no data are not bound by MDTS, but by these; 0 is no limit (4.1.5.2). */
static void remember_nvm(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl_nvm *id)
{
	u64 dmsl = le64_to_cpu(id->dmsl);

	if (id->wzsl && ctrl->max_zeroes_sectors)
		ctrl->max_zeroes_sectors = nvme_mps_to_sectors(ctrl, id->wzsl);
	if (id->dmrl && ctrl->max_discard_ranges)
		ctrl->max_discard_ranges = id->dmrl;
	/* Of one range, and of all together: the block layer has one limit for both. */
	if (id->dmrsl)
		ctrl->max_discard_blocks = le32_to_cpu(id->dmrsl);
	if (dmsl)
		ctrl->max_discard_blocks = min_t(u64, ctrl->max_discard_blocks, dmsl);
}

/**
 * nvme_read_command_limits() - ask for the limits of the NVM command set
 * @ctrl: the controller, live
 *
 * Return: 0, or -errno if the controller stopped answering.  A controller that does
 * not know the question has no such limits.
 */
int nvme_read_command_limits(struct nvme_ctrl *ctrl)
{
	struct nvme_id_ctrl_nvm *id;
	int ret;

	if (ctrl->max_discard_ranges && !ctrl->discard_page) {
		ctrl->discard_page = kmalloc(NVME_CTRL_PAGE_SIZE, GFP_KERNEL);
		if (!ctrl->discard_page)
			return -ENOMEM;
	}
	/* CNS 06h came with the command sets: CAP.CSS bit 6 (Base Specification 3.1.3.1). */
	if (!(NVME_CAP_CSS(ctrl->cap) & NVME_CAP_CSS_CSI) ||
	    ctrl->quirks & NVME_QUIRK_IDENTIFY_CNS)
		return 0;
	id = kzalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	ret = nvme_identify_csi(ctrl, 0, NVME_ID_CNS_CS_CTRL, NVME_CSI_NVM, id);
	if (!ret)
		remember_nvm(ctrl, id);
	kfree(id);
	return min(ret, 0);
}

static void fill_discard(struct nvme_ctrl *ctrl, u8 lba_shift, struct nvme_limits *lim)
{
	if (!ctrl->max_discard_ranges)
		return;
	lim->max_discard_segments = ctrl->max_discard_ranges;
	lim->discard_granularity = lim->logical_block_size;
	lim->max_discard_sectors = ctrl->max_discard_blocks == U32_MAX ?
		U32_MAX : to_sectors(ctrl->max_discard_blocks, lba_shift);
}

/*
 * Atomic write unit and boundary at power fail (2.1.4): the namespace's own where
 * NSFEAT bit 1 says so, else the controller's.  With an offset, NABO, the units
 * do not begin where the block layer would have them begin.
 */
static void fill_atomic(struct nvme_ctrl *ctrl, const struct nvme_id_ns *id,
			struct nvme_limits *lim)
{
	u32 block = lim->logical_block_size;

	lim->atomic_max = block;
	if (id->nabo)
		return;
	if (id->nsfeat & NVME_NS_FEAT_ATOMICS && id->nawupf)
		lim->atomic_max = block * (1 + le16_to_cpu(id->nawupf));
	else
		lim->atomic_max = block * (1 + ctrl->awupf);
	if (id->nabspf)
		lim->atomic_boundary = block * (1 + le16_to_cpu(id->nabspf));
}

/* NSFEAT bit 4: the device names the sizes it prefers, in blocks and from zero (5.8.2.1). */
static void fill_preferred(const struct nvme_id_ns *id, struct nvme_limits *lim)
{
	u32 block = lim->logical_block_size;
	u32 granularity = block, optimal = 0;

	if (id->nsfeat & 0x10) {
		granularity = block * (1 + le16_to_cpu(id->npwg));
		/* One block is what everybody prefers: that is no word about it. */
		if (id->nows)
			optimal = block * (1 + le16_to_cpu(id->nows));
	}
	/* A sector that a torn write leaves half old is not a physical block. */
	lim->physical_block_size = min(granularity, lim->atomic_max);
	lim->io_min = granularity;
	lim->io_opt = optimal;
	if (!is_power_of_2(lim->physical_block_size))
		lim->physical_block_size = block;
	if (lim->io_min % lim->physical_block_size)
		lim->io_min = lim->physical_block_size;
	if (lim->io_opt % lim->physical_block_size)
		lim->io_opt = 0;
}

/* NOIOB: requests that cross a multiple of it are slow (5.8.2.1). */
static void fill_boundary(struct nvme_ctrl *ctrl, const struct nvme_id_ns *id,
			  struct nvme_ns_info *info)
{
	u32 sectors = to_sectors(le16_to_cpu(id->noiob), info->format.lba_shift);

	/* Stripes are as wide as the largest transfer, and not told of. */
	if (ctrl->quirks & NVME_QUIRK_STRIPE_SIZE)
		sectors = ctrl->max_hw_sectors;
	if (is_power_of_2(sectors))
		info->limits.chunk_sectors = sectors;
}

/**
 * nvme_fill_limits() - the limits of a namespace's queue
 * @ctrl:	the controller
 * @id:		Identify Namespace of the namespace
 * @info:	its format is known, its limits are to be filled
 */
void nvme_fill_limits(struct nvme_ctrl *ctrl, const struct nvme_id_ns *id,
		      struct nvme_ns_info *info)
{
	struct nvme_limits *lim = &info->limits;
	u8 lba_shift = info->format.lba_shift;

	lim->logical_block_size = 1u << lba_shift;
	lim->max_hw_sectors = ctrl->max_hw_sectors;
	lim->max_segments = ctrl->max_segments;
	lim->max_integrity_segments = 1;
	/* PRP entry 1 has its lowest two bits clear (Base Specification 4.1.1). */
	lim->dma_alignment = 3;
	lim->virt_boundary = NVME_CTRL_PAGE_SIZE - 1;
	/* FUA means nothing to a device that has no volatile write cache. */
	lim->write_cache = ctrl->vwc & NVME_CTRL_VWC_PRESENT;
	lim->max_write_zeroes_sectors = ctrl->max_zeroes_sectors;
	fill_discard(ctrl, lba_shift, lim);
	fill_atomic(ctrl, id, lim);
	fill_preferred(id, lim);
	fill_boundary(ctrl, id, info);
}
