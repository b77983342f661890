// SPDX-License-Identifier: GPL-2.0
/* top's rows: what was counted, in an order, as lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format.h"
#include "top.h"

const char *top_sort_name(enum top_sort sort)
{
#define TOP_SORT_NAME(name, text) text,
	static const char *const names[] = { TOP_SORTS(TOP_SORT_NAME) };
#undef TOP_SORT_NAME

	return names[sort];
}

struct top_row *top_row_of(struct top_table *t, uint16_t ctrl, uint16_t qid)
{
	if (t->by_device)
		qid = NVS_NO_CTRL;
	for (unsigned int i = 0; i < t->nr; i++)
		if (t->row[i].ctrl == ctrl && t->row[i].qid == qid)
			return &t->row[i];
	if (t->nr == t->room) {
		unsigned int room = t->room ? 2 * t->room : 16;
		struct top_row *more = realloc(t->row, room * sizeof(*more));

		if (!more)
			return NULL;
		t->row = more;
		t->room = room;
	}
	t->row[t->nr] = (struct top_row){ .ctrl = ctrl, .qid = qid };
	return &t->row[t->nr++];
}

int top_add(struct top_table *t, const struct hist_change *change)
{
	struct top_row *r;

	if ((t->op != TOP_ALL_OPS && change->op != t->op) || (t->by_device && !change->qid))
		return 0;
	r = top_row_of(t, change->ctrl, change->qid);
	if (!r)
		return -1;
	live_add(&r->sums, change);
	return 0;
}

void top_clear(struct top_table *t)
{
	for (unsigned int i = 0; i < t->nr; i++) {
		memset(&t->row[i].sums, 0, sizeof(t->row[i].sums));
		t->row[i].depth = 0;
		t->row[i].bells = t->row[i].irqs = 0;
	}
}

void top_free(struct top_table *t)
{
	free(t->row);
	t->row = NULL;
	t->nr = t->room = 0;
}

/* What a row is sorted by: the greatest first. */
static uint64_t weight(const struct top_table *t, const struct top_row *r)
{
	switch (t->sort) {
	case TOP_BY_iops: return r->sums.count;
	case TOP_BY_bytes: return r->sums.bytes;
	case TOP_BY_depth: return r->depth;
	case TOP_BY_p50: return live_quantile(&r->sums, t->stage, 0.5);
	case TOP_BY_p99: return live_quantile(&r->sums, t->stage, 0.99);
	case TOP_BY_p999: return live_quantile(&r->sums, t->stage, 0.999);
	case TOP_BY_errors: return r->sums.failed;
	default: return 0;
	}
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct top_row *r = a, *s = b;
	const struct top_table *t = ctx;
	uint64_t of_r = weight(t, r), of_s = weight(t, s);
	int order = of_r == of_s ? 0 : of_r > of_s ? -1 : 1;

	if (!order)
		order = r->ctrl != s->ctrl ? (r->ctrl > s->ctrl ? 1 : -1)
					   : (r->qid > s->qid) - (r->qid < s->qid);
	return t->reverse ? -order : order;
}

void top_sort(struct top_table *t)
{
	if (t->nr)
		qsort_r(t->row, t->nr, sizeof(*t->row), compare, t);
}

void top_header(const struct top_table *t, bool wide, char line[TOP_LINE_MAX])
{
	int n = snprintf(line, TOP_LINE_MAX, "%-6s %-5s %8s %8s %5s %5s %5s %6s %7s %7s %7s",
			 "device", t->by_device ? "" : "queue", "IOPS", "MB/s", "depth", "c/db",
			 "c/irq", "errors", "p50", "p99", "p99.9");

	if (wide)
		snprintf(line + n, TOP_LINE_MAX - n, " %7s %7s %7s %7s", "queue99", "drv99",
			 "dev99", "compl99");
}

/* How many @n on average for each of @by; "-" where that is not told, or there was none */
static struct text ratio(uint64_t n, uint64_t by)
{
	struct text text = { "-" };

	if (by && by != TOP_NOT_TOLD)
		snprintf(text.s, sizeof(text.s), "%.1f", (double)n / by);
	return text;
}

static struct text latency(const struct live_sums *s, unsigned int stage, double q)
{
	struct text text = { "-" };

	return s->requests[stage] ? format_ns(live_quantile(s, stage, q)) : text;
}

void top_line(const struct top_table *t, const struct top_row *r, bool wide,
	      char line[TOP_LINE_MAX])
{
	double seconds = t->span_ns ? t->span_ns / 1e9 : 1;
	const struct live_sums *s = &r->sums;
	char device[16], queue[16] = "";
	int n;

	snprintf(device, sizeof(device), "%.8s%u", t->prefix, r->ctrl);
	if (!t->by_device)
		snprintf(queue, sizeof(queue), "q%u%s", r->qid, r->polled && r->qid ? "p" : "");
	n = snprintf(line, TOP_LINE_MAX, "%-6s %-5s %8.0f %8.1f %5u %5s %5s %6llu %7s %7s %7s",
		     device, queue, s->count / seconds, s->bytes / seconds / 1e6, r->depth,
		     ratio(s->count, r->bells).s, ratio(s->count, r->irqs).s,
		     (unsigned long long)s->failed, latency(s, t->stage, 0.5).s,
		     latency(s, t->stage, 0.99).s, latency(s, t->stage, 0.999).s);
	if (wide)
		snprintf(line + n, TOP_LINE_MAX - n, " %7s %7s %7s %7s",
			 latency(s, NVS_STAGE_queue, 0.99).s, latency(s, NVS_STAGE_driver, 0.99).s,
			 latency(s, NVS_STAGE_device, 0.99).s,
			 latency(s, NVS_STAGE_completion, 0.99).s);
}
