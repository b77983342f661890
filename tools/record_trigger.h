/* SPDX-License-Identifier: GPL-2.0 */
/* What makes the flight recorder save what it has: "lat>10ms", "timeout", ... */
#ifndef NVS_RECORD_TRIGGER_H
#define NVS_RECORD_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "nvs_events.h"

/* K(name, what happened) */
#define TRIGGER_KINDS(K)                                        \
	K(lat, "a request took longer than the bound")          \
	K(timeout, "a request timed out")                       \
	K(abort, "a command was to be aborted")                 \
	K(reset, "a controller was to be reset")                \
	K(error, "a request ended with an error status")        \
	K(aen, "the controller reported an asynchronous event") \
	K(signal, "SIGUSR1 came")

#define TRIGGER_ENUM(name, what) TRIGGER_##name,
enum trigger_kind { TRIGGER_KINDS(TRIGGER_ENUM) NR_TRIGGERS };
#undef TRIGGER_ENUM

struct trigger_hit {
	enum trigger_kind kind;
	struct nvs_hdr event; /* that did it; all 0: none */
	uint64_t latency;     /* ns, of TRIGGER_lat */
	uint16_t status;      /* of TRIGGER_error */
};

struct triggers;

/* NULL: no memory. */
struct triggers *triggers_new(void);
void triggers_free(struct triggers *t);
/* Adds "lat>10ms", "timeout" and the like. false: @text is none of these. */
bool triggers_add(struct triggers *t, const char *text);
bool triggers_has(const struct triggers *t, enum trigger_kind kind);
/* Does a trigger depend on events of this kind? */
bool triggers_want(const struct triggers *t, unsigned int id);
/*
 * Takes an event that is wanted; those of one CPU come in order, those of several may come
 * in any.  true: it is a trigger, *@hit says which.
 */
bool triggers_see(struct triggers *t, const struct nvs_hdr *ev, struct trigger_hit *hit);

/* "lat>10ms": as it was given. */
const char *triggers_text(const struct triggers *t, enum trigger_kind kind);
/* "nvme0 queue 3, command 0x1f: 23.4 ms", with @prefix for "nvme". */
void trigger_describe(const struct trigger_hit *hit, const char *prefix, char *text, size_t size);

#endif
