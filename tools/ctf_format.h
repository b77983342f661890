/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a stream file is made of: packets, each a struct ctf_packet and then
 * events as kmod/nvs_events.h lays them out, in time order.  The metadata that
 * ctf_metadata.c writes says the same in CTF's own language.
 */
#ifndef NVS_CTF_FORMAT_H
#define NVS_CTF_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include "recording.h"

#define CTF_MAGIC	  0xc1fc1fc1u
#define CTF_STREAM_CPU	  0
#define CTF_STREAM_DEVICE 1

/* A packet may be filled with zeros up to the end of such a block of the file: see stream_file.h. */
#define CTF_BLOCK 4096u

/* No packet is longer; a reader may refuse more than this without looking. */
#define CTF_PACKET_MAX (64u << 20)

/*
 * CTF's packet header up to stream_id and its packet context from timestamp_begin.
 * What stands between them is ours: to CTF it is alignment, because babeltrace2
 * warns of other fields in the header and prints those of the context with each
 * event.
 */
struct ctf_packet {
	uint32_t magic;
	uint8_t uuid[16];
	uint32_t stream_id;

	uint32_t version;  /* NVS_EVENTS_VERSION */
	uint32_t checksum; /* XXH3, of the whole packet, with 0 in this place */
	uint32_t nr_events;
	uint32_t reserved[7]; /* 0 */

	uint64_t timestamp_begin; /* CLOCK_MONOTONIC, ns */
	uint64_t timestamp_end;
	uint64_t content_size;	   /* bits, up to the end of the last event's last field */
	uint64_t packet_size;	   /* bits, a multiple of 64; see CTF_BLOCK */
	uint64_t events_discarded; /* in this stream, from the start of the recording */
	uint64_t packet_seq_num;   /* 0, 1, 2, ... */
	uint32_t cpu_id;	   /* or RECORDING_DEVICE */
	uint32_t pad;
};
#define CTF_CONTEXT_ALIGN (8 * offsetof(struct ctf_packet, timestamp_begin)) /* bits */
_Static_assert(CTF_CONTEXT_ALIGN == 512, "CTF takes a power of two only");
_Static_assert(sizeof(struct ctf_packet) == 120, "size of a CTF packet's header");

/* Bytes up to the end of cpu_id: where the content of an empty packet ends. */
#define CTF_PACKET_USED (offsetof(struct ctf_packet, pad))

/* The checksum as the packet's header holds it; @bytes is the whole packet's size. */
uint32_t ctf_packet_checksum(const struct ctf_packet *p, size_t bytes);

/* "cpu-3" or "device"; "cpu-3.0007" in a recording of parts. */
#define CTF_STREAM_NAME_SIZE 24
void ctf_stream_name(char name[CTF_STREAM_NAME_SIZE], unsigned int cpu);
void ctf_stream_part_name(char name[CTF_STREAM_NAME_SIZE], unsigned int part);

/* One key of CTF's env; a list of them ends with a NULL key. */
struct ctf_env {
	char *key;
	char *value;
};

struct ctf_clock {
	uint64_t offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC when the recording began */
};

/* The text of the metadata file, to be freed; NULL when out of memory. */
char *ctf_metadata_text(const uint8_t uuid[16], const struct ctf_clock *clock,
			const struct ctf_env *env);

#endif
