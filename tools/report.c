// SPDX-License-Identifier: GPL-2.0
/* nvmescope report: a recording in figures. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "losses.h"
#include "report.h"

#define DEFAULT_SLOWEST 10

struct request {
	bool json, strict;
	const char *by, *device;
	uint64_t queue, slowest;
};

/* "process,cgroup,..." as bits; 0: it names no section. */
static report_sections parse_sections(const char *list)
{
#define NAME(name) #name,
	static const char *const names[] = { REPORT_SECTIONS(NAME) };
#undef NAME
	report_sections by = 0;

	for (;;) {
		size_t len = strcspn(list, ",");
		unsigned int i = 0;

		while (i < NR_SECTIONS && (strlen(names[i]) != len || strncmp(names[i], list, len)))
			i++;
		if (i == NR_SECTIONS)
			return 0;
		by |= 1u << i;
		if (!list[len])
			return by;
		list += len + 1;
	}
}

/* The 3 of "nvme3"; -1: no such name. */
static int parse_device(const char *name)
{
	unsigned int ctrl;
	int end = 0;

	if (sscanf(name, "nvme%5u%n", &ctrl, &end) != 1 || name[end] ||
	    !isdigit((unsigned char)name[4]) || ctrl >= NVS_NO_CTRL)
		return -1;
	return (int)ctrl;
}

static int run(const char *dir, const struct analysis_wants *wants, const struct request *r,
	       report_sections by)
{
	struct nvs_error err = { .text = "" };
	struct analysis a;
	bool strict_failed = false;
	int ret = analysis_open_as(&a, dir, wants, NULL, NULL, &err);

	if (ret == 0)
		ret = r->json ? report_json(&a, &err) : report_text(&a, by, &err);
	if (ret == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		ret = nvs_fail(&err, "cannot write the report: is standard output's disk full?");
	if (ret == 0 && r->strict && losses_missing(a.recording)) {
		complain("--strict: events were lost, or the recording is cut: its end says which");
		strict_failed = true;
	}
	analysis_close(&a);
	if (ret == 0)
		return strict_failed ? EXIT_FAILED : EXIT_DONE;
	complain("%s", err.text);
	return EXIT_FAILED;
}

/* Turns what was asked for into what is to be read. 0, or an exit code. */
static int understand(const struct usage *usage, const struct request *r,
		      struct analysis_wants *wants, report_sections *by)
{
	*wants = (struct analysis_wants){ .ctrl = -1,
					  .qid = -1,
					  .slowest = (unsigned int)r->slowest };
	*by = r->by ? parse_sections(r->by) : ALL_SECTIONS;
	if (!*by)
		return options_wrong(usage, "--by: '%s' is no list of sections", r->by);
	if (r->device && (wants->ctrl = parse_device(r->device)) < 0)
		return options_wrong(usage, "--device: '%s' is no name such as nvme0", r->device);
	if (r->queue != UINT64_MAX && r->queue > UINT16_MAX)
		return options_wrong(usage, "--queue: there is no queue beyond %u", UINT16_MAX);
	if (r->slowest > MAX_SLOWEST)
		return options_wrong(usage, "--slowest goes up to %u", MAX_SLOWEST);
	if (r->queue != UINT64_MAX)
		wants->qid = (int)r->queue;
	if (!(*by & SECTION_BIT(slowest)))
		wants->slowest = 0;
	return 0;
}

int cmd_report(int argc, char **argv)
{
	struct request r = { .queue = UINT64_MAX, .slowest = DEFAULT_SLOWEST };
	const struct option_row rows[] = {
		{ "by", 0, OPTION_STRING, "LIST", &r.by,
		  "only these sections: phase, queue, stage, operation, size, process, cgroup, slowest",
		  NULL },
		{ "slowest", 'n', OPTION_UINT, "N", &r.slowest,
		  "tell of the N slowest commands (10), 0: of none", NULL },
		{ "device", 'd', OPTION_STRING, "NAME", &r.device,
		  "of this controller alone, as nvme0", NULL },
		{ "queue", 'q', OPTION_UINT, "QID", &r.queue,
		  "of this queue alone; 0 is the admin queue", NULL },
		{ "json", 0, OPTION_FLAG, NULL, &r.json,
		  "print JSON, as docs/report-json.md describes it, with every section", NULL },
		{ "strict", 0, OPTION_FLAG, NULL, &r.strict,
		  "exit with 1 if events were lost or the recording is cut", NULL },
		{ 0 }
	};
	const struct usage usage = {
		.command = "report",
		.synopsis = "[OPTIONS] DIR",
		.description =
			"Reads the recording in DIR, of any level, and prints how the controller came up,\n"
			"what each queue did and how long its commands took at each stage, who sent them,\n"
			"the slowest ones with what was ahead of them, and what was lost or could not be\n"
			"explained.  Percentiles are right to 1/32 (3.1 %), of level hist to 1/16 (6.25 %);\n"
			"maxima are exact but for level hist's.",
		.examples = "  nvmescope report build/demo/trace\n"
			    "  nvmescope report --by process,slowest --slowest 20 -d nvme1 DIR\n"
			    "  nvmescope report --json build/demo/trace > report.json\n",
		.rows = rows,
	};
	int wrong, operand = options_parse(&usage, argc, argv);
	struct analysis_wants wants;
	report_sections by;

	if (operand < 0)
		return operand == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
	if (argc - operand != 1)
		return options_wrong(&usage, "give one recording's directory");
	wrong = understand(&usage, &r, &wants, &by);
	return wrong ? wrong : run(argv[operand], &wants, &r, by);
}
