/* SPDX-License-Identifier: GPL-2.0 */
/* nvmescope export: what the formats share.  docs/export.md says what is in each. */
#ifndef NVS_EXPORT_H
#define NVS_EXPORT_H

#include "model.h"
#include "outfile.h"
#include "stats.h"

struct export_format;

/* One run. */
struct export
{
	const struct export_format *format;
	const char *dir, *out;
	uint64_t max_size; /* perfetto: bytes of a file */
	bool stages;	   /* hgrm: a file for each stage too */
	bool strict;
	struct recording *recording;
	struct model *model;
	bool io; /* the recording is of level io */
	struct outset files;
	uint64_t commands; /* exported */
	uint64_t left_out; /* ended, but this format cannot show them */
	void *own;	   /* the format's */
};

struct export_format {
	const char *name;
	const struct model_visitor *visitor; /* its context is the struct export */
	/* Before the first event.  -1: x->files has failed. */
	int (*begin)(struct export *x);
	/* After each event; NULL: nothing to do. */
	void (*step)(struct export *x);
	/* After the last event. */
	void (*end)(struct export *x);
	/* Something to say on standard output about the files; NULL: nothing. */
	void (*tell)(const struct export *x);
	/* Frees @own, also when begin() failed. */
	void (*free)(struct export *x);
};

extern const struct export_format export_perfetto, export_csv, export_hgrm, export_fio;

/* For begin(): gives @own @size zeroed bytes. */
int export_own(struct export *x, size_t size);
/* Out of memory in a visitor: the run ends. */
void export_no_memory(struct export *x);
/* "PREFIX-REST" or the like, made with printf's rules; NULL: no memory, and the run ends. */
char *export_path(struct export *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the recording lacks, a sentence each; returns how many (0, 1 or 2). */
unsigned int export_lacks(const struct export *x, char text[2][600]);

/* The name of the task that submitted , printable; "" where it is not known. */
struct text export_comm(const struct model_cmd *c);
/* "Read", "Identify"; "" when the command's opcode was not seen. */
struct text export_opcode(const struct model_queue *q, const struct model_cmd *c);

#endif
