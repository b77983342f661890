// SPDX-License-Identifier: GPL-2.0
/* The buffer before the file: what is taken stands in order, and nothing is lost or doubled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "ctf_format.h"
#include "event_buffer.h"
#include "event_info.h"

static uint64_t seed = 88172645463325252ull;

static uint64_t chance(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* Events of several sizes, each with its number in cid and what else it has filled with it. */
static size_t make_event(unsigned char *at, uint64_t ts, uint16_t number)
{
	static const unsigned int kinds[] = { NVS_ID_sqe, NVS_ID_cqe, NVS_ID_rq_start,
					      NVS_ID_cmd_sent };
	unsigned int id = kinds[number % 4], size = event_info(id)->size;
	struct nvs_hdr h = { .ts = ts, .id = id, .qid = 1, .cid = number };

	memset(at, number, size);
	memcpy(at, &h, sizeof(h));
	return size;
}

/* What stands in the buffer: in order, each event whole; adds each number's count to @found. */
static size_t look_through(const struct event_buffer *b, unsigned int *found, uint64_t *last)
{
	size_t at = b->first, n = 0;

	for (; n < b->all.nr; n++) {
		struct nvs_hdr h;
		unsigned int size;

		memcpy(&h, b->bytes + at, sizeof(h));
		size = event_info(h.id)->size;
		assert_true(h.ts >= *last);
		*last = h.ts;
		for (unsigned int i = sizeof(h); i < size; i++)
			assert_int_equal(b->bytes[at + i], (unsigned char)h.cid);
		found[h.cid]++;
		if (n == b->all.nr - 1)
			assert_int_equal(b->all.last, at);
		at += size;
	}
	assert_int_equal(at, b->all.end);
	return n;
}

static void expect_each_once(const unsigned int *found, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (found[i] != 1)
			fail_msg("event %u is there %u times", i, found[i]);
}

/* Runs of any length with events late by a little, by much, and gaps between. */
static void take_runs(unsigned int late_by, unsigned int one_in)
{
	unsigned int found[4096] = { 0 }, nr = 0;
	unsigned char *run = malloc(200 * 1024);
	struct event_buffer b;
	uint64_t ts = 1000000, last = 0;
	bool seen = false;

	event_buffer_init(&b, false);
	while (nr < 4000) {
		size_t bytes = 0;

		for (unsigned int i = chance(90) + 1; i--; nr++) {
			uint64_t late = late_by && !chance(one_in) ? chance(late_by) : 0;

			ts += chance(20);
			bytes += make_event(run + bytes, ts - late, nr);
			if (!chance(10)) {
				struct nvs_hdr gap = { .cid = 8 * (2 + chance(9)) };

				memcpy(run + bytes, &gap, sizeof(gap));
				bytes += gap.cid;
			}
		}
		assert_int_equal(event_buffer_add(&b, run, bytes, &seen), bytes);
	}
	assert_false(seen);
	assert_int_equal(event_buffer_sort(&b), 0);
	assert_int_equal(look_through(&b, found, &last), nr);
	expect_each_once(found, nr);
	assert_int_equal(b.nr_changed, 0);
	event_buffer_free(&b);
	free(run);
}

static void test_runs(void **state)
{
	(void)state;
	take_runs(0, 1);
	take_runs(10, 20);
	take_runs(5000, 5);
}

/* One that was interrupted stands before those that interrupted it: no sorting is needed. */
static void test_interrupted(void **state)
{
	unsigned int found[64] = { 0 };
	unsigned char run[64 * 80];
	struct event_buffer b;
	uint64_t last = 0;
	size_t bytes = 0;
	bool seen = false;

	(void)state;
	event_buffer_init(&b, false);
	bytes += make_event(run + bytes, 10, 0);
	bytes += make_event(run + bytes, 100, 1);
	for (int i = 2; i < 40; i++)
		bytes += make_event(run + bytes, 20 + i, i);
	bytes += make_event(run + bytes, 101, 40);
	assert_int_equal(event_buffer_add(&b, run, bytes, &seen), bytes);
	assert_false(b.unordered);
	assert_int_equal(look_through(&b, found, &last), 41);
	expect_each_once(found, 41);
	event_buffer_free(&b);
}

/* What was there when a packet's end was chosen is not moved without being sorted. */
static void test_fixed(void **state)
{
	unsigned int found[4] = { 0 };
	unsigned char run[4 * 80];
	struct event_buffer b;
	struct event_mark m;
	uint64_t last = 0;
	bool seen = false;

	(void)state;
	event_buffer_init(&b, false);
	event_buffer_add(&b, run, make_event(run, 100, 0), &seen);
	event_buffer_settle(&b);
	event_buffer_add(&b, run, make_event(run, 50, 1), &seen);
	assert_true(b.unordered);
	assert_int_equal(event_buffer_sort(&b), 0);
	m = event_buffer_until(&b, SIZE_MAX, 50);
	assert_int_equal(m.nr, 1);
	assert_int_equal(event_buffer_time(&b, m.last), 50);
	assert_int_equal(look_through(&b, found, &last), 2);
	event_buffer_drop(&b, m);
	assert_int_equal(b.all.nr, 1);
	assert_int_equal(event_buffer_time(&b, b.all.last), 100);
	event_buffer_free(&b);
}

/* All that a ring held, at once. */
static void test_long_run(void **state)
{
	unsigned int found[4000] = { 0 };
	unsigned char *run = malloc(sizeof(found) * 20);
	struct event_buffer b;
	uint64_t last = 0;
	bool seen = false;
	size_t bytes = 0;

	(void)state;
	event_buffer_init(&b, false);
	for (unsigned int n = 0; n < 4000; n++)
		bytes += make_event(run + bytes, 1000 + n / 2, n);
	assert_int_equal(event_buffer_add(&b, run, bytes, &seen), bytes);
	assert_int_equal(look_through(&b, found, &last), 4000);
	expect_each_once(found, 4000);
	assert_false(b.unordered);
	event_buffer_free(&b);
	free(run);
}

static void test_refuses(void **state)
{
	unsigned char run[4 * 80];
	struct nvs_hdr *second;
	struct event_buffer b;
	size_t first, bytes;
	bool seen = false;

	(void)state;
	event_buffer_init(&b, false);
	event_buffer_look_out(&b, NVS_ID_cqe);
	first = make_event(run, 1, 0);
	second = (void *)(run + first);
	bytes = first + make_event(run + first, 2, 1);
	assert_int_equal(event_buffer_add(&b, run, bytes - 8, &seen), first); /* cut off */
	assert_false(seen);
	second->id = NVS_ID_dev_cmd; /* not a CPU's */
	assert_int_equal(event_buffer_add(&b, run, bytes, &seen), first);
	second->id = NVS_EVENT_ID_MAX + 1;
	assert_int_equal(event_buffer_add(&b, run, bytes, &seen), first);
	second->id = 0;
	second->cid = 8; /* no gap is so short */
	assert_int_equal(event_buffer_add(&b, run, bytes, &seen), first);
	second->cid = bytes; /* or so long */
	assert_int_equal(event_buffer_add(&b, run, bytes, &seen), first);
	second->id = NVS_ID_cqe;
	second->cid = 1;
	assert_int_equal(event_buffer_add(&b, run, bytes, &seen), bytes);
	assert_true(seen);
	assert_int_equal(b.all.nr, 7);
	event_buffer_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),	cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_fixed),	cmocka_unit_test(test_long_run),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
