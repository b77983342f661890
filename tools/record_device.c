// SPDX-License-Identifier: GPL-2.0
/* What the user calls a device, and which controller that is. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "record.h"

const char *const record_node_prefixes[] = { "nvme", "nvs", NULL };

/* Behind the prefix: "0", "0n1" and "0n1p2" are all controller 0. */
static bool parse_number(const char *text, uint16_t *ctrl)
{
	unsigned int n, ns, part;
	int end = 0;

	if (sscanf(text, "%5u%n", &n, &end) != 1 || n >= NVS_NO_CTRL)
		return false;
	*ctrl = n;
	text += end;
	if (!*text)
		return true;
	if (sscanf(text, "n%u%n", &ns, &end) != 1)
		return false;
	text += end;
	return !*text || (sscanf(text, "p%u%n", &part, &end) == 1 && !text[end]);
}

static bool parse_node(const char *text, struct record_device *d)
{
	for (const char *const *p = record_node_prefixes; *p; p++) {
		const char *generic = p == record_node_prefixes ? "ng" : "nvsg";
		size_t n = strlen(*p), g = strlen(generic);

		d->prefix = *p;
		if (!strncmp(text, *p, n) && parse_number(text + n, &d->ctrl))
			return true;
		if (!strncmp(text, generic, g) && parse_number(text + g, &d->ctrl))
			return true;
	}
	return false;
}

/* "0000:01:00.0", or without the domain. */
static bool parse_pci(const char *text, uint32_t *addr)
{
	unsigned int domain = 0, bus, dev, fn;
	int end = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &dev, &fn, &end) != 4 || text[end]) {
		domain = 0;
		end = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &dev, &fn, &end) != 3 || text[end])
			return false;
	}
	*addr = domain << 16 | bus << 8 | dev << 3 | fn;
	return dev < 32 && fn < 8;
}

void record_device_find(struct record_device *d)
{
	char path[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!d->pci_addr)
		return;
	for (const char *const *p = record_node_prefixes; *p && !found; p++) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%04x:%02x:%02x.%x/%s",
			 d->pci_addr >> 16, d->pci_addr >> 8 & 0xff, d->pci_addr >> 3 & 31,
			 d->pci_addr & 7, *p);
		dir = opendir(path);
		while (dir && !found && (entry = readdir(dir)))
			found = parse_node(entry->d_name, d);
		if (dir)
			closedir(dir);
	}
	if (!found)
		d->ctrl = NVS_NO_CTRL;
}

bool record_device_parse(struct record_device *d, const char *text)
{
	const char *name = strncmp(text, "/dev/", 5) ? text : text + 5;

	*d = (struct record_device){ .text = text, .ctrl = NVS_NO_CTRL };
	if (parse_node(name, d))
		return true;
	if (!parse_pci(text, &d->pci_addr))
		return false;
	record_device_find(d);
	return true;
}

bool record_driver_of(const char *prefix, unsigned int ctrl, char *driver, size_t size)
{
	char path[64], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/%s/%s%u/device/driver", prefix, prefix, ctrl);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	slash = strrchr(target, '/');
	snprintf(driver, size, "%s", slash ? slash + 1 : target);
	return true;
}

int record_device_check(const struct recorder *r, struct nvs_error *err)
{
	const struct record_device *d = &r->device;
	char driver[64];
	bool there = d->text && d->ctrl != NVS_NO_CTRL &&
		     record_driver_of(d->prefix, d->ctrl, driver, sizeof(driver));

	/* What is not there yet may come with the module. */
	if (!d->text || (!there && !record_module_loaded(r->provider->pci_module)))
		return 0;
	if (!there)
		return nvs_fail(err,
				"no NVMe controller is called %s; 'ls -l /sys/class/nvme' shows "
				"those that there are",
				d->text);
	if (strcmp(driver, r->provider->pci_module))
		return nvs_fail(err,
				"%s is driven by '%s', not by '%s', whose steps the provider '%s' "
				"records",
				d->text, driver, r->provider->pci_module, r->provider->name);
	return 0;
}

unsigned int record_ctrls_end(const char *prefix)
{
	unsigned int ctrl, end = 0;
	struct dirent *entry;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/%s", prefix);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)) &&
		    sscanf(entry->d_name + strlen(prefix), "%u", &ctrl) == 1 && ctrl >= end)
			end = ctrl + 1;
	if (dir)
		closedir(dir);
	return end;
}
