/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording as fuzz_events mutates it: items of one size, each an event, a key of the env, or
 * losses; the first says which command reads the recording. Whatever the bytes are, it is a sound
 * recording: what is tried is the sense that commands make of events, not the reader's checks.
 */
#ifndef NVS_FUZZ_ITEMS_H
#define NVS_FUZZ_ITEMS_H

#include "fuzz.h"

#define ITEM_CPUS 4

enum item_where {
	ITEM_CPU,	  /* up to here + ITEM_CPUS - 1; a device's event goes to its own stream */
	ITEM_ENV = 0xe0,  /* key number id (modulo), body is the value */
	ITEM_LOST = 0xf0, /* on CPU id, as many as the body's first four bytes say */
};

struct item {
	uint8_t where;
	uint8_t id;
	uint8_t shift; /* modulo 32; later than the item before by time << shift ns */
	uint8_t pad;
	uint16_t time;
	uint16_t ctrl, qid, cid;
	uint8_t body[116]; /* of the event, behind its nvs_hdr */
};
_Static_assert(sizeof(struct item) == 128, "no padding: every byte of the input counts");
#define ITEM_HOLDS(num, ev, size) \
	_Static_assert((size) - sizeof(struct nvs_hdr) <= 116, "event too big for an item");
NVS_EVENTS(ITEM_HOLDS)

/* Writes @items as a recording into fuzz_dir(). */
void items_write(const struct item *items, size_t nr);

/* The item of @ev, which comes @ns after the event before. */
void item_from_event(struct item *item, unsigned int cpu, const struct nvs_hdr *ev,
		     unsigned int size, uint64_t ns);

#endif
