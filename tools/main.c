// SPDX-License-Identifier: GPL-2.0
/* nvmescope: one program, one table of commands. */
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "help.h"

/* A command whose file is not built in is left out, here and in --help. */
#define WEAK_COMMAND(name, summary) int cmd_##name(int, char **) __attribute__((weak));
NVS_COMMANDS(WEAK_COMMAND)

#define COMMAND_ROW(name, summary) { #name, summary, cmd_##name },
static const struct command commands[] = { NVS_COMMANDS(COMMAND_ROW){ 0 } };

static void print_help(FILE *out)
{
	fprintf(out,
		"Usage: nvmescope COMMAND [OPTIONS]\n\n"
		"Records what an NVMe driver does, step by step, and shows it.\n\nCommands:\n");
	for (const struct command *c = commands; c->name; c++)
		if (c->run)
			fprintf(out, "  %-12s%s\n", c->name, c->summary);
	fprintf(out, "\n'nvmescope COMMAND --help' has the options of a command.\n"
		     "Exit status: 0 done, 1 failed, 2 wrong usage, 77 skipped.\n");
}

/* `nvmescope help`, and for what else the tables are good. */
static int help(const char *form)
{
	if (!form) {
		print_help(stdout);
	} else if (!strcmp(form, "--man")) {
		help_man(commands);
	} else if (!strcmp(form, "--completion")) {
		help_completion(commands);
	} else {
		complain("help takes --man (a manual page) or --completion (for bash), not '%s'",
			 form);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "help"))
		return help(argv[2]);
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return help(NULL);
	if (!strcmp(name, "--version")) {
		printf("nvmescope %s, event layout %d\n", NVMESCOPE_VERSION, NVS_EVENTS_VERSION);
		return EXIT_DONE;
	}
	for (const struct command *c = commands; c->name; c++)
		if (c->run && !strcmp(c->name, name))
			return c->run(argc - 1, argv + 1);
	if (*name)
		complain("no command '%s'; 'nvmescope --help' lists them", name);
	else
		print_help(stderr);
	return EXIT_USAGE;
}
