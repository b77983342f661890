// SPDX-License-Identifier: GPL-2.0
/* Holds two sets of runs against each other, figure by figure. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "compare.h"

#define CONFIDENCE 0.95

static int out_of_memory(struct nvs_error *err)
{
	return nvs_fail(err,
			"out of memory for the comparison: close other programs and try again");
}

/* --- rows: each figure that any run has, with the values of both sides ----------------- */

struct tagged {
	struct compare_key key;
	double value;
	unsigned int side;
};

static int by_key(const void *x, const void *y)
{
	const struct tagged *a = x, *b = y;

	return memcmp(&a->key, &b->key, sizeof(a->key));
}

static struct tagged *all_values(const struct comparison *c, size_t *nr)
{
	struct tagged *all;
	size_t n = 0;

	*nr = 0;
	for (unsigned int side = 0; side < NR_SIDES; side++)
		for (unsigned int i = 0; i < c->set[side].nr; i++)
			*nr += c->set[side].run[i].nr_values;
	all = calloc(*nr + 1, sizeof(*all));
	for (unsigned int side = 0; all && side < NR_SIDES; side++)
		for (unsigned int i = 0; i < c->set[side].nr; i++) {
			const struct compare_run *run = &c->set[side].run[i];

			for (unsigned int k = 0; k < run->nr_values; k++)
				all[n++] = (struct tagged){ run->value[k].key, run->value[k].value,
							    side };
		}
	if (all)
		qsort(all, n, sizeof(*all), by_key);
	return all;
}

/* A count of nothing, in every run of both. */
static bool all_zero(const struct tagged *v, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (v[i].value > 0)
			return false;
	return true;
}

static int make_row(struct compare_row *row, const struct tagged *v, size_t nr)
{
	*row = (struct compare_row){ .key = v->key, .p = 1, .holm = 1 };
	for (unsigned int side = 0; side < NR_SIDES; side++) {
		row->value[side] = calloc(nr, sizeof(double));
		if (!row->value[side])
			return -1;
	}
	for (size_t i = 0; i < nr; i++)
		row->value[v[i].side][row->nr[v[i].side]++] = v[i].value;
	return 0;
}

static int make_rows(struct comparison *c)
{
	size_t nr, end;
	struct tagged *all = all_values(c, &nr);

	c->row = calloc(nr + 1, sizeof(*c->row));
	if (!all || !c->row) {
		free(all);
		return -1;
	}
	for (size_t i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && !by_key(&all[i], &all[end]); end++)
			;
		if (all_zero(&all[i], end - i))
			continue;
		if (make_row(&c->row[c->nr_rows++], &all[i], end - i) < 0) {
			free(all);
			return -1;
		}
	}
	free(all);
	return 0;
}

/* --- tests --------------------------------------------------------------------------- */

static bool all_the_same(const struct compare_row *r)
{
	const double *a = r->value[SIDE_A], *b = r->value[SIDE_B];

	/* sorted */
	return a[0] >= a[r->nr[SIDE_A] - 1] && b[0] >= b[r->nr[SIDE_B] - 1] && a[0] <= b[0] &&
	       a[0] >= b[0];
}

static int test_row(struct compare_row *r)
{
	for (unsigned int side = 0; side < NR_SIDES; side++) {
		r->median[side] = sample_median(r->value[side], r->nr[side]);
		r->interval[side] = sample_interval(r->value[side], r->nr[side], CONFIDENCE);
	}
	if (!r->nr[SIDE_A] || !r->nr[SIDE_B]) {
		r->change = NAN;
		return 0;
	}
	r->change = 100 * (r->median[SIDE_B] - r->median[SIDE_A]) / fabs(r->median[SIDE_A]);
	if (isnan(r->change)) /* 0 against 0 */
		r->change = 0;
	/* What never varied is no chance to err: it does not count for the correction. */
	if (all_the_same(r))
		return 0;
	r->tested = true;
	r->p = significance_p(r->value[SIDE_A], r->nr[SIDE_A], r->value[SIDE_B], r->nr[SIDE_B]);
	return r->p < 0 ? -1 : 0;
}

static int correct(struct comparison *c)
{
	double *p = calloc(c->nr_rows + 1, sizeof(*p));
	unsigned int n = 0;

	if (!p)
		return -1;
	for (unsigned int i = 0; i < c->nr_rows; i++)
		if (c->row[i].tested)
			p[n++] = c->row[i].p;
	significance_holm(p, n);
	c->nr_tested = n;
	n = 0;
	for (unsigned int i = 0; i < c->nr_rows; i++)
		if (c->row[i].tested)
			c->row[i].holm = p[n++];
	free(p);
	return 0;
}

static enum compare_verdict judge(const struct comparison *c, const struct compare_row *r)
{
	enum compare_worse worse = compare_figure_worse(r->key.figure);

	if (!r->nr[SIDE_B])
		return VERDICT_ONLY_A;
	if (!r->nr[SIDE_A])
		return VERDICT_ONLY_B;
	if (!r->tested || r->holm > c->wants.alpha)
		return VERDICT_SAME;
	if (fabs(r->change) <= c->wants.threshold)
		return VERDICT_SMALL;
	if (worse == WORSE_NEITHER)
		return VERDICT_CHANGED;
	return (r->change > 0) == (worse == WORSE_MORE) ? VERDICT_WORSE : VERDICT_BETTER;
}

/* --- order --------------------------------------------------------------------------- */

static unsigned int rank(const struct compare_row *r)
{
	static const unsigned int ranks[NR_VERDICTS] = {
		[VERDICT_WORSE] = 0,  [VERDICT_BETTER] = 1, [VERDICT_CHANGED] = 2,
		[VERDICT_ONLY_A] = 3, [VERDICT_ONLY_B] = 3, [VERDICT_SMALL] = 4,
		[VERDICT_SAME] = 5,
	};

	return ranks[r->verdict];
}

static int by_news(const void *x, const void *y)
{
	const struct compare_row *a = x, *b = y;
	double da = fabs(a->change), db = fabs(b->change);

	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? -1 : 1;
	if (rank(a) < 3 && (da > db || da < db))
		return da > db ? -1 : 1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

int compare_sets(struct comparison *c, struct nvs_error *err)
{
	unsigned int least =
		c->set[SIDE_A].nr < c->set[SIDE_B].nr ? c->set[SIDE_A].nr : c->set[SIDE_B].nr;

	if (make_rows(c) < 0)
		return out_of_memory(err);
	for (unsigned int i = 0; i < c->nr_rows; i++)
		if (test_row(&c->row[i]) < 0)
			return out_of_memory(err);
	if (correct(c) < 0)
		return out_of_memory(err);
	c->needed = significance_needed(c->nr_tested, c->wants.alpha);
	c->too_few = c->nr_tested && least < c->needed &&
		     significance_least_p(c->set[SIDE_A].nr, c->set[SIDE_B].nr) * c->nr_tested >
			     c->wants.alpha;
	for (unsigned int i = 0; i < c->nr_rows; i++) {
		c->row[i].verdict = judge(c, &c->row[i]);
		c->count[c->row[i].verdict]++;
	}
	qsort(c->row, c->nr_rows, sizeof(*c->row), by_news);
	return 0;
}

void compare_free(struct comparison *c)
{
	for (unsigned int i = 0; i < c->nr_rows; i++)
		for (unsigned int side = 0; side < NR_SIDES; side++)
			free(c->row[i].value[side]);
	free(c->row);
	for (unsigned int side = 0; side < NR_SIDES; side++) {
		for (unsigned int i = 0; i < c->set[side].nr; i++)
			compare_free_run(&c->set[side].run[i]);
		free(c->set[side].run);
	}
	memset(c, 0, sizeof(*c));
}

const char *compare_verdict_name(enum compare_verdict verdict)
{
	static const char *const names[NR_VERDICTS] = {
		[VERDICT_SAME] = "same",	[VERDICT_BETTER] = "better",
		[VERDICT_WORSE] = "worse",	[VERDICT_CHANGED] = "changed",
		[VERDICT_SMALL] = "small",	[VERDICT_ONLY_A] = "only in A",
		[VERDICT_ONLY_B] = "only in B",
	};

	return names[verdict];
}

void compare_sentence(const struct comparison *c, char *text, size_t size)
{
	const struct compare_row *r = c->row;
	unsigned int worse = c->count[VERDICT_WORSE];

	if (c->too_few)
		snprintf(text, size,
			 "No verdict: %u and %u runs are too few to tell %u figures apart; "
			 "it needs at least %u of each.",
			 c->set[SIDE_A].nr, c->set[SIDE_B].nr, c->nr_tested, c->needed);
	else if (!worse)
		snprintf(
			text, size,
			"No regression: none of %u figures is worse by more than %g %% (%u better).",
			c->nr_rows, c->wants.threshold, c->count[VERDICT_BETTER]);
	else
		snprintf(text, size,
			 "Regression: B is worse in %u of %u figures, most in %s, %s (%s).", worse,
			 c->nr_rows, compare_where(&r->key).s, compare_figure_name(r->key.figure),
			 compare_change_text(r).s);
}
