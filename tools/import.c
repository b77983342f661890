// SPDX-License-Identifier: GPL-2.0
/* `nvmescope import`: gives a recording a lane for what the emulated device logged. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "ctf_writer.h"
#include "device_clock.h"
#include "witness.h"

#define UNEVEN_NS 1000000ull   /* the clocks' uncertainty to warn of */
#define ENV_LOG	  "device_log" /* there: the recording has a device's lane */

struct import {
	const char *log_path;
	const char *dir;
	int ctrl; /* -1: the only one */
	bool force;
	struct witness w;
	struct clock_pairs pairs;
	struct device_clock clock;
	uint64_t events, before, after;
};

/* Register writes and doorbells go from driver to device; completions come back. */
static void take_pair(void *arg, const struct witness_lane *lane, const struct witness_item *rec,
		      const struct witness_item *log)
{
	struct import *im = arg;

	/* A command is fetched some time after its doorbell: no close bound. */
	if (log->ts && lane->kind != WITNESS_CMD)
		clock_pairs_add(&im->pairs, rec->ts, log->ts, lane->kind == WITNESS_CQE);
}

static int compare(struct import *im, struct recording *rec, struct nvs_error *err)
{
	struct witness_options opt = { .ctrl = im->ctrl, .pair = take_pair, .arg = im };
	struct qemu_log *log;
	int ret;

	if (recording_env(rec, ENV_LOG) && !im->force)
		return nvs_fail(err, "%s has a device's lane already, from %s; --force replaces it",
				im->dir, recording_env(rec, ENV_LOG));
	log = qemu_log_open(im->log_path, err);
	if (!log)
		return -1;
	ret = witness_run(&im->w, rec, log, &opt, err);
	qemu_log_close(log);
	if (!ret && im->w.log_counts.untimed)
		ret = nvs_fail(err,
			       "%s: %" PRIu64 " lines have no time; run QEMU with "
			       "-msg timestamp=on",
			       im->log_path, im->w.log_counts.untimed);
	return ret ? ret : device_clock_fit(&im->clock, &im->pairs, err);
}

static int align(struct import *im, struct nvs_error *err)
{
	struct recording *rec = recording_open(im->dir, err);
	int ret;

	if (!rec)
		return -1;
	ret = compare(im, rec, err);
	recording_close(rec);
	return ret;
}

/*
 * The cut is at the first register write.  The driver read registers before it,
 * and those belong to it if the recording had begun.
 */
static bool belongs(const struct import *im, const struct qemu_log_event *ev, uint64_t ts)
{
	if (ev->line >= im->w.start_line)
		return true;
	return ev->h.id == NVS_ID_dev_reg && !ev->reg.write && ts >= im->w.first_ts;
}

static int copy_events(struct import *im, struct qemu_log *log, struct ctf_stream *s,
		       struct nvs_error *err)
{
	struct qemu_log_event ev;
	int ret;

	while ((ret = qemu_log_next(log, &ev, err)) > 0) {
		uint64_t ts = device_clock_time(&im->clock, ev.h.ts);

		if (!belongs(im, &ev, ts)) {
			im->before++;
			continue;
		}
		if (ts > im->w.last_ts + im->clock.uncertainty) {
			im->after++;
			continue;
		}
		ev.h.ts = ts;
		ev.h.ctrl = im->w.ctrl;
		if (ctf_stream_add(s, &ev.h, ev.size, err) || ctf_stream_flush(s, 0, false, err))
			return -1;
		im->events++;
	}
	return ret;
}

static int set_number(struct ctf_trace *t, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return ctf_trace_env(t, key, text);
}

/* What a reader needs to judge how far the two lanes' times may be compared. */
static int set_env(struct ctf_trace *t, const struct import *im, struct nvs_error *err)
{
	const char *slash = strrchr(im->log_path, '/');

	if (ctf_trace_env(t, ENV_LOG, slash ? slash + 1 : im->log_path) ||
	    set_number(t, "device_clock_offset_ns", im->clock.log0 - im->clock.rec0) ||
	    set_number(t, "device_clock_offset_at_ns", im->clock.rec0) ||
	    set_number(t, "device_clock_drift_ppb", im->clock.drift * 1e9) ||
	    set_number(t, "device_clock_uncertainty_ns", im->clock.uncertainty) ||
	    set_number(t, "device_log_first_line", im->w.start_line) ||
	    set_number(t, "device_log_events", im->events))
		return nvs_fail(err, "%s: no memory for the trace's env", im->dir);
	return 0;
}

static int write_lane(struct import *im, struct nvs_error *err)
{
	struct ctf_trace *t = NULL;
	struct ctf_stream *s;
	struct qemu_log *log = qemu_log_open(im->log_path, err);

	if (log)
		t = ctf_trace_reopen(im->dir, err);
	s = t ? ctf_stream_open(t, RECORDING_DEVICE, err) : NULL;
	if (!s || copy_events(im, log, s, err) || set_env(t, im, err)) {
		if (t)
			ctf_trace_discard(t);
		qemu_log_close(log);
		return -1;
	}
	qemu_log_close(log);
	return ctf_trace_close(t, err);
}

static void tell(const struct import *im)
{
	const struct qemu_log_counts *c = &im->w.log_counts;

	printf("%s: %" PRIu64 " events of the device, from line %" PRIu64 " of %" PRIu64 "\n",
	       im->dir, im->events, im->w.start_line, c->lines);
	printf("set aside: %" PRIu64 " events before the recording began, %" PRIu64
	       " after its end\n",
	       im->before, im->after);
	printf("clocks aligned by %zu doorbells, register writes and completions:\n"
	       "uncertainty %.1f us, drift %.3f ppm\n",
	       im->clock.nr_pairs, im->clock.uncertainty / 1e3, im->clock.drift * 1e6);
	if (im->clock.uncertainty > UNEVEN_NS)
		complain(
			"the guest's clock does not run evenly with the host's (-icount?): times of "
			"the device's lane are rough");
	if (c->strange.nr)
		complain("%s:%" PRIu64 ": not understood, as %" PRIu64 " lines in all: %s",
			 im->log_path, c->strange.line, c->strange.nr, c->strange.text);
	if (im->w.verdict != WITNESS_EQUAL)
		complain("recording and log are not equal; 'nvmescope check --witness %s %s' tells "
			 "where",
			 im->log_path, im->dir);
}

int cmd_import(int argc, char **argv)
{
	struct import im = { 0 };
	uint64_t ctrl = UINT64_MAX;
	struct nvs_error err;
	const struct option_row rows[] = {
		{ .name = "force",
		  .letter = 'f',
		  .type = OPTION_FLAG,
		  .value = &im.force,
		  .help = "replace a device's lane that is there already" },
		{ .name = "ctrl",
		  .type = OPTION_UINT,
		  .arg = "N",
		  .value = &ctrl,
		  .help = "the controller that the log is of, if there are several" },
		{ 0 },
	};
	const struct usage usage = {
		.command = "import",
		.synopsis = "[OPTIONS] QEMULOG DIR",
		.description =
			"Adds to recording DIR what the emulated device logged of the same run: doorbells,\n"
			"commands, completions, interrupts and register accesses, cut to the recording\n"
			"and moved to its clock. QEMULOG is from\n"
			"  qemu-system-x86_64 -trace 'pci_nvme_*' -msg timestamp=on -D QEMULOG\n"
			"with one NVMe controller.",
		.examples = "  nvmescope import qemu.log recording",
		.rows = rows,
	};
	int first = options_parse(&usage, argc, argv), ret;

	if (first < 0)
		return first == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
	if (argc - first != 2)
		return options_wrong(&usage, "name a log and a recording");
	if (ctrl != UINT64_MAX && ctrl >= NVS_NO_CTRL)
		return options_wrong(&usage, "there is no controller %" PRIu64, ctrl);
	im.log_path = argv[first];
	im.dir = argv[first + 1];
	im.ctrl = ctrl == UINT64_MAX ? -1 : (int)ctrl;
	ret = align(&im, &err);
	if (!ret)
		ret = write_lane(&im, &err);
	if (ret)
		complain("%s", err.text);
	else
		tell(&im);
	clock_pairs_free(&im.pairs);
	witness_free(&im.w);
	return ret ? EXIT_FAILED : EXIT_DONE;
}
