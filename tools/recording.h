/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording: a CTF 1.8 trace directory with `metadata` and one stream file
 * for each CPU ("cpu-N"), and, after `nvmescope import`, one for what the device
 * saw ("device").  Packets hold the structs of kmod/nvs_events.h as they are, so
 * a reader maps the files and hands out pointers.
 */
#ifndef NVS_RECORDING_H
#define NVS_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "nvs_events.h"

/* What went wrong, in one sentence: what, where and what to do next. */
struct nvs_error {
	char text[512];
};

/* Always returns -1, so that `return nvs_fail(err, "...")` reads well. */
int nvs_fail(struct nvs_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct recording;
struct reader;

/* One event, valid until the recording is closed. */
struct recorded {
	const struct nvs_hdr *hdr;
	unsigned int size; /* bytes, hdr included */
	unsigned int cpu;  /* CPU that wrote it; RECORDING_DEVICE: imported */
};
#define RECORDING_DEVICE 0xffffu

/*
 * Opens @dir and checks every packet header in it before any event is handed
 * out.  A torn tail (recorder killed, disk full) is not an error: what is whole
 * is read, and recording_cut() says what is not.  NULL with @err set otherwise.
 */
struct recording *recording_open(const char *dir, struct nvs_error *err);
void recording_close(struct recording *r);

/*
 * Next event in time order over all streams.  1: @ev is set; 0: the end; -1:
 * @err is set and names file and offset.  What the files hold from before the
 * recorder's programs were all attached (to the kernel's own driver), or from after the
 * first was detached, is not handed out: some kinds of events are there and others not.
 */
int recording_next(struct recording *r, struct recorded *ev, struct nvs_error *err);
/* The same of all that are at hand: returns how many, one behind the other until the next call. */
int recording_some(struct recording *r, const struct recorded **ev, struct nvs_error *err);
void recording_rewind(struct recording *r);

/*
 * A reader of its own: several may read one recording at once, each in its thread.  What is
 * handed out is valid until the recording is closed.  NULL: no memory, @err is set.
 */
struct reader *reader_new(const struct recording *r, struct nvs_error *err);
void reader_free(struct reader *rd);
/* Sets it before the first event at or behind @from; it ends with the last one at or before @to. */
void reader_window(struct reader *rd, uint64_t from, uint64_t to);
/* A part of one stream, in whole packets. */
struct chunk {
	unsigned int stream;
	size_t from, to;
};
/* All of it in chunks of about @bytes, to be freed.  NULL: no memory, @err is set. */
struct chunk *recording_chunks(const struct recording *r, size_t bytes, unsigned int *nr,
			       struct nvs_error *err);
/*
 * Sets it before the first event of @chunk; it ends with the last one.  What is handed out of a chunk
 * is valid until the next call for @rd.
 */
void reader_chunk(struct reader *rd, const struct chunk *chunk);
/* Where @ev, of what was handed out last, stands until the recording is closed. */
const struct nvs_hdr *reader_lasting(const struct reader *rd, const struct nvs_hdr *ev);

/* As recording_next(). */
int reader_next(struct reader *rd, struct recorded *ev, struct nvs_error *err);

/* Events of one stream, one behind the other, with none of another stream between them. */
struct run {
	const struct nvs_hdr *at, *end;
	unsigned int cpu;
};
/* As reader_next(), but as many at once as there are in a packet. */
int reader_run(struct reader *rd, struct run *run, struct nvs_error *err);
/* Takes the first event off @run; false: there is none. */
bool run_next(struct run *run, struct recorded *ev);

/* Processors that this process may run on, at least 1. */
unsigned int usable_cpus(void);

/* Bytes in all streams; times of the first and the last event, 0 if there is none. */
uint64_t recording_bytes(const struct recording *r);
void recording_span(const struct recording *r, uint64_t *first, uint64_t *last);

/* A key of CTF's env (kernel, driver, device, command, ...), printable, or NULL. */
const char *recording_env(const struct recording *r, const char *key);
/* CPUs with a stream, and events lost on one, as the recorder counted them. */
unsigned int recording_nr_cpus(const struct recording *r);
/* One more than the highest number of a CPU that has a stream, or a key of the env. */
unsigned int recording_cpus_end(const struct recording *r);
bool recording_has_cpu(const struct recording *r, unsigned int cpu);
uint64_t recording_lost(const struct recording *r, unsigned int cpu);
uint64_t recording_lost_total(const struct recording *r);
/* NULL, or a sentence that says which file was cut where. */
const char *recording_cut(const struct recording *r);
/* Names, made from the table: NULL for an unknown value. */
const char *nvs_event_name(unsigned int id);
const char *nvs_symbol_name(enum nvs_symbol_set set, unsigned int value);

#endif
