// SPDX-License-Identifier: GPL-2.0
/* What inspect found, for people. */
#include <string.h>
#include "inspect.h"

static void show_number(FILE *out, int width, long n)
{
	if (n < 0)
		fprintf(out, " %*s", width, "-");
	else
		fprintf(out, " %*ld", width, n);
}

static const char *or_dash(const char *word)
{
	return *word ? word : "-";
}

static void show_queue(FILE *out, const struct inspect_queue *q)
{
	fprintf(out, "  q%-4u %-15s", q->qid, q->kind);
	show_number(out, 5, q->depth ? (long)q->depth : -1);
	fprintf(out, "  %-15s", or_dash(q->cpus));
	show_number(out, 5, q->irq);
	show_number(out, 6, q->vector);
	fprintf(out, "  %s\n", or_dash(q->irq_cpus));
}

static const char *whose(const char *driver)
{
	if (!*driver)
		return "none";
	if (!strcmp(driver, "nvme"))
		return "nvme, the kernel's own";
	return strcmp(driver, "nvmescope") ? driver : "nvmescope, ours";
}

static void show_device(FILE *out, const struct inspect_device *d)
{
	fprintf(out, "%s  %s [%s]  driver: %s\n", *d->name ? d->name : "-", d->address, d->ids,
		whose(d->driver));
	if (!*d->name)
		return;
	fprintf(out, "  %s, serial %s, firmware %s, %s\n", or_dash(d->model), or_dash(d->serial),
		or_dash(d->firmware), or_dash(d->state));
	if (!d->nr_queues)
		return;
	fprintf(out, "  %-5s %-15s %5s  %-15s %5s %6s  %s\n", "queue", "kind", "depth", "CPUs",
		"irq", "vector", "interrupts CPU");
	for (unsigned int i = 0; i < d->nr_queues; i++)
		show_queue(out, &d->queues[i]);
}

static void show_devices(FILE *out, const struct inspect_devices *d)
{
	for (unsigned int i = 0; i < d->nr; i++)
		show_device(out, &d->device[i]);
	if (!d->nr)
		fprintf(out, "No NVMe device on the PCI bus.\n");
	if (d->kinds_hidden)
		fprintf(out, "Not seen: the queues' kinds as blk-mq has them (debugfs: be root); "
			     "what is\n  shown is told by vectors and parameters.\n");
	if (d->irqs_hidden)
		fprintf(out, "Not seen: vectors (/proc/interrupts cannot be read).\n");
}

static void show_found(FILE *out, const struct inspect_level *l)
{
	int column = 0;

	for (unsigned int i = 0; i < l->nr; i++) {
		int n = strlen(l->points[i].section);

		if (l->points[i].state != ATTACH_FOUND)
			continue;
		if (!column || column + 1 + n > 78)
			column =
				fprintf(out, "%s    %s", column ? "\n" : "", l->points[i].section) -
				!!column;
		else
			column += fprintf(out, " %s", l->points[i].section);
	}
	if (column)
		fputc('\n', out);
}

static void show_level(FILE *out, const struct inspect_level *l, bool all)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < l->nr; i++)
		found += l->points[i].state == ATTACH_FOUND;
	fprintf(out, "record --provider %s --level %s: %s%s\n", l->provider, l->level,
		*l->why_not ? "will not work: " : "works", l->why_not);
	if (!l->module_loaded)
		return;
	fprintf(out, "  %u of %u attach points found%s\n", found, l->nr, all && found ? ":" : "");
	if (l->unseen)
		fprintf(out, "  by tracepoints alone; not seen: %s\n", l->unseen);
	if (all)
		show_found(out, l);
	for (unsigned int i = 0; i < l->nr; i++)
		if (l->points[i].state != ATTACH_FOUND)
			fprintf(out, "  %-11s %s\n              lost: %s\n",
				attach_state_name(l->points[i].state), l->points[i].section,
				l->points[i].loss);
}

static void show_kernel(FILE *out, const struct inspect_kernel *k)
{
	static const char *const names[] = { "vmlinux", "nvme_core", "nvme" };

	fprintf(out, "Kernel %s; lockdown: %s; types (BTF):", k->release,
		*k->lockdown ? k->lockdown : "not told");
	for (int i = 0; i < NR_TYPES; i++)
		fprintf(out, "%s %s%s", i ? "," : "", k->types[i] ? "" : "none of ", names[i]);
	fprintf(out, "\n");
	if (!k->sees_traceable)
		fprintf(out, "Not seen: which functions can be traced (tracefs: be root); "
			     "'found' may turn out\n  to be untraceable.\n");
	if (!k->sees_symbols)
		fprintf(out, "Not seen: the kernel's symbols (/proc/kallsyms); 'missing' may be "
			     "'inlined'.\n");
}

void inspect_text(FILE *out, const struct inspect_devices *d, const struct inspect_kernel *k,
		  bool all)
{
	show_devices(out, d);
	fputc('\n', out);
	show_kernel(out, k);
	for (unsigned int i = 0; i < k->nr_levels; i++)
		show_level(out, &k->level[i], all);
}
