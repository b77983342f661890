// SPDX-License-Identifier: GPL-2.0
/* The rules' tables of commands: by identifier at the device, by tag in the driver. */
#include <stdlib.h>
#include <string.h>
#include "model.h"
#include "rules_internal.h"

static uint32_t home(const struct flights *t, uint16_t cid)
{
	/* Tags count up from 0, generations sit above them: spread both. */
	return (cid * 0x9e3779b1u >> 16) & (t->size - 1);
}

struct flight *flights_find(const struct flights *t, uint16_t cid)
{
	if (!t->nr)
		return NULL;
	for (uint32_t i = home(t, cid); t->place[i].used; i = (i + 1) & (t->size - 1))
		if (t->place[i].cid == cid)
			return &t->place[i];
	return NULL;
}

static struct flight *put(struct flights *t, const struct flight *f)
{
	uint32_t i = home(t, f->cid);

	while (t->place[i].used)
		i = (i + 1) & (t->size - 1);
	t->place[i] = *f;
	t->nr++;
	return &t->place[i];
}

static int grow(struct flights *t)
{
	struct flights bigger = { .size = t->size ? 2 * t->size : 64 };

	bigger.place = calloc(bigger.size, sizeof(*bigger.place));
	if (!bigger.place)
		return -1;
	for (uint32_t i = 0; i < t->size; i++)
		if (t->place[i].used)
			put(&bigger, &t->place[i]);
	free(t->place);
	*t = bigger;
	return 0;
}

/* The place of @cid, emptied if it was in use.  NULL: no memory. */
struct flight *flights_add(struct flights *t, uint16_t cid)
{
	const struct flight empty = { .cid = cid, .used = true };
	struct flight *f = flights_find(t, cid);

	if (f) {
		*f = empty;
		return f;
	}
	/* There are 65,536 identifiers: the table has an end. */
	if (2 * (t->nr + 1) > t->size && grow(t))
		return NULL;
	return put(t, &empty);
}

/* Those behind it move up, so that none is cut off from its home. */
void flights_remove(struct flights *t, struct flight *f)
{
	uint32_t mask = t->size - 1, hole = (uint32_t)(f - t->place);

	t->place[hole].used = false;
	t->nr--;
	for (uint32_t i = (hole + 1) & mask; t->place[i].used; i = (i + 1) & mask) {
		uint32_t from = home(t, t->place[i].cid);

		if (((i - from) & mask) < ((i - hole) & mask))
			continue;
		t->place[hole] = t->place[i];
		t->place[i].used = false;
		hole = i;
	}
}

struct request *request_find(const struct rules_queue *q, uint16_t cid)
{
	unsigned int tag = NVS_CID_TAG(cid);
	struct request *chunk = q->chunk[tag / REQUESTS_IN_CHUNK];

	return chunk ? chunk + tag % REQUESTS_IN_CHUNK : NULL;
}

struct request *request_get(struct rules_queue *q, uint16_t cid)
{
	struct request **chunk = &q->chunk[NVS_CID_TAG(cid) / REQUESTS_IN_CHUNK];

	if (!*chunk)
		*chunk = calloc(REQUESTS_IN_CHUNK, sizeof(**chunk));
	return *chunk ? request_find(q, cid) : NULL;
}

void request_free_all(struct rules_queue *q)
{
	for (unsigned int i = 0; i < REQUEST_CHUNKS; i++)
		free(q->chunk[i]);
}
