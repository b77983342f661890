// SPDX-License-Identifier: GPL-2.0
/* Who submitted, and whether accesses follow one another on the medium. */
#include <stdlib.h>
#include <string.h>
#include "stats_internal.h"

#define TABLE_PLACES (2 * MAX_TASKS) /* a power of two */

static uint64_t mix(uint64_t v)
{
	v *= 0x9e3779b97f4a7c15ull;
	return v ^ v >> 32;
}

/* A sector of one namespace, as seen by reads or by writes; never 0. */
static uint64_t place_key(const struct model_queue *q, const struct model_cmd *c, unsigned int op,
			  uint64_t sector)
{
	return mix(sector + 1) ^ (uint64_t)c->nsid << 24 ^ (uint64_t)q->ctrl << 1 ^ op;
}

/*
 * Commands end in another order than they were submitted, so of two neighbours either
 * may come first.  Each command is compared with many before it: streams may be many.
 */
static bool in_sequence(struct sequence *s, const struct model_queue *q, const struct model_cmd *c,
			unsigned int op)
{
	uint64_t begin = place_key(q, c, op, c->sector);
	uint64_t end = place_key(q, c, op, c->sector + c->bytes / 512);
	unsigned int b = (unsigned int)(begin % SEQUENCE_PLACES);
	unsigned int e = (unsigned int)(end % SEQUENCE_PLACES);
	bool follows = s->end[b] == begin, leads = s->begin[e] == end;

	s->begin[b] = begin;
	s->end[e] = end;
	return follows || leads;
}

void stats_break(struct stats *s)
{
	memset(s->sequence, 0, sizeof(*s->sequence));
}

static bool same_task(const struct task_stats *t, const struct model_cmd *c)
{
	return t->tgid == c->tgid && t->cgroup == c->cgroup && (c->tgid || t->pid == c->pid) &&
	       !memcmp(t->comm, c->comm, sizeof(t->comm));
}

static unsigned int task_place(const struct model_cmd *c)
{
	uint64_t comm[2];

	memcpy(comm, c->comm, sizeof(comm));
	return (unsigned int)(mix(mix((c->tgid ?: c->pid) ^ c->cgroup << 32) + comm[0] + comm[1]) %
			      TABLE_PLACES);
}

static struct task_stats *others(struct stats *s)
{
	if (!s->other_tasks)
		s->other_tasks = calloc(1, sizeof(*s->other_tasks));
	s->out_of_memory |= !s->other_tasks;
	return s->other_tasks;
}

static struct task_stats *task_new(struct stats *s, unsigned int at, const struct model_cmd *c)
{
	struct task_stats *t;

	if (s->nr_tasks == MAX_TASKS)
		return others(s);
	t = calloc(1, sizeof(*t));
	if (!t) {
		s->out_of_memory = true;
		return NULL;
	}
	t->tgid = c->tgid;
	t->pid = c->pid;
	t->cgroup = c->cgroup;
	memcpy(t->comm, c->comm, sizeof(t->comm));
	s->task_table[at] = t;
	s->nr_tasks++;
	return t;
}

static struct task_stats *task_find(struct stats *s, const struct model_cmd *c)
{
	unsigned int at = task_place(c);

	if (!s->task_table) {
		s->task_table = calloc(TABLE_PLACES, sizeof(struct task_stats *));
		if (!s->task_table) {
			s->out_of_memory = true;
			return NULL;
		}
	}
	/* Half of the places stay empty, so this ends. */
	for (; s->task_table[at]; at = (at + 1) % TABLE_PLACES)
		if (same_task(s->task_table[at], c))
			return s->task_table[at];
	return task_new(s, at, c);
}

void task_add(struct stats *s, const struct model_queue *q, const struct model_cmd *c,
	      unsigned int op, const uint64_t ns[NR_STAGES])
{
	struct queue_stats *of = &s->of_queue[q->index];
	struct task_stats *t = s->last_task;
	bool access = op <= STATS_WRITE && c->bytes, sequential = false;

	if (access) {
		sequential = in_sequence(s->sequence, q, c, op);
		s->accesses[op]++;
		s->sequential[op] += sequential;
		of->accesses++;
		of->sequential += sequential;
	}
	if (!t || !same_task(t, c))
		t = task_find(s, c);
	if (!t)
		return;
	if (t != s->other_tasks)
		s->last_task = t;
	t->bytes += c->bytes;
	t->failed += c->status != 0;
	t->ops[op]++;
	t->accesses += access;
	t->sequential += sequential;
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		t->time[i] += ns[i];
	histogram_add(&t->total, ns[STAGE_TOTAL]);
}

void task_merge(struct task_stats *into, const struct task_stats *from)
{
	into->bytes += from->bytes;
	into->failed += from->failed;
	into->accesses += from->accesses;
	into->sequential += from->sequential;
	for (unsigned int i = 0; i < NR_STATS_OPS; i++)
		into->ops[i] += from->ops[i];
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		into->time[i] += from->time[i];
	histogram_merge(&into->total, &from->total);
}

void tasks_merge(struct stats *s, const struct stats *from)
{
	for (unsigned int i = 0; from->task_table && i < TABLE_PLACES; i++) {
		const struct task_stats *t = from->task_table[i];
		struct task_stats *into;
		struct model_cmd who;

		if (!t)
			continue;
		who = (struct model_cmd){ .tgid = t->tgid, .pid = t->pid, .cgroup = t->cgroup };
		memcpy(who.comm, t->comm, sizeof(who.comm));
		into = task_find(s, &who);
		if (into)
			task_merge(into, t);
	}
	if (from->other_tasks && others(s))
		task_merge(s->other_tasks, from->other_tasks);
}

/* The most commands first; what is equal, by identifier. */
static int by_commands(const void *a, const void *b)
{
	const struct task_stats *t = a, *u = b;
	uint32_t i = t->tgid ?: t->pid, k = u->tgid ?: u->pid;

	if (t->total.count != u->total.count)
		return t->total.count < u->total.count ? 1 : -1;
	if (i != k)
		return i < k ? -1 : 1;
	return memcmp(t->comm, u->comm, sizeof(t->comm));
}

void tasks_finish(struct stats *s)
{
	unsigned int nr = 0;

	if (!s->nr_tasks)
		return;
	s->tasks = calloc(s->nr_tasks, sizeof(*s->tasks));
	if (!s->tasks) {
		s->out_of_memory = true;
		return;
	}
	for (unsigned int i = 0; i < TABLE_PLACES; i++) {
		if (s->task_table[i])
			s->tasks[nr++] = *s->task_table[i];
		free(s->task_table[i]);
	}
	free(s->task_table);
	s->task_table = NULL;
	s->last_task = NULL;
	qsort(s->tasks, nr, sizeof(*s->tasks), by_commands);
}

void tasks_free(struct stats *s)
{
	for (unsigned int i = 0; s->task_table && i < TABLE_PLACES; i++)
		free(s->task_table[i]);
	free(s->task_table);
	free(s->tasks);
	free(s->other_tasks);
}
