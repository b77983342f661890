// SPDX-License-Identifier: GPL-2.0
/* Two clocks, aligned by events that both saw: see device_clock.h. */
#include <math.h>
#include <stdlib.h>
#include "device_clock.h"

#define MAX_WINDOWS	 64
#define PAIRS_PER_WINDOW 32

/* Bounds of the clocks' difference in one stretch of time, relative to rec0 and log0. */
struct window {
	double at; /* ns from rec0 */
	double low, high;
};

void clock_pairs_add(struct clock_pairs *p, uint64_t rec, uint64_t log, bool answer)
{
	if (p->nr == p->room) {
		size_t room = p->room ? 2 * p->room : 256;
		struct clock_pair *pairs = realloc(p->pairs, room * sizeof(*pairs));

		if (!pairs) {
			p->failed = true;
			return;
		}
		p->pairs = pairs;
		p->room = room;
	}
	p->pairs[p->nr++] = (struct clock_pair){ .rec = rec, .log = log, .answer = answer };
}

void clock_pairs_free(struct clock_pairs *p)
{
	free(p->pairs);
	*p = (struct clock_pairs){ 0 };
}

static int by_time(const void *a, const void *b)
{
	const struct clock_pair *x = a, *y = b;

	return (x->rec > y->rec) - (x->rec < y->rec);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), by_value);
	return nr % 2 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

/* The least delay each way bounds the difference.  False if one way is missing. */
static bool make_window(struct window *win, const struct device_clock *c,
			const struct clock_pair *pairs, size_t nr)
{
	*win = (struct window){ .low = -INFINITY, .high = INFINITY };
	for (size_t i = 0; i < nr; i++) {
		double ahead = (double)(int64_t)(pairs[i].log - c->log0) -
			       (double)(int64_t)(pairs[i].rec - c->rec0);

		if (pairs[i].answer)
			win->low = fmax(win->low, ahead);
		else
			win->high = fmin(win->high, ahead);
		win->at += (double)(pairs[i].rec - c->rec0) / nr;
	}
	return isfinite(win->low) && isfinite(win->high);
}

static size_t make_windows(struct window *wins, const struct device_clock *c,
			   const struct clock_pairs *p)
{
	size_t want = p->nr / PAIRS_PER_WINDOW, nr = 0;

	want = want < 1 ? 1 : want > MAX_WINDOWS ? MAX_WINDOWS : want;
	for (size_t i = 0; i < want; i++) {
		size_t from = p->nr * i / want, to = p->nr * (i + 1) / want;

		nr += make_window(&wins[nr], c, p->pairs + from, to - from);
	}
	return nr;
}

static double middle(const struct window *win)
{
	return (win->low + win->high) / 2;
}

/* Theil-Sen: the median of all slopes, so that a window with a hiccup does not tilt the line. */
static double slope_of(const struct window *wins, size_t nr)
{
	static double slopes[MAX_WINDOWS * (MAX_WINDOWS - 1) / 2];
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		for (size_t j = i + 1; j < nr; j++)
			if (wins[j].at > wins[i].at)
				slopes[n++] = (middle(&wins[j]) - middle(&wins[i])) /
					      (wins[j].at - wins[i].at);
	return n ? median(slopes, n) : 0;
}

/* How far the line may be off: the bounds' distance, and how far windows stray from it. */
static double doubt(const struct window *wins, size_t nr, double slope, double offset)
{
	double half[MAX_WINDOWS], stray[MAX_WINDOWS];

	for (size_t i = 0; i < nr; i++) {
		half[i] = fabs(wins[i].high - wins[i].low) / 2;
		stray[i] = fabs(middle(&wins[i]) - (offset + slope * wins[i].at));
	}
	return median(half, nr) + median(stray, nr);
}

int device_clock_fit(struct device_clock *c, struct clock_pairs *p, struct nvs_error *err)
{
	struct window wins[MAX_WINDOWS];
	double rest[MAX_WINDOWS], offset;
	size_t nr;

	if (p->failed)
		return nvs_fail(err, "no memory to align the clocks; import a shorter recording");
	if (!p->nr)
		return nvs_fail(err, "no event with a time is in both the recording and the log");
	qsort(p->pairs, p->nr, sizeof(*p->pairs), by_time);
	*c = (struct device_clock){ .rec0 = p->pairs[0].rec,
				    .log0 = p->pairs[0].log,
				    .nr_pairs = p->nr };
	nr = make_windows(wins, c, p);
	if (!nr)
		return nvs_fail(err,
				"clocks can be aligned only by doorbells and completions that both "
				"saw; of %zu pairs all are of one sort",
				p->nr);
	c->drift = slope_of(wins, nr);
	for (size_t i = 0; i < nr; i++)
		rest[i] = middle(&wins[i]) - c->drift * wins[i].at;
	offset = median(rest, nr);
	c->uncertainty = (uint64_t)doubt(wins, nr, c->drift, offset) + 1000; /* log: whole us */
	c->log0 += (int64_t)offset;
	return 0;
}

uint64_t device_clock_time(const struct device_clock *c, uint64_t log)
{
	double since = (double)(int64_t)(log - c->log0) / (1 + c->drift);

	if (since < 0 && (uint64_t)-since > c->rec0)
		return 0;
	return c->rec0 + (int64_t)since;
}
