// SPDX-License-Identifier: GPL-2.0
/*
 * What a program attaches to, as the kernel wants to be told: the number of a type.  libbpf finds it
 * by going through all of the kernel's types, some 150,000, for each program, before it looks into
 * modules.  Ours are in two small modules, and were found when they were chosen.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "attach.h"

#define MAX_TARGETS 160

struct target {
	char section[64];
	int id;
	enum attach_types where;
};

/* libbpf's handlers are there for the whole process, too. */
static struct target targets[MAX_TARGETS];
static unsigned int nr_targets;
static const char *modules[NR_TYPES];
static int module_fds[NR_TYPES] = { -1, -1, -1 };

/* The kernel's types of a module, as a file descriptor. */
static int open_types(const char *module)
{
	uint32_t id = 0;

	while (!bpf_btf_get_next_id(id, &id)) {
		char name[64] = "";
		struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
		uint32_t len = sizeof(info);
		int fd = bpf_btf_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		    !strcmp(name, module))
			return fd;
		close(fd);
	}
	return -1;
}

static const struct target *find_target(const char *section)
{
	for (unsigned int i = 0; i < nr_targets; i++)
		if (!strcmp(targets[i].section, section))
			return &targets[i];
	return NULL;
}

/* Called by libbpf as it loads a program. */
static int tell_target(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	const struct target *t = find_target(bpf_program__section_name(prog));
	int *fd;

	(void)cookie;
	if (!t)
		return -ESRCH;
	opts->attach_btf_id = t->id;
	if (t->where == TYPES_VMLINUX)
		return 0;
	fd = &module_fds[t->where];
	if (*fd < 0)
		*fd = open_types(modules[t->where]);
	opts->attach_btf_obj_fd = *fd;
	return *fd < 0 ? -ESRCH : 0;
}

void attach_targets_begin(void)
{
	static const struct {
		const char *section;
		enum bpf_attach_type type;
	} kinds[] = { { "fentry+", BPF_TRACE_FENTRY },
		      { "fexit+", BPF_TRACE_FEXIT },
		      { "tp_btf+", BPF_TRACE_RAW_TP } };
	LIBBPF_OPTS(libbpf_prog_handler_opts, how, .prog_prepare_load_fn = tell_target);
	static bool registered;

	nr_targets = 0;
	for (size_t i = 0; !registered && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		libbpf_register_prog_handler(kinds[i].section, BPF_PROG_TYPE_TRACING, kinds[i].type,
					     &how);
	registered = true;
}

void attach_target(const struct attach_sources *s, const char *section)
{
	struct target *t = &targets[nr_targets];

	if (nr_targets == MAX_TARGETS || find_target(section))
		return;
	t->id = attach_type_id(s, section, &t->where);
	snprintf(t->section, sizeof(t->section), "%s", section);
	memcpy(modules, s->module, sizeof(modules));
	nr_targets += t->id > 0;
}

void attach_targets_end(void)
{
	for (int i = 0; i < NR_TYPES; i++) {
		if (module_fds[i] >= 0)
			close(module_fds[i]);
		module_fds[i] = -1;
	}
}
