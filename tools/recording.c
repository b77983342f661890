// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a recording: maps its streams, checks them, and merges their events by
 * time without copying one.
 *
 * Nothing in the files is believed.  At open, every packet's header is checked;
 * a packet's checksum is checked when its first event is due, once; and each
 * event is checked against the table before it is handed out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctf_internal.h"
#include "event_info.h"
#include "printable.h"

struct stream {
	char name[CTF_STREAM_NAME_SIZE];
	unsigned int cpu;
	const unsigned char *map; /* NULL when the file is empty */
	size_t file_size;
	size_t size; /* whole packets */
	uint64_t lost;

	size_t packet; /* offset of the packet being read */
	size_t packet_end;
	size_t at;	    /* offset of the next event */
	uint64_t ts;	    /* of the event before, in this packet */
	uint32_t nr_events; /* read of this packet */
	size_t verified;    /* checksums are known to be right up to here */
};

struct recording {
	char *dir;
	struct ctf_metadata meta;
	struct stream *streams;
	unsigned int nr_streams;
	struct stream **heap; /* streams that have an event, the earliest first */
	unsigned int nr_heap;
	struct stream *due; /* whose event was handed out last: it is to move on */
	bool started;
	char cut[256];
};

/* Sizes by id, for the path that every event takes; 0: no such event. */
#define SIZE_ROW(id, ev, size) [id] = (size),
static const uint16_t event_sizes[2][NVS_EVENT_ID_MAX + 1] = {
	[CTF_STREAM_CPU] = { NVS_CPU_EVENTS(SIZE_ROW) },
	[CTF_STREAM_DEVICE] = { NVS_DEVICE_EVENTS(SIZE_ROW) },
};

static int stream_id(const struct stream *s)
{
	return s->cpu == RECORDING_DEVICE ? CTF_STREAM_DEVICE : CTF_STREAM_CPU;
}

static const struct ctf_packet *packet_at(const struct stream *s, size_t offset)
{
	return (const struct ctf_packet *)(s->map + offset);
}

/* Returns what is wrong with the packet at @offset in itself, or NULL. */
static const char *packet_flaw(const struct recording *r, const struct stream *s, size_t offset)
{
	const struct ctf_packet *p = packet_at(s, offset);

	if (p->magic != CTF_MAGIC)
		return "no packet begins here";
	if (memcmp(p->uuid, r->meta.uuid, sizeof(p->uuid)))
		return "a packet of another recording (its uuid is not that of the metadata)";
	if (p->stream_id != (uint32_t)stream_id(s) || p->cpu_id != s->cpu)
		return "a packet of another stream";
	if (p->packet_size % 64 || p->packet_size > 8ull * CTF_PACKET_MAX ||
	    p->packet_size < 8 * sizeof(*p))
		return "an impossible packet size";
	if (p->content_size > p->packet_size || p->content_size + 64 <= p->packet_size)
		return "an impossible content size";
	if (p->nr_events > p->packet_size / 8 / sizeof(struct nvs_hdr))
		return "an impossible number of events";
	if (p->timestamp_begin > p->timestamp_end)
		return "a packet that ends before it begins";
	return NULL;
}

/* Returns what is wrong with the packet at @offset behind the one at @before, or NULL. */
static const char *sequence_flaw(const struct stream *s, size_t before, size_t offset)
{
	const struct ctf_packet *p = packet_at(s, offset), *q = packet_at(s, before);

	if (!offset)
		return p->packet_seq_num ? "the first packet is missing" : NULL;
	if (p->packet_seq_num != q->packet_seq_num + 1)
		return "packets are missing before this one";
	if (p->timestamp_begin < q->timestamp_end)
		return "a packet that begins before the one before it ends";
	if (p->events_discarded < q->events_discarded)
		return "a count of lost events that goes backwards";
	return NULL;
}

static int bad_packet(const struct recording *r, const struct stream *s, size_t offset,
		      const char *flaw, struct nvs_error *err)
{
	return nvs_fail(err, "%s/%s: %s, at byte %zu; the file is damaged, record anew", r->dir,
			s->name, flaw, offset);
}

/* A file system may leave zeros where a crash kept it from writing. */
static bool zeros(const unsigned char *p, size_t size)
{
	return !size || (!p[0] && !memcmp(p, p + 1, size - 1));
}

/* The rest of the file is no whole packet: the recorder was stopped while it wrote. */
static void note_cut(struct recording *r, const struct stream *s)
{
	if (!*r->cut)
		snprintf(r->cut, sizeof(r->cut),
			 "%s/%s was cut: its last %zu bytes, from byte %zu, are no whole packet",
			 r->dir, s->name, s->file_size - s->size, s->size);
}

/* Walks the packets of @s, and finds how much of the file is whole. */
static int check_packets(struct recording *r, struct stream *s, struct nvs_error *err)
{
	size_t at, before = 0;

	for (at = 0; at < s->file_size; before = at, at += packet_at(s, at)->packet_size / 8) {
		const struct ctf_packet *p = packet_at(s, at);
		size_t left = s->file_size - at;
		const char *flaw;

		if (left < sizeof(*p) || zeros(s->map + at, left))
			break;
		if (p->magic == CTF_MAGIC && p->version != NVS_EVENTS_VERSION)
			return nvs_fail(err,
					"%s/%s has event layout %u at byte %zu, but this nvmescope "
					"reads layout %d",
					r->dir, s->name, p->version, at, NVS_EVENTS_VERSION);
		flaw = packet_flaw(r, s, at);
		if (!flaw)
			flaw = sequence_flaw(s, before, at);
		if (flaw)
			return bad_packet(r, s, at, flaw, err);
		if (p->packet_size / 8 > left)
			break;
		s->lost = p->events_discarded;
	}
	s->size = at;
	if (at < s->file_size)
		note_cut(r, s);
	return 0;
}

static int map_stream(const struct recording *r, struct stream *s, int dir_fd,
		      struct nvs_error *err)
{
	int fd = openat(dir_fd, s->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		goto fail;
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return nvs_fail(err, "%s/%s is not a file", r->dir, s->name);
	}
	if (st.st_size) {
		map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			goto fail;
		madvise(map, st.st_size, MADV_SEQUENTIAL);
		s->map = map;
		s->file_size = st.st_size;
	}
	close(fd);
	return 0;

fail:
	nvs_fail(err, "cannot read %s/%s: %s", r->dir, s->name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The CPU whose stream @name is; false when it is no stream's name. */
static bool stream_cpu(const char *name, unsigned int *cpu)
{
	char again[CTF_STREAM_NAME_SIZE];

	if (!strcmp(name, "device"))
		*cpu = RECORDING_DEVICE;
	else if (sscanf(name, "cpu-%5u", cpu) != 1 || *cpu >= RECORDING_DEVICE)
		return false;
	ctf_stream_name(again, *cpu);
	return !strcmp(name, again);
}

static int add_stream(struct recording *r, int dir_fd, unsigned int cpu, struct nvs_error *err)
{
	struct stream *s = realloc(r->streams, (r->nr_streams + 1) * sizeof(*s));

	if (!s)
		return nvs_fail(err, "%s: out of memory", r->dir);
	r->streams = s;
	s += r->nr_streams;
	*s = (struct stream){ .cpu = cpu };
	ctf_stream_name(s->name, cpu);
	if (map_stream(r, s, dir_fd, err))
		return -1;
	r->nr_streams++;
	return check_packets(r, s, err);
}

/* Readers differ in what readdir() gives first; the order of events must not. */
static int by_cpu(const void *a, const void *b)
{
	const struct stream *s = a, *t = b;

	return (s->cpu > t->cpu) - (s->cpu < t->cpu);
}

static int open_streams(struct recording *r, DIR *d, struct nvs_error *err)
{
	struct dirent *entry;
	unsigned int cpu;

	while ((entry = readdir(d)))
		if (stream_cpu(entry->d_name, &cpu) && add_stream(r, dirfd(d), cpu, err))
			return -1;
	if (!r->nr_streams)
		return nvs_fail(err, "%s holds no stream (cpu-0, ...): nothing was recorded",
				r->dir);
	qsort(r->streams, r->nr_streams, sizeof(*r->streams), by_cpu);
	r->heap = calloc(r->nr_streams, sizeof(struct stream *));
	return r->heap ? 0 : nvs_fail(err, "%s: out of memory", r->dir);
}

/* Values are for people, and nobody knows who wrote them. */
static int read_metadata(struct recording *r, int dir_fd, struct nvs_error *err)
{
	if (ctf_metadata_read(dir_fd, r->dir, &r->meta, err))
		return -1;
	for (size_t i = 0; i < r->meta.nr_env; i++)
		make_printable(r->meta.env[i].value);
	return 0;
}

struct recording *recording_open(const char *dir, struct nvs_error *err)
{
	struct recording *r = calloc(1, sizeof(*r));
	DIR *d = opendir(dir);
	bool failed;

	if (r)
		r->dir = strdup(dir);
	if (!r || !r->dir || !d) {
		nvs_fail(err, "cannot open recording %s: %s", dir,
			 d ? "out of memory" : strerror(errno));
		failed = true;
	} else {
		failed = read_metadata(r, dirfd(d), err) || open_streams(r, d, err);
	}
	if (d)
		closedir(d);
	if (failed) {
		recording_close(r);
		return NULL;
	}
	recording_rewind(r);
	return r;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	for (unsigned int i = 0; i < r->nr_streams; i++)
		if (r->streams[i].map)
			munmap((void *)r->streams[i].map, r->streams[i].file_size);
	ctf_metadata_free(&r->meta);
	free(r->heap);
	free(r->streams);
	free(r->dir);
	free(r);
}

void recording_rewind(struct recording *r)
{
	for (unsigned int i = 0; i < r->nr_streams; i++)
		r->streams[i].packet = r->streams[i].packet_end = r->streams[i].at = 0;
	r->nr_heap = 0;
	r->due = NULL;
	r->started = false;
}

static int bad_event(const struct recording *r, const struct stream *s, const char *flaw,
		     struct nvs_error *err)
{
	return nvs_fail(err,
			"%s/%s: %s, at byte %zu of the file, in the packet at byte %zu; the "
			"file is damaged, record anew",
			r->dir, s->name, flaw, s->at, s->packet);
}

/* Goes to the next packet that has events. 1: there is one; 0: the end; -1: it is damaged. */
static int next_packet(struct recording *r, struct stream *s, struct nvs_error *err)
{
	const struct ctf_packet *p;
	size_t bytes;

	do {
		if (s->packet_end >= s->size)
			return 0;
		s->packet = s->packet_end;
		p = packet_at(s, s->packet);
		bytes = p->packet_size / 8;
		s->packet_end = s->packet + bytes;
		if (s->verified < s->packet_end && p->checksum != ctf_packet_checksum(p, bytes))
			return bad_packet(r, s, s->packet, "a packet with a wrong checksum", err);
		if (s->verified < s->packet_end)
			s->verified = s->packet_end;
		s->at = s->packet + sizeof(*p);
		s->ts = p->timestamp_begin;
		s->nr_events = 0;
		if (s->at == s->packet_end && p->nr_events)
			return bad_event(r, s, "fewer events than the packet says", err);
	} while (s->at == s->packet_end);
	return 1;
}

/* Checks the event that @s is at. 1: it is sound. */
static int check_event(const struct recording *r, struct stream *s, struct nvs_error *err)
{
	const struct ctf_packet *p = packet_at(s, s->packet);
	const struct nvs_hdr *ev = (const void *)(s->map + s->at);
	unsigned int size;

	if (s->packet_end - s->at < sizeof(*ev))
		return bad_event(r, s, "an event that is longer than its packet", err);
	size = ev->id <= NVS_EVENT_ID_MAX ? event_sizes[stream_id(s)][ev->id] : 0;
	if (!size)
		return bad_event(r, s, "an unknown event", err);
	if (size > s->packet_end - s->at)
		return bad_event(r, s, "an event that is longer than its packet", err);
	if (ev->ts < s->ts || ev->ts > p->timestamp_end)
		return bad_event(r, s, "an event out of its time", err);
	s->ts = ev->ts;
	if (++s->nr_events > p->nr_events ||
	    (s->at + size == s->packet_end && s->nr_events != p->nr_events))
		return bad_event(r, s, "another number of events than the packet says", err);
	return 1;
}

static unsigned int event_size(const struct stream *s)
{
	const struct nvs_hdr *ev = (const void *)(s->map + s->at);

	return event_sizes[stream_id(s)][ev->id];
}

/* Finds the first event at or behind s->at. 1: there is one; 0: the end; -1: damaged. */
static int find_event(struct recording *r, struct stream *s, struct nvs_error *err)
{
	int got;

	if (s->at == s->packet_end) {
		got = next_packet(r, s, err);
		if (got <= 0)
			return got;
	}
	return check_event(r, s, err);
}

/* Streams lie by CPU, so of two events at the same time the lower CPU's comes first. */
static bool earlier(const struct stream *a, const struct stream *b)
{
	return a->ts < b->ts || (a->ts == b->ts && a < b);
}

static void sift_down(struct recording *r, unsigned int i)
{
	struct stream *s = r->heap[i];

	for (;;) {
		unsigned int child = 2 * i + 1;

		if (child >= r->nr_heap)
			break;
		if (child + 1 < r->nr_heap && earlier(r->heap[child + 1], r->heap[child]))
			child++;
		if (!earlier(r->heap[child], s))
			break;
		r->heap[i] = r->heap[child];
		i = child;
	}
	r->heap[i] = s;
}

static int start(struct recording *r, struct nvs_error *err)
{
	r->nr_heap = 0;
	for (unsigned int i = 0; i < r->nr_streams; i++) {
		struct stream *s = &r->streams[i];
		int got = find_event(r, s, err);

		if (got < 0)
			return -1;
		if (got)
			r->heap[r->nr_heap++] = s;
	}
	for (unsigned int i = r->nr_heap; i--;)
		sift_down(r, i);
	r->started = true;
	return 0;
}

/* The stream at the top moves on to its next event, or leaves when it has none. */
static int move_on(struct recording *r, struct nvs_error *err)
{
	struct stream *s = r->due;
	int got;

	s->at += event_size(s);
	got = find_event(r, s, err);
	if (got < 0)
		return -1;
	if (!got)
		r->heap[0] = r->heap[--r->nr_heap];
	if (r->nr_heap)
		sift_down(r, 0);
	return 0;
}

int recording_next(struct recording *r, struct recorded *ev, struct nvs_error *err)
{
	struct stream *s;

	if (r->started ? r->due && move_on(r, err) : start(r, err)) {
		recording_rewind(r); /* so that a caller that goes on meets the error again */
		return -1;
	}
	r->due = NULL;
	if (!r->nr_heap)
		return 0;
	s = r->due = r->heap[0];
	ev->hdr = (const void *)(s->map + s->at);
	ev->size = event_size(s);
	ev->cpu = s->cpu;
	return 1;
}

const char *recording_env(const struct recording *r, const char *key)
{
	return ctf_metadata_get(&r->meta, key);
}

unsigned int recording_nr_cpus(const struct recording *r)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < r->nr_streams; i++)
		n += r->streams[i].cpu != RECORDING_DEVICE;
	return n;
}

uint64_t recording_lost(const struct recording *r, unsigned int cpu)
{
	for (unsigned int i = 0; i < r->nr_streams; i++)
		if (r->streams[i].cpu == cpu)
			return r->streams[i].lost;
	return 0;
}

uint64_t recording_lost_total(const struct recording *r)
{
	const char *elsewhere = recording_env(r, "lost_without_cpu");
	uint64_t total = elsewhere ? strtoull(elsewhere, NULL, 10) : 0;

	for (unsigned int i = 0; i < r->nr_streams; i++)
		total += r->streams[i].lost;
	return total;
}

const char *recording_cut(const struct recording *r)
{
	return *r->cut ? r->cut : NULL;
}
