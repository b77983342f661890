// SPDX-License-Identifier: GPL-2.0
/* nvmescope report: a recording in figures. */
#include <stdio.h>
#include "cmd.h"
#include "losses.h"
#include "report.h"

int cmd_report(int argc, char **argv)
{
	bool json = false, strict = false;
	const struct option_row rows[] = {
		{ "json", 0, OPTION_FLAG, NULL, &json,
		  "print JSON, as docs/report-json.md describes it", NULL },
		{ "strict", 0, OPTION_FLAG, NULL, &strict,
		  "exit with 1 if anything was lost, unmatched or cut off", NULL },
		{ 0 }
	};
	const struct usage usage = {
		.command = "report",
		.synopsis = "[--json] [--strict] DIR",
		.description =
			"Reads the recording in DIR and prints how the controller came up, what each\n"
			"queue did and how long its commands took, and what was lost or could not be\n"
			"explained.  Percentiles are right to 1/32 (3.1 %), maxima are exact.",
		.examples = "  nvmescope report build/demo/trace\n"
			    "  nvmescope report --json build/demo/trace > report.json\n",
		.rows = rows,
	};
	struct nvs_error err = { .text = "" };
	struct analysis a;
	bool strict_failed = false;
	int ret, operand = options_parse(&usage, argc, argv);

	if (operand < 0)
		return operand == OPTIONS_HELP ? EXIT_DONE : EXIT_USAGE;
	if (argc - operand != 1)
		return options_wrong(&usage, "give one recording's directory");

	ret = analysis_open(&a, argv[operand], NULL, NULL, &err);
	if (ret == 0)
		ret = json ? report_json(&a, &err) : report_text(&a, &err);
	if (ret == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		ret = nvs_fail(&err, "cannot write the report: is standard output's disk full?");
	if (ret == 0 && strict && losses_any(a.recording)) {
		complain("--strict: the recording has losses");
		strict_failed = true;
	}
	analysis_close(&a);
	if (ret == 0)
		return strict_failed ? EXIT_FAILED : EXIT_DONE;
	complain("%s", err.text);
	return EXIT_FAILED;
}
