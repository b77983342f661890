/* SPDX-License-Identifier: GPL-2.0 */
/* The event table as data: what a row's fields are called and where they lie. */
#ifndef NVS_EVENT_INFO_H
#define NVS_EVENT_INFO_H

#include <stdbool.h>
#include "nvs_events.h"

/* How a field is shown. A value from FIELD_SYMBOLS on names enum nvs_symbol_set. */
#define FIELD_DEC     0
#define FIELD_HEX     1
#define FIELD_SYMBOLS 2

struct field_info {
	const char *name;
	unsigned int offset; /* bytes from the start of the event, header included */
	unsigned int size;   /* bytes */
	bool is_signed;
	unsigned int base; /* FIELD_DEC, FIELD_HEX or FIELD_SYMBOLS + set */
};

struct event_info {
	const char *name;
	unsigned int size; /* bytes, header and padding included */
	bool device;	   /* seen by the device, not by a driver */
	unsigned int nr_fields;
	const struct field_info *fields; /* padding left out */
};

/* The row of event @id, or NULL when there is none. */
const struct event_info *event_info(unsigned int id);

/* Bytes of an event up to the end of its last field: @size without trailing padding. */
unsigned int event_used(const struct event_info *info);

struct symbol {
	unsigned int value;
	const char *name;
};

/* "PHASE" and the like; and the set's symbols, up to one without a name. */
const char *symbol_set_name(enum nvs_symbol_set set);
const struct symbol *symbol_set(enum nvs_symbol_set set);
#define NVS_COUNT_SET(set) +1
#define NR_SYMBOL_SETS	   (0 NVS_SYMBOL_SETS(NVS_COUNT_SET))

#endif
