// SPDX-License-Identifier: GPL-2.0
/*
 * CTF's description of our packets, generated from the event table.
 *
 * Types have their natural alignment, as the structs have in C; so padding needs
 * no fields, and babeltrace2 prints none.  Field names begin with an underscore,
 * which readers take off again: without it a field could not be called `event`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctf_format.h"
#include "event_info.h"

#define NS_PER_S 1000000000ull

/* Anything may stand in a command line; a string literal must survive it. */
static void write_string(FILE *f, const char *text)
{
	fputc('"', f);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(f, "\\%c", *c);
		else if (*c < ' ' || *c == 0x7f)
			fprintf(f, "\\%03o", *c);
		else
			fputc(*c, f);
	}
	fputc('"', f);
}

static void write_integer(FILE *f, const char *name, unsigned int bits, bool is_signed, int base)
{
	fprintf(f, "typealias integer { size = %u; align = %u; signed = %s; base = %d; } := %s;\n",
		bits, bits, is_signed ? "true" : "false", base, name);
}

static void write_integers(FILE *f)
{
	char name[8];

	for (unsigned int bits = 8; bits <= 64; bits *= 2) {
		snprintf(name, sizeof(name), "u%u", bits);
		write_integer(f, name, bits, false, 10);
		snprintf(name, sizeof(name), "x%u", bits);
		write_integer(f, name, bits, false, 16);
		snprintf(name, sizeof(name), "s%u", bits);
		write_integer(f, name, bits, true, 10);
	}
}

static void write_uuid(FILE *f, const uint8_t uuid[16])
{
	for (int i = 0; i < 16; i++)
		fprintf(f, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

static void write_trace(FILE *f, const uint8_t uuid[16], const struct ctf_clock *clock)
{
	fprintf(f, "\ntrace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"");
	write_uuid(f, uuid);
	fprintf(f, "\";\n\tbyte_order = le;\n"
		   "\tpacket.header := struct {\n"
		   "\t\tu32 magic;\n\t\tu8 uuid[16];\n\t\tu32 stream_id;\n"
		   "\t};\n};\n\n");
	fprintf(f,
		"clock {\n\tname = monotonic;\n"
		"\tdescription = \"CLOCK_MONOTONIC; the offset leads to CLOCK_REALTIME\";\n"
		"\tfreq = %llu;\n\toffset_s = %llu;\n\toffset = %llu;\n};\n",
		NS_PER_S, clock->offset_ns / NS_PER_S, clock->offset_ns % NS_PER_S);
	fprintf(f, "typealias integer { size = 64; align = 64; signed = false;\n"
		   "\tmap = clock.monotonic.value; } := clock_ns;\n");
}

static void write_env(FILE *f, const struct ctf_env *env)
{
	fprintf(f, "\nenv {\n\ttracer_name = \"nvmescope\";\n\tevents_version = %d;\n",
		NVS_EVENTS_VERSION);
	for (; env && env->key; env++) {
		/* Read back from a recording that is added to. */
		if (!strcmp(env->key, "tracer_name") || !strcmp(env->key, "events_version"))
			continue;
		fprintf(f, "\t%s = ", env->key);
		write_string(f, env->value);
		fprintf(f, ";\n");
	}
	fprintf(f, "};\n");
}

static void write_stream(FILE *f, int id, const char *source)
{
	fprintf(f,
		"\nstream {\n\tid = %d;\n"
		"\tpacket.context := struct {\n"
		"\t\tclock_ns timestamp_begin;\n\t\tclock_ns timestamp_end;\n"
		"\t\tu64 content_size;\n\t\tu64 packet_size;\n"
		"\t\tu64 events_discarded;\n\t\tu64 packet_seq_num;\n\t\tu32 %s;\n\t} align(%zu);\n"
		"\tevent.header := struct {\n\t\tclock_ns timestamp;\n\t\tu16 id;\n\t};\n"
		"\tevent.context := struct {\n"
		"\t\tu16 _ctrl;\n\t\tu16 _qid;\n\t\tu16 _cid;\n\t};\n};\n",
		id, source, CTF_CONTEXT_ALIGN);
}

static void write_symbols(FILE *f, enum nvs_symbol_set set)
{
	fprintf(f, "\nenum %s : u16 {\n", symbol_set_name(set));
	for (const struct symbol *s = symbol_set(set); s->name; s++)
		fprintf(f, "\t\"%s\" = %u,\n", s->name, s->value);
	fprintf(f, "};\n");
}

static void write_field(FILE *f, const struct field_info *field)
{
	if (field->base >= FIELD_SYMBOLS)
		fprintf(f, "\t\tenum %s", symbol_set_name(field->base - FIELD_SYMBOLS));
	else
		fprintf(f, "\t\t%c%u",
			field->base == FIELD_HEX ? 'x' : (field->is_signed ? 's' : 'u'),
			8 * field->size);
	fprintf(f, " _%s;\n", field->name);
}

static void write_event(FILE *f, unsigned int id, const struct event_info *info)
{
	fprintf(f,
		"\nevent {\n\tname = \"%s\";\n\tid = %u;\n\tstream_id = %d;\n\tfields := struct {\n",
		info->name, id, info->device ? CTF_STREAM_DEVICE : CTF_STREAM_CPU);
	for (unsigned int i = 0; i < info->nr_fields; i++)
		write_field(f, &info->fields[i]);
	fprintf(f, "\t};\n};\n");
}

char *ctf_metadata_text(const uint8_t uuid[16], const struct ctf_clock *clock,
			const struct ctf_env *env)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "/* CTF 1.8 */\n\n");
	write_integers(f);
	write_trace(f, uuid, clock);
	write_env(f, env);
	for (unsigned int set = 0; set < NR_SYMBOL_SETS; set++)
		write_symbols(f, set);
	write_stream(f, CTF_STREAM_CPU, "cpu_id");
	write_stream(f, CTF_STREAM_DEVICE, "source");
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++)
		if (event_info(id))
			write_event(f, id, event_info(id));
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
