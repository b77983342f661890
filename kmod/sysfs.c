// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs: what tools read about a controller and a namespace, and the two files
 * that one writes to.
 */
#include "core.h"

static struct nvme_ctrl *to_ctrl(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static struct nvme_ns *to_ns(struct device *dev)
{
	return dev_to_disk(dev)->private_data;
}

static ssize_t reset_controller_store(struct device *dev, struct device_attribute *attr,
				      const char *buf, size_t count)
{
	int ret = nvme_reset_ctrl_sync(to_ctrl(dev), NVS_WHY_RESET_sysfs);

	return ret ? ret : count;
}
static DEVICE_ATTR_WO(reset_controller);

static ssize_t rescan_controller_store(struct device *dev, struct device_attribute *attr,
				       const char *buf, size_t count)
{
	nvme_queue_scan(to_ctrl(dev));
	return count;
}
static DEVICE_ATTR_WO(rescan_controller);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	/* As the in-box driver spells them, which tools match. */
	static const char * const names[] = {
		[NVS_STATE_new]		  = "new",
		[NVS_STATE_live]	  = "live",
		[NVS_STATE_resetting]	  = "resetting",
		[NVS_STATE_connecting]	  = "connecting",
		[NVS_STATE_deleting]	  = "deleting",
		[NVS_STATE_deleting_noio] = "deleting (no IO)",
		[NVS_STATE_dead]	  = "dead",
	};

	return sysfs_emit(buf, "%s\n", names[nvme_ctrl_state(to_ctrl(dev))]);
}
static DEVICE_ATTR_RO(state);

static ssize_t transport_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_ctrl(dev)->ops->name);
}
static DEVICE_ATTR_RO(transport);

static ssize_t address_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return to_ctrl(dev)->ops->get_address(to_ctrl(dev), buf, PAGE_SIZE);
}
static DEVICE_ATTR_RO(address);

static ssize_t numa_node_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", dev_to_node(to_ctrl(dev)->dev));
}
static DEVICE_ATTR_RO(numa_node);

static ssize_t quirks_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	unsigned long quirks = to_ctrl(dev)->quirks;
	unsigned int bit;
	int len = 0;

	for_each_set_bit(bit, &quirks, BITS_PER_LONG)
		len += sysfs_emit_at(buf, len, "%s%s", len ? " " : "", nvme_quirk_name(bit));
	return len + sysfs_emit_at(buf, len, "%s\n", len ? "" : "none");
}
static DEVICE_ATTR_RO(quirks);

#define CTRL_NUMBER(name)								\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	return sysfs_emit(buf, "%u\n", (unsigned int)to_ctrl(dev)->name);		\
}											\
static DEVICE_ATTR_RO(name)

CTRL_NUMBER(cntlid);
CTRL_NUMBER(queue_count);
CTRL_NUMBER(sqsize);

/* Strings that all controllers of a subsystem share; blank padded on the wire. */
#define SUBSYS_STRING(name, field)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	struct nvme_subsystem *subsys = to_ctrl(dev)->subsys;				\
	int len = subsys ? sizeof(subsys->field) : 0;					\
											\
	while (len && (subsys->field[len - 1] == ' ' || !subsys->field[len - 1]))	\
		len--;									\
	return sysfs_emit(buf, "%.*s\n", len, len ? subsys->field : "");		\
}											\
static DEVICE_ATTR_RO(name)

SUBSYS_STRING(model, model);
SUBSYS_STRING(serial, serial);
SUBSYS_STRING(firmware_rev, firmware_rev);
SUBSYS_STRING(subsysnqn, subnqn);

static struct attribute *ctrl_attrs[] = {
	&dev_attr_reset_controller.attr,
	&dev_attr_rescan_controller.attr,
	&dev_attr_state.attr,
	&dev_attr_transport.attr,
	&dev_attr_address.attr,
	&dev_attr_numa_node.attr,
	&dev_attr_quirks.attr,
	&dev_attr_cntlid.attr,
	&dev_attr_queue_count.attr,
	&dev_attr_sqsize.attr,
	&dev_attr_model.attr,
	&dev_attr_serial.attr,
	&dev_attr_firmware_rev.attr,
	&dev_attr_subsysnqn.attr,
	NULL
};

static const struct attribute_group ctrl_group = {
	.attrs = ctrl_attrs,
};

const struct attribute_group *nvme_ctrl_groups[] = {
	&ctrl_group,
	NULL
};

static ssize_t nsid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_ns(dev)->nsid);
}
static DEVICE_ATTR_RO(nsid);

static ssize_t eui_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%8ph\n", to_ns(dev)->ids.eui64);
}
static DEVICE_ATTR_RO(eui);

static ssize_t nguid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%pU\n", to_ns(dev)->ids.nguid);
}
static DEVICE_ATTR_RO(nguid);

static ssize_t uuid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%pU\n", to_ns(dev)->ids.uuid);
}
static DEVICE_ATTR_RO(uuid);

static struct attribute *ns_attrs[] = {
	&dev_attr_nsid.attr,
	&dev_attr_eui.attr,
	&dev_attr_nguid.attr,
	&dev_attr_uuid.attr,
	NULL
};

static umode_t ns_attr_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct nvme_ns *ns = to_ns(kobj_to_dev(kobj));

	if (attr == &dev_attr_eui.attr && !memchr_inv(ns->ids.eui64, 0, sizeof(ns->ids.eui64)))
		return 0;
	if (attr == &dev_attr_nguid.attr && !memchr_inv(ns->ids.nguid, 0, sizeof(ns->ids.nguid)))
		return 0;
	if (attr == &dev_attr_uuid.attr && !memchr_inv(ns->ids.uuid, 0, sizeof(ns->ids.uuid)))
		return 0;
	return attr->mode;
}

static const struct attribute_group ns_group = {
	.attrs		= ns_attrs,
	.is_visible	= ns_attr_visible,
};

const struct attribute_group *nvme_ns_groups[] = {
	&ns_group,
	NULL
};
