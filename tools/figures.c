// SPDX-License-Identifier: GPL-2.0
#include "figures.h"

#define NAME(name, key, share)	name,
#define KEY(name, key, share)	key,
#define SHARE(name, key, share) share,
const char *const figure_names[NR_FIGURE_QUANTILES] = { FIGURE_QUANTILES(NAME) };
const char *const figure_keys[NR_FIGURE_QUANTILES] = { FIGURE_QUANTILES(KEY) };
static const double shares[NR_FIGURE_QUANTILES] = { FIGURE_QUANTILES(SHARE) };

struct figures figures_of(const struct histogram *h)
{
	struct figures f = { .count = h->count, .min = h->min, .max = h->max };

	f.mean = (uint64_t)(histogram_mean(h) + 0.5);
	for (unsigned int i = 0; i < NR_FIGURE_QUANTILES; i++)
		f.quantile[i] = histogram_quantile(h, shares[i]);
	return f;
}

struct figures figures_of_hist(const struct hist_times *t)
{
	struct figures f = { .count = t->count };

	if (!t->count)
		return f;
	f.min = hist_times_min(t);
	f.max = hist_times_max(t);
	f.mean = t->sum / t->count;
	for (unsigned int i = 0; i < NR_FIGURE_QUANTILES; i++)
		f.quantile[i] = hist_times_quantile(t, shares[i]);
	return f;
}
