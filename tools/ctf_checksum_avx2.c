// SPDX-License-Identifier: GPL-2.0
/* XXH3 once more, for processors with AVX2: half the instructions. */
#ifdef __x86_64__
#pragma GCC target("avx2")
#pragma GCC optimize("unroll-loops")
#define XXH_INLINE_ALL
#define XXH_NO_PREFETCH /* what a processor does by itself, from one end to the other */
#include <xxhash.h>
#include "ctf_checksum.h"

uint64_t ctf_hash_avx2(const void *data, size_t bytes, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, bytes, seed);
}
#endif
