/* SPDX-License-Identifier: GPL-2.0 */
/* Runs a command of nvmescope within a test. */
#ifndef NVS_TEST_COMMAND_H
#define NVS_TEST_COMMAND_H

#include "scratch.h"

static inline int command_redirect(const char *tmp, const char *name, FILE *stream, int fd)
{
	char *path = scratch_path(tmp, name);
	int saved = dup(fd);

	fflush(stream);
	if (!freopen(path, "w", stream))
		abort();
	free(path);
	return saved;
}

static inline void command_restore(FILE *stream, int fd, int saved)
{
	fflush(stream);
	dup2(saved, fd);
	close(saved);
}

/*
 * Runs @cmd, which must return @want (negative: 0 or 1), with its output in files "stdout" and "stderr"
 * of directory @tmp; returns what is in the first, to be freed.
 */
static inline char *command_run(const char *tmp, int (*cmd)(int, char **), int want, char **argv)
{
	int out = command_redirect(tmp, "stdout", stdout, STDOUT_FILENO);
	int err = command_redirect(tmp, "stderr", stderr, STDERR_FILENO);
	int argc = 0, got;
	size_t size;
	char *text;

	while (argv[argc])
		argc++;
	got = cmd(argc, argv);
	command_restore(stdout, STDOUT_FILENO, out);
	command_restore(stderr, STDERR_FILENO, err);
	text = scratch_read(tmp, "stdout", &size);
	text[size] = 0;
	if (want >= 0)
		assert_int_equal(got, want);
	else
		assert_in_range(got, 0, 1);
	return text;
}
#define COMMAND_RUN(tmp, cmd, want, ...) \
	command_run(tmp, cmd, want, (char *[]){ __VA_ARGS__, NULL })

/* What the last command said on standard error, to be freed. */
static inline char *command_errors(const char *tmp)
{
	size_t size;
	char *text = scratch_read(tmp, "stderr", &size);

	text[size] = 0;
	return text;
}

#endif
