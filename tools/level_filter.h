/* SPDX-License-Identifier: GPL-2.0 */
/* The filters of levels io and hist as options: for record, top and serve. */
#ifndef NVS_LEVEL_FILTER_H
#define NVS_LEVEL_FILTER_H

#include "level.h"
#include "options.h"
#include "recording.h"

struct filter_options {
	const char *queue, *opcode, *op, *latency_above, *comm, *cgroup, *status;
	uint64_t min_size, max_size, pid, sample;
};

/* Rows for a command's option table; @f: a struct filter_options that is all zero. */
#define FILTER_ROWS(f)                                                                               \
	{ "queue", 0, OPTION_STRING, "LIST", &(f).queue, "these queues only: 1,3-5", NULL },         \
		{ "op",	  0,	   OPTION_STRING,                                                    \
		  "NAME", &(f).op, "these operations only: read,write,flush...",                     \
		  NULL },                                                                            \
		{ "opcode", 0, OPTION_STRING, "LIST", &(f).opcode, "these commands only: 0x02,0x09", \
		  NULL },                                                                            \
		{ "min-bytes",	 0,                                                                  \
		  OPTION_SIZE,	 "SIZE",                                                             \
		  &(f).min_size, "requests of this size or more",                                    \
		  NULL },                                                                            \
		{ "max-bytes",	 0,                                                                  \
		  OPTION_SIZE,	 "SIZE",                                                             \
		  &(f).max_size, "requests of this size or less",                                    \
		  NULL },                                                                            \
		{ "latency-above",                                                                   \
		  0,                                                                                 \
		  OPTION_STRING,                                                                     \
		  "TIME",                                                                            \
		  &(f).latency_above,                                                                \
		  "requests that took longer: 10ms, 50us",                                           \
		  NULL },                                                                            \
		{ "status", 0,		 OPTION_STRING,                                              \
		  "WHICH",  &(f).status, "requests that ended so: error, or a value (0x4281)",       \
		  NULL },                                                                            \
		{ "pid", 0, OPTION_UINT, "PID", &(f).pid, "requests of this process only", NULL },   \
		{ "comm", 0, OPTION_STRING, "NAME", &(f).comm, "requests of tasks of this name",     \
		  NULL },                                                                            \
		{ "cgroup",  0,		  OPTION_STRING,                                             \
		  "PATH|ID", &(f).cgroup, "requests of tasks of this cgroup (v2)",                   \
		  NULL },                                                                            \
	{                                                                                            \
		"sample", 0, OPTION_UINT, "N", &(f).sample, "one request in N, by tag", NULL         \
	}

/* Fills in @c's filters. -1: @err says which option is wrong, and how to give it. */
int filter_parse(const struct filter_options *f, struct level_config *c, struct nvs_error *err);
/* The first option that is given of those that level events does not have; NULL: none is. */
const char *filter_beyond_events(const struct filter_options *f);
/* The first option that one probe at the end of a request cannot tell; NULL: none is given. */
const char *filter_beyond_one_probe(const struct filter_options *f);
/* "nvme0 op=read min-size=4096", to be freed; NULL: nothing is given, @device included. */
char *filter_text(const struct filter_options *f, const char *device);

#endif
