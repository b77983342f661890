// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a recording that is open: merges its streams' events by time without copying one.
 *
 * A packet's checksum is checked when its first event is due, and so is each of its events, against
 * the table: nothing is handed out before that.  What was read goes back to the kernel packet by
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
	size_t end;	       /* behind its last event, */
	size_t packet_end;     /* and behind what fills its last block */
	size_t limit;	       /* it reads no packet from here on */
	size_t at;	       /* offset of the next event */
	uint64_t ts;	       /* of that event, as far as it was looked for */
	unsigned int size;     /* of that event */
	size_t mapped;	       /* of a chunk: pages up to here */
};

struct reader {
	const struct recording *r;
	struct cursor *cursors;
	struct cursor **heap; /* those that have an event, the earliest first */
	unsigned int nr_heap;
	uint64_t from, to;
	uint64_t before;    /* what the stream at the top has before this comes next */
	struct cursor *due; /* whose event was handed out last: it is to move on */
	bool started;
	bool in_chunk;	 /* and reads one stream alone */
	leave_fn *leave; /* NULL: pages are let go as it leaves them */
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
		c->packet = c->packet_end = from ? place_before(c->s, from) : 0;
		c->at = c->end = c->packet;
		c->limit = c->s->size;
	}
	rd->from = from;
	rd->to = to < rd->r->end ? to : rd->r->end;
	rd->nr_heap = 0;
	rd->due = NULL;
	rd->in_chunk = false;
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
	c->packet = c->packet_end = c->at = c->end = chunk->from;
	c->limit = chunk->to;
	c->mapped = 0;
	rd->in_chunk = true;
}

static int bad_event(const struct reader *rd, const struct cursor *c, const char *flaw,
		     struct nvs_error *err)
{
	return nvs_fail(err,
			"%s/%s: %s, at byte %zu of the file, in the packet at byte %zu; the "
			"file is damaged, record anew",
			rd->r->dir, c->s->name, flaw, c->at, c->packet);
}

static inline const struct nvs_hdr *event_at(const struct cursor *c)
{
	return (const void *)(c->s->map + c->at);
}

/* Walks the events of the packet that @c has come to, so that nobody has to check one again. */
static int check_events(const struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	const struct ctf_packet *p = packet_at(c->s, c->packet);
	const unsigned char *at = (const void *)(p + 1), *end = c->s->map + c->end;
	uint64_t ts = p->timestamp_begin;
	const char *flaw = NULL;
	uint32_t nr = 0, id = 0;
	size_t size = 0;

	for (; at < end; nr++) {
		const struct nvs_hdr *ev = (const void *)at;
		size_t left = (size_t)(end - at);

		/* Of the same kind as the one before: its size need not be waited for. */
		if (left < sizeof(*ev) || ev->id != id || !size) {
			id = left < sizeof(*ev) ? NVS_EVENT_ID_MAX + 1 : ev->id;
			size = id <= NVS_EVENT_ID_MAX ? c->sizes[id] : 0;
		}

		if (!size || size > left || ev->ts < ts) {
			flaw = left < sizeof(*ev) || size > left
				       ? "an event that is longer than its packet"
			       : !size ? "an unknown event"
				       : "an event out of its time";
			break;
		}
		ts = ev->ts;
		at += size;
	}
	if (!flaw && ts > p->timestamp_end)
		flaw = "an event out of its time";
	if (!flaw && nr != p->nr_events)
		flaw = "another number of events than the packet says";
	c->at = (size_t)(at - c->s->map);
	return flaw ? bad_event(rd, c, flaw, err) : 0;
}

/* It has no event left of the packet that @c was in. */
static void leave_packet(const struct reader *rd, const struct cursor *c)
{
	if (!rd->leave)
		stream_let_go(c->s, c->packet, c->packet_end);
	else if (c->packet_end > c->packet)
		rd->leave(rd->leave_ctx, c->s, c->packet, c->packet_end);
}

/*
 * Maps what is ahead in one go, but no more than it reads: it lets nothing else go again.  Where that
 * cannot be asked for (before 5.14), pages are mapped as they are looked at.
 */
static void map_ahead(struct cursor *c)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t to = c->packet_end + RECORDING_AHEAD < c->limit ? c->packet_end + RECORDING_AHEAD
							       : c->limit;

	if (c->mapped >= to)
		return;
	if (c->mapped < c->packet)
		c->mapped = c->packet - c->packet % page;
	to = to + STEP_BYTES < c->limit ? to + STEP_BYTES : c->limit;
	madvise((void *)(c->s->map + c->mapped), to - c->mapped, MADV_POPULATE_READ);
	c->mapped = to - to % page;
}

/* Goes to the next packet that may have events of the window. 1: there is one; 0: none; -1: damaged. */
static int next_packet(struct reader *rd, struct cursor *c, struct nvs_error *err)
{
	const struct stream *s = c->s;
	const struct ctf_packet *p;
	size_t bytes;

	do {
		leave_packet(rd, c);
		if (c->packet_end >= c->limit ||
		    packet_at(s, c->packet_end)->timestamp_begin > rd->to)
			return 0;
		c->packet = c->packet_end;
		p = packet_at(s, c->packet);
		bytes = p->packet_size / 8;
		c->packet_end = c->packet + bytes;
		c->at = c->end = c->packet + packet_events_end(p);
		if (p->timestamp_end < rd->from)
			continue;
		if (rd->in_chunk)
			map_ahead(c);
		if (p->checksum != ctf_packet_checksum(p, bytes))
			return recording_bad_packet(rd->r, s, c->packet,
						    "a packet with a wrong checksum", err);
		if (check_events(rd, c, err) < 0)
			return -1;
		c->at = c->packet + sizeof(*p);
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
	if (packet_at(c->s, c->packet)->timestamp_end < rd->before)
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
