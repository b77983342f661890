// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include "analysis.h"
#include "format.h"
#include "perfetto.h"

/* Trace, TracePacket */
#define F_PACKET	   1
#define F_TIMESTAMP	   8
#define F_SEQUENCE	   10
#define F_TRACK_EVENT	   11
#define F_INTERNED	   12
#define F_SEQUENCE_FLAGS   13
#define F_TRACK_DESCRIPTOR 60
#define F_FIRST_PACKET	   87
#define FLAG_CLEARED	   1 /* names are sent anew from here on */
#define FLAG_NEEDS_NAMES   2
/* TrackDescriptor; ProcessDescriptor, ThreadDescriptor, CounterDescriptor */
#define F_TRACK_UUID	 1
#define F_TRACK_NAME	 2
#define F_TRACK_PROCESS	 3
#define F_TRACK_THREAD	 4
#define F_TRACK_PARENT	 5
#define F_TRACK_COUNTER	 8
#define F_TRACK_ORDERING 11
#define F_TRACK_RANK	 12
#define ORDER_EXPLICIT	 3
#define F_PROCESS_PID	 1
#define F_PROCESS_NAME	 6
#define F_THREAD_PID	 1
#define F_THREAD_TID	 2
#define F_THREAD_NAME	 5
#define F_COUNTER_UNIT	 3
#define UNIT_COUNT	 2
/* TrackEvent, DebugAnnotation, InternedData */
#define F_EVENT_ARG	     4
#define F_EVENT_TYPE	     9
#define F_EVENT_NAME_IID     10
#define F_EVENT_TRACK	     11
#define F_EVENT_NAME	     23
#define F_EVENT_COUNTER	     30
#define F_ARG_NAME_IID	     1
#define F_ARG_UINT	     3
#define F_ARG_INT	     4
#define F_ARG_STRING	     6
#define F_ARG_POINTER	     7 /* shown in hexadecimal */
#define F_ARG_NAME	     10
#define F_INTERNED_EVENTS    2
#define F_INTERNED_ARGS	     3
#define F_INTERNED_STRING_ID 1
#define F_INTERNED_STRING    2

#define PERFETTO_NAME(name, text) text,
static const char *const names[] = { "", PERFETTO_NAMES(PERFETTO_NAME) };
#undef PERFETTO_NAME

/* --- packets ------------------------------------------------------------------ */

static void packet_begin(struct perfetto *p, uint32_t sequence)
{
	p->pb.len = 0;
	p->pb.full = false;
	p->packet = pb_open(&p->pb, F_PACKET);
	pb_uint(&p->pb, F_SEQUENCE, sequence);
}

static void packet_end(struct perfetto *p)
{
	pb_close(&p->pb, p->packet);
	/* Strings are cut and arguments are few: it cannot be full. */
	if (!p->pb.full)
		out_bytes(p->file, p->pb.data, p->pb.len);
}

/* --- tracks ------------------------------------------------------------------- */

static void intern(struct pb *b, unsigned int field, unsigned int iid, const char *name)
{
	size_t at = pb_open(b, field);

	pb_uint(b, F_INTERNED_STRING_ID, iid);
	pb_string(b, F_INTERNED_STRING, name);
	pb_close(b, at);
}

static void intern_all(struct pb *b)
{
	size_t at = pb_open(b, F_INTERNED);

	for (unsigned int i = 1; i < NR_PERFETTO_NAMES; i++) {
		intern(b, F_INTERNED_EVENTS, i, names[i]);
		intern(b, F_INTERNED_ARGS, i, names[i]);
	}
	for (unsigned int op = 0; op < 256; op++)
		if (io_opcode_name(op))
			intern(b, F_INTERNED_EVENTS, NAME_OPCODE + op, io_opcode_name(op));
	pb_close(b, at);
}

static void descriptor(struct pb *b, const struct track *t, const struct track_about *about)
{
	size_t at = pb_open(b, F_TRACK_DESCRIPTOR), in;

	pb_uint(b, F_TRACK_UUID, t->id);
	if (about->parent)
		pb_uint(b, F_TRACK_PARENT, about->parent->id);
	if (about->tid) {
		in = pb_open(b, F_TRACK_THREAD);
		pb_uint(b, F_THREAD_PID, about->pid);
		pb_uint(b, F_THREAD_TID, about->tid);
		pb_string(b, F_THREAD_NAME, about->name);
		pb_close(b, in);
	} else if (about->pid) {
		in = pb_open(b, F_TRACK_PROCESS);
		pb_uint(b, F_PROCESS_PID, about->pid);
		pb_string(b, F_PROCESS_NAME, about->name);
		pb_close(b, in);
	} else {
		pb_string(b, F_TRACK_NAME, about->name);
	}
	if (about->counter) {
		in = pb_open(b, F_TRACK_COUNTER);
		pb_uint(b, F_COUNTER_UNIT, UNIT_COUNT);
		pb_close(b, in);
	}
	pb_uint(b, F_TRACK_ORDERING, ORDER_EXPLICIT);
	pb_uint(b, F_TRACK_RANK, about->rank);
	pb_close(b, at);
}

void perfetto_describe(struct perfetto *p, struct track *t, const struct track_about *about)
{
	if (t->file == p->nr_files)
		return;
	if (!t->id)
		t->id = ++p->nr_tracks;
	t->file = p->nr_files;
	packet_begin(p, t->id);
	pb_uint(&p->pb, F_SEQUENCE_FLAGS, FLAG_CLEARED);
	pb_uint(&p->pb, F_FIRST_PACKET, 1);
	descriptor(&p->pb, t, about);
	intern_all(&p->pb);
	packet_end(p);
}

/* --- events ------------------------------------------------------------------- */

void perfetto_event(struct perfetto *p, const struct track *t, uint64_t ts, enum perfetto_type type)
{
	packet_begin(p, t->id);
	pb_uint(&p->pb, F_TIMESTAMP, ts);
	if (type == TYPE_BEGIN || type == TYPE_INSTANT)
		pb_uint(&p->pb, F_SEQUENCE_FLAGS, FLAG_NEEDS_NAMES);
	p->event = pb_open(&p->pb, F_TRACK_EVENT);
	pb_uint(&p->pb, F_EVENT_TYPE, type);
	pb_uint(&p->pb, F_EVENT_TRACK, t->id);
}

void perfetto_done(struct perfetto *p)
{
	pb_close(&p->pb, p->event);
	packet_end(p);
}

void perfetto_name(struct perfetto *p, unsigned int name)
{
	pb_uint(&p->pb, F_EVENT_NAME_IID, name);
}

void perfetto_name_text(struct perfetto *p, const char *name)
{
	pb_string(&p->pb, F_EVENT_NAME, name);
}

static void arg(struct perfetto *p, enum perfetto_name name, unsigned int field, uint64_t value)
{
	size_t at = pb_open(&p->pb, F_EVENT_ARG);

	pb_uint(&p->pb, F_ARG_NAME_IID, name);
	pb_uint(&p->pb, field, value);
	pb_close(&p->pb, at);
}

void perfetto_arg(struct perfetto *p, enum perfetto_name name, uint64_t value)
{
	arg(p, name, F_ARG_UINT, value);
}

void perfetto_arg_hex(struct perfetto *p, enum perfetto_name name, uint64_t value)
{
	arg(p, name, F_ARG_POINTER, value);
}

void perfetto_arg_signed(struct perfetto *p, enum perfetto_name name, int64_t value)
{
	arg(p, name, F_ARG_INT, (uint64_t)value);
}

void perfetto_arg_text(struct perfetto *p, enum perfetto_name name, const char *value)
{
	size_t at = pb_open(&p->pb, F_EVENT_ARG);

	pb_uint(&p->pb, F_ARG_NAME_IID, name);
	pb_string(&p->pb, F_ARG_STRING, value);
	pb_close(&p->pb, at);
}

void perfetto_arg_named(struct perfetto *p, const char *name, const char *value)
{
	size_t at = pb_open(&p->pb, F_EVENT_ARG);

	pb_string(&p->pb, F_ARG_NAME, name);
	pb_string(&p->pb, F_ARG_STRING, value);
	pb_close(&p->pb, at);
}

void perfetto_end(struct perfetto *p, const struct track *t, uint64_t ts)
{
	perfetto_event(p, t, ts, TYPE_END);
	perfetto_done(p);
}

void perfetto_count(struct perfetto *p, const struct track *t, uint64_t ts, uint64_t value)
{
	perfetto_event(p, t, ts, TYPE_COUNTER);
	pb_uint(&p->pb, F_EVENT_COUNTER, value);
	perfetto_done(p);
}

/* --- files -------------------------------------------------------------------- */

/* Each file says what it is a part of, and what is missing. */
static void tell_recording(struct perfetto *p)
{
	const struct track_about about = { .name = "recording" };
	char lacks[2][600];
	unsigned int nr = export_lacks(p->x, lacks);
	const char *value;

	perfetto_describe(p, &p->recording, &about);
	perfetto_event(p, &p->recording, model_totals(p->x->model)->last_ts, TYPE_INSTANT);
	perfetto_name_text(p, nr ? lacks[0] : "recording");
	perfetto_arg(p, NAME_file, p->nr_files - 1);
	perfetto_arg_named(p, "exported by", "nvmescope");
	perfetto_arg_named(p, "clock", "CLOCK_MONOTONIC of the recorded machine");
	for (unsigned int i = 0; i < nr; i++)
		perfetto_arg_named(p, i ? "also missing" : "missing", lacks[i]);
	for (const struct env_key *key = analysis_env_keys; key->name; key++) {
		value = key->brief ? recording_env(p->x->recording, key->name) : NULL;
		if (value && *value)
			perfetto_arg_named(p, key->name, value);
	}
	perfetto_done(p);
}

bool perfetto_room(struct perfetto *p, uint64_t bytes)
{
	char *path;

	if (p->x->files.failed)
		return false;
	if (p->file && outfile_size(p->file) + bytes <= p->x->max_size)
		return true;
	outfile_close(p->file);
	path = export_path(p->x, "%s-%03u.pftrace", p->x->out, p->nr_files);
	p->file = path ? outfile_open(&p->x->files, path) : NULL;
	free(path);
	if (!p->file)
		return false;
	p->nr_files++;
	tell_recording(p);
	return !p->x->files.failed;
}
