// SPDX-License-Identifier: GPL-2.0
/*
 * A recording that is kept in memory: the newest packets, up to a size, ready to be saved as an
 * ordinary recording at any time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ctf_internal.h"
#include "ctf_kept.h"

struct kept {
	struct kept *next;
	atomic_uint users;    /* the list, and snapshots that are being written */
	uint64_t lost_before; /* the stream's count when this packet began */
	size_t bytes;
	struct ctf_packet packet; /* and its events */
};

struct ctf_kept {
	size_t most, bytes;
	struct kept *first, **end;
	size_t nr;
	struct ctf_dropped dropped;
	uint64_t *lost; /* by CPU: as the newest packet says */
	unsigned int nr_lost;
};

struct ctf_snapshot {
	struct ctf_metadata meta;
	size_t nr;
	uint64_t events;
	struct kept *packets[];
};

static void let_go(struct kept *k)
{
	if (atomic_fetch_sub(&k->users, 1) == 1)
		free(k);
}

static void drop_first(struct ctf_kept *all)
{
	struct kept *k = all->first;

	all->first = k->next;
	if (!all->first)
		all->end = &all->first;
	all->bytes -= k->bytes;
	all->nr--;
	all->dropped.events += k->packet.nr_events;
	all->dropped.bytes += k->packet.packet_size / 8;
	if (k->packet.timestamp_end > all->dropped.until)
		all->dropped.until = k->packet.timestamp_end;
	let_go(k);
}

struct ctf_kept *ctf_kept_new(size_t bytes)
{
	struct ctf_kept *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->most = bytes;
	all->end = &all->first;
	return all;
}

void ctf_kept_free(struct ctf_kept *all)
{
	if (!all)
		return;
	while (all->first)
		drop_first(all);
	free(all->lost);
	free(all);
}

/* What CPU @cpu had lost before; @lost is what it has now. */
static uint64_t exchange_lost(struct ctf_kept *all, unsigned int cpu, uint64_t lost)
{
	uint64_t before;

	if (cpu >= all->nr_lost) {
		uint64_t *p = realloc(all->lost, (cpu + 1) * sizeof(*p));

		if (!p)
			return lost;
		memset(p + all->nr_lost, 0, (cpu + 1 - all->nr_lost) * sizeof(*p));
		all->lost = p;
		all->nr_lost = cpu + 1;
	}
	before = all->lost[cpu];
	all->lost[cpu] = lost;
	return before;
}

int ctf_keep(struct ctf_kept *all, const struct ctf_packet *packet, struct nvs_error *err)
{
	size_t bytes = packet->packet_size / 8;
	struct kept *k;

	while (all->first && all->bytes + bytes + sizeof(*k) > all->most)
		drop_first(all);
	k = malloc(sizeof(*k) - sizeof(k->packet) + bytes);
	if (!k)
		return nvs_fail(err, "out of memory for a packet of %zu bytes", bytes);
	k->next = NULL;
	atomic_init(&k->users, 1);
	k->bytes = bytes + sizeof(*k);
	k->lost_before = exchange_lost(all, packet->cpu_id, packet->events_discarded);
	memcpy(&k->packet, packet, bytes);
	*all->end = k;
	all->end = &k->next;
	all->bytes += k->bytes;
	all->nr++;
	return 0;
}

static int copy_env(struct ctf_metadata *to, const struct ctf_metadata *from)
{
	for (size_t i = 0; i < from->nr_env; i++)
		if (ctf_metadata_set(to, from->env[i].key, from->env[i].value))
			return -1;
	return 0;
}

struct ctf_snapshot *ctf_snapshot_take(const struct ctf_trace *t, struct nvs_error *err)
{
	const struct ctf_kept *all = t->kept;
	struct ctf_snapshot *s = calloc(1, sizeof(*s) + all->nr * sizeof(s->packets[0]));

	if (!s || copy_env(&s->meta, &t->meta) || ctf_dropped_env(&s->meta, &all->dropped)) {
		ctf_snapshot_free(s);
		nvs_fail(err, "out of memory for what is to be saved");
		return NULL;
	}
	for (struct kept *k = all->first; k; k = k->next) {
		atomic_fetch_add(&k->users, 1);
		s->packets[s->nr++] = k;
		s->events += k->packet.nr_events;
	}
	return s;
}

void ctf_snapshot_free(struct ctf_snapshot *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr; i++)
		let_go(s->packets[i]);
	ctf_metadata_free(&s->meta);
	free(s);
}

uint64_t ctf_snapshot_events(const struct ctf_snapshot *s)
{
	return s->events;
}

size_t ctf_snapshot_bytes(const struct ctf_snapshot *s)
{
	size_t bytes = 0;

	for (size_t i = 0; i < s->nr; i++)
		bytes += s->packets[i]->packet.packet_size / 8;
	return bytes;
}

int ctf_snapshot_env(struct ctf_snapshot *s, const char *key, const char *value)
{
	return ctf_metadata_set(&s->meta, key, value);
}

/* One CPU's stream in the new recording. */
struct cpu_file {
	unsigned int cpu;
	int fd;
	uint64_t seq, lost_before;
};

static int write_packet(const struct ctf_trace *t, struct cpu_file *f, const struct kept *k,
			unsigned char *copy, struct nvs_error *err)
{
	size_t bytes = k->packet.packet_size / 8;
	struct ctf_packet *p = memcpy(copy, &k->packet, bytes);

	if (!f->seq)
		f->lost_before = k->lost_before;
	memcpy(p->uuid, t->meta.uuid, sizeof(p->uuid));
	p->packet_seq_num = f->seq++;
	p->events_discarded -= f->lost_before;
	p->checksum = ctf_packet_checksum(p, bytes);
	for (size_t done = 0; done < bytes;) {
		ssize_t n = write(f->fd, copy + done, bytes - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nvs_fail(err, "cannot write %s/cpu-%u: %s", t->dir, f->cpu,
					strerror(errno));
		done += n;
	}
	return 0;
}

/* All packets of one CPU. */
static int write_cpu(const struct ctf_trace *t, const struct ctf_snapshot *s, unsigned int cpu,
		     unsigned char *copy, struct nvs_error *err)
{
	char name[CTF_STREAM_NAME_SIZE];
	struct cpu_file f = { .cpu = cpu };
	int failed = 0;

	ctf_stream_name(name, cpu);
	f.fd = openat(t->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (f.fd < 0)
		return nvs_fail(err, "cannot make %s/%s: %s", t->dir, name, strerror(errno));
	for (size_t i = 0; i < s->nr && !failed; i++)
		if (s->packets[i]->packet.cpu_id == cpu)
			failed = write_packet(t, &f, s->packets[i], copy, err);
	if (!failed && fsync(f.fd) && errno != EINVAL)
		failed = nvs_fail(err, "cannot write %s/%s: %s", t->dir, name, strerror(errno));
	close(f.fd);
	if (failed)
		unlinkat(t->dir_fd, name, 0);
	return failed;
}

static int write_cpus(const struct ctf_trace *t, const struct ctf_snapshot *s,
		      struct nvs_error *err)
{
	unsigned char *copy;
	unsigned int end = 0;
	size_t most = 0;
	int failed = 0;

	if (!s->nr)
		return nvs_fail(err, "%s: there is nothing in memory that could be saved", t->dir);
	for (size_t i = 0; i < s->nr; i++) {
		const struct ctf_packet *p = &s->packets[i]->packet;

		if (p->packet_size / 8 > most)
			most = p->packet_size / 8;
		if (p->cpu_id >= end)
			end = p->cpu_id + 1;
	}
	copy = malloc(most);
	if (!copy)
		return nvs_fail(err, "%s: out of memory", t->dir);
	for (unsigned int cpu = 0; cpu < end && !failed; cpu++)
		for (size_t i = 0; i < s->nr; i++)
			if (s->packets[i]->packet.cpu_id == cpu) {
				failed = write_cpu(t, s, cpu, copy, err);
				break;
			}
	free(copy);
	return failed;
}

/* Nothing is left of a recording that could not be written. */
static void remove_cpus(const struct ctf_trace *t, const struct ctf_snapshot *s)
{
	char name[CTF_STREAM_NAME_SIZE];

	for (size_t i = 0; i < s->nr; i++) {
		ctf_stream_name(name, s->packets[i]->packet.cpu_id);
		unlinkat(t->dir_fd, name, 0);
	}
}

int ctf_snapshot_write(struct ctf_snapshot *s, const char *dir, struct nvs_error *err)
{
	struct ctf_trace *t = ctf_trace_create(dir, err);

	if (!t)
		return -1;
	for (const struct ctf_env *e = s->meta.env; e && e->key; e++)
		if (ctf_trace_env(t, e->key, e->value)) {
			ctf_trace_discard(t);
			return nvs_fail(err, "%s: out of memory", dir);
		}
	if (write_cpus(t, s, err) || ctf_trace_sync(t, err)) {
		remove_cpus(t, s);
		ctf_trace_discard(t);
		return -1;
	}
	return ctf_trace_close(t, err);
}
