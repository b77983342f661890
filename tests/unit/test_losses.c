// SPDX-License-Identifier: GPL-2.0
/* What was lost is told by CPU and cause, and a recording without an end says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "ctf_writer.h"
#include "losses.h"
#include "scratch.h"

static struct nvs_error err;
static char *dir, *path, told[4096];

static int setup(void **state)
{
	(void)state;
	dir = scratch_dir();
	path = scratch_path(dir, "rec");
	*told = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(path);
	scratch_remove(dir);
	return 0;
}

/* One event on CPU 0, which lost @lost, and an env of "key", "value", ..., NULL. */
static struct recording *record(uint64_t lost, const char *const *env)
{
	struct nvs_sq_doorbell ev = { .h = { .ts = 1000, .id = NVS_ID_sq_doorbell } };
	struct ctf_trace *t = ctf_trace_create(path, &err);
	struct ctf_stream *s = ctf_stream_open(t, 0, &err);
	struct recording *r;

	assert_non_null(s);
	for (; *env; env += 2)
		assert_int_equal(ctf_trace_env(t, env[0], env[1]), 0);
	assert_int_equal(ctf_stream_add(s, &ev.h, sizeof(ev), &err), 0);
	assert_int_equal(ctf_stream_flush(s, lost, true, &err), 0);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	r = recording_open(path, &err);
	if (!r)
		fail_msg("%s", err.text);
	return r;
}
#define RECORD(lost, ...) record(lost, (const char *const[]){ __VA_ARGS__, NULL })

static void tell(void *ctx, const struct loss *loss)
{
	size_t n = strlen(told);

	(void)ctx;
	snprintf(told + n, sizeof(told) - n, "%s/%d/%llu/%s/%d ", loss->cause, loss->cpu,
		 (unsigned long long)loss->count, loss->kinds ?: "", loss->there);
}

static void test_causes(void **state)
{
	struct recording *r =
		RECORD(15, "lost_cpu0", "cqe 12, sqe 3", "lost_cpu7", "rq_start 4, rq_complete 2",
		       "unmatched_cpu0", "stale_tag 2, unseen_bell 9", "lost_recursion", "5",
		       "lost_recursion_events", "fexit/nvme_irq 5", "lost_unwritten", "0",
		       "lost_rejected", "1", "lost_without_cpu", "12");

	(void)state;
	losses_each(r, tell, NULL);
	assert_string_equal(told, "ring_full/0/15/cqe 12, sqe 3/0 stale_tag/0/2//0 "
				  "unseen_bell/0/9//1 no_ring/7/6/rq_start 4, rq_complete 2/0 "
				  "interrupted/-1/5/fexit/nvme_irq 5/0 rejected/-1/1//0 ");
	assert_int_equal(recording_lost_total(r), 27);
	assert_true(losses_any(r));
	recording_close(r);
}

static void test_none(void **state)
{
	struct recording *r = RECORD(0, "started_ns", "1", "ended_by", "command", "lost_recursion",
				     "0", "lost_without_cpu", "0");

	(void)state;
	losses_each(r, tell, NULL);
	assert_string_equal(told, "");
	assert_false(losses_any(r));
	recording_close(r);
}

/* One step was not seen of a request that is there; others were begun before. */
static void test_nothing_missing(void **state)
{
	struct recording *r = RECORD(0, "unmatched_cpu3", "unmatched_end 4, unseen_bell 9");

	(void)state;
	assert_true(losses_any(r));
	assert_false(losses_missing(r));
	recording_close(r);
	free(path);
	path = scratch_path(dir, "second");
	r = RECORD(0, "unmatched_cpu3", "no_place 1, unseen_bell 9");
	assert_true(losses_missing(r));
	recording_close(r);
}

static void test_no_end(void **state)
{
	struct recording *r = RECORD(0, "started_ns", "1");

	(void)state;
	assert_non_null(recording_cut(r));
	assert_non_null(strstr(recording_cut(r), "has no end"));
	assert_true(losses_any(r));
	recording_close(r);
}

static void test_begins(void **state)
{
	struct recording *r = RECORD(0, "dropped_events", "1234", "dropped_until_ns", "2500000000");
	char text[128];

	(void)state;
	assert_true(losses_begins(r, text, sizeof(text)));
	assert_string_equal(text, "begins at 2.500 s: 1 234 earlier events were dropped for room");
	assert_false(losses_any(r));
	recording_close(r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_causes), TEST(test_none),   TEST(test_nothing_missing),
		TEST(test_no_end), TEST(test_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
