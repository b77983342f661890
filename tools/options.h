/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options of a command, in one typed table: parsing, --help, the man page and
 * shell completion all come from it.
 */
#ifndef NVS_OPTIONS_H
#define NVS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,	/* bool: set to true */
	OPTION_STRING,	/* const char *: points into argv */
	OPTION_STRINGS, /* struct option_strings: each time it is given */
	OPTION_UINT,	/* uint64_t: a decimal number */
	OPTION_SIZE,	/* uint64_t: bytes; takes K, M and G, powers of 1024 */
	OPTION_SECONDS, /* uint64_t: nanoseconds; takes "0.5", "10ms", "2.5us" */
	OPTION_CHOICE,	/* const char *: one of @choices, the table's own string */
};

#define OPTION_STRINGS_MOST 16
struct option_strings {
	const char *text[OPTION_STRINGS_MOST];
	unsigned int nr;
};

struct option_row {
	const char *name; /* long name, without the dashes */
	char letter;	  /* short name, or 0 */
	enum option_type type;
	const char *arg;	    /* what --help calls its argument */
	void *value;		    /* typed by @type; holds the default */
	const char *help;	    /* a phrase, with the default if there is one */
	const char *const *choices; /* NULL-terminated, for OPTION_CHOICE */
};

struct usage {
	const char *command;	       /* "record" */
	const char *synopsis;	       /* "-o DIR [OPTIONS] [-- COMMAND...]" */
	const char *description;       /* paragraphs, wrapped by hand, or NULL */
	const char *examples;	       /* lines, or NULL */
	const struct option_row *rows; /* up to a row without a name */
};

/* What options_parse() returns when the command is to end at once. */
#define OPTIONS_HELP  (-1) /* --help was given and printed: exit 0 */
#define OPTIONS_WRONG (-2) /* said so on stderr: exit 2 */

/*
 * Parses @argv[1..] by @usage->rows.  Options may stand anywhere before "--".
 * Returns the index of the first operand (operands are moved to the end of
 * @argv, in order; a "--" is taken out), or one of the above.
 */
int options_parse(const struct usage *usage, int argc, char **argv);

/* The same of a command without operands. Returns an exit code, or -1 to go on. */
int options_parse_all(const struct usage *usage, int argc, char **argv);

/* From now on --help shows a table by @how; NULL: as text. */
void options_show(void (*how)(const struct usage *usage));

/* For a wrong operand: prints "nvmescope record: MESSAGE" and where help is. Returns EXIT_USAGE. */
int options_wrong(const struct usage *usage, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
