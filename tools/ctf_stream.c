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
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "ctf_internal.h"
#include "event_info.h"

/* A packet is big enough when it holds this much, or spans this much time. */
#define PACKET_BYTES (256u << 10)
#define PACKET_NS    1000000000ull
/* One packet never takes more than this, however much is waiting. */
#define PACKET_MOST (1u << 20)
_Static_assert(PACKET_MOST + PACKET_BYTES <= CTF_PACKET_MAX, "readers would refuse our packets");

/* Where an event lies in the buffer; kept in time order. */
struct slot {
	uint64_t ts;
	uint32_t offset;
	uint32_t size;
};

struct ctf_stream {
	struct ctf_trace *trace;
	struct ctf_stream *next;
	unsigned int cpu;
	char name[CTF_STREAM_NAME_SIZE];
	char temporary[CTF_STREAM_NAME_SIZE + 8]; /* the name until the end, or "" */
	int fd;
	bool failed;	    /* takes no more: said so when it happened */
	uint64_t file_size; /* whole packets so far */

	/* The buffer: room for a packet's header, then events as they came. */
	unsigned char *buf;
	size_t len, cap;
	struct slot *slots;
	size_t nr_slots, cap_slots;
	bool unordered; /* slots stand in another order than the events */

	uint64_t safe_ts;    /* latest event at the flush before: nothing comes before it now */
	uint64_t written_ts; /* latest event in the file */
	uint64_t seq;	     /* of the next packet */
	uint64_t lost;	     /* as last told */
	uint64_t written_lost;
	uint64_t events, clamped, unwritten;
};

void ctf_stream_name(char name[CTF_STREAM_NAME_SIZE], unsigned int cpu)
{
	if (cpu == RECORDING_DEVICE)
		strcpy(name, "device");
	else
		snprintf(name, CTF_STREAM_NAME_SIZE, "cpu-%u", cpu);
}

uint32_t ctf_packet_checksum(const struct ctf_packet *p, size_t bytes)
{
	struct ctf_packet head = *p;

	head.checksum = 0;
	/* The lower half of one hash, begun with the other: no bit of either part is left out. */
	return (uint32_t)XXH3_64bits_withSeed(p + 1, bytes - sizeof(head),
					      XXH3_64bits(&head, sizeof(head)));
}

static void free_stream(struct ctf_stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->slots);
	free(s->buf);
	free(s);
}

struct ctf_stream *ctf_stream_open(struct ctf_trace *t, unsigned int cpu, struct nvs_error *err)
{
	struct ctf_stream *s;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC;

	if (ctf_trace_sync(t, err))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s) {
		nvs_fail(err, "%s: out of memory for CPU %u", t->dir, cpu);
		return NULL;
	}
	s->trace = t;
	s->cpu = cpu;
	s->len = sizeof(struct ctf_packet);
	ctf_stream_name(s->name, cpu);
	/* In a recording that others may read, a stream appears when it is whole. */
	if (t->reopened)
		snprintf(s->temporary, sizeof(s->temporary), ".%s.new", s->name);
	flags |= t->reopened ? O_TRUNC : O_EXCL;
	s->fd = openat(t->dir_fd, t->reopened ? s->temporary : s->name, flags, 0600);
	if (s->fd < 0) {
		nvs_fail(err, "cannot make %s/%s: %s", t->dir, s->name, strerror(errno));
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

/* Room for one more event of @size bytes, the first packet header included. */
static int make_room(struct ctf_stream *s, size_t size)
{
	void *p;

	if (s->len + size > s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 2 * PACKET_BYTES;

		p = cap > UINT32_MAX ? NULL : realloc(s->buf, cap);
		if (!p)
			return -1;
		s->buf = p;
		s->cap = cap;
	}
	if (s->nr_slots == s->cap_slots) {
		size_t cap = s->cap_slots ? 2 * s->cap_slots : 4096;

		p = realloc(s->slots, cap * sizeof(*s->slots));
		if (!p)
			return -1;
		s->slots = p;
		s->cap_slots = cap;
	}
	return 0;
}

/* From the end, for few events are late, and by little. */
static void insert_slot(struct ctf_stream *s, struct slot slot)
{
	size_t i = s->nr_slots++;

	while (i && s->slots[i - 1].ts > slot.ts) {
		s->slots[i] = s->slots[i - 1];
		s->unordered = true;
		i--;
	}
	s->slots[i] = slot;
}

int ctf_stream_add(struct ctf_stream *s, const struct nvs_hdr *ev, unsigned int size,
		   struct nvs_error *err)
{
	const struct event_info *info = event_info(ev->id);
	struct nvs_hdr *copy;

	if (!info || info->size != size || info->device != (s->cpu == RECORDING_DEVICE))
		return nvs_fail(err, "%s/%s: an event %u of %u bytes does not belong there",
				s->trace->dir, s->name, ev->id, size);
	if (make_room(s, size))
		return nvs_fail(err, "%s/%s: out of memory for events", s->trace->dir, s->name);
	copy = memcpy(s->buf + s->len, ev, size);
	if (copy->ts < s->written_ts) {
		copy->ts = s->written_ts;
		s->clamped++;
	}
	insert_slot(s, (struct slot){ copy->ts, s->len, size });
	s->len += size;
	s->events++;
	return 0;
}

/* Puts the events themselves in the order of their slots. */
static int put_in_order(struct ctf_stream *s)
{
	unsigned char *ordered;
	size_t at = sizeof(struct ctf_packet);

	if (!s->unordered)
		return 0;
	ordered = malloc(s->cap);
	if (!ordered)
		return -1;
	for (size_t i = 0; i < s->nr_slots; i++) {
		memcpy(ordered + at, s->buf + s->slots[i].offset, s->slots[i].size);
		s->slots[i].offset = at;
		at += s->slots[i].size;
	}
	free(s->buf);
	s->buf = ordered;
	s->unordered = false;
	return 0;
}

/* Fills in the header of a packet of the first @n events, which take @bytes with it. */
static void make_header(struct ctf_stream *s, size_t n, size_t bytes)
{
	struct ctf_packet *p = (struct ctf_packet *)s->buf;
	uint64_t begin = s->written_ts, end = s->written_ts, padding;

	padding = sizeof(*p) - CTF_PACKET_USED;
	if (n) {
		const struct slot *last = &s->slots[n - 1];
		const struct nvs_hdr *ev = (const void *)(s->buf + last->offset);

		begin = s->slots[0].ts;
		end = last->ts;
		padding = last->size - event_used(event_info(ev->id));
	}
	*p = (struct ctf_packet){
		.magic = CTF_MAGIC,
		.stream_id = s->cpu == RECORDING_DEVICE ? CTF_STREAM_DEVICE : CTF_STREAM_CPU,
		.version = NVS_EVENTS_VERSION,
		.nr_events = n,
		.timestamp_begin = begin,
		.timestamp_end = end,
		.content_size = 8 * (bytes - padding),
		.packet_size = 8 * bytes,
		.events_discarded = s->lost,
		.packet_seq_num = s->seq,
		.cpu_id = s->cpu,
	};
	memcpy(p->uuid, s->trace->meta.uuid, sizeof(p->uuid));
	p->checksum = ctf_packet_checksum(p, bytes);
}

/* A packet is in the file as a whole or not at all. */
static int write_whole(struct ctf_stream *s, size_t bytes, struct nvs_error *err)
{
	size_t done = 0;
	ssize_t n;
	int why;

	while (done < bytes) {
		n = write(s->fd, s->buf + done, bytes - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			why = errno;
			if (ftruncate(s->fd, s->file_size))
				why = errno;
			return nvs_fail(err,
					"cannot write %s/%s: %s; what was recorded before is "
					"whole; make room, or record elsewhere",
					s->trace->dir, s->name, strerror(why));
		}
		done += n;
	}
	s->file_size += bytes;
	return 0;
}

/* Takes the first @n events, which end at @end, out of the buffer. */
static void drop_events(struct ctf_stream *s, size_t n, size_t end)
{
	size_t gone = end - sizeof(struct ctf_packet);

	memmove(s->buf + sizeof(struct ctf_packet), s->buf + end, s->len - end);
	memmove(s->slots, s->slots + n, (s->nr_slots - n) * sizeof(*s->slots));
	s->len -= gone;
	s->nr_slots -= n;
	for (size_t i = 0; i < s->nr_slots; i++)
		s->slots[i].offset -= gone;
}

/* Once a stream has failed, what it holds and what it is yet given is counted and forgotten. */
static int give_up(struct ctf_stream *s)
{
	s->failed = true;
	s->unwritten += s->nr_slots;
	s->nr_slots = 0;
	s->len = sizeof(struct ctf_packet);
	s->unordered = false;
	return -1;
}

static int write_packet(struct ctf_stream *s, size_t n, struct nvs_error *err)
{
	size_t end = sizeof(struct ctf_packet);

	if (make_room(s, 0) || put_in_order(s)) {
		nvs_fail(err, "%s/%s: out of memory for a packet", s->trace->dir, s->name);
		return give_up(s);
	}
	if (n)
		end = s->slots[n - 1].offset + s->slots[n - 1].size;
	make_header(s, n, end);
	if (write_whole(s, end, err))
		return give_up(s);
	if (n)
		s->written_ts = s->slots[n - 1].ts;
	s->written_lost = s->lost;
	s->seq++;
	drop_events(s, n, end);
	return 0;
}

/* How many events may be written, without those whose place others may still claim. */
static size_t nr_settled(const struct ctf_stream *s, bool force)
{
	size_t n = s->nr_slots;

	while (!force && n && s->slots[n - 1].ts > s->safe_ts)
		n--;
	return n;
}

static bool big_enough(const struct ctf_stream *s, size_t n)
{
	size_t bytes = 0;

	if (!n)
		return false;
	if (s->slots[n - 1].ts - s->slots[0].ts >= PACKET_NS)
		return true;
	/* Offsets tell sizes only while events lie in order: else add up. */
	for (size_t i = 0; i < n && bytes < PACKET_BYTES; i++)
		bytes += s->slots[i].size;
	return bytes >= PACKET_BYTES;
}

/* The part of @n events that goes into the next packet. */
static size_t nr_in_packet(const struct ctf_stream *s, size_t n)
{
	size_t bytes = 0, i;

	for (i = 0; i < n && bytes < PACKET_MOST; i++)
		bytes += s->slots[i].size;
	return i;
}

int ctf_stream_flush(struct ctf_stream *s, uint64_t lost, bool force, struct nvs_error *err)
{
	size_t settled = nr_settled(s, force);
	bool due = force || big_enough(s, settled);

	s->lost = lost;
	if (s->failed) {
		give_up(s);
		return nvs_fail(err, "%s/%s takes no more events since it could not be written",
				s->trace->dir, s->name);
	}
	while (due && settled) {
		size_t n = nr_in_packet(s, settled);

		if (write_packet(s, n, err))
			return -1;
		settled -= n;
	}
	/* A stream in which nothing happened says so, and how much of it was lost. */
	if (force && (!s->seq || s->lost != s->written_lost) && write_packet(s, 0, err))
		return -1;
	if (s->nr_slots)
		s->safe_ts = s->slots[s->nr_slots - 1].ts;
	return 0;
}

uint64_t ctf_stream_events(const struct ctf_stream *s)
{
	return s->events;
}

uint64_t ctf_stream_clamped(const struct ctf_stream *s)
{
	return s->clamped;
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
	if (!failed && fsync(s->fd) && errno != EINVAL)
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
	unlinkat(s->trace->dir_fd, *s->temporary ? s->temporary : s->name, 0);
	free_stream(s);
}
