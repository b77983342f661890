// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a recording that is open: merges its streams' events by time without copying one.
 *
 * A packet's checksum is checked when its first event is due, and each event is checked
 * against the table before it is handed out.  What was read goes back to the kernel packet by
 * packet, so a recording of any length takes no more memory than a few packets.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "recording_internal.h"

/* Where a reader is in one stream. */
struct cursor {
	const struct stream *s;
	const uint16_t *sizes; /* of events, by id */
	size_t packet;	       /* offset of the packet being read */
	size_t packet_end;
	size_t limit;	    /* it reads no packet from here on */
	size_t at;	    /* offset of the next event */
	uint64_t ts;	    /* of that event; of the one before, while it is looked for */
	unsigned int size;  /* of that event */
	uint32_t nr_events; /* read of this packet, that event included */
};

struct reader {
	const struct recording *r;
	struct cursor *cursors;
	struct cursor **heap; /* those that have an event, the earliest first */
	unsigned int nr_heap;
	uint64_t from, to;
	uint64_t others;    /* no other stream has an event before this */
	struct cursor *due; /* whose event was handed out last: it is to move on */
	bool started;
};

/* Sizes by id, for the path that every event takes; 0: no such event. */
#define SIZE_ROW(id, ev, size) [id] = (size),
static const uint16_t event_sizes[2][NVS_EVENT_ID_MAX + 1] = {
	[CTF_STREAM_CPU] = { NVS_CPU_EVENTS(SIZE_ROW) },
	[CTF_STREAM_DEVICE] = { NVS_DEVICE_EVENTS(SIZE_ROW) },
};

struct reader *reader_new(const struct recording *r, struct nvs_error *err)
{
	struct reader *rd = calloc(1, sizeof(*rd));

	if (rd) {
		rd->cursors = calloc(r->nr_streams, sizeof(*rd->cursors));
		rd->heap = calloc(r->nr_streams, sizeof(struct cursor *));
	}
	if (!rd || !rd->cursors || !rd->heap) {
		nvs_fail(err, "%s: out of memory", r->dir);
		reader_free(rd);
		return NULL;
	}
	rd->r = r;
	for (unsigned int i = 0; i < r->nr_streams; i++) {
		rd->cursors[i].s = &r->streams[i];
		rd->cursors[i].sizes = event_sizes[stream_id(&r->streams[i])];
	}
	reader_window(rd, 0, UINT64_MAX);
	return rd;
}

void reader_free(struct reader *rd)
{
	if (!rd)
		return;
	free(rd->heap);
	free(rd->cursors);
	free(rd);
}

/* A packet of @s that is not behind the first one with an event at or after @from. */
static size_t place_before(const struct stream *s, uint64_t from)
{
	unsigned int low = 0, high = s->nr_posts;

	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		/* A packet may begin when the one before it ends: at the same time. */
		if (s->posts[middle].ts < from)
			low = middle;
		else
			high = middle;
	}
	return s->nr_posts ? s->posts[low].packet : 0;
}

void reader_window(struct reader *rd, uint64_t from, uint64_t to)
{
	from = from > rd->r->begin ? from : rd->r->begin;
	for (unsigned int i = 0; i < rd->r->nr_streams; i++) {
		struct cursor *c = &rd->cursors[i];

		stream_let_go(c->s, c->packet, c->packet_end);
		c->packet = c->packet_end = c->at = from ? place_before(c->s, from) : 0;
		c->limit = c->s->size;
	}
	rd->from = from;
	rd->to = to < rd->r->end ? to : rd->r->end;
	rd->nr_heap = 0;
	rd->due = NULL;
	rd->started = false;
}

struct chunk *recording_chunks(const struct recording *r, size_t bytes, unsigned int *nr,
			       struct nvs_error *err)
{
	struct chunk *chunks;
	unsigned int max = 0;

	*nr = 0;
	for (unsigned int i = 0; i < r->nr_streams; i++)
		max += r->streams[i].nr_posts;
	chunks = calloc(max + 1, sizeof(*chunks));
	if (!chunks) {
		nvs_fail(err, "%s: out of memory", r->dir);
		return NULL;
	}
	for (unsigned int i = 0; i < r->nr_streams; i++) {
		const struct stream *s = &r->streams[i];
		struct chunk *c = NULL;

		for (unsigned int k = 0; k < s->nr_posts; k++) {
			if (c && s->posts[k].packet - c->from < bytes)
				continue;
			if (c)
				c->to = s->posts[k].packet;
			c = &chunks[(*nr)++];
			*c = (struct chunk){ .stream = i,
					     .from = s->posts[k].packet,
					     .to = s->size };
		}
	}
	return chunks;
}

void reader_chunk(struct reader *rd, const struct chunk *chunk)
{
	struct cursor *c = &rd->cursors[chunk->stream];

	reader_window(rd, 0, UINT64_MAX);
	for (unsigned int i = 0; i < rd->r->nr_streams; i++)
		rd->cursors[i].limit = 0;
	c->packet = c->packet_end = c->at = chunk->from;
	c->limit = chunk->to;
}

static int bad_event(const struct reader *rd, const struct cursor *c, const char *flaw,
		     struct nvs_error *err)
{
	return nvs_fail(err,
			"%s/%s: %s, at byte %zu of the file, in the packet at byte %zu; the "
			"file is damaged, record anew",
			rd->r->dir, c->s->name, flaw, c->at, c->packet);
}

/* Goes to the next packet that may have events of the window. 1: there is one; 0: none; -1: damaged. */
static int next_packet(struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	const struct stream *s = c->s;
	const struct ctf_packet *p;
	size_t bytes;

	do {
		stream_let_go(s, c->packet, c->packet_end);
		if (c->packet_end >= c->limit ||
		    packet_at(s, c->packet_end)->timestamp_begin > rd->to)
			return 0;
		c->packet = c->packet_end;
		p = packet_at(s, c->packet);
		bytes = p->packet_size / 8;
		c->at = c->packet_end = c->packet + bytes;
		if (p->timestamp_end < rd->from)
			continue;
		if (p->checksum != ctf_packet_checksum(p, bytes))
			return recording_bad_packet(rd->r, s, c->packet,
						    "a packet with a wrong checksum", err);
		c->at = c->packet + sizeof(*p);
		c->ts = p->timestamp_begin;
		c->nr_events = 0;
		if (c->at == c->packet_end && p->nr_events)
			return bad_event(rd, c, "fewer events than the packet says", err);
	} while (c->at == c->packet_end);
	return 1;
}

/* Checks the event that @c is at. 1: it is sound. */
static int check_event(const struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	const struct ctf_packet *p = packet_at(c->s, c->packet);
	const struct nvs_hdr *ev = (const void *)(c->s->map + c->at);
	size_t left = c->packet_end - c->at;

	if (left < sizeof(*ev))
		return bad_event(rd, c, "an event that is longer than its packet", err);
	c->size = ev->id <= NVS_EVENT_ID_MAX ? c->sizes[ev->id] : 0;
	if (!c->size)
		return bad_event(rd, c, "an unknown event", err);
	if (c->size > left)
		return bad_event(rd, c, "an event that is longer than its packet", err);
	if (ev->ts < c->ts || ev->ts > p->timestamp_end)
		return bad_event(rd, c, "an event out of its time", err);
	c->ts = ev->ts;
	if (++c->nr_events > p->nr_events || (c->size == left && c->nr_events != p->nr_events))
		return bad_event(rd, c, "another number of events than the packet says", err);
	return 1;
}

/* Finds the first event at or behind c->at. 1: there is one; 0: the end; -1: damaged. */
static int find_event(struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	int got;

	do {
		if (c->at == c->packet_end && (got = next_packet(rd, c, err)) <= 0)
			return got;
		if (check_event(rd, c, err) < 0)
			return -1;
		if (c->ts >= rd->from)
			return c->ts <= rd->to;
		c->at += c->size;
	} while (true);
}

/* Streams lie by CPU, so of two events at the same time the lower CPU's comes first. */
static bool earlier(const struct cursor *a, const struct cursor *b)
{
	return a->ts < b->ts || (a->ts == b->ts && a < b);
}

static void sift_down(struct reader *rd, unsigned int i)
{
	struct cursor *c = rd->heap[i];

	for (;;) {
		unsigned int child = 2 * i + 1;

		if (child >= rd->nr_heap)
			break;
		if (child + 1 < rd->nr_heap && earlier(rd->heap[child + 1], rd->heap[child]))
			child++;
		if (!earlier(rd->heap[child], c))
			break;
		rd->heap[i] = rd->heap[child];
		i = child;
	}
	rd->heap[i] = c;
}

/* One stream's events come in runs: while this one is earlier than that, no heap is needed. */
static void note_others(struct reader *rd)
{
	rd->others = UINT64_MAX;
	for (unsigned int i = 1; i < 3 && i < rd->nr_heap; i++)
		if (rd->heap[i]->ts < rd->others)
			rd->others = rd->heap[i]->ts;
}

static int start(struct reader *rd, struct nvs_error *err)
{
	rd->nr_heap = 0;
	for (unsigned int i = 0; i < rd->r->nr_streams; i++) {
		int got = find_event(rd, &rd->cursors[i], err);

		if (got < 0)
			return -1;
		if (got)
			rd->heap[rd->nr_heap++] = &rd->cursors[i];
	}
	for (unsigned int i = rd->nr_heap; i--;)
		sift_down(rd, i);
	note_others(rd);
	rd->started = true;
	return 0;
}

/* The stream at the top moves on to its next event, or leaves when it has none. */
static int move_on(struct reader *rd, struct nvs_error *err)
{
	struct cursor *c = rd->due;
	int got;

	c->at += c->size;
	got = find_event(rd, c, err);
	if (got < 0)
		return -1;
	if (got && c->ts < rd->others)
		return 0;
	if (!got)
		rd->heap[0] = rd->heap[--rd->nr_heap];
	if (rd->nr_heap)
		sift_down(rd, 0);
	note_others(rd);
	return 0;
}

int reader_next(struct reader *rd, struct recorded *ev, struct nvs_error *err)
{
	struct cursor *c;

	if (rd->started ? rd->due && move_on(rd, err) : start(rd, err)) {
		reader_window(rd, rd->from, rd->to); /* who goes on meets the error again */
		return -1;
	}
	rd->due = NULL;
	if (!rd->nr_heap)
		return 0;
	c = rd->due = rd->heap[0];
	ev->hdr = (const void *)(c->s->map + c->at);
	ev->size = c->size;
	ev->cpu = c->s->cpu;
	return 1;
}

int recording_next(struct recording *r, struct recorded *ev, struct nvs_error *err)
{
	return reader_next(r->reader, ev, err);
}

void recording_rewind(struct recording *r)
{
	reader_window(r->reader, 0, UINT64_MAX);
}
