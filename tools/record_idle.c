// SPDX-License-Identifier: GPL-2.0
/* Nothing of the device was recorded: had it anything to do?  The block layer counts, too. */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "format.h"
#include "record.h"

/* /sys/block/DISK/stat: requests that ended (reads, writes, discards, flushes) and in flight. */
static bool add_disk(const char *path, struct device_work *w)
{
	uint64_t n[17] = { 0 };
	FILE *f = fopen(path, "r");
	int i = 0;

	if (!f)
		return false;
	while (i < 17 && fscanf(f, "%" SCNu64, &n[i]) == 1)
		i++;
	fclose(f);
	w->ended += n[0] + n[4] + n[11] + n[15];
	w->in_flight += n[8];
	return i > 8;
}

/* Disks are nvme0n1, or nvme0c0n1 where the kernel knows of several ways to them. */
struct device_work record_device_work(const struct record_device *d)
{
	struct device_work w = { 0 };
	char path[PATH_MAX], name[32];
	struct dirent *entry;
	DIR *dir;

	if (d->ctrl == NVS_NO_CTRL || !d->prefix)
		return w;
	snprintf(name, sizeof(name), "%s%u", d->prefix, d->ctrl);
	snprintf(path, sizeof(path), "/sys/class/%s/%s", d->prefix, name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, name, strlen(name)) ||
		    !strchr("nc", entry->d_name[strlen(name)]))
			continue;
		snprintf(path, sizeof(path), "/sys/class/%s/%s/%s/stat", d->prefix, name,
			 entry->d_name);
		w.known |= add_disk(path, &w);
	}
	if (dir)
		closedir(dir);
	return w;
}

/* Requests that were in flight when the programs were attached, ended. */
static bool had_begun(const struct recorder *r)
{
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++)
		if (record_unmatched_on(r, cpu, LOST_unmatched_end, LOST_unmatched_end))
			return true;
	return false;
}

bool record_say_nothing(const struct recorder *r)
{
	struct device_work now = record_device_work(&r->device);
	const char *device = r->device.text;
	uint64_t ended = now.ended - r->work.ended;

	if (!now.known || !r->work.known || now.ended < r->work.ended) {
		complain("no event of %s was recorded: which device does '%s' drive? 'ls -l "
			 "/sys/class/nvme' shows",
			 device, r->provider->pci_module);
		return false;
	}
	if (!ended && now.in_flight && r->work.in_flight) {
		complain("%s does not answer: none of its requests ended in that time, %" PRIu64
			 " are in flight; what the driver does about it comes with its timeout "
			 "(/sys/block/*/queue/io_timeout, 'dmesg')",
			 device, now.in_flight);
		return true;
	}
	if (!ended) {
		complain("%s had nothing to do: no request ended in that time", device);
		return true;
	}
	if (r->filter && strcmp(r->filter, device)) {
		complain("of the %" PRIu64 " requests of %s that ended in that time none passed "
			 "the filter: %s",
			 ended, device, r->filter);
		return true;
	}
	complain("%" PRIu64 " requests of %s ended in that time, and none was recorded%s", ended,
		 device, had_begun(r) ? ": they had begun before" : "");
	return false;
}
