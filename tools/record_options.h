/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line of nvmescope record says. */
#ifndef NVS_RECORD_OPTIONS_H
#define NVS_RECORD_OPTIONS_H

#include "record.h"
#include "record_trigger.h"

struct record_options {
	struct level_options level;
	const char *output, *device, *provider;
	uint64_t ring_size, duration;
	struct option_strings triggers;
	uint64_t flight, after, trigger_every, max_size;
	bool wait, verbose, strict;
};

/*
 * Returns an exit code, or -1 to go on; *@command is NULL when there is none, *@triggers when
 * there is no flight recorder: to be freed in any case.
 */
int record_options_parse(int argc, char **argv, struct recorder *r, struct triggers **triggers,
			 char ***command);
/* What was parsed last. */
const struct record_options *record_options(void);

#endif
