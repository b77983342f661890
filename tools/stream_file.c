// SPDX-License-Identifier: GPL-2.0
/* A stream's file: how packets get there. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "ctf_format.h"
#include "stream_file.h"

/* Smaller packets are not worth a request to the device each: they wait in the cache. */
#define DIRECT_LEAST (4 * CTF_BLOCK)

/*
 * Into memory (tmpfs) the kernel copies a page at a time, and before each it looks at all that is
 * yet to be written (6.12).
 */
#define CACHED_AT_ONCE (16u << 10)

struct stream_file stream_file(int fd, bool direct)
{
	return (struct stream_file){ .fd = fd, .direct = direct };
}

bool stream_file_takes(const struct stream_file *f, size_t bytes)
{
	return f->direct && bytes >= DIRECT_LEAST;
}

size_t stream_file_room(const struct stream_file *f, size_t bytes)
{
	return (CTF_BLOCK - (f->size + bytes) % CTF_BLOCK) % CTF_BLOCK;
}

/* Past the cache or not.  false: this file system has no way past it. */
static bool set_uncached(struct stream_file *f, bool uncached)
{
	int flags;

	if (f->uncached == uncached)
		return true;
	flags = fcntl(f->fd, F_GETFL);
	if (flags < 0 || fcntl(f->fd, F_SETFL, uncached ? flags | O_DIRECT : flags & ~O_DIRECT))
		return false;
	f->uncached = uncached;
	return true;
}

static int write_all(const struct stream_file *f, const unsigned char *from, size_t bytes,
		     size_t at_once)
{
	uint64_t at = f->size;

	while (bytes) {
		ssize_t n = pwrite(f->fd, from, bytes < at_once ? bytes : at_once, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		from += n;
		at += n;
		bytes -= n;
	}
	return 0;
}

static bool whole_blocks(const struct stream_file *f, const void *packet, size_t bytes)
{
	return (f->size | bytes | (uintptr_t)packet) % CTF_BLOCK == 0;
}

static int append(struct stream_file *f, const void *packet, size_t bytes, bool cached)
{
	if (f->direct && !cached && whole_blocks(f, packet, bytes)) {
		if (set_uncached(f, true) && !write_all(f, packet, bytes, SIZE_MAX))
			return 0;
		if (errno != EINVAL && errno != EOPNOTSUPP)
			return -1;
		f->direct = false;
	}
	if (!set_uncached(f, false))
		return -1;
	return write_all(f, packet, bytes, CACHED_AT_ONCE);
}

int stream_file_append(struct stream_file *f, const void *packet, size_t bytes, bool cached)
{
	int why;

	if (!append(f, packet, bytes, cached)) {
		f->size += bytes;
		return 0;
	}
	why = errno;
	if (ftruncate(f->fd, f->size))
		why = errno;
	errno = why;
	return -1;
}

void stream_file_close(struct stream_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
