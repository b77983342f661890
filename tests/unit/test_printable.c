// SPDX-License-Identifier: GPL-2.0
/* What others chose to be called must not reach a terminal, or gnuplot, as a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "cmd.h"
#include "command.h"
#include "ctf_writer.h"
#include "gnuplot.h"
#include "printable.h"
#include "scratch.h"
#include "synth.h"

static void test_make_printable(void **state)
{
	static const char *const rows[][2] = {
		{ "fio job.fio\n\tx", "fio job.fio\n\tx" },
		{ "gr\xc3\xb6\xc3\x9f"
		  "er, \xe2\x94\x80, \xf0\x9f\x98\x80",
		  "gr\xc3\xb6\xc3\x9f"
		  "er, \xe2\x94\x80, \xf0\x9f\x98\x80" },
		{ "\x1b[2J\x1b]0;title\x07\r\b\x7f", "?[2J?]0;title????" },
		{ "C1 \xc2\x9b"
		  "31m and raw \x9b"
		  "31m",
		  "C1 ??31m and raw ?31m" },
		{ "cut \xe2\x94", "cut ??" },
		{ "overlong \xc1\xbf \xe0\x80\x9b \xf0\x80\x80\x9b", "overlong ?? ??? ????" },
		{ "surrogate \xed\xa0\x80, beyond \xf4\x90\x80\x80 \xff",
		  "surrogate ???, beyond ???? ?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = strdup(rows[i][0]);

		assert_string_equal(make_printable(text), rows[i][1]);
		free(text);
	}
}

/* A recording's env, in the report; an operand, in an error. */
static void test_from_outside(void **state)
{
	struct synth_options options = { .queues = 1, .commands = 10, .depth = 1, .batch = 1 };
	struct synth *s = synth_make(&options);
	char *dir = scratch_dir(), *path = scratch_path(dir, "rec"), *text;
	struct ctf_trace *t;
	struct nvs_error err;

	(void)state;
	assert_int_equal(synth_write(s, path, 0, &err), 0);
	t = ctf_trace_reopen(path, &err);
	assert_int_equal(ctf_trace_env(t, "command", "evil\x1b[2J\xff"), 0);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	text = COMMAND_RUN(dir, cmd_report, EXIT_DONE, "report", path);
	assert_non_null(strstr(text, "evil?[2J?\n"));
	free(text);
	free(COMMAND_RUN(dir, cmd_report, EXIT_FAILED, "report", "none\x1b[2J"));
	text = command_errors(dir);
	assert_non_null(strstr(text, "none?[2J"));
	assert_null(strchr(text, '\x1b'));
	free(text);
	free(COMMAND_RUN(dir, cmd_report, EXIT_USAGE, "report", "--\x1b[2J"));
	text = command_errors(dir);
	assert_non_null(strstr(text, "--?[2J"));
	free(text);
	synth_free(s);
	free(path);
	scratch_remove(dir);
}

/* gnuplot runs what stands between backquotes, in double quotes too. */
static void test_gnuplot_runs_nothing(void **state)
{
	struct picture p;
	struct nvs_error err;

	(void)state;
	assert_int_equal(picture_begin(&p, ".", "x", "svg", 100, &err), 0);
	picture_quote(&p, "a `touch b` \"c\" \\`d`");
	fflush(p.script);
	assert_null(strchr(p.text, '`'));
	assert_non_null(strstr(p.text, "\"a \\140touch b\\140 \\\"c\\\" \\\\\\140d\\140\""));
	picture_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make_printable),
		cmocka_unit_test(test_from_outside),
		cmocka_unit_test(test_gnuplot_runs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
