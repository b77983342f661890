// SPDX-License-Identifier: GPL-2.0
/* The consumer's side of a BPF ring buffer, as Documentation/bpf/ringbuf.rst has it. */
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "ring_reader.h"

/* Space is given back to the kernel this often, not only when a pass is over. */
#define GIVE_BACK (64u << 10)

int ring_reader_open(struct ring_reader *r, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *consumer, *producer;
	int why;

	r->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "nvs_ring", 0, 0, size, NULL);
	if (r->fd < 0)
		return -1;
	r->size = size;
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	/* The data is mapped twice in a row, so that a record never wraps. */
	producer = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, r->fd, page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED) {
		why = errno;
		if (consumer != MAP_FAILED)
			munmap(consumer, page);
		if (producer != MAP_FAILED)
			munmap(producer, page + 2 * size);
		close(r->fd);
		r->fd = -1;
		errno = why;
		return -1;
	}
	r->consumer = consumer;
	r->producer = producer;
	r->data = (const unsigned char *)producer + page;
	return 0;
}

void ring_reader_close(struct ring_reader *r)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (!r->consumer)
		return;
	munmap(r->consumer, page);
	munmap((void *)r->producer, page + 2 * r->size);
	close(r->fd);
	*r = (struct ring_reader){ .fd = -1 };
}

bool ring_reader_empty(const struct ring_reader *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) == *r->consumer;
}

size_t ring_reader_drain(struct ring_reader *r, ring_reader_fn fn, void *ctx)
{
	uint64_t end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	uint64_t at = *r->consumer, given = at;
	size_t held = end - at;

	while (at < end) {
		const unsigned char *record = r->data + (at & (r->size - 1));
		uint32_t len = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT))
			fn(ctx, record + BPF_RINGBUF_HDR_SZ, len);
		len &= ~BPF_RINGBUF_DISCARD_BIT;
		at += (len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		if (at - given >= GIVE_BACK) {
			__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
			given = at;
		}
	}
	__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
	return held;
}
