// SPDX-License-Identifier: GPL-2.0
/* The flight recorder: what is due is saved by a thread, while the recorder goes on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctf_kept.h"
#include "record_flight.h"

/* What a recording takes besides its streams, at most. */
#define METADATA_ROOM (128u << 10)

/* One that was saved, and is still there. */
struct saved {
	unsigned int number;
	uint64_t bytes;
};

/* A save under way; the thread has it all to itself until `done`. */
struct save {
	struct ctf_snapshot *snapshot;
	unsigned int number;
	uint64_t max_size;
	int dir_fd;
	char dir[4096];
	char what[256]; /* the trigger, and its event */
	struct nvs_error err;
	bool failed;
	/* Those there are, oldest first, and how many had to go. */
	struct saved *saved;
	size_t nr_saved;
	unsigned int deleted;
	atomic_bool done;
};

struct flight {
	struct flight_options o;
	struct triggers *triggers;
	/* What is to be saved, when it is time; due 0: nothing. */
	struct trigger_hit hit;
	uint64_t due;
	uint64_t began; /* when it fired */
	bool settling;	/* due, but for another pass over the rings */
	bool asked;	/* by a signal */
	uint64_t next;	/* not before */
	uint64_t suppressed, suppressed_before;
	uint64_t lost_elsewhere; /* losses that no stream tells of, as of the save before */
	bool saving;
	pthread_t thread;
	struct save save;
	unsigned int ok, failed;
};

struct flight *flight_new(const struct flight_options *o, struct triggers *t, struct nvs_error *err)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (!f || !t || mkdir(o->dir, 0700)) {
		nvs_fail(err, "cannot make directory %s: %s", o->dir,
			 f && t ? strerror(errno) : "out of memory");
		free(f);
		return NULL;
	}
	f->o = *o;
	f->triggers = t;
	f->save.max_size = o->max_size;
	f->save.dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->save.dir_fd >= 0)
		return f;
	nvs_fail(err, "cannot open directory %s: %s", o->dir, strerror(errno));
	rmdir(o->dir);
	free(f);
	return NULL;
}

bool flight_wants(const struct flight *f, unsigned int id)
{
	return triggers_want(f->triggers, id);
}

/* The first of several is what is saved; the others are in the recording, too, or counted. */
static void fire(struct flight *f, const struct trigger_hit *hit)
{
	uint64_t now = record_now();

	if (f->due || f->saving || now < f->next) {
		f->suppressed++;
		return;
	}
	f->hit = *hit;
	f->began = now;
	f->due = now + f->o.after;
	f->next = now + f->o.every;
	f->settling = false;
}

void flight_see(struct flight *f, const struct nvs_hdr *ev)
{
	struct trigger_hit hit;

	if (triggers_see(f->triggers, ev, &hit))
		fire(f, &hit);
}

void flight_signal(struct flight *f)
{
	struct trigger_hit hit = { .kind = TRIGGER_signal, .event.ctrl = NVS_NO_CTRL };

	if (triggers_has(f->triggers, TRIGGER_signal))
		fire(f, &hit);
}

/* --- the thread that writes --------------------------------------------------- */

static void name_of(unsigned int number, char name[24])
{
	snprintf(name, 24, "trigger-%04u", number);
}

/* Calls for every file of a recording; returns the bytes that they take. */
static uint64_t each_file(int dir_fd, const char *name, bool remove)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;
	uint64_t bytes = 0;

	if (fd >= 0 && !d)
		close(fd);
	while (d && (entry = readdir(d))) {
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode))
			continue;
		bytes += st.st_size;
		if (remove)
			unlinkat(fd, entry->d_name, 0);
	}
	if (d)
		closedir(d);
	return bytes;
}

/* The oldest go until there is room for @bytes. */
static void make_room(struct save *s, uint64_t bytes)
{
	uint64_t all = bytes;
	size_t gone = 0;
	char name[24];

	for (size_t i = 0; i < s->nr_saved; i++)
		all += s->saved[i].bytes;
	while (s->max_size && all > s->max_size && gone < s->nr_saved) {
		name_of(s->saved[gone].number, name);
		each_file(s->dir_fd, name, true);
		unlinkat(s->dir_fd, name, AT_REMOVEDIR);
		all -= s->saved[gone++].bytes;
	}
	memmove(s->saved, s->saved + gone, (s->nr_saved - gone) * sizeof(*s->saved));
	s->nr_saved -= gone;
	s->deleted += gone;
}

/* Written under a name that nobody takes for a recording, so that what is there is whole. */
static int write_it(struct save *s)
{
	struct saved *more = realloc(s->saved, (s->nr_saved + 1) * sizeof(*more));
	char name[24], path[64];

	if (!more)
		return nvs_fail(&s->err, "%s: out of memory", s->dir);
	s->saved = more;
	make_room(s, ctf_snapshot_bytes(s->snapshot) + METADATA_ROOM);
	name_of(s->number, name);
	/* By way of the descriptor: the directories above may not be ours to pass any more. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/.%s", s->dir_fd, name);
	if (ctf_snapshot_write(s->snapshot, path, &s->err))
		return -1;
	if (renameat(s->dir_fd, strrchr(path, '/') + 1, s->dir_fd, name))
		return nvs_fail(&s->err, "cannot name %s/%s: %s", s->dir, name, strerror(errno));
	s->saved[s->nr_saved++] =
		(struct saved){ .number = s->number, .bytes = each_file(s->dir_fd, name, false) };
	return 0;
}

static void *save_thread(void *arg)
{
	struct save *s = arg;

	s->failed = write_it(s);
	atomic_store(&s->done, true);
	return NULL;
}

/* --- the recorder's side ------------------------------------------------------ */

static void __attribute__((format(printf, 3, 4)))
env(struct ctf_snapshot *snap, const char *key, const char *fmt, ...)
{
	char value[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (ctf_snapshot_env(snap, key, value))
		complain("the recording goes without its '%s'", key);
}

/* What is told of this one alone: why it was saved, and what was lost meanwhile. */
static void describe(struct flight *f, const struct recorder *r)
{
	struct save *s = &f->save;
	const struct trigger_hit *hit = &f->hit;
	struct record_counts c;
	char event[200];

	record_count(r, &c);
	trigger_describe(hit, r->device.prefix ?: "nvme", event, sizeof(event));
	snprintf(s->what, sizeof(s->what), "%.40s: %s", triggers_text(f->triggers, hit->kind),
		 event);
	env(s->snapshot, "trigger", "%s", triggers_text(f->triggers, hit->kind));
	env(s->snapshot, "trigger_event", "%s", event);
	env(s->snapshot, "trigger_ns", "%" PRIu64, (uint64_t)hit->event.ts ?: f->began);
	env(s->snapshot, "trigger_number", "%u", s->number);
	env(s->snapshot, "triggers_suppressed", "%" PRIu64, f->suppressed - f->suppressed_before);
	env(s->snapshot, "events", "%" PRIu64, ctf_snapshot_events(s->snapshot));
	env(s->snapshot, "lost_without_cpu", "%" PRIu64, c.lost - c.in_streams - f->lost_elsewhere);
	f->lost_elsewhere = c.lost - c.in_streams;
	f->suppressed_before = f->suppressed;
}

/* What is in memory now is to be saved. */
static bool take(struct flight *f, struct recorder *r)
{
	struct save *s = &f->save;

	record_env_end(r, "trigger");
	s->snapshot = ctf_snapshot_take(r->trace, &s->err);
	if (!s->snapshot)
		return false;
	s->number = f->ok + f->failed + 1;
	snprintf(s->dir, sizeof(s->dir), "%s", f->o.dir);
	describe(f, r);
	atomic_store(&s->done, false);
	return true;
}

static void tell_saved(struct flight *f)
{
	struct save *s = &f->save;

	f->saving = false;
	if (s->failed) {
		f->failed++;
		complain("%s: not saved in %s: %s", s->what, s->dir, s->err.text);
	} else {
		f->ok++;
		complain("%s: saved in %s/trigger-%04u, %" PRIu64 " events", s->what, s->dir,
			 s->number, ctf_snapshot_events(s->snapshot));
	}
	ctf_snapshot_free(s->snapshot);
	s->snapshot = NULL;
}

static void begin_save(struct flight *f, struct recorder *r)
{
	f->due = 0;
	if (!take(f, r)) {
		f->failed++;
		complain("not saved: %s", f->save.err.text);
		return;
	}
	f->saving = true;
	/* Without a thread it takes longer, and the rings wait. */
	if (pthread_create(&f->thread, NULL, save_thread, &f->save)) {
		save_thread(&f->save);
		tell_saved(f);
	}
}

/* Events are in order, and in a packet, when another pass has come after that which took them. */
void flight_tick(struct flight *f, struct recorder *r)
{
	struct nvs_error err;

	if (f->saving && atomic_load(&f->save.done)) {
		pthread_join(f->thread, NULL);
		tell_saved(f);
	}
	if (!f->due || f->saving || record_now() < f->due)
		return;
	if (!f->settling) {
		f->settling = true;
		return;
	}
	if (record_settle(r, &err))
		complain("%s", err.text);
	begin_save(f, r);
}

static void free_flight(struct flight *f)
{
	close(f->save.dir_fd);
	free(f->save.saved);
	free(f);
}

void flight_discard(struct flight *f)
{
	rmdir(f->o.dir);
	free_flight(f);
}

bool flight_end(struct flight *f, struct recorder *r)
{
	bool good;

	if (f->saving) {
		pthread_join(f->thread, NULL);
		tell_saved(f);
	}
	if (f->due) {
		begin_save(f, r);
		if (f->saving) {
			pthread_join(f->thread, NULL);
			tell_saved(f);
		}
	}
	good = !f->failed;
	complain("%u saved in %s, %u deleted again for --max-size, %u not saved; %" PRIu64
		 " more triggers suppressed",
		 f->ok, f->o.dir, f->save.deleted, f->failed, f->suppressed);
	free_flight(f);
	return good;
}
