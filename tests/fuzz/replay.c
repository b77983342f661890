// SPDX-License-Identifier: GPL-2.0
/*
 * main() of a fuzzer without libFuzzer: gives it each seed that it makes itself, then each file of
 * the directories named. With --seeds DIR it only writes its seeds there, for libFuzzer to begin with.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

static const char *seed_dir;
static unsigned int nr;

static void write_seed(const char *name, const void *data, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", seed_dir, name);
	f = fopen(path, "we");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void run_seed(const char *name, const void *data, size_t size)
{
	/* A copy of just that size: reading beyond it is then found. */
	uint8_t *copy = malloc(size);

	fprintf(stderr, "# %s\n", name);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	nr++;
}

static void run_file(const char *path)
{
	static char data[1 << 20];
	FILE *f = fopen(path, "re");
	size_t size = f ? fread(data, 1, sizeof(data), f) : 0;

	if (!f) {
		perror(path);
		exit(1);
	}
	fclose(f);
	run_seed(path, data, size);
}

static void run_dir(const char *dir)
{
	struct dirent **entry;
	char path[4096];
	int n = scandir(dir, &entry, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.')
			run_file(path);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

/* The replay only reads what was found once: nothing is mutated. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	(void)data;
	(void)max;
	return size;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--seeds")) {
		seed_dir = argv[2];
		fuzz_make_seeds(write_seed);
		return 0;
	}
	fuzz_make_seeds(run_seed);
	for (int i = 1; i < argc; i++)
		run_dir(argv[i]);
	printf("%u inputs\n", nr);
	return 0;
}
