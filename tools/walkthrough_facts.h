/* SPDX-License-Identifier: GPL-2.0 */
/* What a reader is told of each step: why it exists, where it is written down, where it is done. */
#ifndef NVS_WALKTHROUGH_FACTS_H
#define NVS_WALKTHROUGH_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include "nvs_events.h"

#define ANY_KEY 0xffffffffu

/* One kind of step; the first row that fits is a step's fact. */
struct walk_fact {
	uint16_t event;	      /* enum nvs_event_id */
	uint16_t phase;	      /* enum nvs_PHASE that the step is in; 0: any */
	uint32_t key;	      /* see walk_key(); ANY_KEY: any */
	uint32_t mask, want;  /* of the value, if mask is not 0 */
	const char *function; /* of kmod/ */
	const char *line;     /* what the line says that is lit; NULL: the function's name */
	const char *
		section; /* of the NVMe Base Specification 2.0c, if it names no other; NULL: Linux */
	const char *en, *zh; /* one sentence */
};

/* Rows up to one without an event. */
extern const struct walk_fact facts_of_phases[], facts_of_registers[], facts_of_commands[],
	facts_of_io[], facts_of_states[];

/* By number: all tables, one after the other.  NULL: past the last. */
const struct walk_fact *walk_fact(unsigned int index);
/*
 * What tells events of one kind apart: register offset, phase, state, opcode (with 0x100
 * on I/O queues; for Identify and Set Features with CNS or feature << 16), ring, reason.
 */
uint32_t walk_key(const struct nvs_hdr *h);
/* The fact of an event within @phase, or -1. */
int32_t walk_find_fact(const struct nvs_hdr *h, unsigned int phase);

/* A field of a register, or of a dword of a command or an entry. */
struct walk_field {
	uint8_t dword; /* of a command: 10 to 15 */
	uint8_t high, low;
	const char *name, *en, *zh;
};
struct walk_layout {
	uint32_t key; /* register: offset; command: opcode, with 0x100 on I/O queues */
	uint8_t bytes;
	const char *name, *section;
	const struct walk_field *fields; /* up to one without a name */
};
/* Up to one without a name. */
extern const struct walk_layout walk_registers[], walk_commands[], walk_entries[];

#endif
