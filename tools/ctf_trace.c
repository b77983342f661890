// SPDX-License-Identifier: GPL-2.0
/* A recording being written: its directory, its env and its metadata file. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "ctf_internal.h"

/* Readers pass over names that begin with a dot. */
#define METADATA     "metadata"
#define METADATA_NEW ".metadata.new"
/* Room that is given back when the last metadata is written: the disk may be full by then. */
#define RESERVE	      ".reserve"
#define RESERVE_BYTES (32u << 10)

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* The two clocks cannot be read at once: of several tries the quickest is the most exact. */
static uint64_t monotonic_to_realtime(void)
{
	uint64_t before, real, after, offset = 0, best = UINT64_MAX;

	for (int i = 0; i < 10; i++) {
		before = clock_ns(CLOCK_MONOTONIC);
		real = clock_ns(CLOCK_REALTIME);
		after = clock_ns(CLOCK_MONOTONIC);
		if (after - before < best) {
			best = after - before;
			offset = real - before - best / 2;
		}
	}
	return offset;
}

/* A random UUID, as RFC 4122 calls version 4: it tells that streams belong together. */
static int make_uuid(uint8_t uuid[16])
{
	if (getrandom(uuid, 16, 0) != 16)
		return -1;
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	return 0;
}

static void free_trace(struct ctf_trace *t)
{
	ctf_metadata_free(&t->meta);
	ctf_parts_free(t->parts);
	ctf_kept_free(t->kept);
	if (t->dir_fd >= 0)
		close(t->dir_fd);
	free(t->dir);
	free(t);
}

static struct ctf_trace *alloc_trace(const char *dir, struct nvs_error *err)
{
	struct ctf_trace *t = calloc(1, sizeof(*t));

	if (t)
		t->dir = strdup(dir);
	if (!t || !t->dir) {
		free(t);
		nvs_fail(err, "%s: out of memory", dir);
		return NULL;
	}
	t->dir_fd = -1;
	t->packet_bytes = CTF_PACKET_BYTES;
	return t;
}

static int make_directory(struct ctf_trace *t, struct nvs_error *err)
{
	if (mkdir(t->dir, 0700)) {
		if (errno == EEXIST)
			return nvs_fail(err,
					"%s exists already; name a new directory, or remove it",
					t->dir);
		return nvs_fail(err, "cannot make directory %s: %s", t->dir, strerror(errno));
	}
	t->dir_fd = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir_fd < 0) {
		nvs_fail(err, "cannot open directory %s: %s", t->dir, strerror(errno));
		rmdir(t->dir);
		return -1;
	}
	return 0;
}

static void make_reserve(const struct ctf_trace *t)
{
	int fd = openat(t->dir_fd, RESERVE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	/* No room, and the recording will soon say so. */
	if (posix_fallocate(fd, 0, RESERVE_BYTES))
		unlinkat(t->dir_fd, RESERVE, 0);
	close(fd);
}

static void free_reserve(const struct ctf_trace *t)
{
	if (t->dir_fd >= 0 && !t->reopened)
		unlinkat(t->dir_fd, RESERVE, 0);
}

struct ctf_trace *ctf_trace_create(const char *dir, struct nvs_error *err)
{
	struct ctf_trace *t = alloc_trace(dir, err);

	if (!t)
		return NULL;
	t->meta.clock.offset_ns = monotonic_to_realtime();
	t->dirty = true;
	if (make_uuid(t->meta.uuid)) {
		nvs_fail(err, "%s: no random numbers for its uuid: %s", dir, strerror(errno));
		goto out_free;
	}
	if (make_directory(t, err))
		goto out_free;
	if (ctf_trace_sync(t, err)) {
		ctf_trace_discard(t);
		return NULL;
	}
	make_reserve(t);
	return t;

out_free:
	free_trace(t);
	return NULL;
}

struct ctf_trace *ctf_trace_memory(size_t bytes, unsigned int nr_cpus, struct nvs_error *err)
{
	struct ctf_trace *t = alloc_trace("(memory)", err);

	if (!t)
		return NULL;
	t->kept = ctf_kept_new(bytes);
	if (!t->kept) {
		nvs_fail(err, "out of memory");
		free_trace(t);
		return NULL;
	}
	/* Each CPU's share is to hold a good many packets. */
	while (t->packet_bytes > 4096 && t->packet_bytes > bytes / nr_cpus / 16)
		t->packet_bytes /= 2;
	return t;
}

struct ctf_trace *ctf_trace_reopen(const char *dir, struct nvs_error *err)
{
	struct ctf_trace *t = alloc_trace(dir, err);

	if (!t)
		return NULL;
	t->reopened = true;
	t->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir_fd < 0) {
		nvs_fail(err, "cannot open recording %s: %s", dir, strerror(errno));
		goto out_free;
	}
	if (ctf_metadata_read(t->dir_fd, dir, &t->meta, err))
		goto out_free;
	return t;

out_free:
	free_trace(t);
	return NULL;
}

void ctf_trace_direct(struct ctf_trace *t)
{
	t->direct = true;
}

void ctf_trace_hurry(struct ctf_trace *t, bool hurry)
{
	t->hurry = hurry;
}

int ctf_trace_env(struct ctf_trace *t, const char *key, const char *value)
{
	if (!isalpha((unsigned char)*key) && *key != '_')
		return -1;
	for (const char *c = key; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return -1;
	t->dirty = true;
	return ctf_metadata_set(&t->meta, key, value);
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= n;
	}
	return 0;
}

/* On failure, errno says why. */
static int write_file(int dir_fd, const char *name, const char *text)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int failed, why;

	if (fd < 0)
		return -1;
	failed = write_all(fd, text, strlen(text)) || fsync(fd);
	why = errno;
	if (close(fd) && !failed) {
		failed = 1;
		why = errno;
	}
	errno = why;
	return failed ? -1 : 0;
}

/* By rename, so that whatever happens there is a whole metadata file. */
int ctf_trace_sync(struct ctf_trace *t, struct nvs_error *err)
{
	char *text;

	if (!t->dirty || t->kept)
		return 0;
	text = ctf_metadata_text(t->meta.uuid, &t->meta.clock, t->meta.env);
	if (!text)
		return nvs_fail(err, "%s/" METADATA ": out of memory", t->dir);
	if (write_file(t->dir_fd, METADATA_NEW, text) ||
	    renameat(t->dir_fd, METADATA_NEW, t->dir_fd, METADATA)) {
		nvs_fail(err,
			 "cannot write %s/" METADATA ": %s; what is in the directory stays "
			 "readable, but lacks what was to be said at the end",
			 t->dir, strerror(errno));
		unlinkat(t->dir_fd, METADATA_NEW, 0);
		free(text);
		return -1;
	}
	free(text);
	t->dirty = false;
	return 0;
}

/* Of several errors the first is told: the others mostly follow from it. */
int ctf_trace_close(struct ctf_trace *t, struct nvs_error *err)
{
	struct nvs_error later;
	int failed = 0;

	while (t->streams) {
		struct ctf_stream *s = t->streams;

		t->streams = ctf_stream_next(s);
		if (ctf_stream_finish(s, failed ? &later : err))
			failed = -1;
	}
	free_reserve(t);
	if (ctf_trace_sync(t, failed ? &later : err))
		failed = -1;
	free_trace(t);
	return failed;
}

void ctf_trace_discard(struct ctf_trace *t)
{
	bool ours = !t->reopened && !t->kept;

	while (t->streams) {
		struct ctf_stream *s = t->streams;

		t->streams = ctf_stream_next(s);
		ctf_stream_discard(s);
	}
	free_reserve(t);
	if (ours) {
		unlinkat(t->dir_fd, METADATA_NEW, 0);
		unlinkat(t->dir_fd, METADATA, 0);
		rmdir(t->dir);
	}
	free_trace(t);
}
