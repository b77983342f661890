// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a recording that is open: merges its streams' events by time without copying one.
 *
 * A packet's checksum is checked when its first event is due, and so is each of its events, against
 * the table: nothing is handed out before that.  What was read goes back to the kernel packet by
 * packet, so a recording of any length takes no more memory than a few packets.
 *
 * Of a chunk each packet is copied first: that costs less than to have its pages mapped, and then it
 * is near.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "recording_internal.h"

/* Where a reader is in one stream. */
struct cursor {
	const struct stream *s;
	const uint16_t *sizes;	    /* of events, by id */
	size_t packet;		    /* offset of the packet being read, */
	size_t packet_end;	    /* and behind what fills its last block */
	size_t limit;		    /* it reads no packet from here on */
	const unsigned char *bytes; /* of that packet: in the map, or a copy */
	size_t end;		    /* behind its last event, from its beginning */
	size_t at;		    /* of the next event, likewise */
	uint64_t ts;		    /* of that event, as far as it was looked for */
	unsigned int size;	    /* of that event */
};

/* Packets are not made longer than that; one that is is read in the map. */
#define COPY_BYTES (1u << 20)

struct reader {
	const struct recording *r;
	struct cursor *cursors;
	struct cursor **heap; /* those that have an event, the earliest first */
	unsigned int nr_heap;
	uint64_t from, to;
	uint64_t before;    /* what the stream at the top has before this comes next */
	struct cursor *due; /* whose event was handed out last: it is to move on */
	bool started;
	int fd;		     /* the stream that a chunk is of; -1: all is read in the map */
	unsigned char *copy; /* COPY_BYTES: a packet of it */
	leave_fn *leave;     /* NULL: pages are let go as it leaves them */
	void *leave_ctx;
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
	rd->fd = -1;
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
	if (rd->fd >= 0)
		close(rd->fd);
	free(rd->copy);
	free(rd->heap);
	free(rd->cursors);
	free(rd);
}

static bool is_copied(const struct reader *rd, const struct cursor *c)
{
	return c->bytes && c->bytes == rd->copy;
}

/* It has no event left of the packet that @c was in. */
static void leave_packet(const struct reader *rd, const struct cursor *c)
{
	if (is_copied(rd, c))
		return;
	if (!rd->leave)
		stream_let_go(c->s, c->packet, c->packet_end);
	else if (c->packet_end > c->packet)
		rd->leave(rd->leave_ctx, c->s, c->packet, c->packet_end);
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
	if (rd->fd >= 0)
		close(rd->fd);
	rd->fd = -1;
	for (unsigned int i = 0; i < rd->r->nr_streams; i++) {
		struct cursor *c = &rd->cursors[i];

		if (!is_copied(rd, c))
			stream_let_go(c->s, c->packet, c->packet_end);
		c->packet = c->packet_end = from ? place_before(c->s, from) : 0;
		c->at = c->end = 0;
		c->bytes = NULL;
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

/* What cannot be opened again is read in the map. */
static void open_again(struct reader *rd, const struct stream *s)
{
	char path[PATH_MAX];

	if (!rd->copy && !(rd->copy = malloc(COPY_BYTES)))
		return;
	if (snprintf(path, sizeof(path), "%s/%s", rd->r->dir, s->name) < (int)sizeof(path))
		rd->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

void reader_chunk(struct reader *rd, const struct chunk *chunk)
{
	struct cursor *c = &rd->cursors[chunk->stream];

	reader_window(rd, 0, UINT64_MAX);
	for (unsigned int i = 0; i < rd->r->nr_streams; i++)
		rd->cursors[i].limit = 0;
	c->packet = c->packet_end = chunk->from;
	c->limit = chunk->to;
	open_again(rd, c->s);
}

static int bad_event(const struct reader *rd, const struct cursor *c, const char *flaw,
		     struct nvs_error *err)
{
	return nvs_fail(err,
			"%s/%s: %s, at byte %zu of the file, in the packet at byte %zu; the "
			"file is damaged, record anew",
			rd->r->dir, c->s->name, flaw, c->packet + c->at, c->packet);
}

static inline const struct nvs_hdr *event_at(const struct cursor *c)
{
	return (const void *)(c->bytes + c->at);
}

const struct nvs_hdr *reader_lasting(const struct reader *rd, const struct nvs_hdr *ev)
{
	const struct cursor *c = rd->due;

	return (const void *)(c->s->map + c->packet + ((const unsigned char *)ev - c->bytes));
}

/* Walks the events of the packet that @c has come to, so that nobody has to check one again. */
static int check_events(const struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	const struct ctf_packet *p = (const void *)c->bytes;
	const unsigned char *at = (const void *)(p + 1), *end = c->bytes + c->end;
	uint64_t ts = p->timestamp_begin;
	const char *flaw = NULL;
	uint32_t nr = 0;

	while (at < end && !flaw) {
		const struct nvs_hdr *ev = (const void *)at;
		size_t left = (size_t)(end - at), size;
		uint16_t id;

		if (left < sizeof(*ev)) {
			flaw = "an event that is longer than its packet";
			break;
		}
		id = ev->id;
		size = id <= NVS_EVENT_ID_MAX ? c->sizes[id] : 0;
		if (!size || size > left) {
			flaw = size ? "an event that is longer than its packet"
				    : "an unknown event";
			break;
		}
		/* And those behind it that are of the same kind: many, at level io. */
		do {
			ev = (const void *)at;
			if (ev->ts < ts) {
				flaw = "an event out of its time";
				break;
			}
			ts = ev->ts;
			at += size;
			nr++;
			ev = (const void *)at;
		} while ((size_t)(end - at) >= size && ev->id == id);
	}
	if (!flaw && ts > p->timestamp_end)
		flaw = "an event out of its time";
	if (!flaw && nr != p->nr_events)
		flaw = "another number of events than the packet says";
	c->at = (size_t)(at - c->bytes);
	return flaw ? bad_event(rd, c, flaw, err) : 0;
}

static bool read_at(int fd, void *to, size_t bytes, size_t at)
{
	return pread(fd, to, bytes, (off_t)at) == (ssize_t)bytes;
}

/*
 * Copies the packet at @at.  false: that cannot be, or it is not what it was when the recording was
 * opened; the map tells.
 */
static bool copy_packet(struct reader *rd, struct cursor *c, size_t at)
{
	const struct ctf_packet *p = (const void *)rd->copy;
	struct ctf_packet head;
	size_t bytes;

	if (rd->fd < 0 || !read_at(rd->fd, &head, sizeof(head), at))
		return false;
	bytes = head.packet_size / 8;
	if (bytes > COPY_BYTES || bytes > c->limit - at || packet_events_end(&head) > bytes ||
	    packet_events_end(&head) < sizeof(head) || !read_at(rd->fd, rd->copy, bytes, at))
		return false;
	c->bytes = rd->copy;
	return p->packet_size == head.packet_size && p->content_size == head.content_size;
}

/* Is there a packet behind this one that may have events of the window?  Then goes there. */
static bool enter_packet(struct reader *rd, struct cursor *c)
{
	size_t at = c->packet_end;

	if (at >= c->limit)
		return false;
	if (!copy_packet(rd, c, at))
		c->bytes = c->s->map + at;
	c->packet = at;
	c->at = c->end = 0;
	if (((const struct ctf_packet *)c->bytes)->timestamp_begin > rd->to)
		return false;
	c->packet_end = at + ((const struct ctf_packet *)c->bytes)->packet_size / 8;
	return true;
}

/* Goes to the next packet that may have events of the window. 1: there is one; 0: none; -1: damaged. */
static int next_packet(struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	const struct ctf_packet *p;

	do {
		leave_packet(rd, c);
		if (!enter_packet(rd, c))
			return 0;
		p = (const void *)c->bytes;
		c->at = c->end = packet_events_end(p);
		if (p->timestamp_end < rd->from)
			continue;
		if (p->checksum != ctf_packet_checksum(p, p->packet_size / 8))
			return recording_bad_packet(rd->r, c->s, c->packet,
						    "a packet with a wrong checksum", err);
		if (check_events(rd, c, err) < 0)
			return -1;
		c->at = sizeof(*p);
	} while (c->at == c->end);
	return 1;
}

/* Finds the first event at or behind c->at. 1: there is one; 0: the end; -1: damaged. */
static int find_event(struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	int got;

	do {
		if (c->at >= c->end && (got = next_packet(rd, c, err)) <= 0)
			return got;
		c->size = c->sizes[event_at(c)->id];
		c->ts = event_at(c)->ts;
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
	rd->before = rd->to < UINT64_MAX ? rd->to + 1 : rd->to;
	for (unsigned int i = 1; i < 3 && i < rd->nr_heap; i++)
		if (rd->heap[i]->ts < rd->before)
			rd->before = rd->heap[i]->ts;
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
	int got = find_event(rd, c, err);

	if (got < 0)
		return -1;
	if (got && c->ts < rd->before)
		return 0;
	if (!got)
		rd->heap[0] = rd->heap[--rd->nr_heap];
	if (rd->nr_heap)
		sift_down(rd, 0);
	note_others(rd);
	return 0;
}

static void hand_out(const struct cursor *c, struct recorded *ev)
{
	ev->hdr = event_at(c);
	ev->size = c->size;
	ev->cpu = c->s->cpu;
}

/* True: the event after the one that was handed out last is in the same run. */
static bool goes_on(const struct reader *rd, struct cursor *c)
{
	c->at += c->size;
	if (c->at >= c->end || event_at(c)->ts >= rd->before)
		return false;
	c->size = c->sizes[event_at(c)->id];
	return true;
}

int reader_next(struct reader *rd, struct recorded *ev, struct nvs_error *err)
{
	if (rd->due && goes_on(rd, rd->due)) {
		hand_out(rd->due, ev);
		return 1;
	}
	if (rd->started ? rd->due && move_on(rd, err) : start(rd, err)) {
		reader_window(rd, rd->from, rd->to); /* who goes on meets the error again */
		return -1;
	}
	rd->due = NULL;
	if (!rd->nr_heap)
		return 0;
	rd->due = rd->heap[0];
	hand_out(rd->due, ev);
	return 1;
}

int reader_run(struct reader *rd, struct run *run, struct nvs_error *err)
{
	struct recorded ev;
	int got = reader_next(rd, &ev, err);
	struct cursor *c = rd->due;

	if (got <= 0)
		return got;
	*run = (struct run){ .at = ev.hdr, .cpu = ev.cpu };
	if (((const struct ctf_packet *)c->bytes)->timestamp_end < rd->before)
		c->at = c->end;
	else
		while (goes_on(rd, c))
			;
	run->end = event_at(c);
	c->size = 0; /* it is at the next event already */
	return 1;
}

bool run_next(struct run *run, struct recorded *ev)
{
	bool device = run->cpu == RECORDING_DEVICE;

	if (run->at >= run->end)
		return false;
	ev->hdr = run->at;
	ev->size = event_sizes[device ? CTF_STREAM_DEVICE : CTF_STREAM_CPU][run->at->id];
	ev->cpu = run->cpu;
	run->at = (const void *)((const unsigned char *)run->at + ev->size);
	return true;
}

void reader_on_leave(struct reader *rd, leave_fn *leave, void *ctx)
{
	rd->leave = leave;
	rd->leave_ctx = ctx;
}

static void begin(struct recording *r)
{
	if (!r->begun)
		r->ahead = ahead_start(r);
	r->begun = true;
}

int recording_next(struct recording *r, struct recorded *ev, struct nvs_error *err)
{
	begin(r);
	return r->ahead ? ahead_next(r->ahead, ev, err) : reader_next(r->reader, ev, err);
}

int recording_some(struct recording *r, const struct recorded **ev, struct nvs_error *err)
{
	begin(r);
	*ev = &r->one;
	return r->ahead ? ahead_some(r->ahead, ev, err) : reader_next(r->reader, &r->one, err);
}

void recording_rewind(struct recording *r)
{
	ahead_stop(r->ahead);
	r->ahead = NULL;
	r->begun = false;
	reader_window(r->reader, 0, UINT64_MAX);
}
