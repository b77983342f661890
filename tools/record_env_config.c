// SPDX-License-Identifier: GPL-2.0
/*
 * What a recording says of the configuration that it was made under: whatever may explain why
 * another one of the same work has other figures.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "inspect.h"
#include "record.h"

static bool read_first(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	*text = 0;
	if (!f)
		return false;
	n = fread(text, 1, size - 1, f);
	fclose(f);
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	text[n] = 0;
	return n;
}

/* Is this a virtual machine: "no", "yes", or "tcg" for one that QEMU emulates. */
static const char *virtual_machine(void)
{
	char *line = NULL;
	const char *is = "no";
	size_t room = 0;
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && getline(&line, &room, f) >= 0) {
		if (!strncmp(line, "flags", 5) && strstr(line, " hypervisor") && strcmp(is, "tcg"))
			is = "yes";
		if (!strncmp(line, "model name", 10) && strstr(line, "QEMU TCG"))
			is = "tcg";
		if (*line == '\n')
			break; /* one processor tells of all */
	}
	free(line);
	if (f)
		fclose(f);
	return is;
}

void record_env_machine(struct recorder *r)
{
	char text[4096];

	record_env_set(r, "virtual_machine", virtual_machine());
	if (read_first("/sys/devices/system/clocksource/clocksource0/current_clocksource", text,
		       sizeof(text)))
		record_env_set(r, "clocksource", text);
	/* Only who started the virtual machine knows: vm.sh --icount says so here. */
	if (read_first("/proc/cmdline", text, sizeof(text)))
		record_env_set(r, "clock_counts",
			       strstr(text, "guest.clock=instructions") ? "instructions" : "time");
}

/* "poll_queues=1 write_queues=0", of what can be read. */
static void env_of_parameters(struct recorder *r)
{
	char dir[96], path[512], value[256], *text = NULL;
	struct dirent **list;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int n;

	snprintf(dir, sizeof(dir), "/sys/module/%s/parameters", r->provider->pci_module);
	n = out ? scandir(dir, &list, NULL, alphasort) : -1;
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && read_first(path, value, sizeof(value)))
			fprintf(out, "%s%s=%s", ftell(out) ? " " : "", list[i]->d_name, value);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	if (out && !fclose(out) && *text)
		record_env_set(r, "driver_parameters", text);
	free(text);
}

/* "admin 0, default 1-4, poll 5"; numbers follow each other within a class. */
static void env_of_classes(struct recorder *r, const struct inspect_device *d, bool kinds_hidden)
{
	char *text = NULL, vectors[16];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned int end, most = 0, nr = 0;

	for (unsigned int i = 0; out && i < d->nr_queues; i = end) {
		const struct inspect_queue *q = d->queues;

		for (end = i + 1; end < d->nr_queues && !strcmp(q[end].kind, q[i].kind); end++)
			;
		fprintf(out, "%s%s %u", i ? ", " : "", q[i].kind, q[i].qid);
		if (end > i + 1)
			fprintf(out, "-%u", q[end - 1].qid);
	}
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		nr += d->queues[i].vector >= 0;
		if (d->queues[i].vector > (int)most)
			most = (unsigned int)d->queues[i].vector;
	}
	if (nr) {
		snprintf(vectors, sizeof(vectors), "%u", most + 1);
		record_env_set(r, "vectors", vectors);
	}
	/* What was told before privileges were dropped stays. */
	if (out && !fclose(out) && *text && (!kinds_hidden || !r->classes_told))
		record_env_set(r, "queue_classes", text);
	r->classes_told |= !kinds_hidden;
	free(text);
}

/* Of its first disk: what the kernel lets through at once, and in which order. */
static void env_of_disk(struct recorder *r, const char *ctrl)
{
	char path[128], text[256], *chosen;
	struct dirent **list;
	int n = scandir("/sys/block", &list, NULL, versionsort);
	unsigned int disks = 0;

	for (int i = 0; i < n; i++) {
		const char *disk = list[i]->d_name;

		if (strlen(disk) < 32 && !strncmp(disk, ctrl, strlen(ctrl)) &&
		    disk[strlen(ctrl)] == 'n' && !disks++) {
			snprintf(path, sizeof(path), "/sys/block/%.32s/queue/max_hw_sectors_kb",
				 disk);
			if (read_first(path, text, sizeof(text) - 4))
				record_env_set(r, "max_transfer", strcat(text, " KiB"));
			snprintf(path, sizeof(path), "/sys/block/%.32s/queue/scheduler", disk);
			if (read_first(path, text, sizeof(text)) && (chosen = strchr(text, '['))) {
				chosen[strcspn(chosen, "]")] = 0;
				record_env_set(r, "scheduler", chosen + 1);
			}
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	snprintf(text, sizeof(text), "%u", disks);
	record_env_set(r, "device_disks", text);
}

void record_env_config(struct recorder *r, const char *ctrl)
{
	struct inspect_devices devices;

	env_of_parameters(r);
	env_of_disk(r, ctrl);
	memset(&devices, 0, sizeof(devices));
	if (!inspect_devices_read(&devices, ""))
		complain("the recording goes without its queues' classes: out of memory");
	for (unsigned int i = 0; i < devices.nr; i++)
		if (!strcmp(devices.device[i].name, ctrl))
			env_of_classes(r, &devices.device[i], devices.kinds_hidden);
	inspect_devices_free(&devices);
}
