// SPDX-License-Identifier: GPL-2.0
/* One table of options: parsed here, and printed here as --help. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

#define MAX_OPTIONS 48
#define HELP_COLUMN 26

int options_wrong(const struct usage *usage, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "nvmescope %s: ", usage->command);
	va_start(ap, fmt);
	say_error(fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see 'nvmescope %s --help'\n", usage->command);
	return EXIT_USAGE;
}

static void print_row(const struct option_row *row)
{
	char left[64];
	int n;

	n = snprintf(left, sizeof(left), row->letter ? "  -%c, " : "      ", row->letter);
	n += snprintf(left + n, sizeof(left) - n, "--%s", row->name);
	if (row->arg)
		snprintf(left + n, sizeof(left) - n, " %s", row->arg);
	printf("%-*s", HELP_COLUMN, left);
	if (strlen(left) >= HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	printf("%s", row->help);
	for (const char *const *c = row->choices; c && *c; c++)
		printf("%s%s", c == row->choices ? ": " : ", ", *c);
	putchar('\n');
}

static void print_help(const struct usage *usage)
{
	printf("Usage: nvmescope %s %s\n", usage->command, usage->synopsis);
	if (usage->description)
		printf("\n%s\n", usage->description);
	printf("\nOptions:\n");
	for (const struct option_row *row = usage->rows; row->name; row++)
		print_row(row);
	print_row(&(struct option_row){ .name = "help", .letter = 'h', .help = "print this" });
	if (usage->examples)
		printf("\nExamples:\n%s\n", usage->examples);
}

static void (*show)(const struct usage *usage) = print_help;

void options_show(void (*how)(const struct usage *usage))
{
	show = how ?: print_help;
}

/* Digits, and what follows them; refuses signs, blanks and overflow, which strtoull() lets pass. */
static bool parse_digits(const char *text, uint64_t *value, const char **end)
{
	char *rest;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &rest, 10);
	*end = rest;
	return !errno;
}

static bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	const char *end, *unit;
	unsigned int shift = 0;

	if (!parse_digits(text, bytes, &end))
		return false;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || end[1])
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (*bytes > UINT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	return true;
}

/* "0.5" is seconds, as is "0.5s"; "10ms", "2.5us" and "100ns" are what they say. */
static bool parse_seconds(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "", 1000000000 },
		      { "s", 1000000000 },
		      { "ms", 1000000 },
		      { "us", 1000 },
		      { "ns", 1 } };
	const char *end, *fraction;
	uint64_t part;
	size_t u = 0;

	if (!parse_digits(text, ns, &end))
		return false;
	fraction = end;
	if (*end == '.')
		for (end++; isdigit((unsigned char)*end); end++)
			;
	while (u < sizeof(units) / sizeof(units[0]) && strcmp(units[u].name, end))
		u++;
	if (u == sizeof(units) / sizeof(units[0]) || *ns > UINT64_MAX / units[u].ns - 1)
		return false;
	*ns *= units[u].ns;
	part = units[u].ns;
	if (*fraction == '.')
		for (fraction++; isdigit((unsigned char)*fraction); fraction++)
			*ns += (uint64_t)(*fraction - '0') * (part /= 10);
	return true;
}

static bool parse_choice(const struct option_row *row, const char *text)
{
	for (const char *const *c = row->choices; *c; c++) {
		if (!strcmp(*c, text)) {
			*(const char **)row->value = *c;
			return true;
		}
	}
	return false;
}

static bool add_string(struct option_strings *all, const char *text)
{
	if (all->nr == OPTION_STRINGS_MOST)
		return false;
	all->text[all->nr++] = text;
	return true;
}

/* Sets the row's value from @text. Returns false when @text is no such value. */
static bool set_value(const struct option_row *row, const char *text)
{
	const char *end;

	switch (row->type) {
	case OPTION_FLAG: *(bool *)row->value = true; return true;
	case OPTION_STRING: *(const char **)row->value = text; return true;
	case OPTION_STRINGS: return add_string(row->value, text);
	case OPTION_UINT: return parse_digits(text, row->value, &end) && !*end;
	case OPTION_SIZE: return parse_size(text, row->value);
	case OPTION_SECONDS: return parse_seconds(text, row->value);
	case OPTION_CHOICE: return parse_choice(row, text);
	}
	return false;
}

/* getopt_long()'s two views of the table: @longs and @shorts; getopt's val is row + 256. */
static void make_getopt_tables(const struct usage *usage, struct option *longs, char *shorts)
{
	const struct option_row *row = usage->rows;
	int i;

	*shorts++ = ':'; /* tell a missing argument from an unknown option */
	for (i = 0; row[i].name && i < MAX_OPTIONS; i++) {
		longs[i] = (struct option){ row[i].name, !!row[i].arg, NULL, 256 + i };
		if (!row[i].letter)
			continue;
		*shorts++ = row[i].letter;
		if (row[i].arg)
			*shorts++ = ':';
	}
	longs[i] = (struct option){ "help", no_argument, NULL, 'h' };
	longs[i + 1] = (struct option){ 0 };
	strcpy(shorts, "h");
}

static const struct option_row *find_row(const struct usage *usage, int got)
{
	const struct option_row *row = usage->rows;

	if (got >= 256)
		return &row[got - 256];
	while (row->letter != got)
		row++;
	return row;
}

int options_parse(const struct usage *usage, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS + 2];
	char shorts[2 * MAX_OPTIONS + 4];
	const struct option_row *row;
	int got;

	make_getopt_tables(usage, longs, shorts);
	optind = 0; /* start anew: main() or a test may have used getopt before */
	while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		switch (got) {
		case 'h': show(usage); return OPTIONS_HELP;
		case '?':
			options_wrong(usage, "unknown option %s", argv[optind - 1]);
			return OPTIONS_WRONG;
		case ':':
			options_wrong(usage, "%s needs a value", argv[optind - 1]);
			return OPTIONS_WRONG;
		}
		row = find_row(usage, got);
		if (!set_value(row, optarg)) {
			options_wrong(usage, "--%s: '%s' is no valid %s", row->name, optarg,
				      row->arg);
			return OPTIONS_WRONG;
		}
	}
	return optind;
}

int options_parse_all(const struct usage *usage, int argc, char **argv)
{
	int at = options_parse(usage, argc, argv);

	if (at == OPTIONS_HELP)
		return EXIT_DONE;
	if (at < 0)
		return EXIT_USAGE;
	return at < argc ? options_wrong(usage, "'%s' is one word too many", argv[at]) : -1;
}
