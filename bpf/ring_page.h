/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A CPU's ring, as programs fill it and the recorder empties it: an array of pages, and a
 * head; both map them.  Events stand in the pages one behind the other,
 * and none goes over the end of a page: before that an event of id 0, a gap, says in its
 * cid how many bytes are unused, unless these are fewer than an event's header.
 *
 * Positions count bytes from the beginning and never wrap; a position's place is found by
 * its lowest bits.
 */
#ifndef NVS_RING_PAGE_H
#define NVS_RING_PAGE_H

#include "nvs_events.h"

#define RING_PAGE 4096
#define RING_CPUS 1024 /* events of CPUs beyond are lost, and counted */

/* reserved: programs that have room and are still filling it in, in the lowest bits */
#define RING_OPEN_BITS 8
#define RING_OPEN_MASK ((1ull << RING_OPEN_BITS) - 1)

struct ring_head {
	__u64 reserved;	 /* position of what is reserved next, and how many are open */
	__u64 committed; /* a position up to which all is filled in: of late, if not the last */
	__u64 bytes;	 /* in all pages; set by the recorder, when it is there */
	__u64 pad[5];
	__u64 taken; /* position up to which the recorder has taken; on a cache line of its own */
	__u64 pad1[7];
};

struct ring_page {
	__u8 bytes[RING_PAGE];
};

#endif
