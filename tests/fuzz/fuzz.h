/* SPDX-License-Identifier: GPL-2.0 */
/* What the fuzzers share. Anything that must not be ends in abort(), which libFuzzer reports. */
#ifndef NVS_FUZZ_H
#define NVS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include "recording.h"

/* libFuzzer's contract; see llvm.org/docs/LibFuzzer.html. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max, unsigned int seed);

/* Seeds, given to libFuzzer and to the replay alike: fuzz_NAME makes them, make_seeds.c writes. */
typedef void (*fuzz_seed_fn)(const char *name, const void *data, size_t size);
void fuzz_make_seeds(fuzz_seed_fn add);

/* A directory in memory, the same for all inputs; empties itself at the end. */
const char *fuzz_dir(void);
/* "DIR/name", valid until the next call but three. */
const char *fuzz_path(const char *name);
void fuzz_write(const char *name, const void *data, size_t size);
/* Removes all that fuzz_dir() holds. */
void fuzz_clean(void);

/*
 * Runs @cmd. What it prints must be fit for a terminal, and on standard output JSON if @argv
 * has --json; a failure must say something. Returns its exit code.
 */
/* false: @argv is anything, and --json may be beside --help or a file's name. */
extern bool fuzz_expects_json;
#define FUZZ_MAX_ARGS 31
int fuzz_command(int (*cmd)(int, char **), const char *const *argv);

/* The uuid of the recordings that fuzzers write. */
extern const uint8_t fuzz_uuid[16];
/* Writes `metadata` with @env ("key = \"value\";" each) and what every recording says. */
void fuzz_write_metadata(const char *env);

#endif
