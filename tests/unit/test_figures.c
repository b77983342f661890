// SPDX-License-Identifier: GPL-2.0
/* The figures of a report, of each level, against what is counted here in the plainest way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "command.h"
#include "hist.h"
#include "scratch.h"
#include "stats.h"
#include "synth.h"

#define SLOWEST "9"
#define NR_SLOW 9

struct bench {
	char *tmp, *dir;
	struct synth *s;
	bool io;
	json_t *root;
};

static json_t *report(const struct bench *b, const char *option, const char *value)
{
	char *text = COMMAND_RUN(b->tmp, cmd_report, EXIT_DONE, "report", "--json", (char *)option,
				 (char *)value, b->dir);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	free(text);
	assert_non_null(root);
	return root;
}

static int setup(void **state, bool io)
{
	static const struct synth_options options = {
		.queues = 3, .commands = 1500, .depth = 24, .batch = 4, .tasks = 5
	};
	struct synth_options o = options;
	struct bench *b = calloc(1, sizeof(*b));
	struct nvs_error err;

	o.io = b->io = io;
	b->tmp = scratch_dir();
	b->dir = scratch_path(b->tmp, "rec");
	b->s = synth_make(&o);
	assert_int_equal(synth_write(b->s, b->dir, 0, &err), 0);
	b->root = report(b, "--slowest", SLOWEST);
	*state = b;
	return 0;
}

static int setup_io(void **state)
{
	return setup(state, true);
}

static int setup_events(void **state)
{
	return setup(state, false);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	json_decref(b->root);
	synth_free(b->s);
	scratch_remove(b->tmp);
	free(b->dir);
	free(b);
	return 0;
}

static uint64_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return (uint64_t)json_integer_value(v);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

enum what { QUEUE, DRIVER, DEVICE, COMPLETION, TOTAL };

static uint64_t time_of(const struct synth_command *c, enum what what)
{
	switch (what) {
	case QUEUE: return c->setup - c->queued;
	case DRIVER: return c->bell - c->setup;
	case DEVICE: return c->seen - c->bell;
	case COMPLETION: return c->end - c->seen;
	default: return c->end - c->queued;
	}
}

/* Of all commands, or of those of one task. */
static void check_times(const struct bench *b, const json_t *o, enum what what, uint32_t pid)
{
	static const struct {
		const char *key;
		double share;
	} q[] = { { "p50_ns", 0.5 },
		  { "p90_ns", 0.9 },
		  { "p99_ns", 0.99 },
		  { "p999_ns", 0.999 },
		  { "p9999_ns", 0.9999 } };
	const struct synth_truth *t = &b->s->truth;
	uint64_t *ns = calloc(t->nr_commands, sizeof(*ns)), sum = 0, nr = 0;

	for (unsigned int i = 0; i < t->nr_commands; i++)
		if (!pid || t->command[i].pid == pid)
			sum += ns[nr++] = time_of(&t->command[i], what);
	qsort(ns, nr, sizeof(*ns), by_value);
	assert_int_equal(number(o, "count"), nr);
	assert_int_equal(number(o, "min_ns"), ns[0]);
	assert_int_equal(number(o, "max_ns"), ns[nr - 1]);
	assert_in_range(number(o, "mean_ns"), sum / nr, sum / nr + 1);
	for (unsigned int i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
		uint64_t rank = (uint64_t)(q[i].share * (double)nr), exact;

		rank += (double)rank < q[i].share * (double)nr;
		exact = ns[(rank ? rank : 1) - 1];
		assert_in_range(number(o, q[i].key), exact - exact / 32, exact + exact / 32);
	}
	free(ns);
}

static void stages_are_right(void **state)
{
	static const char *const names[] = { "queue", "driver", "device", "completion", "total" };
	struct bench *b = *state;
	json_t *all = json_object_get(b->root, "all_io");

	for (unsigned int i = 0; i < 5; i++)
		check_times(b, json_object_get(all, names[i]), i, 0);
}

static void queues_are_right(void **state)
{
	struct bench *b = *state;
	json_t *ctrl = json_array_get(json_object_get(b->root, "controllers"), 0), *q;
	size_t i;

	json_array_foreach(json_object_get(ctrl, "queues"), i, q)
	{
		const struct synth_queue_truth *want = &b->s->truth.queue[number(q, "qid")];
		uint64_t bytes = 0;

		if (!number(q, "qid"))
			continue;
		for (unsigned int k = 0; k < b->s->truth.nr_commands; k++)
			if (b->s->truth.command[k].qid == number(q, "qid"))
				bytes += b->s->truth.command[k].bytes;
		assert_int_equal(number(q, "bytes"), bytes);
		assert_int_equal(number(q, "commands"), want->commands);
		assert_int_equal(number(q, "sq_doorbells"), want->bells);
		assert_int_equal(number(q, "interrupts"), want->irqs);
		assert_int_equal(number(q, "interrupt_completions"), want->completions);
		assert_int_equal(number(q, "ended"), want->commands);
		assert_int_equal(number(q, "remote"), 0);
	}
}

/* Links between neighbours on the medium, each told by the later of the two to end. */
static void sequences_are_right(void **state)
{
	struct bench *b = *state;
	const struct synth_truth *t = &b->s->truth;
	json_t *list = json_object_get(b->root, "processes"), *p;
	uint64_t want = 0, got = 0;
	size_t i;

	for (unsigned int k = 0; k < t->nr_commands; k++) {
		const struct synth_command *c = &t->command[k];
		bool found = false;

		for (unsigned int n = k > 200 ? k - 200 : 0; n < k && !found; n++) {
			const struct synth_command *d = &t->command[n];

			found = d->qid == c->qid && d->write == c->write &&
				(d->sector + d->bytes / 512 == c->sector ||
				 c->sector + c->bytes / 512 == d->sector);
		}
		want += found;
	}
	json_array_foreach(list, i, p) got += number(p, "sequential");
	assert_in_range(got, want - want / 20, want + want / 20);
	assert_true(want > t->nr_commands / 4);
}

static void tasks_are_right(void **state)
{
	struct bench *b = *state;
	const struct synth_truth *t = &b->s->truth;
	json_t *list = json_object_get(b->root, "processes"), *p;
	size_t i;

	assert_int_equal(json_array_size(list), 5);
	json_array_foreach(list, i, p)
	{
		uint32_t pid = (uint32_t)number(p, b->io ? "process" : "task");
		uint64_t bytes = 0, writes = 0;
		char name[16];

		for (unsigned int k = 0; k < t->nr_commands; k++) {
			if (t->command[k].pid != pid)
				continue;
			bytes += t->command[k].bytes;
			writes += t->command[k].write;
		}
		assert_int_equal(number(p, "bytes"), bytes);
		assert_int_equal(number(json_object_get(p, "operations"), "write"), writes);
		check_times(b, json_object_get(p, "total"), TOTAL, pid);
		snprintf(name, sizeof(name), "task%u", pid - 4000);
		if (b->io)
			assert_string_equal(json_string_value(json_object_get(p, "name")), name);
	}
}

static void cgroups_are_right(void **state)
{
	struct bench *b = *state;
	json_t *list = json_object_get(b->root, "cgroups"), *p;
	size_t i;

	assert_int_equal(json_array_size(list), 2);
	json_array_foreach(list, i, p)
	{
		uint64_t nr = 0;

		for (unsigned int k = 0; k < b->s->truth.nr_commands; k++)
			nr += b->s->truth.command[k].cgroup == number(p, "cgroup");
		assert_int_equal(number(p, "commands"), nr);
		assert_true(nr > 0);
		if (number(p, "cgroup") == 100)
			assert_string_equal(json_string_value(json_object_get(p, "cgroup_path")),
					    "/system.slice/database.service");
		else
			assert_true(json_is_null(json_object_get(p, "cgroup_path")));
	}
}

static void check_neighbours(const struct bench *b, const json_t *o, const struct synth_command *x)
{
	uint64_t ahead = 0, beside = 0, overtook = 0, kinds = 0;
	json_t *kind;
	size_t i;

	for (unsigned int k = 0; k < b->s->truth.nr_commands; k++) {
		const struct synth_command *c = &b->s->truth.command[k];

		if (c == x || c->qid != x->qid)
			continue;
		ahead += c->bell < x->bell && c->seen > x->bell;
		beside += c->bell == x->bell;
		overtook += c->bell > x->bell && c->seen < x->seen;
	}
	assert_int_equal(number(o, "ahead"), ahead);
	assert_int_equal(number(o, "beside"), beside);
	assert_int_equal(number(o, "overtook"), overtook);
	json_array_foreach(json_object_get(o, "ahead_of"), i, kind) kinds +=
		number(kind, "commands");
	assert_int_equal(kinds, ahead);
}

static void the_slowest_are_right(void **state)
{
	struct bench *b = *state;
	const struct synth_truth *t = &b->s->truth;
	json_t *list = json_object_get(b->root, "slowest");
	uint64_t before = UINT64_MAX;

	assert_int_equal(json_array_size(list), NR_SLOW);
	for (unsigned int i = 0; i < NR_SLOW; i++) {
		const json_t *o = json_array_get(list, i);
		uint64_t total = number(o, "total_ns"), slower = 0;
		const struct synth_command *x = NULL;

		for (unsigned int k = 0; k < t->nr_commands; k++) {
			slower += time_of(&t->command[k], TOTAL) > total;
			if (time_of(&t->command[k], TOTAL) == total &&
			    t->command[k].qid == number(o, "qid") &&
			    t->command[k].cid == number(o, "cid"))
				x = &t->command[k];
		}
		assert_true(slower <= i && total <= before);
		before = total;
		assert_non_null(x);
		assert_int_equal(number(o, "device_ns"), time_of(x, DEVICE));
		assert_int_equal(number(o, "queue_ns"), time_of(x, QUEUE));
		assert_int_equal(number(o, "depth"), x->depth);
		assert_int_equal(number(o, "sector"), x->sector);
		check_neighbours(b, o, x);
		assert_non_null(strstr(json_string_value(json_object_get(o, "sentence")), "% "));
	}
}

static void filters_leave_out_others(void **state)
{
	struct bench *b = *state;
	json_t *root = report(b, "--queue", "2"), *ctrl, *q;

	ctrl = json_array_get(json_object_get(root, "controllers"), 0);
	assert_int_equal(json_array_size(json_object_get(ctrl, "queues")), 1);
	q = json_array_get(json_object_get(ctrl, "queues"), 0);
	assert_int_equal(number(q, "qid"), 2);
	ctrl = json_object_get(json_object_get(root, "all_io"), "total");
	assert_int_equal(number(ctrl, "count"), b->s->truth.queue[2].commands);
	json_decref(root);
	root = report(b, "--device", "nvme1");
	assert_int_equal(json_array_size(json_object_get(root, "controllers")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 0);
	json_decref(root);
}

static void wrong_options(void **state)
{
	struct bench *b = *state;

#define WRONG(...) free(COMMAND_RUN(b->tmp, cmd_report, EXIT_USAGE, "report", __VA_ARGS__, b->dir))
	WRONG("--by", "proces");
	WRONG("--by", "process,");
	WRONG("--device", "nvme");
	WRONG("--device", "nvme1n1");
	WRONG("--queue", "65536");
	WRONG("--slowest", "1001");
	WRONG("--slowest", "-1");
#undef WRONG
}

static void text_has_what_is_asked_for(void **state)
{
	struct bench *b = *state;
	char *text = COMMAND_RUN(b->tmp, cmd_report, EXIT_DONE, "report", "--by", "process,slowest",
				 b->dir);

	assert_non_null(strstr(text, b->io ? "task0 (4000)" : "task 4000"));
	assert_non_null(strstr(text, "at the device; "));
	assert_null(strstr(text, "c/db"));
	free(text);
	text = COMMAND_RUN(b->tmp, cmd_report, EXIT_DONE, "report", b->dir);
	assert_non_null(strstr(text, "c/db"));
	assert_non_null(strstr(text, "in blk-mq"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (line[0] != '/')
			assert_true(strlen(line) < 100);
	free(text);
}

/* --- level hist ---------------------------------------------------------------------- */

#define HIST_ROW(type, b_, ...)                                                                   \
	do {                                                                                      \
		struct nvs_##type e_ = { .h = { .ts = now += 10, .id = NVS_ID_##type, .qid = 1 }, \
					 __VA_ARGS__ };                                           \
		synth_add((b_)->s, 0, &e_, sizeof(e_));                                           \
	} while (0)

static int setup_hist(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct nvs_error err;
	uint64_t now = 1000000;

	b->tmp = scratch_dir();
	b->dir = scratch_path(b->tmp, "rec");
	b->s = calloc(1, sizeof(*b->s));
	b->s->level = "hist";
	/* Twice the same cell, as of two intervals: 90 of bucket 40, 10 of bucket 80. */
	for (unsigned int i = 0; i < 2; i++) {
		HIST_ROW(hist_stage, b, .since = 5000, .count = 50, .sum = 500000, .bytes = 204800,
			 .failed = i, .op = NVS_HIST_OP_write, .size = NVS_HIST_SIZE_upto_4k,
			 .stage = NVS_STAGE_total);
		HIST_ROW(hist_bucket, b, .count = 45, .bucket = 40);
		HIST_ROW(hist_bucket, b, .count = 5, .bucket = 80);
	}
	/* And one that lacks a request of its bucket, and has one of a bucket that is not. */
	HIST_ROW(hist_stage, b, .since = 5000, .count = 2, .sum = 2000, .op = NVS_HIST_OP_flush,
		 .stage = NVS_STAGE_device);
	HIST_ROW(hist_bucket, b, .count = 1, .bucket = 30);
	HIST_ROW(hist_bucket, b, .count = 1, .bucket = HIST_BUCKETS);
	assert_int_equal(synth_write(b->s, b->dir, 0, &err), 0);
	b->root = report(b, "--slowest", "1");
	*state = b;
	return 0;
}

static void histograms_are_right(void **state)
{
	struct bench *b = *state;
	json_t *list = json_object_get(b->root, "histograms"), *row, *total;
	char *text;

	assert_int_equal(json_array_size(list), 2);
	row = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(row, "operation")), "write");
	assert_string_equal(json_string_value(json_object_get(row, "size")), "4K");
	assert_int_equal(number(row, "commands"), 100);
	assert_int_equal(number(row, "bytes"), 409600);
	assert_int_equal(number(row, "failed"), 1);
	total = json_object_get(json_object_get(row, "latency"), "total");
	assert_int_equal(number(total, "mean_ns"), 10000);
	assert_int_equal(number(total, "p50_ns"), (hist_low(40) + hist_low(41)) / 2);
	assert_int_equal(number(total, "p90_ns"), (hist_low(40) + hist_low(41)) / 2);
	assert_int_equal(number(total, "p99_ns"), (hist_low(80) + hist_low(81)) / 2);
	assert_int_equal(number(total, "min_ns"), hist_low(40));
	assert_int_equal(number(total, "max_ns"), hist_low(81));
	assert_int_equal(json_array_size(json_object_get(row, "buckets")), 2);
	/* The bucket that is not, and the request that came in none. */
	assert_int_equal(number(json_object_get(b->root, "unexplained"), "histogram_events"), 2);
	text = COMMAND_RUN(b->tmp, cmd_report, EXIT_DONE, "report", b->dir);
	assert_non_null(strstr(text, "4K       100"));
	assert_non_null(strstr(text, "6.25 %"));
	free(text);
}

/* More tasks than are told apart: which ones, depends on neither cores nor chance. */
static void many_tasks(void **state)
{
	struct synth_options o = {
		.queues = 4, .commands = 2000, .depth = 24, .batch = 4, .tasks = 1000, .io = true
	};
	struct bench b = { .tmp = scratch_dir() };
	cpu_set_t all, one;
	struct nvs_error err;
	json_t *again;

	(void)state;
	b.dir = scratch_path(b.tmp, "rec");
	b.s = synth_make(&o);
	assert_int_equal(synth_write(b.s, b.dir, 0, &err), 0);
	b.root = report(&b, "--slowest", SLOWEST);
	assert_int_equal(json_array_size(json_object_get(b.root, "processes")), MAX_TASKS);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	again = report(&b, "--slowest", SLOWEST);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	assert_true(json_equal(b.root, again));
	json_decref(b.root);
	json_decref(again);
	synth_free(b.s);
	scratch_remove(b.tmp);
	free(b.dir);
}

int main(void)
{
#define EVENTS(f)                                               \
	{                                                       \
#f " (events)", f, setup_events, teardown, NULL \
	}
#define IO(f)                                           \
	{                                               \
#f " (io)", f, setup_io, teardown, NULL \
	}
	const struct CMUnitTest tests[] = {
		IO(stages_are_right),
		EVENTS(stages_are_right),
		IO(queues_are_right),
		EVENTS(queues_are_right),
		IO(sequences_are_right),
		EVENTS(sequences_are_right),
		IO(tasks_are_right),
		EVENTS(tasks_are_right),
		IO(cgroups_are_right),
		IO(the_slowest_are_right),
		EVENTS(the_slowest_are_right),
		IO(filters_leave_out_others),
		EVENTS(filters_leave_out_others),
		IO(wrong_options),
		IO(text_has_what_is_asked_for),
		EVENTS(text_has_what_is_asked_for),
		cmocka_unit_test(many_tasks),
		cmocka_unit_test_setup_teardown(histograms_are_right, setup_hist, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
