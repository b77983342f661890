// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "help.h"

/* Has each command's table shown by @how. */
static void show_each(const struct command *commands, void (*how)(const struct usage *usage))
{
	char help[] = "--help";

	options_show(how);
	for (const struct command *c = commands; c->name; c++)
		if (c->run)
			c->run(2, (char *[]){ (char *)c->name, help, NULL });
	options_show(NULL);
}

/* --- man(7) ---------------------------------------------------------------------------- */

/* A line's first character must not be taken for a request, nor a dash for a hyphen. */
static void man_text(const char *text)
{
	bool begins = true;

	for (; *text; begins = *text++ == '\n') {
		if (begins && (*text == '.' || *text == '\''))
			fputs("\\&", stdout);
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

/* Lines as they stand: descriptions and examples are wrapped by hand. */
static void man_lines(const char *text)
{
	printf(".nf\n");
	man_text(text);
	printf("%s.fi\n", *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
}

static void man_row(const struct option_row *row)
{
	printf(".TP\n.B ");
	if (row->letter)
		printf("\\-%c, ", row->letter);
	printf("\\-\\-");
	man_text(row->name);
	if (row->arg)
		printf(" \\fI%s\\fR", row->arg);
	putchar('\n');
	man_text(row->help);
	for (const char *const *c = row->choices; c && *c; c++) {
		fputs(c == row->choices ? ": " : ", ", stdout);
		man_text(*c);
	}
	putchar('\n');
}

static void man_command(const struct usage *usage)
{
	printf(".SS nvmescope %s ", usage->command);
	man_text(usage->synopsis);
	putchar('\n');
	if (usage->description)
		man_lines(usage->description);
	for (const struct option_row *row = usage->rows; row->name; row++)
		man_row(row);
	if (!usage->examples)
		return;
	printf(".PP\nExamples:\n.PP\n");
	man_lines(usage->examples);
}

void help_man(const struct command *commands)
{
	printf(".TH NVMESCOPE 1 \"\" \"nvmescope %s\"\n"
	       ".SH NAME\nnvmescope \\- record what an NVMe driver does, step by step, and show it\n"
	       ".SH SYNOPSIS\n.B nvmescope\n.I COMMAND\n[\\fIOPTIONS\\fR]\n"
	       ".SH DESCRIPTION\n"
	       "Follows this project's own driver or the kernel's, by BPF programs; a recording is a\n"
	       "directory that other tools for CTF 1.8 read as well.\n",
	       NVMESCOPE_VERSION);
	for (const struct command *c = commands; c->name; c++)
		if (c->run)
			printf(".TP\n.B %s\n%s\n", c->name, c->summary);
	printf(".SH COMMANDS\n");
	show_each(commands, man_command);
	printf(".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 77 skipped.\n");
}

/* --- bash ------------------------------------------------------------------------------- */

static void bash_options(const struct usage *usage)
{
	printf("\t%s) words='--help", usage->command);
	for (const struct option_row *row = usage->rows; row->name; row++)
		printf(" --%s", row->name);
	printf("' ;;\n");
}

static void bash_choices(const struct usage *usage)
{
	for (const struct option_row *row = usage->rows; row->name; row++) {
		if (!row->arg)
			continue;
		printf("\t%s,--%s", usage->command, row->name);
		if (row->letter)
			printf(" | %s,-%c", usage->command, row->letter);
		printf(") words='");
		for (const char *const *c = row->choices; c && *c; c++)
			printf("%s%s", c == row->choices ? "" : " ", *c);
		printf("' ;;\n");
	}
}

void help_completion(const struct command *commands)
{
	printf("# bash completion of nvmescope; 'nvmescope help --completion' prints it.\n"
	       "_nvmescope()\n{\n"
	       "\tlocal words='' word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tif ((COMP_CWORD == 1)); then\n"
	       "\t\tCOMPREPLY=($(compgen -W '");
	for (const struct command *c = commands; c->name; c++)
		if (c->run)
			printf("%s ", c->name);
	printf("help --help --version' -- \"$word\"))\n\t\treturn\n\tfi\n"
	       "\t# after an option its choices; what has none is a file, which bash knows\n"
	       "\tcase ${COMP_WORDS[1]},$before in\n");
	show_each(commands, bash_choices);
	printf("\t*) case ${COMP_WORDS[1]} in\n");
	show_each(commands, bash_options);
	printf("\tesac ;;\n\tesac\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
	       "complete -o bashdefault -o default -F _nvmescope nvmescope\n");
}
