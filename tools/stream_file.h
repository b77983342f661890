/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that packets are appended to, past the page cache where that is possible: then the kernel
 * neither copies a packet nor clears pages for it, and what others have in that cache stays there.
 *
 * Direct writes want whole blocks, in the file as in memory.  So a packet that is worth one
 * begins with a block, and is filled up to the end of one.
 */
#ifndef NVS_STREAM_FILE_H
#define NVS_STREAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_file {
	int fd;
	uint64_t size; /* bytes that were appended */
	bool direct;   /* may be written past the cache */
	bool uncached; /* its descriptor is set to that now */
};

/* @fd: an empty file's, which is this one's from now on.  @direct: past the cache, if it can. */
struct stream_file stream_file(int fd, bool direct);

/* Is a packet of @bytes worth a direct write?  Then it is to begin and to end with a block. */
bool stream_file_takes(const struct stream_file *f, size_t bytes);
/* How much is left of the block that @bytes more end in. */
size_t stream_file_room(const struct stream_file *f, size_t bytes);

/*
 * Appends the @bytes at @packet.  @cached: through the page cache in any case, for it takes bursts
 * faster than the device.  -1: errno says why; the file is as it was before.
 */
int stream_file_append(struct stream_file *f, const void *packet, size_t bytes, bool cached);

/* @f may be closed already. */
void stream_file_close(struct stream_file *f);

#endif
