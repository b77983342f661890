// SPDX-License-Identifier: GPL-2.0
/*
 * Which namespaces are there?  Runs after each bring-up and after each notice
 * that something changed; makes disks of new ones, removes those that are gone.
 */
#include <linux/slab.h>

#include "core.h"
#include "trace.h"

#define NSIDS_PER_LIST	(NVME_IDENTIFY_DATA_SIZE / sizeof(__le32))

/* The namespace with @nsid, with a reference for the caller, or NULL. */
static struct nvme_ns *find_ns(struct nvme_ctrl *ctrl, u32 nsid)
{
	struct nvme_ns *ns, *found = NULL;

	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node) {
		if (ns->nsid == nsid && nvme_get_ns(ns))
			found = ns;
		if (ns->nsid >= nsid)
			break;
	}
	up_read(&ctrl->namespaces_rwsem);
	return found;
}

/* Length of the identifier of this type, 0 if this driver does not use it. */
static u8 *descriptor_field(struct nvme_ns *ids, u8 type, size_t *len)
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
	default:
		return NULL;
	}
}

/* Namespace Identification Descriptor list (5.17.2.4): type, length, bytes. */
static void parse_descriptors(struct nvme_ns *ids, const u8 *data)
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

static int identify_descriptors(struct nvme_ctrl *ctrl, struct nvme_ns *ids, u32 nsid)
{
	u8 *data;
	int ret;

	/* Mandatory from 1.3 on. */
	if (ctrl->vs < NVME_VS(1, 3, 0) || ctrl->quirks & NVME_QUIRK_NO_NS_DESC_LIST)
		return 0;
	data = kzalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	ret = nvme_identify(ctrl, nsid, NVME_ID_CNS_NS_DESC_LIST, data);
	if (!ret)
		parse_descriptors(ids, data);
	kfree(data);
	/* Identifiers are a convenience: only a dying controller stops us. */
	return ret < 0 ? ret : 0;
}

static int identify_ns(struct nvme_ctrl *ctrl, u32 nsid, struct nvme_id_ns *id,
		       struct nvme_ns *ids)
{
	int ret = identify_descriptors(ctrl, ids, nsid);

	if (ret)
		return ret;
	ret = nvme_identify(ctrl, nsid, NVME_ID_CNS_NS, id);
	if (ret)
		return ret;
	if (!memchr_inv(ids->eui64, 0, sizeof(ids->eui64)))
		memcpy(ids->eui64, id->eui64, sizeof(ids->eui64));
	if (!memchr_inv(ids->nguid, 0, sizeof(ids->nguid)))
		memcpy(ids->nguid, id->nguid, sizeof(ids->nguid));
	if (ctrl->quirks & NVME_QUIRK_BOGUS_NID) {
		memset(ids->eui64, 0, sizeof(ids->eui64));
		memset(ids->nguid, 0, sizeof(ids->nguid));
		memset(ids->uuid, 0, sizeof(ids->uuid));
	}
	/* All zero: not attached to this controller (5.17.2.1). */
	return id->ncap ? 0 : NVME_SC_INVALID_NS;
}

static int check_ns(struct nvme_ctrl *ctrl, u32 nsid)
{
	struct nvme_ns *ids = kzalloc(sizeof(*ids), GFP_KERNEL);
	struct nvme_id_ns *id = kzalloc(sizeof(*id), GFP_KERNEL);
	struct nvme_ns *ns = NULL;
	int ret = -ENOMEM;

	if (!ids || !id)
		goto out_free;
	ret = nvme_wait_ns_ready(ctrl, nsid) ?: identify_ns(ctrl, nsid, id, ids);
	ns = find_ns(ctrl, nsid);
	if (ret < 0)
		goto out_free;	/* not the namespace's fault: leave it */
	if (ret) {
		if (ns)
			nvme_ns_remove(ns);
		ret = -ENODEV;
	} else if (ns) {
		ret = nvme_update_ns(ns, id);
	} else {
		nvme_alloc_ns(ctrl, nsid, id, ids);
	}
out_free:
	if (ns)
		nvme_put_ns(ns);
	kfree(id);
	kfree(ids);
	return ret;
}

static int nvme_validate_ns(struct nvme_ctrl *ctrl, u32 nsid)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_validate_ns);
	return nvme_phase_end(&phase, check_ns(ctrl, nsid));
}

/* Removes the namespaces with @after < NSID < @before. */
static void remove_between(struct nvme_ctrl *ctrl, u32 after, u32 before)
{
	struct nvme_ns *ns;

	for (;;) {
		bool found = false;

		down_read(&ctrl->namespaces_rwsem);
		list_for_each_entry(ns, &ctrl->namespaces, node) {
			found = ns->nsid > after && ns->nsid < before && nvme_get_ns(ns);
			if (found)
				break;
		}
		up_read(&ctrl->namespaces_rwsem);
		if (!found)
			return;
		nvme_ns_remove(ns);
		nvme_put_ns(ns);
	}
}

static int walk_list(struct nvme_ctrl *ctrl, __le32 *list)
{
	u32 last = 0;
	int ret;
	int i;

	for (;;) {
		/* Active NSIDs greater than the one given, ascending (5.17.2.3). */
		ret = nvme_identify(ctrl, last, NVME_ID_CNS_NS_ACTIVE_LIST, list);
		if (ret)
			return ret < 0 ? ret : -EIO;
		for (i = 0; i < NSIDS_PER_LIST; i++) {
			u32 nsid = le32_to_cpu(list[i]);

			if (!nsid) {
				remove_between(ctrl, last, U32_MAX);
				return 0;
			}
			if (nsid <= last) {
				dev_err(ctrl->dev, "namespace list: %u after %u, which is not ascending\n",
					nsid, last);
				return -EPROTO;
			}
			ret = nvme_validate_ns(ctrl, nsid);
			if (ret == -EINTR || nvme_ctrl_state(ctrl) != NVS_STATE_live)
				return -EINTR;
			remove_between(ctrl, last, nsid);
			last = nsid;
		}
	}
}

static int nvme_scan_ns_list(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;
	__le32 *list;
	int ret = -ENOMEM;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_scan_ns_list);
	list = kzalloc(NVME_IDENTIFY_DATA_SIZE, GFP_KERNEL);
	if (list)
		ret = walk_list(ctrl, list);
	kfree(list);
	return nvme_phase_end(&phase, ret);
}

void nvme_scan_work(struct work_struct *work)
{
	struct nvme_ctrl *ctrl = container_of(work, struct nvme_ctrl, scan_work);
	struct nvme_phase phase;
	int ret;

	/* A controller without I/O queues has no use for disks. */
	if (nvme_ctrl_state(ctrl) != NVS_STATE_live || !ctrl->tagset)
		return;
	nvme_phase_begin_work(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_scan_work,
			      NVS_PHASE_nvme_queue_scan);
	mutex_lock(&ctrl->scan_lock);
	ret = nvme_scan_ns_list(ctrl);
	mutex_unlock(&ctrl->scan_lock);
	if (ret && ret != -EINTR)
		dev_err(ctrl->dev, "the search for namespaces ended with error %d\n", ret);
	nvme_phase_end(&phase, ret);
}

/**
 * nvme_queue_scan() - have nvme_scan_work() look for namespaces
 * @ctrl: the controller; one that is not live is scanned after its bring-up
 *
 * Any context but for the trace of its phase, which is left out in interrupts.
 */
void nvme_queue_scan(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;

	if (nvme_ctrl_state(ctrl) != NVS_STATE_live || !ctrl->tagset)
		return;
	if (in_task())
		nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_queue_scan);
	queue_work(nvme_wq, &ctrl->scan_work);
	if (in_task())
		nvme_phase_end(&phase, 0);
}
EXPORT_SYMBOL_GPL(nvme_queue_scan);

/**
 * nvme_remove_namespaces() - remove all disks of a controller that is deleted
 * @ctrl: the controller, in a deleting state, so that no scan begins any more
 */
void nvme_remove_namespaces(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_remove_namespaces);
	mutex_lock(&ctrl->scan_lock);
	remove_between(ctrl, 0, U32_MAX);
	mutex_unlock(&ctrl->scan_lock);
	nvme_phase_end(&phase, 0);
}
EXPORT_SYMBOL_GPL(nvme_remove_namespaces);

/* The device is gone: whoever holds a disk open gets errors from now on. */
void nvme_mark_namespaces_dead(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns;

	down_read(&ctrl->namespaces_rwsem);
	list_for_each_entry(ns, &ctrl->namespaces, node)
		blk_mark_disk_dead(ns->disk);
	up_read(&ctrl->namespaces_rwsem);
}
EXPORT_SYMBOL_GPL(nvme_mark_namespaces_dead);
