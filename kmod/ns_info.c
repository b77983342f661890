// SPDX-License-Identifier: GPL-2.0
/*
 * What is this namespace?  Gathers what the Identify commands tell of it, its
 * identifiers and its format, without making anything of it.
 */
#include <linux/slab.h>

#include "core.h"

/* Where the identifier of this type goes, and its length; NULL: not used here. */
static u8 *descriptor_field(struct nvme_ns_ids *ids, u8 type, size_t *len)
{
	switch (type) {
	case NVME_NIDT_EUI64:
		*len = sizeof(ids->eui64);
		return ids->eui64;
	case NVME_NIDT_NGUID:
		*len = sizeof(ids->nguid);
		return ids->nguid;
	case NVME_NIDT_UUID:
		*len = sizeof(ids->uuid);
		return ids->uuid;
	case NVME_NIDT_CSI:
		*len = sizeof(ids->csi);
		return &ids->csi;
	default:
		return NULL;
	}
}

/* Namespace Identification Descriptor list (5.17.2.4): type, length, bytes. */
static void parse_descriptors(struct nvme_ns_ids *ids, const u8 *data)
{
	size_t pos = 0, len;

	while (pos + sizeof(struct nvme_ns_id_desc) <= NVME_IDENTIFY_DATA_SIZE) {
		const struct nvme_ns_id_desc *desc = (const void *)(data + pos);
		u8 *field;

		if (!desc->nidl)
			return;
		pos += sizeof(*desc);
		field = descriptor_field(ids, desc->nidt, &len);
		if (field && desc->nidl == len && pos + len <= NVME_IDENTIFY_DATA_SIZE)
			memcpy(field, data + pos, len);
		pos += desc->nidl;
	}
}

static int read_descriptors(struct nvme_ctrl *ctrl, struct nvme_ns_info *info)
{
	u8 *data;
	int ret;

	info->ids_known = true;
	/* Mandatory from 1.3 on. */
	if (ctrl->vs < NVME_VS(1, 3, 0) || ctrl->quirks & NVME_QUIRK_NO_NS_DESC_LIST)
		return 0;
	data = kzalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	ret = nvme_identify(ctrl, info->nsid, NVME_ID_CNS_NS_DESC_LIST, data);
	if (!ret)
		parse_descriptors(&info->ids, data);
	kfree(data);
	/* Identifiers are a convenience: only a dying controller stops us. */
	info->ids_known = !ret;
	return min(ret, 0);
}

/* What descriptors did not tell, Identify Namespace may. */
static void complete_ids(struct nvme_ctrl *ctrl, struct nvme_ns_ids *ids,
			 const struct nvme_id_ns *id)
{
	if (!memchr_inv(ids->eui64, 0, sizeof(ids->eui64)))
		memcpy(ids->eui64, id->eui64, sizeof(ids->eui64));
	if (!memchr_inv(ids->nguid, 0, sizeof(ids->nguid)))
		memcpy(ids->nguid, id->nguid, sizeof(ids->nguid));
	if (ctrl->quirks & NVME_QUIRK_BOGUS_NID) {
		memset(ids->eui64, 0, sizeof(ids->eui64));
		memset(ids->nguid, 0, sizeof(ids->nguid));
		memset(ids->uuid, 0, sizeof(ids->uuid));
	}
}

/* FLBAS: bits 3:0 and 6:5 are the index of the format (NVM Command Set 4.1.5.1). */
static unsigned int format_index(const struct nvme_id_ns *id)
{
	return (id->flbas & 0xf) | (id->flbas >> 5 & 3) << 4;
}

/* Can a disk be made of this format?  NULL, or why not. */
static const char *unusable(const struct nvme_lbaf *lbaf)
{
	if (lbaf->ds < SECTOR_SHIFT)
		return "its blocks are smaller than 512 bytes";
	if (lbaf->ds > PAGE_SHIFT)
		return "its blocks are larger than a page";
	return NULL;
}

static void fill_format(const struct nvme_id_ns *id, struct nvme_ns_format *format)
{
	const struct nvme_lbaf *lbaf = &id->lbaf[format_index(id)];

	format->why_not = unusable(lbaf);
	format->read_only = id->nsattr & NVME_NS_ATTR_RO;
	format->lba_shift = format->why_not ? SECTOR_SHIFT : lbaf->ds;
	format->blocks = le64_to_cpu(id->nsze);
	format->ms = le16_to_cpu(lbaf->ms);
	/* DLFEAT: deallocated blocks read zeroes (bits 2:0), and bit 3, DEAC works. */
	format->deac = (id->dlfeat & 0xf) == 0x9;
}

/* What only namespaces of its I/O command set have. */
static int read_command_set(struct nvme_ctrl *ctrl, unsigned int lbaf, struct nvme_ns_info *info)
{
	int ret;

	if (info->format.why_not)
		return 0;
	switch (info->ids.csi) {
	case NVME_CSI_NVM:
		return 0;
	case NVME_CSI_ZNS:
		ret = nvme_read_zone_info(ctrl, lbaf, info);
		if (ret > 0)
			info->format.why_not = "the controller tells nothing of its zones";
		return min(ret, 0);
	default:
		info->format.why_not = "its I/O command set is not supported";
		return 0;
	}
}

static int read_ns(struct nvme_ctrl *ctrl, struct nvme_id_ns *id, struct nvme_ns_info *info)
{
	int ret = nvme_identify(ctrl, info->nsid, NVME_ID_CNS_NS, id);

	if (ret)
		return ret;
	/* All zero: not attached to this controller (5.17.2.1). */
	if (!id->ncap)
		return NVME_SC_INVALID_NS;
	complete_ids(ctrl, &info->ids, id);
	info->shared = id->nmic & NVME_NS_NMIC_SHARED;
	fill_format(id, &info->format);
	nvme_fill_limits(ctrl, id, info);
	ret = nvme_read_metadata_info(ctrl, id, format_index(id), info) ?:
	      read_command_set(ctrl, format_index(id), info);
	if (info->format.why_not)
		info->format.blocks = 0;
	return ret;
}

/**
 * nvme_read_ns_info() - ask a controller for all about a namespace
 * @ctrl:	the controller
 * @nsid:	which
 * @info:	to be filled
 *
 * Return: 0; -errno if the question failed; an NVMe status if there is no such
 * namespace.
 */
int nvme_read_ns_info(struct nvme_ctrl *ctrl, u32 nsid, struct nvme_ns_info *info)
{
	struct nvme_id_ns *id;
	int ret;

	/* Padding too, for the format and the limits are compared as bytes. */
	memset(info, 0, sizeof(*info));
	info->nsid = nsid;
	ret = read_descriptors(ctrl, info);
	if (ret)
		return ret;
	id = kzalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	ret = read_ns(ctrl, id, info);
	kfree(id);
	return ret;
}
