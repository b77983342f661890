// SPDX-License-Identifier: GPL-2.0
/*
 * nvmescope_core: begin and end of the module that every NVMe controller needs.
 *
 * Read on in ctrl.c, or begin at the device's side, in pci.c.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/trace_events.h>

#include "core.h"
#include "trace.h"

static unsigned int hold_ms;
module_param(hold_ms, uint, 0444);
MODULE_PARM_DESC(hold_ms, "wait up to this long for a tracer before nvme_core_init begins (ms, 0: do not wait)");

static bool trace_from_init;
module_param_named(trace_init, trace_from_init, bool, 0444);
MODULE_PARM_DESC(trace_init, "switch all events/nvmescope on before nvme_core_init begins");

static bool own_names;
module_param(own_names, bool, 0444);
MODULE_PARM_DESC(own_names, "name nodes nvs*, although nvme* is free: the kernel's own driver can be loaded later");

/* A time that is waited: none and more than a day are mistakes. */
static int set_seconds(const char *value, const struct kernel_param *kp)
{
	return param_set_uint_minmax(value, kp, 1, 24 * 60 * 60);
}

const struct kernel_param_ops nvme_seconds_ops = {
	.set = set_seconds,
	.get = param_get_uint,
};

unsigned int nvme_admin_timeout = 60;
module_param_cb(admin_timeout, &nvme_seconds_ops, &nvme_admin_timeout, 0644);
MODULE_PARM_DESC(admin_timeout, "timeout for admin commands (s)");
EXPORT_SYMBOL_GPL(nvme_admin_timeout);

unsigned int nvme_io_timeout = 30;
module_param_cb(io_timeout, &nvme_seconds_ops, &nvme_io_timeout, 0644);
MODULE_PARM_DESC(io_timeout, "timeout for I/O commands (s)");
EXPORT_SYMBOL_GPL(nvme_io_timeout);

/* Runs scans, event handling and whatever else may take long. */
struct workqueue_struct *nvme_wq;
EXPORT_SYMBOL_GPL(nvme_wq);

/* Resets alone: one must not wait behind a scan that waits for the reset. */
struct workqueue_struct *nvme_reset_wq;
EXPORT_SYMBOL_GPL(nvme_reset_wq);

struct class *nvme_class;
struct class *nvme_generic_class;
struct class *nvme_subsys_class;

/*
 * Node and class names are those of the ecosystem, unless the kernel's own
 * driver is loaded and has taken them.
 */
static const char inbox_names[] = "nvme";
const char *nvme_node_prefix = inbox_names;

static dev_t ctrl_devt;
static dev_t ns_devt;

dev_t nvme_ctrl_devt(int instance)
{
	return MKDEV(MAJOR(ctrl_devt), instance);
}

dev_t nvme_ns_devt(int minor)
{
	return MKDEV(MAJOR(ns_devt), minor);
}

static void choose_names(void)
{
	bool both = __symbol_get("nvme_init_ctrl");

	if (both)
		__symbol_put("nvme_init_ctrl");
	if (!both && !own_names)
		return;
	nvme_node_prefix = "nvs";
	pr_info("nvmescope: %sour nodes are named %s*\n", both ? "nvme_core is loaded too, " : "",
		nvme_node_prefix);
}

/*
 * Should the kernel's own driver come later, it wants these names, and could not
 * begin: better that it hears why, than that it stumbles over ours in sysfs.
 */
static int module_comes(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *module = data;

	if (state != MODULE_STATE_COMING || strcmp(module->name, "nvme_core") ||
	    nvme_node_prefix != inbox_names)
		return NOTIFY_DONE;
	pr_err("nvmescope: nvme_core cannot be loaded, our nodes have its names; load nvmescope_core after it, or with own_names=1\n");
	return notifier_from_errno(-EEXIST);
}

static struct notifier_block module_notifier = { .notifier_call = module_comes };

/*
 * The kernel patches the places that ask for tracers one after the other: where hold_for_tracer()
 * asks may be done when nvme_phase_begin() is not, and the first phase would begin untold.  The key
 * counts the tracer when all places are.
 */
static bool tracer_came(void)
{
	struct static_key *key = (struct static_key *)&__tracepoint_nvs_phase_begin.key;

	return atomic_read(&key->enabled) > 0;
}

/*
 * A raw_tp program can be attached as soon as the module is in memory, which is
 * just before its init runs.  Give the tracer the time to do that.
 */
static void hold_for_tracer(void)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(hold_ms);

	while (!tracer_came() && time_before(jiffies, deadline))
		usleep_range(1000, 2000);
	if (hold_ms && !tracer_came())
		pr_info("nvmescope: no tracer came within %u ms\n", hold_ms);
}

/*
 * A module whose init failed is freed even with a tracer's programs attached to
 * it.  The recorder lets go when it sees the failure, this tracepoint first.
 */
static void wait_for_tracer_to_leave(void)
{
	unsigned long deadline = jiffies + 5 * HZ;

	while (trace_nvs_phase_begin_enabled() && time_before(jiffies, deadline))
		usleep_range(1000, 2000);
}

static int make_workqueues(void)
{
	/* LAB(2): nvme_wq and nvme_reset_wq, both or none.  Starter: return -ENOMEM; */
	/* Reclaim may wait for our disks: WQ_MEM_RECLAIM keeps a thread spare. */
	unsigned int flags = WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_SYSFS;

	nvme_wq = alloc_workqueue("nvmescope-wq", flags, 0);
	if (!nvme_wq)
		return -ENOMEM;
	nvme_reset_wq = alloc_workqueue("nvmescope-reset-wq", flags, 0);
	if (!nvme_reset_wq) {
		destroy_workqueue(nvme_wq);
		return -ENOMEM;
	}
	return 0;
	/* LAB(2) end */
}

static void destroy_workqueues(void)
{
	destroy_workqueue(nvme_reset_wq);
	destroy_workqueue(nvme_wq);
}

static struct class *make_class(const char *suffix)
{
	char buf[32];
	const char *name;
	struct class *class;

	snprintf(buf, sizeof(buf), "%s%s", nvme_node_prefix, suffix);
	/* The class keeps the pointer, so the name must stay. */
	name = kstrdup(buf, GFP_KERNEL);
	if (!name)
		return ERR_PTR(-ENOMEM);
	class = nvme_compat_class_create(name);
	if (IS_ERR(class))
		kfree(name);
	return class;
}

static void destroy_class(struct class *class)
{
	const char *name = class->name;

	class_destroy(class);
	kfree(name);
}

static int make_classes(void)
{
	nvme_class = make_class("");
	if (IS_ERR(nvme_class))
		return PTR_ERR(nvme_class);
	nvme_class->dev_uevent = nvme_ctrl_uevent;
	nvme_subsys_class = make_class("-subsystem");
	if (IS_ERR(nvme_subsys_class)) {
		destroy_class(nvme_class);
		return PTR_ERR(nvme_subsys_class);
	}
	nvme_generic_class = make_class("-generic");
	if (IS_ERR(nvme_generic_class)) {
		destroy_class(nvme_subsys_class);
		destroy_class(nvme_class);
		return PTR_ERR(nvme_generic_class);
	}
	return 0;
}

static void destroy_classes(void)
{
	destroy_class(nvme_generic_class);
	destroy_class(nvme_subsys_class);
	destroy_class(nvme_class);
}

static int make_devts(void)
{
	/* LAB(2): numbers for controllers and for namespaces.  Starter: return -ENOMEM; */
	int ret = alloc_chrdev_region(&ctrl_devt, 0, NVME_MINORS, "nvmescope");

	if (ret)
		return ret;
	ret = alloc_chrdev_region(&ns_devt, 0, NVME_MINORS, "nvmescope-generic");
	if (ret)
		unregister_chrdev_region(ctrl_devt, NVME_MINORS);
	return ret;
	/* LAB(2) end */
}

static void free_devts(void)
{
	unregister_chrdev_region(ns_devt, NVME_MINORS);
	unregister_chrdev_region(ctrl_devt, NVME_MINORS);
}

static int core_setup(void)
{
	/* LAB(2): workqueues, device numbers, classes; or nothing.  Starter: return -ENOMEM; */
	int ret = make_workqueues();

	if (ret)
		return ret;
	ret = make_devts();
	if (ret)
		goto out_destroy_workqueues;
	ret = make_classes();
	if (ret)
		goto out_free_devts;
	return 0;

out_free_devts:
	free_devts();
out_destroy_workqueues:
	destroy_workqueues();
	return ret;
	/* LAB(2) end */
}

static int __init nvme_core_init(void)
{
	struct nvme_phase phase;
	int ret;

	BUILD_BUG_ON(sizeof(struct nvme_command) != 64);
	BUILD_BUG_ON(sizeof(struct nvme_completion) != 16);
	BUILD_BUG_ON(sizeof(struct nvme_id_ctrl) != NVME_IDENTIFY_DATA_SIZE);
	BUILD_BUG_ON(sizeof(struct nvme_id_ns) != NVME_IDENTIFY_DATA_SIZE);

	if (trace_from_init)
		trace_set_clr_event("nvmescope", NULL, 1);
	hold_for_tracer();
	ret = register_module_notifier(&module_notifier);
	if (ret)
		return ret;
	choose_names();

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_core_init);
	ret = nvme_phase_end(&phase, core_setup());
	if (ret) {
		unregister_module_notifier(&module_notifier);
		wait_for_tracer_to_leave();
	}
	return ret;
}

static void __exit nvme_core_exit(void)
{
	struct nvme_phase phase;

	nvme_phase_begin(&phase, NVS_NO_CTRL, NVS_PHASE_nvme_core_exit);
	destroy_classes();
	free_devts();
	destroy_workqueues();
	unregister_module_notifier(&module_notifier);
	nvme_phase_end(&phase, 0);
}

module_init(nvme_core_init);
module_exit(nvme_core_exit);
MODULE_AUTHOR("The nvmescope maintainers");
MODULE_DESCRIPTION("NVMe driver that shows its work: what every controller needs");
MODULE_VERSION(NVMESCOPE_VERSION);
MODULE_LICENSE("GPL");
