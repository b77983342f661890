// SPDX-License-Identifier: GPL-2.0
/* Two clocks, aligned by events that both saw: see device_clock.h. */
#include <math.h>
#include <stdlib.h>
#include "device_clock.h"

#define MAX_WINDOWS	 64
#define PAIRS_PER_WINDOW 32
#define LOG_NS		 1000 /* the log's times are whole microseconds */
#define MOST_NS		 4e18 /* some 126 years */

/* The log's clock is at most (or at least) this far ahead; ns relative to log0 and rec0. */
struct bound {
	bool known;
	double at, ahead;
};

/* The closest bounds in one stretch of time: the least delay each way. */
struct window {
	struct bound low, high;
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

/* Takes in @pair if it bounds the difference closer than those before. */
static void tighten(struct window *win, const struct device_clock *c, const struct clock_pair *pair)
{
	double at = (double)(int64_t)(pair->rec - c->rec0);
	double ahead = (double)(int64_t)(pair->log - c->log0) - at;

	if (pair->answer && (!win->low.known || ahead > win->low.ahead))
		win->low = (struct bound){ true, at, ahead };
	if (!pair->answer && (!win->high.known || ahead < win->high.ahead))
		win->high = (struct bound){ true, at, ahead };
}

static size_t make_windows(struct window *wins, const struct device_clock *c,
			   const struct clock_pairs *p)
{
	size_t nr = p->nr / PAIRS_PER_WINDOW;

	nr = nr < 1 ? 1 : nr > MAX_WINDOWS ? MAX_WINDOWS : nr;
	for (size_t i = 0; i < nr; i++) {
		wins[i] = (struct window){ 0 };
		for (size_t j = p->nr * i / nr; j < p->nr * (i + 1) / nr; j++)
			tighten(&wins[i], c, &p->pairs[j]);
	}
	return nr;
}

/*
 * A doorbell reaches the device in almost no time, an interrupt its handler when
 * it may: so the drift is read from the doorbells.  Theil-Sen, the median of all
 * slopes, so that a window with a hiccup does not tilt the line.
 */
static double slope_of(const struct window *wins, size_t nr)
{
	static double slopes[MAX_WINDOWS * (MAX_WINDOWS - 1) / 2];
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		for (size_t j = i + 1; j < nr; j++) {
			const struct bound *a = &wins[i].high, *b = &wins[j].high;

			if (a->known && b->known && b->at > a->at)
				slopes[n++] = (b->ahead - a->ahead) / (b->at - a->at);
		}
	return n ? median(slopes, n) : 0;
}

/* @ns as an integer; what no clock shows is cut to what one might. */
static int64_t whole_ns(double ns)
{
	return (int64_t)fmax(fmin(ns, MOST_NS), -MOST_NS);
}

/*
 * Puts the line between the closest bounds on either side.  It may be off by
 * half their distance, and by what the clocks stray from a line.
 */
static int place_line(struct device_clock *c, const struct window *wins, size_t nr)
{
	double up = INFINITY, down = -INFINITY, stray[MAX_WINDOWS];
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		if (wins[i].high.known)
			stray[n++] = wins[i].high.ahead - c->drift * wins[i].high.at;
		if (wins[i].low.known)
			down = fmax(down, wins[i].low.ahead - c->drift * wins[i].low.at);
	}
	for (size_t i = 0; i < n; i++)
		up = fmin(up, stray[i]);
	if (!isfinite(up) || !isfinite(down))
		return -1;
	for (size_t i = 0; i < n; i++)
		stray[i] -= up;
	c->uncertainty = fabs(up - down) / 2 + median(stray, n) + LOG_NS;
	c->log0 += whole_ns((up + down) / 2);
	return 0;
}

int device_clock_fit(struct device_clock *c, struct clock_pairs *p, struct nvs_error *err)
{
	struct window wins[MAX_WINDOWS];
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
	c->drift = slope_of(wins, nr);
	if (c->drift <= -1)
		return nvs_fail(err, "the log's clock stands or goes backwards while the "
				     "recording's goes on: they are not of one run");
	if (place_line(c, wins, nr))
		return nvs_fail(err,
				"clocks can be aligned only by doorbells and completions that both "
				"saw; of %zu pairs all are of one sort",
				p->nr);
	return 0;
}

uint64_t device_clock_time(const struct device_clock *c, uint64_t log)
{
	int64_t since = whole_ns((double)(int64_t)(log - c->log0) / (1 + c->drift));

	if (since < 0 && (uint64_t)-since > c->rec0)
		return 0;
	return c->rec0 + (uint64_t)since;
}
