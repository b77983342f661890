// SPDX-License-Identifier: GPL-2.0
/* Which NVMe devices there are, with their drivers, queues and vectors, out of sysfs and procfs. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "inspect.h"
#include "record.h"

#define NVME_CLASS 0x010802 /* mass storage, non-volatile memory, NVM Express I/O controller */

struct reader {
	struct inspect_devices *d;
	const char *root;
	bool failed; /* out of memory */
};

static void __attribute__((format(printf, 4, 5)))
path_of(const struct reader *r, char *path, size_t size, const char *fmt, ...)
{
	int n = snprintf(path, size, "%s", r->root);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, size - n, fmt, ap);
	va_end(ap);
}

/* First line of a file without blanks at its ends; errno tells why there is none. */
static bool read_word(const char *path, char *word, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n, skip;

	*word = 0;
	if (!f)
		return false;
	if (!fgets(word, size, f))
		*word = 0;
	fclose(f);
	for (n = strlen(word); n && isspace((unsigned char)word[n - 1]); n--)
		word[n - 1] = 0;
	skip = strspn(word, " ");
	memmove(word, word + skip, n - skip + 1);
	return true;
}

static bool __attribute__((format(printf, 4, 5)))
read_at(const struct reader *r, char *word, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s", r->root);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, ap);
	va_end(ap);
	return read_word(path, word, size);
}

static bool read_attribute(const struct reader *r, const struct inspect_device *dev, char *word,
			   size_t size, const char *attribute)
{
	return read_at(r, word, size, "/sys/bus/pci/devices/%s/%s/%s/%s", dev->address, dev->class,
		       dev->name, attribute);
}

static unsigned int number(const char *word)
{
	return strtoul(word, NULL, 0);
}

/* Calls @fn for each entry of a directory, in the order of their names. */
static void for_each_entry(struct reader *r, const char *path,
			   void (*fn)(struct reader *r, const char *name))
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, versionsort);

	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.')
			fn(r, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/*
 * /proc/interrupts: "  36:   0   9  PCI-MSI 524289-edge  nvme0q1".  The number before
 * "-edge" is the entry in the MSI-X table, with the device in its upper bits before Linux 6.2.
 */
static void read_irq(const struct reader *r, struct inspect_queue *q, const char *ctrl)
{
	char path[PATH_MAX], *line = NULL, name[WORD + 16];
	size_t room = 0;
	FILE *f;

	path_of(r, path, sizeof(path), "/proc/interrupts");
	f = fopen(path, "r");
	if (!f) {
		r->d->irqs_hidden = true;
		return;
	}
	snprintf(name, sizeof(name), "%sq%u", ctrl, q->qid);
	while (getline(&line, &room, f) >= 0) {
		char *edge = strstr(line, "-edge"), *word, *rest;
		bool found = false;
		int irq = atoi(line);

		for (word = strtok_r(edge ? edge : line, " ,\n", &rest); word && !found;
		     word = strtok_r(NULL, " ,\n", &rest))
			found = !strcmp(word, name);
		if (!found)
			continue;
		q->irq = irq;
		for (word = edge; word && word > line && isdigit((unsigned char)word[-1]);)
			word--;
		if (edge)
			q->vector = strtoul(word, NULL, 10) & 2047;
		break;
	}
	free(line);
	fclose(f);
	if (q->irq >= 0 && !read_at(r, q->irq_cpus, sizeof(q->irq_cpus),
				    "/proc/irq/%d/effective_affinity_list", q->irq))
		read_at(r, q->irq_cpus, sizeof(q->irq_cpus), "/proc/irq/%d/smp_affinity_list",
			q->irq);
}

/* The disk of a controller whose queues blk-mq shows: nvme0n1, or nvme0c0n1 under multipath. */
static bool disk_of(const struct reader *r, const struct inspect_device *dev, char *disk,
		    size_t size)
{
	char path[PATH_MAX];
	struct dirent **list;
	size_t len = strlen(dev->name);
	int n;
	bool found = false;

	path_of(r, path, sizeof(path), "/sys/bus/pci/devices/%s/%s/%s", dev->address, dev->class,
		dev->name);
	n = scandir(path, &list, NULL, versionsort);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (!found && !strncmp(name, dev->name, len) && strchr("nc", name[len])) {
			snprintf(disk, size, "%.*s", WORD - 1, name);
			path_of(r, path, sizeof(path), "/sys/block/%s/mq", disk);
			found = !access(path, F_OK);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}

/* What blk-mq calls the queue; else what can be told without: who has no vector is polled. */
static void read_kind(const struct reader *r, struct inspect_queue *q, const char *disk,
		      const char *driver)
{
	char reads[WORD];

	if (disk && read_at(r, q->kind, sizeof(q->kind), "/sys/kernel/debug/block/%s/hctx%u/type",
			    disk, q->qid - 1))
		return;
	r->d->kinds_hidden = true;
	if (q->irq < 0)
		snprintf(q->kind, sizeof(q->kind), r->d->irqs_hidden ? "not seen" : "poll");
	else if (read_at(r, reads, sizeof(reads), "/sys/module/%s/parameters/write_queues",
			 driver) &&
		 !number(reads))
		snprintf(q->kind, sizeof(q->kind), "default");
	else
		snprintf(q->kind, sizeof(q->kind), "default or read");
}

static void read_queue(const struct reader *r, const struct inspect_device *dev,
		       struct inspect_queue *q, const char *disk)
{
	char word[WORD];

	q->irq = q->vector = -1;
	read_irq(r, q, dev->name);
	if (!q->qid) {
		snprintf(q->kind, sizeof(q->kind), "admin");
		return;
	}
	if (read_attribute(r, dev, word, sizeof(word), "sqsize"))
		q->depth = number(word) + 1;
	read_kind(r, q, disk, dev->driver);
	if (disk)
		read_at(r, q->cpus, sizeof(q->cpus), "/sys/block/%s/mq/%u/cpu_list", disk,
			q->qid - 1);
}

static void read_queues(struct reader *r, struct inspect_device *dev)
{
	char disk[WORD], word[WORD];
	bool has_disk = disk_of(r, dev, disk, sizeof(disk));

	if (!read_attribute(r, dev, word, sizeof(word), "queue_count"))
		return;
	dev->queues = calloc(number(word) + 1, sizeof(*dev->queues));
	if (!dev->queues) {
		r->failed = true;
		return;
	}
	dev->nr_queues = number(word);
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		dev->queues[i].qid = i;
		read_queue(r, dev, &dev->queues[i], has_disk ? disk : NULL);
	}
}

static void read_driver(const struct reader *r, struct inspect_device *dev)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	path_of(r, path, sizeof(path), "/sys/bus/pci/devices/%s/driver", dev->address);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = 0;
	slash = strrchr(target, '/');
	snprintf(dev->driver, sizeof(dev->driver), "%.*s", WORD - 1, slash ? slash + 1 : target);
}

/* .../0000:01:00.0/nvme/nvme0, or nvs/nvs0 where both drivers are loaded */
static void read_name(const struct reader *r, struct inspect_device *dev)
{
	for (const char *const *p = record_node_prefixes; *p && !*dev->name; p++) {
		char path[PATH_MAX];
		struct dirent *entry;
		DIR *dir;

		dev->class = *p;
		path_of(r, path, sizeof(path), "/sys/bus/pci/devices/%s/%s", dev->address, *p);
		dir = opendir(path);
		while (dir && (entry = readdir(dir)))
			if (!strncmp(entry->d_name, *p, strlen(*p)))
				snprintf(dev->name, sizeof(dev->name), "%.*s", WORD - 1,
					 entry->d_name);
		if (dir)
			closedir(dir);
	}
}

static void read_device(struct reader *r, const char *address)
{
	struct inspect_device *dev, *more;
	char class[WORD], vendor[16], device[16];

	if (!read_at(r, class, sizeof(class), "/sys/bus/pci/devices/%s/class", address) ||
	    number(class) != NVME_CLASS)
		return;
	more = realloc(r->d->device, (r->d->nr + 1) * sizeof(*more));
	if (!more) {
		r->failed = true;
		return;
	}
	r->d->device = more;
	dev = &more[r->d->nr++];
	*dev = (struct inspect_device){ 0 };
	snprintf(dev->address, sizeof(dev->address), "%.*s", WORD - 1, address);
	read_at(r, vendor, sizeof(vendor), "/sys/bus/pci/devices/%s/vendor", address);
	read_at(r, device, sizeof(device), "/sys/bus/pci/devices/%s/device", address);
	snprintf(dev->ids, sizeof(dev->ids), "%04x:%04x", number(vendor), number(device));
	read_driver(r, dev);
	read_name(r, dev);
	if (!*dev->name)
		return;
	read_attribute(r, dev, dev->model, sizeof(dev->model), "model");
	read_attribute(r, dev, dev->serial, sizeof(dev->serial), "serial");
	read_attribute(r, dev, dev->firmware, sizeof(dev->firmware), "firmware_rev");
	read_attribute(r, dev, dev->state, sizeof(dev->state), "state");
	read_queues(r, dev);
}

bool inspect_devices_read(struct inspect_devices *d, const char *root)
{
	struct reader r = { .d = d, .root = root };
	char path[PATH_MAX];

	*d = (struct inspect_devices){ 0 };
	path_of(&r, path, sizeof(path), "/sys/bus/pci/devices");
	for_each_entry(&r, path, read_device);
	return !r.failed;
}

void inspect_devices_free(struct inspect_devices *d)
{
	for (unsigned int i = 0; i < d->nr; i++)
		free(d->device[i].queues);
	free(d->device);
	*d = (struct inspect_devices){ 0 };
}
