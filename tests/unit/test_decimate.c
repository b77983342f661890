// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "decimate.h"

static struct decimator *new (void **state)
{
	struct decimator *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	*state = d;
	return d;
}

static int drop(void **state)
{
	free(*state);
	return 0;
}

/* A million points, one of them a spike up and one a spike down: both are in their column. */
static void spikes_survive(void **state)
{
	struct decimator *d = new (state);
	const uint64_t t0 = 5000000000ull, up = t0 + 333333ull * 1000, down = t0 + 777777ull * 1000;
	struct column *c;

	for (uint64_t i = 0; i < 1000000; i++) {
		uint64_t ts = t0 + i * 1000;

		decimate_add(d, ts, ts == up ? 1e6 : ts == down ? -1e6 : (double)(i % 32));
	}
	c = &d->column[(up - t0) / d->width];
	assert_true(c->max == 1e6);
	c = &d->column[(down - t0) / d->width];
	assert_true(c->min == -1e6);
}

static void nothing_is_lost_or_made(void **state)
{
	struct decimator *d = new (state);
	uint64_t points = 0;
	double sum = 0;

	for (uint64_t i = 0; i < 100000; i++)
		decimate_add(d, 77 + i * i % 1000 + i * 1000, 2);
	for (unsigned int i = 0; i < DECIMATE_COLUMNS; i++) {
		points += d->column[i].points;
		sum += d->column[i].sum;
	}
	assert_int_equal(points, 100000);
	assert_true(sum == 200000);
	assert_in_range(decimate_columns(d), DECIMATE_COLUMNS / 2, DECIMATE_COLUMNS);
}

static void last_is_the_latest(void **state)
{
	struct decimator *d = new (state);

	decimate_add(d, 100, 7);
	decimate_add(d, 101, 3);
	decimate_add(d, 100 + 2 * DECIMATE_COLUMNS - 1, 9);
	assert_int_equal(d->width, 2);
	assert_true(d->column[0].last == 3);
	assert_true(d->column[0].max == 7);
	assert_true(d->column[DECIMATE_COLUMNS - 1].last == 9);
}

static void common_start(void **state)
{
	struct decimator *d = new (state);

	assert_int_equal(decimate_columns(d), 0);
	decimate_start(d, 1000);
	decimate_add(d, 1000 + 10 * DECIMATE_COLUMNS, 1);
	decimate_widen(d, 60);
	assert_int_equal(d->width, 64);
	assert_int_equal(d->column[10 * DECIMATE_COLUMNS / 64].points, 1);
	/* Before the start: the first column takes it, nothing is lost. */
	decimate_add(d, 10, 1);
	assert_int_equal(d->column[0].points, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(spikes_survive, drop),
		cmocka_unit_test_teardown(nothing_is_lost_or_made, drop),
		cmocka_unit_test_teardown(last_is_the_latest, drop),
		cmocka_unit_test_teardown(common_start, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
