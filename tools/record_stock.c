// SPDX-License-Identifier: GPL-2.0
/* The stock provider: which of its programs have something to attach to on this kernel. */
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "again.h"
#include "attach.h"
#include "level_load.h"
#include "record.h"

static bool is_module(void)
{
	return !access("/sys/kernel/btf/nvme", F_OK);
}

int record_stock_types(const struct attach_sources *s, struct nvs_error *err)
{
	if (!s->btf[TYPES_VMLINUX])
		return nvs_fail(err,
				"this kernel says nothing of its types (/sys/kernel/btf/vmlinux: "
				"CONFIG_DEBUG_INFO_BTF): its own driver cannot be recorded");
	if (attach_find(s, "fexit/nvme_queue_rq") != ATTACH_FOUND)
		return 1;
	/* Built in, its functions are among the kernel's. */
	if (record_priv_admin() || !is_module())
		return 0;
	complain("without CAP_SYS_ADMIN (which is given up again) the kernel tells nothing of its "
		 "modules' types: only what their tracepoints tell is recorded, no doorbells");
	return 1;
}

bool record_stock_on_io_path(const char *section)
{
	static const char *const functions[] = { "nvme_queue_rq",   "nvme_queue_rqs",
						 "nvme_commit_rqs", "nvme_irq",
						 "nvme_poll",	    "nvme_complete_rq" };
	const char *slash = strchr(section, '/'), *name = slash ? slash + 1 : section;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!strcmp(name, functions[i]))
			return true;
	return !slash || strncmp(section, "f", 1);
}

/* The type came with tracepoints that leave preemption on. */
static bool is_preemptible(const struct attach_sources *s)
{
	const struct btf *btf = s->btf[TYPES_VMLINUX];

	return btf__find_by_name_kind(btf, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF) > 0 &&
	       btf__find_by_name_kind(btf, "bpf_preempt_disable", BTF_KIND_FUNC) > 0;
}

bool record_stock_is_again(const struct bpf_program *prog)
{
	const char *name = bpf_program__name(prog), *last = strrchr(name, '_');

	return last && !strcmp(last, AGAIN_SUFFIX);
}

/* Is @word in the first line of @path? */
static bool says(const char *path, const char *word)
{
	char line[4096];
	FILE *f = fopen(path, "r");
	bool said = false;

	if (f && fgets(line, sizeof(line), f))
		for (char *w = strtok(line, " \n"); w && !said; w = strtok(NULL, " \n"))
			said = !strcmp(w, word);
	if (f)
		fclose(f);
	return said;
}

/* Does a thread call the driver's function, and not the interrupt? */
static bool are_irqs_threads(void)
{
	return level_parameter(&provider_stock, "use_threaded_interrupts", 0) ||
	       says("/proc/cmdline", "threadirqs") || says("/proc/version", "PREEMPT_RT");
}

/* Of the two ways to see an interrupt's beginning and end (bpf/stock_complete.h), the other? */
bool record_stock_is_other_way(const struct bpf_program *prog)
{
	const char *name = bpf_program__name(prog);

	if (strncmp(name, "on_irq", 6))
		return false;
	return !strstr(name, "_in_thread") == are_irqs_threads();
}

/* How often the kernel did not run a program, because it ran already. */
static uint64_t times_missed(int prog_fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (prog_fd < 0 || bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return 0;
	return info.recursion_misses;
}

uint64_t record_stock_missed(const char *section, int prog_fd, int again_fd, const uint64_t *caught)
{
	static const char *const sections[NR_AGAIN] = {
		[AGAIN_setup] = "tp_btf/nvme_setup_cmd",
		[AGAIN_queue_rq] = "fexit/nvme_queue_rq",
		[AGAIN_queue_rqs] = "fexit/nvme_queue_rqs",
		[AGAIN_complete] = "tp_btf/nvme_complete_rq",
	};
	uint64_t missed = times_missed(prog_fd), again = times_missed(again_fd);

	if (again_fd < 0 || !caught)
		return missed;
	for (int i = 0; i < NR_AGAIN; i++)
		if (!strcmp(section, sections[i]))
			missed -= missed < caught[i] ? missed : caught[i];
	return missed < again ? missed : again;
}

int record_stock_choose_one(const struct attach_sources *s, struct bpf_program *prog,
			    struct nvs_error *err)
{
	const char *section = bpf_program__section_name(prog);
	const char *what = attach_need(section);

	if ((record_stock_is_again(prog) && !is_preemptible(s)) ||
	    record_stock_is_other_way(prog)) {
		bpf_program__set_autoload(prog, false);
		return 0;
	}
	if (attach_find(s, section) == ATTACH_FOUND) {
		attach_target(s, section);
		return 0;
	}
	if (what)
		return nvs_fail(err, "this kernel's nvme has no %s: its %s cannot be recorded",
				strchr(section, '/') + 1, what);
	bpf_program__set_autoload(prog, false);
	return 0;
}

int record_stock_choose(struct bpf_object *obj, struct stock_kernel *kernel, struct nvs_error *err)
{
	struct attach_sources s;
	struct bpf_program *prog;
	int failed;

	attach_open(&s, provider_stock.core_module, provider_stock.pci_module);
	failed = record_stock_types(&s, err);
	*kernel = (struct stock_kernel){ .preemptible = !failed && is_preemptible(&s) };
	bpf_object__for_each_program(prog, obj)
	{
		if (!failed)
			failed = record_stock_choose_one(&s, prog, err);
	}
	attach_close(&s);
	return failed;
}
