// SPDX-License-Identifier: GPL-2.0
/* What holds a packet together: XXH3, in the widest registers that this processor has. */
#define XXH_INLINE_ALL
#define XXH_NO_PREFETCH /* what a processor does by itself, from one end to the other */
#include <xxhash.h>
#include "ctf_checksum.h"
#include "ctf_format.h"

static uint64_t hash(const void *data, size_t bytes, uint64_t seed)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return ctf_hash_avx2(data, bytes, seed);
#endif
	return XXH3_64bits_withSeed(data, bytes, seed);
}

uint32_t ctf_packet_checksum(const struct ctf_packet *p, size_t bytes)
{
	struct ctf_packet head = *p;

	head.checksum = 0;
	/* The lower half of one hash, begun with the other: no bit of either part is left out. */
	return (uint32_t)hash(p + 1, bytes - sizeof(head), XXH3_64bits(&head, sizeof(head)));
}
