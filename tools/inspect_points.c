// SPDX-License-Identifier: GPL-2.0
/* Which attach points there are on this kernel, and whether this user may attach. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "inspect.h"
#include "record.h"

#define FUNCTIONS     "/available_filter_functions"
#define TRACING	      "/sys/kernel/tracing" FUNCTIONS
#define DEBUG_TRACING "/sys/kernel/debug/tracing" FUNCTIONS

/* Loads the smallest program that there is, and lets go of it again. */
static const char *try_to_load(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "nvs_try", "GPL", insns, 2, NULL);

	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	switch (errno) {
	case EPERM:
	case EACCES:
		return geteuid() ? "this user may not load BPF programs: be root, or have CAP_BPF "
				   "and CAP_PERFMON"
				 : "root may not load BPF programs here: the kernel is locked "
				   "down, or this is a container";
	case ENOSYS:
	case EINVAL: return "this kernel has no BPF for tracing";
	default: return strerror(errno);
	}
}

/* "none [integrity] confidentiality": the one in brackets */
static void read_lockdown(struct inspect_kernel *k)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "r");
	char word[WORD];

	while (f && fscanf(f, "%63s", word) == 1)
		if (*word == '[')
			snprintf(k->lockdown, sizeof(k->lockdown), "%.*s",
				 (int)strcspn(word + 1, "]"), word + 1);
	if (f)
		fclose(f);
}

/* A function that a program is attached to at both ends is two points, as it may be two programs. */
static bool is_listed(const struct inspect_level *l, const char *section)
{
	for (unsigned int i = 0; i < l->nr; i++)
		if (!strcmp(l->points[i].section, section))
			return true;
	return false;
}

static bool list_points(struct inspect_level *l, struct bpf_object *obj,
			const struct attach_sources *s)
{
	struct bpf_program *prog;
	unsigned int nr = 0;

	bpf_object__for_each_program(prog, obj) nr++;
	l->points = calloc(nr + 1, sizeof(*l->points));
	if (!l->points)
		return false;
	bpf_object__for_each_program(prog, obj)
	{
		const char *section = bpf_program__section_name(prog);
		struct inspect_point *p = &l->points[l->nr];
		char words[WORDS];

		if (!bpf_program__autoload(prog) || !strchr(section, '/') || is_listed(l, section))
			continue;
		snprintf(p->section, sizeof(p->section), "%s", section);
		snprintf(p->loss, sizeof(p->loss), "%s",
			 attach_loss(section, bpf_program__name(prog), words, sizeof(words)));
		p->state = attach_find(s, section);
		p->needed = attach_need(section);
		l->nr++;
	}
	return true;
}

/* The first thing that keeps this level from being recorded. */
static void judge(struct inspect_level *l, const struct inspect_kernel *k,
		  const struct attach_sources *s, bool by_types)
{
	for (unsigned int i = 0; i < l->nr; i++)
		if (l->points[i].needed && l->points[i].state != ATTACH_FOUND)
			snprintf(l->why_not, sizeof(l->why_not), "%s is %s: no %s",
				 l->points[i].section, attach_state_name(l->points[i].state),
				 l->points[i].loss);
	for (int i = NR_TYPES; by_types && i--;)
		if (!s->btf[i])
			snprintf(l->why_not, sizeof(l->why_not),
				 "the kernel says nothing of the types of %s (/sys/kernel/btf/%s)",
				 s->module[i], s->module[i]);
	if (!l->module_loaded)
		snprintf(l->why_not, sizeof(l->why_not), "module %s is not loaded",
			 s->module[TYPES_PCI]);
	if (!strcmp(k->lockdown, "confidentiality"))
		snprintf(l->why_not, sizeof(l->why_not),
			 "the kernel is locked down (confidentiality): no program may read it");
	if (k->privilege)
		snprintf(l->why_not, sizeof(l->why_not), "%s", k->privilege);
}

/* As record does: tracepoints alone where nothing is said of the driver's types. */
static bool by_tracepoints(const struct provider *provider, const struct attach_sources *s)
{
	return provider == &provider_stock && s->btf[TYPES_VMLINUX] &&
	       attach_find(s, "fexit/nvme_queue_rq") != ATTACH_FOUND &&
	       attach_find(s, "raw_tp/nvme_setup_cmd") == ATTACH_FOUND;
}

static bool read_level(struct inspect_kernel *k, const struct provider *provider, const char *level,
		       const struct attach_sources *s)
{
	bool tracepoints = by_tracepoints(provider, s);
	struct bpf_object *obj = record_bpf_programs(provider, level, tracepoints);
	struct inspect_level *l = &k->level[k->nr_levels];
	bool done;

	if (!obj || k->nr_levels == MAX_LEVELS)
		return true;
	*l = (struct inspect_level){ .provider = provider->name, .level = level };
	if (tracepoints)
		l->unseen = record_tracepoints_unseen;
	l->module_loaded = record_module_loaded(provider->pci_module);
	done = list_points(l, obj, s);
	bpf_object__close(obj);
	judge(l, k, s, provider == &provider_stock && !tracepoints);
	k->nr_levels++;
	return done;
}

static bool read_provider(struct inspect_kernel *k, const struct provider *provider)
{
	struct attach_sources s;
	bool done = true;

	attach_open(&s, provider->core_module, provider->pci_module);
	attach_open_names(&s, "/proc/kallsyms", access(TRACING, F_OK) ? DEBUG_TRACING : TRACING);
	for (const char *const *level = record_levels; done && *level; level++)
		done = read_level(k, provider, *level, &s);
	if (provider == &provider_stock) {
		for (int i = 0; i < NR_TYPES; i++)
			k->types[i] = s.btf[i];
		k->sees_symbols = s.symbols_read;
		k->sees_traceable = s.traceable_read;
	}
	attach_close(&s);
	return done;
}

static int say_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

bool inspect_kernel_read(struct inspect_kernel *k)
{
	struct utsname name;

	*k = (struct inspect_kernel){ 0 };
	libbpf_set_print(say_nothing);
	if (!uname(&name))
		snprintf(k->release, sizeof(k->release), "%.*s", WORD - 1, name.release);
	k->privilege = try_to_load();
	read_lockdown(k);
	return read_provider(k, &provider_stock) && read_provider(k, &provider_driver);
}

void inspect_kernel_free(struct inspect_kernel *k)
{
	while (k->nr_levels)
		free(k->level[--k->nr_levels].points);
}
