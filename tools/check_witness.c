// SPDX-License-Identifier: GPL-2.0
/* `nvmescope check --witness`: what witness.c found, as rows, findings and notes. */
#include <inttypes.h>
#include "check.h"
#include "witness.h"

static enum check_verdict verdict_of(enum witness_verdict verdict)
{
	switch (verdict) {
	case WITNESS_EQUAL: return CHECK_PASSED;
	case WITNESS_CANNOT_TELL: return CHECK_CANNOT_TELL;
	default: return CHECK_FAILED;
	}
}

static int add_lane(struct check_result *out, const struct witness_lane *lane,
		    struct nvs_error *err)
{
	struct check_row row = {
		.qid = lane->qid,
		.what = witness_kind_name(lane->kind),
		.count = { lane->rec.nr, lane->log.nr - lane->before, lane->equal,
			   lane->lost_to_reset, lane->after_end },
		.verdict = verdict_of(lane->verdict),
	};
	int ret = check_row(out, &row, err);

	for (size_t i = 0; !ret && i < lane->differences && i < WITNESS_FIRST; i++) {
		char text[400];

		witness_diff_text(lane, &lane->first[i], text, sizeof(text));
		ret = check_finding(out, err, "queue %u, %s: %s", lane->qid, row.what, text);
	}
	if (!ret && lane->differences > WITNESS_FIRST)
		ret = check_finding(out, err, "queue %u, %s: %" PRIu64 " more differences",
				    lane->qid, row.what, lane->differences - WITNESS_FIRST);
	if (!ret && lane->partial)
		ret = check_finding(out, err,
				    "queue %u, %s: %" PRIu64 " recorded without cmd_setup, "
				    "compared by identifier only",
				    lane->qid, row.what, lane->partial);
	return ret;
}

static int add_log_notes(struct check_result *out, const struct qemu_log_counts *c,
			 struct nvs_error *err)
{
	int ret = 0;

	if (c->strange.nr)
		ret = check_note(out, err,
				 "%" PRIu64 " of the log's lines are not understood; the "
				 "first is line %" PRIu64 ": %s",
				 c->strange.nr, c->strange.line, c->strange.text);
	if (!ret && c->complaints.nr)
		ret = check_note(out, err,
				 "the device objected %" PRIu64 " times, firmware's faults "
				 "included; first in line %" PRIu64 ": %s",
				 c->complaints.nr, c->complaints.line, c->complaints.text);
	if (!ret && c->refused)
		ret = check_note(out, err,
				 "the device ignored %" PRIu64 " doorbells (no such queue, or "
				 "a value beyond its size)",
				 c->refused);
	return ret;
}

static int add_notes(struct check_result *out, const struct witness *w, struct nvs_error *err)
{
	int ret = check_note(out, err,
			     "the recording begins in line %" PRIu64 " of the log's %" PRIu64
			     "; %" PRIu64 " doorbells, commands, completions and register writes "
			     "before that are not its own",
			     w->start_line, w->log_counts.lines, w->events_before);

	if (!ret && w->places > 1)
		ret = check_note(out, err,
				 "%u places of the log fit the recording's start; the one with "
				 "the recording's pace was taken",
				 w->places);
	if (!ret && w->lost)
		ret = check_note(out, err,
				 "the recording lost %" PRIu64 " events: what it lacks proves "
				 "nothing about the driver",
				 w->lost);
	if (!ret && w->torn)
		ret = check_note(out, err, "the recording's end is cut off");
	for (size_t i = 0; !ret && i < w->nr_lanes; i++)
		if (w->lanes[i]->within)
			ret = check_note(
				out, err,
				"queue %u: %" PRIu64 " of the %zu %s lie between two "
				"recorded values: doorbells that several CPUs rang one after "
				"the other are recorded as one",
				w->lanes[i]->qid, w->lanes[i]->within, w->lanes[i]->log.nr,
				witness_kind_name(w->lanes[i]->kind));
	if (!ret && w->tracepoints)
		ret = check_note(
			out, err,
			"recorded by tracepoints alone: doorbells were not seen, and are not "
			"compared; commands are, in the order that they were built");
	if (!ret && w->stock && !w->tracepoints)
		ret = check_note(out, err,
				 "the kernel's own driver was recorded: its register accesses are "
				 "not, and doorbells by shadow page cannot be told from those that "
				 "a register write followed");
	return ret ? ret : add_log_notes(out, &w->log_counts, err);
}

int check_witness(const struct check_input *in, struct check_result *out, struct nvs_error *err)
{
	struct witness_options opt = { .ctrl = in->ctrl };
	struct qemu_log *log;
	struct witness w;
	int ret;

	if (!in->witness) {
		out->verdict = CHECK_SKIPPED;
		return check_note(out, err, "no log of the device; give it with --witness");
	}
	log = qemu_log_open(in->witness, err);
	if (!log)
		return -1;
	ret = witness_run(&w, in->rec, log, &opt, err);
	qemu_log_close(log);
	if (ret)
		return ret;
	out->verdict = verdict_of(w.verdict);
	for (size_t i = 0; !ret && i < w.nr_lanes; i++)
		ret = add_lane(out, w.lanes[i], err);
	if (!ret)
		ret = add_notes(out, &w, err);
	witness_free(&w);
	return ret;
}
