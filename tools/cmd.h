/* SPDX-License-Identifier: GPL-2.0 */
/* What main.c and the commands agree on. */
#ifndef NVS_CMD_H
#define NVS_CMD_H

#include <stdarg.h>
#include "options.h"
#include "recording.h"

#ifndef NVMESCOPE_VERSION
#define NVMESCOPE_VERSION "unknown"
#endif

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* or a regression, or a broken rule, found */
	EXIT_USAGE = 2,
	EXIT_SKIPPED = 77,
};

/*
 * A command is main() over again: @argv[0] is its own name.  Returns an exit
 * code, having said on stderr what went wrong.
 */
#define NVS_COMMANDS(C)                                                             \
	C(record, "record an NVMe driver's steps into a directory")                 \
	C(inspect, "list devices, queues, and what can be recorded here")           \
	C(top, "show live what each queue does")                                    \
	C(serve, "answer Prometheus with histograms of latency")                    \
	C(report, "summarise a recording queue by queue")                           \
	C(timeline, "draw a recording")                                             \
	C(walkthrough, "make a page that goes through a recording step by step")    \
	C(check, "hold a recording against the rules of the NVMe specification")    \
	C(compare, "hold two sets of recordings against each other: is one worse?") \
	C(import, "add what the emulated device logged to a recording")             \
	C(export, "write a recording for Perfetto, as CSV, or as fio and HdrHistogram do")

#define NVS_DECLARE_COMMAND(name, summary) int cmd_##name(int argc, char **argv);
NVS_COMMANDS(NVS_DECLARE_COMMAND)
#undef NVS_DECLARE_COMMAND

/* Prints "nvmescope: MESSAGE" and a newline on stderr. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints on stderr, with what a terminal would act upon made harmless. */
void say_error(const char *fmt, va_list ap);

#endif
