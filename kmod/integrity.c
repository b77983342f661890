// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata and end-to-end data protection: what a namespace's blocks carry, and the
 * fields of a command that have the controller check it.
 *
 * A block's protection information is a guard (a checksum of its data), an
 * application tag that is not used here, and a reference tag, which is its address
 * where type 1 or 2 is in use.  The block layer makes it for what is written and
 * verifies it of what was read; the controller does so on its side.
 *
 * Sections are those of the NVM Command Set Specification 1.0.
 */
#include <linux/blk-integrity.h>
#include <linux/slab.h>
#include <linux/t10-pi.h>

#include "core.h"

#define PI_SIZE_GUARD16		sizeof(struct t10_pi_tuple)
#define PI_SIZE_GUARD64		sizeof(struct crc64_pi_tuple)

/* The extended LBA format of the same index (4.1.5.3); 0 where there is none. */
static int read_extended_format(struct nvme_ctrl *ctrl, u32 nsid, unsigned int lbaf, u32 *elbaf)
{
	struct nvme_id_ns_nvm *nvm;
	int ret;

	*elbaf = 0;
	/* CTRATT.ELBAS, bit 15 (Base Specification 5.17.2.1) */
	if (!(ctrl->ctratt & BIT(15)))
		return 0;
	nvm = kzalloc(sizeof(*nvm), GFP_KERNEL);
	if (!nvm)
		return -ENOMEM;
	ret = nvme_identify_csi(ctrl, nsid, NVME_ID_CNS_CS_NS, NVME_CSI_NVM, nvm);
	if (!ret)
		*elbaf = le32_to_cpu(nvm->elbaf[lbaf]);
	kfree(nvm);
	return min(ret, 0);
}

/*
 * The block layer knows guards of 16 and of 64 bits, the latter without a storage
 * tag.  Other protection is, like metadata without any, bytes that mean nothing
 * to it and are not checked.
 */
static void fill_protection(const struct nvme_id_ns *id, u32 elbaf, struct nvme_ns_format *format)
{
	u8 size = 0;

	if (nvme_elbaf_guard_type(elbaf) == NVME_NVM_NS_16B_GUARD)
		size = PI_SIZE_GUARD16;
	else if (nvme_elbaf_guard_type(elbaf) == NVME_NVM_NS_64B_GUARD && !nvme_elbaf_sts(elbaf))
		size = PI_SIZE_GUARD64;
	if (!size || format->ms < size)
		return;
	/* DPS bit 3: the first bytes of the metadata, else the last. */
	format->pi_offset = id->dps & NVME_NS_DPS_PI_FIRST ? 0 : format->ms - size;
	if (format->pi_offset && !NVME_COMPAT_PI_OFFSET) {
		format->pi_offset = 0;
		return;
	}
	format->pi_type = id->dps & NVME_NS_DPS_PI_MASK;
	format->pi_size = size;
}

/* NULL, or why this metadata cannot be handled. */
static const char *unusable(const struct nvme_id_ns *id, const struct nvme_ns_format *format)
{
	if (id->flbas & NVME_NS_FLBAS_META_EXT)
		return "metadata stands between its blocks (extended LBA)";
	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY))
		return "the kernel was built without BLK_DEV_INTEGRITY, its metadata has no place";
	if (format->ms > U8_MAX)
		return "a block has more than 255 bytes of metadata";
	if (format->pi_type > 3)
		return "its type of protection is unknown";
	if (format->pi_type && !nvme_compat_has_t10_pi())
		return "the module t10-pi was not there when this driver was loaded";
	return NULL;
}

/**
 * nvme_read_metadata_info() - what metadata the blocks of a namespace carry
 * @ctrl:	the controller
 * @id:		Identify Namespace of the namespace
 * @lbaf:	index of its format
 * @info:	its format is known but for that, its limits as far as all have them
 *
 * Return: 0 or -errno.
 */
int nvme_read_metadata_info(struct nvme_ctrl *ctrl, const struct nvme_id_ns *id,
			    unsigned int lbaf, struct nvme_ns_info *info)
{
	struct nvme_ns_format *format = &info->format;
	struct nvme_limits *lim = &info->limits;
	u32 elbaf;
	int ret;

	if (!format->ms || format->why_not)
		return 0;
	ret = read_extended_format(ctrl, info->nsid, lbaf, &elbaf);
	if (ret)
		return ret;
	fill_protection(id, elbaf, format);
	format->why_not = unusable(id, format);
	if (format->why_not)
		return 0;
	lim->tuple_size = format->ms;
	lim->pi_type = format->pi_type;
	lim->pi_size = format->pi_size;
	lim->pi_offset = format->pi_offset;
	return 0;
}

/*
 * The reference tag of the first block (5.2.1.1): the low 32 bits of its address, or
 * the low 48 beside a guard of 64 bits, the upper 16 of these in dword 3.
 */
static void set_reference_tag(struct nvme_ns *ns, struct nvme_command *cmd)
{
	u64 slba = le64_to_cpu(cmd->rw.slba);

	cmd->rw.reftag = cpu_to_le32(lower_32_bits(slba));
	if (ns->format.pi_size == PI_SIZE_GUARD64)
		cmd->rw.cdw3 = cpu_to_le32(upper_32_bits(slba) & 0xffff);
}

/**
 * nvme_setup_protection() - finish a read, write or append of blocks with metadata
 * @ns:		the namespace
 * @rq:		the request
 * @cmd:	its command
 *
 * Return: BLK_STS_OK; BLK_STS_NOTSUPP if metadata should come with the data, and
 * does not.
 */
blk_status_t nvme_setup_protection(struct nvme_ns *ns, struct request *rq,
				   struct nvme_command *cmd)
{
	u16 control = 0;

	if (!blk_integrity_rq(rq)) {
		/*
		 * Somebody switched the block layer's part off.  The controller
		 * can do without (PRACT), if there is nothing but protection.
		 */
		if (!ns->format.pi_type || ns->ms != ns->format.pi_size)
			return BLK_STS_NOTSUPP;
		control |= NVME_RW_PRINFO_PRACT;
	}
	if (ns->format.pi_type)
		control |= NVME_RW_PRINFO_PRCHK_GUARD;
	if (ns->format.pi_type == T10_PI_TYPE1_PROTECTION ||
	    ns->format.pi_type == T10_PI_TYPE2_PROTECTION) {
		control |= NVME_RW_PRINFO_PRCHK_REF;
		/* The tags were made for the start of the zone. */
		if (req_op(rq) == REQ_OP_ZONE_APPEND)
			control |= NVME_RW_APPEND_PIREMAP;
		set_reference_tag(ns, cmd);
	}
	cmd->rw.control |= cpu_to_le16(control);
	return BLK_STS_OK;
}

/* The controller makes the protection of blocks that it zeroes; the fields are those of Write. */
void nvme_protect_write_zeroes(struct nvme_ns *ns, struct nvme_command *cmd)
{
	if (!ns->format.pi_type)
		return;
	cmd->rw.control |= cpu_to_le16(NVME_RW_PRINFO_PRACT);
	if (ns->format.pi_type != T10_PI_TYPE3_PROTECTION)
		set_reference_tag(ns, cmd);
}
