/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that a command makes: all of them or none.  Each is written under its
 * name with ".part" behind it and gets its own name when all are whole; so a
 * killed command leaves nothing that looks whole, and nothing that was there
 * before is ever overwritten.
 */
#ifndef NVS_OUTFILE_H
#define NVS_OUTFILE_H

#include "recording.h"

struct outfile;

/* All zero is an empty set. */
struct outset {
	struct outfile **file;
	unsigned int nr, max;
	bool failed; /* once it is set, nothing more is written, and outset_finish() fails */
	struct nvs_error err;
};

/* A new file; "-" is standard output.  NULL: the set has failed, and says why. */
struct outfile *outfile_open(struct outset *s, const char *path);
/* Writes out what is buffered and gives the descriptor back.  NULL is allowed. */
void outfile_close(struct outfile *f);
/* Bytes written so far. */
uint64_t outfile_size(const struct outfile *f);
const char *outfile_path(const struct outfile *f);

/* These do nothing once the set has failed. */
void out_bytes(struct outfile *f, const void *data, size_t size);
void out_text(struct outfile *f, const char *text);
void out_char(struct outfile *f, char c);
void out_number(struct outfile *f, uint64_t n);
void out_printf(struct outfile *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Closes all and gives them their names.  0, or -1 with @err set: none of them is left. */
int outset_finish(struct outset *s, struct nvs_error *err);
/* Frees all; removes the files of a set that was not finished. */
void outset_free(struct outset *s);

/*
 * -1 with @err set if there is a file "PREFIX-...SUFFIX" already: what an earlier
 * run left would look like a part of this one.
 */
int outset_none_there(const char *prefix, const char *suffix, struct nvs_error *err);

#endif
