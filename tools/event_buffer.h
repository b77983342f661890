/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events that wait to be written as a packet: one behind the other as they will stand in
 * the file, behind room for the packet's header, in the order of their times.
 *
 * Nearly all come in order, and are copied as they are, many at a time.
 */
#ifndef NVS_EVENT_BUFFER_H
#define NVS_EVENT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "nvs_events.h"

#define NR_ANCHORS 16

/* A place between two events. */
struct event_mark {
	size_t end;  /* where it is in the buffer */
	size_t nr;   /* events before it */
	size_t last; /* where the last of these begins; if there is one */
};

struct event_buffer {
	unsigned char *bytes;
	size_t cap;
	size_t first; /* where the first event begins */
	struct event_mark all;
	uint64_t latest;	   /* time of the latest event that there was */
	uint64_t not_before;	   /* earlier times are changed to this one */
	uint64_t nr_changed;	   /* times that were */
	struct event_mark settled; /* events before it stay where they are, but for sorting */
	uint64_t settled_ts;	   /* latest of these */
	/* Where some of the last events begin, to find places from; 0: none. */
	size_t anchors[NR_ANCHORS];
	unsigned int next_anchor;
	bool unordered; /* to be sorted */
	/* By id: bytes of an event that may be taken, 0 for others; bit 0: looked out for. */
	uint8_t sizes[NVS_EVENT_ID_MAX + 1];
	/* And what take_ordered() adds for it. */
	uint64_t sums[NVS_EVENT_ID_MAX + 1];
	unsigned char *spare; /* of `cap` bytes, for sorting */
	size_t spare_cap;
	struct event_slot *slots;
	size_t cap_slots;
};

/* @device: takes what the device saw, else what CPUs saw. */
void event_buffer_init(struct event_buffer *b, bool device);
void event_buffer_free(struct event_buffer *b);
/* event_buffer_add() tells when an event of this kind is among those it takes. */
void event_buffer_look_out(struct event_buffer *b, unsigned int id);
/* Makes room for @bytes more. -1: no memory. */
int event_buffer_room(struct event_buffer *b, size_t bytes);

/*
 * Takes the events that stand one behind the other in @run; id 0 is a gap of cid bytes.
 * Returns how many bytes it took: less than @bytes if what stands there is no event, or
 * cut off; -1: no memory.  *@seen is set if one was looked out for.
 */
ssize_t event_buffer_add(struct event_buffer *b, const void *run, size_t bytes, bool *seen);

/* Sorts the events, if need be. -1: no memory. */
int event_buffer_sort(struct event_buffer *b);

/* The place behind the events of up to @bytes in all and @ts, one at least if there is one; when sorted. */
struct event_mark event_buffer_until(const struct event_buffer *b, size_t bytes, uint64_t ts);

/* Time of the event that begins at @at. */
uint64_t event_buffer_time(const struct event_buffer *b, size_t at);

/* What is there now is settled: nothing comes any more that belongs before it. */
void event_buffer_settle(struct event_buffer *b);

/* Forgets the events before @to. */
void event_buffer_drop(struct event_buffer *b, struct event_mark to);
/* Moves what is left to where the next packet begins with a block; returns by how much. */
size_t event_buffer_pack(struct event_buffer *b);

#endif
