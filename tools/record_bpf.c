// SPDX-License-Identifier: GPL-2.0
/* The recorder's kernel side: programs, rings and attachments. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "attach.h"
#include "record_bpf.h"

const struct provider provider_driver = {
	.name = "driver",
	.core_module = "nvmescope_core",
	.pci_module = "nvmescope",
	.last = "nvs_phase_begin",
};

const struct provider provider_stock = {
	.name = "stock",
	.core_module = "nvme_core",
	.pci_module = "nvme",
};

static bool print_all;

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!print_all || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, ap);
}

int bpf_fail_load(int why, struct nvs_error *err)
{
	switch (why) {
	case EPERM:
	case EACCES:
		return nvs_fail(
			err,
			"the kernel does not let this user load BPF programs: run this "
			"as root, or with CAP_BPF and CAP_PERFMON (and CAP_SYS_ADMIN, for the "
			"types of the kernel's own driver)%s",
			geteuid() ? ""
				  : "; you are root, so the kernel is locked down, this "
				    "is a container (see the kernel's log), or its "
				    "verifier refused one (see --verbose)");
	case ENOSYS:
		return nvs_fail(err, "this kernel has no BPF (CONFIG_BPF_SYSCALL is off): record "
				     "on a kernel that has it");
	case ENOMEM:
		return nvs_fail(err,
				"there is no memory for what the BPF programs keep, rings for the "
				"most part: try a smaller --ring-size");
	default:
		return nvs_fail(err,
				"the kernel refused the BPF programs: %s; --verbose shows what "
				"its verifier says",
				strerror(why));
	}
}

/*
 * "raw_tp/nvs_reset" is the section of the program for tracepoint nvs_reset.  What the stock
 * provider attaches to is a matter of program type, too: it goes by the whole section.
 */
static void list_points(struct recorder *r)
{
	struct record_bpf *b = r->bpf;
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, b->obj)
	{
		const char *section = bpf_program__section_name(prog);
		const char *slash = strchr(section, '/');
		bool again = record_stock_is_again(prog);

		if ((again || record_stock_is_other_way(prog)) && !bpf_program__autoload(prog))
			continue;
		if (slash && (!r->level.level || level_wants(&b->level, bpf_program__name(prog))) &&
		    b->nr_points < sizeof(b->points) / sizeof(b->points[0]))
			b->points[b->nr_points++] = (struct attach_point){
				.name = b->typed ? section : slash + 1,
				.prog_fd = bpf_program__fd(prog),
				.link_fd = -1,
				.missing = !bpf_program__autoload(prog),
				.again = again,
			};
	}
}

int record_shape_rings(struct recorder *r, struct bpf_object *obj, struct nvs_error *err)
{
	uint64_t mask = r->ring_size - 1;
	struct bpf_map *rings = bpf_object__find_map_by_name(obj, "rings");

	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "lost"), r->nr_cpus);
	r->kernel_rings = bpf_map__type(rings) == BPF_MAP_TYPE_ARRAY_OF_MAPS;
	if (!r->kernel_rings) {
		bpf_map__set_initial_value(bpf_object__find_map_by_name(obj, ".rodata.ring"), &mask,
					   sizeof(mask));
		bpf_map__set_value_size(rings, RING_VALUE(r->ring_size));
		bpf_map__set_max_entries(rings, r->nr_present);
		return 0;
	}
	r->ring_template = ring_reader_kernels(r->ring_size);
	if (r->ring_template < 0)
		return bpf_fail_load(errno, err);
	bpf_map__set_max_entries(rings, r->nr_cpus);
	bpf_map__set_inner_map_fd(rings, r->ring_template);
	return 0;
}

static int load_driver(struct recorder *r, struct nvs_error *err)
{
	struct driver_bpf *skel = driver_bpf__open();
	int failed;

	r->bpf->driver = skel;
	if (!skel)
		return bpf_fail_load(errno, err);
	r->bpf->obj = skel->obj;
	if (record_shape_rings(r, skel->obj, err))
		return -1;
	skel->rodata->filter = r->device.text || r->level.by_queue;
	skel->rodata->filter_by_ctrl = !!r->device.text;
	skel->rodata->filter_by_queue = r->level.by_queue;
	memcpy((void *)skel->rodata->filter_queues, r->level.queues, sizeof(r->level.queues));
	skel->rodata->filter_pci_addr = r->device.pci_addr;
	skel->data->filter_ctrl = r->device.ctrl;
	failed = driver_bpf__load(skel);
	return failed ? bpf_fail_load(-failed, err) : 0;
}

/* The admin queue, and at most two queues for each CPU (write_queues, poll_queues) */
static uint32_t queues_per_ctrl(const struct recorder *r)
{
	uint32_t queues = 4;

	while (queues < 2 * r->nr_cpus + 1)
		queues *= 2;
	return queues;
}

static int load_tracepoints(struct recorder *r, struct nvs_error *err)
{
	uint32_t ctrls = record_ctrls_end("nvme") + 1;
	struct record_bpf *b = r->bpf;
	int failed;

	b->tracepoints = record_tracepoints_open(r, queues_per_ctrl(r), ctrls, &b->obj, err);
	if (!b->tracepoints)
		return -1;
	if (record_shape_rings(r, b->obj, err))
		return -1;
	r->tracepoints_only = true;
	failed = record_tracepoints_load(b->tracepoints);
	return failed ? bpf_fail_load(-failed, err) : 0;
}

static int load_stock(struct recorder *r, struct nvs_error *err)
{
	struct stock_bpf *skel;
	uint32_t queues = queues_per_ctrl(r), ctrls = record_ctrls_end("nvme") + SPARE_CTRLS;
	int failed;
	struct stock_kernel kernel;

	attach_targets_begin();
	skel = stock_bpf__open();
	r->bpf->stock = skel;
	if (!skel)
		return bpf_fail_load(errno, err);
	r->bpf->obj = skel->obj;
	failed = record_stock_choose(skel->obj, &kernel, err);
	if (failed) {
		stock_bpf__destroy(skel);
		r->bpf->stock = NULL;
		r->bpf->obj = NULL;
		if (failed > 0 && r->level.by_queue)
			return nvs_fail(err,
					"--queue: this kernel says nothing of its nvme "
					"module's types, so queues are not told apart in time");
		return failed < 0 ? -1 : load_tracepoints(r, err);
	}
	if (record_shape_rings(r, skel->obj, err))
		return -1;
	bpf_map__set_max_entries(skel->maps.queues, queues * ctrls);
	if (kernel.preemptible)
		bpf_map__set_max_entries(skel->maps.told, queues * ctrls);
	skel->rodata->queues_per_ctrl = queues;
	skel->rodata->max_ctrls = ctrls;
	skel->rodata->nr_cpus = r->nr_cpus;
	skel->rodata->filter = !!r->device.text;
	skel->rodata->filter_by_queue = r->level.by_queue;
	memcpy((void *)skel->rodata->filter_queues, r->level.queues, sizeof(r->level.queues));
	skel->data->filter_ctrl = r->device.ctrl;
	failed = stock_bpf__load(skel);
	attach_targets_end();
	return failed ? bpf_fail_load(-failed, err) : 0;
}

static int load_level(struct recorder *r, struct nvs_error *err)
{
	const struct level_load how = {
		.stock = r->provider == &provider_stock,
		.life = true,
		.ctrl = r->device.ctrl,
		.nr_cpus = r->nr_cpus,
		.recorder = r,
	};
	int failed = level_open(&r->bpf->level, &how, &r->level, err);

	r->bpf->obj = r->bpf->level.obj;
	r->tracepoints_only = r->bpf->level.by_tracepoints;
	return failed;
}

static int load_programs(struct recorder *r, struct nvs_error *err)
{
	errno = 0;
	r->bpf->typed = r->provider == &provider_stock;
	if (r->level.level  ? load_level(r, err)
	    : r->bpf->typed ? load_stock(r, err)
			    : load_driver(r, err))
		return -1;
	list_points(r);
	return 0;
}

struct bpf_object *record_bpf_programs(const struct provider *provider, const char *level,
				       bool by_tracepoints)
{
	size_t size;
	const void *elf;

	if (strcmp(level, "events"))
		return level_programs(provider == &provider_stock, by_tracepoints, level);
	elf = by_tracepoints		    ? record_tracepoints_elf(&size)
	      : provider == &provider_stock ? stock_bpf__elf_bytes(&size)
					    : driver_bpf__elf_bytes(&size);
	return bpf_object__open_mem(elf, size, NULL);
}

static int map_fd(const struct recorder *r, const char *name)
{
	return bpf_object__find_map_fd_by_name(r->bpf->obj, name);
}

static int map_lost(struct recorder *r, struct nvs_error *err)
{
	void *map;

	r->bpf->lost_bytes = (size_t)r->nr_cpus * sizeof(struct cpu_lost);
	map = mmap(NULL, r->bpf->lost_bytes, PROT_READ, MAP_SHARED, map_fd(r, "lost"), 0);
	if (map == MAP_FAILED)
		return nvs_fail(err, "cannot map the counts of lost events: %s", strerror(errno));
	r->lost = map;
	return 0;
}

static int woken(void *ctx, void *data, size_t size)
{
	(void)ctx, (void)data, (void)size;
	return 0;
}

/* By this the programs wake us when a ring fills. */
static int open_wake(struct recorder *r, struct nvs_error *err)
{
	if (r->kernel_rings)
		return 0;
	r->bpf->wake = ring_buffer__new(map_fd(r, "wake"), woken, NULL, NULL);
	if (!r->bpf->wake)
		return nvs_fail(err, "cannot map what wakes the recorder: %s", strerror(errno));
	return 0;
}

int record_bpf_wake_fd(const struct recorder *r)
{
	return r->bpf->wake ? map_fd(r, "wake") : -1;
}

void record_bpf_woken(struct recorder *r)
{
	ring_buffer__consume(r->bpf->wake);
}

/* What matched nothing while programs were attached one by one, says nothing of the driver. */
void record_attached(struct recorder *r)
{
	r->bpf->attaching = malloc(r->bpf->lost_bytes);
	if (r->bpf->attaching)
		memcpy(r->bpf->attaching, r->lost, r->bpf->lost_bytes);
}

static void forget_attaching(const struct recorder *r, struct cpu_lost *lost)
{
	for (unsigned int cpu = 0; r->bpf->attaching && cpu < r->nr_cpus; cpu++)
		for (unsigned int cause = 0; cause < NR_LOST_CAUSES; cause++)
			lost[cpu].by_cause[cause] -= r->bpf->attaching[cpu].by_cause[cause];
}

void record_keep_counts(struct recorder *r)
{
	void *copy = mmap(NULL, r->bpf->lost_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return; /* then they may tell of a little more */
	memcpy(copy, r->lost, r->bpf->lost_bytes);
	forget_attaching(r, copy);
	munmap(r->lost, r->bpf->lost_bytes);
	r->lost = copy;
}

int record_bpf_open_ring(struct recorder *r, unsigned int cpu, struct nvs_error *err)
{
	struct ring_reader *ring = &r->cpus[cpu].ring;
	int rings = map_fd(r, "rings");

	if (!r->kernel_rings && cpu >= r->nr_present)
		return nvs_fail(
			err, "CPU %u was plugged in while recording, and has no ring: record anew",
			cpu);
	if (r->kernel_rings ? ring_reader_open_kernels(ring, r->ring_size)
			    : ring_reader_open(ring, rings, cpu, r->ring_size))
		return nvs_fail(err,
				"cannot make a ring of %llu bytes for CPU %u: %s; try a smaller "
				"--ring-size",
				(unsigned long long)r->ring_size, cpu, strerror(errno));
	if (r->kernel_rings && bpf_map_update_elem(rings, &cpu, &ring->fd, BPF_ANY))
		return nvs_fail(err, "cannot hand CPU %u its ring: %s", cpu, strerror(errno));
	return 0;
}

int record_bpf_load(struct recorder *r, struct nvs_error *err)
{
	if (load_programs(r, err) || map_lost(r, err) || open_wake(r, err) ||
	    record_hist_open(r, &r->bpf->level, err))
		return -1;
	return record_cpus_open(r, err);
}

int record_bpf_open(struct recorder *r, struct nvs_error *err)
{
	int possible = libbpf_num_possible_cpus();

	print_all = r->verbose;
	libbpf_set_print(print_libbpf);
	if (possible < 0)
		return nvs_fail(err, "cannot count this machine's CPUs: %s", strerror(-possible));
	r->nr_cpus = possible;
	r->ring_template = -1;
	r->cpus = calloc(possible, sizeof(*r->cpus));
	r->bpf = calloc(1, sizeof(*r->bpf));
	if (!r->cpus || !r->bpf)
		return nvs_fail(err, "out of memory for %d CPUs", possible);
	for (int cpu = 0; cpu < possible; cpu++)
		r->cpus[cpu].ring.fd = -1;
	if (record_cpus_count(r, err))
		return -1;
	/* The programs are made for the kernel's module as it is: they wait for it. */
	if (r->provider == &provider_stock && !record_module_live(provider_stock.pci_module))
		return 0;
	return record_bpf_load(r, err);
}

void record_bpf_close(struct recorder *r)
{
	record_detach(r);
	record_hist_close(r);
	for (unsigned int cpu = 0; r->cpus && cpu < r->nr_cpus; cpu++)
		ring_reader_close(&r->cpus[cpu].ring);
	if (r->lost)
		munmap(r->lost, r->bpf->lost_bytes);
	if (r->bpf) {
		ring_buffer__free(r->bpf->wake);
		if (r->ring_template >= 0)
			close(r->ring_template);
		driver_bpf__destroy(r->bpf->driver);
		stock_bpf__destroy(r->bpf->stock);
		record_tracepoints_close(r->bpf->tracepoints);
		level_close(&r->bpf->level);
	}
	if (r->bpf)
		free(r->bpf->attaching);
	free(r->bpf);
	free(r->cpus);
	free(r->filter);
	r->lost = NULL;
	r->bpf = NULL;
	r->cpus = NULL;
}
