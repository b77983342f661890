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

struct ctf_trace {
	char *dir; /* for messages */
	int dir_fd;
	bool reopened; /* somebody else made the directory */
	bool dirty;    /* the metadata file is behind */
	struct ctf_metadata meta;
	struct ctf_stream *streams; /* a list */
};

/* Brings the metadata file up to date, if it is not. */
int ctf_trace_sync(struct ctf_trace *t, struct nvs_error *err);
/* Writes what @s holds; then closes it (and gives it its final name) and frees it. */
int ctf_stream_finish(struct ctf_stream *s, struct nvs_error *err);
/* Closes and removes @s. */
void ctf_stream_discard(struct ctf_stream *s);
struct ctf_stream *ctf_stream_next(const struct ctf_stream *s);

#endif
