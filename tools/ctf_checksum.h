/* SPDX-License-Identifier: GPL-2.0 */
/* Between ctf_checksum.c and ctf_checksum_avx2.c. */
#ifndef NVS_CTF_CHECKSUM_H
#define NVS_CTF_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* XXH3_64bits_withSeed(), on a processor that has AVX2. */
uint64_t ctf_hash_avx2(const void *data, size_t bytes, uint64_t seed);

#endif
