// SPDX-License-Identifier: GPL-2.0
/*
 * Which namespaces are there?  Runs after each bring-up and after each notice
 * that something changed; makes disks of new ones, removes those that are gone.
 */
#include <linux/slab.h>

#include "core.h"
#include "trace.h"

#define NSIDS_PER_LIST	(NVME_IDENTIFY_DATA_SIZE / sizeof(__le32))

static bool sequential_scan;
module_param(sequential_scan, bool, 0644);
MODULE_PARM_DESC(sequential_scan,
		 "look for namespaces under each number there may be, although the controller has a list of them");

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

/* If it had the identifiers that another was refused for, that one has its turn now. */
static void remove_ns(struct nvme_ns *ns)
{
	struct nvme_ctrl *ctrl = ns->ctrl;

	nvme_ns_remove(ns);
	if (!xa_empty(&ctrl->refused))
		nvme_queue_scan(ctrl);
}

/* Identified again, under an NSID that has a disk. */
static int check_known_ns(struct nvme_ns *ns, const struct nvme_ns_info *info)
{
	struct nvme_ctrl *ctrl = ns->ctrl;

	/* The list of descriptors was read once, and is not to be had now: leave it. */
	if (ns->ids_known && !info->ids_known)
		return -EAGAIN;
	if (!nvme_is_other_ns(ns, info))
		return nvme_update_ns(ns, info);
	/*
	 * Deleted, and another one created in its place.  What is still to be written to
	 * the old one must not reach this one, so its disk is dead before it is removed.
	 */
	dev_warn(ctrl->dev, "namespace %u has other identifiers than before: %s goes, for this is another namespace\n",
		 ns->nsid, ns->disk->disk_name);
	blk_mark_disk_dead(ns->disk);
	remove_ns(ns);
	nvme_alloc_ns(ctrl, info);
	return 0;
}

static int check_ns(struct nvme_ctrl *ctrl, u32 nsid)
{
	struct nvme_ns_info *info = kmalloc(sizeof(*info), GFP_KERNEL);
	struct nvme_ns *ns = NULL;
	int ret;

	if (!info)
		return -ENOMEM;
	ret = nvme_wait_ns_ready(ctrl, nsid) ?: nvme_read_ns_info(ctrl, nsid, info);
	if (ret < 0)
		goto out_free;	/* not the namespace's fault: leave it */
	ns = find_ns(ctrl, nsid);
	if (ret) {
		if (ns)
			remove_ns(ns);
		ret = 0;	/* there is none: that is an answer */
	} else if (ns) {
		ret = check_known_ns(ns, info);
	} else {
		nvme_alloc_ns(ctrl, info);
	}
out_free:
	if (ns)
		nvme_put_ns(ns);
	kfree(info);
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
		remove_ns(ns);
		nvme_put_ns(ns);
	}
}

/*
 * Does this status say that there is no such list, and never will be?  DNR (bit 14) is
 * for good; and these two a controller gives for a CNS that it does not know.
 */
static bool is_unsupported(int status)
{
	u16 code = status & 0x7ff;

	return status & 0x4000 || code == NVME_SC_INVALID_FIELD || code == NVME_SC_INVALID_OPCODE;
}

static int walk_list(struct nvme_ctrl *ctrl, __le32 *list)
{
	u32 last = 0;
	int ret;
	int i;

	for (;;) {
		/* Active NSIDs greater than the one given, ascending (5.17.2.3). */
		ret = nvme_identify(ctrl, last, NVME_ID_CNS_NS_ACTIVE_LIST, list);
		if (ret < 0)
			return ret;
		if (ret) {
			dev_warn(ctrl->dev, "no list of namespaces: status %#x%s\n", ret,
				 is_unsupported(ret) ? ", going through all numbers" : "");
			ctrl->no_ns_list = is_unsupported(ret);
			return ctrl->no_ns_list ? -EOPNOTSUPP : -EIO;
		}
		/* LAB(8): go through the list: make, check and remove disks.  Starter: return 0; */
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
		/* LAB(8) end */
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

/* NN is the largest number that a namespace may have (5.17.2.1). */
static int walk_numbers(struct nvme_ctrl *ctrl)
{
	u32 nsid;

	for (nsid = 1; nsid && nsid <= ctrl->nn; nsid++) {
		int ret = nvme_validate_ns(ctrl, nsid);

		if (ret == -EINTR || nvme_ctrl_state(ctrl) != NVS_STATE_live)
			return -EINTR;
	}
	remove_between(ctrl, ctrl->nn, U32_MAX);
	return 0;
}

static int nvme_scan_ns_sequential(struct nvme_ctrl *ctrl)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, nvme_ctrl_id(ctrl), NVS_PHASE_nvme_scan_ns_sequential);
	return nvme_phase_end(&phase, walk_numbers(ctrl));
}

/* The list of active namespaces came with 1.1. */
static bool has_ns_list(struct nvme_ctrl *ctrl)
{
	return ctrl->vs >= NVME_VS(1, 1, 0) && !(ctrl->quirks & NVME_QUIRK_IDENTIFY_CNS) &&
	       !ctrl->no_ns_list;
}

static int scan(struct nvme_ctrl *ctrl)
{
	int ret = nvme_read_command_limits(ctrl);

	if (ret)
		return ret;
	if (sequential_scan || !has_ns_list(ctrl))
		return nvme_scan_ns_sequential(ctrl);
	ret = nvme_scan_ns_list(ctrl);
	return ret == -EOPNOTSUPP ? nvme_scan_ns_sequential(ctrl) : ret;
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
	ret = scan(ctrl);
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
	list_for_each_entry(ns, &ctrl->namespaces, node) {
		blk_mark_disk_dead(ns->disk);
		/* Before 6.2 that leaves the size as it was, and pages go on being dirtied. */
		set_capacity_and_notify(ns->disk, 0);
	}
	up_read(&ctrl->namespaces_rwsem);
}
EXPORT_SYMBOL_GPL(nvme_mark_namespaces_dead);
