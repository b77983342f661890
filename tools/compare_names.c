// SPDX-License-Identifier: GPL-2.0
/* Figures of a comparison by name, and their values as people read them. */
#include <math.h>
#include <stdio.h>
#include "compare.h"

#define TITLE(name, title, unit, worse) title,
#define UNIT(name, title, unit, worse)	unit,
#define WORSE(name, title, unit, worse) worse,

const char *const compare_stage_names[NR_STAGES] = { "in blk-mq", "driver", "device", "completion",
						     "total" };
const char *const compare_sections[NR_COMPARED] = { "initialisation", "queues", "throughput",
						    "latency" };

const char *compare_figure_name(unsigned int figure)
{
	static const char *const names[] = { COMPARE_FIGURES(TITLE) };

	return names[figure];
}

enum compare_unit compare_figure_unit(unsigned int figure)
{
	static const enum compare_unit units[] = { COMPARE_FIGURES(UNIT) };

	return units[figure];
}

enum compare_worse compare_figure_worse(unsigned int figure)
{
	static const enum compare_worse worse[] = { COMPARE_FIGURES(WORSE) };

	return worse[figure];
}

const char *compare_op_name(unsigned int op)
{
	return op == COMPARE_OP_ANY ? "commands" : stats_op_name(op);
}

const char *compare_size_name(unsigned int size)
{
	return size == COMPARE_SIZE_LARGER ? ">256K" : stats_size_name(size);
}

struct compare_name compare_where(const struct compare_key *key)
{
	struct compare_name n;
	const char *phase;

	switch ((enum compare_section)key->section) {
	case SECTION_INIT:
		phase = nvs_symbol_name(NVS_SET_PHASE, key->phase);
		snprintf(n.s, sizeof(n.s), "%s", phase ? phase : "?");
		break;
	case SECTION_QUEUES:
		snprintf(n.s, sizeof(n.s), "%s queue%s", compare_class_name(key->class),
			 key->class == CLASS_admin ? "" : "s");
		break;
	default:
		if (key->class == CLASS_admin)
			snprintf(n.s, sizeof(n.s), "admin commands");
		else
			snprintf(n.s, sizeof(n.s), "%s%s%s, %s queues", compare_op_name(key->op),
				 key->size ? " " : "",
				 key->size ? compare_size_name(key->size) : "",
				 compare_class_name(key->class));
		if (key->section == SECTION_LATENCY) {
			size_t n_used = 0;

			while (n.s[n_used])
				n_used++;
			snprintf(n.s + n_used, sizeof(n.s) - n_used, ": %s",
				 compare_stage_names[key->stage]);
		}
	}
	return n;
}

static struct text with_unit(double value, const char *format)
{
	static const char prefix[] = " kMGT";
	unsigned int i = 0;
	struct text t;

	while (value >= 1000 && i < sizeof(prefix) - 2) {
		value /= 1000;
		i++;
	}
	snprintf(t.s, sizeof(t.s), "%.*f%.*s%s",
		 value < 10    ? 2
		 : value < 100 ? 1
			       : 0,
		 value, i ? 1 : 0, prefix + i, format);
	return t;
}

struct text compare_value_text(unsigned int figure, double value)
{
	struct text t = { "-" };

	if (isnan(value))
		return t;
	switch (compare_figure_unit(figure)) {
	case UNIT_NS: return format_ns(value);
	case UNIT_PER_S: return with_unit(value, "/s");
	case UNIT_PERCENT: snprintf(t.s, sizeof(t.s), "%.1f%%", value); break;
	case UNIT_COUNT: snprintf(t.s, sizeof(t.s), "%.10g", value); break;
	case UNIT_RATIO: snprintf(t.s, sizeof(t.s), "%.3f", value); break;
	}
	return t;
}

struct text compare_change_text(const struct compare_row *r)
{
	struct text t = { "-" };

	if (isinf(r->change))
		snprintf(t.s, sizeof(t.s), "from 0");
	else if (!isnan(r->change))
		snprintf(t.s, sizeof(t.s), fabs(r->change) < 9.995 ? "%+.2f%%" : "%+.0f%%",
			 r->change);
	return t;
}

/* The interval's farther end, in percent of the median. */
struct text compare_interval_text(const struct compare_row *r, unsigned int side)
{
	const struct sample_interval *s = &r->interval[side];
	double median = r->median[side], far;
	struct text t = { "" };

	if (!r->nr[side] || s->known) {
		far = fmax(s->high - median, median - s->low);
		if (s->known && median > 0)
			snprintf(t.s, sizeof(t.s), "±%.0f%%", 100 * far / median);
		return t;
	}
	snprintf(t.s, sizeof(t.s), "±?");
	return t;
}
