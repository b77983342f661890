// SPDX-License-Identifier: GPL-2.0
/* `nvmescope check`: holds a recording against what must be true of it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string.h>
#include "check.h"
#include "cmd.h"
#include "losses.h"
#include "rules.h"

static const struct check checks[] = {
	{ "witness", { "recorded", "logged", "equal", "reset", "after" }, check_witness },
};
#define NR_CHECKS (sizeof(checks) / sizeof(checks[0]))

static const char *const verdict_names[] = {
	[CHECK_PASSED] = "passed",
	[CHECK_SKIPPED] = "skipped",
	[CHECK_CANNOT_TELL] = "cannot tell",
	[CHECK_FAILED] = "FAILED",
};

/* --- results ----------------------------------------------------------------- */

static int no_memory(struct nvs_error *err)
{
	return nvs_fail(err, "no memory to note a check's result");
}

int check_row(struct check_result *out, const struct check_row *row, struct nvs_error *err)
{
	struct check_row *rows = realloc(out->rows, (out->nr_rows + 1) * sizeof(*rows));

	if (!rows)
		return no_memory(err);
	out->rows = rows;
	rows[out->nr_rows++] = *row;
	return 0;
}

static int add_text(char ***list, size_t *nr, struct nvs_error *err, const char *fmt, va_list ap)
{
	char **texts = realloc(*list, (*nr + 1) * sizeof(*texts));

	if (!texts)
		return no_memory(err);
	*list = texts;
	if (vasprintf(&texts[*nr], fmt, ap) < 0)
		return no_memory(err);
	++*nr;
	return 0;
}

int check_finding(struct check_result *out, struct nvs_error *err, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = add_text(&out->findings, &out->nr_findings, err, fmt, ap);
	va_end(ap);
	return ret;
}

int check_note(struct check_result *out, struct nvs_error *err, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = add_text(&out->notes, &out->nr_notes, err, fmt, ap);
	va_end(ap);
	return ret;
}

static void free_result(struct check_result *res)
{
	for (size_t i = 0; i < res->nr_findings; i++)
		free(res->findings[i]);
	for (size_t i = 0; i < res->nr_notes; i++)
		free(res->notes[i]);
	free(res->findings);
	free(res->notes);
	free(res->rows);
}

/* --- text -------------------------------------------------------------------- */

static void print_row(const struct check *check, const char *queue, const struct check_row *row)
{
	printf("  %5s %-15s", queue, row->what);
	for (size_t i = 0; i < CHECK_COLUMNS && check->columns[i]; i++)
		printf(" %8" PRIu64, row->count[i]);
	printf(" %s\n", verdict_names[row->verdict]);
}

/* What passed of the same kind as row @first, in one row; nothing if a row before has told it. */
static void print_passed(const struct check *check, const struct check_result *res, size_t first)
{
	struct check_row sum = { .what = res->rows[first].what, .verdict = CHECK_PASSED };
	bool all = true;

	for (size_t i = 0; i < res->nr_rows; i++) {
		const struct check_row *row = &res->rows[i];

		if (strcmp(row->what, sum.what))
			continue;
		if (row->verdict != CHECK_PASSED) {
			all = false;
			continue;
		}
		if (i < first)
			return;
		for (size_t k = 0; k < CHECK_COLUMNS; k++)
			sum.count[k] += row->count[k];
	}
	print_row(check, all ? "all" : "rest", &sum);
}

static void print_rows(const struct check *check, const struct check_result *res, bool each)
{
	if (!res->nr_rows)
		return;
	printf("  %5s %-15s", "queue", "");
	for (size_t i = 0; i < CHECK_COLUMNS && check->columns[i]; i++)
		printf(" %8s", check->columns[i]);
	putchar('\n');
	for (size_t i = 0; i < res->nr_rows; i++) {
		const struct check_row *row = &res->rows[i];
		char queue[16];

		snprintf(queue, sizeof(queue), "%u", row->qid);
		if (each || row->verdict != CHECK_PASSED)
			print_row(check, queue, row);
		else
			print_passed(check, res, i);
	}
}

static void print_checks(const struct check_result *results, bool each)
{
	for (size_t i = 0; i < NR_CHECKS; i++) {
		const struct check_result *res = &results[i];

		printf("%s: %s\n", checks[i].name, verdict_names[res->verdict]);
		print_rows(&checks[i], res, each);
		for (size_t j = 0; j < res->nr_findings; j++)
			printf("  %s\n", res->findings[j]);
		for (size_t j = 0; j < res->nr_notes; j++)
			printf("  note: %s\n", res->notes[j]);
	}
}

/* --- JSON -------------------------------------------------------------------- */

void check_json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			printf("\\u%04x", *s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void json_list(const char *name, char *const *texts, size_t nr)
{
	printf(", \"%s\": [", name);
	for (size_t i = 0; i < nr; i++) {
		printf("%s", i ? ", " : "");
		check_json_string(texts[i]);
	}
	putchar(']');
}

static void json_rows(const struct check *check, const struct check_result *res)
{
	printf(", \"rows\": [");
	for (size_t i = 0; i < res->nr_rows; i++) {
		const struct check_row *row = &res->rows[i];

		printf("%s\n    {\"queue\": %u, \"what\": \"%s\"", i ? "," : "", row->qid,
		       row->what);
		for (size_t j = 0; j < CHECK_COLUMNS && check->columns[j]; j++)
			printf(", \"%s\": %" PRIu64, check->columns[j], row->count[j]);
		printf(", \"verdict\": \"%s\"}", verdict_names[row->verdict]);
	}
	putchar(']');
}

static void json_checks(const struct check_result *results)
{
	printf(", \"checks\": [");
	for (size_t i = 0; i < NR_CHECKS; i++) {
		const struct check_result *res = &results[i];

		printf("%s\n  {\"name\": \"%s\", \"verdict\": \"%s\"", i ? "," : "", checks[i].name,
		       verdict_names[res->verdict]);
		json_rows(&checks[i], res);
		json_list("findings", res->findings, res->nr_findings);
		json_list("notes", res->notes, res->nr_notes);
		putchar('}');
	}
	printf("\n]");
}

/* --- the command -------------------------------------------------------------- */

/* Runs every check on one reading of the recording each. */
static int run_checks(struct check_input *in, struct check_result *results, struct nvs_error *err)
{
	for (size_t i = 0; i < NR_CHECKS; i++) {
		recording_rewind(in->rec);
		if (checks[i].run(in, &results[i], err))
			return -1;
	}
	return 0;
}

static void print_line(void *ctx, const char *line)
{
	(void)ctx;
	printf("the recording: %s\n", line + strspn(line, " "));
}

static void print_text(const struct check_input *in, const struct check_result *results,
		       const struct rules *rules, bool all)
{
	if (in->witness)
		print_checks(results, all);
	if (recording_cut(in->rec))
		printf("the recording is cut off: %s\n", recording_cut(in->rec));
	losses_lines(in->rec, 100, print_line, NULL);
	check_rules_text(rules, all);
}

static void print_loss(void *ctx, const struct loss *loss)
{
	printf("%s{\"cause\": \"%s\", \"cpu\": ", *(bool *)ctx ? ", " : "", loss->cause);
	if (loss->cpu < 0)
		printf("null");
	else
		printf("%d", loss->cpu);
	printf(", \"count\": %" PRIu64 "}", loss->count);
	*(bool *)ctx = true;
}

static void print_json(const struct check_input *in, const struct check_result *results,
		       const struct rules *rules)
{
	bool any = false;

	printf("{\"recording\": ");
	check_json_string(in->dir);
	printf(", \"lost\": [");
	losses_each(in->rec, print_loss, &any);
	printf("]");
	json_checks(results);
	check_rules_json(rules);
	printf("}\n");
}

struct check_options {
	uint64_t ctrl, findings;
	bool json, list, all;
};

static int check_recording(struct check_input *in, const struct check_options *opt)
{
	struct check_result results[NR_CHECKS] = { 0 };
	struct rules *rules = NULL;
	struct nvs_error err;
	int code = EXIT_DONE;

	in->rec = recording_open(in->dir, &err);
	if (in->rec)
		rules = check_rules(in, opt->findings, &err);
	if (!rules || run_checks(in, results, &err)) {
		complain("%s", err.text);
		code = EXIT_FAILED;
	} else if (opt->json) {
		print_json(in, results, rules);
	} else {
		print_text(in, results, rules, opt->all);
	}
	if (rules && check_rules_failed(rules))
		code = EXIT_FAILED;
	for (size_t i = 0; i < NR_CHECKS; i++) {
		if (results[i].verdict > CHECK_SKIPPED)
			code = EXIT_FAILED;
		free_result(&results[i]);
	}
	rules_free(rules);
	recording_close(in->rec);
	return code;
}

static int run_command(const struct usage *usage, struct check_input *in,
		       const struct check_options *opt, int argc, char **argv)
{
	int first = options_parse(usage, argc, argv);

	if (first < 0)
		return first == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
	if (opt->list && argc == first) {
		check_rules_list();
		return EXIT_DONE;
	}
	if (opt->list)
		return options_wrong(usage, "--list goes without a recording");
	if (argc - first != 1)
		return options_wrong(usage, "name one recording");
	if (opt->ctrl != UINT64_MAX && opt->ctrl >= NVS_NO_CTRL)
		return options_wrong(usage, "there is no controller %" PRIu64, opt->ctrl);
	in->dir = argv[first];
	in->ctrl = opt->ctrl == UINT64_MAX ? -1 : (int)opt->ctrl;
	return check_recording(in, opt);
}

int cmd_check(int argc, char **argv)
{
	struct check_input in = { 0 };
	struct check_options opt = { .ctrl = UINT64_MAX, .findings = 5 };
	const struct option_row rows[] = {
		{ .name = "witness",
		  .letter = 'w',
		  .type = OPTION_STRING,
		  .arg = "QEMULOG",
		  .value = &in.witness,
		  .help = "hold it against QEMU's log of its NVMe device too" },
		{ .name = "ctrl",
		  .type = OPTION_UINT,
		  .arg = "N",
		  .value = &opt.ctrl,
		  .help = "this controller alone; the one that the log is of" },
		{ .name = "findings",
		  .letter = 'n',
		  .type = OPTION_UINT,
		  .arg = "N",
		  .value = &opt.findings,
		  .help = "show so many of each rule's findings (5)" },
		{ .name = "all",
		  .letter = 'a',
		  .type = OPTION_FLAG,
		  .value = &opt.all,
		  .help = "print every rule and queue, also those that passed" },
		{ .name = "list",
		  .type = OPTION_FLAG,
		  .value = &opt.list,
		  .help = "list the rules, and what each needs" },
		{ .name = "json", .type = OPTION_FLAG, .value = &opt.json, .help = "print JSON" },
		{ 0 },
	};
	const struct usage usage = {
		.command = "check",
		.synopsis = "[OPTIONS] DIR | --list",
		.description =
			"Holds recording DIR against the rules of the NVMe specification: doorbells,\n"
			"rings, identifiers, queues, registers, data pointers. A rule that cannot be told\n"
			"from this recording says why. What passed is counted; --all lists it, as\n"
			"--json does.\n\n"
			"With --witness, compares it also with what the emulated device logged of the\n"
			"same run (qemu-system-x86_64 -trace 'pci_nvme_*' -msg timestamp=on -D QEMULOG,\n"
			"one NVMe controller): doorbells, commands, completions and register writes,\n"
			"queue by queue, in order. 'reset' counts what was in flight when the controller\n"
			"was reset or removed, 'after' what the device logged after the recording's end.\n\n"
			"Exit status 1: a rule is broken or something is unequal, or lost events leave it\n"
			"open.",
		.examples = "  nvmescope check recording\n"
			    "  nvmescope check --witness qemu.log recording",
		.rows = rows,
	};

	return run_command(&usage, &in, &opt, argc, argv);
}
