/* SPDX-License-Identifier: GPL-2.0 */
/* Between recording.c, which opens a recording, and recording_read.c; no business of others. */
#ifndef NVS_RECORDING_INTERNAL_H
#define NVS_RECORDING_INTERNAL_H

#include "ctf_internal.h"

/* A place to begin at: more of them than this, and every second one is forgotten. */
#define MAX_SIGNPOSTS 4096
/* Pages are given back to the kernel in steps of this. */
#define STEP_BYTES (1u << 20)

struct signpost {
	uint64_t ts; /* when the packet begins */
	size_t packet;
};

/* One file; nothing here changes once the recording is open. */
struct stream {
	char name[CTF_STREAM_NAME_SIZE];
	unsigned int cpu;
	unsigned int part;	  /* see ctf_parts.c; 0: all is in one file */
	const unsigned char *map; /* NULL when the file is empty */
	size_t file_size;
	size_t size; /* whole packets */
	uint64_t lost;
	uint64_t first_ts, last_ts;
	struct signpost *posts;
	unsigned int nr_posts, posts_apart; /* packets from one to the next */
};

struct recording {
	char *dir;
	struct ctf_metadata meta;
	struct stream *streams;
	unsigned int nr_streams;
	struct reader *reader; /* recording_next()'s, */
	struct ahead *ahead;   /* or this one; NULL: it is not read ahead */
	bool begun;	       /* recording_next() has chosen */
	struct recorded one;   /* recording_some()'s, if it is not read ahead */
	uint64_t begin, end;   /* ns: when all programs were attached, and none detached yet */
	char cut[256];
};

static inline int stream_id(const struct stream *s)
{
	return s->cpu == RECORDING_DEVICE ? CTF_STREAM_DEVICE : CTF_STREAM_CPU;
}

static inline const struct ctf_packet *packet_at(const struct stream *s, size_t offset)
{
	return (const struct ctf_packet *)(s->map + offset);
}

/* Where its events end: content, and the padding of the last one. */
static inline size_t packet_events_end(const struct ctf_packet *p)
{
	return (p->content_size + 63) / 64 * 8;
}

/* @flaw of the packet at @offset as an error; returns -1. */
int recording_bad_packet(const struct recording *r, const struct stream *s, size_t offset,
			 const char *flaw, struct nvs_error *err);
/* Nobody reads the bytes from @from up to @to any more: their pages need not stay. */
void stream_let_go(const struct stream *s, size_t from, size_t to);

/* What a reader does not read again, instead of letting its pages go; see stream_let_go(). */
typedef void leave_fn(void *ctx, const struct stream *s, size_t from, size_t to);
void reader_on_leave(struct reader *rd, leave_fn *leave, void *ctx);

/* recording_ahead.c */

struct ahead;
/* Begins at the first event.  NULL: it is short, or there is one processor, or no memory. */
struct ahead *ahead_start(const struct recording *r);
/* As recording_next(); an error comes again and again. */
int ahead_next(struct ahead *a, struct recorded *ev, struct nvs_error *err);
/* As recording_some(). */
int ahead_some(struct ahead *a, const struct recorded **ev, struct nvs_error *err);
/* @a may be NULL. */
void ahead_stop(struct ahead *a);

#endif
