// SPDX-License-Identifier: GPL-2.0
/* How two sets of runs were made differently: what a reader must know before any figure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "compare.h"

/* What may explain a difference; counts and times of a single run are not among them. */
const char *const compare_env_keys[] = {
	"kernel",
	"kernel_build",
	"machine",
	"virtual_machine",
	"clocksource",
	"clock_counts",
	"provider",
	"level",
	"driver",
	"tracepoints_only",
	"driver_version",
	"driver_srcversion",
	"driver_parameters",
	"device_model",
	"device_firmware",
	"device_queues",
	"device_disks",
	"queue_classes",
	"vectors",
	"max_transfer",
	"scheduler",
	"filter",
	"command",
	"cpus",
	"ring_size",
	"attach_points_missing",
	"tracer_version",
};

unsigned int compare_nr_env_keys(void)
{
	return sizeof(compare_env_keys) / sizeof(compare_env_keys[0]);
}

static const char *value_of(const struct compare_run *run, unsigned int key)
{
	return run->env && run->env[key] && *run->env[key] ? run->env[key] : "none";
}

static bool differs(const struct comparison *c, unsigned int key)
{
	const char *first = value_of(&c->set[SIDE_A].run[0], key);

	for (unsigned int side = 0; side < NR_SIDES; side++)
		for (unsigned int i = 0; i < c->set[side].nr; i++)
			if (strcmp(first, value_of(&c->set[side].run[i], key)))
				return true;
	return false;
}

/* "6.1", or with several "6.1 (7 runs), 6.12 (1 run)". */
static char *values_text(const struct compare_set *set, unsigned int key)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (unsigned int i = 0; f && i < set->nr; i++) {
		const char *value = value_of(&set->run[i], key);
		unsigned int same = 0, before = 0;

		for (unsigned int k = 0; k < set->nr; k++)
			if (!strcmp(value, value_of(&set->run[k], key))) {
				same++;
				before += k < i;
			}
		if (before)
			continue;
		fprintf(f, "%s%s", i ? ", " : "", value);
		if (same < set->nr)
			fprintf(f, " (%u run%s)", same, same == 1 ? "" : "s");
	}
	return f && !fclose(f) ? text : NULL;
}

struct env_difference *compare_differences(const struct comparison *c, unsigned int *nr)
{
	struct env_difference *d = calloc(compare_nr_env_keys(), sizeof(*d));

	*nr = 0;
	for (unsigned int key = 0; d && key < compare_nr_env_keys(); key++) {
		if (!differs(c, key))
			continue;
		d[*nr].key = compare_env_keys[key];
		for (unsigned int side = 0; side < NR_SIDES; side++)
			d[*nr].text[side] = values_text(&c->set[side], key);
		++*nr;
		if (d[*nr - 1].text[SIDE_A] && d[*nr - 1].text[SIDE_B])
			continue;
		compare_differences_free(d, *nr);
		return NULL;
	}
	return d;
}

void compare_differences_free(struct env_difference *d, unsigned int nr)
{
	for (unsigned int i = 0; d && i < nr; i++)
		for (unsigned int side = 0; side < NR_SIDES; side++)
			free(d[i].text[side]);
	free(d);
}

const char *compare_clock(const struct comparison *c)
{
	unsigned int key = 0, virtual_runs = 0, emulated = 0, all = 0;

	for (unsigned int side = 0; side < NR_SIDES; side++)
		for (unsigned int i = 0; i < c->set[side].nr; i++, all++) {
			for (key = 0; strcmp(compare_env_keys[key], "clock_counts"); key++)
				;
			virtual_runs +=
				!strcmp(value_of(&c->set[side].run[i], key), "instructions");
			for (key = 0; strcmp(compare_env_keys[key], "virtual_machine"); key++)
				;
			emulated += !strcmp(value_of(&c->set[side].run[i], key), "tcg");
		}
	if (virtual_runs == all)
		return "virtual time: one nanosecond for each instruction of the guest; while the guest "
		       "waits, the host's time";
	if (virtual_runs)
		return "NOT COMPARABLE: the clock counts instructions in some runs, and time in others";
	if (emulated)
		return "time of an emulated processor, which says little of a real one";
	return "time of the machine that it was recorded on";
}
