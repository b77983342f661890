// SPDX-License-Identifier: GPL-2.0
/* What of a driver's attach points is there on this kernel, and what is lost without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>
#include "attach.h"

/* Of the kernel's own driver.  Without those that are needed a recording would be none. */
static const struct {
	const char *section;
	bool needed;
	const char *what;
} losses[] = {
	{ "tp_btf/nvme_setup_cmd", true, "requests" },
	{ "raw_tp/nvme_setup_cmd", true, "requests" },
	{ "fexit/nvme_queue_rq", true, "commands and doorbells" },
	{ "fentry/nvme_irq", true, "completion entries" },
	{ "fexit/nvme_irq", true, "completion entries" },
	{ "tp_btf/nvme_complete_rq", true, "requests' ends" },
	{ "raw_tp/nvme_complete_rq", true, "requests' ends" },
	{ "tp/nvme/nvme_complete_rq", true, "requests' status and result" },
	{ "raw_tp/nvme_sq", false, "completion entries, with the SQ head in them" },
	{ "fexit/nvme_queue_rqs", false, "doorbells of lists of requests are told of late" },
	{ "fexit/nvme_commit_rqs", false, "doorbells after the last of several are told of late" },
	{ "fexit/nvme_pci_submit_async_event", false, "event requests are told of late" },
	{ "fexit/nvme_poll", false, "completion entries of polled queues" },
	{ "tp_btf/block_rq_error", false, "failures, with --no-stages" },
	{ "tp_btf/irq_handler_entry", true, "looks at a queue by an interrupt" },
	{ "tp_btf/irq_handler_exit", true, "completion entries" },
	{ "fentry/nvme_poll", false, "looks at polled queues" },
	{ "fentry/nvme_complete_rq", true, "the status of requests that fail" },
	{ "fentry/nvme_init_hctx", false, "a new queue where another was" },
	{ "fentry/nvme_admin_init_hctx", false, "a new queue where another was" },
	{ "fentry/nvme_dev_disable", false, "looks at a queue that is torn down" },
	{ "fentry/nvme_poll_irqdisable", false, "looks at a queue by a timeout" },
	{ "fexit/nvme_poll_irqdisable", false, "looks at a queue by a timeout" },
	{ "fexit/nvme_init_ctrl", false, "which device a new controller is" },
	{ "fentry/nvme_change_ctrl_state", false, "controller states" },
	{ "fexit/nvme_change_ctrl_state", false, "controller states" },
	{ "fexit/nvme_init_queue", false, "queues made; those made anew after a reset" },
	{ "fexit/nvme_timeout", false, "timeouts" },
	{ "fexit/nvme_reset_ctrl", false, "resets asked for" },
	{ "fentry/nvme_complete_async_event", false, "asynchronous events" },
	{ "fexit/nvme_dev_disable", false, "completions taken in while a queue is torn down" },
};

const char *attach_state_name(enum attach_state state)
{
	static const char *const names[] = {
		[ATTACH_FOUND] = "found",
		[ATTACH_UNTRACEABLE] = "untraceable",
		[ATTACH_UNDESCRIBED] = "undescribed",
		[ATTACH_INLINED] = "inlined",
		[ATTACH_MISSING] = "missing",
	};

	return names[state];
}

void attach_open(struct attach_sources *s, const char *core_module, const char *pci_module)
{
	*s = (struct attach_sources){ .module = { "vmlinux", core_module, pci_module } };
	s->btf[TYPES_VMLINUX] = btf__load_vmlinux_btf();
	for (int i = TYPES_CORE; s->btf[TYPES_VMLINUX] && i < NR_TYPES; i++)
		s->btf[i] = btf__load_module_btf(s->module[i], s->btf[TYPES_VMLINUX]);
}

static void add_name(struct names *n, const char *name)
{
	char *copy = strdup(name);

	if (copy && n->nr == n->room) {
		size_t room = n->room ? 2 * n->room : 256;
		char **more = realloc(n->name, room * sizeof(*more));

		if (!more) {
			free(copy);
			return;
		}
		n->name = more;
		n->room = room;
	}
	if (copy)
		n->name[n->nr++] = copy;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_name(const struct names *n, const char *name)
{
	return n->nr && bsearch(&name, n->name, n->nr, sizeof(*n->name), compare);
}

static void free_names(struct names *n)
{
	while (n->nr)
		free(n->name[--n->nr]);
	free(n->name);
	*n = (struct names){ 0 };
}

/* Is @bracketed, "[nvme]", one of the two modules? */
static bool is_ours(const struct attach_sources *s, const char *bracketed)
{
	for (int i = TYPES_CORE; i < NR_TYPES; i++) {
		size_t n = strlen(s->module[i]);

		if (*bracketed == '[' && !strncmp(bracketed + 1, s->module[i], n) &&
		    bracketed[n + 1] == ']')
			return true;
	}
	return false;
}

/* Lines of "ADDRESS TYPE NAME [MODULE]", or, without @address, of "NAME [MODULE]". */
static bool read_names(const struct attach_sources *s, struct names *n, const char *path,
		       bool address)
{
	char line[1024], name[512], module[128];
	FILE *f = fopen(path, "r");
	bool any = false;

	while (f && fgets(line, sizeof(line), f)) {
		int got =
			sscanf(line, address ? "%*s %*s %511s %127s" : "%511s %127s", name, module);
		any = true;

		if ((got == 2 && is_ours(s, module)) ||
		    (got >= 1 && address && !strncmp(name, "__tracepoint_", 13)))
			add_name(n, name);
	}
	if (f)
		fclose(f);
	if (n->nr)
		qsort(n->name, n->nr, sizeof(*n->name), compare);
	return any;
}

void attach_open_names(struct attach_sources *s, const char *kallsyms, const char *traceable)
{
	s->symbols_read = read_names(s, &s->symbols, kallsyms, true);
	s->traceable_read = read_names(s, &s->traceable, traceable, false);
}

void attach_close(struct attach_sources *s)
{
	for (int i = NR_TYPES; i--;)
		btf__free(s->btf[i]);
	free_names(&s->symbols);
	free_names(&s->traceable);
}

/* Among a module's own types alone: the kernel itself has a hundred times as many. 0: none. */
static int find_in_module(const struct attach_sources *s, struct btf *btf, const char *name,
			  unsigned int kind)
{
	for (unsigned int i = btf__type_cnt(s->btf[TYPES_VMLINUX]); i < btf__type_cnt(btf); i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);

		if (btf_kind(t) == kind && !strcmp(btf__name_by_offset(btf, t->name_off), name))
			return (int)i;
	}
	return 0;
}

/* The number of a type, and whose it is; 0: nobody describes it. */
static int find_type(const struct attach_sources *s, const char *name, unsigned int kind,
		     enum attach_types *where)
{
	int id;

	for (*where = TYPES_CORE; *where < NR_TYPES; ++*where) {
		id = s->btf[*where] ? find_in_module(s, s->btf[*where], name, kind) : 0;
		if (id)
			return id;
	}
	*where = TYPES_VMLINUX;
	if (!s->btf[TYPES_VMLINUX])
		return 0;
	id = btf__find_by_name_kind(s->btf[TYPES_VMLINUX], name, kind);
	return id > 0 ? id : 0;
}

static bool is_described(const struct attach_sources *s, const char *name, unsigned int kind)
{
	enum attach_types where;

	return find_type(s, name, kind, &where);
}

int attach_type_id(const struct attach_sources *s, const char *section, enum attach_types *where)
{
	const char *slash = strchr(section, '/');
	char type[128];

	if (!slash)
		return 0;
	if (strncmp(section, "tp_btf/", 7))
		return find_type(s, slash + 1, BTF_KIND_FUNC, where);
	snprintf(type, sizeof(type), "btf_trace_%s", slash + 1);
	return find_type(s, type, BTF_KIND_TYPEDEF, where);
}

/* "nvme_init_queue.part.0", ".isra.0", ".constprop.0": what the compiler left of it */
static bool is_in_pieces(const struct attach_sources *s, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < s->symbols.nr; i++)
		if (!strncmp(s->symbols.name[i], name, n) && s->symbols.name[i][n] == '.')
			return true;
	return false;
}

static enum attach_state find_function(const struct attach_sources *s, const char *name)
{
	if (is_described(s, name, BTF_KIND_FUNC))
		return s->traceable_read && !has_name(&s->traceable, name) ? ATTACH_UNTRACEABLE
									   : ATTACH_FOUND;
	if (has_name(&s->symbols, name))
		return ATTACH_UNDESCRIBED;
	return is_in_pieces(s, name) ? ATTACH_INLINED : ATTACH_MISSING;
}

/* raw_tp goes by the name alone, tp_btf by its types. */
static enum attach_state find_tracepoint(const struct attach_sources *s, const char *name,
					 bool typed)
{
	char type[128], symbol[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	snprintf(symbol, sizeof(symbol), "__tracepoint_%s", name);
	if (is_described(s, type, BTF_KIND_TYPEDEF))
		return ATTACH_FOUND;
	if (!has_name(&s->symbols, symbol))
		return ATTACH_MISSING;
	return typed ? ATTACH_UNDESCRIBED : ATTACH_FOUND;
}

enum attach_state attach_find(const struct attach_sources *s, const char *section)
{
	const char *name = strrchr(section, '/');

	name = name ? name + 1 : section;
	if (!strncmp(section, "tp_btf/", 7))
		return find_tracepoint(s, name, true);
	if (!strncmp(section, "raw_tp", 6) || !strncmp(section, "tp/", 3))
		return find_tracepoint(s, name, false);
	return find_function(s, name);
}

static int loss_of(const char *section)
{
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if (!strcmp(section, losses[i].section))
			return i;
	return -1;
}

const char *attach_need(const char *section)
{
	int i = loss_of(section);

	return i >= 0 && losses[i].needed ? losses[i].what : NULL;
}

/* Programs that tell of phases are called begin_FUNCTION and end_FUNCTION. */
const char *attach_loss(const char *section, const char *program, char *buf, size_t size)
{
	const char *name = strrchr(section, '/');
	int i = loss_of(section);

	name = name ? name + 1 : section;
	if (!strncmp(program, "begin_", 6) || !strncmp(program, "end_", 4))
		snprintf(buf, size, "phase %s", name);
	else if (i >= 0)
		return losses[i].what;
	else
		snprintf(buf, size, "event %s", strncmp(name, "nvs_", 4) ? name : name + 4);
	return buf;
}
