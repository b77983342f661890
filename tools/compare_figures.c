// SPDX-License-Identifier: GPL-2.0
/* What one run is worth: each figure that two sets of runs are compared by, out of its recording. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "compare.h"
#include "figures.h"

/* What the queues of one class did together. */
struct class_sums {
	uint64_t bells, bell_commands, cq_bells, completions, irqs, irq_found, polls, poll_found;
	uint64_t failed, timeouts, done, ended, remote, depth, commands;
	bool used;
};

struct extraction {
	struct compare_run *run;
	struct analysis a;
	struct compare_cell *cell[NR_CLASSES][NR_STATS_OPS + 1][NR_COMPARE_SIZES];
	struct class_sums of[NR_CLASSES];
	uint8_t class[MODEL_MAX_QUEUES]; /* by model_queue.index: class + 1; 0: not asked yet */
};

const char *compare_class_name(unsigned int class)
{
#define CLASS_NAME(name) #name,
	static const char *const names[] = { COMPARE_CLASSES(CLASS_NAME) };
#undef CLASS_NAME

	return class < NR_CLASSES ? names[class] : "all";
}

/* --- classes of queues --------------------------------------------------------------- */

/* @list is as record_env writes it: "admin 0, default 1-2, poll 3". */
static bool class_listed(const char *list, unsigned int qid, unsigned int *class)
{
	for (const char *item = list; item && *item;) {
		unsigned int first, last;
		char name[16];
		int n = sscanf(item, "%15[a-z] %u-%u", name, &first, &last);

		if (n == 2)
			last = first;
		for (*class = 0; n >= 2 && *class < NR_CLASSES; ++*class)
			if (!strcmp(name, compare_class_name(*class)) && qid >= first &&
			    qid <= last)
				return true;
		item = strchr(item, ',');
		item = item ? item + 2 : NULL;
	}
	return false;
}

/* Where it was not recorded: a queue that is polled and never interrupts is one to be polled. */
static unsigned int class_seen(const struct model_queue *q)
{
	return q->poll_found && !q->irq_found ? CLASS_poll : CLASS_default;
}

/* NR_CLASSES: the recording does not say. */
static unsigned int class_said(const struct extraction *x, unsigned int qid)
{
	unsigned int class;

	if (!qid)
		return CLASS_admin;
	if (class_listed(recording_env(x->a.recording, "queue_classes"), qid, &class))
		return class;
	return NR_CLASSES;
}

static unsigned int class_of(struct extraction *x, const struct model_queue *q)
{
	uint8_t *known = &x->class[q->index];

	if (!*known)
		*known = (uint8_t)(class_said(x, q->qid) + 1);
	return *known > NR_CLASSES ? class_seen(q) : *known - 1u;
}

/* --- latencies ----------------------------------------------------------------------- */

static struct compare_cell *cell_of(struct extraction *x, unsigned int class, unsigned int op,
				    unsigned int size)
{
	struct compare_cell **cell = &x->cell[class][op][size];

	if (!*cell) {
		*cell = calloc(1, sizeof(**cell));
		x->run->no_memory |= !*cell;
		if (*cell)
			(*cell)->key = (struct compare_key){ .section = SECTION_LATENCY,
							     .class = (uint16_t) class,
							     .op = (uint16_t)op,
							     .size = (uint16_t)size };
	}
	return *cell;
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct extraction *x = ctx;
	unsigned int class = class_of(x, q);
	uint64_t first = c->queued ? c->queued : c->at[STEP_START];
	struct compare_cell *cell;
	struct model_split s;

	x->of[class].depth += c->depth;
	x->of[class].commands++;
	if (!model_split(c, &s)) {
		x->run->incomplete++;
		return;
	}
	cell = cell_of(x, class, q->qid ? stats_op(c) : COMPARE_OP_ANY,
		       q->qid ? stats_size(c->bytes) : 0);
	if (!cell)
		return;
	if (!cell->first || first < cell->first)
		cell->first = first;
	if (c->at[STEP_COMPLETE] > cell->last)
		cell->last = c->at[STEP_COMPLETE];
	if (c->queued)
		histogram_add(&cell->stage[STAGE_QUEUE], s.queue);
	/* Where doorbells are not seen, the one ends and the other begins nobody knows when. */
	if (c->at[STEP_SQ_BELL]) {
		histogram_add(&cell->stage[STAGE_DRIVER], s.driver);
		histogram_add(&cell->stage[STAGE_DEVICE], s.device);
	}
	histogram_add(&cell->stage[STAGE_COMPLETION], s.completion);
	histogram_add(&cell->stage[STAGE_TOTAL], s.total);
}

/* --- values -------------------------------------------------------------------------- */

static void put_value(struct extraction *x, struct compare_key key, unsigned int figure,
		      double value)
{
	struct compare_run *run = x->run;

	key.figure = (uint16_t)figure;
	if (run->nr_values == run->max_values) {
		unsigned int max = run->max_values ? 2 * run->max_values : 128;
		void *bigger = realloc(run->value, max * sizeof(*run->value));

		run->no_memory |= !bigger;
		if (!bigger)
			return;
		run->value = bigger;
		run->max_values = max;
	}
	run->value[run->nr_values++] = (struct compare_value){ key, value };
}

/* Of too few commands a quantile is but their greatest. */
static void put_times(struct extraction *x, struct compare_key key, const struct figures *f,
		      double mean)
{
	if (!f->count)
		return;
	put_value(x, key, FIGURE_mean, mean);
	put_value(x, key, FIGURE_p50, (double)f->quantile[0]);
	if (f->count >= 100)
		put_value(x, key, FIGURE_p99, (double)f->quantile[2]);
	if (f->count >= 1000)
		put_value(x, key, FIGURE_p999, (double)f->quantile[3]);
}

static void put_rate(struct extraction *x, struct compare_key key, uint64_t count, uint64_t ns)
{
	key.section = SECTION_RATE;
	if (!ns || key.class == CLASS_admin)
		return;
	put_value(x, key, FIGURE_iops, 1e9 * (double)count / (double)ns);
}

static void put_cell(struct extraction *x, const struct compare_cell *cell)
{
	struct compare_key key = cell->key;

	for (unsigned int i = 0; i < NR_STAGES; i++) {
		struct figures f = figures_of(&cell->stage[i]);

		key.stage = (uint16_t)i;
		put_times(x, key, &f, histogram_mean(&cell->stage[i]));
	}
	key.stage = 0;
	put_rate(x, key, cell->stage[STAGE_TOTAL].count, cell->last - cell->first);
}

/* Level hist: rows of one class, operation and size together; histograms for pictures. */
static void put_hist_row(struct extraction *x, struct compare_key key, const struct hist_row *r,
			 struct compare_cell *cell)
{
	for (unsigned int i = 0; i < HIST_STAGES; i++) {
		struct figures f = figures_of_hist(&r->stage[i]);

		key.stage = (uint16_t)i;
		put_times(x, key, &f, f.count ? (double)r->stage[i].sum / (double)f.count : 0);
		for (unsigned int b = 0; b < HIST_BUCKETS; b++) {
			struct histogram h = { .count = r->stage[i].bucket[b] };

			if (!h.count)
				continue;
			h.min = h.max = (hist_low(b) + hist_low(b + 1)) / 2;
			h.sum = h.min * h.count;
			h.bucket[histogram_bucket(h.min)] = h.count;
			histogram_merge(&cell->stage[i], &h);
		}
	}
	key.stage = 0;
	put_rate(x, key, r->stage[NVS_STAGE_total].count, x->a.hist.until - x->a.hist.since);
}

static unsigned int hist_class(struct extraction *x, unsigned int qid)
{
	unsigned int class = class_said(x, qid);

	return class == NR_CLASSES ? CLASS_default : class;
}

static unsigned int hist_size(const struct hist_row *r)
{
	if (r->op > NVS_HIST_OP_write)
		return 0;
	return r->size == NVS_HIST_SIZE_larger ? COMPARE_SIZE_LARGER : r->size + 1u;
}

static void put_hist(struct extraction *x)
{
	const struct hist_tables *t = &x->a.hist;
	struct hist_row *sums[NR_CLASSES][NR_STATS_OPS + 1][NR_COMPARE_SIZES] = { 0 };

	for (unsigned int i = 0; i < t->nr_rows; i++) {
		const struct hist_row *r = t->row[i];
		unsigned int class = hist_class(x, r->qid), op = r->qid ? r->op : COMPARE_OP_ANY;
		struct hist_row **sum = &sums[class][op][r->qid ? hist_size(r) : 0];

		if (!*sum)
			*sum = calloc(1, sizeof(**sum));
		x->run->no_memory |= !*sum;
		if (*sum)
			hist_row_merge(*sum, r);
		x->run->commands += r->qid ? r->stage[NVS_STAGE_total].count : 0;
		x->of[class].failed += r->failed;
		x->of[class].used = true;
	}
	for (unsigned int c = 0; c < NR_CLASSES; c++)
		for (unsigned int op = 0; op <= NR_STATS_OPS; op++)
			for (unsigned int s = 0; s < NR_COMPARE_SIZES; s++) {
				struct compare_cell *cell;

				if (!sums[c][op][s])
					continue;
				cell = cell_of(x, c, op, s);
				if (cell)
					put_hist_row(x, cell->key, sums[c][op][s], cell);
				free(sums[c][op][s]);
			}
}

static void put_latencies(struct extraction *x)
{
	if (x->a.hist.nr_rows) {
		put_hist(x);
		return;
	}
	for (unsigned int c = 0; c < NR_CLASSES; c++)
		for (unsigned int op = 0; op <= NR_STATS_OPS; op++)
			for (unsigned int s = 0; s < NR_COMPARE_SIZES; s++)
				if (x->cell[c][op][s])
					put_cell(x, x->cell[c][op][s]);
}

/* --- queues -------------------------------------------------------------------------- */

static void sum_queue(struct extraction *x, const struct model_queue *q)
{
	const struct queue_stats *s = &x->a.stats->of_queue[q->index];
	struct class_sums *of = &x->of[class_of(x, q)];

	of->used = true;
	of->bells += q->sq_bells;
	of->bell_commands += q->sq_bell_cmds;
	of->cq_bells += q->cq_bells;
	of->completions += q->completions;
	of->irqs += q->irqs;
	of->irq_found += q->irq_found;
	of->polls += q->polls;
	of->poll_found += q->poll_found;
	of->failed += q->failed;
	of->timeouts += q->timeouts;
	of->done += q->done;
	of->ended += s->ended;
	of->remote += s->remote;
	x->run->commands += q->qid ? q->done : 0;
}

static void put_ratio(struct extraction *x, struct compare_key key, unsigned int figure,
		      uint64_t of, uint64_t per, double times)
{
	if (per)
		put_value(x, key, figure, times * (double)of / (double)per);
}

static void put_class(struct extraction *x, unsigned int class)
{
	const struct class_sums *of = &x->of[class];
	struct compare_key key = { .section = SECTION_QUEUES, .class = (uint16_t) class };

	if (!of->used)
		return;
	put_value(x, key, FIGURE_failed, (double)of->failed);
	if (x->a.hist.nr_rows)
		return;
	put_value(x, key, FIGURE_timeouts, (double)of->timeouts);
	put_ratio(x, key, FIGURE_sq_bells, of->bells, of->bell_commands, 1);
	if (of->cq_bells)
		put_ratio(x, key, FIGURE_cq_bells, of->cq_bells, of->completions, 1);
	put_ratio(x, key, FIGURE_irqs, of->irqs, of->irq_found, 1);
	put_ratio(x, key, FIGURE_polls, of->polls, of->poll_found, 1);
	put_ratio(x, key, FIGURE_remote, of->remote, of->ended, 100);
	put_ratio(x, key, FIGURE_depth, of->depth, of->commands, 1);
}

static void put_queues(struct extraction *x)
{
	for (unsigned int i = 0; i < model_nr_ctrls(x->a.model); i++) {
		const struct model_ctrl *c = model_ctrl(x->a.model, i);

		for (unsigned int q = 0; q < c->nr_queues; q++)
			if (c->queue[q])
				sum_queue(x, c->queue[q]);
	}
	for (unsigned int class = 0; class < NR_CLASSES; class ++)
		put_class(x, class);
}

/* --- initialisation ------------------------------------------------------------------ */

static void put_phase(struct extraction *x, unsigned int phase)
{
	struct compare_key key = { .section = SECTION_INIT, .phase = (uint16_t)phase };
	unsigned int nr, times = 0, reads = 0, writes = 0, admin = 0;
	const struct model_phase *p = model_phases(x->a.model, &nr);
	uint64_t ns = 0;
	bool whole = true;

	for (unsigned int i = 0; i < nr; i++) {
		if (p[i].phase != phase)
			continue;
		times++;
		ns += p[i].end - p[i].begin;
		whole &= !p[i].open && !p[i].cut;
		reads += x->a.marks[i].reads;
		writes += x->a.marks[i].writes;
		admin += x->a.marks[i].admin;
	}
	if (!times)
		return;
	put_value(x, key, FIGURE_times, times);
	if (whole)
		put_value(x, key, FIGURE_duration, (double)ns);
	put_value(x, key, FIGURE_reads, reads);
	put_value(x, key, FIGURE_writes, writes);
	put_value(x, key, FIGURE_admin, admin);
}

static void put_init(struct extraction *x)
{
	const struct model_totals *t = model_totals(x->a.model);
	struct compare_key any = { .section = SECTION_QUEUES, .class = CLASS_ANY };
	uint64_t in_phases = 0;
	unsigned int nr;

	for (unsigned int phase = 0; phase < NVS_PHASE_nvme_alloc_ns + 1; phase++)
		if (phase_is_init(phase))
			put_phase(x, phase);
	model_phases(x->a.model, &nr);
	for (unsigned int i = 0; i < nr; i++)
		in_phases += x->a.marks[i].reads;
	/* Only steps tell of registers. */
	if (t->by_id[NVS_ID_rq_start] && t->by_id[NVS_ID_reg_read] >= in_phases)
		put_ratio(x, any, FIGURE_reg_reads, t->by_id[NVS_ID_reg_read] - in_phases,
			  x->run->commands, 1);
}

/* --- a run --------------------------------------------------------------------------- */

static int keep_env(struct compare_run *run, const struct recording *r)
{
	unsigned int nr = compare_nr_env_keys();

	run->env = calloc(nr, sizeof(*run->env));
	for (unsigned int i = 0; run->env && i < nr; i++) {
		const char *value = recording_env(r, compare_env_keys[i]);

		run->env[i] = value ? strdup(value) : NULL;
		run->no_memory |= value && !run->env[i];
	}
	return run->env ? 0 : -1;
}

static void take_cells(struct extraction *x, bool keep)
{
	for (unsigned int c = 0; c < NR_CLASSES; c++)
		for (unsigned int op = 0; op <= NR_STATS_OPS; op++)
			for (unsigned int s = 0; s < NR_COMPARE_SIZES; s++) {
				struct compare_cell *cell = x->cell[c][op][s];

				if (!cell)
					continue;
				if (!keep) {
					free(cell);
					continue;
				}
				cell->next = x->run->cells;
				x->run->cells = cell;
			}
}

int compare_read_run(struct compare_run *run, const char *path, bool keep_cells,
		     struct nvs_error *err)
{
	static const struct model_visitor visitor = { .command = on_command };
	struct extraction *x = calloc(1, sizeof(*x));
	int ret;

	memset(run, 0, sizeof(*run));
	run->path = strdup(path);
	if (!x || !run->path) {
		free(x);
		return nvs_fail(err, "out of memory: close other programs and try again");
	}
	x->run = run;
	ret = analysis_open(&x->a, path, &visitor, x, err);
	if (ret == 0) {
		run->lost = recording_lost_total(x->a.recording);
		run->cut = recording_cut(x->a.recording) != NULL;
		run->no_memory |= keep_env(run, x->a.recording) < 0;
		put_latencies(x);
		put_queues(x);
		put_init(x);
	}
	take_cells(x, keep_cells);
	analysis_close(&x->a);
	free(x);
	if (ret == 0 && run->no_memory)
		ret = nvs_fail(err, "out of memory for %s: close other programs and try again",
			       path);
	return ret;
}

void compare_free_run(struct compare_run *run)
{
	for (unsigned int i = 0; run->env && i < compare_nr_env_keys(); i++)
		free(run->env[i]);
	while (run->cells) {
		struct compare_cell *next = run->cells->next;

		free(run->cells);
		run->cells = next;
	}
	free(run->env);
	free(run->value);
	free(run->path);
}
