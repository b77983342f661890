/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes a recording (see recording.h).  `record` fills one stream for each CPU,
 * `import` the device's; the unit tests make recordings of their own with it.
 */
#ifndef NVS_CTF_WRITER_H
#define NVS_CTF_WRITER_H

#include "recording.h"

struct ctf_trace;
struct ctf_stream;

/*
 * Makes directory @dir (mode 0700; it must not exist).  The metadata file is
 * written by ctf_trace_close(), when all of its env is known; before that it
 * holds what is known when a stream is opened, so that a killed recorder leaves
 * a readable trace.
 */
struct ctf_trace *ctf_trace_create(const char *dir, struct nvs_error *err);
/*
 * No directory: the newest packets, up to @bytes, stay in memory, for ctf_snapshot_take()
 * (ctf_kept.h).  @nr_cpus: how many streams share them.
 */
struct ctf_trace *ctf_trace_memory(size_t bytes, unsigned int nr_cpus, struct nvs_error *err);
/*
 * Before any stream is opened: the directory shall never hold more than @most bytes (at least
 * CTF_BOUND_LEAST).  What is oldest goes, a part of the recording at a time, and the env says
 * dropped_events, dropped_bytes and dropped_until_ns.
 */
int ctf_trace_bound(struct ctf_trace *t, uint64_t most, struct nvs_error *err);
#define CTF_BOUND_LEAST (1u << 20)

/*
 * Before any stream is opened: files are written past the page cache, where their file system offers
 * that.  From ctf_trace_hurry(true) to (false) they are not, for the cache takes more at once.
 */
void ctf_trace_direct(struct ctf_trace *t);
void ctf_trace_hurry(struct ctf_trace *t, bool hurry);

struct ctf_dropped {
	uint64_t events, bytes, parts;
	uint64_t until; /* time of the latest event of these, ns */
};
struct ctf_dropped ctf_trace_dropped(const struct ctf_trace *t);
/*
 * Opens a recording that is finished, to add a stream to it: its uuid, clock
 * and env are kept.  The directory is changed only by ctf_stream_open().
 */
struct ctf_trace *ctf_trace_reopen(const char *dir, struct nvs_error *err);
/*
 * Sets a key of the env; a second value replaces the first.  @key is a C
 * identifier, @value any text.  -1: no such key, or out of memory.
 */
int ctf_trace_env(struct ctf_trace *t, const char *key, const char *value);
/* Writes what is left and the metadata, and frees @t, also when that fails (-1). */
int ctf_trace_close(struct ctf_trace *t, struct nvs_error *err);
/* Frees @t and removes all that it made: for a recording that never began. */
void ctf_trace_discard(struct ctf_trace *t);

/* @cpu: the stream's CPU, or RECORDING_DEVICE. */
struct ctf_stream *ctf_stream_open(struct ctf_trace *t, unsigned int cpu, struct nvs_error *err);
/*
 * Appends one event.  Events may come a little out of order (an interrupt's
 * events overtake those of the code it interrupted); they are put in order.
 * One that comes too late for that, because its place is on disk already, is
 * given the earliest time that is left and counted by ctf_stream_clamped().
 * -1: @ev is no event of the table or its size is wrong, or out of memory.
 */
int ctf_stream_add(struct ctf_stream *s, const struct nvs_hdr *ev, unsigned int size,
		   struct nvs_error *err);
/*
 * Appends what stands one behind the other in @run, an event or many; an id of 0 is a gap,
 * its cid says of how many bytes.  *@seen is set if one was looked out for.  -1: as above;
 * the events before that one were taken.
 */
int ctf_stream_add_run(struct ctf_stream *s, const void *run, size_t bytes, bool *seen,
		       struct nvs_error *err);
/* Looks out for events of kind @id. */
void ctf_stream_look_out(struct ctf_stream *s, unsigned int id);
/*
 * Ends a packet if it is big enough; @lost: events lost on this CPU so far.
 * Events later than all those that were there at the call before stay, for
 * others may still come that belong before them; @force: nothing stays.  -1:
 * the packet could not be written; the file then ends with the packet before,
 * and takes no more.
 */
int ctf_stream_flush(struct ctf_stream *s, uint64_t lost, bool force, struct nvs_error *err);

/* From now on events that span @ns make a packet, however few they are; 1 s else. */
void ctf_stream_span(struct ctf_stream *s, uint64_t ns);

/* Like ctf_stream_flush(), but ends a packet even if it is small; what is not settled stays. */
int ctf_stream_settle(struct ctf_stream *s, uint64_t lost, struct nvs_error *err);
/* Time of the earliest event that is in no packet yet; UINT64_MAX: there is none. */
uint64_t ctf_stream_oldest(const struct ctf_stream *s);

/* Events that were added, and those of them whose time had to be changed. */
uint64_t ctf_stream_events(const struct ctf_stream *s);
uint64_t ctf_stream_clamped(const struct ctf_stream *s);
/* Events that were added but are not in the file, because it could not be written. */
uint64_t ctf_stream_unwritten(const struct ctf_stream *s);
/* Lost events, as the file says in its last packet. */
uint64_t ctf_stream_lost(const struct ctf_stream *s);

#endif
