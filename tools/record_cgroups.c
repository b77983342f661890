// SPDX-License-Identifier: GPL-2.0
/* Paths of cgroups.  A record of level io has the id, which is the number of a directory's inode. */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "record.h"

/* More are left as their ids: the env is read by people, too. */
#define MOST_CGROUPS 1000

/* nftw() has no place for a context. */
static struct recorder *recorder;
static unsigned int nr;
static size_t root;

static int note_directory(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char key[32];

	(void)ftw;
	if (type != FTW_D)
		return 0;
	if (++nr > MOST_CGROUPS)
		return 1;
	snprintf(key, sizeof(key), "cgroup_%" PRIu64, (uint64_t)st->st_ino);
	record_env_set(recorder, key, path[root] ? path + root : "/");
	return 0;
}

void record_env_cgroups(struct recorder *r)
{
	/* Where systemd has version 1 as well, it has version 2 below. */
	const char *dir = access("/sys/fs/cgroup/unified", F_OK) ? "/sys/fs/cgroup"
								 : "/sys/fs/cgroup/unified";

	if (r->level.level != LEVEL_IO)
		return;
	recorder = r;
	nr = 0;
	root = strlen(dir);
	nftw(dir, note_directory, 16, FTW_PHYS | FTW_MOUNT);
}
