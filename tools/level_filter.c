// SPDX-License-Identifier: GPL-2.0
/* Filters: from options to the constants of the programs. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "event_info.h"
#include "level_filter.h"
#include "recording.h"

/* A number below @end, decimal or 0x...; *@rest: what follows it. */
static bool parse_number(const char *text, unsigned long end, unsigned long *value, char **rest)
{
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, rest, 0);
	return !errno && *value < end;
}

/* "1,3-5" into bits. */
static bool parse_set(const char *text, unsigned long end, __u64 *bits)
{
	unsigned long first, last;
	char *rest;

	for (;; text = rest + 1) {
		if (!parse_number(text, end, &first, &rest))
			return false;
		last = first;
		if (*rest == '-' && !parse_number(rest + 1, end, &last, &rest))
			return false;
		for (; first <= last; first++)
			bits[first / 64] |= 1ull << (first & 63);
		if (!*rest)
			return true;
		if (*rest != ',')
			return false;
	}
}

static bool parse_op(const char *name, size_t len, __u64 *ops)
{
	for (const struct symbol *s = symbol_set(NVS_SET_RQOP); s->name; s++) {
		if (strlen(s->name) == len && !strncmp(s->name, name, len)) {
			*ops |= 1ull << s->value;
			return true;
		}
	}
	return false;
}

static int parse_ops(const char *text, __u64 *ops, struct nvs_error *err)
{
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");

		if (!parse_op(at, len, ops))
			return nvs_fail(err,
					"--op: '%.*s' is no operation; they are read, write, "
					"flush, discard, write_zeroes, zone_append, drv_in, "
					"drv_out and the like",
					(int)len, at);
		at += len;
		if (!*at)
			return 0;
	}
}

/* "10ms", "0.5s": a number and its unit. */
static bool parse_time(const char *text, __u64 *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	double value;
	char *unit;

	if (*text < '0' || *text > '9')
		return false;
	value = strtod(text, &unit);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) || value * units[i].ns < 1 ||
		    value * units[i].ns >= 1e18)
			continue;
		*ns = value * units[i].ns;
		return true;
	}
	return false;
}

/* A cgroup's identifier is the number of its directory's inode. */
static int parse_cgroup(const char *text, __u64 *id, struct nvs_error *err)
{
	struct stat st;
	char *rest;

	errno = 0;
	*id = strtoull(text, &rest, 10);
	if (!errno && !*rest && *text >= '1' && *text <= '9')
		return 0;
	if (stat(text, &st))
		return nvs_fail(err,
				"--cgroup: %s: %s; name a directory below /sys/fs/cgroup, or give "
				"its number",
				text, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return nvs_fail(err, "--cgroup: %s is no directory; name one below /sys/fs/cgroup",
				text);
	*id = st.st_ino;
	return 0;
}

static int parse_status(const char *text, struct level_config *c, struct nvs_error *err)
{
	unsigned long value;
	char *rest;

	if (!strcmp(text, "error")) {
		c->by_status = FILTER_STATUS_ERROR;
		return 0;
	}
	if (!parse_number(text, 0x10000, &value, &rest) || *rest)
		return nvs_fail(err, "--status: '%s' is neither 'error' nor a status like 0x4281",
				text);
	c->by_status = FILTER_STATUS_VALUE;
	c->status = value;
	return 0;
}

static int parse_sizes(const struct filter_options *f, struct level_config *c,
		       struct nvs_error *err)
{
	if (f->min_size > UINT32_MAX || f->max_size > UINT32_MAX)
		return nvs_fail(err, "--min-bytes and --max-bytes: no request has 4G or more");
	if (f->max_size && f->min_size > f->max_size)
		return nvs_fail(err, "--min-bytes is above --max-bytes: nothing would be left");
	c->min_size = f->min_size;
	c->max_size = f->max_size;
	return 0;
}

static int parse_task(const struct filter_options *f, struct level_config *c, struct nvs_error *err)
{
	size_t len = f->comm ? strlen(f->comm) : 0;

	if (f->pid > INT_MAX)
		return nvs_fail(err, "--pid: %" PRIu64 " is no process", f->pid);
	c->pid = f->pid;
	/* The kernel keeps 15 bytes of a task's name. */
	if (f->comm && (!len || len > 15))
		return nvs_fail(err, "--comm: a task's name has 1 to 15 characters, '%s' has %zu",
				f->comm, len);
	if (f->comm)
		memcpy(c->comm, f->comm, len);
	return f->cgroup ? parse_cgroup(f->cgroup, &c->cgroup, err) : 0;
}

int filter_parse(const struct filter_options *f, struct level_config *c, struct nvs_error *err)
{
	if (f->queue && !parse_set(f->queue, FILTER_QUEUES, c->queues))
		return nvs_fail(err, "--queue: '%s' is no list of queues below %d, like 1,3-5",
				f->queue, FILTER_QUEUES);
	if (f->opcode && !parse_set(f->opcode, 256, c->opcodes))
		return nvs_fail(err, "--opcode: '%s' is no list of opcodes, like 0x01,0x02",
				f->opcode);
	if (f->latency_above && !parse_time(f->latency_above, &c->latency_above))
		return nvs_fail(err, "--latency-above: '%s' is no time like 10ms, 50us or 0.5s",
				f->latency_above);
	if (f->sample > 4096)
		return nvs_fail(err, "--sample: no queue has more than 4096 tags to choose from");
	c->by_queue = !!f->queue;
	c->by_opcode = !!f->opcode;
	c->sample = f->sample;
	if ((f->op && parse_ops(f->op, &c->ops, err)) || parse_sizes(f, c, err) ||
	    (f->status && parse_status(f->status, c, err)))
		return -1;
	return parse_task(f, c, err);
}

/* One row for each option: what is written of it, and where it can be told. */
struct filter_row {
	const char *name;
	const char *text;
	uint64_t number;
	bool needs_steps; /* not to be told of at the end of a request alone */
	bool events;	  /* level events has it, too */
};

#define NR_ROWS 11

static void list_rows(const struct filter_options *f, struct filter_row *rows)
{
	const struct filter_row all[NR_ROWS] = {
		{ "queue", f->queue, 0, false, true },
		{ "op", f->op, 0, false, false },
		{ "opcode", f->opcode, 0, true, false },
		{ "min-bytes", NULL, f->min_size, false, false },
		{ "max-bytes", NULL, f->max_size, false, false },
		{ "latency-above", f->latency_above, 0, false, false },
		{ "status", f->status, 0, false, false },
		{ "pid", NULL, f->pid, true, false },
		{ "comm", f->comm, 0, true, false },
		{ "cgroup", f->cgroup, 0, true, false },
		{ "sample", NULL, f->sample, false, false },
	};

	memcpy(rows, all, sizeof(all));
}

const char *filter_beyond_events(const struct filter_options *f)
{
	struct filter_row rows[NR_ROWS];

	list_rows(f, rows);
	for (int i = 0; i < NR_ROWS; i++)
		if ((rows[i].text || rows[i].number) && !rows[i].events)
			return rows[i].name;
	return NULL;
}

const char *filter_beyond_one_probe(const struct filter_options *f)
{
	struct filter_row rows[NR_ROWS];

	list_rows(f, rows);
	for (int i = 0; i < NR_ROWS; i++)
		if ((rows[i].text || rows[i].number) && rows[i].needs_steps)
			return rows[i].name;
	return NULL;
}

char *filter_text(const struct filter_options *f, const char *device)
{
	struct filter_row rows[NR_ROWS];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	list_rows(f, rows);
	fputs(device ? device : "", out);
	for (int i = 0; i < NR_ROWS; i++) {
		if (rows[i].text)
			fprintf(out, "%s%s=%s", ftell(out) ? " " : "", rows[i].name, rows[i].text);
		else if (rows[i].number)
			fprintf(out, "%s%s=%" PRIu64, ftell(out) ? " " : "", rows[i].name,
				rows[i].number);
	}
	if (!fclose(out) && *text)
		return text;
	free(text);
	return NULL;
}
