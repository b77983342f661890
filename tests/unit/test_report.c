// SPDX-License-Identifier: GPL-2.0
/* A made-up recording through writer, reader, model and report, against its truth. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench.h"
#include "cmd.h"

static const struct synth_options options = {
	.queues = 2,
	.commands = 1500,
	.depth = 16,
	.batch = 4,
	.ring = 128,
};

static int setup(void **state)
{
	return bench_make(state, &options, 7, "pictures");
}

#define RUN(b, cmd, want, ...) COMMAND_RUN((b)->tmp, cmd, want, __VA_ARGS__)

static uint64_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return (uint64_t)json_integer_value(v);
}

static json_t *json_of(const struct bench *b)
{
	char *text = RUN(b, cmd_report, EXIT_DONE, "report", "--json", b->trace);
	json_error_t why;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);

	free(text);
	assert_non_null(root);
	return root;
}

/* The stages of a command add up to its total, so their means do, but for rounding. */
static void check_stages(const json_t *latency)
{
	static const char *const stages[] = { "queue", "driver", "device", "completion" };
	uint64_t sum = 0, total = number(json_object_get(latency, "total"), "mean_ns");

	for (unsigned int i = 0; i < 4; i++)
		sum += number(json_object_get(latency, stages[i]), "mean_ns");
	assert_in_range(sum, total - 3, total + 3);
}

static void check_queue(const json_t *q, const struct synth_queue_truth *want)
{
	const json_t *total = json_object_get(json_object_get(q, "latency"), "total");
	const json_t *trouble = json_object_get(q, "trouble"), *value;
	const char *key;

	assert_int_equal(number(q, "commands"), want->commands);
	assert_int_equal(number(q, "sq_doorbells"), want->bells);
	assert_int_equal(number(q, "sq_doorbell_commands"), want->commands);
	assert_int_equal(number(q, "interrupts"), want->irqs);
	assert_int_equal(number(q, "interrupt_completions"), want->completions);
	assert_int_equal(number(q, "peak_depth"), want->peak_depth);
	assert_int_equal(number(q, "depth_at_end"), 0);
	assert_int_equal(number(total, "count"), want->commands);
	assert_int_equal(number(total, "max_ns"), want->max_latency);
	check_stages(json_object_get(q, "latency"));
	json_object_foreach((json_t *)trouble, key, value)
		assert_int_equal(json_integer_value(value), 0);
}

static void json_tells_the_truth(void **state)
{
	struct bench *b = *state;
	json_t *root = json_of(b), *rec = json_object_get(root, "recording"), *ctrl, *op;
	uint64_t reads = 0, writes = 0, longest = 0;
	size_t i;

	assert_string_equal(json_string_value(json_object_get(root, "format")), "nvmescope-report");
	assert_int_equal(number(rec, "events"), b->s->truth.events);
	assert_int_equal(number(json_object_get(rec, "lost"), "total"), 7);
	assert_int_equal(number(json_object_get(json_object_get(rec, "lost"), "by_cpu"), "0"), 7);
	ctrl = json_array_get(json_object_get(root, "controllers"), 0);
	assert_string_equal(json_string_value(json_object_get(ctrl, "last_state")), "live");
	assert_string_equal(json_string_value(json_object_get(ctrl, "pci_address")),
			    "0000:01:00.0");
	for (i = 1; i <= options.queues; i++)
		check_queue(json_array_get(json_object_get(ctrl, "queues"), i),
			    &b->s->truth.queue[i]);
	json_array_foreach(json_object_get(root, "operations"), i, op)
	{
		const char *name = json_string_value(json_object_get(op, "operation"));

		*(strcmp(name, "read") ? &writes : &reads) += number(op, "commands");
	}
	assert_int_equal(reads, b->s->truth.queue[1].reads + b->s->truth.queue[2].reads);
	assert_int_equal(writes, b->s->truth.queue[1].writes + b->s->truth.queue[2].writes);
	assert_int_equal(json_array_size(json_object_get(root, "phases")), b->s->truth.phases);
	json_array_foreach(json_object_get(root, "phases"), i,
			   op) if (!strcmp(json_string_value(json_object_get(op, "name")),
					   "nvme_wait_ready") &&
				   number(op, "duration_ns") > longest) longest =
		number(op, "duration_ns");
	assert_int_equal(longest, b->s->truth.wait_ready_ns);
	json_decref(root);
}

static void phases_form_a_tree(void **state)
{
	struct bench *b = *state;
	json_t *root = json_of(b), *phases = json_object_get(root, "phases"), *p;
	unsigned int queued = 0;
	size_t i;

	json_array_foreach(phases, i, p)
	{
		const char *name = json_string_value(json_object_get(p, "name"));
		const json_t *parent = json_object_get(p, "parent"), *up;

		queued += json_is_true(json_object_get(p, "queued"));
		if (strcmp(name, "nvme_reset_work"))
			continue;
		up = json_array_get(phases, (size_t)json_integer_value(parent));
		assert_true(json_is_true(json_object_get(p, "queued")));
		assert_string_equal(json_string_value(json_object_get(up, "name")),
				    "nvme_reset_ctrl");
	}
	assert_int_equal(queued, 2); /* reset work and scan work */
	json_decref(root);
}

static void text_fits_a_terminal(void **state)
{
	struct bench *b = *state;
	char *text = RUN(b, cmd_report, EXIT_DONE, "report", b->trace);

	assert_non_null(strstr(text, "nvme_alloc_ns"));
	assert_non_null(strstr(text, "7 events found the ring full, CPU 0"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (line[0] != '/') /* the recording's path is as long as it is */
			assert_true(strlen(line) < 100);
	free(text);
}

static void wrong_usage(void **state)
{
	struct bench *b = *state;

	free(RUN(b, cmd_report, EXIT_USAGE, "report"));
	free(RUN(b, cmd_report, EXIT_USAGE, "report", b->trace, b->trace));
	free(RUN(b, cmd_report, EXIT_FAILED, "report", b->tmp));
	free(RUN(b, cmd_timeline, EXIT_USAGE, "timeline", b->trace));
	free(RUN(b, cmd_timeline, EXIT_USAGE, "timeline", "-o", b->out, "--only", "dept",
		 b->trace));
	free(RUN(b, cmd_timeline, EXIT_USAGE, "timeline", "-o", b->out, "--from", "2", "--to", "1",
		 b->trace));
}

static void text_charts(void **state)
{
	struct bench *b = *state;
	char *text = RUN(b, cmd_timeline, EXIT_DONE, "timeline", "--format", "text", b->trace);

	assert_non_null(strstr(text, "nvme_wait_ready"));
	assert_non_null(strstr(text, "nvme0 q2"));
	assert_non_null(strstr(text, "p99.9"));
	free(text);
}

/* Without gnuplot: a message, and not even the directory. */
static void gnuplot_missing(void **state)
{
	struct bench *b = *state;
	char *path = strdup(getenv("PATH"));

	setenv("PATH", "/nonexistent", 1);
	free(RUN(b, cmd_timeline, EXIT_FAILED, "timeline", "-o", b->out, b->trace));
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(access(b->out, F_OK), -1);
}

static void a_picture_is_whole(void **state)
{
	struct bench *b = *state;
	size_t size;
	char *svg, *end;

	if (system("command -v gnuplot > /dev/null") != 0)
		skip();
	free(RUN(b, cmd_timeline, EXIT_DONE, "timeline", "-o", b->out, "--only", "init,latency",
		 b->trace));
	svg = scratch_read(b->out, "init.svg", &size);
	svg[size] = 0;
	end = strstr(svg, "</svg>");
	assert_non_null(end);
	assert_non_null(strstr(svg, "waits for CSTS.RDY"));
	free(svg);
	svg = scratch_read(b->out, "latency.svg", &size);
	svg[size] = 0;
	assert_non_null(strstr(svg, "q1"));
	assert_null(strstr(svg, ">0 ns")); /* every queue's median took some time */
	free(svg);
	/* A window behind the end makes no picture. */
	free(RUN(b, cmd_timeline, EXIT_FAILED, "timeline", "-o", b->out, "--only", "depth",
		 "--from", "1000", b->trace));
	end = scratch_path(b->out, "depth.svg");
	assert_int_equal(access(end, F_OK), -1);
	free(end);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, bench_remove)
	const struct CMUnitTest tests[] = {
		TEST(json_tells_the_truth), TEST(phases_form_a_tree), TEST(text_fits_a_terminal),
		TEST(wrong_usage),	    TEST(text_charts),	      TEST(gnuplot_missing),
		TEST(a_picture_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
