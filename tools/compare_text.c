// SPDX-License-Identifier: GPL-2.0
/* A comparison for people, within 110 columns: how the sets differ, then what came out. */
#include <stdio.h>
#include <string.h>
#include "compare.h"

static void print_set(const struct comparison *c, unsigned int side, FILE *out)
{
	const struct compare_set *set = &c->set[side];
	uint64_t commands = 0, lost = 0, incomplete = 0;
	unsigned int lossy = 0, cut = 0;

	for (unsigned int i = 0; i < set->nr; i++) {
		commands += set->run[i].commands;
		lost += set->run[i].lost;
		lossy += set->run[i].lost != 0;
		incomplete += set->run[i].incomplete;
		cut += set->run[i].cut;
	}
	fprintf(out, "%c  %u run%s, %s%s%s; %s I/O commands", 'A' + side, set->nr,
		set->nr == 1 ? "" : "s", set->run[0].path, set->nr > 1 ? " ... " : "",
		set->nr > 1 ? set->run[set->nr - 1].path : "", format_count(commands).s);
	if (lost)
		fprintf(out, ", %s events LOST in %u run%s", format_count(lost).s, lossy,
			lossy == 1 ? "" : "s");
	if (incomplete)
		fprintf(out, ", %s commands in no latency (a step is missing)",
			format_count(incomplete).s);
	if (cut)
		fprintf(out, ", %u run%s cut off", cut, cut == 1 ? "" : "s");
	fprintf(out, "\n");
}

static int print_differences(const struct comparison *c, FILE *out, struct nvs_error *err)
{
	unsigned int nr;
	struct env_difference *d = compare_differences(c, &nr);

	if (!d)
		return nvs_fail(err, "out of memory: close other programs and try again");
	fprintf(out,
		nr ? "\nThe sets were made differently:\n"
		   : "\nThe sets were made alike: same kernel, driver, device, configuration.\n");
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "  %-22s A: %.100s\n  %-22s B: %.100s\n", d[i].key, d[i].text[SIDE_A],
			"", d[i].text[SIDE_B]);
	compare_differences_free(d, nr);
	return 0;
}

/* The sign for plus-or-minus is two bytes and one column. */
static void print_value(FILE *out, const struct compare_row *r, unsigned int side)
{
	struct text value = { "-" }, interval = compare_interval_text(r, side);
	int wide = (int)strlen(interval.s), columns = wide ? wide - 1 : 0;

	if (r->nr[side])
		value = compare_value_text(r->key.figure, r->median[side]);
	fprintf(out, " %9s %s%*s", value.s, interval.s, 5 - columns, "");
}

static void print_row(FILE *out, const struct compare_row *r)
{
	char what[128], p[16] = "-";

	snprintf(what, sizeof(what), "%s", compare_where(&r->key).s);
	if (r->tested)
		snprintf(p, sizeof(p), r->holm < 0.0005 ? "<0.001" : "%.3f", r->holm);
	fprintf(out, "%-44.44s %-24.24s", what, compare_figure_name(r->key.figure));
	print_value(out, r, SIDE_A);
	print_value(out, r, SIDE_B);
	fprintf(out, " %8s %6s %2u+%-2u %s\n", compare_change_text(r).s, p, r->nr[SIDE_A],
		r->nr[SIDE_B], r->verdict == VERDICT_SAME ? "" : compare_verdict_name(r->verdict));
}

static void print_head(FILE *out)
{
	fprintf(out, "\n%-44s %-24s %9s %-5s %9s %-5s %8s %6s %5s\n", "", "", "A", "", "B", "",
		"change", "p", "runs");
}

static void print_rows(const struct comparison *c, FILE *out)
{
	unsigned int shown = 0;

	for (unsigned int i = 0; i < c->nr_rows; i++) {
		if (!c->wants.all && !compare_is_news(&c->row[i]))
			continue;
		if (!shown++)
			print_head(out);
		print_row(out, &c->row[i]);
	}
	if (!shown)
		fprintf(out, "\nNo figure differs significantly.\n");
	if (shown < c->nr_rows)
		fprintf(out, "  %u figures that do not differ are not shown: --all has them\n",
			c->nr_rows - shown);
}

int compare_text(const struct comparison *c, FILE *out, struct nvs_error *err)
{
	char sentence[400];

	for (unsigned int side = 0; side < NR_SIDES; side++)
		print_set(c, side, out);
	if (print_differences(c, out, err) < 0)
		return -1;
	fprintf(out, "Times are %s.\n", compare_clock(c));
	print_rows(c, out);
	fprintf(out,
		"\nMedians of the runs, ± the farther end of their 95 %% interval (±?: fewer than 6 runs).\n"
		"p: Mann and Whitney's U test, after Holm's correction for %u figures tested; "
		"significant up to %g.\n",
		c->nr_tested, c->wants.alpha);
	compare_sentence(c, sentence, sizeof(sentence));
	fprintf(out, "%s\n", sentence);
	return 0;
}
