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
 * holds what is known at the start, so that a killed recorder leaves a
 * readable trace.
 */
struct ctf_trace *ctf_trace_create(const char *dir, struct nvs_error *err);
int ctf_trace_env(struct ctf_trace *t, const char *key, const char *value);
int ctf_trace_close(struct ctf_trace *t, struct nvs_error *err);

/* @cpu: the stream's CPU, or RECORDING_DEVICE. */
struct ctf_stream *ctf_stream_open(struct ctf_trace *t, unsigned int cpu, struct nvs_error *err);
/*
 * Appends one event.  Events may come a little out of order (an interrupt's
 * events overtake those of the code it interrupted); they are put in order
 * within the packet.
 */
int ctf_stream_add(struct ctf_stream *s, const struct nvs_hdr *ev, unsigned int size,
		   struct nvs_error *err);
/* Ends a packet if it is big enough; @lost: events lost on this CPU so far. */
int ctf_stream_flush(struct ctf_stream *s, uint64_t lost, bool force, struct nvs_error *err);

#endif
