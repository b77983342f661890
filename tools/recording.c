// SPDX-License-Identifier: GPL-2.0
/*
 * Opens a recording: maps its streams and checks them.
 *
 * Nothing in the files is believed.  At open, every packet's header is checked; the rest is
 * checked as it is read (recording_read.c).
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
#include "recording_internal.h"
#include "printable.h"

/* A packet ends with its last event, or with the block of the file that this ends in. */
static bool is_filled(const struct ctf_packet *p, size_t offset)
{
	size_t left = p->packet_size / 8 - packet_events_end(p);

	return !left || (left < CTF_BLOCK && (offset + p->packet_size / 8) % CTF_BLOCK == 0);
}

/* Returns what is wrong with packet @p at @offset in itself, or NULL. */
static const char *packet_flaw(const struct recording *r, const struct stream *s,
			       const struct ctf_packet *p, size_t offset)
{
	if (p->magic != CTF_MAGIC)
		return "no packet begins here";
	if (memcmp(p->uuid, r->meta.uuid, sizeof(p->uuid)))
		return "a packet of another recording (its uuid is not that of the metadata)";
	if (p->stream_id != (uint32_t)stream_id(s) || p->cpu_id != s->cpu)
		return "a packet of another stream";
	if (p->packet_size % 64 || p->packet_size > 8ull * CTF_PACKET_MAX ||
	    p->packet_size < 8 * sizeof(*p))
		return "an impossible packet size";
	if (p->content_size > p->packet_size || p->content_size < 8 * CTF_PACKET_USED ||
	    !is_filled(p, offset))
		return "an impossible content size";
	if (p->nr_events > p->packet_size / 8 / sizeof(struct nvs_hdr))
		return "an impossible number of events";
	if (p->timestamp_begin > p->timestamp_end)
		return "a packet that ends before it begins";
	if (p->timestamp_end > INT64_MAX)
		return "a time that no clock shows";
	return NULL;
}

/* Returns what is wrong with packet @p behind @q (NULL: it is the first), or NULL. */
static const char *sequence_flaw(const struct ctf_packet *p, const struct ctf_packet *q)
{
	if (!q)
		return p->packet_seq_num ? "the first packet is missing" : NULL;
	if (p->packet_seq_num != q->packet_seq_num + 1)
		return "packets are missing before this one";
	if (p->timestamp_begin < q->timestamp_end)
		return "a packet that begins before the one before it ends";
	if (p->events_discarded < q->events_discarded)
		return "a count of lost events that goes backwards";
	return NULL;
}

int recording_bad_packet(const struct recording *r, const struct stream *s, size_t offset,
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

void stream_let_go(const struct stream *s, size_t from, size_t to)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	/* The page that the rest begins in stays. */
	from -= from % page;
	to -= to % page;
	if (to > from)
		madvise((void *)(s->map + from), to - from, MADV_DONTNEED);
}

/* Remembers where packet number @nr is, or not: they are evenly apart, and bounded in number. */
static int put_signpost(struct stream *s, uint64_t nr, size_t packet, uint64_t ts)
{
	if (!s->posts) {
		s->posts = calloc(MAX_SIGNPOSTS, sizeof(*s->posts));
		s->posts_apart = 1;
		if (!s->posts)
			return -1;
	}
	if (nr % s->posts_apart)
		return 0;
	if (s->nr_posts == MAX_SIGNPOSTS) {
		s->nr_posts /= 2;
		s->posts_apart *= 2;
		for (unsigned int i = 1; i < s->nr_posts; i++)
			s->posts[i] = s->posts[2 * i];
	}
	s->posts[s->nr_posts++] = (struct signpost){ ts, packet };
	return 0;
}

/* What a packet that is sound says of its stream. */
static int note_packet(const struct recording *r, struct stream *s, const struct ctf_packet *p,
		       size_t at, uint64_t nr, struct nvs_error *err)
{
	s->lost = p->events_discarded;
	if (p->nr_events && !s->first_ts)
		s->first_ts = p->timestamp_begin;
	if (p->nr_events)
		s->last_ts = p->timestamp_end;
	if (put_signpost(s, nr, at, p->timestamp_begin))
		return nvs_fail(err, "%s: out of memory", r->dir);
	return 0;
}

static int cannot_read(const struct recording *r, const struct stream *s, struct nvs_error *err)
{
	return nvs_fail(err, "cannot read %s/%s: %s", r->dir, s->name, strerror(errno));
}

/*
 * Walks the packets of @s, and finds how much of the file is whole.  Headers are copied, for the
 * kernel maps many pages around each one that is looked at in the map.
 */
static int check_packets(struct recording *r, struct stream *s, int fd, struct nvs_error *err)
{
	struct ctf_packet p, before = { 0 };
	size_t at = 0;

	for (uint64_t nr = 0; at < s->file_size; nr++, before = p, at += p.packet_size / 8) {
		size_t left = s->file_size - at;
		ssize_t got = pread(fd, &p, sizeof(p), (off_t)at);
		const char *flaw;

		if (got < 0)
			return cannot_read(r, s, err);
		if ((size_t)got < sizeof(p) || (!p.magic && zeros(s->map + at, left)))
			break;
		if (p.magic == CTF_MAGIC && p.version != NVS_EVENTS_VERSION)
			return nvs_fail(err,
					"%s/%s has event layout %u at byte %zu, but this nvmescope "
					"reads layout %d",
					r->dir, s->name, p.version, at, NVS_EVENTS_VERSION);
		flaw = packet_flaw(r, s, &p, at);
		if (!flaw)
			flaw = sequence_flaw(&p, nr ? &before : NULL);
		if (flaw)
			return recording_bad_packet(r, s, at, flaw, err);
		if (p.packet_size / 8 > left)
			break;
		if (note_packet(r, s, &p, at, nr, err))
			return -1;
	}
	stream_let_go(s, at, s->file_size);
	s->size = at;
	if (at < s->file_size)
		note_cut(r, s);
	return 0;
}

static int map_stream(const struct recording *r, struct stream *s, int fd, struct nvs_error *err)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st))
		return cannot_read(r, s, err);
	if (!S_ISREG(st.st_mode))
		return nvs_fail(err, "%s/%s is not a file", r->dir, s->name);
	if (!st.st_size)
		return 0;
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return cannot_read(r, s, err);
	madvise(map, st.st_size, MADV_SEQUENTIAL);
	s->map = map;
	s->file_size = st.st_size;
	return 0;
}

/* CPU and part whose stream @name is; false when it is no stream's name. */
static bool stream_named(const char *name, struct stream *s)
{
	*s = (struct stream){ .cpu = RECORDING_DEVICE };
	if (strcmp(name, "device") &&
	    (sscanf(name, "cpu-%5u.%9u", &s->cpu, &s->part) < 1 || s->cpu >= RECORDING_DEVICE))
		return false;
	ctf_stream_name(s->name, s->cpu);
	if (s->part)
		ctf_stream_part_name(s->name, s->part);
	return !strcmp(name, s->name);
}

static int add_stream(struct recording *r, int dir_fd, const struct stream *named,
		      struct nvs_error *err)
{
	struct stream *s = realloc(r->streams, (r->nr_streams + 1) * sizeof(*s));
	int fd, ret;

	if (!s)
		return nvs_fail(err, "%s: out of memory", r->dir);
	r->streams = s;
	s += r->nr_streams;
	*s = *named;
	r->nr_streams++;
	fd = openat(dir_fd, s->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return cannot_read(r, s, err);
	ret = map_stream(r, s, fd, err) < 0 ? -1 : check_packets(r, s, fd, err);
	close(fd);
	return ret;
}

/* Readers differ in what readdir() gives first; the order of events must not. */
static int by_cpu(const void *a, const void *b)
{
	const struct stream *s = a, *t = b;

	if (s->cpu == t->cpu)
		return (s->part > t->part) - (s->part < t->part);
	return s->cpu > t->cpu ? 1 : -1;
}

/* What `record` makes says at the end what ended it. */
static void note_no_end(struct recording *r)
{
	const char *level = recording_env(r, "level");

	if (!*r->cut && recording_env(r, "started_ns") && !recording_env(r, "ended_by"))
		snprintf(r->cut, sizeof(r->cut),
			 "%.150s has no end: the recorder was killed, or is still at it; what came "
			 "in its last %s is not there",
			 r->dir, level && !strcmp(level, "hist") ? "six seconds" : "second or two");
}

static int open_streams(struct recording *r, DIR *d, struct nvs_error *err)
{
	struct dirent *entry;
	struct stream named;

	while ((entry = readdir(d)))
		if (stream_named(entry->d_name, &named) && add_stream(r, dirfd(d), &named, err))
			return -1;
	if (!r->nr_streams)
		return nvs_fail(err, "%s holds no stream (cpu-0, ...): nothing was recorded",
				r->dir);
	note_no_end(r);
	qsort(r->streams, r->nr_streams, sizeof(*r->streams), by_cpu);
	r->reader = reader_new(r, err);
	return r->reader ? 0 : -1;
}

static uint64_t env_ns(const struct recording *r, const char *key, uint64_t otherwise)
{
	const char *text = recording_env(r, key);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static bool env_is(const struct recording *r, const char *key, const char *value)
{
	const char *text = recording_env(r, key);

	return text && !strcmp(text, value);
}

/*
 * The recorder's programs are attached and detached one by one: at both ends some kinds of events
 * are there and others are not.  Our own driver waits until all are attached to it; level hist is
 * what was counted until the end, and written after it.
 */
static void find_ends(struct recording *r)
{
	r->begin = env_is(r, "provider", "stock") ? env_ns(r, "attached_ns", 0) : 0;
	r->end = env_ns(r, "detaching_ns", UINT64_MAX);
	if (env_is(r, "level", "hist")) {
		r->begin = 0;
		r->end = UINT64_MAX;
	}
}

/* Values are for people, and nobody knows who wrote them. */
static int read_metadata(struct recording *r, int dir_fd, struct nvs_error *err)
{
	if (ctf_metadata_read(dir_fd, r->dir, &r->meta, err))
		return -1;
	for (size_t i = 0; i < r->meta.nr_env; i++)
		make_printable(r->meta.env[i].value);
	find_ends(r);
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
	return r;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	ahead_stop(r->ahead);
	for (unsigned int i = 0; i < r->nr_streams; i++) {
		free(r->streams[i].posts);
		if (r->streams[i].map)
			munmap((void *)r->streams[i].map, r->streams[i].file_size);
	}
	ctf_metadata_free(&r->meta);
	reader_free(r->reader);
	free(r->streams);
	free(r->dir);
	free(r);
}

const char *recording_env(const struct recording *r, const char *key)
{
	return ctf_metadata_get(&r->meta, key);
}

/* The last of a CPU's files: its count of what was lost goes on through all of them. */
static bool is_newest(const struct recording *r, unsigned int i)
{
	return i + 1 == r->nr_streams || r->streams[i + 1].cpu != r->streams[i].cpu;
}

unsigned int recording_nr_cpus(const struct recording *r)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < r->nr_streams; i++)
		n += r->streams[i].cpu != RECORDING_DEVICE && is_newest(r, i);
	return n;
}

unsigned int recording_cpus_end(const struct recording *r)
{
	unsigned int end = 0, cpu;

	for (unsigned int i = 0; i < r->nr_streams; i++)
		if (r->streams[i].cpu != RECORDING_DEVICE && r->streams[i].cpu >= end)
			end = r->streams[i].cpu + 1;
	/* "lost_cpu3", "unmatched_cpu3" */
	for (size_t i = 0; i < r->meta.nr_env; i++) {
		const char *of = strrchr(r->meta.env[i].key, '_');

		if (of && sscanf(of, "_cpu%5u", &cpu) == 1 && cpu >= end && cpu < RECORDING_DEVICE)
			end = cpu + 1;
	}
	return end;
}

bool recording_has_cpu(const struct recording *r, unsigned int cpu)
{
	for (unsigned int i = 0; i < r->nr_streams; i++)
		if (r->streams[i].cpu == cpu)
			return true;
	return false;
}

uint64_t recording_lost(const struct recording *r, unsigned int cpu)
{
	for (unsigned int i = 0; i < r->nr_streams; i++)
		if (r->streams[i].cpu == cpu && is_newest(r, i))
			return r->streams[i].lost;
	return 0;
}

uint64_t recording_lost_total(const struct recording *r)
{
	const char *elsewhere = recording_env(r, "lost_without_cpu");
	uint64_t total = elsewhere ? strtoull(elsewhere, NULL, 10) : 0;

	for (unsigned int i = 0; i < r->nr_streams; i++)
		if (is_newest(r, i))
			total += r->streams[i].lost;
	return total;
}

const char *recording_cut(const struct recording *r)
{
	return *r->cut ? r->cut : NULL;
}

uint64_t recording_bytes(const struct recording *r)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < r->nr_streams; i++)
		bytes += r->streams[i].size;
	return bytes;
}

void recording_span(const struct recording *r, uint64_t *first, uint64_t *last)
{
	*first = *last = 0;
	for (unsigned int i = 0; i < r->nr_streams; i++) {
		const struct stream *s = &r->streams[i];

		if (s->first_ts && (!*first || s->first_ts < *first))
			*first = s->first_ts;
		if (s->last_ts > *last)
			*last = s->last_ts;
	}
	if (*last > r->end)
		*last = r->end;
	if (r->begin > *first && r->begin < *last)
		*first = r->begin;
}
