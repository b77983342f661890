// SPDX-License-Identifier: GPL-2.0
/* A packet's checksum is the same on every processor, and depends on each bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "ctf_checksum.h"
#include "ctf_format.h"

#define BYTES 5000

static unsigned char *fill(void)
{
	unsigned char *bytes = malloc(BYTES);

	for (unsigned int i = 0; i < BYTES; i++)
		bytes[i] = i * 2654435761u >> 13;
	return bytes;
}

static void test_avx2_is_the_same(void **state)
{
	unsigned char *bytes = fill();

	(void)state;
#ifdef __x86_64__
	if (!__builtin_cpu_supports("avx2"))
		skip();
	for (size_t n = 0; n < BYTES; n += 1 + n / 16)
		assert_true(ctf_hash_avx2(bytes, n, n) == XXH3_64bits_withSeed(bytes, n, n));
#else
	skip();
#endif
	free(bytes);
}

static void test_each_bit(void **state)
{
	unsigned char *bytes = fill();
	struct ctf_packet *p = (struct ctf_packet *)bytes;
	uint32_t sum = ctf_packet_checksum(p, BYTES);

	(void)state;
	p->checksum = sum;
	assert_int_equal(ctf_packet_checksum(p, BYTES), sum);
	for (size_t bit = 0; bit < 8 * BYTES; bit += 7) {
		size_t at = bit / 8;

		if (at >= offsetof(struct ctf_packet, checksum) &&
		    at < offsetof(struct ctf_packet, nr_events))
			continue;
		bytes[at] ^= 1 << bit % 8;
		assert_int_not_equal(ctf_packet_checksum(p, BYTES), sum);
		bytes[at] ^= 1 << bit % 8;
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_avx2_is_the_same),
		cmocka_unit_test(test_each_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
