// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "perfetto_read.h"

/* --- protocol buffers ----------------------------------------------------------- */

struct message {
	const uint8_t *p, *end;
};

struct field {
	unsigned int number, wire;
	uint64_t value;	   /* of a varint or fixed-size field */
	struct message in; /* of a length-delimited one */
};

static uint64_t varint(struct message *m)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 70; shift += 7) {
		assert_true(m->p < m->end);
		v |= (uint64_t)(*m->p & 0x7f) << (shift < 64 ? shift : 0);
		if (!(*m->p++ & 0x80))
			return v;
	}
	fail_msg("a varint of more than ten bytes");
	return 0;
}

static bool next_field(struct message *m, struct field *f)
{
	uint64_t tag, n;

	if (m->p == m->end)
		return false;
	tag = varint(m);
	f->number = (unsigned int)(tag >> 3);
	f->wire = tag & 7;
	f->in = (struct message){ NULL, NULL };
	assert_int_not_equal(f->number, 0);
	if (f->wire == 0) {
		f->value = varint(m);
		return true;
	}
	assert_int_equal(f->wire, 2); /* nothing else is written */
	n = varint(m);
	assert_true(n <= (uint64_t)(m->end - m->p));
	f->in = (struct message){ m->p, m->p + n };
	m->p += n;
	return true;
}

static void copy_text(char *to, size_t size, struct message from)
{
	size_t n = (size_t)(from.end - from.p);

	assert_true(n < size);
	memcpy(to, from.p, n);
	to[n] = 0;
}

/* --- packets --------------------------------------------------------------------- */

/* A packet taken apart; a message's p is NULL when it is not there. */
struct packet {
	uint64_t timestamp, sequence, flags;
	bool has_timestamp;
	struct message event, descriptor, interned;
};

static struct read_track *find(const struct read_trace *t, uint64_t id)
{
	for (unsigned int i = 0; i < t->nr_tracks; i++)
		if (t->track[i]->id == id)
			return t->track[i];
	return NULL;
}

static void read_named(struct read_track *track, struct message m, bool thread)
{
	struct field f;

	while (next_field(&m, &f)) {
		/* ProcessDescriptor: pid 1, process_name 6; ThreadDescriptor: tid 2, name 5 */
		if (f.number == (thread ? 5u : 6u))
			copy_text(track->name, sizeof(track->name), f.in);
		if (f.number == 1 || (thread && f.number == 2))
			assert_in_range(f.value, 1, INT32_MAX);
	}
}

static struct read_track *read_descriptor(struct read_trace *t, struct message m)
{
	struct read_track *track = calloc(1, sizeof(*track));
	struct field f;

	assert_true(track && t->nr_tracks < READ_MAX_TRACKS);
	while (next_field(&m, &f)) {
		switch (f.number) {
		case 1: track->id = f.value; break;
		case 2: copy_text(track->name, sizeof(track->name), f.in); break;
		case 3:
			track->process = true;
			read_named(track, f.in, false);
			break;
		case 4:
			track->thread = true;
			read_named(track, f.in, true);
			break;
		case 5: track->parent = f.value; break;
		case 8: track->counter = true; break;
		}
	}
	assert_int_not_equal(track->id, 0);
	assert_null(find(t, track->id));
	if (track->parent)
		assert_non_null(find(t, track->parent));
	assert_int_not_equal(track->name[0], 0);
	t->track[t->nr_tracks++] = track;
	return track;
}

static void read_interned(struct read_track *track, struct message m)
{
	struct field f, in;

	while (next_field(&m, &f)) {
		uint64_t iid = 0;
		struct message name = { NULL, NULL };

		assert_true(f.number == 2 || f.number == 3);
		while (next_field(&f.in, &in)) {
			if (in.number == 1)
				iid = in.value;
			else
				name = in.in;
		}
		assert_in_range(iid, 1, READ_MAX_NAMES - 1);
		copy_text(f.number == 2 ? track->event_name[iid] : track->arg_name[iid], 32, name);
	}
}

/* --- events ---------------------------------------------------------------------- */

static size_t read_arg(const struct read_track *track, struct message m, char *out, size_t room)
{
	const char *name = NULL;
	char own[64], text[600] = "";
	bool value = false;
	struct field f;

	while (next_field(&m, &f)) {
		switch (f.number) {
		case 1:
			assert_true(track->names_known);
			assert_in_range(f.value, 1, READ_MAX_NAMES - 1);
			name = track->arg_name[f.value];
			break;
		case 10:
			copy_text(own, sizeof(own), f.in);
			name = own;
			break;
		case 6:
			copy_text(text, sizeof(text), f.in);
			value = true;
			break;
		case 3:
		case 4:
		case 7:
			snprintf(text, sizeof(text), "%" PRIu64, f.value);
			value = true;
			break;
		default: fail_msg("field %u in an argument", f.number);
		}
	}
	assert_true(value && name && *name);
	return (size_t)snprintf(out, room, "%s=%s ", name, text);
}

struct event {
	uint64_t type, track, value;
	char name[600];
	bool has_value;
};

static void read_event_fields(struct read_trace *t, const struct read_track *track,
			      struct message m, struct event *e)
{
	struct field f;
	size_t args = 0;

	while (next_field(&m, &f)) {
		switch (f.number) {
		case 9: e->type = f.value; break;
		case 11: e->track = f.value; break;
		case 10:
			assert_true(track->names_known);
			assert_in_range(f.value, 1, READ_MAX_NAMES - 1);
			snprintf(e->name, sizeof(e->name), "%s", track->event_name[f.value]);
			assert_int_not_equal(e->name[0], 0);
			break;
		case 23: copy_text(e->name, sizeof(e->name), f.in); break;
		case 30:
			e->value = f.value;
			e->has_value = true;
			break;
		case 4:
			args += read_arg(track, f.in, t->args + args, sizeof(t->args) - args);
			assert_true(args < sizeof(t->args));
			break;
		default: fail_msg("field %u in an event", f.number);
		}
	}
}

static bool is_command_track(const struct read_track *track)
{
	const char *space = strchr(track->name, ' ');

	return space && !strcmp(space, " commands");
}

static void end_slice(struct read_trace *t, struct read_track *track, uint64_t ts)
{
	uint64_t took;

	assert_int_not_equal(track->depth, 0);
	took = ts - track->begin[--track->depth];
	if (!is_command_track(track))
		return;
	*(track->depth ? &t->stage_ns : &t->command_ns) += took;
	t->stages += track->depth;
}

static void read_event(struct read_trace *t, const struct packet *p)
{
	struct read_track *track = find(t, p->sequence);
	struct event e = { 0 };

	assert_non_null(track);
	read_event_fields(t, track, p->event, &e);
	assert_int_equal(e.track, track->id); /* a sequence for each track */
	assert_true(p->has_timestamp && p->timestamp >= track->last_ts);
	track->last_ts = p->timestamp;
	assert_int_equal(track->counter, e.type == 4);
	assert_int_equal(e.has_value, e.type == 4);
	switch (e.type) {
	case 1:
		assert_int_not_equal(e.name[0], 0);
		assert_in_range(track->depth, 0, 15);
		track->slices++;
		track->top_slices += !track->depth;
		track->begin[track->depth++] = p->timestamp;
		break;
	case 2: end_slice(t, track, p->timestamp); break;
	case 3:
		track->instants++;
		if (!*t->first_instant)
			snprintf(t->first_instant, sizeof(t->first_instant), "%s", e.name);
		break;
	case 4:
		track->counts++;
		track->last_value = e.value;
		if (e.value > track->max_value)
			track->max_value = e.value;
		break;
	default: fail_msg("event of type %" PRIu64, e.type);
	}
	t->events++;
}

static void read_packet(struct read_trace *t, struct message m)
{
	struct packet p = { 0 };
	struct read_track *track = NULL;
	struct field f;

	while (next_field(&m, &f)) {
		switch (f.number) {
		case 8:
			p.timestamp = f.value;
			p.has_timestamp = true;
			break;
		case 10: p.sequence = f.value; break;
		case 11: p.event = f.in; break;
		case 12: p.interned = f.in; break;
		case 13: p.flags = f.value; break;
		case 60: p.descriptor = f.in; break;
		case 87: break;
		default: fail_msg("field %u in a packet", f.number);
		}
	}
	assert_in_range(p.sequence, 1, UINT32_MAX);
	/* Exactly one of what a packet can be. */
	assert_int_not_equal(!p.event.p, !p.descriptor.p);
	if (p.descriptor.p) {
		track = read_descriptor(t, p.descriptor);
		assert_int_equal(track->id, p.sequence);
		track->names_known = p.flags & 1;
	}
	if (p.interned.p) {
		assert_non_null(track);
		read_interned(track, p.interned);
	}
	if (p.event.p)
		read_event(t, &p);
	t->packets++;
}

struct read_trace *read_perfetto(const void *data, size_t size)
{
	struct message m = { data, (const uint8_t *)data + size };
	struct read_trace *t = calloc(1, sizeof(*t));
	struct field f;

	assert_non_null(t);
	while (next_field(&m, &f)) {
		assert_true(f.number == 1 && f.wire == 2);
		read_packet(t, f.in);
	}
	for (unsigned int i = 0; i < t->nr_tracks; i++)
		assert_int_equal(t->track[i]->depth, 0);
	return t;
}

void read_free(struct read_trace *t)
{
	for (unsigned int i = 0; i < t->nr_tracks; i++)
		free(t->track[i]);
	free(t);
}

uint64_t read_sum(const struct read_trace *t, const char *name, size_t figure)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < t->nr_tracks; i++)
		if (!strcmp(t->track[i]->name, name))
			sum += *(const uint64_t *)(const void *)((const char *)t->track[i] +
								 figure);
	return sum;
}
