// SPDX-License-Identifier: GPL-2.0
/*
 * A recording that must not grow beyond a size is written in parts: "cpu-3.0007" is what CPU 3
 * did in the seventh.  When there is no room for another packet, the oldest part goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ctf_internal.h"

/* So many parts make up the whole: at most this share of it is dropped at once. */
#define NR_PARTS 8
/* For the metadata file, of which there may be two at a time, and the room kept for the last. */
#define METADATA_ROOM (128u << 10)

struct part_file {
	char name[CTF_STREAM_NAME_SIZE];
	unsigned int part;
};

struct ctf_parts {
	uint64_t most;	/* bytes that all may take */
	uint64_t bytes; /* that they do */
	unsigned int first, now;
	uint64_t part_bytes[NR_PARTS * 2]; /* by number, modulo */
	uint64_t part_events[NR_PARTS * 2];
	uint64_t part_end[NR_PARTS * 2]; /* time of the latest event */
	struct part_file *files;
	size_t nr_files;
	struct ctf_dropped dropped;
};

#define SLOT(part) ((part) % (NR_PARTS * 2))

int ctf_trace_bound(struct ctf_trace *t, uint64_t most, struct nvs_error *err)
{
	t->parts = calloc(1, sizeof(*t->parts));
	if (!t->parts)
		return nvs_fail(err, "%s: out of memory", t->dir);
	t->parts->most = most - METADATA_ROOM;
	t->parts->first = t->parts->now = 1;
	/* Many packets make a part, whatever the number of CPUs. */
	while (t->packet_bytes > most / NR_PARTS / 16)
		t->packet_bytes /= 2;
	return 0;
}

void ctf_parts_free(struct ctf_parts *p)
{
	if (p)
		free(p->files);
	free(p);
}

unsigned int ctf_part_now(const struct ctf_trace *t)
{
	return t->parts->now;
}

void ctf_part_name(struct ctf_trace *t, char name[CTF_STREAM_NAME_SIZE])
{
	struct ctf_parts *p = t->parts;
	struct part_file *files = realloc(p->files, (p->nr_files + 1) * sizeof(*files));

	ctf_stream_part_name(name, p->now);
	if (!files)
		return; /* it stays when its part goes: no more than a file too many */
	p->files = files;
	files[p->nr_files] = (struct part_file){ .part = p->now };
	strcpy(files[p->nr_files++].name, name);
}

static void drop_oldest(struct ctf_trace *t)
{
	struct ctf_parts *p = t->parts;
	unsigned int slot = SLOT(p->first);
	size_t kept = 0;

	for (size_t i = 0; i < p->nr_files; i++) {
		if (p->files[i].part == p->first)
			unlinkat(t->dir_fd, p->files[i].name, 0);
		else
			p->files[kept++] = p->files[i];
	}
	p->nr_files = kept;
	p->bytes -= p->part_bytes[slot];
	p->dropped.bytes += p->part_bytes[slot];
	p->dropped.events += p->part_events[slot];
	p->dropped.parts++;
	if (p->part_end[slot] > p->dropped.until)
		p->dropped.until = p->part_end[slot];
	p->first++;
}

int ctf_dropped_env(struct ctf_metadata *m, const struct ctf_dropped *d)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "dropped_events", d->events },
		{ "dropped_bytes", d->bytes },
		{ "dropped_until_ns", d->until },
	};
	char text[24];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)rows[i].value);
		if (ctf_metadata_set(m, rows[i].key, text))
			return -1;
	}
	return 0;
}

/* The metadata says at once what is not there any more: the recorder may be killed. */
static int note_dropped(struct ctf_trace *t, struct nvs_error *err)
{
	t->dirty = true;
	if (ctf_dropped_env(&t->meta, &t->parts->dropped))
		return nvs_fail(err, "%s: out of memory", t->dir);
	return ctf_trace_sync(t, err);
}

static void next_part(struct ctf_parts *p)
{
	unsigned int slot = SLOT(++p->now);

	p->part_bytes[slot] = 0;
	p->part_events[slot] = 0;
	p->part_end[slot] = 0;
}

int ctf_part_room(struct ctf_trace *t, size_t bytes, struct nvs_error *err)
{
	struct ctf_parts *p = t->parts;
	unsigned int first = p->first;

	if (p->part_bytes[SLOT(p->now)] >= p->most / NR_PARTS)
		next_part(p);
	while (p->bytes + bytes > p->most && p->bytes) {
		if (p->first == p->now)
			next_part(p);
		drop_oldest(t);
	}
	return p->first != first ? note_dropped(t, err) : 0;
}

void ctf_part_grew(struct ctf_trace *t, const struct ctf_packet *packet)
{
	struct ctf_parts *p = t->parts;
	unsigned int slot = SLOT(p->now);

	p->bytes += packet->packet_size / 8;
	p->part_bytes[slot] += packet->packet_size / 8;
	p->part_events[slot] += packet->nr_events;
	if (packet->timestamp_end > p->part_end[slot])
		p->part_end[slot] = packet->timestamp_end;
}

struct ctf_dropped ctf_trace_dropped(const struct ctf_trace *t)
{
	return t->parts ? t->parts->dropped : (struct ctf_dropped){ 0 };
}
