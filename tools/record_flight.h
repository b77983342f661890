/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flight recorder: events stay in memory, the oldest overwritten, and are saved as a
 * recording, DIR/trigger-0001 and so on, when something happens.
 */
#ifndef NVS_RECORD_FLIGHT_H
#define NVS_RECORD_FLIGHT_H

#include "record.h"
#include "record_trigger.h"

/* The least memory, and what a saved one may take besides it. */
#define FLIGHT_LEAST (1ull << 20)

struct flight_options {
	const char *dir;
	uint64_t after;	   /* ns that go on being recorded after the trigger */
	uint64_t every;	   /* ns between two that are saved */
	uint64_t max_size; /* bytes that DIR may hold; 0: no bound */
};

struct flight;

/* Makes DIR; @t is used until the end. NULL: @err says. */
struct flight *flight_new(const struct flight_options *o, struct triggers *t,
			  struct nvs_error *err);
bool flight_wants(const struct flight *f, unsigned int id);
/* An event that it wants was recorded. */
void flight_see(struct flight *f, const struct nvs_hdr *ev);
/* SIGUSR1 came. */
void flight_signal(struct flight *f);
/* After each pass over the rings: saves what is due, in a thread, and tells what was saved. */
void flight_tick(struct flight *f, struct recorder *r);
/*
 * After the last pass: saves what is still to be saved, tells how many there were, and frees
 * @f.  false: something could not be saved.
 */
bool flight_end(struct flight *f, struct recorder *r);
/* Frees @f and removes DIR, for a recording that never began. */
void flight_discard(struct flight *f);

#endif
