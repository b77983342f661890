// SPDX-License-Identifier: GPL-2.0
/* Who did the I/O: by process and by cgroup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "printable.h"
#include "report.h"

#define MAX_TASK_ROWS 20
#define WHO_WIDTH     24

static void print_head(const char *who)
{
	printf("\n%-*s %8s %8s %9s %6s %5s %7s %7s %7s %7s\n", WHO_WIDTH, who, "cgroup", "commands",
	       "data", "writes", "seq", "p50", "p99", "p99.9", "max");
}

static void print_row(const char *who, const char *cgroup, const struct task_stats *t)
{
	struct figures f = figures_of(&t->total);

	printf("%-*s %8s %8s %9s %6s %5s %7s %7s %7s %7s\n", WHO_WIDTH, who, cgroup,
	       report_count(f.count).s, format_bytes(t->bytes).s,
	       report_percent(t->ops[STATS_WRITE], f.count).s,
	       report_percent(t->sequential, t->accesses).s, report_ns(f.quantile[0]).s,
	       report_ns(f.quantile[2]).s, report_ns(f.quantile[3]).s, report_ns(f.max).s);
}

/* "fio (1234)", or "task 1234" where only that was recorded. */
static struct text task_name(const struct task_stats *t)
{
	struct text text;
	char comm[17] = "";

	memcpy(comm, t->key.comm, sizeof(t->key.comm));
	make_printable(comm);
	if (t->key.tgid)
		snprintf(text.s, sizeof(text.s), "%s (%u)", comm, t->key.tgid);
	else
		snprintf(text.s, sizeof(text.s), "task %u", t->key.pid);
	return text;
}

static struct text cgroup_name(uint64_t cgroup)
{
	struct text t = { "-" };

	if (cgroup)
		snprintf(t.s, sizeof(t.s), "%" PRIu64, cgroup);
	return t;
}

const char *report_cgroup_path(const struct analysis *a, uint64_t cgroup)
{
	char key[32];

	snprintf(key, sizeof(key), "cgroup_%" PRIu64, cgroup);
	return cgroup ? recording_env(a->recording, key) : NULL;
}

/* Its end, if it is longer than its column. */
static const char *short_path(const struct analysis *a, uint64_t cgroup)
{
	const char *path = report_cgroup_path(a, cgroup) ?: "";
	size_t len = strlen(path);

	return len > WHO_WIDTH ? path + len - WHO_WIDTH : path;
}

void report_processes(const struct analysis *a)
{
	const struct stats *s = a->stats;

	if (!s->nr_tasks)
		return;
	print_head(s->tasks[0].key.tgid ? "process" : "task that submitted");
	for (unsigned int i = 0; i < s->nr_tasks && i < MAX_TASK_ROWS; i++)
		print_row(task_name(&s->tasks[i]).s, cgroup_name(s->tasks[i].key.cgroup).s,
			  &s->tasks[i]);
	if (s->nr_tasks > MAX_TASK_ROWS)
		printf("  ... and %u more: --json has them\n", s->nr_tasks - MAX_TASK_ROWS);
	if (s->other_tasks)
		print_row("all others", "-", s->other_tasks);
}

static int by_cgroup(const void *a, const void *b)
{
	const struct task_stats *t = a, *u = b;

	return (t->key.cgroup > u->key.cgroup) - (t->key.cgroup < u->key.cgroup);
}

static int by_count(const void *a, const void *b)
{
	const struct task_stats *t = a, *u = b;

	if (t->total.count != u->total.count)
		return t->total.count < u->total.count ? 1 : -1;
	return by_cgroup(a, b);
}

struct task_stats *report_by_cgroup(const struct analysis *a, unsigned int *nr)
{
	const struct stats *s = a->stats;
	struct task_stats *all = NULL;
	unsigned int last = 0;

	*nr = 0;
	if (s->nr_tasks && s->tasks[0].key.tgid)
		all = calloc(s->nr_tasks, sizeof(*all));
	if (!all)
		return NULL;
	memcpy(all, s->tasks, s->nr_tasks * sizeof(*all));
	qsort(all, s->nr_tasks, sizeof(*all), by_cgroup);
	for (unsigned int i = 1; i < s->nr_tasks; i++) {
		if (all[i].key.cgroup == all[last].key.cgroup)
			task_merge(&all[last], &all[i]);
		else
			all[++last] = all[i];
	}
	*nr = last + 1;
	qsort(all, *nr, sizeof(*all), by_count);
	return all;
}

void report_cgroups(const struct analysis *a)
{
	unsigned int nr;
	struct task_stats *all = report_by_cgroup(a, &nr);

	if (nr > 1 || (nr && all[0].key.cgroup > 1)) {
		print_head("path");
		for (unsigned int i = 0; i < nr && i < MAX_TASK_ROWS; i++)
			print_row(short_path(a, all[i].key.cgroup),
				  cgroup_name(all[i].key.cgroup).s, &all[i]);
		if (nr > MAX_TASK_ROWS)
			printf("  ... and %u more: --json has them\n", nr - MAX_TASK_ROWS);
		printf("  cgroup: its id, which is the inode number of its directory in cgroup v2\n");
	}
	free(all);
}
