/* SPDX-License-Identifier: GPL-2.0 */
/* Directories and files that a test makes for itself. */
#ifndef NVS_TEST_SCRATCH_H
#define NVS_TEST_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new empty directory; remove it with scratch_remove(). */
static inline char *scratch_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	if (asprintf(&path, "%s/nvmescope-test-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(path))
		abort();
	return path;
}

static inline int scratch_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Removes @dir with all that is in it, and frees the name. */
static inline void scratch_remove(char *dir)
{
	nftw(dir, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

/* "DIR/NAME", to be freed. */
static inline char *scratch_path(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		abort();
	return path;
}

static inline void *scratch_read(const char *dir, const char *name, size_t *size)
{
	char *path = scratch_path(dir, name);
	struct stat st;
	int fd = open(path, O_RDONLY);
	void *data;

	if (fd < 0 || fstat(fd, &st))
		abort();
	data = malloc(st.st_size + 1);
	if (!data || read(fd, data, st.st_size) != st.st_size)
		abort();
	close(fd);
	free(path);
	*size = st.st_size;
	return data;
}

static inline void scratch_write(const char *dir, const char *name, const void *data, size_t size)
{
	char *path = scratch_path(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	free(path);
}

#endif
