// SPDX-License-Identifier: GPL-2.0
/*
 * Percentile distributions as HdrHistogram prints them (outputPercentileDistribution),
 * one file for each controller and operation.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "export.h"

/* Rows between one halving of the distance to 100 % and the next, as the plotter expects. */
#define TICKS_PER_HALF 5
#define US	       1000.0

static const char *const stage_names[NR_STAGES] = { "queue", "driver", "device", "completion",
						    "total" };

struct hgrm {
	/* By controller, operation and stage; made at first use. */
	struct histogram *of[MODEL_MAX_CTRLS][NR_STATS_OPS + 1];
	uint16_t ctrl[MODEL_MAX_CTRLS];
	unsigned int nr_ctrls;
};
/* Admin commands stand after the operations of stats.h. */
#define OP_ADMIN NR_STATS_OPS

static const char *op_name(unsigned int op)
{
	return op == OP_ADMIN ? "admin" : stats_op_name(op);
}

static struct histogram *histograms(struct export *x, uint16_t ctrl, unsigned int op)
{
	struct hgrm *h = x->own;
	unsigned int i = 0;

	while (i < h->nr_ctrls && h->ctrl[i] != ctrl)
		i++;
	/* The model knows no more controllers than there is room for here. */
	if (i == h->nr_ctrls)
		h->ctrl[h->nr_ctrls++] = ctrl;
	if (!h->of[i][op])
		h->of[i][op] = calloc(NR_STAGES, sizeof(struct histogram));
	if (!h->of[i][op])
		export_no_memory(x);
	return h->of[i][op];
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct export *x = ctx;
	struct model_split split;
	struct histogram *h;

	if (x->files.failed)
		return;
	if (!model_split(c, &split)) {
		x->left_out++;
		return;
	}
	h = histograms(x, q->ctrl, q->qid ? stats_op(c) : OP_ADMIN);
	if (!h)
		return;
	if (c->queued)
		histogram_add(&h[STAGE_QUEUE], split.queue);
	histogram_add(&h[STAGE_DRIVER], split.driver);
	histogram_add(&h[STAGE_DEVICE], split.device);
	histogram_add(&h[STAGE_COMPLETION], split.completion);
	histogram_add(&h[STAGE_TOTAL], split.total);
	x->commands++;
}

/* The largest value that bucket @b stands for: HdrHistogram's rows say "at most". */
static double at_most(const struct histogram *h, unsigned int b)
{
	uint64_t high = histogram_low(b + 1) - 1;

	return (double)(high > h->max ? h->max : high) / US;
}

static void row(struct outfile *f, const struct histogram *h, unsigned int b, double share,
		uint64_t count)
{
	out_printf(f, "%12.3f %12f %12" PRIu64, at_most(h, b), share, count);
	if (share < 1)
		out_printf(f, " %12.2f\n", 1 / (1 - share));
	else
		out_text(f, "          inf\n");
}

/*
 * A row at each bucket that reaches the next level; levels lie five to each halving of
 * what is left to 1: 0, 0.1, ... 0.5, 0.55, ... 0.75, 0.775, ...
 */
static void rows(struct outfile *f, const struct histogram *h)
{
	unsigned int b = 0, halvings = 1, tick = 0;
	uint64_t seen = h->bucket[0];
	double level = 0;

	while (seen < h->count) {
		while (!h->bucket[b] || (double)seen < level * (double)h->count)
			seen += h->bucket[++b];
		if (seen == h->count)
			break;
		row(f, h, b, level, seen);
		level += ldexp(1.0 / TICKS_PER_HALF, -(int)halvings);
		if (++tick == TICKS_PER_HALF) {
			tick = 0;
			level = 1 - ldexp(1, -(int)halvings++);
		}
	}
	row(f, h, histogram_bucket(h->max), 1, h->count);
}

static double deviation(const struct histogram *h)
{
	double mean = histogram_mean(h), sum = 0;

	for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++) {
		double low = (double)histogram_low(b), high = (double)histogram_low(b + 1) - 1;
		double off = (low + high) / 2 - mean;

		if (h->bucket[b])
			sum += off * off * (double)h->bucket[b];
	}
	return sqrt(sum / (double)h->count);
}

static void write_one(struct export *x, const struct histogram *h, uint16_t ctrl, const char *op,
		      const char *stage)
{
	char lacks[2][600];
	unsigned int nr = export_lacks(x, lacks);
	char *path =
		export_path(x, "%s-nvme%u-%s%s%s.hgrm", x->out, ctrl, op, *stage ? "-" : "", stage);
	struct outfile *f = path ? outfile_open(&x->files, path) : NULL;

	free(path);
	if (!f)
		return;
	out_printf(f, "%12s %12s %12s %12s\n\n", "Value", "Percentile", "TotalCount",
		   "1/(1-Percentile)");
	rows(f, h);
	out_printf(f, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", histogram_mean(h) / US,
		   deviation(h) / US);
	out_printf(f, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", (double)h->max / US,
		   h->count);
	out_printf(f, "#[Buckets = %12u, SubBuckets     = %12u]\n",
		   HISTOGRAM_BUCKETS / HISTOGRAM_SUB, HISTOGRAM_SUB);
	out_printf(f, "# nvmescope: nvme%u, %s, %s time in microseconds; a value is at most 1/%u\n",
		   ctrl, op, *stage ? stage : "total", HISTOGRAM_SUB);
	out_text(f, "# (3.1 %) above the true one; mean, maximum and counts are exact.\n");
	for (unsigned int i = 0; i < nr; i++)
		out_printf(f, "# %s\n", lacks[i]);
	outfile_close(f);
}

static int begin(struct export *x)
{
	if (outset_none_there(x->out, ".hgrm", &x->files.err) < 0) {
		x->files.failed = true;
		return -1;
	}
	return export_own(x, sizeof(struct hgrm));
}

static void end(struct export *x)
{
	struct hgrm *h = x->own;

	for (unsigned int i = 0; i < h->nr_ctrls; i++) {
		for (unsigned int op = 0; op <= OP_ADMIN; op++) {
			const struct histogram *of = h->of[i][op];

			if (!of)
				continue;
			write_one(x, &of[STAGE_TOTAL], h->ctrl[i], op_name(op), "");
			for (unsigned int s = 0; x->stages && s < STAGE_TOTAL; s++)
				if (of[s].count)
					write_one(x, &of[s], h->ctrl[i], op_name(op),
						  stage_names[s]);
		}
	}
	if (h->nr_ctrls == 0 && !x->files.failed) {
		x->files.failed = true;
		nvs_fail(&x->files.err,
			 "no command in %s whose every step was seen: nothing to export; "
			 "try --format csv",
			 x->dir);
	}
}

static void hgrm_free(struct export *x)
{
	struct hgrm *h = x->own;

	for (unsigned int i = 0; h && i < h->nr_ctrls; i++)
		for (unsigned int op = 0; op <= OP_ADMIN; op++)
			free(h->of[i][op]);
}

static const struct model_visitor visitor = { .command = on_command };

const struct export_format export_hgrm = {
	.name = "hgrm",
	.visitor = &visitor,
	.begin = begin,
	.end = end,
	.free = hgrm_free,
};
