/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `nvmescope check` runs: a list of checks, each of which fills a result.
 * A new check is a function and a row in check.c's table.
 */
#ifndef NVS_CHECK_H
#define NVS_CHECK_H

#include "recording.h"

#define CHECK_COLUMNS 5

struct rules;

enum check_verdict { CHECK_PASSED, CHECK_SKIPPED, CHECK_CANNOT_TELL, CHECK_FAILED };

/* Counts of one subject of a check, such as the commands of queue 1. */
struct check_row {
	unsigned int qid;
	const char *what; /* lives as long as the program */
	uint64_t count[CHECK_COLUMNS];
	enum check_verdict verdict;
};

struct check_result {
	enum check_verdict verdict;
	struct check_row *rows;
	size_t nr_rows;
	char **findings; /* the first things found wrong, a sentence each */
	size_t nr_findings;
	char **notes; /* what a reader must know to trust the verdict */
	size_t nr_notes;
};

struct check_input {
	const char *dir;
	const char *witness; /* QEMU's log, or NULL */
	int ctrl;	     /* -1: the only one, or all */
	struct recording *rec;
};

struct check {
	const char *name;
	const char *columns[CHECK_COLUMNS]; /* what check_row.count holds, a word each */
	/* 0, whatever the verdict; -1 with @err set if it could not be carried out. */
	int (*run)(const struct check_input *in, struct check_result *out, struct nvs_error *err);
};

/* Add to @out; -1 with @err set when out of memory. */
int check_row(struct check_result *out, const struct check_row *row, struct nvs_error *err);
int check_finding(struct check_result *out, struct nvs_error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int check_note(struct check_result *out, struct nvs_error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A string of JSON, quoted. */
void check_json_string(const char *s);

/*
 * check_rules.c: the recording against the specification.  Runs over it from its
 * place; NULL: @err is set.
 */
struct rules *check_rules(const struct check_input *in, size_t findings, struct nvs_error *err);
bool check_rules_failed(const struct rules *r);
/* What did not pass, and a count; with @all every rule. */
void check_rules_text(const struct rules *r, bool all);
void check_rules_json(const struct rules *r);
void check_rules_list(void);

/* check_witness.c: the recording against the device's own log. */
int check_witness(const struct check_input *in, struct check_result *out, struct nvs_error *err);

#endif
