// SPDX-License-Identifier: GPL-2.0
/* Recordings that do not grow: in parts on disk, and in memory until they are saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include "ctf_kept.h"
#include "ctf_writer.h"
#include "scratch.h"

#define PER_FLUSH 1000

static struct nvs_error err;
static char *dir, *path;

static int setup(void **state)
{
	(void)state;
	dir = scratch_dir();
	path = scratch_path(dir, "rec");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(path);
	scratch_remove(dir);
	return 0;
}

static void add(struct ctf_stream *s, uint64_t ts)
{
	struct nvs_sq_doorbell ev = { .h = { .ts = ts, .id = NVS_ID_sq_doorbell, .qid = 1 } };

	assert_int_equal(ctf_stream_add(s, &ev.h, sizeof(ev), &err), 0);
}

/* Events at @ts, @ts + 1, ... in two streams; every stream lost @lost until then. */
static void add_many(struct ctf_stream *s[2], uint64_t ts, unsigned int n, uint64_t lost)
{
	for (unsigned int i = 0; i < n; i++) {
		add(s[i & 1], ts + i);
		if (i % PER_FLUSH < 2)
			assert_int_equal(ctf_stream_flush(s[i & 1], lost, false, &err), 0);
	}
}

static uint64_t bytes_in(const char *name)
{
	DIR *d = opendir(name);
	struct dirent *entry;
	struct stat st;
	uint64_t n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)))
		if (!fstatat(dirfd(d), entry->d_name, &st, 0) && S_ISREG(st.st_mode))
			n += st.st_size;
	closedir(d);
	return n;
}

/* Reads all of @name, which has no gap once all streams are there; *@last: the last event's time. */
static uint64_t read_all(const char *name, uint64_t *last)
{
	struct recording *r = recording_open(name, &err);
	struct recorded ev;
	uint64_t n = 0, from;
	int got;

	if (!r)
		fail_msg("%s", err.text);
	assert_int_equal(recording_nr_cpus(r), 2);
	from = strtoull(recording_env(r, "dropped_until_ns"), NULL, 10);
	while ((got = recording_next(r, &ev, &err)) == 1) {
		if (n && *last >= from)
			assert_int_equal(ev.hdr->ts, *last + 1);
		*last = ev.hdr->ts;
		n++;
	}
	if (got)
		fail_msg("%s", err.text);
	recording_close(r);
	return n;
}

static uint64_t env(const char *name, const char *key)
{
	struct recording *r = recording_open(name, &err);
	const char *value;
	uint64_t n;

	if (!r)
		fail_msg("%s", err.text);
	value = recording_env(r, key);
	n = value ? strtoull(value, NULL, 10) : 0;
	recording_close(r);
	return n;
}

/* Never more than the bound; what is left is the newest, in one piece, and the rest is counted. */
static void test_parts(void **state)
{
	struct ctf_trace *t = ctf_trace_create(path, &err);
	struct ctf_stream *s[2];
	uint64_t last, n, total = 0;

	(void)state;
	assert_non_null(t);
	assert_int_equal(ctf_trace_bound(t, CTF_BOUND_LEAST, &err), 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		s[cpu] = ctf_stream_open(t, cpu, &err);
	for (unsigned int round = 0; round < 40; round++) {
		add_many(s, 1000 + total, 10000, 3);
		total += 10000;
		assert_true(bytes_in(path) <= CTF_BOUND_LEAST);
	}
	assert_true(ctf_trace_dropped(t).events > 0);
	assert_int_equal(env(path, "dropped_events"), ctf_trace_dropped(t).events);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	n = read_all(path, &last);
	assert_int_equal(last, 1000 + total - 1);
	assert_int_equal(n + env(path, "dropped_events"), total);
	/* Half of the bound is there at any time. */
	assert_true(n * sizeof(struct nvs_sq_doorbell) > CTF_BOUND_LEAST / 2);
	assert_true(bytes_in(path) <= CTF_BOUND_LEAST);
}

/* What was lost is told once for each CPU, however many parts say so. */
static void test_losses_of_parts(void **state)
{
	struct ctf_trace *t = ctf_trace_create(path, &err);
	struct ctf_stream *s[2];
	struct recording *r;

	(void)state;
	assert_int_equal(ctf_trace_bound(t, CTF_BOUND_LEAST, &err), 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		s[cpu] = ctf_stream_open(t, cpu, &err);
	add_many(s, 1000, 100000, 3);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		assert_int_equal(ctf_stream_flush(s[cpu], 4 + cpu, true, &err), 0);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	r = recording_open(path, &err);
	assert_non_null(r);
	assert_int_equal(recording_lost(r, 0), 4);
	assert_int_equal(recording_lost(r, 1), 5);
	assert_int_equal(recording_lost_total(r), 9);
	recording_close(r);
}

static struct ctf_snapshot *settle_and_take(struct ctf_trace *t, struct ctf_stream *s[2],
					    uint64_t lost)
{
	struct ctf_snapshot *snap;

	for (int pass = 0; pass < 2; pass++)
		for (unsigned int cpu = 0; cpu < 2; cpu++)
			assert_int_equal(ctf_stream_settle(s[cpu], lost, &err), 0);
	snap = ctf_snapshot_take(t, &err);
	assert_non_null(snap);
	return snap;
}

/* The newest is in memory; each snapshot is a recording, though the recorder goes on. */
static void test_memory(void **state)
{
	size_t most = 1u << 20;
	struct ctf_trace *t = ctf_trace_memory(most, 2, &err);
	struct ctf_stream *s[2];
	struct ctf_snapshot *one, *two;
	char *again = scratch_path(dir, "again");
	uint64_t last, n;

	(void)state;
	assert_non_null(t);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		s[cpu] = ctf_stream_open(t, cpu, &err);
	assert_int_equal(ctf_trace_env(t, "command", "fio"), 0);
	add_many(s, 1000, 200000, 7);
	one = settle_and_take(t, s, 7);
	assert_int_equal(ctf_snapshot_env(one, "trigger", "lat>1ms"), 0);
	add_many(s, 201000, 200000, 7);
	two = settle_and_take(t, s, 9);
	assert_true(ctf_snapshot_bytes(one) <= most && ctf_snapshot_bytes(one) > most / 2);
	assert_int_equal(ctf_snapshot_write(one, path, &err), 0);
	assert_int_equal(ctf_snapshot_write(two, again, &err), 0);

	n = read_all(path, &last);
	assert_int_equal(n, ctf_snapshot_events(one));
	assert_int_equal(last, 200999);
	n = read_all(again, &last);
	assert_int_equal(n, ctf_snapshot_events(two));
	assert_int_equal(last, 400999);
	/* Of what was lost only that which was lost meanwhile: two on each CPU. */
	for (unsigned int i = 0; i < 2; i++) {
		struct recording *r = recording_open(i ? again : path, &err);

		assert_non_null(r);
		assert_int_equal(recording_lost_total(r), i ? 4 : 0);
		assert_string_equal(recording_env(r, "command"), "fio");
		assert_int_equal(!!recording_env(r, "trigger"), !i);
		recording_close(r);
	}
	ctf_snapshot_free(one);
	ctf_snapshot_free(two);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	free(again);
}

/* What cannot be written leaves nothing behind, and may be tried again. */
static void test_memory_unwritable(void **state)
{
	struct ctf_trace *t = ctf_trace_memory(1u << 20, 2, &err);
	struct ctf_stream *s[2];
	struct ctf_snapshot *snap;
	char *nowhere = scratch_path(dir, "no/where");

	(void)state;
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		s[cpu] = ctf_stream_open(t, cpu, &err);
	snap = ctf_snapshot_take(t, &err);
	assert_non_null(snap);
	assert_int_equal(ctf_snapshot_write(snap, path, &err), -1);
	assert_non_null(strstr(err.text, "nothing"));
	assert_int_equal(access(path, F_OK), -1);
	ctf_snapshot_free(snap);
	add_many(s, 1000, 5000, 0);
	snap = settle_and_take(t, s, 0);
	assert_int_equal(ctf_snapshot_write(snap, nowhere, &err), -1);
	assert_int_equal(ctf_snapshot_write(snap, path, &err), 0);
	ctf_snapshot_free(snap);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	free(nowhere);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_parts),
		TEST(test_losses_of_parts),
		TEST(test_memory),
		TEST(test_memory_unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
