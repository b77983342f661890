// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs: what tools read about a controller and a namespace, and the two files
 * that one writes to.
 */
#include <linux/kstrtox.h>
#include <linux/slab.h>

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

/* Length of a blank-padded field. */
static int unpadded(const char *field, int len)
{
	while (len > 0 && (field[len - 1] == ' ' || !field[len - 1]))
		len--;
	return len;
}

/* Strings that all controllers of a subsystem share; blank padded on the wire. */
#define SUBSYS_STRING(name, field)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	struct nvme_subsystem *subsys = to_ctrl(dev)->subsys;				\
											\
	if (!subsys)									\
		return sysfs_emit(buf, "\n");						\
	return sysfs_emit(buf, "%.*s\n", unpadded(subsys->field, sizeof(subsys->field)), \
			  subsys->field);						\
}											\
static DEVICE_ATTR_RO(name)

SUBSYS_STRING(model, model);
SUBSYS_STRING(serial, serial);
SUBSYS_STRING(firmware_rev, firmware_rev);
SUBSYS_STRING(subsysnqn, subnqn);

static ssize_t cntrltype_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	/* Figure 275, CNTRLTYPE; 0 before 1.4, when all were what is now called I/O. */
	static const char * const names[] = {
		[0]		 = "io",
		[NVME_CTRL_IO]	 = "io",
		[NVME_CTRL_DISC]  = "discovery",
		[NVME_CTRL_ADMIN] = "admin",
	};
	u8 type = to_ctrl(dev)->cntrltype;

	return sysfs_emit(buf, "%s\n", type < ARRAY_SIZE(names) ? names[type] : "reserved");
}
static DEVICE_ATTR_RO(cntrltype);

static ssize_t dctype_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	/* Figure 275, DCTYPE: which kind of discovery controller. */
	static const char * const names[] = { "none", "ddc", "cdc" };
	u8 type = to_ctrl(dev)->dctype;

	return sysfs_emit(buf, "%s\n", type < ARRAY_SIZE(names) ? names[type] : "reserved");
}
static DEVICE_ATTR_RO(dctype);

static ssize_t kato_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	/* This driver never starts the Keep Alive Timer, which PCIe has no need of. */
	return sysfs_emit(buf, "0\n");
}
static DEVICE_ATTR_RO(kato);

static ssize_t show_switch(bool on, char *buf)
{
	return sysfs_emit(buf, on ? "on\n" : "off\n");
}

static ssize_t store_switch(bool *on, const char *buf, size_t count)
{
	int ret = kstrtobool(buf, on);

	return ret ? ret : count;
}

/* One name for the attribute of a controller and of a namespace. */
static ssize_t ctrl_errors_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_switch(to_ctrl(dev)->log_passthru_errors, buf);
}

static ssize_t ctrl_errors_store(struct device *dev, struct device_attribute *attr,
				 const char *buf, size_t count)
{
	return store_switch(&to_ctrl(dev)->log_passthru_errors, buf, count);
}
static struct device_attribute dev_attr_ctrl_errors =
	__ATTR(passthru_err_log_enabled, 0644, ctrl_errors_show, ctrl_errors_store);

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
	&dev_attr_cntrltype.attr,
	&dev_attr_dctype.attr,
	&dev_attr_kato.attr,
	&dev_attr_ctrl_errors.attr,
	NULL
};

static const struct attribute_group ctrl_group = {
	.attrs = ctrl_attrs,
};

/* What udev rules and nvme-cli's services match. */
int nvme_ctrl_uevent(NVME_COMPAT_UEVENT_DEVICE *dev, struct kobj_uevent_env *env)
{
	struct nvme_ctrl *ctrl = dev_get_drvdata(dev);

	return add_uevent_var(env, "NVME_TRTYPE=%s", ctrl->ops->name);
}

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

/*
 * A name for the namespace that is the same everywhere and for ever: its best
 * identifier, or else one made of what it sits in.  udev makes links of it.
 */
static ssize_t wwid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct nvme_ns *ns = to_ns(dev);
	const struct nvme_ns_ids *ids = &ns->ids;
	const struct nvme_subsystem *subsys = ns->ctrl->subsys;

	if (memchr_inv(ids->uuid, 0, sizeof(ids->uuid)))
		return sysfs_emit(buf, "uuid.%pU\n", ids->uuid);
	if (memchr_inv(ids->nguid, 0, sizeof(ids->nguid)))
		return sysfs_emit(buf, "eui.%16phN\n", ids->nguid);
	if (memchr_inv(ids->eui64, 0, sizeof(ids->eui64)))
		return sysfs_emit(buf, "eui.%8phN\n", ids->eui64);
	return sysfs_emit(buf, "nvme.%04x-%*phN-%*phN-%08x\n", ns->ctrl->vid,
			  unpadded(subsys->serial, sizeof(subsys->serial)), subsys->serial,
			  unpadded(subsys->model, sizeof(subsys->model)), subsys->model, ns->nsid);
}
static DEVICE_ATTR_RO(wwid);

static ssize_t csi_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_ns(dev)->ids.csi);
}
static DEVICE_ATTR_RO(csi);

static ssize_t metadata_bytes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_ns(dev)->format.ms);
}
static DEVICE_ATTR_RO(metadata_bytes);

/* Namespace Utilization moves with every write: it is asked for, but not too often. */
static int read_nuse(struct nvme_ns *ns)
{
	struct nvme_id_ns *id;
	int ret;

	if (ns->nuse_at && time_before(jiffies, ns->nuse_at + HZ))
		return 0;
	id = kzalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	ret = nvme_identify(ns->ctrl, ns->nsid, NVME_ID_CNS_NS, id);
	if (!ret) {
		ns->nuse = le64_to_cpu(id->nuse);
		ns->nuse_at = jiffies;
	}
	kfree(id);
	return ret > 0 ? -EIO : ret;
}

static ssize_t nuse_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct nvme_ns *ns = to_ns(dev);
	int ret = read_nuse(ns);

	return ret ? ret : sysfs_emit(buf, "%llu\n", ns->nuse);
}
static DEVICE_ATTR_RO(nuse);

static ssize_t ns_errors_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_switch(to_ns(dev)->log_passthru_errors, buf);
}

static ssize_t ns_errors_store(struct device *dev, struct device_attribute *attr,
			       const char *buf, size_t count)
{
	return store_switch(&to_ns(dev)->log_passthru_errors, buf, count);
}
static struct device_attribute dev_attr_ns_errors =
	__ATTR(passthru_err_log_enabled, 0644, ns_errors_show, ns_errors_store);

static struct attribute *ns_attrs[] = {
	&dev_attr_wwid.attr,
	&dev_attr_nsid.attr,
	&dev_attr_csi.attr,
	&dev_attr_metadata_bytes.attr,
	&dev_attr_nuse.attr,
	&dev_attr_ns_errors.attr,
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
