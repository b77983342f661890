// SPDX-License-Identifier: GPL-2.0
/* The walkthrough for the terminal: a step to a line, and why it is there below it. */
#include <stdio.h>
#include "format.h"
#include "walkthrough.h"

static const char *symbol_of_phase(unsigned int phase)
{
	return nvs_symbol_name(NVS_SET_PHASE, phase);
}

/* Where it is done: "pci_reset.c:112 write_admin_queue()"; empty: not known. */
static void write_place(struct outfile *f, const struct walk_page *p, const struct walk *w,
			const struct walk_fact *fact, uint32_t step)
{
	const struct nvs_hdr *h = w->steps[step].hdr;
	const char *name = fact->function;
	const struct source_function *at;
	int number;

	if (!name && (h->id == NVS_ID_phase_begin || h->id == NVS_ID_phase_end))
		name = symbol_of_phase(((const struct nvs_phase_begin *)(const void *)h)->phase);
	number = w->stock || !name ? -1 : sources_find(p->sources, name);
	if (number < 0)
		return;
	at = &p->sources->function[number];
	out_printf(f, "  [%s:%u %s()]", at->file, source_line(at, fact->line), name);
}

static void write_why(struct outfile *f, const struct walk_page *p, const struct walk *w,
		      uint32_t step)
{
	const struct walk_step *s = &w->steps[step];
	const struct walk_fact *fact = s->fact >= 0 ? walk_fact((unsigned int)s->fact) : NULL;

	if (!fact)
		return;
	out_printf(f, "%25s%s", "", p->chinese ? fact->zh : fact->en);
	if (fact->section)
		out_printf(f, " (%s)", fact->section);
	write_place(f, p, w, fact, step);
	out_text(f, "\n");
}

static void write_walk(struct outfile *f, const struct walk_page *p, const struct walk *w)
{
	unsigned int nr;
	const struct model_phase *phases = model_phases(w->model, &nr);
	char text[512];
	int32_t why = -1;

	out_printf(f, "%s: %u steps\n", w->dir, w->nr_steps);
	if (w->left_out)
		out_printf(f,
			   p->chinese ? "省略了 %llu 个 I/O 步骤\n"
				      : "%llu steps of I/O are left out\n",
			   (unsigned long long)w->left_out);
	if (w->stock)
		out_text(
			f,
			p->chinese
				? "内核自带驱动的记录：没有源代码行，也没有寄存器访问\n"
				: "Of the kernel's own driver: no lines of source, no register accesses\n");
	for (uint32_t i = 0; i < w->nr_steps; i++) {
		const struct walk_step *s = &w->steps[i];
		unsigned int depth = s->phase >= 0 ? phases[s->phase].level : 0;

		depth += s->phase >= 0 && s->hdr->id != NVS_ID_phase_begin &&
			 s->hdr->id != NVS_ID_phase_end;
		walk_describe(w, i, p->chinese, text, sizeof(text));
		out_printf(f, "%6u %9s  %-12s %*s%s\n", i + 1, format_ns((double)walk_time(w, i)).s,
			   walk_lane_name(w, s->lane, p->chinese).s, (int)(2 * depth), "", text);
		if (s->fact != why)
			write_why(f, p, w, i);
		why = s->fact;
	}
}

static void write_side(struct outfile *f, const struct walk_difference *d, unsigned int i,
		       bool chinese)
{
	if (d->step[i] >= 0)
		out_printf(f, " %c #%d: %s", 'A' + (int)i, d->step[i] + 1, d->what[i][chinese]);
	else
		out_printf(f, " %c: %s", 'A' + (int)i, chinese ? "没有更多步骤" : "nothing more");
	out_text(f, i ? "\n" : chinese ? "；" : ";");
}

static void write_difference(struct outfile *f, const struct walk_page *p)
{
	const struct walk_difference *d = p->d;

	if (!d->any) {
		out_text(
			f,
			p->chinese
				? "没有差异：阶段、状态、寄存器、队列、管理命令和命名空间都相同\n"
				: "No difference: phases, states, registers, queues, admin commands "
				  "and namespaces are the same\n");
		return;
	}
	out_printf(f, p->chinese ? "第一处差异（%s）：" : "First difference, in %s:",
		   walk_lane_name(p->walk[0], d->lane, p->chinese).s);
	write_side(f, d, 0, p->chinese);
	write_side(f, d, 1, p->chinese);
}

void walk_write_text(struct outfile *f, const struct walk_page *p)
{
	for (unsigned int i = 0; i < p->nr; i++) {
		if (i)
			out_text(f, "\n");
		write_walk(f, p, p->walk[i]);
	}
	if (p->d) {
		out_text(f, "\n");
		write_difference(f, p);
	}
}
