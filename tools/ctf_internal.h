/* SPDX-License-Identifier: GPL-2.0 */
/* Between ctf_trace.c, ctf_stream.c and ctf_parse.c; no business of others. */
#ifndef NVS_CTF_INTERNAL_H
#define NVS_CTF_INTERNAL_H

#include "ctf_format.h"
#include "ctf_writer.h"

/* What a metadata file says, as far as it is needed. */
struct ctf_metadata {
	uint8_t uuid[16];
	struct ctf_clock clock;
	struct ctf_env *env; /* nr_env of them and a NULL key */
	size_t nr_env;
};

/* Reads @dir's metadata; -1: unreadable, not ours, or broken. Free it in any case. */
int ctf_metadata_read(int dir_fd, const char *dir, struct ctf_metadata *m, struct nvs_error *err);
void ctf_metadata_free(struct ctf_metadata *m);
/* Sets @key, or replaces its value. -1: out of memory. */
int ctf_metadata_set(struct ctf_metadata *m, const char *key, const char *value);
const char *ctf_metadata_get(const struct ctf_metadata *m, const char *key);

struct ctf_parts;
struct ctf_kept;

/* A packet is big enough when it holds this much (struct ctf_trace says less), or spans this time. */
#define CTF_PACKET_BYTES (128u << 10)
#define CTF_PACKET_NS	 1000000000ull

struct ctf_trace {
	char *dir; /* for messages */
	int dir_fd;
	bool reopened; /* somebody else made the directory */
	bool dirty;    /* the metadata file is behind */
	bool direct;   /* see ctf_trace_direct() */
	bool hurry;    /* events come faster than a device may take them: the page cache shall */
	struct ctf_metadata meta;
	struct ctf_stream *streams; /* a list */
	size_t packet_bytes;
	struct ctf_parts *parts; /* NULL: one file for each stream, however big */
	struct ctf_kept *kept;	 /* not NULL: packets stay in memory, there is no directory */
};

/* Brings the metadata file up to date, if it is not. */
int ctf_trace_sync(struct ctf_trace *t, struct nvs_error *err);
/* Writes what @s holds; then closes it (and gives it its final name) and frees it. */
int ctf_stream_finish(struct ctf_stream *s, struct nvs_error *err);
/* Closes and removes @s. */
void ctf_stream_discard(struct ctf_stream *s);
struct ctf_stream *ctf_stream_next(const struct ctf_stream *s);

/* ctf_parts.c: a recording that does not grow beyond a size */

void ctf_parts_free(struct ctf_parts *p);
/* Number of the part that is written now; the first is 1. */
unsigned int ctf_part_now(const struct ctf_trace *t);
/* Makes "cpu-3" into "cpu-3.0007", and that file one of this part. */
void ctf_part_name(struct ctf_trace *t, char name[CTF_STREAM_NAME_SIZE]);
/* Makes room for a packet of @bytes: may begin a part and drop the oldest. */
int ctf_part_room(struct ctf_trace *t, size_t bytes, struct nvs_error *err);
/* A packet was written. */
void ctf_part_grew(struct ctf_trace *t, const struct ctf_packet *packet);

/* Says in the env what is not there any more. -1: out of memory. */
int ctf_dropped_env(struct ctf_metadata *m, const struct ctf_dropped *d);

/* ctf_kept.c: packets in memory */

struct ctf_kept *ctf_kept_new(size_t bytes);
void ctf_kept_free(struct ctf_kept *all);
/* Takes a copy of @packet, and lets the oldest go. -1: out of memory, @err says. */
int ctf_keep(struct ctf_kept *all, const struct ctf_packet *packet, struct nvs_error *err);

#endif
