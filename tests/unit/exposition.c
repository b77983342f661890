// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of Prometheus' text format, 0.0.4, that accepts nothing doubtful: HELP and TYPE before
 * each family and once, names and labels as they may be, each series once, histograms whose
 * buckets grow, end in +Inf and agree with their count.
 */
#include "exposition.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char flaw[512];

struct reader {
	const char *text;
	unsigned int line;
	char family[128]; /* the one whose samples may come */
	bool histogram, counter;
	char helped[128];
	/* The histogram under way */
	char series[512];
	double le, below, inf;
	bool has_inf;
};

static const char *fail(const struct reader *r, const char *what)
{
	snprintf(flaw, sizeof(flaw), "line %u: %s", r->line, what);
	return flaw;
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while (isalpha((unsigned char)s[n]) || s[n] == '_' || s[n] == ':' ||
	       (n && isdigit((unsigned char)s[n])))
		n++;
	return n;
}

/* Does a line before @line begin with the same @n characters? */
static bool seen_before(const char *text, const char *line, size_t n)
{
	for (const char *at = text; at < line; at = strchr(at, '\n') + 1)
		if (!strncmp(at, line, n))
			return true;
	return false;
}

/* Of a sample: NAME{LABELS} and the blank */
static size_t series_length(const char *line)
{
	size_t n = strchr(line, '\n') - line;

	while (n && line[n - 1] != ' ')
		n--;
	return n;
}

static const char *read_comment(struct reader *r, const char *line)
{
	char kind[8], name[128], type[16];

	if (sscanf(line, "# %7s %127s %15s", kind, name, type) != 3)
		return fail(r, "a comment that is neither HELP nor TYPE with its words");
	if (name[name_length(name)])
		return fail(r, "a bad name");
	if (!strcmp(kind, "HELP")) {
		if (seen_before(r->text, line, strlen("# HELP ") + strlen(name) + 1))
			return fail(r, "HELP twice");
		snprintf(r->helped, sizeof(r->helped), "%s", name);
		return NULL;
	}
	if (strcmp(kind, "TYPE") || strcmp(name, r->helped))
		return fail(r, "TYPE without HELP before it");
	r->histogram = !strcmp(type, "histogram");
	r->counter = !strcmp(type, "counter");
	if (!r->histogram && !r->counter && strcmp(type, "gauge"))
		return fail(r, "an unknown type");
	if (r->counter && (strlen(name) < 6 || strcmp(name + strlen(name) - 6, "_total")))
		return fail(r, "a counter that is not called _total");
	snprintf(r->family, sizeof(r->family), "%s", name);
	return NULL;
}

/* Behind "{": copies labels but le into @series. Returns what follows "}", NULL: it is bad. */
static const char *read_labels(const char *s, char *series, size_t size, char *le)
{
	size_t n = strlen(series);

	while (*s && *s != '}') {
		size_t name = name_length(s), value;

		if (!name || s[name] != '=' || s[name + 1] != '"')
			return NULL;
		for (value = name + 2; s[value] && s[value] != '"'; value++)
			if (s[value] == '\\' && !s[++value])
				return NULL;
		if (!s[value])
			return NULL;
		if (name == 2 && !strncmp(s, "le", 2))
			snprintf(le, 64, "%.*s", (int)(value - name - 2), s + name + 2);
		else
			n += snprintf(series + n, size - n, "%.*s,", (int)value + 1, s);
		if (n >= size)
			return NULL;
		s += value + 1;
		if (*s == ',')
			s++;
		else if (*s != '}')
			return NULL;
	}
	return *s ? s + 1 : NULL;
}

/* Buckets, then sum, then count of one series. */
static const char *read_bucket(struct reader *r, const char *series, const char *le, double value)
{
	double bound = strcmp(le, "+Inf") ? atof(le) : INFINITY;

	if (strcmp(series, r->series)) {
		snprintf(r->series, sizeof(r->series), "%s", series);
		r->le = -1;
		r->below = 0;
		r->has_inf = false;
	}
	if (!*le || bound <= r->le)
		return fail(r, "a bucket whose bound does not grow");
	if (value < r->below)
		return fail(r, "a bucket that holds less than the one below");
	r->le = bound;
	r->below = value;
	r->has_inf = isinf(bound);
	return NULL;
}

static const char *read_sample(struct reader *r, const char *line)
{
	size_t n = name_length(line), family = strlen(r->family);
	char series[512] = "", le[64] = "", *end;
	const char *rest = line + n, *suffix;
	double value;

	if (!n || !family || strncmp(line, r->family, family))
		return fail(r, "a sample outside of its family");
	suffix = line + family;
	if (*rest == '{')
		rest = read_labels(rest + 1, series, sizeof(series), le);
	if (!rest || *rest != ' ')
		return fail(r, "bad labels");
	value = strtod(rest + 1, &end);
	if (end == rest + 1 || *end != '\n' || value < 0)
		return fail(r, "a bad value");
	if (!r->histogram)
		return n != family ? fail(r, "a sample outside of its family") : NULL;
	if (!strncmp(suffix, "_bucket", 7))
		return read_bucket(r, series, le, value);
	if (!r->has_inf || strcmp(series, r->series))
		return fail(r, "a sum or count without its buckets");
	if (!strncmp(suffix, "_count", 6))
		return value == r->below ? NULL : fail(r, "a count that is not the last bucket's");
	return strncmp(suffix, "_sum", 4) ? fail(r, "no part of a histogram") : NULL;
}

const char *exposition_flaw(const char *text)
{
	struct reader r = { .text = text };

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		const char *what;

		r.line++;
		if (!strchr(line, '\n'))
			return fail(&r, "no newline at the end");
		what = *line == '#' ? read_comment(&r, line) : read_sample(&r, line);
		if (what)
			return what;
		if (*line != '#' && seen_before(text, line, series_length(line)))
			return fail(&r, "a series that was there before");
	}
	return NULL;
}

double exposition_value(const char *text, const char *sample, bool *found)
{
	size_t n = strlen(sample);

	*found = false;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, sample, n) && line[n] == ' ') {
			*found = true;
			return atof(line + n);
		}
	}
	return 0;
}
