// SPDX-License-Identifier: GPL-2.0
/*
 * A ring for each CPU: those that are online, and that may come online.  Those that are plugged in later
 * get one where it is the kernel's; else what happens there is counted as lost.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "record.h"

#define CPU_DIR "/sys/devices/system/cpu/"
/* CPUs are not plugged in often, and to look costs what recording ten requests does. */
#define LOOK_EVERY 10000000000ull

/* Calls @fn for each CPU of a list such as "0-3,8". */
static int for_each_cpu(struct recorder *r, const char *list, struct nvs_error *err,
			int (*fn)(struct recorder *r, unsigned int cpu, struct nvs_error *err))
{
	FILE *f = fopen(list, "r");
	unsigned int first, last;
	int failed = 0, got;

	if (!f)
		return nvs_fail(err, "cannot read %s: %s; is sysfs mounted?", list,
				strerror(errno));
	while (!failed && (got = fscanf(f, "%u-%u", &first, &last)) >= 1) {
		if (got == 1)
			last = first;
		for (; !failed && first <= last && first < r->nr_cpus; first++)
			failed = fn(r, first, err);
		if (fgetc(f) != ',')
			break;
	}
	fclose(f);
	return failed;
}

static int make_ring(struct recorder *r, unsigned int cpu, struct nvs_error *err)
{
	return r->cpus[cpu].ring.fd >= 0 ? 0 : record_bpf_open_ring(r, cpu, err);
}

static int make_full(struct recorder *r, unsigned int cpu, struct nvs_error *err)
{
	r->nr_rings++;
	r->cpus[cpu].online = true;
	return make_ring(r, cpu, err);
}

static int count(struct recorder *r, unsigned int cpu, struct nvs_error *err)
{
	(void)err;
	if (cpu >= r->nr_present)
		r->nr_present = cpu + 1;
	return 0;
}

int record_cpus_count(struct recorder *r, struct nvs_error *err)
{
	return for_each_cpu(r, CPU_DIR "present", err, count);
}

int record_cpus_open(struct recorder *r, struct nvs_error *err)
{
	if (for_each_cpu(r, CPU_DIR "online", err, make_full))
		return -1;
	/* One that is offline has a ring, too, so that nothing is lost when it comes. */
	return for_each_cpu(r, CPU_DIR "present", err, make_ring);
}

/* A CPU that has been plugged in is present before it is online. */
void record_cpus_watch(struct recorder *r, uint64_t now)
{
	struct nvs_error err;

	/* No programs yet that a ring could be handed to. */
	if (!r->lost || now < r->cpus_looked_at + LOOK_EVERY)
		return;
	r->cpus_looked_at = now;
	if (for_each_cpu(r, CPU_DIR "present", &err, make_ring) && !r->cpus_failed) {
		r->cpus_failed = true;
		complain("%s; what happens there is counted as lost", err.text);
	}
}
