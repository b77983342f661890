// SPDX-License-Identifier: GPL-2.0
/* Triggers of the flight recorder: what is one, and in whatever order the CPUs' events come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "record_trigger.h"

static struct trigger_hit hit;

static struct triggers *with(const char *text)
{
	struct triggers *t = triggers_new();

	assert_non_null(t);
	assert_true(triggers_add(t, text));
	return t;
}

static bool see(struct triggers *t, uint16_t id, uint64_t ts, uint16_t cid)
{
	struct nvs_rq_start ev = { .h = { .ts = ts, .id = id, .ctrl = 1, .qid = 2, .cid = cid } };

	return triggers_see(t, &ev.h, &hit);
}

static void test_words(void **state)
{
	static const char *const good[] = { "lat>10ms", "lat>1.5s", "lat>800us", "lat>1ns",
					    "timeout",	"abort",    "reset",	 "error",
					    "aen",	"signal" };
	static const char *const bad[] = { "",	       "lat",	  "lat>",	"lat>0ms",
					   "lat>10",   "lat>ms",  "lat>1.2.3s", "lat>-1ms",
					   "lat>1 ms", "lat<1ms", "lat>.s",	"resets",
					   "lat>1e3s", "Lat>1ms" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		triggers_free(with(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct triggers *t = triggers_new();

		if (triggers_add(t, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
		triggers_free(t);
	}
}

static void test_latency(void **state)
{
	struct triggers *t = with("lat>100ns");
	char text[100];

	(void)state;
	assert_true(triggers_want(t, NVS_ID_rq_start) && triggers_want(t, NVS_ID_rq_complete));
	assert_false(triggers_want(t, NVS_ID_timeout));
	assert_false(see(t, NVS_ID_rq_start, 1000, 5));
	assert_false(see(t, NVS_ID_rq_complete, 1100, 5)); /* not more than the bound */
	assert_false(see(t, NVS_ID_rq_start, 2000, 5));
	assert_true(see(t, NVS_ID_rq_complete, 2101, 5));
	assert_int_equal(hit.latency, 101);
	trigger_describe(&hit, "nvme", text, sizeof(text));
	assert_non_null(strstr(text, "nvme1 queue 2 command 0x5"));
	assert_non_null(strstr(text, "101ns"));
	/* It is over: another end belongs to nothing. */
	assert_false(see(t, NVS_ID_rq_complete, 9000, 5));
	triggers_free(t);
}

/* The CPU that ended a request may be read before the one that began it. */
static void test_end_first(void **state)
{
	struct triggers *t = with("lat>100ns");

	(void)state;
	assert_false(see(t, NVS_ID_rq_complete, 5000, 7));
	assert_true(see(t, NVS_ID_rq_start, 4000, 7));
	assert_int_equal(hit.latency, 1000);
	/* An end of the use before is no end of this one. */
	assert_false(see(t, NVS_ID_rq_complete, 6000, 7));
	assert_false(see(t, NVS_ID_rq_start, 7000, 7));
	assert_false(see(t, NVS_ID_rq_complete, 7050, 7));
	/* Another generation of the tag is another command. */
	assert_false(see(t, NVS_ID_rq_start, 8000, 0x1007));
	assert_false(see(t, NVS_ID_rq_complete, 9000, 0x2007));
	triggers_free(t);
}

static void test_errors_and_states(void **state)
{
	struct triggers *t = with("error");
	struct nvs_rq_complete end = { .h = { .id = NVS_ID_rq_complete, .ts = 1 } };
	struct nvs_ctrl_state change = { .h = { .id = NVS_ID_ctrl_state, .ts = 1 },
					 .old_state = NVS_STATE_live,
					 .new_state = NVS_STATE_resetting,
					 .changed = 1 };

	(void)state;
	assert_false(triggers_see(t, &end.h, &hit));
	end.status = 0x4002;
	assert_true(triggers_see(t, &end.h, &hit));
	assert_int_equal(hit.status, 0x4002);
	assert_true(triggers_add(t, "reset"));
	assert_true(triggers_see(t, &change.h, &hit));
	assert_int_equal(hit.kind, TRIGGER_reset);
	change.old_state = NVS_STATE_new;
	assert_false(triggers_see(t, &change.h, &hit));
	triggers_free(t);
}

static void test_io(void **state)
{
	struct triggers *t = with("lat>1us");
	struct nvs_io io = { .h = { .id = NVS_ID_io, .ts = 10000 }, .setup = 9500 };

	(void)state;
	assert_true(triggers_want(t, NVS_ID_io));
	assert_false(triggers_see(t, &io.h, &hit));
	io.setup = 8000;
	assert_true(triggers_see(t, &io.h, &hit));
	assert_int_equal(hit.latency, 2000);
	io.setup = 0; /* not seen */
	assert_false(triggers_see(t, &io.h, &hit));
	triggers_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	  cmocka_unit_test(test_latency),
		cmocka_unit_test(test_end_first), cmocka_unit_test(test_errors_and_states),
		cmocka_unit_test(test_io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
