// SPDX-License-Identifier: GPL-2.0
/* The report for people, within 100 columns: head, phases, losses, and the order of all. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "format.h"
#include "losses.h"
#include "report.h"

#define MAX_PHASE_ROWS 80

static void print_head(const struct analysis *a)
{
	const struct model_totals *t = model_totals(a->model);
	/* Histograms come at the end of the time that they are of. */
	uint64_t since = a->hist.nr_rows ? a->hist.since : t->first_ts;
	uint64_t until = a->hist.nr_rows ? a->hist.until : t->last_ts;
	unsigned int cpus = recording_nr_cpus(a->recording);
	const char *value;
	char begins[128];

	printf("%s\n  %s, %s events on %u CPU%s", a->dir, format_ns((double)(until - since)).s,
	       format_count(t->events).s, cpus, cpus == 1 ? "" : "s");
	if (recording_lost_total(a->recording))
		printf(", %s LOST", format_count(recording_lost_total(a->recording)).s);
	else
		printf(", none lost");
	printf("\n");
	if (losses_begins(a->recording, begins, sizeof(begins)))
		printf("  %s\n", begins);
	if (t->by_id[NVS_ID_dev_cmd] || t->by_id[NVS_ID_dev_doorbell])
		printf("  the device's own log: %" PRIu64 " doorbells, %" PRIu64
		       " commands, %" PRIu64 " completions\n",
		       t->by_id[NVS_ID_dev_doorbell], t->by_id[NVS_ID_dev_cmd],
		       t->by_id[NVS_ID_dev_cqe]);
	for (const struct env_key *key = analysis_env_keys; key->name; key++)
		if (key->brief && (value = recording_env(a->recording, key->name)) && *value)
			printf("  %-21s %.55s%s\n", key->name, value,
			       strlen(value) > 55 ? "..." : "");
}

static void print_ctrl(const struct model_ctrl *c)
{
	const char *state = nvs_symbol_name(NVS_SET_STATE, c->state);

	printf("\n%s", format_ctrl(c->id).s);
	if (c->announced)
		printf("  %s  [%04x:%04x]  last seen %s", format_pci(c->pci_addr).s, c->vendor,
		       c->device, state ? state : "?");
	else
		printf("  (was there before the recording began)");
	if (c->resets)
		printf(", %u reset%s", c->resets, c->resets == 1 ? "" : "s");
	printf("\n");
}

static void print_phase(const struct analysis *a, unsigned int i)
{
	unsigned int nr;
	const struct model_phase *all = model_phases(a->model, &nr), *p = &all[i];
	const struct phase_marks *m = &a->marks[i];
	const char *name = nvs_symbol_name(NVS_SET_PHASE, p->phase);
	const char *note = "";
	char did[32] = "";
	int n = 0;

	if (m->writes)
		n += snprintf(did + n, sizeof(did) - (size_t)n, " %uw", m->writes);
	if (m->reads)
		n += snprintf(did + n, sizeof(did) - (size_t)n, " %ur", m->reads);
	if (m->admin)
		snprintf(did + n, sizeof(did) - (size_t)n, " %uc", m->admin);
	if (p->open)
		note = " not ended";
	else if (p->cut)
		note = " end lost";
	else if (p->result)
		note = " failed";
	else if (p->phase == NVS_PHASE_nvme_wait_ready)
		note = " waited";
	printf("  %*s%-*s %8s %8s%s%s", 2 * p->level, "", 38 - 2 * p->level, name ? name : "?",
	       format_ns((double)analysis_since_start(a, p->begin)).s,
	       format_ns((double)(p->end - p->begin)).s, did, note);
	if (p->result)
		printf(" %d", p->result);
	printf("\n");
	if (p->queued)
		printf("  %*s  (queued by %s)\n", 2 * p->level, "",
		       nvs_symbol_name(NVS_SET_PHASE, all[p->parent].phase));
}

/* Who waited for the device to become ready, and how long. */
static void print_waits(const struct analysis *a)
{
	unsigned int nr, waits = 0;
	const struct model_phase *p = model_phases(a->model, &nr);

	for (unsigned int i = 0; i < nr && waits < 8; i++) {
		const char *who;

		if (p[i].phase != NVS_PHASE_nvme_wait_ready)
			continue;
		who = nvs_symbol_name(NVS_SET_PHASE, p[i].said_parent);
		printf("  %s %8s in %s\n",
		       waits++ ? "                    " : "Waited for CSTS.RDY:",
		       format_ns((double)(p[i].end - p[i].begin)).s, who ? who : "?");
	}
}

static void print_phases(const struct analysis *a)
{
	const struct model_totals *t = model_totals(a->model);
	unsigned int shown = a->nr_phases < MAX_PHASE_ROWS ? a->nr_phases : MAX_PHASE_ROWS;

	if (!a->nr_phases) {
		/* Of the other levels there are none. */
		if (t->by_id[NVS_ID_rq_start] || t->by_id[NVS_ID_cmd_sent])
			printf("\nNo phases: the recording began after the controller had come up.\n");
		return;
	}
	printf("\n%-40s %8s %8s\n", "Phases", "begins", "took");
	for (unsigned int i = 0; i < shown; i++)
		print_phase(a, a->order[i]);
	if (shown < a->nr_phases)
		printf("  ... and %u more: --json has them all\n", a->nr_phases - shown);
	printf("  w, r, c: register writes, reads and admin commands of the phase itself\n");
	print_waits(a);
}

static void print_trouble(const struct model_queue *q)
{
#define PRINT_TROUBLE(field, text)                                            \
	if (q->trouble.field)                                                 \
		printf("  %s %-6s %8" PRIu64 " %s\n", format_ctrl(q->ctrl).s, \
		       report_queue_name(q->qid).s, q->trouble.field, text);
	MODEL_TROUBLES(PRINT_TROUBLE)
#undef PRINT_TROUBLE
}

static void print_number(uint64_t n, const char *text)
{
	if (n)
		printf("  %12" PRIu64 " %s\n", n, text);
}

static void print_line(void *ctx, const char *line)
{
	(void)ctx;
	printf("  %s\n", line);
}

static void print_losses(const struct analysis *a)
{
	const struct model_totals *t = model_totals(a->model);
	const char *clamped = recording_env(a->recording, "clamped");

	losses_lines(a->recording, 76, print_line, NULL);
	if (clamped && strcmp(clamped, "0"))
		printf("  %12s events came too late and were given a later time\n", clamped);
	if (recording_cut(a->recording))
		printf("  %s\n", recording_cut(a->recording));
	print_number(t->unknown_events, "events of a kind this version does not know");
	print_number(t->beyond_limits, "events of more controllers or queues than can be");
	print_number(t->phase_ends_lost, "phases whose end was lost");
	print_number(t->phase_ends_unmatched, "phase ends without a beginning");
	print_number(t->phases_dropped, "phases over the limit, not kept");
	print_number(t->marks_dropped, "marks over the limit, not kept");
	print_number(a->hist.odd, "histogram events that fit nowhere");
	print_number(a->hist.dropped, "histogram events of more rows than are kept");
	print_number(a->stats->incomplete, "commands in no latency figure: a step is missing");
}

static bool anything_wrong(const struct analysis *a)
{
	const struct model_totals *t = model_totals(a->model);
	uint64_t n = recording_lost_total(a->recording) + t->unknown_events + t->beyond_limits +
		     t->phase_ends_lost + t->phase_ends_unmatched + t->phases_dropped +
		     t->marks_dropped + a->stats->incomplete + a->hist.odd + a->hist.dropped;

	for (unsigned int i = 0; i < model_nr_ctrls(a->model); i++) {
		const struct model_ctrl *c = model_ctrl(a->model, i);

		for (unsigned int q = 0; q < c->nr_queues; q++)
			if (c->queue[q])
				n += model_trouble_total(&c->queue[q]->trouble);
	}
	return n || losses_any(a->recording);
}

static void print_wrong(const struct analysis *a)
{
	if (!anything_wrong(a)) {
		printf("\nNothing lost, nothing left unexplained.\n");
		return;
	}
	printf("\nLost or not explained\n");
	print_losses(a);
	for (unsigned int i = 0; i < model_nr_ctrls(a->model); i++) {
		const struct model_ctrl *c = model_ctrl(a->model, i);

		for (unsigned int q = 0; q < c->nr_queues; q++)
			if (c->queue[q])
				print_trouble(c->queue[q]);
	}
}

/* Of level hist there may be nothing but histograms, and of --device nothing of others. */
static bool ctrl_was_used(const struct analysis *a, const struct model_ctrl *c)
{
	if (a->wants.ctrl >= 0 && (unsigned int)a->wants.ctrl != c->id)
		return false;
	return c->announced || c->nr_queues;
}

int report_text(const struct analysis *a, report_sections by, struct nvs_error *err)
{
	(void)err;
	print_head(a);
	if (by & SECTION_BIT(phase))
		print_phases(a);
	for (unsigned int i = 0; i < model_nr_ctrls(a->model); i++) {
		const struct model_ctrl *c = model_ctrl(a->model, i);

		if (!ctrl_was_used(a, c))
			continue;
		print_ctrl(c);
		report_queues(a, c, by);
	}
	if (!a->hist.nr_rows) {
		if ((by & SECTION_BIT(stage)) && a->all->stage[STAGE_TOTAL].count)
			report_stages(a);
		report_operations(a, by);
	}
	report_hist(a, by);
	if (by & SECTION_BIT(process))
		report_processes(a);
	if (by & SECTION_BIT(cgroup))
		report_cgroups(a);
	if (by & SECTION_BIT(slowest))
		report_slowest(a);
	print_wrong(a);
	return 0;
}
