// SPDX-License-Identifier: GPL-2.0
/* The recorder's kernel side: programs, rings and attachments. */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "driver.skel.h"
#include "stock.skel.h"
#include "attach.h"
#include "level_load.h"
#include "record.h"

/* Programs are attached by hand, because libbpf would warn at each try that fails. */
struct record_bpf {
	struct driver_bpf *driver; /* one of these three */
	struct stock_bpf *stock;
	struct tracepoints_bpf *tracepoints;
	struct level_programs level;
	struct bpf_object *obj; /* of that one */
	bool typed;		/* programs know since they were loaded what they are for */
	size_t lost_bytes;
	unsigned int nr_points;
	struct attach_point {
		const char *name; /* of the tracepoint, or of the program's section */
		int prog_fd;
		int link_fd; /* -1: not attached */
		bool missing;
	} points[128];
};

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
			"the kernel lets nobody but root load BPF programs: run this "
			"as root, or with CAP_BPF and CAP_PERFMON (and CAP_SYS_ADMIN, for the "
			"types of the kernel's own driver)%s",
			geteuid() ? ""
				  : "; you are root, so the kernel is locked down or "
				    "this is a container: see the kernel's log");
	case ENOSYS:
		return nvs_fail(err, "this kernel has no BPF (CONFIG_BPF_SYSCALL is off): record "
				     "on a kernel that has it");
	default:
		return nvs_fail(err,
				"the kernel refused the BPF programs: %s; --verbose shows what "
				"its verifier says",
				strerror(why));
	}
}

/*
 * "raw_tp/nvs_cqe" is the section of the program for tracepoint nvs_cqe.  What the stock
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

		if (slash && (!r->level.level || level_wants(&b->level, bpf_program__name(prog))) &&
		    b->nr_points < sizeof(b->points) / sizeof(b->points[0]))
			b->points[b->nr_points++] = (struct attach_point){
				.name = b->typed ? section : slash + 1,
				.prog_fd = bpf_program__fd(prog),
				.link_fd = -1,
				.missing = !bpf_program__autoload(prog),
			};
	}
}

int record_shape_rings(struct recorder *r, struct bpf_object *obj, struct nvs_error *err)
{
	struct bpf_map *rings = bpf_object__find_map_by_name(obj, "rings");

	r->kernel_rings = bpf_map__type(bpf_map__inner_map(rings)) == BPF_MAP_TYPE_RINGBUF;
	r->ring_template = ring_reader_map(r->ring_size, r->kernel_rings);
	if (r->ring_template < 0)
		return bpf_fail_load(errno, err);
	bpf_map__set_max_entries(rings, r->nr_cpus);
	bpf_map__set_inner_map_fd(rings, r->ring_template);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "lost"), r->nr_cpus);
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
	skel->rodata->filter = !!r->device.text;
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
	struct stock_bpf *skel = stock_bpf__open();
	uint32_t queues = queues_per_ctrl(r), ctrls = record_ctrls_end("nvme") + SPARE_CTRLS;
	int failed;

	r->bpf->stock = skel;
	if (!skel)
		return bpf_fail_load(errno, err);
	r->bpf->obj = skel->obj;
	failed = record_stock_choose(skel->obj, err);
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
	skel->rodata->queues_per_ctrl = queues;
	skel->rodata->max_ctrls = ctrls;
	skel->rodata->filter = !!r->device.text;
	skel->rodata->filter_by_queue = r->level.by_queue;
	memcpy((void *)skel->rodata->filter_queues, r->level.queues, sizeof(r->level.queues));
	skel->data->filter_ctrl = r->device.ctrl;
	failed = stock_bpf__load(skel);
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

struct bpf_object *record_bpf_programs(const struct provider *provider, const char *level)
{
	size_t size;
	const void *elf;

	if (strcmp(level, "events"))
		return level_programs(provider == &provider_stock, level);
	elf = provider == &provider_stock ? stock_bpf__elf_bytes(&size)
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

int record_bpf_use_ring(struct recorder *r, unsigned int cpu, struct nvs_error *err)
{
	if (bpf_map_update_elem(map_fd(r, "rings"), &cpu, &r->cpus[cpu].ring.fd, BPF_ANY))
		return nvs_fail(err, "cannot hand CPU %u its ring: %s", cpu, strerror(errno));
	return 0;
}

static int load(struct recorder *r, struct nvs_error *err)
{
	if (load_programs(r, err) || map_lost(r, err) || record_hist_open(r, &r->bpf->level, err))
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
	/* The programs are made for the kernel's module as it is: they wait for it. */
	if (r->provider == &provider_stock && !record_module_live(provider_stock.pci_module))
		return 0;
	return load(r, err);
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
		if (r->ring_template >= 0)
			close(r->ring_template);
		driver_bpf__destroy(r->bpf->driver);
		stock_bpf__destroy(r->bpf->stock);
		record_tracepoints_close(r->bpf->tracepoints);
		level_close(&r->bpf->level);
	}
	free(r->bpf);
	free(r->cpus);
	free(r->filter);
	r->lost = NULL;
	r->bpf = NULL;
	r->cpus = NULL;
}

uint64_t record_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void say_time(const struct recorder *r, const char *what, uint64_t since)
{
	if (r->verbose)
		complain("%s in %.3f s", what, (record_now() - since) / 1e9);
}

/* 1: attached; 0: there is no such tracepoint; -1: @err says. */
static int attach_point(struct recorder *r, struct attach_point *p, struct nvs_error *err)
{
	if (r->bpf->tracepoints)
		p->link_fd = record_tracepoints_attach(p->name, p->prog_fd);
	else
		p->link_fd = bpf_raw_tracepoint_open(r->bpf->typed ? NULL : p->name, p->prog_fd);
	if (p->link_fd >= 0)
		return 1;
	/* The compiler may have left a function no place to attach to. */
	if (errno == ENOENT || (r->bpf->typed && errno == EINVAL && !attach_need(p->name)))
		return 0;
	return nvs_fail(err, "cannot attach to %s: %s", p->name, strerror(errno));
}

static bool is_last(const struct recorder *r, const struct attach_point *p)
{
	return r->provider->last && !strcmp(p->name, r->provider->last);
}

/*
 * The first point that is found says that the module is there; then one not
 * found is missing.  The tracepoints can be found before the module is in sysfs,
 * but until then its loading may still fail, for a wrong parameter, without
 * looking at who is attached.
 */
int record_attach(struct recorder *r, struct nvs_error *err)
{
	struct record_bpf *b = r->bpf;
	bool there = false;
	uint64_t since = record_now();

	if (!record_module_loaded(r->provider->core_module))
		return 0;
	if (!b->obj) {
		if (!record_module_live(provider_stock.pci_module))
			return 0;
		if (load(r, err))
			return -1;
		since = record_now();
	}
	for (int last = 0; last < 2; last++) {
		for (unsigned int i = 0; i < b->nr_points; i++) {
			struct attach_point *p = &b->points[i];
			int got;

			if (is_last(r, p) != last || p->prog_fd < 0)
				continue;
			got = attach_point(r, p, err);
			if (got < 0)
				return -1;
			if (!got && !there)
				return 0;
			there = true;
			p->missing = !got;
		}
	}
	r->attached = r->ever_attached = true;
	say_time(r, "attached", since);
	return 1;
}

static void let_go(struct attach_point *p)
{
	if (p->link_fd >= 0)
		close(p->link_fd);
	p->link_fd = -1;
}

static bool is_link(const struct record_bpf *b, int fd)
{
	for (unsigned int i = 0; i < b->nr_points; i++)
		if (b->points[i].link_fd == fd)
			return true;
	return false;
}

/* Only the links are kept open: nobody's pipe, terminal or directory. */
static void close_others(const struct record_bpf *b)
{
	int last = 0;

	for (unsigned int i = 0; i < b->nr_points; i++)
		if (b->points[i].link_fd > last)
			last = b->points[i].link_fd;
	for (int fd = 0; fd <= last; fd++)
		if (!is_link(b, fd))
			close(fd);
	syscall(SYS_close_range, last + 1, ~0u, 0);
	if (chdir("/"))
		_exit(1);
}

/*
 * To let go of a function the kernel waits for every task to leave it, 0.15 s for each, one
 * after the other.  For those that only the life of a controller passes through a child
 * waits, when no request meets a program any more.
 */
static void let_go_aside(struct recorder *r)
{
	pid_t pid = r->provider == &provider_stock && r->attached ? fork() : -1;

	if (!pid) {
		setsid();
		close_others(r->bpf);
	}
	for (unsigned int i = 0; i < r->bpf->nr_points; i++)
		let_go(&r->bpf->points[i]);
	if (!pid)
		_exit(0);
}

/* First what each request passes through; phase_begin last: a module whose init failed waits. */
void record_detach(struct recorder *r)
{
	uint64_t since = record_now();

	for (unsigned int i = 0; r->bpf && i < r->bpf->nr_points; i++) {
		struct attach_point *p = &r->bpf->points[i];

		if (r->provider == &provider_stock ? record_stock_on_io_path(p->name)
						   : !is_last(r, p))
			let_go(p);
	}
	if (r->bpf)
		let_go_aside(r);
	/*
	 * A program may still run on another CPU.  This returns only after every
	 * CPU has left what it did: then whatever was reserved is committed.
	 */
	if (r->attached) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		say_time(r, "detached", since);
	}
	r->attached = false;
}

/* Steps of queues that had no place */
static uint64_t untracked(const struct recorder *r)
{
	if (r->bpf->tracepoints)
		return record_tracepoints_untracked(r->bpf->tracepoints);
	return r->bpf->stock && r->lost ? r->bpf->stock->bss->untracked : 0;
}

uint64_t record_missed(const struct recorder *r, char *by_event, size_t size)
{
	uint64_t total = untracked(r);
	size_t n = 0;

	*by_event = 0;
	if (total)
		n = snprintf(by_event, size, "steps of queues beyond those that are followed: %llu",
			     (unsigned long long)total);
	for (unsigned int i = 0; i < r->bpf->nr_points; i++) {
		const struct attach_point *p = &r->bpf->points[i];
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (bpf_obj_get_info_by_fd(p->prog_fd, &info, &len) || !info.recursion_misses)
			continue;
		total += info.recursion_misses;
		if (n < size)
			n += snprintf(by_event + n, size - n, "%s%s %llu", n ? ", " : "", p->name,
				      (unsigned long long)info.recursion_misses);
	}
	return total;
}

char *record_attach_points(const struct recorder *r, bool missing)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (unsigned int i = 0; i < r->bpf->nr_points; i++) {
		const struct attach_point *p = &r->bpf->points[i];

		if (p->missing == missing)
			fprintf(f, "%s%s", ftell(f) ? " " : "", p->name);
	}
	return fclose(f) ? NULL : text;
}
