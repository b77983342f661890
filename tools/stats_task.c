// SPDX-License-Identifier: GPL-2.0
/* Who submitted, and whether accesses follow one another on the medium. */
#include <stdlib.h>
#include <string.h>
#include "stats_internal.h"

#define TABLE_PLACES (2 * MAX_TASKS) /* a power of two */

void stats_break(struct stats *s)
{
	pairs_make_room(s);
	memset(s->sequence, 0, sizeof(*s->sequence));
}

static unsigned int task_place(const struct task_key *key)
{
	uint64_t who = key->tgid ? key->tgid : key->pid;

	return (unsigned int)(stats_mix(stats_mix(who ^ key->cgroup << 32) + key->comm[0] +
					key->comm[1]) %
			      TABLE_PLACES);
}

static struct task_stats *task_alloc(struct stats *s)
{
	struct task_stats *t = calloc(1, sizeof(*t));

	if (t)
		t->total.min = UINT64_MAX;
	s->out_of_memory |= !t;
	return t;
}

static struct task_stats *others(struct stats *s)
{
	if (!s->other_tasks)
		s->other_tasks = task_alloc(s);
	return s->other_tasks;
}

static struct task_stats *task_new(struct stats *s, unsigned int at, const struct task_key *key)
{
	struct task_stats *t;

	if (s->nr_tasks == MAX_TASKS)
		return others(s);
	t = task_alloc(s);
	if (!t)
		return NULL;
	t->key = *key;
	s->task_table[at] = t;
	s->nr_tasks++;
	return t;
}

struct task_stats *task_find(struct stats *s, const struct task_key *key)
{
	unsigned int at = task_place(key);

	if (!s->task_table) {
		s->task_table = calloc(TABLE_PLACES, sizeof(struct task_stats *));
		if (!s->task_table) {
			s->out_of_memory = true;
			return NULL;
		}
	}
	/* Half of the places stay empty, so this ends. */
	for (; s->task_table[at]; at = (at + 1) % TABLE_PLACES)
		if (same_task(&s->task_table[at]->key, key))
			return s->task_table[at];
	return task_new(s, at, key);
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

/* While commands are counted, how many they are and their sum are not. */
static struct task_stats *settled(struct task_stats *t)
{
	struct histogram *h = &t->total;

	h->count = h->sum = 0;
	for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++)
		h->count += h->bucket[b];
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		h->sum += t->time[i];
	if (!h->count)
		h->min = 0;
	return t;
}

void tasks_merge(struct stats *s, struct stats *from)
{
	for (unsigned int i = 0; from->task_table && i < TABLE_PLACES; i++) {
		struct task_stats *t = from->task_table[i];
		struct task_stats *into;

		if (!t)
			continue;
		into = task_find(s, &t->key);
		if (into)
			task_merge(settled(into), settled(t));
	}
	if (from->other_tasks && others(s))
		task_merge(settled(s->other_tasks), settled(from->other_tasks));
}

/* The most commands first; what is equal, by identifier. */
static int by_commands(const void *a, const void *b)
{
	const struct task_stats *t = a, *u = b;
	uint32_t i = t->key.tgid ?: t->key.pid, k = u->key.tgid ?: u->key.pid;

	if (t->total.count != u->total.count)
		return t->total.count < u->total.count ? 1 : -1;
	if (i != k)
		return i < k ? -1 : 1;
	return memcmp(&t->key, &u->key, sizeof(t->key));
}

void tasks_finish(struct stats *s)
{
	unsigned int nr = 0;

	if (s->other_tasks)
		settled(s->other_tasks);
	if (!s->nr_tasks)
		return;
	s->tasks = calloc(s->nr_tasks, sizeof(*s->tasks));
	if (!s->tasks) {
		s->out_of_memory = true;
		return;
	}
	for (unsigned int i = 0; i < TABLE_PLACES; i++) {
		if (s->task_table[i])
			s->tasks[nr++] = *settled(s->task_table[i]);
		free(s->task_table[i]);
	}
	free(s->task_table);
	s->task_table = NULL;
	memset(s->near_tasks, 0, sizeof(s->near_tasks));
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
