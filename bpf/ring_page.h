/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A CPU's ring, as programs fill it and the recorder empties it: one value of an array map,
 * which both map.  A head, and then the events, one behind the other.
 *
 * The ring is made of chunks, and no event goes over the end of one: before that an event of id
 * 0, a gap, says in its cid how many bytes are unused, unless these are fewer than an event's
 * header.
 *
 * Positions count bytes from the beginning and never wrap; a position's place is found by
 * its lowest bits.
 */
#ifndef NVS_RING_PAGE_H
#define NVS_RING_PAGE_H

#include "nvs_events.h"

#define RING_DATA  4096 /* where the events begin; the head alone is written by the recorder */
#define RING_ROOM  1024 /* nobody reserves more at once */
#define RING_LEAST 4096 /* bytes for events: of a ring, and of a chunk */

/*
 * What the map's value holds, for so many bytes of events: a power of two.  Behind them is what the
 * last one may take up, and more, so that the next value begins with a page.
 */
#define RING_REST 4096
#define RING_VALUE(bytes) (RING_DATA + (bytes) + RING_REST)

/* reserved: programs that have room and are still filling it in, in the lowest bits */
#define RING_OPEN_BITS 16
#define RING_OPEN_MASK ((1ull << RING_OPEN_BITS) - 1)

struct ring_head {
	__u64 reserved;	 /* position of what is reserved next, and how many are open */
	__u64 easy;	 /* from up to this position on there is room, without another look */
	__u64 committed; /* a position up to which all is filled in: of this chunk or one before */
	__u64 bytes;	 /* for events; set by the recorder, when it is there */
	__u64 chunk;	 /* bytes of each: a power of two; the same */
	__u64 pad[3];
	__u64 taken; /* position up to which the recorder has taken; on a cache line of its own */
	__u64 pad1[7];
};

#endif
