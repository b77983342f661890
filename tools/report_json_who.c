// SPDX-License-Identifier: GPL-2.0
/* The report for programs: who did the I/O, the slowest commands, and level hist. */
#include <stdlib.h>
#include <string.h>
#include "printable.h"
#include "report_json.h"

/* @n, or null when @known is false. */
static void put_known(json_t *object, const char *key, bool known, uint64_t n)
{
	json_object_set_new(object, key, known ? json_integer((json_int_t)n) : json_null());
}

json_t *json_figures(const struct figures *f)
{
	json_t *o = json_object();

	put(o, "count", f->count);
	put(o, "min_ns", f->min);
	put(o, "mean_ns", f->mean);
	for (unsigned int i = 0; i < NR_FIGURE_QUANTILES; i++)
		put(o, figure_keys[i], f->quantile[i]);
	put(o, "max_ns", f->max);
	return o;
}

static json_t *json_task(const struct analysis *a, const struct task_stats *t, bool named)
{
	static const char *const stages[] = { "queue", "driver", "device", "completion" };
	json_t *o = json_object(), *ops = json_object(), *time = json_object();
	struct figures f = figures_of(&t->total);
	char comm[17] = "";

	memcpy(comm, t->key.comm, sizeof(t->key.comm));
	if (named) {
		put_known(o, "process", t->key.tgid, t->key.tgid);
		put_known(o, "task", !t->key.tgid, t->key.pid);
		put_name(o, "name", *comm ? make_printable(comm) : NULL);
	}
	put_known(o, "cgroup", t->key.tgid, t->key.cgroup);
	put_name(o, "cgroup_path", report_cgroup_path(a, t->key.cgroup));
	put(o, "commands", f.count);
	put(o, "bytes", t->bytes);
	put(o, "failed", t->failed);
	for (unsigned int i = 0; i < NR_STATS_OPS; i++)
		put(ops, stats_op_name(i), t->ops[i]);
	json_object_set_new(o, "operations", ops);
	put(o, "accesses", t->accesses);
	put(o, "sequential", t->sequential);
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		put(time, stages[i], t->time[i]);
	json_object_set_new(o, "time_ns", time);
	json_object_set_new(o, "total", json_figures(&f));
	return o;
}

json_t *json_processes(const struct analysis *a)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < a->stats->nr_tasks; i++)
		json_array_append_new(all, json_task(a, &a->stats->tasks[i], true));
	return all;
}

json_t *json_other_processes(const struct analysis *a)
{
	const struct task_stats *t = a->stats->other_tasks;

	return t ? json_task(a, t, false) : json_null();
}

json_t *json_cgroups(const struct analysis *a)
{
	unsigned int nr;
	struct task_stats *of = report_by_cgroup(a, &nr);
	json_t *all = json_array();

	for (unsigned int i = 0; i < nr; i++)
		json_array_append_new(all, json_task(a, &of[i], false));
	free(of);
	return all;
}

static json_t *json_ahead(const struct neighbours *n)
{
	json_t *all = json_array();

	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++) {
			json_t *o;

			if (!n->ahead_of[op][size])
				continue;
			o = json_object();
			put_name(o, "operation", stats_op_name(op));
			put_name(o, "size", stats_size_name(size));
			put(o, "commands", n->ahead_of[op][size]);
			json_array_append_new(all, o);
		}
	return all;
}

static json_t *json_slow(const struct analysis *a, const struct slow *s)
{
	const struct model_cmd *c = &s->cmd;
	json_t *o = json_object();
	char comm[17] = "", text[400];

	memcpy(comm, c->comm, sizeof(c->comm));
	put_name(o, "controller", format_ctrl(s->ctrl).s);
	put(o, "qid", s->qid);
	put(o, "cid", c->cid);
	put_name(o, "operation", stats_op_name(stats_op(c)));
	put(o, "bytes", c->bytes);
	put(o, "nsid", c->nsid);
	put_known(o, "sector", c->sector != UINT64_MAX, c->sector);
	put(o, "status", c->status);
	put_known(o, "process", c->tgid, c->tgid);
	put(o, "task", c->pid);
	put_name(o, "name", *comm ? make_printable(comm) : NULL);
	put_known(o, "cgroup", c->tgid, c->cgroup);
	put(o, "begin_ns", analysis_since_start(a, c->at[STEP_COMPLETE] - s->split.total));
	put_known(o, "queue_ns", c->queued, s->split.queue);
	put(o, "driver_ns", s->split.driver);
	put(o, "device_ns", s->split.device);
	put(o, "completion_ns", s->split.completion);
	put(o, "total_ns", s->split.total);
	put(o, "depth", c->depth);
	put(o, "batch", c->batch);
	put(o, "submit_cpu", c->submit_cpu);
	put(o, "end_cpu", c->end_cpu);
	put(o, "ahead", s->near.ahead);
	json_object_set_new(o, "ahead_of", json_ahead(&s->near));
	put(o, "beside", s->near.beside);
	put(o, "overtook", s->near.overtook);
	slow_sentence(s, text, sizeof(text));
	put_name(o, "sentence", text);
	return o;
}

json_t *json_slowest(const struct analysis *a)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < a->slowest.nr; i++)
		json_array_append_new(all, json_slow(a, &a->slowest.of[i]));
	return all;
}

/* Pairs of a bucket's least value and its count: what merges across recordings. */
static json_t *json_buckets(const struct hist_times *t)
{
	json_t *all = json_array();

	for (unsigned int b = 0; b < HIST_BUCKETS; b++)
		if (t->bucket[b])
			json_array_append_new(all, json_pack("[I,I]", (json_int_t)hist_low(b),
							     (json_int_t)t->bucket[b]));
	return all;
}

static json_t *json_hist_row(const struct hist_row *r)
{
	json_t *o = json_object(), *latency = json_object();

	put_name(o, "controller", format_ctrl(r->ctrl).s);
	put(o, "qid", r->qid);
	put_name(o, "operation", nvs_symbol_name(NVS_SET_HIST_OP, r->op));
	put_name(o, "size", report_hist_size(r));
	put(o, "commands", r->stage[NVS_STAGE_total].count);
	put(o, "bytes", r->bytes);
	put(o, "failed", r->failed);
	for (unsigned int i = 0; i < HIST_STAGES; i++) {
		struct figures f = figures_of_hist(&r->stage[i]);

		if (f.count)
			json_object_set_new(latency, nvs_symbol_name(NVS_SET_STAGE, i),
					    json_figures(&f));
	}
	json_object_set_new(o, "latency", latency);
	json_object_set_new(o, "buckets", json_buckets(&r->stage[NVS_STAGE_total]));
	return o;
}

json_t *json_histograms(const struct analysis *a)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < a->hist.nr_rows; i++)
		json_array_append_new(all, json_hist_row(a->hist.row[i]));
	return all;
}
