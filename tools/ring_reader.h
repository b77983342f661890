/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads one BPF ring buffer.  libbpf's ring_buffer__consume() goes on as long as
 * the kernel does; this one ends each pass where the ring ended when it began,
 * which the writer's order depends on (see ctf_stream_flush()).
 */
#ifndef NVS_RING_READER_H
#define NVS_RING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_reader {
	int fd;
	size_t size;		  /* bytes, a power of two */
	uint64_t *consumer;	  /* byte count, written here */
	const uint64_t *producer; /* byte count, written by the kernel */
	const unsigned char *data;
};

/* Makes and maps a ring of @size bytes (a power of two, at least a page). -1: errno says why. */
int ring_reader_open(struct ring_reader *r, size_t size);
void ring_reader_close(struct ring_reader *r);

typedef void (*ring_reader_fn)(void *ctx, const void *record, unsigned int size);

bool ring_reader_empty(const struct ring_reader *r);
/*
 * Hands every record that is in the ring now to @fn, up to one that is still
 * being filled in.  Returns how many bytes the ring held, to pace the next pass.
 */
size_t ring_reader_drain(struct ring_reader *r, ring_reader_fn fn, void *ctx);

#endif
