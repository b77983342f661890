// SPDX-License-Identifier: GPL-2.0
/*
 * Identifiers of namespaces (UUID, NGUID, EUI-64; 4.5.1): they tell one namespace from
 * all others in the world, and users find their disks by them (/dev/disk/by-id).  So
 * whoever makes a disk claims its identifiers here first, and a claim that another disk
 * has made before is settled like this:
 *
 * - Within a subsystem, another NSID: the device contradicts itself, and nobody can know
 *   whether these are the same blocks, which two writers would spoil.  No disk.
 * - Within a subsystem, the same NSID, through another controller: a shared namespace
 *   (NMIC bit 0) is what the specification calls this, and it is no duplicate.  Without
 *   multipath each path is a disk of its own, and both have the identifiers, for both lead
 *   to the same data: a by-id link finds the data by either path, and tools that look for
 *   paths (dm-multipath) need to see that they are equal.  A namespace that is not shared,
 *   but has its twin's identifiers, is as bad as the case above.
 * - In another subsystem: clones, from a factory or a hypervisor that was careless.  Each
 *   disk can be used on its own, so the second one is made, but its identifiers are not
 *   shown, lest a link that worked up to now leads elsewhere all of a sudden.
 */
#include "core.h"

static LIST_HEAD(claims);
/* A leaf: no other lock of ours is taken under it. */
static DEFINE_MUTEX(claims_lock);

static bool same_id(const u8 *a, const u8 *b, size_t len)
{
	return memchr_inv(a, 0, len) && !memcmp(a, b, len);
}

/* The first identifier that both have, in words. */
static bool common_id(const struct nvme_ns_ids *a, const struct nvme_ns_ids *b,
		      char *words, size_t size)
{
	if (same_id(a->uuid, b->uuid, sizeof(a->uuid)))
		scnprintf(words, size, "UUID %pU", a->uuid);
	else if (same_id(a->nguid, b->nguid, sizeof(a->nguid)))
		scnprintf(words, size, "NGUID %16phN", a->nguid);
	else if (same_id(a->eui64, b->eui64, sizeof(a->eui64)))
		scnprintf(words, size, "EUI-64 %8phN", a->eui64);
	else
		return false;
	return true;
}

/* Two paths to one namespace? */
static bool is_shared(const struct nvme_ns *a, const struct nvme_ns *b)
{
	return a->ctrl != b->ctrl && a->nsid == b->nsid && a->shared && b->shared;
}

/* Scans come often, the word is said once; a failed xa_store() costs another. */
static void refuse(struct nvme_ns *ns, const struct nvme_ns *other, const char *id)
{
	struct nvme_ctrl *ctrl = ns->ctrl;

	if (xa_load(&ctrl->refused, ns->nsid))
		return;
	dev_err(ctrl->dev, "namespace %u has the %s of namespace %u (%s) in the same subsystem: no disk is made of it\n",
		ns->nsid, id, other->nsid, other->disk->disk_name);
	xa_store(&ctrl->refused, ns->nsid, xa_mk_value(1), GFP_NOWAIT | __GFP_NOWARN);
}

static void hide(struct nvme_ns *ns, const struct nvme_ns *other, const char *id)
{
	dev_warn(ns->ctrl->dev, "namespace %u has the %s of namespace %u (%s) in another subsystem: its identifiers are not shown\n",
		 ns->nsid, id, other->nsid, other->disk->disk_name);
	memset(ns->ids.uuid, 0, sizeof(ns->ids.uuid));
	memset(ns->ids.nguid, 0, sizeof(ns->ids.nguid));
	memset(ns->ids.eui64, 0, sizeof(ns->ids.eui64));
}

/* Holds claims_lock. */
static int settle(struct nvme_ns *ns)
{
	const struct nvme_ns *other, *foreign = NULL;
	char id[64], foreign_id[64];

	list_for_each_entry(other, &claims, claim) {
		/* Of a controller that is pulled out, and may be in its next slot already. */
		if (nvme_ctrl_going(other->ctrl))
			continue;
		if (other->ctrl->subsys != ns->ctrl->subsys) {
			if (!foreign &&
			    common_id(&other->ids, &ns->ids, foreign_id, sizeof(foreign_id)))
				foreign = other;
		} else if (!is_shared(other, ns) &&
			   common_id(&other->told_ids, &ns->told_ids, id, sizeof(id))) {
			refuse(ns, other, id);
			return -ENOTUNIQ;
		}
	}
	if (foreign)
		hide(ns, foreign, foreign_id);
	return 0;
}

/**
 * nvme_claim_ids() - before a disk is made: are its identifiers its own?
 * @ns: the namespace; its ids are cleared if they must not be shown
 *
 * Return: 0, or -ENOTUNIQ if there must be no disk.
 */
int nvme_claim_ids(struct nvme_ns *ns)
{
	int ret;

	mutex_lock(&claims_lock);
	ret = settle(ns);
	if (!ret) {
		list_add_tail(&ns->claim, &claims);
		xa_erase(&ns->ctrl->refused, ns->nsid);
	}
	mutex_unlock(&claims_lock);
	return ret;
}

/* The disk is gone, or never came: its identifiers are free.  Also without a claim. */
void nvme_release_ids(struct nvme_ns *ns)
{
	mutex_lock(&claims_lock);
	list_del_init(&ns->claim);
	mutex_unlock(&claims_lock);
}

/**
 * nvme_is_other_ns() - was a namespace deleted, and another made with its NSID?
 * @ns:		the namespace that has the disk
 * @info:	what the device tells now
 *
 * Only answers to the same questions can be compared: a list of descriptors that could
 * not be read then or now says nothing.
 */
bool nvme_is_other_ns(const struct nvme_ns *ns, const struct nvme_ns_info *info)
{
	return ns->ids_known == info->ids_known &&
	       memcmp(&ns->told_ids, &info->ids, sizeof(info->ids));
}
