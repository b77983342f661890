// SPDX-License-Identifier: GPL-2.0
/*
 * NVM subsystems: controllers that name the same NQN belong to one, and tools
 * look for them below it (/sys/class/nvme-subsystem).
 */
#include <linux/idr.h>
#include <linux/slab.h>

#include "core.h"

static LIST_HEAD(subsystems);
static DEFINE_MUTEX(subsystems_lock);
static DEFINE_IDA(subsystem_ida);

static struct nvme_subsystem *to_subsys(struct device *dev)
{
	return container_of(dev, struct nvme_subsystem, dev);
}

static ssize_t show_padded(char *buf, const char *field, int len)
{
	while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
		len--;
	return sysfs_emit(buf, "%.*s\n", len, field);
}

static ssize_t model_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_padded(buf, to_subsys(dev)->model, sizeof(to_subsys(dev)->model));
}
static DEVICE_ATTR_RO(model);

static ssize_t serial_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_padded(buf, to_subsys(dev)->serial, sizeof(to_subsys(dev)->serial));
}
static DEVICE_ATTR_RO(serial);

static ssize_t firmware_rev_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_padded(buf, to_subsys(dev)->firmware_rev,
			   sizeof(to_subsys(dev)->firmware_rev));
}
static DEVICE_ATTR_RO(firmware_rev);

static ssize_t subsysnqn_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_subsys(dev)->subnqn);
}
static DEVICE_ATTR_RO(subsysnqn);

static ssize_t subsystype_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	/* Before 1.4 there was one type only, and the field reserved. */
	switch (to_subsys(dev)->cntrltype) {
	case 0:
	case NVME_CTRL_IO:
	case NVME_CTRL_ADMIN:
		return sysfs_emit(buf, "nvm\n");
	case NVME_CTRL_DISC:
		return sysfs_emit(buf, "discovery\n");
	default:
		return sysfs_emit(buf, "reserved\n");
	}
}
static DEVICE_ATTR_RO(subsystype);

static struct attribute *subsys_attrs[] = {
	&dev_attr_model.attr,
	&dev_attr_serial.attr,
	&dev_attr_firmware_rev.attr,
	&dev_attr_subsysnqn.attr,
	&dev_attr_subsystype.attr,
	NULL
};
ATTRIBUTE_GROUPS(subsys);

static void release_subsys(struct device *dev)
{
	struct nvme_subsystem *subsys = to_subsys(dev);

	ida_free(&subsystem_ida, subsys->instance);
	kfree(subsys);
}

/*
 * Controllers before 1.2.1 have no SUBNQN.  Base Specification 4.5 tells how to
 * make a name from vendor, serial and model number instead.
 */
static void fill_nqn(char nqn[NVMF_NQN_SIZE], const struct nvme_id_ctrl *id, bool ignore)
{
	if (!ignore && id->subnqn[0] && strnlen(id->subnqn, sizeof(id->subnqn)) < NVMF_NQN_SIZE) {
		strscpy(nqn, id->subnqn, NVMF_NQN_SIZE);
		return;
	}
	snprintf(nqn, NVMF_NQN_SIZE, "nqn.2014.08.org.nvmexpress:%04x%04x%.20s%.40s",
		 le16_to_cpu(id->vid), le16_to_cpu(id->ssvid), id->sn, id->mn);
}

static struct nvme_subsystem *find_subsys(const char *nqn)
{
	struct nvme_subsystem *subsys;

	list_for_each_entry(subsys, &subsystems, node)
		if (!strcmp(subsys->subnqn, nqn))
			return subsys;
	return NULL;
}

static struct nvme_subsystem *make_subsys(const char *nqn, const struct nvme_id_ctrl *id)
{
	struct nvme_subsystem *subsys = kzalloc(sizeof(*subsys), GFP_KERNEL);
	int ret;

	if (!subsys)
		return ERR_PTR(-ENOMEM);
	subsys->instance = ida_alloc(&subsystem_ida, GFP_KERNEL);
	if (subsys->instance < 0) {
		ret = subsys->instance;
		kfree(subsys);
		return ERR_PTR(ret);
	}
	kref_init(&subsys->ref);
	INIT_LIST_HEAD(&subsys->ctrls);
	strscpy(subsys->subnqn, nqn, sizeof(subsys->subnqn));
	memcpy(subsys->serial, id->sn, sizeof(subsys->serial));
	memcpy(subsys->model, id->mn, sizeof(subsys->model));
	memcpy(subsys->firmware_rev, id->fr, sizeof(subsys->firmware_rev));
	subsys->cntrltype = id->cntrltype;

	device_initialize(&subsys->dev);
	subsys->dev.class = nvme_subsys_class;
	subsys->dev.groups = subsys_groups;
	subsys->dev.release = release_subsys;
	ret = dev_set_name(&subsys->dev, "%s-subsys%d", nvme_node_prefix, subsys->instance);
	if (!ret)
		ret = device_add(&subsys->dev);
	if (ret) {
		put_device(&subsys->dev);
		return ERR_PTR(ret);
	}
	list_add_tail(&subsys->node, &subsystems);
	return subsys;
}

static void destroy_subsys(struct kref *ref)
{
	struct nvme_subsystem *subsys = container_of(ref, struct nvme_subsystem, ref);

	list_del(&subsys->node);
	device_del(&subsys->dev);
	put_device(&subsys->dev);
}

/*
 * Controllers of one subsystem have different CNTLIDs (3.1.1), and all of them say that
 * there may be several (CMIC bit 1).  Else two devices have the same name by mistake, and
 * what is true of one (a namespace, a reset) would be taken to be true of the other.
 */
static int check_member(struct nvme_subsystem *subsys, struct nvme_ctrl *ctrl)
{
	struct nvme_ctrl *other;
	const char *why;

	list_for_each_entry(other, &subsys->ctrls, subsys_node) {
		/* Pulled out, perhaps to be put into the next slot. */
		if (nvme_ctrl_going(other))
			continue;
		if (other->cntlid == ctrl->cntlid)
			why = "and has the same CNTLID";
		else if (!(other->cmic & NVME_CTRL_CMIC_MULTI_CTRL) ||
			 !(ctrl->cmic & NVME_CTRL_CMIC_MULTI_CTRL))
			why = "and one of the two says that it is alone there (CMIC)";
		else
			continue;
		dev_err(ctrl->dev, "CNTLID %u is refused: %s (CNTLID %u) is in subsystem %s already, %s; if the names are wrong: quirks=VID:DID:ignore_dev_subnqn\n",
			ctrl->cntlid, dev_name(&other->ctrl_device), other->cntlid,
			subsys->subnqn, why);
		return -EINVAL;
	}
	return 0;
}

/**
 * nvme_subsystem_join() - enter the subsystem that Identify Controller names
 * @ctrl:	the controller; must not have joined one yet
 * @id:		its Identify Controller data
 *
 * Return: 0 or -errno; -EINVAL: it cannot be of the same subsystem as another
 * controller that says so.
 */
int nvme_subsystem_join(struct nvme_ctrl *ctrl, const struct nvme_id_ctrl *id)
{
	struct nvme_subsystem *subsys;
	char nqn[NVMF_NQN_SIZE];
	int ret = 0;

	fill_nqn(nqn, id, ctrl->quirks & NVME_QUIRK_IGNORE_DEV_SUBNQN);
	mutex_lock(&subsystems_lock);
	subsys = find_subsys(nqn);
	if (subsys)
		kref_get(&subsys->ref);
	else
		subsys = make_subsys(nqn, id);
	if (IS_ERR(subsys)) {
		ret = PTR_ERR(subsys);
		goto out_unlock;
	}
	ret = check_member(subsys, ctrl) ?:
	      sysfs_create_link(&subsys->dev.kobj, &ctrl->ctrl_device.kobj,
				dev_name(&ctrl->ctrl_device));
	if (ret) {
		kref_put(&subsys->ref, destroy_subsys);
		goto out_unlock;
	}
	list_add_tail(&ctrl->subsys_node, &subsys->ctrls);
	ctrl->subsys = subsys;
out_unlock:
	mutex_unlock(&subsystems_lock);
	return ret;
}

/* Leaves the subsystem, if one was joined. */
void nvme_subsystem_leave(struct nvme_ctrl *ctrl)
{
	struct nvme_subsystem *subsys = ctrl->subsys;

	if (!subsys)
		return;
	mutex_lock(&subsystems_lock);
	list_del(&ctrl->subsys_node);
	sysfs_remove_link(&subsys->dev.kobj, dev_name(&ctrl->ctrl_device));
	kref_put(&subsys->ref, destroy_subsys);
	mutex_unlock(&subsystems_lock);
	ctrl->subsys = NULL;
}
