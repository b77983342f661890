/* SPDX-License-Identifier: GPL-2.0 */
/* The man page and the shell's completion, from the tables that --help is printed from. */
#ifndef NVS_HELP_H
#define NVS_HELP_H

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv); /* NULL: not built in */
};

/* Prints the man page nvmescope(1), in man(7). @commands ends with a row without a name. */
void help_man(const struct command *commands);
/* Prints a script for bash-completion. */
void help_completion(const struct command *commands);

#endif
