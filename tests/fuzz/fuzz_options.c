// SPDX-License-Identifier: GPL-2.0
/*
 * The command line: a byte that says which command, then its arguments, a line each. Commands go
 * as far as they may without touching anything: readers up to the recording, record up to the
 * kernel, others (KNOWN names those that were looked at) up to the end of their options.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "fuzz.h"
#include "record.h"

#define MAX_ROWS 32 /* as tools/options.c: it takes no more */
#define KNOWN	 "record report timeline check import export"

#define WEAK_COMMAND(name, summary) int cmd_##name(int, char **) __attribute__((weak));
NVS_COMMANDS(WEAK_COMMAND)

#define COMMAND_ROW(name, summary) { #name, cmd_##name },
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = { NVS_COMMANDS(COMMAND_ROW) };
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool is_known(const char *name)
{
	const char *at = strstr(KNOWN, name);

	return at && strchr(" ", at[strlen(name)]);
}

/* --- in place of what would touch the machine ------------------------------------------ */

/* The same types, so that these do not compile when those change. */
typeof(recording_open) __wrap_recording_open;
typeof(record_bpf_open) __wrap_record_bpf_open;
typeof(ctf_trace_create) __wrap_ctf_trace_create;
typeof(options_parse) __real_options_parse, __wrap_options_parse;

struct recording *__wrap_recording_open(const char *dir, struct nvs_error *err)
{
	nvs_fail(err, "cannot open recording %s: not while fuzzing", dir);
	return NULL;
}

int __wrap_record_bpf_open(struct recorder *r, struct nvs_error *err)
{
	(void)r;
	return nvs_fail(err, "no BPF while fuzzing");
}

struct ctf_trace *__wrap_ctf_trace_create(const char *dir, struct nvs_error *err)
{
	(void)dir;
	(void)err;
	abort(); /* nothing gets that far */
}

static bool is_choice(const struct option_row *row, const char *value)
{
	for (const char *const *c = row->choices; *c; c++)
		if (*c == value)
			return true;
	return false;
}

/* What the table promises of a value, be it the default or one that was given. */
static void check_row(const struct option_row *row)
{
	const char *text = row->type == OPTION_CHOICE ? *(const char **)row->value : NULL;

	if (text && !is_choice(row, text) && *text)
		abort();
}

int __wrap_options_parse(const struct usage *usage, int argc, char **argv)
{
	unsigned int nr = 0;
	int ret;

	ret = __real_options_parse(usage, argc, argv);
	if (ret > argc || ret == 0 || ret < OPTIONS_WRONG)
		abort();
	for (const struct option_row *row = usage->rows; row->name; row++, nr++)
		if (ret > 0)
			check_row(row);
	if (nr > MAX_ROWS)
		abort();
	if (ret > 0 && !is_known(usage->command))
		return options_wrong(usage, "not while fuzzing"), OPTIONS_WRONG;
	return ret;
}

/* ----------------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *argv[FUZZ_MAX_ARGS + 1];
	int argc = 0;
	char *line, *text, *at;
	unsigned int nr;

	if (!size || !commands[*data % NR_COMMANDS].run)
		return 0;
	nr = *data % NR_COMMANDS;
	at = text = strndup((const char *)data + 1, size - 1);
	argv[argc++] = commands[nr].name;
	while (argc < FUZZ_MAX_ARGS && (line = strsep(&at, "\n")))
		argv[argc++] = line;
	argv[argc] = NULL;
	fuzz_expects_json = false;
	fuzz_command(commands[nr].run, argv);
	free(text);
	return 0;
}

/* --- seeds: whatever the tables hold, each option with a value ----------------------------- */

static const char *const lines[] = {
	"",
	"--help",
	"DIR",
	"-o\nOUT\nDIR",
	"-o\nOUT\n--format\nperfetto\n--max-size\n2M\nDIR",
	"-o\nOUT\n--format=svg\n--from=0.5\n--to=2.25\n--only\ninit,depth\nDIR",
	"-o\nOUT\n-d\nnvme0n1\n-r\n16M\n-t\n1.5\n-p\nstock\n--wait\n--\ntrue\n-x",
	"--witness\nLOG\n--ctrl\n0\n--findings\n18446744073709551615\n--json\nDIR",
	"-f\nLOG\nDIR",
	"--list",
	"-o\nOUT\n--flight\n16M\n--trigger\nlat>10ms\n--trigger\naen\n--after\n0.5\n--max-size\n1G\n--strict",
	"-o\nOUT\n-l\nio\n--queue\n1,3-5\n--op\nread,write\n--opcode\n0x02,9\n--min-bytes\n4K\n--status\n0x4281",
	"-o\nOUT\n-l\nhist\n--latency-above\n10ms\n--pid\n1\n--comm\nfio\n--sample\n16\n--cgroup\n/a",
	"--around\nslowest=2\n--span\n3ms\n--format\ntext\nDIR",
};

void fuzz_make_seeds(fuzz_seed_fn add)
{
	char data[256], name[32];

	for (unsigned int c = 0; c < NR_COMMANDS; c++) {
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			int n = snprintf(data, sizeof(data), "%c%s",
					 (int)(c + 0x60 - 0x60 % NR_COMMANDS), lines[i]);

			snprintf(name, sizeof(name), "%s-%zu", commands[c].name, i);
			add(name, data, (size_t)n);
		}
	}
}
