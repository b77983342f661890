// SPDX-License-Identifier: GPL-2.0
/* nvmescope compare: is one set of recordings worse than another, where, and are we sure? */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd.h"
#include "compare.h"

#define MAX_RUNS 1000

/* Errors are not regressions, which are exit code 1. */
#define EXIT_ERROR 3

struct request {
	bool json, all;
	const char *plot, *format, *html, *text, *alpha, *threshold;
};

/* --- which recordings ---------------------------------------------------------------- */

static bool is_recording(const char *dir)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/metadata", dir);
	return !access(path, F_OK);
}

static int add_run(struct comparison *c, unsigned int side, const char *path, struct nvs_error *err)
{
	struct compare_set *set = &c->set[side];
	void *bigger;

	if (set->nr == MAX_RUNS)
		return nvs_fail(err, "more than %u recordings on one side: give fewer", MAX_RUNS);
	bigger = realloc(set->run, (set->nr + 1) * sizeof(*set->run));
	if (!bigger)
		return nvs_fail(err, "out of memory: close other programs and try again");
	set->run = bigger;
	return compare_read_run(&set->run[set->nr++], path, c->wants.cells, err);
}

/* A recording, or a directory that holds some. */
static int add_operand(struct comparison *c, unsigned int side, const char *path,
		       struct nvs_error *err)
{
	unsigned int before = c->set[side].nr;
	struct dirent **list;
	char sub[PATH_MAX];
	int n, ret = 0;

	if (is_recording(path))
		return add_run(c, side, path, err);
	n = scandir(path, &list, NULL, versionsort);
	if (n < 0)
		return nvs_fail(err, "cannot read %s: %s; give a recording, or a directory of them",
				path, strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(sub, sizeof(sub), "%.3800s/%s", path, list[i]->d_name);
		if (ret == 0 && list[i]->d_name[0] != '.' && is_recording(sub))
			ret = add_run(c, side, sub, err);
		free(list[i]);
	}
	free(list);
	if (ret == 0 && c->set[side].nr == before)
		return nvs_fail(
			err,
			"%s is no recording and holds none: a recording is a directory with "
			"a file 'metadata'",
			path);
	return ret;
}

/* --- what comes out ------------------------------------------------------------------ */

static int write_text(const struct comparison *c, const char *path, struct nvs_error *err)
{
	FILE *out = fopen(path, "w");
	struct comparison all = *c;
	int ret;

	if (!out)
		return nvs_fail(err, "cannot write %s: %s", path, strerror(errno));
	all.wants.all = true;
	ret = compare_text(&all, out, err);
	if (fclose(out) && ret == 0)
		ret = nvs_fail(err, "cannot write %s: %s", path, strerror(errno));
	return ret;
}

static int write_plot(const struct comparison *c, const struct request *r, struct nvs_error *err)
{
	int ret;

	if (mkdir(r->plot, 0777) && errno != EEXIST)
		return nvs_fail(err, "cannot make directory %s: %s", r->plot, strerror(errno));
	ret = compare_plot(c, r->plot, r->format, err);
	if (ret == 0)
		complain("no whole I/O command in any of them: there is nothing to draw");
	else if (ret > 0)
		complain("%s/distributions.%s", r->plot, r->format);
	return ret < 0 ? -1 : 0;
}

static int show(const struct comparison *c, const struct request *r, struct nvs_error *err)
{
	if ((r->json ? compare_json : compare_text)(c, stdout, err) < 0)
		return -1;
	if (fflush(stdout) || ferror(stdout))
		return nvs_fail(err, "cannot write to standard output: is its disk full?");
	if (r->text && write_text(c, r->text, err) < 0)
		return -1;
	if (r->html && compare_html(c, r->html, err) < 0)
		return -1;
	return r->plot ? write_plot(c, r, err) : 0;
}

static int run(struct comparison *c, const struct request *r, char **operand, unsigned int nr_a,
	       unsigned int nr)
{
	struct nvs_error err = { .text = "" };
	int ret = 0;
	bool worse;

	for (unsigned int i = 0; i < nr && ret == 0; i++)
		ret = add_operand(c, i < nr_a ? SIDE_A : SIDE_B, operand[i], &err);
	if (ret == 0)
		ret = compare_sets(c, &err);
	if (ret == 0)
		ret = show(c, r, &err);
	worse = c->count[VERDICT_WORSE];
	compare_free(c);
	if (ret < 0) {
		complain("%s", err.text);
		return EXIT_ERROR;
	}
	return worse ? EXIT_FAILED : EXIT_DONE;
}

/* --- what is asked for --------------------------------------------------------------- */

static bool parse_number(const char *text, double most, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	return *text && !*end && !errno && *value >= 0 && *value <= most;
}

/* How many operands stand behind "--"; -1: there is none. */
static int operands_behind(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			return argc - i - 1;
	return -1;
}

static const char description[] =
	"Holds two sets of recordings against each other, figure by figure: one value for each\n"
	"run, medians with the interval that holds them, and Mann and Whitney's U test with Holm's\n"
	"correction for all figures that are tested at once. What differs significantly comes\n"
	"first; a change for the worse beyond --threshold is a regression, and the exit status 1.\n"
	"A and B are recordings or directories that hold recordings, of any level.\n"
	"Fewer runs than the tests need are no basis for a verdict: then it says so.\n"
	"Exit status: 0 no regression, 1 regression, 2 wrong usage, 3 failed.";

int cmd_compare(int argc, char **argv)
{
	static const char *const formats[] = { "svg", "png", NULL };
	struct request r = { .format = "svg", .alpha = "0.05", .threshold = "1" };
	const struct option_row rows[] = {
		{ "threshold", 't', OPTION_STRING, "PCT", &r.threshold,
		  "a change of so many percent is no regression yet (1)", NULL },
		{ "alpha", 0, OPTION_STRING, "P", &r.alpha,
		  "chance of one wrong verdict among all (0.05)", NULL },
		{ "all", 'a', OPTION_FLAG, NULL, &r.all, "show what does not differ, too", NULL },
		{ "json", 0, OPTION_FLAG, NULL, &r.json,
		  "print JSON, as docs/compare.md describes it, with every figure", NULL },
		{ "plot", 0, OPTION_STRING, "DIR", &r.plot,
		  "draw both sets' distributions into DIR", NULL },
		{ "format", 0, OPTION_CHOICE, "FORMAT", &r.format,
		  "of the picture: svg (default) or png", formats },
		{ "html", 0, OPTION_STRING, "FILE", &r.html, "write a page with all of it", NULL },
		{ "text", 0, OPTION_STRING, "FILE", &r.text, "write the text with --all there, too",
		  NULL },
		{ 0 }
	};
	const struct usage usage = {
		.command = "compare",
		.synopsis = "[OPTIONS] A... -- B...",
		.description = description,
		.examples =
			"  nvmescope compare before after\n"
			"  nvmescope compare --threshold 5 old/run-* -- new/run-*\n"
			"  nvmescope compare --html report.html build/compare/a build/compare/b\n",
		.rows = rows,
	};
	int behind = operands_behind(argc, argv), operand = options_parse(&usage, argc, argv), nr;
	struct comparison c = { 0 };

	if (operand < 0)
		return operand == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
	nr = argc - operand;
	if (behind < 0 && nr != 2)
		return options_wrong(&usage, "give two directories, or A... -- B...");
	if (behind < 0)
		behind = 1;
	if (!behind || behind >= nr)
		return options_wrong(&usage,
				     "there must be recordings before the -- and behind it");
	if (!parse_number(r.threshold, 1e6, &c.wants.threshold))
		return options_wrong(&usage, "--threshold: '%s' is no percentage", r.threshold);
	if (!parse_number(r.alpha, 0.5, &c.wants.alpha) || c.wants.alpha <= 0)
		return options_wrong(&usage, "--alpha: '%s' is no probability up to 0.5", r.alpha);
	c.wants.all = r.all;
	c.wants.cells = r.plot || r.html;
	return run(&c, &r, argv + operand, (unsigned int)(nr - behind), (unsigned int)nr);
}
