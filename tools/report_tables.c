// SPDX-License-Identifier: GPL-2.0
/* Tables of a report for people: queues, stages, operations and sizes. */
#include <stdio.h>
#include "report.h"

struct text report_count(uint64_t n)
{
	struct text t;

	if (n < 100000000)
		snprintf(t.s, sizeof(t.s), "%" PRIu64, n);
	else if (n < 10000000000)
		snprintf(t.s, sizeof(t.s), "%" PRIu64 "k", n / 1000);
	else
		snprintf(t.s, sizeof(t.s), "%" PRIu64 "M", n / 1000000);
	return t;
}

struct text report_ns(uint64_t ns)
{
	return format_ns((double)ns);
}

struct text report_ratio(uint64_t a, uint64_t b)
{
	struct text t = { "-" };

	if (b)
		snprintf(t.s, sizeof(t.s), "%.1f", (double)a / (double)b);
	return t;
}

struct text report_percent(uint64_t a, uint64_t b)
{
	struct text t = { "-" };

	if (b && a && 200 * (double)a < (double)b)
		snprintf(t.s, sizeof(t.s), "<1%%");
	else if (b)
		snprintf(t.s, sizeof(t.s), "%.0f%%", 100 * (double)a / (double)b);
	return t;
}

struct text report_queue_name(unsigned int qid)
{
	struct text t = { "admin" };

	if (qid)
		snprintf(t.s, sizeof(t.s), "q%u", qid);
	return t;
}

void report_latency_head(const char *title)
{
	printf("\n%-20s %8s %10s", title, "commands", "data");
	for (unsigned int i = 0; i < NR_FIGURE_QUANTILES; i++)
		printf(" %8s", figure_names[i]);
	printf(" %8s\n", "max");
}

static void print_quantiles(const struct figures *f)
{
	for (unsigned int i = 0; i < NR_FIGURE_QUANTILES; i++)
		printf(" %8s", f->count ? report_ns(f->quantile[i]).s : "-");
	printf(" %8s\n", f->count ? report_ns(f->max).s : "-");
}

void report_latency_row(const char *name, uint64_t bytes, const struct figures *f)
{
	printf("%-20s %8s %10s", name, report_count(f->count).s, format_bytes(bytes).s);
	print_quantiles(f);
}

/* --- queues -------------------------------------------------------------------------- */

/* A queue that did nothing has no row. */
static bool has_row(const struct analysis *a, const struct model_queue *q)
{
	return q && analysis_wants_queue(a, q->ctrl, q->qid) &&
	       (q->submitted || q->completions || q->irqs || q->polls || q->created || q->done);
}

static uint64_t all_done(const struct analysis *a, const struct model_ctrl *c, unsigned int *nr)
{
	uint64_t done = 0;

	*nr = 0;
	for (unsigned int i = 1; i < c->nr_queues; i++) {
		if (!has_row(a, c->queue[i]))
			continue;
		done += c->queue[i]->done;
		++*nr;
	}
	return done;
}

static void print_queue(const struct analysis *a, const struct model_queue *q, uint64_t done)
{
	const struct queue_stats *s = &a->stats->of_queue[q->index];
	uint64_t looks = q->irqs + q->polls, found = q->irq_found + q->poll_found;

	printf("%-6s %8s %6s %9s %6s %9s %6s %6s %6s %6s %6u %6s\n", report_queue_name(q->qid).s,
	       report_count(q->done).s, q->qid ? report_percent(q->done, done).s : "-",
	       report_count(q->sq_bells).s, report_ratio(q->sq_bell_cmds, q->sq_bells).s,
	       report_count(looks).s, report_ratio(found, looks).s,
	       report_percent(q->poll_found, found).s, report_percent(s->remote, s->ended).s,
	       report_percent(s->sequential, s->accesses).s, q->peak_depth,
	       report_count(q->failed).s);
}

/* One sentence on how evenly the I/O queues share the work. */
static void print_imbalance(const struct analysis *a, const struct model_ctrl *c)
{
	const struct model_queue *most = NULL, *least = NULL;
	unsigned int nr;
	uint64_t done = all_done(a, c, &nr);

	for (unsigned int i = 1; i < c->nr_queues; i++) {
		const struct model_queue *q = c->queue[i];

		if (!has_row(a, q))
			continue;
		if (!most || q->done > most->done)
			most = q;
		if (!least || q->done < least->done)
			least = q;
	}
	if (nr < 2 || !done)
		return;
	printf("  %u I/O queues: the busiest, q%u, has %s times its even share, the idlest, q%u, ",
	       nr, most->qid, report_ratio(most->done * nr, done).s, least->qid);
	printf("%s\n", report_ratio(least->done * nr, done).s);
}

static void print_counters(const struct analysis *a, const struct model_ctrl *c)
{
	unsigned int nr;
	uint64_t done = all_done(a, c, &nr);

	printf("\n%-6s %8s %6s %9s %6s %9s %6s %6s %6s %6s %6s %6s\n", "queue", "commands", "share",
	       "doorbells", "c/db", "looks", "c/look", "polled", "remote", "seq", "depth",
	       "failed");
	for (unsigned int i = 0; i < c->nr_queues; i++)
		if (has_row(a, c->queue[i]))
			print_queue(a, c->queue[i], done);
	print_imbalance(a, c);
	printf("  c/db: commands per doorbell; looks: of the driver at the completion queue, by interrupt or\n"
	       "  polling; c/look: completions each found; remote: submitted on one CPU, ended on another;\n"
	       "  seq: reads and writes next to another of late; depth: most commands at once\n");
}

static void print_latencies(const struct analysis *a, const struct model_ctrl *c)
{
	struct histogram all = { 0 };
	struct figures f;
	uint64_t bytes = 0;

	report_latency_head("latency, in all");
	for (unsigned int i = 0; i < c->nr_queues; i++) {
		const struct latency *l =
			has_row(a, c->queue[i]) ? a->stats->queue[c->queue[i]->index] : NULL;

		if (!l)
			continue;
		f = figures_of(&l->stage[STAGE_TOTAL]);
		report_latency_row(report_queue_name(i).s, l->bytes, &f);
		if (!i)
			continue;
		histogram_merge(&all, &l->stage[STAGE_TOTAL]);
		bytes += l->bytes;
	}
	f = figures_of(&all);
	if (all.count)
		report_latency_row("I/O queues", bytes, &f);
}

static void print_queue_stages(const struct latency *l, unsigned int qid)
{
	printf("%-6s", report_queue_name(qid).s);
	for (unsigned int i = 0; i < STAGE_TOTAL; i++) {
		struct figures f = figures_of(&l->stage[i]);

		printf("   %8s %8s", f.count ? report_ns(f.quantile[0]).s : "-",
		       f.count ? report_ns(f.quantile[2]).s : "-");
	}
	printf("\n");
}

static void print_stages(const struct analysis *a, const struct model_ctrl *c)
{
	static const char *const names[STAGE_TOTAL] = { "in blk-mq", "driver", "device",
							"completion" };

	printf("\n%-6s", "");
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		printf("   %17s", names[i]);
	printf("\n%-6s", "queue");
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		printf("   %8s %8s", "p50", "p99");
	printf("\n");
	for (unsigned int i = 0; i < c->nr_queues; i++)
		if (has_row(a, c->queue[i]) && a->stats->queue[c->queue[i]->index])
			print_queue_stages(a->stats->queue[c->queue[i]->index], i);
}

void report_queues(const struct analysis *a, const struct model_ctrl *c, report_sections by)
{
	if (by & SECTION_BIT(queue)) {
		print_counters(a, c);
		print_latencies(a, c);
	}
	if (by & SECTION_BIT(stage))
		print_stages(a, c);
}

/* --- stages, operations, sizes ------------------------------------------------------- */

void report_stages(const struct analysis *a)
{
	static const char *const names[NR_STAGES] = { "in blk-mq", "driver", "device", "completion",
						      "total" };
	const struct latency *l = a->all;
	uint64_t total = l->stage[STAGE_TOTAL].sum;

	printf("\n%-20s %8s %10s", "stage, all I/O", "of time", "mean");
	for (unsigned int i = 0; i < NR_FIGURE_QUANTILES; i++)
		printf(" %8s", figure_names[i]);
	printf(" %8s\n", "max");
	for (unsigned int i = 0; i < NR_STAGES; i++) {
		struct figures f = figures_of(&l->stage[i]);

		printf("%-20s %8s %10s", names[i],
		       f.count ? report_percent(l->stage[i].sum, total).s : "-",
		       f.count ? report_ns(f.mean).s : "-");
		print_quantiles(&f);
	}
	printf("  in blk-mq: made by it to taken by the driver; driver: to doorbell; device: to completion\n"
	       "  entry seen; completion: to the request's end\n");
}

static void print_sums(const struct analysis *a, bool by_op)
{
	unsigned int rows = by_op ? NR_STATS_OPS : NR_STATS_SIZES;
	unsigned int others = by_op ? NR_STATS_SIZES : NR_STATS_OPS;

	for (unsigned int i = 0; i < rows; i++) {
		struct histogram h = { 0 };
		uint64_t bytes = 0;
		struct figures f;

		for (unsigned int k = 0; k < others; k++) {
			const struct latency *l =
				by_op ? a->stats->kind[i][k] : a->stats->kind[k][i];

			if (!l)
				continue;
			histogram_merge(&h, &l->stage[STAGE_TOTAL]);
			bytes += l->bytes;
		}
		f = figures_of(&h);
		if (h.count)
			report_latency_row(by_op ? stats_op_name(i) : stats_size_name(i), bytes,
					   &f);
	}
}

static void print_kinds(const struct analysis *a)
{
	struct figures f = figures_of(&a->all->stage[STAGE_TOTAL]);
	struct text name;

	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++) {
			const struct latency *l = a->stats->kind[op][size];
			struct figures one;

			if (!l)
				continue;
			one = figures_of(&l->stage[STAGE_TOTAL]);
			snprintf(name.s, sizeof(name.s), "%-13s%6s", stats_op_name(op),
				 stats_size_name(size));
			report_latency_row(name.s, l->bytes, &one);
		}
	report_latency_row("all", a->all->bytes, &f);
}

void report_operations(const struct analysis *a, report_sections by)
{
	bool op = by & SECTION_BIT(operation), size = by & SECTION_BIT(size);

	if (!op && !size)
		return;
	if (!a->all->stage[STAGE_TOTAL].count) {
		printf("\nNo I/O: nothing but the admin queue was used.\n");
		return;
	}
	report_latency_head(op && size ? "operation      size" : op ? "operation" : "size");
	if (op && size)
		print_kinds(a);
	else
		print_sums(a, op);
}
