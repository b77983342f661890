// SPDX-License-Identifier: GPL-2.0
/* What a recording says about itself: kernel, driver, device, command, losses. */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "event_info.h"
#include "record.h"

/* Env is worth having, but no recording fails for want of it. */
static void set(struct recorder *r, const char *key, const char *value)
{
	if (value && ctf_trace_env(r->trace, key, value))
		complain("the recording goes without its '%s'", key);
}

static void __attribute__((format(printf, 3, 4)))
setf(struct recorder *r, const char *key, const char *fmt, ...)
{
	char *value;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&value, fmt, ap) < 0)
		value = NULL;
	va_end(ap);
	set(r, key, value);
	free(value);
}

/* First line of a small file, without blanks at its end; false when there is none. */
static bool read_line(char *line, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	FILE *f;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(line, size, f))
		*line = 0;
	fclose(f);
	for (n = strlen(line); n && isspace((unsigned char)line[n - 1]); n--)
		line[n - 1] = 0;
	return *line;
}

bool record_module_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

/* As one would type it: words with blanks or quotes in them are quoted. */
static char *command_line(char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (char **arg = argv; *arg; arg++) {
		bool plain = **arg && !strpbrk(*arg, " \t\n'\"\\$`;&|<>()*?[]#~!{}");

		if (arg != argv)
			fputc(' ', f);
		if (plain) {
			fputs(*arg, f);
			continue;
		}
		fputc('\'', f);
		for (const char *c = *arg; *c; c++)
			fprintf(f, *c == '\'' ? "'\\''" : "%c", *c);
		fputc('\'', f);
	}
	return fclose(f) ? NULL : text;
}

bool record_module_live(const char *module)
{
	char state[16];

	/* What is built in has no such file. */
	if (read_line(state, sizeof(state), "/sys/module/%s/initstate", module))
		return !strcmp(state, "live");
	return record_module_loaded(module);
}

void record_env_set(struct recorder *r, const char *key, const char *value)
{
	set(r, key, value);
}

void record_env_now(struct recorder *r, const char *key)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	setf(r, key, "%lld", now.tv_sec * 1000000000ll + now.tv_nsec);
}

void record_env_start(struct recorder *r, char **command)
{
	struct utsname name;
	char *line = command ? command_line(command) : NULL;

	set(r, "tracer_version", NVMESCOPE_VERSION);
	if (!uname(&name)) {
		set(r, "kernel", name.release);
		set(r, "kernel_build", name.version);
		set(r, "machine", name.machine);
	}
	record_env_machine(r);
	set(r, "provider", r->provider->name);
	set(r, "level", r->level.level ? record_levels[r->level.level] : record_levels[0]);
	set(r, "driver", r->provider->pci_module);
	if (r->tracepoints_only)
		setf(r, "tracepoints_only", "not seen: %s", record_tracepoints_unseen);
	set(r, "filter", r->filter);
	set(r, "command", line);
	setf(r, "cpus", "%u", r->nr_rings);
	setf(r, "ring_size", "%" PRIu64, r->ring_size);
	record_env_now(r, "started_ns");
	record_env_cgroups(r);
	free(line);
}

static bool is_recorded(const struct recorder *r, const char *prefix, unsigned int ctrl)
{
	char driver[64];

	return record_driver_of(prefix, ctrl, driver, sizeof(driver)) &&
	       !strcmp(driver, r->provider->pci_module);
}

static void env_of_controller(struct recorder *r, const char *prefix, unsigned int ctrl)
{
	static const struct {
		const char *key, *attribute;
	} rows[] = {
		{ "device_model", "model" },	       { "device_serial", "serial" },
		{ "device_firmware", "firmware_rev" }, { "device_address", "address" },
		{ "device_queues", "queue_count" },
	};
	char line[256];

	snprintf(line, sizeof(line), "%s%u", prefix, ctrl);
	set(r, "device", line);
	record_env_config(r, line);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (read_line(line, sizeof(line), "/sys/class/%s/%s%u/%s", prefix, prefix, ctrl,
			      rows[i].attribute))
			set(r, rows[i].key, line);
}

/* Of several controllers, the one with the lowest number is described, and all are named. */
static void env_of_controllers(struct recorder *r, const char *prefix)
{
	unsigned int ctrl, first = UINT_MAX, n = 0;
	struct dirent *entry;
	char path[32];
	size_t len = strlen(prefix);
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/%s", prefix);
	d = opendir(path);
	while (d && (entry = readdir(d))) {
		if (strncmp(entry->d_name, prefix, len) ||
		    sscanf(entry->d_name + len, "%u", &ctrl) != 1 || !is_recorded(r, prefix, ctrl))
			continue;
		n++;
		if (ctrl < first && (!r->device.text || r->device.ctrl == ctrl))
			first = ctrl;
	}
	if (d)
		closedir(d);
	if (first != UINT_MAX)
		env_of_controller(r, prefix, first);
	if (n)
		setf(r, "devices", "%u", n);
}

void record_env_device(struct recorder *r)
{
	char line[256];

	if (read_line(line, sizeof(line), "/sys/module/%s/version", r->provider->core_module))
		set(r, "driver_version", line);
	if (read_line(line, sizeof(line), "/sys/module/%s/srcversion", r->provider->core_module))
		set(r, "driver_srcversion", line);
	record_device_find(&r->device);
	for (const char *const *prefix = record_node_prefixes; *prefix; prefix++)
		env_of_controllers(r, *prefix);
	r->device_news = false;
}

static const char *cause_name(unsigned int cause)
{
#define CAUSE_NAME(name) #name,
	static const char *const names[] = { LOST_CAUSES(CAUSE_NAME) };
#undef CAUSE_NAME
	return names[cause];
}

/* "cqe 12, sqe 3" under @what and the CPU, for those of @n counts that are not 0. */
static void env_of_cpu(struct recorder *r, const char *what, unsigned int cpu, const __u64 *counts,
		       unsigned int n, const char *(*name)(unsigned int i))
{
	char key[32], *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	for (unsigned int i = 0; i < n; i++)
		if (counts[i])
			fprintf(f, "%s%s %llu", ftell(f) ? ", " : "", name(i),
				(unsigned long long)counts[i]);
	snprintf(key, sizeof(key), "%s_cpu%u", what, cpu);
	if (!fclose(f) && *text)
		set(r, key, text);
	free(text);
}

static void env_counts(struct recorder *r)
{
	struct record_counts c;
	char missed[512];

	record_count(r, &c);
	setf(r, "events", "%" PRIu64, c.events);
	setf(r, "lost_ring_full", "%" PRIu64, c.ring_full);
	setf(r, "lost_no_ring", "%" PRIu64, c.no_ring);
	setf(r, "lost_recursion", "%" PRIu64, c.missed);
	setf(r, "lost_unwritten", "%" PRIu64, c.unwritten);
	setf(r, "lost_rejected", "%" PRIu64, c.rejected);
	/* What the streams' own counts do not hold; recording_lost_total() adds it. */
	setf(r, "lost_without_cpu", "%" PRIu64, c.lost - c.in_streams);
	setf(r, "clamped", "%" PRIu64, c.clamped);
	if (record_missed(r, missed, sizeof(missed)))
		set(r, "lost_recursion_events", missed);
	setf(r, "unmatched", "%" PRIu64, c.missing + c.partial);
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
		env_of_cpu(r, "lost", cpu, r->lost[cpu].by_event, NVS_EVENT_ID_MAX + 1,
			   nvs_event_name);
		env_of_cpu(r, "unmatched", cpu, r->lost[cpu].by_cause, NR_LOST_CAUSES, cause_name);
	}
}

void record_env_end(struct recorder *r, const char *ended_by)
{
	char *attached = record_attach_points(r, false), *missing = record_attach_points(r, true);

	set(r, "attach_points", attached);
	set(r, "attach_points_missing", missing);
	set(r, "ended_by", ended_by);
	setf(r, "cpus", "%u", r->nr_rings);
	record_env_cgroups(r);
	env_counts(r);
	free(attached);
	free(missing);
}
