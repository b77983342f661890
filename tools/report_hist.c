// SPDX-License-Identifier: GPL-2.0
/* Tables of level hist: what was counted in the kernel. */
#include <stdio.h>
#include <stdlib.h>
#include "report.h"

/* Whether @r belongs to what is shown as one with @like. */
typedef bool (*same_fn)(const struct hist_row *r, const struct hist_row *like);

static bool same_queue(const struct hist_row *r, const struct hist_row *like)
{
	return r->ctrl == like->ctrl && r->qid == like->qid;
}

static bool same_op(const struct hist_row *r, const struct hist_row *like)
{
	return r->qid && like->qid && r->op == like->op;
}

static bool same_size(const struct hist_row *r, const struct hist_row *like)
{
	return r->qid && like->qid && r->size == like->size;
}

static bool same_kind(const struct hist_row *r, const struct hist_row *like)
{
	return same_op(r, like) && same_size(r, like);
}

static bool all_io(const struct hist_row *r, const struct hist_row *like)
{
	return r->qid && like->qid;
}

/* All rows that are one with row @i together; false: an earlier row was that already. */
static bool sum_rows(const struct analysis *a, unsigned int i, same_fn same, struct hist_row *sum)
{
	const struct hist_tables *t = &a->hist;

	*sum = (struct hist_row){ .ctrl = t->row[i]->ctrl,
				  .qid = t->row[i]->qid,
				  .op = t->row[i]->op,
				  .size = t->row[i]->size };
	for (unsigned int k = 0; k < i; k++)
		if (same(t->row[k], t->row[i]))
			return false;
	for (unsigned int k = i; k < t->nr_rows; k++)
		if (same(t->row[k], t->row[i]))
			hist_row_merge(sum, t->row[k]);
	return true;
}

const char *report_hist_size(const struct hist_row *r)
{
	static const char *const names[HIST_SIZES] = { "4K",  "8K",   "16K",  "32K",
						       "64K", "128K", "256K", ">256K" };

	return r->op <= NVS_HIST_OP_write ? names[r->size] : "-";
}

static void print_rows(const struct analysis *a, const char *title, same_fn same)
{
	struct hist_row sum;
	struct text name;

	report_latency_head(title);
	for (unsigned int i = 0; i < a->hist.nr_rows; i++) {
		struct figures f;

		if ((same != same_queue && !a->hist.row[i]->qid) || !sum_rows(a, i, same, &sum))
			continue;
		f = figures_of_hist(&sum.stage[NVS_STAGE_total]);
		if (same == same_queue)
			snprintf(name.s, sizeof(name.s), "%.20s %.20s", format_ctrl(sum.ctrl).s,
				 report_queue_name(sum.qid).s);
		else if (same == same_size)
			snprintf(name.s, sizeof(name.s), "%s", report_hist_size(&sum));
		else if (same == same_op)
			snprintf(name.s, sizeof(name.s), "%s",
				 nvs_symbol_name(NVS_SET_HIST_OP, sum.op));
		else
			snprintf(name.s, sizeof(name.s), "%-13s%6s",
				 nvs_symbol_name(NVS_SET_HIST_OP, sum.op), report_hist_size(&sum));
		report_latency_row(name.s, sum.bytes, &f);
	}
}

static void print_stages(const struct hist_row *all)
{
	static const char *const names[HIST_STAGES] = { "in blk-mq", "driver", "device",
							"completion", "total" };
	uint64_t total = all->stage[NVS_STAGE_total].sum;

	printf("\n%-20s %8s %10s", "stage, all I/O", "of time", "mean");
	for (unsigned int i = 0; i < NR_FIGURE_QUANTILES; i++)
		printf(" %8s", figure_names[i]);
	printf(" %8s\n", "max");
	for (unsigned int i = 0; i < HIST_STAGES; i++) {
		struct figures f = figures_of_hist(&all->stage[i]);

		if (!f.count)
			continue; /* --no-stages */
		printf("%-20s %8s %10s", names[i], report_percent(all->stage[i].sum, total).s,
		       report_ns(f.mean).s);
		for (unsigned int k = 0; k < NR_FIGURE_QUANTILES; k++)
			printf(" %8s", report_ns(f.quantile[k]).s);
		printf(" %8s\n", report_ns(f.max).s);
	}
}

void report_hist(const struct analysis *a, report_sections by)
{
	const struct hist_tables *t = &a->hist;
	bool op = by & SECTION_BIT(operation), size = by & SECTION_BIT(size);
	struct hist_row sum;

	if (!t->nr_rows)
		return;
	printf("\nCounted in the kernel for %s: percentiles are right to 1/16 (6.25 %%), max is the upper\n"
	       "edge of its bucket; counts, data and means are exact\n",
	       report_ns(t->until - t->since).s);
	if (by & SECTION_BIT(queue))
		print_rows(a, "queue", same_queue);
	for (unsigned int i = 0; (by & SECTION_BIT(stage)) && i < t->nr_rows; i++)
		if (t->row[i]->qid && sum_rows(a, i, all_io, &sum))
			print_stages(&sum);
	if (op && size)
		print_rows(a, "operation      size", same_kind);
	else if (op || size)
		print_rows(a, op ? "operation" : "size", op ? same_op : same_size);
}
