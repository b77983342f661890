// SPDX-License-Identifier: GPL-2.0
/*
 * nvmescope record: load, make the directory, run COMMAND, attach as soon as the
 * module is there, drain until the end, detach, say what was recorded.
 *
 * One thread does it all: it sleeps until a signal comes, a ring fills or all are due.
 * An event alone wakes nobody, so the recorder costs the recorded little but the
 * events themselves.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "format.h"
#include "record_flight.h"
#include "record_options.h"

#define MS 1000000ull

/*
 * How long to sleep between passes: waiting for the module; while our own is initialising, for if
 * that fails it waits for us to let go of it; if a program wakes us when a ring fills; with rings
 * whose programs wake nobody, in use or idle.
 */
#define SLEEP_ATTACH (1 * MS)
#define SLEEP_INIT   (200 * MS)
#define SLEEP_LONG   (900 * MS)
#define SLEEP_BUSY   (1 * MS)
#define SLEEP_IDLE   (10 * MS)
/* Nothing of a request goes through the rings; at most until histograms are due. */
#define SLEEP_HIST (1000 * MS)
/* Percent of a ring that is full: they come faster than they can be written; than a device may */
#define FILL_FAST  40
#define FILL_HURRY 20

static const struct record_options *opt;

/*
 * Without which there is nothing to attach to: our core module has all tracepoints, but the
 * kernel's own driver is looked into.
 */
static const char *first_module(const struct recorder *r)
{
	return r->provider == &provider_stock ? r->provider->pci_module : r->provider->core_module;
}

/* What can be told before anything is made: the module and the device are there, or may come. */
static int check_start(const struct recorder *r, char **command, struct nvs_error *err)
{
	const char *module = first_module(r);
	struct stat st;

	if (!lstat(opt->output, &st))
		return nvs_fail(err, "%s exists already; name a new directory, or remove it",
				opt->output);
	if (!command && !opt->wait && !record_module_loaded(module))
		return nvs_fail(err,
				"module %s is not loaded; load it%s, or let COMMAND load it, or "
				"give --wait",
				module, r->provider == &provider_stock ? " (modprobe nvme)" : "");
	return record_device_check(r, err);
}

/* Signals are not delivered but waited for; the child gets the mask of before. */
static void block_signals(sigset_t *signals, sigset_t *before)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGCHLD);
	if (opt->flight)
		sigaddset(signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, signals, before);
	/* A full disk or a closed pipe is an error of write(), not our end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* Attaches if that is due. -1: @err says. */
static int keep_attached(struct recorder *r, struct nvs_error *err)
{
	if (!r->attached) {
		if (r->init_failed)
			return 0;
		if (record_attach(r, err) < 0)
			return -1;
		if (!r->attached)
			return 0;
		record_attached(r);
		r->work = record_device_work(&r->device);
		record_env_now(r, "attached_ns");
		return record_open_streams(r, err);
	}
	if (!r->init_failed)
		return 0;
	/*
	 * The kernel frees a module whose init failed even with programs attached
	 * to it, and leaves them dangling.  So the module waits for this, and is
	 * not attached to again.
	 */
	record_detach(r);
	complain("module %s failed to initialise; what it did until then is recorded, nothing "
		 "will follow",
		 r->provider->core_module);
	return 0;
}

/* Our core module, whose init the programs see too, may still fail. */
static bool may_fail(struct recorder *r)
{
	if (!r->core_live)
		r->core_live = record_module_live(r->provider->core_module);
	return !r->core_live;
}

static uint64_t how_long(struct recorder *r, int fill, uint64_t now)
{
	uint64_t due, most;

	if (!r->attached)
		return SLEEP_ATTACH;
	/* They come faster than they can be written. */
	if (fill > FILL_FAST)
		return 0;
	if (r->hist) {
		due = r->hist_since + r->hist_interval;
		due = due > now ? due - now : 0;
		most = may_fail(r) ? SLEEP_INIT : SLEEP_HIST;
		return due < most ? due : most;
	}
	/* A flight recorder looks for what triggers it. */
	if (!r->kernel_rings && !r->flight)
		return may_fail(r) ? SLEEP_INIT : SLEEP_LONG;
	return fill > 10 ? SLEEP_BUSY : SLEEP_IDLE;
}

/* Sleeps until a signal, until @until or until the rings are due. Returns the signal, or 0. */
static int doze(struct recorder *r, const sigset_t *signals, int signal_fd, int fill,
		uint64_t until)
{
	struct pollfd fds[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = record_bpf_wake_fd(r), .events = POLLIN },
	};
	uint64_t now = record_now(), ns = how_long(r, fill, now);
	struct timespec ts = { 0 };
	int got;

	if (until <= now + ns)
		ns = until > now ? until - now : 0;
	ts.tv_sec = ns / (1000 * MS);
	ts.tv_nsec = ns % (1000 * MS);
	if (ppoll(fds, 2, &ts, NULL) <= 0)
		return 0;
	if (fds[1].revents)
		record_bpf_woken(r);
	if (!fds[0].revents)
		return 0;
	ts = (struct timespec){ 0 };
	got = sigtimedwait(signals, NULL, &ts);
	return got > 0 ? got : 0;
}

/* Runs until the recording is to end; NULL: it failed, else what ended it. */
static const char *run(struct recorder *r, struct record_child *child, const sigset_t *signals,
		       int signal_fd, struct nvs_error *err)
{
	uint64_t end = opt->duration ? record_now() + opt->duration : UINT64_MAX;
	int fill, signal;

	/* Else the kernel goes through what we record into, and copies it to larger pages. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (;;) {
		if (keep_attached(r, err))
			return NULL;
		fill = record_drain(r, false, err);
		if (fill < 0 || record_hist_write(r, false, err))
			return NULL;
		ctf_trace_hurry(r->trace, fill > FILL_HURRY);
		if (r->attached && !r->dropped_privileges)
			record_priv_drop(r, child->argv);
		record_cpus_watch(r, record_now());
		record_clock_watch(r, record_now());
		if (r->flight)
			flight_tick(r->flight, r);
		if (r->device_news)
			record_env_device(r);
		signal = doze(r, signals, signal_fd, fill, end);
		if (record_child_ended(child))
			return "command";
		if (record_now() >= end)
			return "duration";
		if (signal == SIGUSR1)
			flight_signal(r->flight);
		else if (signal && signal != SIGCHLD)
			return "signal";
	}
}

/* What there is, and what there is not. false: something was lost. */
static bool say_summary(const struct recorder *r)
{
	struct ctf_dropped dropped = ctf_trace_dropped(r->trace);
	struct record_counts c;

	record_count(r, &c);
	complain("recorded %" PRIu64 " events on %u CPUs %s %s, %" PRIu64 " lost", c.events,
		 r->nr_rings, opt->flight ? "for" : "in", opt->output, c.lost);
	if (dropped.events)
		complain("of these, the first %" PRIu64 " (%s) were dropped for --max-size",
			 dropped.events, format_bytes(dropped.bytes).s);
	if (c.missing)
		complain("%" PRIu64 " requests are missing, for their steps do not match: 'report' "
			 "says which",
			 c.missing);
	if (c.partial)
		complain("%" PRIu64 " steps were not seen, or what was before them: 'report' says "
			 "which",
			 c.partial);
	if (!c.lost)
		return !c.missing;
	complain("lost: %" PRIu64 " ring full, %" PRIu64 " CPU without ring, %" PRIu64
		 " interrupted, %" PRIu64 " not written, %" PRIu64 " rejected%s",
		 c.ring_full, c.no_ring, c.missed, c.unwritten, c.rejected,
		 c.ring_full ? "; a greater --ring-size helps" : "");
	return false;
}

/* Nothing was recorded: why? */
static void say_never_attached(const struct recorder *r, const struct record_child *child)
{
	const char *module = first_module(r);

	if (record_module_loaded(module))
		complain("module %s is loaded but has none of this program's tracepoints; build "
			 "both from the same source",
			 module);
	else
		complain("module %s is not loaded%s: nothing was recorded; load it first%s, or in "
			 "COMMAND",
			 module, child->argv ? ", and COMMAND did not load it" : "",
			 r->provider == &provider_stock ? " (modprobe nvme)" : "");
}

/* As if nothing had been begun. */
static void discard(struct recorder *r)
{
	if (r->flight)
		flight_discard(r->flight);
	if (r->trace)
		ctf_trace_discard(r->trace);
	r->flight = NULL;
	r->trace = NULL;
}

/* Detaches and writes the end. Returns an exit code. */
static int finish(struct recorder *r, struct record_child *child, const char *ended_by,
		  struct nvs_error *err)
{
	bool failed = !ended_by, broken;

	if (failed)
		complain("%s", err->text);
	record_env_device(r);
	/* From here on some kinds of events are missing, and others are not. */
	record_env_now(r, "detaching_ns");
	/* What is there now is taken; what still comes is no part of the recording. */
	broken = record_drain(r, true, err) < 0;
	r->ended = true;
	record_keep_counts(r);
	record_detach(r);
	if ((broken || record_hist_write(r, true, err) || record_drain(r, true, err) < 0) &&
	    !failed) {
		complain("%s", err->text);
		failed = true;
	}
	record_child_stop(child);
	if (!r->ever_attached) {
		record_child_failed(child);
		if (!failed)
			say_never_attached(r, child);
		discard(r);
		return EXIT_FAILED;
	}
	if (r->flight && !flight_end(r->flight, r))
		failed = true;
	record_env_end(r, ended_by ?: "error");
	if (!say_summary(r) && opt->strict)
		failed = true;
	if (ctf_trace_close(r->trace, err) && !failed) {
		complain("%s", err->text);
		failed = true;
	}
	if (r->device.text && !r->device_seen && !record_say_nothing(r))
		failed = true;
	return record_child_failed(child) || failed ? EXIT_FAILED : EXIT_DONE;
}

/* The directory, or the memory, that is recorded into. */
static int make_trace(struct recorder *r, struct triggers *triggers, struct nvs_error *err)
{
	const struct flight_options o = {
		.dir = opt->output,
		.after = opt->after,
		.every = opt->trigger_every,
		.max_size = opt->max_size,
	};

	if (opt->flight)
		r->trace = ctf_trace_memory(opt->flight, r->nr_cpus, err);
	else
		r->trace = ctf_trace_create(opt->output, err);
	if (!r->trace)
		return -1;
	ctf_trace_direct(r->trace);
	if (opt->flight)
		return (r->flight = flight_new(&o, triggers, err)) ? 0 : -1;
	return opt->max_size ? ctf_trace_bound(r->trace, opt->max_size, err) : 0;
}

/* From an empty directory on; what fails before COMMAND runs leaves none behind. */
static int record(struct recorder *r, struct triggers *triggers, char **command,
		  struct nvs_error *err)
{
	struct record_child child = { 0 };
	sigset_t signals, before;
	int signal_fd, code;

	if (make_trace(r, triggers, err)) {
		discard(r);
		return -1;
	}
	record_env_start(r, command);
	if (r->tracepoints_only)
		complain(
			"this kernel says nothing of its nvme modules' types: recorded are requests, "
			"commands and completions, by tracepoints; not seen: %s",
			record_tracepoints_unseen);
	block_signals(&signals, &before);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (signal_fd < 0) {
		discard(r);
		return nvs_fail(err, "cannot wait for signals: %s", strerror(errno));
	}
	/* Attached before COMMAND begins, when the module is there already. */
	if (record_open_streams(r, err) || keep_attached(r, err) ||
	    (command && record_child_start(&child, command, &before, err))) {
		discard(r);
		close(signal_fd);
		return -1;
	}
	if (r->attached)
		record_env_device(r);
	else if (!command)
		complain("waiting for module %s; ^C ends this", first_module(r));
	code = finish(r, &child, run(r, &child, &signals, signal_fd, err), err);
	close(signal_fd);
	return code;
}

int cmd_record(int argc, char **argv)
{
	struct recorder r = { 0 };
	struct triggers *triggers = NULL;
	struct nvs_error err;
	char **command;
	int code = record_options_parse(argc, argv, &r, &triggers, &command);

	opt = record_options();
	if (code >= 0) {
		free(r.filter);
		triggers_free(triggers);
		return code;
	}
	if (check_start(&r, command, &err) || record_bpf_open(&r, &err))
		code = -1;
	else
		code = record(&r, triggers, command, &err);
	if (code < 0) {
		complain("%s", err.text);
		code = EXIT_FAILED;
	}
	record_bpf_close(&r);
	triggers_free(triggers);
	return code;
}
