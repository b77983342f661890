// SPDX-License-Identifier: GPL-2.0
/* compare on made-up recordings whose differences are known. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "command.h"
#include "hist.h"
#include "significance.h"
#include "synth.h"

struct bench {
	char *tmp;
	char *a, *b; /* directories of recordings */
};

/* Whether times differ is not what is tested there. */
#define EXIT_EITHER (-1)

static const struct synth_options plain = { .queues = 2,
					    .commands = 1200,
					    .depth = 16,
					    .batch = 4 };

static void make_run(const struct synth_options *options, const char *dir, unsigned int number,
		     uint64_t lost)
{
	char name[16], *path;
	struct synth *s = synth_make(options);
	struct nvs_error err;

	snprintf(name, sizeof(name), "run-%u", number);
	path = scratch_path(dir, name);
	assert_int_equal(synth_write(s, path, lost, &err), 0);
	free(path);
	synth_free(s);
}

/* @nr runs that differ a little: in how many commands there were. */
static char *make_set(const struct bench *b, const char *name, const struct synth_options *options,
		      unsigned int nr)
{
	char *dir = scratch_path(b->tmp, name);

	assert_int_equal(mkdir(dir, 0700), 0);
	for (unsigned int i = 0; i < nr; i++) {
		struct synth_options o = *options;

		o.commands += 4 * i;
		make_run(&o, dir, i, 0);
	}
	return dir;
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->tmp = scratch_dir();
	b->a = make_set(b, "a", &plain, 9);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	scratch_remove(b->tmp);
	free(b->a);
	free(b->b);
	free(b);
	return 0;
}

static json_t *compare(struct bench *b, int want, const char *option, const char *value)
{
	char *text =
		COMMAND_RUN(b->tmp, cmd_compare, want, "compare", "--json",
			    (char *)(option ?: "--alpha"), (char *)(value ?: "0.05"), b->a, b->b);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	free(text);
	assert_non_null(root);
	return root;
}

static json_t *row(const json_t *root, const char *where, const char *figure)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "figures"), i, o)
	{
		if (!strcmp(json_string_value(json_object_get(o, "where")), where) &&
		    !strcmp(json_string_value(json_object_get(o, "figure")), figure))
			return o;
	}
	fail_msg("no figure '%s' of '%s'", figure, where);
	return NULL;
}

static const char *verdict(const json_t *root, const char *where, const char *figure)
{
	return json_string_value(json_object_get(row(root, where, figure), "verdict"));
}

static double side(const json_t *o, const char *of, const char *key)
{
	return json_number_value(json_object_get(json_object_get(o, of), key));
}

static unsigned int count(const json_t *root, const char *wanted)
{
	unsigned int n = 0;
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "figures"), i, o) n +=
		!strcmp(json_string_value(json_object_get(o, "verdict")), wanted);
	return n;
}

static void a_set_against_itself(void **state)
{
	struct bench *b = *state;
	json_t *root;

	b->b = strdup(b->a);
	root = compare(b, EXIT_DONE, "--threshold", "0");
	assert_int_equal(count(root, "same"), json_array_size(json_object_get(root, "figures")));
	assert_int_equal(json_array_size(json_object_get(root, "differences")), 0);
	assert_true(json_is_false(json_object_get(root, "regression")));
	json_decref(root);
}

/* Median over the runs of a set of doorbells for each command, as they were made up. */
static double true_bells(const struct synth_options *options, unsigned int nr)
{
	double ratio[16];

	for (unsigned int i = 0; i < nr; i++) {
		struct synth_options o = *options;
		uint64_t bells = 0, commands = 0;
		struct synth *s;

		o.commands += 4 * i;
		s = synth_make(&o);
		for (unsigned int q = 1; q <= o.queues; q++) {
			bells += s->truth.queue[q].bells;
			commands += s->truth.queue[q].commands;
		}
		ratio[i] = (double)bells / (double)commands;
		synth_free(s);
	}
	return sample_median(ratio, nr);
}

/* One doorbell for each command: found, placed, and nothing claimed of interrupts. */
static void batching_off(void **state)
{
	struct synth_options o = plain;
	struct bench *b = *state;
	json_t *root, *bells;
	char *text, *swap;

	o.batch = 1;
	b->b = make_set(b, "b", &o, 9);
	root = compare(b, EXIT_FAILED, "--threshold", "5");
	bells = row(root, "default queues", "SQ doorbells/command");
	assert_string_equal(verdict(root, "default queues", "SQ doorbells/command"), "worse");
	assert_true(side(bells, "a", "median") == true_bells(&plain, 9));
	assert_true(side(bells, "b", "median") == 1 && true_bells(&o, 9) == 1);
	assert_true(side(bells, "a", "runs") == 9 && side(bells, "b", "runs") == 9);
	assert_string_equal(verdict(root, "admin queue", "SQ doorbells/command"), "same");
	json_decref(root);
	text = COMMAND_RUN(b->tmp, cmd_compare, EXIT_FAILED, "compare", b->a, "--", b->b);
	assert_non_null(strstr(text, "Regression: B is worse"));
	assert_non_null(strstr(text, "SQ doorbells/command"));
	free(text);
	/* The other way round it is better, and no regression of that figure. */
	swap = b->a;
	b->a = b->b;
	b->b = swap;
	root = compare(b, EXIT_EITHER, NULL, NULL);
	assert_string_equal(verdict(root, "default queues", "SQ doorbells/command"), "better");
	json_decref(root);
}

static void a_threshold_lets_pass(void **state)
{
	struct synth_options o = plain;
	struct bench *b = *state;
	json_t *root;

	o.batch = 2;
	b->b = make_set(b, "b", &o, 9);
	root = compare(b, EXIT_DONE, "--threshold", "100000");
	assert_string_equal(verdict(root, "default queues", "SQ doorbells/command"), "small");
	assert_int_equal(count(root, "worse"), 0);
	json_decref(root);
}

static void too_few_runs(void **state)
{
	struct synth_options o = plain;
	struct bench *b = *state;
	char *text;
	json_t *root;

	o.batch = 1;
	b->b = make_set(b, "b", &o, 3);
	root = compare(b, EXIT_DONE, NULL, NULL);
	assert_true(json_is_true(json_object_get(json_object_get(root, "test"), "too_few_runs")));
	assert_int_equal(count(root, "worse") + count(root, "better"), 0);
	json_decref(root);
	text = COMMAND_RUN(b->tmp, cmd_compare, EXIT_DONE, "compare", b->a, b->b);
	assert_non_null(strstr(text, "No verdict: 9 and 3 runs are too few"));
	assert_non_null(strstr(text, "it needs at least "));
	assert_null(strstr(text, "No regression"));
	free(text);
}

static void phases_on_one_side(void **state)
{
	struct synth_options o = plain;
	struct bench *b = *state;
	json_t *root;

	o.no_init = true;
	b->b = make_set(b, "b", &o, 9);
	root = compare(b, EXIT_DONE, NULL, NULL);
	assert_string_equal(verdict(root, "nvme_reset_work", "duration"), "only in A");
	assert_int_equal(count(root, "worse"), 0);
	json_decref(root);
}

static void losses_and_levels_are_said(void **state)
{
	struct synth_options o = plain;
	struct bench *b = *state;
	json_t *root, *d;
	char *text;

	o.io = true;
	b->b = make_set(b, "b", &o, 8);
	make_run(&o, b->b, 8, 77);
	root = compare(b, EXIT_EITHER, NULL, NULL);
	d = json_array_get(json_object_get(root, "differences"), 0);
	assert_string_equal(json_string_value(json_object_get(d, "key")), "level");
	assert_string_equal(json_string_value(json_object_get(d, "a")), "events");
	assert_string_equal(json_string_value(json_object_get(d, "b")), "io");
	json_decref(root);
	text = COMMAND_RUN(b->tmp, cmd_compare, EXIT_EITHER, "compare", b->a, b->b);
	assert_non_null(strstr(text, "77 events LOST in 1 run"));
	free(text);
}

/* Level hist: what was counted in the kernel is compared the same way. */
static char *make_hist_set(const struct bench *b, const char *name, unsigned int bucket)
{
	char *dir = scratch_path(b->tmp, name), *path, run[16];
	struct nvs_error err;

	assert_int_equal(mkdir(dir, 0700), 0);
	for (unsigned int i = 0; i < 9; i++) {
		struct synth s = { .level = "hist" };
		struct nvs_hist_stage stage = {
			.h = { .ts = 1000010, .id = NVS_ID_hist_stage, .qid = 1 },
			.since = 5000,
			.count = 100 + i,
			.sum = (100 + i) * (hist_low(bucket) + 1),
			.bytes = 409600,
			.op = NVS_HIST_OP_write,
			.size = NVS_HIST_SIZE_upto_4k,
			.stage = NVS_STAGE_total,
		};
		struct nvs_hist_bucket times = {
			.h = { .ts = 1000020, .id = NVS_ID_hist_bucket, .qid = 1 },
			.count = 100 + i,
			.bucket = (uint16_t)bucket,
		};

		synth_add(&s, 0, &stage, sizeof(stage));
		synth_add(&s, 0, &times, sizeof(times));
		snprintf(run, sizeof(run), "run-%u", i);
		path = scratch_path(dir, run);
		assert_int_equal(synth_write(&s, path, 0, &err), 0);
		free(path);
		free(s.item);
	}
	return dir;
}

static void counted_in_the_kernel(void **state)
{
	struct bench *b = *state;
	json_t *root, *p50;

	free(b->a);
	b->a = make_hist_set(b, "ha", 40);
	b->b = make_hist_set(b, "hb", 48);
	root = compare(b, EXIT_FAILED, NULL, NULL);
	p50 = row(root, "write 4K, default queues: total", "p50");
	assert_string_equal(verdict(root, "write 4K, default queues: total", "p50"), "worse");
	assert_true(side(p50, "a", "median") == (double)((hist_low(40) + hist_low(41)) / 2));
	assert_true(side(p50, "b", "median") == (double)((hist_low(48) + hist_low(49)) / 2));
	/* A hundred commands are enough for a p99, and not for more. */
	assert_string_equal(verdict(root, "write 4K, default queues: total", "p99"), "worse");
	json_decref(root);
}

static void pictures_and_pages(void **state)
{
	struct bench *b = *state;
	char *plots = scratch_path(b->tmp, "plots"), *page = scratch_path(b->tmp, "page.html");
	struct synth_options o = plain;
	size_t size;
	char *text;

	o.batch = 1;
	b->b = make_set(b, "b", &o, 9);
	free(COMMAND_RUN(b->tmp, cmd_compare, EXIT_FAILED, "compare", "--plot", plots, "--html",
			 page, b->a, b->b));
	text = scratch_read(plots, "distributions.svg", &size);
	text[size] = 0;
	assert_non_null(strstr(text, "</svg>"));
	assert_non_null(strstr(text, "read"));
	free(text);
	text = scratch_read(b->tmp, "page.html", &size);
	text[size] = 0;
	assert_non_null(strstr(text, "</svg>"));
	assert_non_null(strstr(text, "</html>"));
	assert_non_null(strstr(text, "Regression: B is worse"));
	assert_null(strstr(text, "src="));
	free(text);
	free(plots);
	free(page);
}

static void wrong_use(void **state)
{
	struct bench *b = *state;
	char *words;

#define WRONG(...) free(COMMAND_RUN(b->tmp, cmd_compare, EXIT_USAGE, "compare", __VA_ARGS__))
	WRONG(b->a);
	WRONG(b->a, "--");
	WRONG("--", b->a);
	WRONG(b->a, b->a, b->a);
	WRONG("--threshold", "x", b->a, b->a);
	WRONG("--threshold", "-1", b->a, b->a);
	WRONG("--alpha", "0", b->a, b->a);
	WRONG("--alpha", "0.9", b->a, b->a);
#undef WRONG
	free(COMMAND_RUN(b->tmp, cmd_compare, 3, "compare", b->a, "/proc/self/nothing"));
	words = command_errors(b->tmp);
	assert_non_null(strstr(words, "cannot read /proc/self/nothing"));
	free(words);
	free(COMMAND_RUN(b->tmp, cmd_compare, 3, "compare", b->a, b->tmp));
	words = command_errors(b->tmp);
	assert_non_null(strstr(words, "is no recording and holds none"));
	free(words);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_set_against_itself),
		TEST(batching_off),
		TEST(a_threshold_lets_pass),
		TEST(too_few_runs),
		TEST(phases_on_one_side),
		TEST(losses_and_levels_are_said),
		TEST(counted_in_the_kernel),
		TEST(pictures_and_pages),
		TEST(wrong_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
