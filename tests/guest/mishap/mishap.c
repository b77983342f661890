// SPDX-License-Identifier: GPL-2.0
/*
 * mishap: lets something go wrong at the n-th step of the driver, for tests.
 *
 * A step is a tracepoint that the driver passes.  It is the instant of the mishap that
 * is chosen here, so that a loop over n tries every one of them:
 *
 *	device		what happens to the device: see enum device_mishap
 *	at_step		arms it: at the n-th step from now
 *	from_phase	or, if this is a phase's number (nvs_symbols.h), from when that begins next: what
 *			several tasks do before comes in no order
 *	steps		how many there were since
 *	happened	1 if it did
 *	open_steps	at how many steps ever an interrupt could have come: at none, says trace.h
 *	back		any write: the device is as before
 *
 * And for allocations, where the kernel has fault injection (Documentation/fault-injection/,
 * fail-nth): the n-th one made within a phase, or in the init of a module, fails.
 *
 *	alloc_phase	number of the phase, as in nvs_symbols.h
 *	alloc_module	or name of the module
 *	alloc_nth	arms it: once, the next time that either begins
 *	alloc_left	0: it failed; n > 0: it had ended n before; -1: has not ended yet
 *
 * And for interrupts: the handler of an I/O queue's is held up while CC.EN is cleared.
 *
 *	late_stops	at how many of the next times that a working controller is stopped
 *	late_held	how often there was a handler to hold
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "trace.h"

/* --- the device -------------------------------------------------------------------- */

enum device_mishap {
	GONE,	/* configuration space and registers read all ones, no DMA */
	DEAF,	/* registers alone */
	NO_DMA, /* it cannot fetch commands, and says so: CSTS.CFS */
};

static unsigned int device;
module_param(device, uint, 0644);

static atomic_t steps, happened, open_steps;
static unsigned int at_step, from_phase, step_to_come;
module_param(from_phase, uint, 0644);
static DEFINE_MUTEX(arm_lock);

/* Looked up when armed: at the step there is no time for it. */
static struct {
	struct pci_dev *port, *ones;
	u32 bar, size, bus_numbers;
	u16 port_command;
} place;

/*
 * Where nobody answers, QEMU reads zeroes.  A ROM full of ones, laid over the device's BAR,
 * helps; it belongs to a device that has no other use (pci-testdev, with such a file).
 */
#define ONES_VENDOR 0x1b36
#define ONES_DEVICE 0x0005

static int look_around(void)
{
	struct pci_dev *nvme;
	u32 bar;
	int ret = -ENODEV;

	if (!place.ones)
		place.ones = pci_get_device(ONES_VENDOR, ONES_DEVICE, NULL);
	nvme = pci_get_class(PCI_CLASS_STORAGE_EXPRESS, NULL);
	if (!nvme || !place.ones || !pci_upstream_bridge(nvme))
		goto out;
	if (!place.port)
		place.port = pci_dev_get(pci_upstream_bridge(nvme));
	pci_read_config_word(place.port, PCI_COMMAND, &place.port_command);
	pci_read_config_dword(place.port, PCI_PRIMARY_BUS, &place.bus_numbers);
	pci_read_config_dword(nvme, PCI_BASE_ADDRESS_0, &bar);
	place.bar = bar & PCI_BASE_ADDRESS_MEM_MASK;
	ret = 0;
out:
	pci_dev_put(nvme);
	return ret;
}

static void device_command(u16 clear)
{
	struct pci_bus *bus = place.port->subordinate;
	u16 command;

	pci_bus_read_config_word(bus, 0, PCI_COMMAND, &command);
	pci_bus_write_config_word(bus, 0, PCI_COMMAND, command & ~clear);
}

static void cover_bar(bool cover)
{
	if (cover)
		pci_write_config_word(place.ones, PCI_COMMAND, PCI_COMMAND_MEMORY);
	pci_write_config_dword(place.ones, PCI_ROM_ADDRESS,
			       cover ? place.bar | PCI_ROM_ADDRESS_ENABLE : 0);
}

/* In any context but NMI. */
static void lose_device(void)
{
	if (device == NO_DMA) {
		device_command(PCI_COMMAND_MASTER);
		return;
	}
	cover_bar(true);
	if (device == DEAF)
		return;
	device_command(PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	/* Its bus is now one that nobody asks for. */
	pci_write_config_dword(place.port, PCI_PRIMARY_BUS, place.bus_numbers | 0x00ffff00);
	pci_write_config_word(place.port, PCI_COMMAND,
			      place.port_command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
}

static void take_step(void)
{
	if (!irqs_disabled())
		atomic_inc(&open_steps);
	if (READ_ONCE(at_step) && atomic_inc_return(&steps) == at_step) {
		lose_device();
		atomic_set(&happened, 1);
	}
}

static int set_at_step(const char *value, const struct kernel_param *kp)
{
	unsigned int n;
	int ret = kstrtouint(value, 0, &n);

	if (ret)
		return ret;
	mutex_lock(&arm_lock);
	WRITE_ONCE(at_step, 0);
	ret = look_around();
	if (!ret) {
		atomic_set(&steps, 0);
		atomic_set(&happened, 0);
		step_to_come = from_phase ? n : 0;
		WRITE_ONCE(at_step, from_phase ? 0 : n);
	}
	mutex_unlock(&arm_lock);
	return ret;
}

static const struct kernel_param_ops at_step_ops = { .set = set_at_step, .get = param_get_uint };
module_param_cb(at_step, &at_step_ops, &at_step, 0644);
module_param_named(steps, steps.counter, int, 0444);
module_param_named(happened, happened.counter, int, 0444);
module_param_named(open_steps, open_steps.counter, int, 0444);

static int set_back(const char *value, const struct kernel_param *kp)
{
	mutex_lock(&arm_lock);
	step_to_come = 0;
	WRITE_ONCE(at_step, 0);
	if (atomic_xchg(&happened, 0) && device != NO_DMA) {
		pci_write_config_dword(place.port, PCI_PRIMARY_BUS, place.bus_numbers);
		pci_write_config_word(place.port, PCI_COMMAND, place.port_command);
		cover_bar(false);
	}
	mutex_unlock(&arm_lock);
	return 0;
}

static const struct kernel_param_ops back_ops = { .set = set_back };
module_param_cb(back, &back_ops, NULL, 0200);

/* --- allocations ------------------------------------------------------------------- */

static unsigned int alloc_phase;
module_param(alloc_phase, uint, 0644);
static char alloc_module[MODULE_NAME_LEN];
module_param_string(alloc_module, alloc_module, sizeof(alloc_module), 0644);
static int alloc_left = -1;
module_param(alloc_left, int, 0444);
static unsigned int alloc_nth;

static int set_alloc_nth(const char *value, const struct kernel_param *kp)
{
#ifdef CONFIG_FAULT_INJECTION
	alloc_left = -1;
	return param_set_uint(value, kp);
#else
	return -EOPNOTSUPP;
#endif
}

static const struct kernel_param_ops alloc_ops = { .set = set_alloc_nth, .get = param_get_uint };
module_param_cb(alloc_nth, &alloc_ops, &alloc_nth, 0644);

#ifdef CONFIG_FAULT_INJECTION
static struct task_struct *alloc_task;

static void begin_allocations(void)
{
	unsigned int nth = xchg(&alloc_nth, 0);

	if (!nth)
		return;
	alloc_task = current;
	current->fail_nth = nth;
}

static void end_allocations(void)
{
	if (alloc_task != current)
		return;
	alloc_task = NULL;
	alloc_left = current->fail_nth;
	current->fail_nth = 0;
}
#else
static void begin_allocations(void)
{
}
static void end_allocations(void)
{
}
#endif

/* --- interrupts -------------------------------------------------------------------- */

static atomic_t late_stops, late_held;
module_param_named(late_stops, late_stops.counter, int, 0644);
module_param_named(late_held, late_held.counter, int, 0444);

/* How far a stop is: the thread that stops, a handler, and the thread again move it on. */
static atomic_t late_stage;
enum { NO_STOP, WAITS_FOR_HANDLER, HANDLER_HELD, STOPPED };
#define LATE_MS 100

static void wait_while(int stage)
{
	unsigned int ms;

	for (ms = 0; ms < LATE_MS && atomic_read(&late_stage) == stage; ms++)
		mdelay(1);
}

static void about_to_stop(void)
{
	if (atomic_dec_if_positive(&late_stops) < 0)
		return;
	atomic_set(&late_stage, WAITS_FOR_HANDLER);
	wait_while(WAITS_FOR_HANDLER);
}

static void has_stopped(void)
{
	atomic_set(&late_stage, STOPPED);
}

static void hold_handler(void)
{
	if (atomic_cmpxchg(&late_stage, WAITS_FOR_HANDLER, HANDLER_HELD) != WAITS_FOR_HANDLER)
		return;
	atomic_inc(&late_held);
	wait_while(HANDLER_HELD);
}

/* --- the steps --------------------------------------------------------------------- */

#define PROTO(type, name, base) , type name
#define PROBE(num, ev, size)                                              \
	static void on_##ev(void *data, __u16 ctrl, __u16 qid,            \
			    __u16 cid NVS_FIELDS_##ev(PROTO, NVS_NO_PAD)) \
	{                                                                 \
		take_step();                                              \
	}

/* Some have more to do. */
#define on_phase_begin plain_phase_begin
#define on_phase_end   plain_phase_end
#define on_cq_enter    plain_cq_enter
NVS_DRIVER_EVENTS(PROBE)
#undef on_phase_begin
#undef on_phase_end
#undef on_cq_enter

static void on_phase_begin(void *data, __u16 ctrl, __u16 qid, __u16 cid, __u16 phase, __u16 parent,
			   __u32 tid)
{
	if (phase == alloc_phase)
		begin_allocations();
	if (READ_ONCE(step_to_come) && phase == from_phase)
		WRITE_ONCE(at_step, xchg(&step_to_come, 0));
	if (phase == NVS_PHASE_nvme_disable_ctrl && parent == NVS_PHASE_nvme_dev_disable)
		about_to_stop();
	else if (phase == NVS_PHASE_nvme_wait_ready)
		has_stopped();
	plain_phase_begin(data, ctrl, qid, cid, phase, parent, tid);
}

static void on_phase_end(void *data, __u16 ctrl, __u16 qid, __u16 cid, __u16 phase, __u16 parent,
			 __u32 tid, __s32 result)
{
	if (phase == alloc_phase)
		end_allocations();
	plain_phase_end(data, ctrl, qid, cid, phase, parent, tid, result);
}

static void on_cq_enter(void *data, __u16 ctrl, __u16 qid,
			__u16 cid NVS_FIELDS_cq_enter(PROTO, NVS_NO_PAD))
{
	if (qid && why == NVS_WHY_CQ_irq)
		hold_handler();
	plain_cq_enter(data, ctrl, qid, cid, why, cq_head, phase, vector);
}

#define ROW(num, ev, size) { "nvs_" #ev, (void *)on_##ev },
static const struct {
	const char *name;
	void *probe;
} probes[] = { NVS_DRIVER_EVENTS(ROW) };

static void each_tracepoint(struct module *module, bool attach)
{
	unsigned int i, k;

	for (i = 0; i < module->num_tracepoints; i++) {
		struct tracepoint *tp = tracepoint_ptr_deref(&module->tracepoints_ptrs[i]);

		for (k = 0; k < ARRAY_SIZE(probes); k++) {
			if (strcmp(tp->name, probes[k].name))
				continue;
			if (attach)
				WARN_ON(tracepoint_probe_register(tp, probes[k].probe, NULL));
			else
				tracepoint_probe_unregister(tp, probes[k].probe, NULL);
		}
	}
}

/* Whose tracepoints we are attached to. */
static struct module *attached;

/*
 * A core module that fails to start waits for its tracers to leave, and we would leave
 * only when it has failed: so it is not traced if its start is to fail.
 */
static int tracepoints_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *module = ((struct tp_module *)data)->mod;

	if (strcmp(module->name, "nvmescope_core"))
		return NOTIFY_OK;
	if (event == MODULE_STATE_COMING && !sysfs_streq(module->name, alloc_module)) {
		each_tracepoint(module, true);
		attached = module;
	} else if (event == MODULE_STATE_GOING && attached) {
		each_tracepoint(module, false);
		attached = NULL;
	}
	return NOTIFY_OK;
}

static struct notifier_block tracepoints_notifier = { .notifier_call = tracepoints_event };

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *module = data;

	if (!sysfs_streq(module->name, alloc_module))
		return NOTIFY_OK;
	if (event == MODULE_STATE_COMING)
		begin_allocations();
	else
		end_allocations();
	return NOTIFY_OK;
}

/* The last to know of a coming module: what others allocate then is not its init's. */
static struct notifier_block module_notifier = {
	.notifier_call = module_event,
	.priority = INT_MIN,
};

static int __init mishap_init(void)
{
	int ret = register_tracepoint_module_notifier(&tracepoints_notifier);

	if (ret)
		return ret;
	ret = register_module_notifier(&module_notifier);
	if (ret)
		unregister_tracepoint_module_notifier(&tracepoints_notifier);
	return ret;
}

static void __exit mishap_exit(void)
{
	unregister_module_notifier(&module_notifier);
	/* Calls us for modules that are still there. */
	unregister_tracepoint_module_notifier(&tracepoints_notifier);
	tracepoint_synchronize_unregister();
	pci_dev_put(place.port);
	pci_dev_put(place.ones);
}

module_init(mishap_init);
module_exit(mishap_exit);
MODULE_DESCRIPTION("Lets something go wrong at the n-th step of nvmescope's driver");
MODULE_LICENSE("GPL");
