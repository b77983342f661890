// SPDX-License-Identifier: GPL-2.0
/* nvmescope export of level io: each format is read back and held against what was made up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include "bench.h"
#include "cmd.h"
#include "perfetto_depth.h"
#include "perfetto_read.h"

static const struct synth_options options = { .queues = 3,
					      .commands = 800,
					      .depth = 24,
					      .batch = 4,
					      .tasks = 3,
					      .io = true };
static struct nvs_error err;

static int setup(void **state)
{
	return bench_make(state, &options, 0, "it");
}

#define EXPORT(b, want, ...) \
	COMMAND_RUN((b)->tmp, cmd_export, want, "export", __VA_ARGS__, (b)->trace)

/* --- CSV ---------------------------------------------------------------------------- */

#define MAX_COLUMNS 64

struct table {
	char *text, *rest;
	char *name[MAX_COLUMNS], *field[MAX_COLUMNS];
	unsigned int nr;
};

static unsigned int cut(char *line, char *field[MAX_COLUMNS])
{
	unsigned int n = 0;

	for (char *f; (f = strsep(&line, ",")) && n < MAX_COLUMNS; n++)
		field[n] = f;
	return n;
}

static void table_begin(struct table *t, char *text)
{
	char *line;

	*t = (struct table){ .text = text, .rest = text };
	while ((line = strsep(&t->rest, "\n")) && *line == '#')
		;
	t->nr = cut(line, t->name);
	assert_true(t->nr > 30);
}

static bool table_row(struct table *t)
{
	char *line = strsep(&t->rest, "\n");

	if (!line || !*line)
		return false;
	assert_int_equal(cut(line, t->field), t->nr);
	return true;
}

static const char *text_of(const struct table *t, const char *column)
{
	for (unsigned int i = 0; i < t->nr; i++)
		if (!strcmp(t->name[i], column))
			return t->field[i];
	fail_msg("there is no column %s", column);
	return NULL;
}

static uint64_t number(const struct table *t, const char *column)
{
	const char *text = text_of(t, column);
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*text || *end)
		fail_msg("%s: '%s' is no number", column, text);
	return n;
}

static const struct synth_command *find(const struct synth *s, uint64_t qid, uint64_t end)
{
	for (unsigned int i = 0; i < s->truth.nr_commands; i++)
		if (s->truth.command[i].qid == qid && s->truth.command[i].end == end)
			return &s->truth.command[i];
	return NULL;
}

static void csv_has_all_of_each_record(void **state)
{
	struct bench *b = *state;
	unsigned int rows = 0;
	struct table t;

	table_begin(&t, EXPORT(b, EXIT_DONE, "-f", "csv", "-o", "-"));
	for (; table_row(&t); rows++) {
		const struct synth_command *is =
			find(b->s, number(&t, "qid"), number(&t, "complete_ns"));

		assert_non_null(is);
		assert_int_equal(number(&t, "cid"), is->cid);
		assert_int_equal(number(&t, "queued_ns"), is->queued);
		assert_int_equal(number(&t, "start_ns"), is->setup);
		assert_int_equal(number(&t, "sq_doorbell_ns"), is->bell);
		assert_int_equal(number(&t, "cqe_ns"), is->seen);
		assert_int_equal(number(&t, "queue_ns"), is->setup - is->queued);
		assert_int_equal(number(&t, "driver_ns"), is->bell - is->setup);
		assert_int_equal(number(&t, "device_ns"), is->seen - is->bell);
		assert_int_equal(number(&t, "completion_ns"), is->end - is->seen);
		assert_int_equal(number(&t, "total_ns"), is->end - is->queued);
		assert_int_equal(number(&t, "sector"), is->sector);
		assert_int_equal(number(&t, "bytes"), is->bytes);
		assert_int_equal(number(&t, "nsid"), is->nsid);
		assert_int_equal(number(&t, "pid"), is->pid);
		assert_int_equal(number(&t, "tgid"), is->pid);
		assert_int_equal(number(&t, "cgroup"), is->cgroup);
		assert_int_equal(number(&t, "depth"), is->depth);
		assert_int_equal(number(&t, "batch"), is->batch);
		assert_int_equal(number(&t, "submit_cpu"), is->cpu);
		assert_int_equal(number(&t, "cpu"), is->cpu);
		assert_string_equal(text_of(&t, "comm"), is->comm);
		assert_string_equal(text_of(&t, "opcode_name"), is->write ? "Write" : "Read");
		assert_string_equal(text_of(&t, "why"), "irq");
		/* Steps that this level does not have. */
		assert_string_equal(text_of(&t, "sqe_ns"), "");
		assert_string_equal(text_of(&t, "map"), "");
	}
	assert_int_equal(rows, b->s->truth.nr_commands);
	free(t.text);
}

/* A task may be called anything. */
static void csv_quotes_odd_names(void **state)
{
	struct bench *b = *state;
	char *dir = scratch_path(b->tmp, "odd"), *text;
	struct nvs_io *io = (struct nvs_io *)&b->s->item[5].ev;

	memcpy(&io->comm0, "a,\"b\"\n\x7f", 8);
	assert_int_equal(synth_write(b->s, dir, 0, &err), 0);
	text = COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "csv", "-o", "-", dir);
	assert_non_null(strstr(text, ",\"a,\"\"b\"\"??"));
	free(text);
	free(dir);
}

/* --- Perfetto ------------------------------------------------------------------------- */

/* The most requests that queue @qid had at the driver. */
static unsigned int most_at_driver(const struct synth_truth *truth, unsigned int qid)
{
	unsigned int most = 0;

	for (unsigned int i = 0; i < truth->nr_commands; i++)
		if (truth->command[i].qid == qid && truth->command[i].depth > most)
			most = truth->command[i].depth;
	return most;
}

static void check_queues(const struct bench *b, const struct read_trace *t)
{
	for (unsigned int q = 1; q <= options.queues; q++) {
		char commands[32], depth[32], bells[32];

		snprintf(commands, sizeof(commands), "q%u commands", q);
		snprintf(depth, sizeof(depth), "q%u depth", q);
		snprintf(bells, sizeof(bells), "q%u doorbells", q);
		assert_int_equal(READ_SUM(t, commands, top_slices), options.commands);
		assert_int_equal(READ_SUM(t, commands, slices), 5 * options.commands);
		assert_int_equal(READ_SUM(t, depth, max_value), most_at_driver(&b->s->truth, q));
		assert_int_equal(READ_SUM(t, depth, last_value), 0);
		/* There are none at this level. */
		assert_int_equal(READ_SUM(t, bells, instants), 0);
	}
}

static void perfetto_tells_the_truth(void **state)
{
	struct bench *b = *state;
	struct read_trace *t;
	size_t size;
	void *data;

	free(EXPORT(b, EXIT_DONE, "-f", "perfetto", "-o", b->out));
	data = scratch_read(b->tmp, "it-000.pftrace", &size);
	t = read_perfetto(data, size);
	free(data);
	check_queues(b, t);
	assert_int_equal(t->stage_ns, t->command_ns);
	read_free(t);
}

static void perfetto_splits(void **state)
{
	struct bench *b = *state;
	struct synth_options o = options;
	char *dir = scratch_path(b->tmp, "long");
	struct synth *s;
	uint64_t commands = 0;
	unsigned int nr = 0;

	o.commands = 8000;
	s = synth_make(&o);
	assert_int_equal(synth_write(s, dir, 0, &err), 0);
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "perfetto", "--max-size",
			 "1M", "-o", b->out, dir));
	for (;; nr++) {
		char name[32], *path;
		struct read_trace *t;
		size_t size;
		void *data;
		bool there;

		snprintf(name, sizeof(name), "it-%03u.pftrace", nr);
		path = scratch_path(b->tmp, name);
		there = access(path, F_OK) == 0;
		free(path);
		if (!there)
			break;
		data = scratch_read(b->tmp, name, &size);
		assert_in_range(size, 1, 1 << 20);
		t = read_perfetto(data, size);
		for (unsigned int i = 0; i < t->nr_tracks; i++)
			if (strstr(t->track[i]->name, "commands"))
				commands += t->track[i]->top_slices;
		read_free(t);
		free(data);
	}
	assert_true(nr > 2);
	assert_int_equal(commands, s->truth.nr_commands);
	synth_free(s);
	free(dir);
}

/* Changes come out in time order, whatever order they came in; what is too late is counted. */
static void depth_in_time_order(void **state)
{
	struct depth_course d = { 0 };
	uint64_t ts, last = 0, depth = 7, random = 88172645463325252ull;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t begin = 1000000 + i * 100;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		assert_true(depth_course_add(&d, begin + 1 + random % 5000, -1));
		assert_true(depth_course_add(&d, begin, 1));
	}
	assert_false(depth_course_next(&d, false, &ts, &depth));
	for (unsigned int i = 0; i < 2000; i++) {
		assert_true(depth_course_next(&d, true, &ts, &depth));
		assert_true(ts >= last);
		last = ts;
	}
	assert_false(depth_course_next(&d, true, &ts, &depth));
	assert_int_equal(depth, 0);
	assert_int_equal(d.late, 0);
	assert_true(depth_course_add(&d, 5, 1));
	assert_true(depth_course_next(&d, true, &ts, &depth));
	assert_int_equal(ts, last);
	assert_int_equal(depth, 1);
	assert_int_equal(d.late, 1);
	free(d.heap);
}

/* --- the others ------------------------------------------------------------------------- */

static unsigned int lines(const char *dir, const char *name)
{
	size_t size;
	char *text = scratch_read(dir, name, &size);
	unsigned int n = 0;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n';
	free(text);
	return n;
}

static void fio_and_hgrm(void **state)
{
	struct bench *b = *state;
	unsigned int n = 0;
	size_t size;

	free(EXPORT(b, EXIT_DONE, "-f", "fio", "-o", b->out));
	n = lines(b->tmp, "it_lat.1.log") + lines(b->tmp, "it_lat.2.log");
	assert_int_equal(n, b->s->truth.nr_commands);
	free(EXPORT(b, EXIT_DONE, "-f", "hgrm", "--stages", "-o", b->out));
	free(scratch_read(b->tmp, "it-nvme0-read.hgrm", &size));
	free(scratch_read(b->tmp, "it-nvme0-write-queue.hgrm", &size));
}

/* Level hist has no command to export, and is not taken for an empty recording. */
static void no_commands_in_level_hist(void **state)
{
	struct bench *b = *state;
	char *dir = scratch_path(b->tmp, "hist"), *said;

	b->s->level = "hist";
	assert_int_equal(synth_write(b->s, dir, 0, &err), 0);
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_FAILED, "export", "-f", "csv", "-o", b->out,
			 dir));
	said = command_errors(b->tmp);
	assert_non_null(strstr(said, "is of level hist"));
	assert_int_equal(access(b->out, F_OK), -1);
	free(said);
	free(dir);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, bench_remove)
	const struct CMUnitTest tests[] = {
		TEST(csv_has_all_of_each_record), TEST(csv_quotes_odd_names),
		TEST(perfetto_tells_the_truth),	  TEST(perfetto_splits),
		TEST(depth_in_time_order),	  TEST(fio_and_hgrm),
		TEST(no_commands_in_level_hist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
