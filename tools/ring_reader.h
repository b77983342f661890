/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads one CPU's ring: one of our own, which bpf/ring_page.h describes, or the kernel's,
 * for programs that cannot do otherwise (bpf/ring_kernel.h).
 */
#ifndef NVS_RING_READER_H
#define NVS_RING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ring_page.h"

struct ring_reader {
	int fd; /* of the map: all CPUs', or the kernel's for this one */
	bool kernels;
	size_t size;		  /* bytes for events, a power of two */
	uint64_t at;		  /* position up to which all was handed out */
	struct ring_head *head;	  /* of one of ours */
	uint64_t *consumer;	  /* of the kernel's: positions, written here */
	const uint64_t *producer; /* and written by the kernel */
	const unsigned char *data;
};

/* Makes the kernel's ring of @size bytes. -1: errno says why. */
int ring_reader_kernels(size_t size);

/* Is there nothing that a pass would find? */
bool ring_reader_empty(const struct ring_reader *r);

/*
 * Maps CPU @cpu's of @rings, a map of RING_VALUE(@size) each (@size: a power of two, at least
 * RING_LEAST and the machine's page); or makes one of the kernel's, and maps it.  @rings stays the
 * caller's to close.  -1: errno says why.
 */
int ring_reader_open(struct ring_reader *r, int rings, unsigned int cpu, size_t size);
int ring_reader_open_kernels(struct ring_reader *r, size_t size);
void ring_reader_close(struct ring_reader *r);

typedef void (*ring_reader_fn)(void *ctx, const void *run, unsigned int bytes);

/*
 * Hands what was in the ring when the call began to @fn, in runs of whole events, up to
 * what is still being filled in.  Returns how many bytes the ring held, to pace the next pass.
 */
size_t ring_reader_drain(struct ring_reader *r, ring_reader_fn fn, void *ctx);

#endif
