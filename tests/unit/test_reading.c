// SPDX-License-Identifier: GPL-2.0
/* A recording that is long enough to be read ahead, by every way there is to read one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "ctf_format.h"
#include "scratch.h"
#include "synth.h"

#define STREAM "cpu-1"
/* More than what recording_ahead.c calls long. */
#define LONG_BYTES (5u << 20)

static char *dir, *path;
static struct nvs_error err;
static struct recording *rec;

static int setup(void **state)
{
	static const struct synth_options options = {
		.queues = 3, .commands = 7000, .depth = 24, .batch = 4, .no_init = true
	};
	struct synth *s = synth_make(&options);

	(void)state;
	dir = scratch_dir();
	path = scratch_path(dir, "rec");
	assert_int_equal(synth_write(s, path, 0, &err), 0);
	synth_free(s);
	rec = recording_open(path, &err);
	return rec && recording_bytes(rec) > LONG_BYTES ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	recording_close(rec);
	scratch_remove(dir);
	free(path);
	return 0;
}

static void open_again(void)
{
	recording_close(rec);
	rec = recording_open(path, &err);
	assert_non_null(rec);
}

static struct reader *new_reader(void)
{
	struct reader *rd = reader_new(rec, &err);

	assert_non_null(rd);
	return rd;
}

/* recording_next(), which reads ahead, gives what a reader gives; returns how many events. */
static uint64_t same_as_reader(struct reader *rd, uint64_t most, int *got)
{
	struct nvs_error other = { .text = "" };
	struct recorded a, b;
	uint64_t n;

	err.text[0] = '\0';
	for (n = 0; n < most && (*got = recording_next(rec, &a, &err)) > 0; n++) {
		assert_int_equal(reader_next(rd, &b, &other), 1);
		assert_ptr_equal(a.hdr, b.hdr);
		assert_int_equal(a.size, b.size);
		assert_int_equal(a.cpu, b.cpu);
	}
	if (n < most) {
		assert_int_equal(reader_next(rd, &b, &other), *got);
		assert_string_equal(err.text, other.text);
	}
	return n;
}

static void test_ahead(void **state)
{
	struct reader *rd = new_reader();
	struct recorded ev;
	uint64_t all;
	int got;

	(void)state;
	all = same_as_reader(rd, UINT64_MAX, &got);
	assert_int_equal(got, 0);
	assert_true(all > 100000);
	assert_int_equal(recording_next(rec, &ev, &err), 0);
	/* From the start again, left in the middle, and once more. */
	for (int round = 0; round < 3; round++) {
		recording_rewind(rec);
		reader_window(rd, 0, UINT64_MAX);
		assert_int_equal(same_as_reader(rd, 5000u * round, &got), 5000u * round);
	}
	recording_rewind(rec);
	reader_window(rd, 0, UINT64_MAX);
	assert_int_equal(same_as_reader(rd, UINT64_MAX, &got), all);
	reader_free(rd);
}

/* One bit of the file's last quarter is another one. */
static void test_damaged(void **state)
{
	size_t size;
	unsigned char *bytes = scratch_read(path, STREAM, &size);
	struct reader *rd;
	struct recorded ev;
	int got;

	(void)state;
	bytes[size - size / 4] ^= 0x10;
	scratch_write(path, STREAM, bytes, size);
	free(bytes);
	open_again();
	rd = new_reader();
	assert_true(same_as_reader(rd, UINT64_MAX, &got) > 1000);
	assert_int_equal(got, -1);
	assert_non_null(strstr(err.text, STREAM));
	assert_int_equal(recording_next(rec, &ev, &err), -1);
	reader_free(rd);
}

static void test_torn(void **state)
{
	size_t size;
	unsigned char *bytes = scratch_read(path, STREAM, &size);
	struct reader *rd;
	int got;

	(void)state;
	scratch_write(path, STREAM, bytes, size - size / 3);
	free(bytes);
	open_again();
	assert_non_null(recording_cut(rec));
	rd = new_reader();
	assert_true(same_as_reader(rd, UINT64_MAX, &got) > 1000);
	assert_int_equal(got, 0);
	reader_free(rd);
}

/* The events that @runs hands out in runs are those that @rd hands out one by one. */
static uint64_t same_in_runs(struct reader *runs, struct reader *rd)
{
	struct recorded a, b;
	struct run run;
	uint64_t n = 0;
	int got;

	while ((got = reader_run(runs, &run, &err)) > 0) {
		assert_true(run.at < run.end);
		for (; run_next(&run, &a); n++) {
			assert_int_equal(reader_next(rd, &b, &err), 1);
			assert_ptr_equal(reader_lasting(runs, a.hdr), reader_lasting(rd, b.hdr));
			assert_int_equal(a.size, b.size);
			assert_memory_equal(a.hdr, b.hdr, a.size);
			assert_memory_equal(a.hdr, reader_lasting(runs, a.hdr), a.size);
			assert_int_equal(a.cpu, b.cpu);
		}
	}
	assert_int_equal(got, 0);
	assert_int_equal(reader_next(rd, &b, &err), 0);
	return n;
}

static void test_runs(void **state)
{
	struct reader *runs = new_reader(), *rd = new_reader();
	uint64_t first, last, all, n = 0;
	struct chunk *chunks;
	unsigned int nr;

	(void)state;
	all = same_in_runs(runs, rd);
	assert_true(all > 100000);
	/* Of a window that begins and ends within packets. */
	recording_span(rec, &first, &last);
	reader_window(runs, first + (last - first) / 3, last - (last - first) / 3);
	reader_window(rd, first + (last - first) / 3, last - (last - first) / 3);
	n = same_in_runs(runs, rd);
	assert_true(n > all / 5 && n < all / 2);
	/* Chunk by chunk it is all. */
	chunks = recording_chunks(rec, 1u << 20, &nr, &err);
	assert_non_null(chunks);
	n = 0;
	for (unsigned int i = 0; i < nr; i++) {
		reader_chunk(runs, &chunks[i]);
		reader_chunk(rd, &chunks[i]);
		n += same_in_runs(runs, rd);
	}
	assert_int_equal(n, all);
	free(chunks);
	reader_free(runs);
	reader_free(rd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ahead),
		TEST(test_damaged),
		TEST(test_torn),
		TEST(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
