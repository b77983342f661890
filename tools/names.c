// SPDX-License-Identifier: GPL-2.0
/* The event table of kmod/nvs_events.h as data: names, fields, symbols. */
#include <stddef.h>
#include "event_info.h"
#include "recording.h"

#define BASE_DEC FIELD_DEC
#define BASE_HEX FIELD_HEX
/* A symbol set's base is made from its enum: BASE_PHASE and so on. */
#define SET_BASE(set) BASE_##set = FIELD_SYMBOLS + NVS_SET_##set,
enum { NVS_SYMBOL_SETS(SET_BASE) };

/*
 * A field's row does not know whose field it is; `this_event`, which means the
 * row's own struct inside its case below, gives it its offset.
 */
#define FIELD_ROW(type, name, base) \
	{ #name, offsetof(this_event, name), sizeof(type), (type)-1 < (type)1, BASE_##base },

#define EVENT_CASE(id, ev, bytes, seen_by_device)                                          \
	case id: {                                                                         \
		typedef struct nvs_##ev this_event;                                        \
		static const struct field_info fields[] = { NVS_FIELDS_##ev(FIELD_ROW,     \
									    NVS_NO_PAD) }; \
		static const struct event_info info = {                                    \
			.name = #ev,                                                       \
			.size = bytes,                                                     \
			.device = seen_by_device,                                          \
			.nr_fields = sizeof(fields) / sizeof(fields[0]),                   \
			.fields = fields,                                                  \
		};                                                                         \
		return &info;                                                              \
	}
#define DRIVER_CASE(id, ev, bytes) EVENT_CASE(id, ev, bytes, false)
#define DEVICE_CASE(id, ev, bytes) EVENT_CASE(id, ev, bytes, true)

const struct event_info *event_info(unsigned int id)
{
	switch (id) {
		NVS_CPU_EVENTS(DRIVER_CASE)
		NVS_DEVICE_EVENTS(DEVICE_CASE)
	}
	return NULL;
}

unsigned int event_used(const struct event_info *info)
{
	const struct field_info *last = &info->fields[info->nr_fields - 1];

	return last->offset + last->size;
}

const char *nvs_event_name(unsigned int id)
{
	const struct event_info *info = event_info(id);

	return info ? info->name : NULL;
}

#define SYMBOL_ROW(value, name) { value, #name },
#define SYMBOL_CASE(set)                                                                          \
	case NVS_SET_##set: {                                                                     \
		static const struct symbol symbols[] = { NVS_SYMS_##set(SYMBOL_ROW){ 0, NULL } }; \
		return symbols;                                                                   \
	}

const struct symbol *symbol_set(enum nvs_symbol_set set)
{
	switch (set) {
		NVS_SYMBOL_SETS(SYMBOL_CASE)
	}
	return NULL;
}

const char *symbol_set_name(enum nvs_symbol_set set)
{
#define SET_NAME(set) #set,
	static const char *const names[] = { NVS_SYMBOL_SETS(SET_NAME) };
#undef SET_NAME

	return set < NR_SYMBOL_SETS ? names[set] : NULL;
}

const char *nvs_symbol_name(enum nvs_symbol_set set, unsigned int value)
{
	const struct symbol *s = symbol_set(set);

	for (; s && s->name; s++)
		if (s->value == value)
			return s->name;
	return NULL;
}
