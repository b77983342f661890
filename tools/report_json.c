// SPDX-License-Identifier: GPL-2.0
/*
 * The report for programs.  Names and units are a promise, written down in
 * docs/report-json.md: add to it, do not change what is there.
 */
#include <stdio.h>
#include "format.h"
#include "losses.h"
#include "report_json.h"

#define REPORT_JSON_VERSION 2

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *json_latency(const struct latency *l)
{
	static const char *const names[NR_STAGES] = { "queue", "driver", "device", "completion",
						      "total" };
	json_t *o = json_object();

	for (unsigned int i = 0; l && i < NR_STAGES; i++) {
		struct figures f = figures_of(&l->stage[i]);

		json_object_set_new(o, names[i], json_figures(&f));
	}
	return o;
}

static json_t *json_trouble(const struct model_trouble *t)
{
	json_t *o = json_object();

#define PUT_TROUBLE(field, text) put(o, #field, t->field);
	MODEL_TROUBLES(PUT_TROUBLE)
#undef PUT_TROUBLE
	return o;
}

static json_t *json_queue(const struct analysis *a, const struct model_queue *q)
{
	const struct queue_stats *s = &a->stats->of_queue[q->index];
	json_t *o = json_object();

	put(o, "qid", q->qid);
#define PUT(field) put(o, #field, q->field)
	PUT(sq_depth);
	PUT(cq_depth);
	PUT(vector);
	PUT(started);
	PUT(submitted);
	put(o, "commands", q->done);
	PUT(failed);
	PUT(cancelled);
	PUT(retried);
	PUT(restarted);
	PUT(timeouts);
	PUT(aborts);
	PUT(async_events);
	put(o, "sq_doorbells", q->sq_bells);
	put(o, "sq_doorbell_commands", q->sq_bell_cmds);
	PUT(batches);
	PUT(completions);
	put(o, "cq_doorbells", q->cq_bells);
	put(o, "interrupts", q->irqs);
	put(o, "interrupt_completions", q->irq_found);
	put(o, "interrupts_empty", q->irq_empty);
	PUT(polls);
	put(o, "poll_completions", q->poll_found);
	PUT(peak_depth);
	put(o, "depth_at_end", q->depth);
#undef PUT
	put(o, "bytes", s->bytes);
	put(o, "ended", s->ended);
	put(o, "remote", s->remote);
	put(o, "accesses", s->accesses);
	put(o, "sequential", s->sequential);
	json_object_set_new(o, "latency", json_latency(a->stats->queue[q->index]));
	json_object_set_new(o, "trouble", json_trouble(&q->trouble));
	return o;
}

static json_t *json_ctrl(const struct analysis *a, const struct model_ctrl *c)
{
	json_t *o = json_object(), *queues = json_array();

	put_name(o, "name", format_ctrl(c->id).s);
	put(o, "id", c->id);
	put_name(o, "pci_address", c->announced ? format_pci(c->pci_addr).s : NULL);
	put(o, "vendor", c->vendor);
	put(o, "device", c->device);
	put_name(o, "last_state", nvs_symbol_name(NVS_SET_STATE, c->state));
	put(o, "resets", c->resets);
	for (unsigned int i = 0; i < c->nr_queues; i++)
		if (c->queue[i] && analysis_wants_queue(a, c->id, i))
			json_array_append_new(queues, json_queue(a, c->queue[i]));
	json_object_set_new(o, "queues", queues);
	return o;
}

static json_t *json_phase(const struct analysis *a, const struct model_phase *p, unsigned int i)
{
	json_t *o = json_object();

	put_name(o, "name", nvs_symbol_name(NVS_SET_PHASE, p->phase));
	json_object_set_new(o, "controller", p->ctrl == NVS_NO_CTRL ? json_null() : count(p->ctrl));
	json_object_set_new(o, "parent", p->parent < 0 ? json_null() : json_integer(p->parent));
	json_object_set_new(o, "queued", json_boolean(p->queued));
	put(o, "tid", p->tid);
	put(o, "begin_ns", analysis_since_start(a, p->begin));
	put(o, "duration_ns", p->end - p->begin);
	json_object_set_new(o, "result", json_integer(p->result));
	json_object_set_new(o, "open", json_boolean(p->open));
	json_object_set_new(o, "end_lost", json_boolean(p->cut));
	put(o, "register_reads", a->marks[i].reads);
	put(o, "register_writes", a->marks[i].writes);
	put(o, "admin_commands", a->marks[i].admin);
	return o;
}

static json_t *json_phases(const struct analysis *a)
{
	unsigned int nr;
	const struct model_phase *p = model_phases(a->model, &nr);
	json_t *phases = json_array();

	for (unsigned int i = 0; i < nr; i++)
		json_array_append_new(phases, json_phase(a, &p[i], i));
	return phases;
}

static json_t *json_operations(const struct analysis *a)
{
	json_t *all = json_array();

	for (unsigned int op = 0; op < NR_STATS_OPS; op++) {
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++) {
			const struct latency *l = a->stats->kind[op][size];
			json_t *o;

			if (!l)
				continue;
			o = json_object();
			put_name(o, "operation", stats_op_name(op));
			put_name(o, "size", stats_size_name(size));
			put(o, "commands", l->stage[STAGE_TOTAL].count);
			put(o, "bytes", l->bytes);
			json_object_set_new(o, "latency", json_latency(l));
			json_array_append_new(all, o);
		}
	}
	return all;
}

static void add_loss(void *ctx, const struct loss *loss)
{
	json_t *o = json_object();

	put_name(o, "cause", loss->cause);
	json_object_set_new(o, "cpu", loss->cpu < 0 ? json_null() : json_integer(loss->cpu));
	put(o, "count", loss->count);
	put_name(o, "kinds", loss->kinds);
	json_object_set_new(o, "in_recording", json_boolean(loss->there));
	json_array_append_new(ctx, o);
}

static json_t *json_lost(const struct analysis *a)
{
	json_t *o = json_object(), *cpus = json_object(), *causes = json_array();
	unsigned int nr = recording_cpus_end(a->recording);
	uint64_t lost;

	for (unsigned int cpu = 0; cpu < nr; cpu++) {
		char key[16];

		if (!(lost = recording_lost(a->recording, cpu)))
			continue;
		snprintf(key, sizeof(key), "%u", cpu);
		put(cpus, key, lost);
	}
	put(o, "total", recording_lost_total(a->recording));
	json_object_set_new(o, "by_cpu", cpus);
	losses_each(a->recording, add_loss, causes);
	json_object_set_new(o, "by_cause", causes);
	put(o, "dropped", strtoull(recording_env(a->recording, "dropped_events") ?: "0", NULL, 10));
	return o;
}

static json_t *json_recording(const struct analysis *a)
{
	const struct model_totals *t = model_totals(a->model);
	json_t *o = json_object(), *env = json_object(), *events = json_object();

	put_name(o, "path", a->dir);
	put(o, "first_ns", t->first_ts);
	put(o, "duration_ns",
	    a->hist.nr_rows ? a->hist.until - a->hist.since : t->last_ts - t->first_ts);
	put(o, "cpus", recording_nr_cpus(a->recording));
	put(o, "events", t->events);
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++)
		if (t->by_id[id])
			put(events, nvs_event_name(id), t->by_id[id]);
	json_object_set_new(o, "events_by_name", events);
	json_object_set_new(o, "lost", json_lost(a));
	put_name(o, "cut", recording_cut(a->recording));
	for (const struct env_key *key = analysis_env_keys; key->name; key++)
		if (recording_env(a->recording, key->name))
			put_name(env, key->name, recording_env(a->recording, key->name));
	json_object_set_new(o, "environment", env);
	return o;
}

static json_t *json_unexplained(const struct analysis *a)
{
	const struct model_totals *t = model_totals(a->model);
	json_t *o = json_object();

#define PUT(field) put(o, #field, t->field)
	PUT(unknown_events);
	PUT(beyond_limits);
	PUT(phase_ends_lost);
	PUT(phase_ends_unmatched);
	PUT(phases_dropped);
	PUT(marks_dropped);
#undef PUT
	put(o, "histogram_events", a->hist.odd + a->hist.dropped);
	put(o, "commands_without_latency", a->stats->incomplete);
	return o;
}

int report_json(const struct analysis *a, struct nvs_error *err)
{
	json_t *root = json_object(), *ctrls = json_array();
	int ret;

	put_name(root, "format", "nvmescope-report");
	put(root, "version", REPORT_JSON_VERSION);
	json_object_set_new(root, "recording", json_recording(a));
	json_object_set_new(root, "phases", json_phases(a));
	for (unsigned int i = 0; i < model_nr_ctrls(a->model); i++)
		if (a->wants.ctrl < 0 || model_ctrl(a->model, i)->id == a->wants.ctrl)
			json_array_append_new(ctrls, json_ctrl(a, model_ctrl(a->model, i)));
	json_object_set_new(root, "controllers", ctrls);
	json_object_set_new(root, "operations", json_operations(a));
	json_object_set_new(root, "all_io", json_latency(a->all));
	json_object_set_new(root, "processes", json_processes(a));
	json_object_set_new(root, "other_processes", json_other_processes(a));
	json_object_set_new(root, "cgroups", json_cgroups(a));
	json_object_set_new(root, "slowest", json_slowest(a));
	json_object_set_new(root, "histograms", json_histograms(a));
	json_object_set_new(root, "unexplained", json_unexplained(a));
	ret = json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return ret == 0 ? 0
			: nvs_fail(err, "cannot write the JSON report to standard output: "
					"is its disk full?");
}
