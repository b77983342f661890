// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "analysis.h"

const struct env_key analysis_env_keys[] = {
	{ "kernel", true },
	{ "kernel_build", false },
	{ "machine", true },
	{ "virtual_machine", false },
	{ "clocksource", false },
	{ "clock_counts", false },
	{ "provider", false },
	{ "level", true },
	{ "driver", true },
	{ "tracepoints_only", true },
	{ "driver_version", true },
	{ "driver_srcversion", false },
	{ "device", true },
	{ "devices", false },
	{ "device_model", true },
	{ "device_serial", false },
	{ "device_firmware", true },
	{ "device_address", false },
	{ "device_queues", true },
	{ "device_disks", false },
	{ "queue_classes", true },
	{ "vectors", false },
	{ "max_transfer", false },
	{ "scheduler", false },
	{ "driver_parameters", false },
	{ "filter", true },
	{ "command", true },
	{ "cpus", false },
	{ "ring_size", false },
	{ "started_ns", false },
	{ "attach_points", false },
	{ "attach_points_missing", true },
	{ "ended_by", true },
	{ "tracer_version", true },
	{ "lost_ring_full", false },
	{ "lost_no_ring", false },
	{ "lost_recursion", false },
	{ "lost_recursion_events", false },
	{ "lost_unwritten", false },
	{ "lost_rejected", false },
	{ "lost_without_cpu", false },
	{ "clamped", false },
	{ "events", false },
	{ "unmatched", false },
	{ "dropped_events", false },
	{ "dropped_bytes", false },
	{ "dropped_until_ns", false },
	{ "trigger", true },
	{ "trigger_event", true },
	{ "trigger_ns", false },
	{ "trigger_number", false },
	{ "triggers_suppressed", false },
	{ "clock_steps", true },
	{ 0 },
};

/* The pass serves two: the figures kept here, and whoever asked for more. */
struct pass {
	struct analysis *a;
	struct model_visitor v;
	const struct model_visitor *extra;
	void *ctx;
};

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct pass *p = ctx;

	if (!analysis_wants_queue(p->a, q->ctrl, q->qid))
		return;
	stats_command(p->a->stats, q, c);
	slowest_command(&p->a->slowest, q, c);
	if (p->extra && p->extra->command)
		p->extra->command(p->ctx, q, c);
}

#define PASS_ON(name, type)                                                    \
	static void on_##name(void *ctx, const struct model_queue *q, type ev) \
	{                                                                      \
		struct pass *p = ctx;                                          \
                                                                               \
		p->extra->name(p->ctx, q, ev);                                 \
	}
PASS_ON(sq_doorbell, const struct nvs_sq_doorbell *)
PASS_ON(cq_doorbell, const struct nvs_cq_doorbell *)
PASS_ON(completion, const struct nvs_cqe *)
PASS_ON(look, const struct model_look *)
PASS_ON(depth, uint64_t)
#undef PASS_ON

static int on_hist(void *ctx, const struct nvs_hdr *ev, struct nvs_error *err)
{
	struct pass *p = ctx;

	if (!analysis_wants_queue(p->a, ev->ctrl, ev->qid))
		return 0;
	if (p->extra && p->extra->hist && p->extra->hist(p->ctx, ev, err) < 0)
		return -1;
	return hist_tables_add(&p->a->hist, ev, err);
}

static void on_device(void *ctx, const struct recorded *ev)
{
	struct pass *p = ctx;

	p->extra->device(p->ctx, ev);
}

/* Only what @extra wants: a report pays for commands alone. */
static struct model_visitor make_visitor(const struct model_visitor *extra)
{
	struct model_visitor v = { .command = on_command, .hist = on_hist };

	if (!extra)
		return v;
#define WANTED(name) v.name = extra->name ? on_##name : NULL
	WANTED(sq_doorbell);
	WANTED(cq_doorbell);
	WANTED(completion);
	WANTED(look);
	WANTED(depth);
	WANTED(device);
#undef WANTED
	return v;
}

/* Puts a phase and, below it, what it called, into the order. */
static void add_subtree(struct analysis *a, const struct model_phase *p, unsigned int i,
			unsigned int *nr)
{
	a->order[(*nr)++] = i;
	for (unsigned int k = i + 1; k < a->nr_phases; k++)
		if (p[k].parent == (int32_t)i && !p[k].queued)
			add_subtree(a, p, k, nr);
}

static int order_phases(struct analysis *a)
{
	const struct model_phase *p = model_phases(a->model, &a->nr_phases);
	const struct model_mark *mark;
	unsigned int nr_marks, nr = 0;

	a->order = calloc(a->nr_phases + 1, sizeof(*a->order));
	a->marks = calloc(a->nr_phases + 1, sizeof(*a->marks));
	if (!a->order || !a->marks)
		return -1;
	for (unsigned int i = 0; i < a->nr_phases; i++)
		if (p[i].parent < 0 || p[i].queued)
			add_subtree(a, p, i, &nr);
	mark = model_marks(a->model, &nr_marks);
	for (; nr_marks; nr_marks--, mark++) {
		if (mark->phase < 0)
			continue;
		a->marks[mark->phase].reads += mark->kind == MARK_REG_READ;
		a->marks[mark->phase].writes += mark->kind == MARK_REG_WRITE;
		a->marks[mark->phase].admin += mark->kind == MARK_ADMIN;
	}
	return 0;
}

static int no_memory(const char *dir, struct nvs_error *err)
{
	return nvs_fail(err,
			"out of memory for the figures of %s: close other programs and try again",
			dir);
}

/* What is read goes here. */
static int begin_figures(struct analysis *a, const struct pass *pass, struct nvs_error *err)
{
	a->stats = stats_new();
	a->model = model_new(&pass->v, (void *)pass);
	if (!a->stats || !a->model || slowest_init(&a->slowest, a->wants.slowest))
		return no_memory(a->dir, err);
	return 0;
}

static void drop_figures(struct analysis *a)
{
	slowest_free(&a->slowest);
	stats_free(a->stats);
	model_free(a->model);
	a->stats = NULL;
	a->model = NULL;
}

static int read_all(struct analysis *a, const struct pass *pass, struct nvs_error *err)
{
	int ret = begin_figures(a, pass, err);

	if (ret == 0 && !pass->extra)
		ret = analysis_read_io(a, usable_cpus(), err);
	/* Which tasks are told apart is chance if there are too many for all: one thread has an order. */
	if (ret > 0 && a->stats->other_tasks) {
		drop_figures(a);
		ret = begin_figures(a, pass, err);
		if (ret == 0)
			ret = analysis_read_io(a, 1, err);
	}
	if (ret == 0)
		ret = model_run(a->model, a->recording, err);
	return ret;
}

int analysis_open_as(struct analysis *a, const char *dir, const struct analysis_wants *wants,
		     const struct model_visitor *extra, void *ctx, struct nvs_error *err)
{
	struct pass pass = { .a = a, .v = make_visitor(extra), .extra = extra, .ctx = ctx };

	memset(a, 0, sizeof(*a));
	a->dir = dir;
	a->wants = *wants;
	a->recording = recording_open(dir, err);
	if (!a->recording)
		return -1;
	if (read_all(a, &pass, err) < 0 || slowest_finish(&a->slowest, a->recording, err) < 0)
		return -1;
	stats_finish(a->stats);
	hist_tables_finish(&a->hist);
	a->all = stats_all(a->stats);
	if (!a->all || a->stats->out_of_memory || order_phases(a) < 0)
		return no_memory(dir, err);
	return 0;
}

int analysis_open(struct analysis *a, const char *dir, const struct model_visitor *extra, void *ctx,
		  struct nvs_error *err)
{
	static const struct analysis_wants all = { .ctrl = -1, .qid = -1 };

	return analysis_open_as(a, dir, &all, extra, ctx, err);
}

void analysis_close(struct analysis *a)
{
	free(a->order);
	free(a->marks);
	free(a->all);
	drop_figures(a);
	hist_tables_free(&a->hist);
	if (a->recording)
		recording_close(a->recording);
	memset(a, 0, sizeof(*a));
}

bool phase_is_init(unsigned int phase)
{
	return phase >= NVS_PHASE_nvme_core_init && phase <= NVS_PHASE_nvme_alloc_ns;
}

uint64_t analysis_since_start(const struct analysis *a, uint64_t ts)
{
	uint64_t first = model_totals(a->model)->first_ts;

	return ts > first ? ts - first : 0;
}
