// SPDX-License-Identifier: GPL-2.0
/* What the user calls a device, and which controller that is. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "record.h"

/* "nvme0", "nvme0n1", "nvme0n1p2" and "ng0n1" are all controller 0. */
static bool parse_node(const char *text, uint16_t *ctrl)
{
	unsigned int n, ns, part;
	int end = 0;

	if (sscanf(text, "ng%5un%u%n", &n, &ns, &end) == 2 && !text[end]) {
		*ctrl = n;
		return n < NVS_NO_CTRL;
	}
	if (sscanf(text, "nvme%5u%n", &n, &end) != 1 || n >= NVS_NO_CTRL)
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

/* The number of the controller at a PCI address, if it has one by now. */
static uint16_t ctrl_at(uint32_t addr)
{
	uint16_t ctrl = NVS_NO_CTRL;
	char path[64];
	struct dirent *entry;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%04x:%02x:%02x.%x/nvme", addr >> 16,
		 addr >> 8 & 0xff, addr >> 3 & 31, addr & 7);
	d = opendir(path);
	while (d && ctrl == NVS_NO_CTRL && (entry = readdir(d)))
		if (!parse_node(entry->d_name, &ctrl))
			ctrl = NVS_NO_CTRL;
	if (d)
		closedir(d);
	return ctrl;
}

bool record_device_parse(struct record_device *d, const char *text)
{
	const char *name = strncmp(text, "/dev/", 5) ? text : text + 5;

	*d = (struct record_device){ .text = text, .ctrl = NVS_NO_CTRL };
	if (parse_node(name, &d->ctrl))
		return true;
	if (!parse_pci(text, &d->pci_addr))
		return false;
	d->ctrl = ctrl_at(d->pci_addr);
	return true;
}

bool record_driver_of(unsigned int ctrl, char *driver, size_t size)
{
	char path[64], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/nvme/nvme%u/device/driver", ctrl);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	slash = strrchr(target, '/');
	snprintf(driver, size, "%s", slash ? slash + 1 : target);
	return true;
}

int record_device_check(const struct record_device *d, struct nvs_error *err)
{
	char driver[64];

	if (!d->text)
		return 0;
	if (d->ctrl == NVS_NO_CTRL || !record_driver_of(d->ctrl, driver, sizeof(driver)))
		return nvs_fail(err,
				"no NVMe controller is called %s; 'ls -l /sys/class/nvme' shows "
				"those that there are",
				d->text);
	if (strcmp(driver, PCI_MODULE))
		return nvs_fail(err,
				"%s is driven by '%s', whose steps cannot be recorded yet; bind "
				"it to %s first",
				d->text, driver, PCI_MODULE);
	return 0;
}
