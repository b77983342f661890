// SPDX-License-Identifier: GPL-2.0
/* nvmescope inspect: what there is to record, and what of it this kernel lets be seen. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"
#include "inspect.h"

static struct inspect_options {
	bool json, all;
} opt;

static const struct option_row rows[] = {
	{ "json", 'j', OPTION_FLAG, NULL, &opt.json, "as JSON (docs/inspect.md)", NULL },
	{ "all", 'a', OPTION_FLAG, NULL, &opt.all, "name the attach points that are found, too",
	  NULL },
	{ 0 },
};

static const struct usage usage = {
	.command = "inspect",
	.synopsis = "[OPTIONS]",
	.description =
		"Lists NVMe devices with their drivers, queues and interrupt vectors, and for each\n"
		"provider and level of `record` the attach points: found, missing or inlined on this\n"
		"kernel, and what is lost by that. Changes nothing, and needs no privilege for what it\n"
		"can see without; what it cannot see is said.",
	.examples = "  nvmescope inspect\n"
		    "  nvmescope inspect --json | jq '.recording[] | {provider, level, works}'\n",
	.rows = rows,
};

int cmd_inspect(int argc, char **argv)
{
	struct inspect_devices devices;
	struct inspect_kernel kernel;
	int code;
	bool done;

	opt = (struct inspect_options){ 0 };
	code = options_parse_all(&usage, argc, argv);
	if (code >= 0)
		return code;
	code = EXIT_DONE;
	done = inspect_devices_read(&devices, "");
	done = inspect_kernel_read(&kernel) && done;
	if (!done) {
		complain("out of memory");
		code = EXIT_FAILED;
	} else if (opt.json) {
		inspect_json(stdout, &devices, &kernel);
	} else {
		inspect_text(stdout, &devices, &kernel, opt.all);
	}
	if (done && (fflush(stdout) || ferror(stdout))) {
		complain("cannot write what was found: %s", strerror(errno));
		code = EXIT_FAILED;
	}
	inspect_devices_free(&devices);
	inspect_kernel_free(&kernel);
	return code;
}
