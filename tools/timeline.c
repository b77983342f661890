// SPDX-License-Identifier: GPL-2.0
/* nvmescope timeline: a recording in pictures. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd.h"
#include "timeline.h"

static const struct {
	const char *name;
	int (*plot)(struct timeline *t, struct nvs_error *err);
	int (*text)(struct timeline *t, struct nvs_error *err);
} pictures[] = {
	{ "init", plot_init, text_init },
	{ "doorbells", plot_doorbells, text_doorbells },
	{ "completions", plot_completions, text_completions },
	{ "depth", plot_depth, text_depth },
	{ "latency", plot_latency, text_latency },
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

static int draw_each(struct timeline *t, unsigned int set, struct nvs_error *err)
{
	bool text = !strcmp(t->format, "text");

	for (unsigned int k = 0; k < NR_PICTURES; k++) {
		if (!(set & 1u << k))
			continue;
		if ((text ? pictures[k].text(t, err) : pictures[k].plot(t, err)) < 0)
			return -1;
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		return nvs_fail(err, "cannot write to standard output: is its disk full?");
	return 0;
}

static int draw(struct timeline *t, unsigned int set, struct nvs_error *err)
{
	bool made;

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

static int run(struct timeline *t, const char *dir, unsigned int set, struct nvs_error *err)
{
	if (analysis_open(&t->a, dir, &timeline_visitor, t, err) < 0)
		return -1;
	if (t->out_of_memory)
		return nvs_fail(err,
				"out of memory for the courses of %u queues: "
				"close other programs and try again",
				t->nr_series);
	timeline_align(t);
	if (timeline_close_up(t, err) < 0)
		return -1;
	return draw(t, set, err);
}

static const char description[] =
	"Draws the recording in DIR: init (how the controller came up), doorbells,\n"
	"completions and depth (each queue over time), latency (where the time of an\n"
	"I/O goes).  Pictures need gnuplot, text does not.";

static const char examples[] = "  nvmescope timeline -o pictures build/demo/trace\n"
			       "  nvmescope timeline --format text --only depth build/demo/trace\n";

/* What the command line asks for. */
struct request {
	struct timeline *t;
	const char *dir;
	unsigned int set;
};

/* EXIT_DONE: go on with @r; anything else, or OPTIONS_HELP: end with it. */
static int parse(struct request *r, int argc, char **argv)
{
	static const char *const formats[] = { "svg", "png", "text", NULL };
	const char *only = NULL;
	const struct option_row rows[] = {
		{ "output", 'o', OPTION_STRING, "OUTDIR", &r->t->out,
		  "directory for the pictures; made if it is not there", NULL },
		{ "format", 0, OPTION_CHOICE, "FORMAT", &r->t->format,
		  "svg (default), png, or text for the terminal", formats },
		{ "from", 0, OPTION_SECONDS, "T", &r->t->from,
		  "seconds from the start of the recording: draw queues from there", NULL },
		{ "to", 0, OPTION_SECONDS, "T", &r->t->to, "draw queues up to there", NULL },
		{ "only", 0, OPTION_STRING, "LIST", &only,
		  "of init,doorbells,completions,depth,latency (default: all)", NULL },
		{ 0 }
	};
	const struct usage usage = { "timeline", "-o OUTDIR [OPTIONS] DIR", description, examples,
				     rows };
	int operand = options_parse(&usage, argc, argv);
	char wrong[64] = "";

	if (operand < 0)
		return operand == OPTIONS_HELP ? OPTIONS_HELP : EXIT_USAGE;
	if (argc - operand != 1)
		return options_wrong(&usage, "give one recording's directory");
	if (!r->t->out && strcmp(r->t->format, "text"))
		return options_wrong(&usage, "say where the pictures go: -o OUTDIR");
	if (r->t->to && r->t->to <= r->t->from)
		return options_wrong(&usage, "--to must be later than --from");
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
	if (ret == EXIT_DONE && run(t, r.dir, r.set, &err) < 0) {
		complain("%s", err.text);
		ret = EXIT_FAILED;
	}
	timeline_free(t);
	return ret == OPTIONS_HELP ? EXIT_DONE : ret;
}
