// SPDX-License-Identifier: GPL-2.0
/* The slowest commands, one by one. */
#include <stdio.h>
#include <string.h>
#include "printable.h"
#include "report.h"

#define SENTENCE_WIDTH 90

/* Breaks @text between words, with @indent before each line. */
static void print_wrapped(const char *text, const char *indent)
{
	while (*text) {
		size_t len = strlen(text), cut = len;

		if (len > SENTENCE_WIDTH)
			for (cut = SENTENCE_WIDTH; cut && text[cut] != ' '; cut--)
				;
		if (!cut)
			cut = len;
		printf("%s%.*s\n", indent, (int)cut, text);
		text += cut;
		text += strspn(text, " ");
	}
}

static struct text who(const struct model_cmd *c)
{
	struct text t = { "" };
	char comm[17] = "";

	memcpy(comm, c->comm, sizeof(c->comm));
	make_printable(comm);
	if (c->tgid)
		snprintf(t.s, sizeof(t.s), "%s (%u)", comm, c->tgid);
	else if (c->pid)
		snprintf(t.s, sizeof(t.s), "task %u", c->pid);
	return t;
}

static void print_slow(const struct analysis *a, unsigned int i)
{
	const struct slow *s = &a->slowest.of[i];
	const struct model_cmd *c = &s->cmd;
	uint64_t end = c->at[STEP_COMPLETE];
	struct text place, kind, sector = { "" };
	char text[400];

	snprintf(place.s, sizeof(place.s), "%.20s %.20s", format_ctrl(s->ctrl).s,
		 report_queue_name(s->qid).s);
	snprintf(kind.s, sizeof(kind.s), "%s %.20s", stats_op_name(stats_op(c)),
		 c->bytes ? format_bytes(c->bytes).s : "");
	if (c->sector != UINT64_MAX && c->bytes)
		snprintf(sector.s, sizeof(sector.s), "sector %" PRIu64 "  ", c->sector);
	printf("%3u. %8s  at %-9s %-11s cid %-5u  %-15s %s%s\n", i + 1, report_ns(s->split.total).s,
	       report_ns(analysis_since_start(a, end - s->split.total)).s, place.s, c->cid, kind.s,
	       sector.s, who(c).s);
	printf("     in blk-mq %s, driver %s, device %s, completion %s; depth %u\n",
	       c->queued ? report_ns(s->split.queue).s : "-", report_ns(s->split.driver).s,
	       report_ns(s->split.device).s, report_ns(s->split.completion).s, c->depth);
	slow_sentence(s, text, sizeof(text));
	print_wrapped(text, "     ");
}

void report_slowest(const struct analysis *a)
{
	if (!a->slowest.nr)
		return;
	printf("\nThe slowest %u, from when blk-mq made them (or, not known, the driver took them)\n",
	       a->slowest.nr);
	for (unsigned int i = 0; i < a->slowest.nr; i++)
		print_slow(a, i);
	printf("  nvmescope timeline --around slowest=N shows the Nth of them among its neighbours\n");
}
