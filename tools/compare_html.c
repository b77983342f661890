// SPDX-License-Identifier: GPL-2.0
/* A comparison as one page that needs nothing else: no script, no network, its picture inside. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "compare.h"
#include "outfile.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n<title>nvmescope compare</title>\n"
	"<style>\n"
	"body { font: 15px/1.5 'DejaVu Sans', system-ui, sans-serif; margin: 2em auto; max-width: 1240px;\n"
	"  padding: 0 1em; color: #111; background: #fff; }\n"
	"h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }\n"
	".verdict { font-size: 1.1em; padding: .6em 1em; border-left: 6px solid #009E73; background: #f3f8f6; }\n"
	".verdict.worse { border-color: #D55E00; background: #fbf4ef; }\n"
	".verdict.none { border-color: #888; background: #f4f4f4; }\n"
	"table { border-collapse: collapse; } td, th { padding: .15em .7em; text-align: left; vertical-align: top; }\n"
	"th { border-bottom: 1px solid #888; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }\n"
	"tr.worse td { background: #fbe9de; } tr.better td { background: #e2f3ec; }\n"
	"tr.changed td, tr.only td { background: #f2eefa; } td small { color: #666; }\n"
	"svg { max-width: 100%; height: auto; } .note { color: #555; max-width: 60em; }\n"
	"</style></head><body>\n";

static void put_escaped(struct outfile *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			out_text(f, "&lt;");
		else if (*text == '>')
			out_text(f, "&gt;");
		else if (*text == '&')
			out_text(f, "&amp;");
		else
			out_char(f, *text);
	}
}

static void put_cell(struct outfile *f, const char *class, const char *text, const char *small)
{
	out_printf(f, "<td%s%s%s>", *class ? " class=\"" : "", class, *class ? "\"" : "");
	put_escaped(f, text);
	if (*small) {
		out_text(f, " <small>");
		put_escaped(f, small);
		out_text(f, "</small>");
	}
	out_text(f, "</td>");
}

static const char *row_class(const struct compare_row *r)
{
	static const char *const names[NR_VERDICTS] = {
		[VERDICT_WORSE] = "worse",     [VERDICT_BETTER] = "better",
		[VERDICT_CHANGED] = "changed", [VERDICT_ONLY_A] = "only",
		[VERDICT_ONLY_B] = "only",     [VERDICT_SMALL] = "small",
		[VERDICT_SAME] = "same",
	};

	return names[r->verdict];
}

static void put_row(struct outfile *f, const struct compare_row *r)
{
	char text[48] = "-";

	out_printf(f, "<tr class=\"%s\">", row_class(r));
	put_cell(f, "", compare_where(&r->key).s, "");
	put_cell(f, "", compare_figure_name(r->key.figure), "");
	for (unsigned int side = 0; side < NR_SIDES; side++) {
		struct text value = { "-" };

		if (r->nr[side])
			value = compare_value_text(r->key.figure, r->median[side]);
		put_cell(f, "n", value.s, compare_interval_text(r, side).s);
	}
	put_cell(f, "n", compare_change_text(r).s, "");
	if (r->tested)
		snprintf(text, sizeof(text), r->holm < 0.0005 ? "<0.001" : "%.3f", r->holm);
	put_cell(f, "n", text, "");
	snprintf(text, sizeof(text), "%u+%u", r->nr[SIDE_A], r->nr[SIDE_B]);
	put_cell(f, "n", text, "");
	put_cell(f, "", r->verdict == VERDICT_SAME ? "" : compare_verdict_name(r->verdict), "");
	out_text(f, "</tr>\n");
}

static void put_rows(struct outfile *f, const struct comparison *c, bool news)
{
	out_text(f,
		 "<table><tr><th>of</th><th>figure</th><th class=\"n\">A</th><th class=\"n\">B</th>"
		 "<th class=\"n\">change</th><th class=\"n\">p</th><th class=\"n\">runs</th>"
		 "<th>verdict</th></tr>\n");
	for (unsigned int i = 0; i < c->nr_rows; i++)
		if (compare_is_news(&c->row[i]) == news)
			put_row(f, &c->row[i]);
	out_text(f, "</table>\n");
}

static int put_differences(struct outfile *f, const struct comparison *c, struct nvs_error *err)
{
	unsigned int nr;
	struct env_difference *d = compare_differences(c, &nr);

	if (!d)
		return nvs_fail(err, "out of memory: close other programs and try again");
	out_text(f, nr ? "<table><tr><th></th><th>A</th><th>B</th></tr>\n"
		       : "<p>Kernel, driver, device and configuration are the same.</p>\n");
	for (unsigned int i = 0; i < nr; i++) {
		out_text(f, "<tr>");
		put_cell(f, "", d[i].key, "");
		put_cell(f, "", d[i].text[SIDE_A], "");
		put_cell(f, "", d[i].text[SIDE_B], "");
		out_text(f, "</tr>\n");
	}
	out_text(f, nr ? "</table>\n" : "");
	compare_differences_free(d, nr);
	return 0;
}

/* What of gnuplot's file belongs into a page: from <svg on. */
static int put_svg(struct outfile *f, const char *path, struct nvs_error *err)
{
	FILE *in = fopen(path, "r");
	char *text = NULL, *svg;
	size_t room = 0;
	ssize_t n = in ? getdelim(&text, &room, 0, in) : -1;

	if (in)
		fclose(in);
	svg = n > 0 ? strstr(text, "<svg") : NULL;
	if (svg)
		out_text(f, svg);
	free(text);
	return svg ? 0
		   : nvs_fail(err, "cannot read the picture %s again: %s", path, strerror(errno));
}

static int put_picture(struct outfile *f, const struct comparison *c, struct nvs_error *err)
{
	char dir[] = "/tmp/nvmescope-compare.XXXXXX", path[64];
	int ret;

	if (!mkdtemp(dir))
		return nvs_fail(err, "cannot make a directory in /tmp: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/distributions.svg", dir);
	ret = compare_plot(c, dir, "svg", err);
	if (ret > 0) {
		out_text(f, "<h2>Distributions</h2>\n");
		ret = put_svg(f, path, err);
	}
	unlink(path);
	rmdir(dir);
	return ret;
}

static int put_page(struct outfile *f, const struct comparison *c, struct nvs_error *err)
{
	char sentence[400];

	compare_sentence(c, sentence, sizeof(sentence));
	out_text(f, head);
	out_printf(f, "<h1>Two sets of recordings compared</h1>\n<p class=\"verdict %s\">",
		   c->too_few		     ? "none"
		   : c->count[VERDICT_WORSE] ? "worse"
					     : "fine");
	put_escaped(f, sentence);
	out_text(f, "</p>\n");
	for (unsigned int side = 0; side < NR_SIDES; side++) {
		uint64_t lost = 0;

		for (unsigned int i = 0; i < c->set[side].nr; i++)
			lost += c->set[side].run[i].lost;
		out_printf(f, "<p><b>%c</b>: %u runs, ", 'A' + side, c->set[side].nr);
		put_escaped(f, c->set[side].run[0].path);
		out_printf(f, " and on; %s events lost.</p>\n", format_count(lost).s);
	}
	out_text(f, "<h2>How the sets were made differently</h2>\n");
	if (put_differences(f, c, err) < 0)
		return -1;
	out_printf(f, "<p>Times are %s.</p>\n<h2>What differs</h2>\n", compare_clock(c));
	if (c->count[VERDICT_SAME] < c->nr_rows)
		put_rows(f, c, true);
	else
		out_text(f, "<p>No figure differs significantly.</p>\n");
	out_printf(
		f,
		"<p class=\"note\">Medians of the runs, with the farther end of their 95&nbsp;%% interval "
		"(±?: fewer than 6 runs). p is that of Mann and Whitney's U test after Holm's "
		"correction for the %u figures tested; significant up to %g. Worse and better are "
		"significant changes of more than %g&nbsp;%%; small are significant ones within it.</p>\n",
		c->nr_tested, c->wants.alpha, c->wants.threshold);
	if (put_picture(f, c, err) < 0)
		return -1;
	out_text(f, "<details><summary>All that does not differ</summary>\n");
	put_rows(f, c, false);
	out_text(f, "</details>\n</body></html>\n");
	return 0;
}

int compare_html(const struct comparison *c, const char *path, struct nvs_error *err)
{
	struct outset set = { 0 };
	struct outfile *f = outfile_open(&set, path);
	int ret = f ? put_page(f, c, err) : 0;

	outfile_close(f);
	if (ret == 0)
		ret = outset_finish(&set, err);
	outset_free(&set);
	return ret;
}
