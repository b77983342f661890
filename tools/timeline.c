// SPDX-License-Identifier: GPL-2.0
/* nvmescope timeline: a recording in pictures. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd.h"
#include "lanes.h"
#include "losses.h"
#include "timeline.h"

#define EVENTS (1u << LEVEL_EVENTS)
#define IO     (1u << LEVEL_IO)
#define HIST   (1u << LEVEL_HIST)

static const struct {
	const char *name;
	unsigned int levels; /* of recordings that have it */
	int (*plot)(struct timeline *t, struct nvs_error *err);
	int (*text)(struct timeline *t, struct nvs_error *err);
} pictures[] = {
	{ "init", EVENTS | IO | HIST, plot_init, text_init },
	{ "doorbells", EVENTS, plot_doorbells, text_doorbells },
	{ "completions", EVENTS | IO, plot_completions, text_completions },
	{ "depth", EVENTS | IO, plot_depth, text_depth },
	{ "heatmap", EVENTS | IO | HIST, plot_heatmap, text_heatmap },
	{ "lanes", EVENTS | IO, plot_lanes, text_lanes },
	{ "latency", EVENTS | IO, plot_latency, text_latency },
};
#define NR_PICTURES (sizeof(pictures) / sizeof(pictures[0]))

/* "init,depth" into a set of bits; 0: a name is wrong. */
static unsigned int parse_only(const char *only, char *wrong, size_t size)
{
	unsigned int set = 0, k;

	if (!only)
		return (1u << NR_PICTURES) - 1;
	for (const char *p = only; *p; p += strcspn(p, ","), p += *p == ',') {
		size_t len = strcspn(p, ",");

		for (k = 0; k < NR_PICTURES; k++)
			if (strlen(pictures[k].name) == len && !strncmp(pictures[k].name, p, len))
				break;
		if (k == NR_PICTURES) {
			snprintf(wrong, size, "%.*s", (int)len, p);
			return 0;
		}
		set |= 1u << k;
	}
	return set;
}

static const char *const
	level_names[] = { [LEVEL_EVENTS] = "events", [LEVEL_IO] = "io", [LEVEL_HIST] = "hist" };

static enum level level_of(const struct recording *r)
{
	const char *name = recording_env(r, "level");

	for (enum level l = LEVEL_IO; name && l <= LEVEL_HIST; l++)
		if (!strcmp(name, level_names[l]))
			return l;
	return LEVEL_EVENTS;
}

/* Says which pictures of @set are not to be had from such a recording, and from which they are. */
static void complain_of_level(const struct timeline *t, unsigned int set)
{
	static const unsigned int groups[] = { EVENTS, EVENTS | IO };

	for (unsigned int g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		char names[160] = "";
		size_t n = 0;

		for (unsigned int k = 0; k < NR_PICTURES; k++)
			if (set & 1u << k && pictures[k].levels == groups[g] &&
			    !(groups[g] & 1u << t->level))
				n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
						      n ? ", " : "", pictures[k].name);
		if (n)
			complain(
				"no %s: the recording is of level %s, it takes one of level events%s",
				names, level_names[t->level], groups[g] & IO ? " or io" : "");
	}
}

static int draw_each(struct timeline *t, unsigned int set, struct nvs_error *err)
{
	bool text = !strcmp(t->format, "text");
	unsigned int drawn = 0;

	complain_of_level(t, set);
	for (unsigned int k = 0; k < NR_PICTURES; k++) {
		if (!(set & 1u << k))
			continue;
		if (!(pictures[k].levels & 1u << t->level))
			continue;
		drawn++;
		if ((text ? pictures[k].text(t, err) : pictures[k].plot(t, err)) < 0)
			return -1;
	}
	if (!drawn)
		return nvs_fail(err, "nothing of what was asked for can be drawn from %s",
				t->a.dir);
	if (fflush(stdout) != 0 || ferror(stdout))
		return nvs_fail(err, "cannot write to standard output: is its disk full?");
	return 0;
}

static int draw(struct timeline *t, unsigned int set, struct nvs_error *err)
{
	bool made;

	losses_complain(t->a.recording);
	if (!strcmp(t->format, "text"))
		return draw_each(t, set, err);
	made = mkdir(t->out, 0777) == 0;
	if (!made && errno != EEXIST)
		return nvs_fail(err, "cannot make directory %s: %s: choose another -o", t->out,
				strerror(errno));
	if (draw_each(t, set, err) == 0)
		return 0;
	/* Goes only if it is still empty. */
	if (made)
		rmdir(t->out);
	return -1;
}

/* What the command line asks for. */
struct request {
	struct timeline *t;
	const char *dir;
	unsigned int set;
	uint64_t from, to, span; /* ns; 0: not given */
	struct around around;
};

/* What must be known before the pass. */
static int look_ahead(struct request *r, struct nvs_error *err)
{
	struct recording *rec = recording_open(r->dir, err);
	int ret = 0;

	if (!rec)
		return -1;
	r->t->level = level_of(rec);
	if (r->around.what)
		ret = window_around(r->t, rec, r->dir, &r->around, r->span, err);
	else if (r->from || r->to)
		ret = window_fixed(r->t, rec, r->dir, r->from, r->to, err);
	recording_close(rec);
	return ret;
}

/* The figures that are drawn: of the window, if there is one. */
static int choose_stats(struct timeline *t, struct nvs_error *err)
{
	t->stats = t->a.stats;
	t->all = t->a.all;
	if (!t->own_stats)
		return 0;
	t->stats = t->own_stats;
	stats_finish(t->own_stats);
	t->all = t->own_all = stats_all(t->own_stats);
	if (!t->own_all || t->own_stats->out_of_memory)
		return nvs_fail(err, "out of memory for the figures of the window: close other "
				     "programs and try again");
	return 0;
}

static int run(struct request *r, struct nvs_error *err)
{
	struct timeline *t = r->t;

	if (look_ahead(r, err) < 0)
		return -1;
	if (t->windowed) {
		t->own_stats = stats_new();
		if (!t->own_stats)
			return nvs_fail(err, "out of memory: close other programs and try again");
	}
	t->lanes = calloc(1, sizeof(*t->lanes));
	if (!t->lanes)
		return nvs_fail(err, "out of memory: close other programs and try again");
	if (analysis_open(&t->a, r->dir, &timeline_visitor, t, err) < 0 || window_check(t, err) < 0)
		return -1;
	if (t->out_of_memory)
		return nvs_fail(err,
				"out of memory for the courses of %u queues: "
				"close other programs and try again",
				t->nr_series);
	if (choose_stats(t, err) < 0)
		return -1;
	timeline_align(t);
	if (timeline_close_up(t, err) < 0)
		return -1;
	return draw(t, r->set, err);
}

static const char description[] =
	"Draws the recording in DIR: init (how the controller came up), doorbells,\n"
	"completions and depth (each queue over time), heatmap (how long I/Os took, over\n"
	"time), lanes (each command by itself; in a long window those around the slowest), latency (where the time of an I/O goes).  Pictures need gnuplot, text does not.\n\n"
	"A window: --from and --to, or --around what happened: slowest (the slowest command;\n"
	"slowest=3: the third), error (a command that ended with an error status), timeout,\n"
	"reset, abort or another event of the table (reset=2: the second), or an event's\n"
	"number in the recording.  TIME is in seconds, or 10ms, 250us, 100ns.";

static const char examples[] = "  nvmescope timeline -o pictures build/demo/trace\n"
			       "  nvmescope timeline -o slow --around slowest build/demo/trace\n"
			       "  nvmescope timeline --format text --only depth build/demo/trace\n";

/* EXIT_DONE: go on with @r; anything else, or OPTIONS_HELP: end with it. */
static int parse(struct request *r, int argc, char **argv)
{
	static const char *const formats[] = { "svg", "png", "text", NULL };
	const char *only = NULL, *around = NULL;
	const struct option_row rows[] = {
		{ "output", 'o', OPTION_STRING, "OUTDIR", &r->t->out,
		  "directory for the pictures; made if it is not there", NULL },
		{ "format", 0, OPTION_CHOICE, "FORMAT", &r->t->format,
		  "svg (default), png, or text for the terminal", formats },
		{ "from", 0, OPTION_SECONDS, "TIME", &r->from,
		  "since the recording began: draw from there", NULL },
		{ "to", 0, OPTION_SECONDS, "TIME", &r->to, "draw up to there", NULL },
		{ "around", 0, OPTION_STRING, "EVENT[=N]", &around, "draw around the N-th of these",
		  NULL },
		{ "span", 0, OPTION_SECONDS, "TIME", &r->span,
		  "so much around it (4 times what a command took; else 100ms)", NULL },
		{ "only", 0, OPTION_STRING, "LIST", &only,
		  "of init,doorbells,completions,depth,heatmap,lanes,latency", NULL },
		{ 0 }
	};
	const struct usage usage = { "timeline", "-o OUTDIR [OPTIONS] DIR", description, examples,
				     rows };
	int operand = options_parse(&usage, argc, argv);
	char wrong[256] = "";

	if (operand < 0)
		return operand == OPTIONS_HELP ? OPTIONS_HELP : EXIT_USAGE;
	if (argc - operand != 1)
		return options_wrong(&usage, "give one recording's directory");
	if (!r->t->out && strcmp(r->t->format, "text"))
		return options_wrong(&usage, "say where the pictures go: -o OUTDIR");
	if (r->to && r->to <= r->from)
		return options_wrong(&usage, "--to must be later than --from");
	if (around && (r->from || r->to))
		return options_wrong(&usage, "--around sets the window: leave out --from and --to");
	if (r->span && !around)
		return options_wrong(&usage, "--span goes with --around");
	if (around && !around_parse(around, &r->around, wrong, sizeof(wrong)))
		return options_wrong(&usage, "%s", wrong);
	r->set = parse_only(only, wrong, sizeof(wrong));
	if (!r->set)
		return options_wrong(&usage, "there is no picture '%s'", wrong);
	r->dir = argv[operand];
	return EXIT_DONE;
}

int cmd_timeline(int argc, char **argv)
{
	struct timeline *t = calloc(1, sizeof(*t));
	struct nvs_error err = { .text = "" };
	struct request r = { .t = t };
	int ret;

	if (!t) {
		complain("out of memory: close other programs and try again");
		return EXIT_FAILED;
	}
	t->format = "svg";
	ret = parse(&r, argc, argv);
	if (ret == EXIT_DONE && run(&r, &err) < 0) {
		complain("%s", err.text);
		ret = EXIT_FAILED;
	}
	timeline_free(t);
	return ret == OPTIONS_HELP ? EXIT_DONE : ret;
}
