// SPDX-License-Identifier: GPL-2.0
/* The consumer's side of a CPU's ring. */
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "ring_reader.h"

int ring_reader_kernels(size_t size)
{
	return bpf_map_create(BPF_MAP_TYPE_RINGBUF, "nvs_ring", 0, 0, size, NULL);
}

/*
 * Space is given back, and the recorder woken, this often.  So little that it is still in the
 * processor's caches when it is read, so much that to be woken costs next to nothing.
 */
#define CHUNK (64u << 10)

static void *map(int fd, size_t bytes, int protection, size_t from)
{
	void *p = mmap(NULL, bytes, protection, MAP_SHARED, fd, from);

	return p == MAP_FAILED ? NULL : p;
}

/* An eighth of a ring that is small. */
static size_t chunk(size_t size)
{
	size_t bytes = size / 8 < CHUNK ? size / 8 : CHUNK;

	return bytes > RING_LEAST ? bytes : RING_LEAST;
}

static bool map_own(struct ring_reader *r, unsigned int cpu)
{
	size_t from = cpu * RING_VALUE(r->size);

	r->head = map(r->fd, RING_DATA, PROT_READ | PROT_WRITE, from);
	r->data = map(r->fd, r->size, PROT_READ, from + RING_DATA);
	if (!r->head || !r->data)
		return false;
	r->head->bytes = r->size;
	r->head->chunk = chunk(r->size);
	return true;
}

/* Documentation/bpf/ringbuf.rst: the data is mapped twice in a row, so that no record wraps. */
static bool map_kernels(struct ring_reader *r)
{
	size_t page = sysconf(_SC_PAGESIZE);

	r->consumer = map(r->fd, page, PROT_READ | PROT_WRITE, 0);
	r->producer = map(r->fd, page + 2 * r->size, PROT_READ, page);
	if (!r->consumer || !r->producer)
		return false;
	r->data = (const unsigned char *)r->producer + page;
	return true;
}

static int map_or_close(struct ring_reader *r, bool mapped)
{
	int why = errno;

	if (mapped)
		return 0;
	ring_reader_close(r);
	errno = why;
	return -1;
}

int ring_reader_open(struct ring_reader *r, int rings, unsigned int cpu, size_t size)
{
	*r = (struct ring_reader){ .fd = rings, .size = size };
	return map_or_close(r, map_own(r, cpu));
}

int ring_reader_open_kernels(struct ring_reader *r, size_t size)
{
	*r = (struct ring_reader){ .fd = ring_reader_kernels(size), .size = size, .kernels = true };
	return r->fd < 0 ? -1 : map_or_close(r, map_kernels(r));
}

void ring_reader_close(struct ring_reader *r)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (r->data && !r->producer)
		munmap((void *)r->data, r->size);
	if (r->head)
		munmap(r->head, RING_DATA);
	if (r->consumer)
		munmap(r->consumer, page);
	if (r->producer)
		munmap((void *)r->producer, page + 2 * r->size);
	if (r->kernels && r->fd >= 0)
		close(r->fd);
	*r = (struct ring_reader){ .fd = -1 };
}

/*
 * How far all is filled in.  A program is at it for a microsecond: it is waited for, but not if it stands
 * still, on a processor that is lent out.  Then it is how far that was, of late.
 */
#define LOOKS_MOST 10000

static uint64_t filled_in(const struct ring_head *head)
{
	for (unsigned int i = 0; i < LOOKS_MOST; i++) {
		uint64_t reserved = __atomic_load_n(&head->reserved, __ATOMIC_ACQUIRE);

		if (!(reserved & RING_OPEN_MASK))
			return reserved >> RING_OPEN_BITS;
	}
	return __atomic_load_n(&head->committed, __ATOMIC_ACQUIRE);
}

static uint64_t end_of(const struct ring_reader *r)
{
	if (r->producer)
		return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	return filled_in(r->head);
}

bool ring_reader_empty(const struct ring_reader *r)
{
	return end_of(r) <= r->at;
}

static void drain_own(struct ring_reader *r, uint64_t end, ring_reader_fn fn, void *ctx)
{
	while (r->at < end) {
		uint64_t chunk_end = (r->at | (r->head->chunk - 1)) + 1;
		uint64_t to = chunk_end < end ? chunk_end : end;

		fn(ctx, r->data + (r->at & (r->size - 1)), to - r->at);
		r->at = to;
		__atomic_store_n(&r->head->taken, r->at, __ATOMIC_RELEASE);
	}
}

static void drain_kernels(struct ring_reader *r, uint64_t end, ring_reader_fn fn, void *ctx)
{
	uint64_t given = r->at;

	while (r->at < end) {
		const unsigned char *record = r->data + (r->at & (r->size - 1));
		uint32_t len = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT))
			fn(ctx, record + BPF_RINGBUF_HDR_SZ, len);
		len &= ~BPF_RINGBUF_DISCARD_BIT;
		r->at += (len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		if (r->at - given >= chunk(r->size)) {
			__atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
			given = r->at;
		}
	}
	__atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
}

size_t ring_reader_drain(struct ring_reader *r, ring_reader_fn fn, void *ctx)
{
	uint64_t end = end_of(r);
	size_t held;

	/* A program that was interrupted may say later how far it was before. */
	if (end <= r->at)
		return 0;
	held = end - r->at;
	if (r->head)
		drain_own(r, end, fn, ctx);
	else
		drain_kernels(r, end, fn, ctx);
	return held;
}
