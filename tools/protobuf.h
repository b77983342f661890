/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One protocol buffer message, written field by field into a fixed buffer
 * (protobuf.dev, "Encoding").  The length of a message within it is written as a
 * varint of always two bytes, so that it can be filled in afterwards.
 */
#ifndef NVS_PROTOBUF_H
#define NVS_PROTOBUF_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PB_SIZE	      16000 /* a length of two bytes reaches to 16383 */
#define PB_MAX_STRING 500   /* longer ones are cut */

struct pb {
	size_t len;
	bool full; /* something did not fit: the message is no good */
	uint8_t data[PB_SIZE];
};

enum pb_wire { PB_VARINT = 0, PB_LENGTH = 2 };

static inline bool pb_room(struct pb *b, size_t size)
{
	if (size <= PB_SIZE - b->len)
		return true;
	b->full = true;
	return false;
}

static inline void pb_varint(struct pb *b, uint64_t v)
{
	if (!pb_room(b, 10))
		return;
	while (v >= 0x80) {
		b->data[b->len++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	b->data[b->len++] = (uint8_t)v;
}

static inline void pb_uint(struct pb *b, unsigned int field, uint64_t v)
{
	pb_varint(b, field << 3 | PB_VARINT);
	pb_varint(b, v);
}

static inline void pb_string(struct pb *b, unsigned int field, const char *s)
{
	size_t n = strnlen(s, PB_MAX_STRING);

	pb_varint(b, field << 3 | PB_LENGTH);
	pb_varint(b, n);
	if (!pb_room(b, n))
		return;
	memcpy(b->data + b->len, s, n);
	b->len += n;
}

/* Begins a message in field @field; give what is returned to pb_close(). */
static inline size_t pb_open(struct pb *b, unsigned int field)
{
	pb_varint(b, field << 3 | PB_LENGTH);
	if (pb_room(b, 2))
		b->len += 2;
	return b->len;
}

static inline void pb_close(struct pb *b, size_t begin)
{
	size_t n = b->len - begin;

	if (b->full)
		return;
	b->data[begin - 2] = (uint8_t)(n | 0x80);
	b->data[begin - 1] = (uint8_t)(n >> 7);
}

#endif
