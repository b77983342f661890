// SPDX-License-Identifier: GPL-2.0
/* inspect's reading of sysfs, procfs and lists of symbols, on files made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include "inspect.h"
#include "scratch.h"

static char *root;

/* Writes @text into the file @path below the root, making its directories. */
static void put(const char *path, const char *text)
{
	char *full = scratch_path(root, path);
	FILE *f;

	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		if (mkdir(full, 0700) && errno != EEXIST)
			abort();
		*slash = '/';
	}
	f = fopen(full, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
	free(full);
}

static void point(const char *path, const char *target)
{
	char *full = scratch_path(root, path);

	if (symlink(target, full))
		abort();
	free(full);
}

#define DEVICE "sys/bus/pci/devices/0000:01:00.0/"

static int make_root(void **state)
{
	(void)state;
	root = scratch_dir();
	put(DEVICE "class", "0x010802\n");
	put(DEVICE "vendor", "0x1b36\n");
	put(DEVICE "device", "0x0010\n");
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	scratch_remove(root);
	return 0;
}

/* Two I/O queues, of which the second has no vector */
static void put_driven(const char *prefix, const char *driver)
{
	char path[512], text[64];

	point(DEVICE "driver", driver);
#define PUT(name, text)                                                                 \
	do {                                                                            \
		snprintf(path, sizeof(path), DEVICE "%s/%s0/%s", prefix, prefix, name); \
		put(path, text);                                                        \
	} while (0)
	PUT("model", "QEMU NVMe Ctrl                          \n");
	PUT("serial", "  abc\n");
	PUT("firmware_rev", "7.2\n");
	PUT("state", "live\n");
	PUT("queue_count", "3\n");
	PUT("sqsize", "1023\n");
	snprintf(text, sizeof(text), "%s0c1n1/size", prefix);
	PUT(text, "8\n");
	snprintf(path, sizeof(path), "sys/block/%s0c1n1/mq/0/cpu_list", prefix);
	put(path, "0-3\n");
	snprintf(path, sizeof(path), "sys/block/%s0c1n1/mq/1/cpu_list", prefix);
	put(path, "0-3\n");
}

static struct inspect_devices read_all(void)
{
	struct inspect_devices d;

	assert_true(inspect_devices_read(&d, root));
	return d;
}

static void no_driver(void **state)
{
	struct inspect_devices d;

	(void)state;
	put("sys/bus/pci/devices/0000:02:00.0/class", "0x020000\n");
	d = read_all();
	assert_int_equal(d.nr, 1);
	assert_string_equal(d.device[0].address, "0000:01:00.0");
	assert_string_equal(d.device[0].ids, "1b36:0010");
	assert_string_equal(d.device[0].driver, "");
	assert_string_equal(d.device[0].name, "");
	inspect_devices_free(&d);
}

/* What a user without privilege sees: no debugfs, but who is interrupted */
static void unprivileged(void **state)
{
	struct inspect_devices d;
	struct inspect_queue *q;

	(void)state;
	put_driven("nvme", "../../../bus/pci/drivers/nvme");
	put("sys/module/nvme/parameters/write_queues", "0\n");
	put("proc/interrupts", "           CPU0       CPU1\n"
			       "  3:   1   2   IO-APIC   3-edge   ttyS0\n"
			       " 35:   0   9   PCI-MSI 524288-edge      nvme0q0\n"
			       " 36:   7   0   PCI-MSI 524289-edge      nvme0q1\n"
			       " 37:   7   0   PCI-MSI 524299-edge      nvme0q11\n");
	put("proc/irq/36/effective_affinity_list", "2\n");
	put("proc/irq/35/smp_affinity_list", "0-3\n");
	d = read_all();
	assert_int_equal(d.nr, 1);
	assert_string_equal(d.device[0].model, "QEMU NVMe Ctrl");
	assert_string_equal(d.device[0].serial, "abc");
	assert_string_equal(d.device[0].driver, "nvme");
	assert_int_equal(d.device[0].nr_queues, 3);
	assert_true(d.kinds_hidden);
	assert_false(d.irqs_hidden);
	q = d.device[0].queues;
	assert_string_equal(q[0].kind, "admin");
	assert_int_equal(q[0].irq, 35);
	assert_int_equal(q[0].vector, 0);
	assert_string_equal(q[0].irq_cpus, "0-3");
	assert_int_equal(q[0].depth, 0);
	assert_string_equal(q[1].kind, "default");
	assert_int_equal(q[1].irq, 36);
	assert_int_equal(q[1].vector, 1);
	assert_string_equal(q[1].irq_cpus, "2");
	assert_string_equal(q[1].cpus, "0-3");
	assert_int_equal(q[1].depth, 1024);
	assert_string_equal(q[2].kind, "poll");
	assert_int_equal(q[2].irq, -1);
	inspect_devices_free(&d);
}

/* Kinds out of debugfs; INTx, which all queues share; our node names beside the kernel's driver */
static void root_and_intx(void **state)
{
	struct inspect_devices d;

	(void)state;
	put_driven("nvs", "../../../bus/pci/drivers/nvmescope");
	put("sys/kernel/debug/block/nvs0c1n1/hctx0/type", "default\n");
	put("sys/kernel/debug/block/nvs0c1n1/hctx1/type", "read\n");
	put("proc/interrupts", " 16:  5  IO-APIC  16-fasteoi   nvs0q0, nvs0q1, nvs0q2\n");
	d = read_all();
	assert_string_equal(d.device[0].name, "nvs0");
	assert_false(d.kinds_hidden);
	assert_string_equal(d.device[0].queues[2].kind, "read");
	assert_int_equal(d.device[0].queues[2].irq, 16);
	assert_int_equal(d.device[0].queues[2].vector, -1);
	inspect_devices_free(&d);
}

static void nothing_readable(void **state)
{
	struct inspect_devices d;

	(void)state;
	put_driven("nvme", "../../../bus/pci/drivers/nvme");
	d = read_all();
	assert_true(d.irqs_hidden);
	assert_string_equal(d.device[0].queues[1].kind, "not seen");
	inspect_devices_free(&d);
}

static void points(void **state)
{
	struct attach_sources s = { .module = { "vmlinux", "nvme_core", "nvme" } };
	char *symbols, *traceable, words[64];

	(void)state;
	put("kallsyms", "0000000000000000 t nvme_queue_rq\t[nvme]\n"
			"0000000000000000 t nvme_init_queue.part.0\t[nvme]\n"
			"0000000000000000 t nvme_irq\t[nvme_tcp]\n"
			"0000000000000000 d __tracepoint_nvme_sq\t[nvme_core]\n"
			"0000000000000000 d __tracepoint_block_rq_issue\n");
	put("functions", "nvme_queue_rq [nvme]\n");
	symbols = scratch_path(root, "kallsyms");
	traceable = scratch_path(root, "functions");
	attach_open_names(&s, symbols, traceable);
	assert_true(s.symbols_read && s.traceable_read);
	/* Without types, a function is only known to be there. */
	assert_int_equal(attach_find(&s, "fexit/nvme_queue_rq"), ATTACH_UNDESCRIBED);
	assert_int_equal(attach_find(&s, "fexit/nvme_init_queue"), ATTACH_INLINED);
	assert_int_equal(attach_find(&s, "fentry/nvme_irq"), ATTACH_MISSING);
	assert_int_equal(attach_find(&s, "tp_btf/nvme_sq"), ATTACH_UNDESCRIBED);
	assert_int_equal(attach_find(&s, "raw_tp/nvme_sq"), ATTACH_FOUND);
	assert_int_equal(attach_find(&s, "raw_tp/block_rq_issue"), ATTACH_FOUND);
	assert_int_equal(attach_find(&s, "raw_tp/nvme_setup_cmd"), ATTACH_MISSING);
	attach_close(&s);
	free(symbols);
	free(traceable);
	assert_string_equal(attach_need("fexit/nvme_queue_rq"), "commands and doorbells");
	assert_null(attach_need("fexit/nvme_timeout"));
	assert_string_equal(attach_loss("fexit/nvme_probe", "end_nvme_probe", words, sizeof(words)),
			    "phase nvme_probe");
	assert_string_equal(attach_loss("raw_tp/nvs_cqe", "on_cqe", words, sizeof(words)),
			    "event cqe");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
	const struct CMUnitTest tests[] = {
		TEST(no_driver),	TEST(unprivileged), TEST(root_and_intx),
		TEST(nothing_readable), TEST(points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
