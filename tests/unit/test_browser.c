// SPDX-License-Identifier: GPL-2.0
/* The walkthrough's page in a browser (tests/browser.sh): each step, no word on its console. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "cmd.h"
#include "command.h"
#include "synth.h"

struct bench {
	char *tmp, *trace, *page;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->tmp = scratch_dir();
	b->trace = scratch_path(b->tmp, "trace");
	b->page = scratch_path(b->tmp, "page.html");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	scratch_remove(b->tmp);
	free(b->trace);
	free(b->page);
	free(b);
	return 0;
}

static void record(const struct bench *b, unsigned int commands, const char *provider)
{
	const struct synth_options options = {
		.queues = 2, .commands = commands, .depth = 16, .batch = 4, .ring = 128
	};
	struct nvs_error err = { .text = "" };
	struct synth *s = synth_make(&options);

	s->provider = provider;
	assert_int_equal(synth_write(s, b->trace, 0, &err), 0);
	synth_free(s);
}

/* What the page says of itself, to be freed; skips the test where there is no browser. */
static json_t *browse_in(const char *browser, const struct bench *b)
{
	char command[4096], line[4096] = "";
	json_t *result;
	FILE *out;
	int status;

	snprintf(command, sizeof(command), "BROWSER=%s %s/../tests/browser.sh %s", browser,
		 BUILD_DIR, b->page);
	out = popen(command, "r");
	assert_non_null(out);
	if (!fgets(line, sizeof(line), out))
		line[0] = 0;
	status = pclose(out);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	if (status)
		fail_msg("browser.sh ended with status %#x: %s", status, line);
	result = json_loads(line, 0, NULL);
	assert_non_null(result);
	return result;
}

static json_t *browse(const struct bench *b)
{
	return browse_in("chromium", b);
}

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

#define MAKE_PAGE(b, ...)                                                                      \
	free(COMMAND_RUN((b)->tmp, cmd_walkthrough, EXIT_DONE, "walkthrough", "-o", (b)->page, \
			 __VA_ARGS__))

static void every_step_is_reached(void **state)
{
	struct bench *b = *state;
	json_t *r;

	record(b, 40, NULL);
	MAKE_PAGE(b, b->trace);
	r = browse(b);
	assert_true(number(r, "steps") > 500);
	assert_true(number(r, "visited") == number(r, "steps"));
	json_decref(r);
}

static void firefox_too(void **state)
{
	struct bench *b = *state;
	json_t *r;

	record(b, 10, NULL);
	MAKE_PAGE(b, b->trace);
	r = browse_in("firefox-esr", b);
	assert_true(number(r, "visited") == number(r, "steps"));
	json_decref(r);
}

static void two_in_chinese(void **state)
{
	struct bench *b = *state;
	json_t *r;

	record(b, 10, "stock");
	MAKE_PAGE(b, "--lang", "zh", b->trace, b->trace);
	r = browse(b);
	assert_true(number(r, "visited") == number(r, "steps"));
	json_decref(r);
}

/*
 * Quick also when it is long: what a step costs must not grow with their number. How quick this
 * machine is just now, a short page tells.
 */
static void fifty_thousand_steps(void **state)
{
	struct bench *b = *state;
	json_t *r;
	double brief;

	record(b, 40, NULL);
	MAKE_PAGE(b, b->trace);
	r = browse(b);
	brief = number(r, "median_ms");
	json_decref(r);
	teardown(state);
	setup(state);
	b = *state;
	record(b, 3000, NULL);
	MAKE_PAGE(b, b->trace);
	r = browse(b);
	assert_true(number(r, "steps") > 45000);
	print_message(
		"# %.0f steps: shown after %.0f ms, %.1f ms for one (%.1f of a short page), the worst "
		"%.1f ms, a leap %.1f ms, %.0f marks drawn\n",
		number(r, "steps"), number(r, "load_ms"), number(r, "median_ms"), brief,
		number(r, "worst_ms"), number(r, "leap_ms"), number(r, "marks"));
	assert_true(number(r, "median_ms") < 3 * brief + 10);
	assert_true(number(r, "leap_ms") < 3 * brief + 10);
	assert_true(number(r, "load_ms") < 10000);
	/* Marks are bounded by pixels: lanes times the window's width. */
	assert_true(number(r, "marks") < 20000);
	json_decref(r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { TEST(every_step_is_reached), TEST(firefox_too),
					    TEST(two_in_chinese), TEST(fifty_thousand_steps) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
