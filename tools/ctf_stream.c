// SPDX-License-Identifier: GPL-2.0
/*
 * One stream file being written: events are gathered, put in order and written
 * as whole packets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ctf_internal.h"
#include "event_buffer.h"
#include "event_info.h"
#include "stream_file.h"

/*
 * A packet is big enough when it holds packet_bytes, or spans s->span.  None holds more
 * than four times that, however much is waiting.
 */
_Static_assert(5 * CTF_PACKET_BYTES <= CTF_PACKET_MAX, "readers would refuse our packets");

/* What comes with a packet at most: its last block's rest, and one without events before it. */
#define FILLING_MOST (3 * CTF_BLOCK)

struct ctf_stream {
	struct ctf_trace *trace;
	struct ctf_stream *next;
	unsigned int cpu;
	char name[CTF_STREAM_NAME_SIZE];
	char temporary[CTF_STREAM_NAME_SIZE + 8]; /* the name until the end, or "" */
	struct stream_file file;		  /* whole packets */
	unsigned int part; /* of the recording, that the file belongs to; see ctf_parts.c */
	bool failed;	   /* takes no more: said so when it happened */

	struct event_buffer buf;
	uint64_t seq;  /* of the next packet */
	uint64_t lost; /* as last told */
	uint64_t written_lost;
	uint64_t events, unwritten;
	uint64_t span; /* ns that make a packet */
};

void ctf_stream_name(char name[CTF_STREAM_NAME_SIZE], unsigned int cpu)
{
	if (cpu == RECORDING_DEVICE)
		strcpy(name, "device");
	else
		snprintf(name, CTF_STREAM_NAME_SIZE, "cpu-%u", cpu);
}

void ctf_stream_part_name(char name[CTF_STREAM_NAME_SIZE], unsigned int part)
{
	size_t n = strlen(name);

	snprintf(name + n, CTF_STREAM_NAME_SIZE - n, ".%04u", part);
}

static void free_stream(struct ctf_stream *s)
{
	stream_file_close(&s->file);
	event_buffer_free(&s->buf);
	free(s);
}

/* Makes the file that packets go to now. */
static int open_file(struct ctf_stream *s, struct nvs_error *err)
{
	struct ctf_trace *t = s->trace;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (t->reopened ? O_TRUNC : O_EXCL), fd;

	ctf_stream_name(s->name, s->cpu);
	if (t->parts)
		ctf_part_name(t, s->name);
	/* In a recording that others may read, a stream appears when it is whole. */
	if (t->reopened)
		snprintf(s->temporary, sizeof(s->temporary), ".%s.new", s->name);
	fd = openat(t->dir_fd, t->reopened ? s->temporary : s->name, flags, 0600);
	if (fd < 0)
		return nvs_fail(err, "cannot make %s/%s: %s", t->dir, s->name, strerror(errno));
	s->file = stream_file(fd, t->direct);
	return 0;
}

struct ctf_stream *ctf_stream_open(struct ctf_trace *t, unsigned int cpu, struct nvs_error *err)
{
	struct ctf_stream *s;

	if (ctf_trace_sync(t, err))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s) {
		nvs_fail(err, "%s: out of memory for CPU %u", t->dir, cpu);
		return NULL;
	}
	s->trace = t;
	s->cpu = cpu;
	s->span = CTF_PACKET_NS;
	event_buffer_init(&s->buf, cpu == RECORDING_DEVICE);
	s->file.fd = -1;
	ctf_stream_name(s->name, cpu);
	/* Packets that stay in memory need no file, and a part's begins with its first packet. */
	if (!t->kept && !t->parts && open_file(s, err)) {
		free_stream(s);
		return NULL;
	}
	s->next = t->streams;
	t->streams = s;
	return s;
}

struct ctf_stream *ctf_stream_next(const struct ctf_stream *s)
{
	return s->next;
}

void ctf_stream_look_out(struct ctf_stream *s, unsigned int id)
{
	event_buffer_look_out(&s->buf, id);
}

int ctf_stream_add_run(struct ctf_stream *s, const void *run, size_t bytes, bool *seen,
		       struct nvs_error *err)
{
	size_t before = s->buf.all.nr;
	ssize_t taken = event_buffer_add(&s->buf, run, bytes, seen);
	const struct nvs_hdr *ev;

	if (taken < 0)
		return nvs_fail(err, "%s/%s: out of memory for events", s->trace->dir, s->name);
	s->events += s->buf.all.nr - before;
	if ((size_t)taken == bytes)
		return 0;
	ev = (const void *)((const unsigned char *)run + taken);
	return nvs_fail(err, "%s/%s: an event %u of %zu bytes does not belong there", s->trace->dir,
			s->name, bytes - taken < sizeof(*ev) ? 0 : ev->id, bytes - taken);
}

int ctf_stream_add(struct ctf_stream *s, const struct nvs_hdr *ev, unsigned int size,
		   struct nvs_error *err)
{
	const struct event_info *info = event_info(ev->id);
	bool seen = false;

	if (!info || info->size != size)
		return nvs_fail(err, "%s/%s: an event %u of %u bytes does not belong there",
				s->trace->dir, s->name, ev->id, size);
	return ctf_stream_add_run(s, ev, size, &seen, err);
}

/* The packet that begins with the first event, and its size with the events before @m. */
static struct ctf_packet *packet_of(const struct ctf_stream *s)
{
	return (struct ctf_packet *)(s->buf.bytes + s->buf.first) - 1;
}

static size_t packet_bytes(const struct ctf_stream *s, struct event_mark m)
{
	return m.end - s->buf.first + sizeof(struct ctf_packet);
}

/* Fills in the header of a packet of the events before @m and @filling bytes. */
static void make_header(struct ctf_stream *s, struct event_mark m, size_t filling)
{
	struct ctf_packet *p = packet_of(s);
	size_t bytes = packet_bytes(s, m);
	uint64_t begin = s->buf.not_before, end = begin;
	uint64_t padding = sizeof(*p) - CTF_PACKET_USED;

	if (m.nr) {
		const struct nvs_hdr *last = (const void *)(s->buf.bytes + m.last);

		begin = event_buffer_time(&s->buf, s->buf.first);
		end = last->ts;
		padding = m.end - m.last - event_used(event_info(last->id));
	}
	*p = (struct ctf_packet){
		.magic = CTF_MAGIC,
		.stream_id = s->cpu == RECORDING_DEVICE ? CTF_STREAM_DEVICE : CTF_STREAM_CPU,
		.version = NVS_EVENTS_VERSION,
		.nr_events = m.nr,
		.timestamp_begin = begin,
		.timestamp_end = end,
		.content_size = 8 * (bytes - padding),
		.packet_size = 8 * (bytes + filling),
		.events_discarded = s->lost,
		.packet_seq_num = s->seq,
		.cpu_id = s->cpu,
	};
	memcpy(p->uuid, s->trace->meta.uuid, sizeof(p->uuid));
	p->checksum = ctf_packet_checksum(p, bytes + filling);
}

static int file_failed(const struct ctf_stream *s, struct nvs_error *err)
{
	return nvs_fail(err,
			"cannot write %s/%s: %s; what was recorded before is whole; make room, or "
			"record elsewhere",
			s->trace->dir, s->name, strerror(errno));
}

/* Of a recording in parts: makes room for a packet, and goes on to the part that is due. */
static int enter_part(struct ctf_stream *s, size_t bytes, struct nvs_error *err)
{
	if (ctf_part_room(s->trace, bytes, err))
		return -1;
	if (s->part == ctf_part_now(s->trace))
		return 0;
	stream_file_close(&s->file);
	s->part = ctf_part_now(s->trace);
	s->seq = 0;
	return open_file(s, err);
}

/* A packet is in the file as a whole or not at all. */
static int write_whole(struct ctf_stream *s, size_t bytes, struct nvs_error *err)
{
	const struct ctf_packet *packet = packet_of(s);

	if (s->trace->kept)
		return ctf_keep(s->trace->kept, packet, err);
	if (stream_file_append(&s->file, packet, bytes, s->trace->hurry))
		return file_failed(s, err);
	if (s->trace->parts)
		ctf_part_grew(s->trace, packet);
	return 0;
}

/*
 * A packet of the events before @m; @fill: and of zeros, up to the end of its block of the file.  What
 * stands there in memory comes next, and makes room for a moment.
 */
static int write_one(struct ctf_stream *s, struct event_mark m, bool fill, struct nvs_error *err)
{
	size_t bytes = packet_bytes(s, m), filling = fill ? stream_file_room(&s->file, bytes) : 0;
	unsigned char next[CTF_BLOCK], *end = s->buf.bytes + m.end;
	int failed;

	memcpy(next, end, filling);
	memset(end, 0, filling);
	make_header(s, m, filling);
	failed = write_whole(s, bytes + filling, err);
	memcpy(end, next, filling);
	if (failed)
		return -1;
	s->written_lost = s->lost;
	s->seq++;
	return 0;
}

/* Once a stream has failed, what it holds and what it is yet given is counted and forgotten. */
static int give_up(struct ctf_stream *s)
{
	s->failed = true;
	s->unwritten += s->buf.all.nr;
	event_buffer_drop(&s->buf, s->buf.all);
	s->buf.unordered = false;
	return -1;
}

/* Writes the events before @m; what is left moves down by *@down. */
static int write_packet(struct ctf_stream *s, struct event_mark m, size_t *down,
			struct nvs_error *err)
{
	bool direct;

	if (event_buffer_room(&s->buf, 0)) {
		nvs_fail(err, "%s/%s: out of memory for a packet", s->trace->dir, s->name);
		return give_up(s);
	}
	if (s->trace->parts &&
	    enter_part(s, packet_bytes(s, m) + (s->trace->direct ? FILLING_MOST : 0), err))
		return give_up(s);
	direct = stream_file_takes(&s->file, packet_bytes(s, m));
	/* It is to begin with a block: one without events fills the block before. */
	if (direct && stream_file_room(&s->file, 0) &&
	    write_one(s, event_buffer_until(&s->buf, 0, 0), true, err))
		return give_up(s);
	if (write_one(s, m, direct, err))
		return give_up(s);
	if (m.nr)
		s->buf.not_before = event_buffer_time(&s->buf, m.last);
	event_buffer_drop(&s->buf, m);
	*down = s->file.direct ? event_buffer_pack(&s->buf) : 0;
	return 0;
}

/* Writes the events that are settled, in packets that are not too big. */
static int write_settled(struct ctf_stream *s, bool force, struct nvs_error *err)
{
	struct event_mark left = force ? s->buf.all : s->buf.settled, m;
	size_t most = 4 * s->trace->packet_bytes - sizeof(struct ctf_packet);
	size_t down;

	if (s->buf.unordered) {
		if (event_buffer_sort(&s->buf)) {
			nvs_fail(err, "%s/%s: out of memory to sort events", s->trace->dir,
				 s->name);
			return give_up(s);
		}
		left = event_buffer_until(&s->buf, SIZE_MAX,
					  force ? UINT64_MAX : s->buf.settled_ts);
	}
	while (left.nr) {
		m = left;
		if (m.end - s->buf.first > most)
			m = event_buffer_until(&s->buf, most, UINT64_MAX);
		if (write_packet(s, m, &down, err))
			return -1;
		left.nr -= m.nr;
		left.end -= down;
		left.last -= down;
	}
	return 0;
}

uint64_t ctf_stream_oldest(const struct ctf_stream *s)
{
	if (!s->buf.all.nr)
		return UINT64_MAX;
	return event_buffer_time(&s->buf, s->buf.first);
}

void ctf_stream_span(struct ctf_stream *s, uint64_t ns)
{
	s->span = ns;
}

/* Are there settled events enough for a packet? */
static bool big_enough(const struct ctf_stream *s)
{
	return s->buf.settled.nr && (packet_bytes(s, s->buf.settled) >= s->trace->packet_bytes ||
				     s->buf.settled_ts - ctf_stream_oldest(s) >= s->span);
}

/* No packet yet or, of a recording in parts, none of the part that is written now. */
static bool says_nothing(const struct ctf_stream *s)
{
	return !s->seq || (s->trace->parts && s->part != ctf_part_now(s->trace));
}

/* @now: a packet may be small; @force: it takes what is not settled, too. */
static int flush(struct ctf_stream *s, uint64_t lost, bool force, bool now, struct nvs_error *err)
{
	size_t down;

	s->lost = lost;
	if (s->failed) {
		give_up(s);
		return nvs_fail(err, "%s/%s takes no more events since it could not be written",
				s->trace->dir, s->name);
	}
	if ((now || big_enough(s)) && write_settled(s, force, err))
		return -1;
	/* A stream in which nothing happened says so, and how much of it was lost. */
	if (now && (s->lost != s->written_lost || (force && says_nothing(s))) &&
	    write_packet(s, event_buffer_until(&s->buf, 0, 0), &down, err))
		return -1;
	event_buffer_settle(&s->buf);
	return 0;
}

int ctf_stream_flush(struct ctf_stream *s, uint64_t lost, bool force, struct nvs_error *err)
{
	return flush(s, lost, force, force, err);
}

int ctf_stream_settle(struct ctf_stream *s, uint64_t lost, struct nvs_error *err)
{
	return flush(s, lost, false, true, err);
}

uint64_t ctf_stream_events(const struct ctf_stream *s)
{
	return s->events;
}

uint64_t ctf_stream_clamped(const struct ctf_stream *s)
{
	return s->buf.nr_changed;
}

uint64_t ctf_stream_unwritten(const struct ctf_stream *s)
{
	return s->unwritten;
}

uint64_t ctf_stream_lost(const struct ctf_stream *s)
{
	return s->written_lost;
}

/* A stream that failed said so then: it is closed without another word. */
int ctf_stream_finish(struct ctf_stream *s, struct nvs_error *err)
{
	struct ctf_trace *t = s->trace;
	int failed = 0;

	if (!s->failed)
		failed = ctf_stream_flush(s, s->lost, true, err);
	/* Only now may a file system tell that it has no room after all. */
	if (!failed && s->file.fd >= 0 && fsync(s->file.fd) && errno != EINVAL)
		failed = nvs_fail(err, "cannot write %s/%s: %s", t->dir, s->name, strerror(errno));
	if (*s->temporary && (failed || s->failed))
		unlinkat(t->dir_fd, s->temporary, 0);
	else if (*s->temporary && renameat(t->dir_fd, s->temporary, t->dir_fd, s->name))
		failed = nvs_fail(err, "cannot name %s/%s: %s", t->dir, s->name, strerror(errno));
	free_stream(s);
	return failed;
}

void ctf_stream_discard(struct ctf_stream *s)
{
	if (s->file.fd >= 0)
		unlinkat(s->trace->dir_fd, *s->temporary ? s->temporary : s->name, 0);
	free_stream(s);
}
