// SPDX-License-Identifier: GPL-2.0
/* The stock provider: which of its programs have something to attach to on this kernel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "record.h"

#define NR_SOURCES 3

/* What the running kernel and the two modules say of their functions and types. */
struct sources {
	struct btf *btf[NR_SOURCES];
};

static int open_sources(struct sources *s, struct nvs_error *err)
{
	const char *modules[] = { provider_stock.core_module, provider_stock.pci_module };

	s->btf[0] = btf__load_vmlinux_btf();
	if (!s->btf[0])
		return nvs_fail(err,
				"this kernel says nothing of its types (/sys/kernel/btf/vmlinux: "
				"CONFIG_DEBUG_INFO_BTF): its own driver cannot be recorded");
	for (int i = 0; i < 2; i++) {
		s->btf[i + 1] = btf__load_module_btf(modules[i], s->btf[0]);
		if (!s->btf[i + 1])
			return nvs_fail(
				err,
				"this kernel says nothing of module %s's types "
				"(/sys/kernel/btf/%s): its driver cannot be recorded; kernels "
				"from 5.11 on have that if CONFIG_DEBUG_INFO_BTF_MODULES is set",
				modules[i], modules[i]);
	}
	return 0;
}

static void close_sources(struct sources *s)
{
	for (int i = NR_SOURCES; i--;)
		btf__free(s->btf[i]);
}

/* "fexit/nvme_queue_rq": is there a function or a tracepoint of that name? */
static bool is_there(const struct sources *s, const char *section)
{
	const char *name = strchr(section, '/') + 1;
	bool tracepoint = !strncmp(section, "tp_btf/", 7);
	char type[128];

	snprintf(type, sizeof(type), "%s%s", tracepoint ? "btf_trace_" : "", name);
	for (int i = 0; i < NR_SOURCES; i++)
		if (btf__find_by_name_kind(s->btf[i], type,
					   tracepoint ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC) > 0)
			return true;
	return false;
}

/* Without these a recording would be no recording. */
static const struct {
	const char *section, *what;
} needed[] = {
	{ "tp_btf/nvme_setup_cmd", "requests" },
	{ "fexit/nvme_queue_rq", "commands and doorbells" },
	{ "fentry/nvme_irq", "completion entries" },
	{ "fexit/nvme_irq", "completion entries" },
	{ "tp_btf/nvme_complete_rq", "requests' ends" },
};

const char *record_stock_need(const char *section)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!strcmp(section, needed[i].section))
			return needed[i].what;
	return NULL;
}

static int choose(const struct sources *s, struct bpf_program *prog, struct nvs_error *err)
{
	const char *section = bpf_program__section_name(prog);
	const char *what = record_stock_need(section);

	if (is_there(s, section))
		return 0;
	if (what)
		return nvs_fail(err, "this kernel's nvme has no %s: its %s cannot be recorded",
				strchr(section, '/') + 1, what);
	bpf_program__set_autoload(prog, false);
	return 0;
}

int record_stock_choose(struct bpf_object *obj, struct nvs_error *err)
{
	struct sources s = { 0 };
	struct bpf_program *prog;
	int failed = open_sources(&s, err);

	bpf_object__for_each_program(prog, obj)
	{
		if (!failed)
			failed = choose(&s, prog, err);
	}
	close_sources(&s);
	return failed;
}
