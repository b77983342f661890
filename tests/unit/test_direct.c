// SPDX-License-Identifier: GPL-2.0
/* Recordings that are written past the page cache: byte for byte what they are without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctf_format.h"
#include "ctf_writer.h"
#include "recording.h"
#include "scratch.h"
#include "stream_file.h"

static struct nvs_error err;
static uint64_t seed = 88172645463325252ull;

static uint64_t chance(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static int open_new(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	return fd;
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void expect_file(const char *path, const unsigned char *bytes, size_t size)
{
	unsigned char *found = malloc(size + 1);
	int fd = open(path, O_RDONLY);

	assert_int_equal(read(fd, found, size + 1), size);
	assert_memory_equal(found, bytes, size);
	close(fd);
	free(found);
}

/* Packets of any size, filled or not, some of them through the cache. */
static void test_appended(void **state)
{
	enum { ALL = 4 << 20, MOST = 200 << 10 };
	char *dir = scratch_dir(), *path = scratch_path(dir, "file");
	struct stream_file f = stream_file(open_new(path), true);
	unsigned char *all = malloc(ALL), *memory = aligned_alloc(CTF_BLOCK, MOST + 2 * CTF_BLOCK);
	size_t size = 0;

	(void)state;
	for (size_t i = 0; i < ALL; i++)
		all[i] = chance(256);
	while (size + MOST + CTF_BLOCK < ALL) {
		size_t bytes = 8 * (1 + chance(chance(3) ? MOST / 8 : 100));

		if (chance(10))
			bytes += stream_file_room(&f, bytes);
		memcpy(memory, all + size, bytes);
		assert_int_equal(stream_file_append(&f, memory, bytes, !chance(5)), 0);
		size += bytes;
		assert_int_equal(f.size, size);
		assert_int_equal(size_of(path), size);
	}
	stream_file_close(&f);
	expect_file(path, all, size);
	free(memory);
	free(all);
	free(path);
	scratch_remove(dir);
}

/* What does not fit is not there, and what was before is. */
static void test_no_room(void **state)
{
	enum { PACKET = 100 << 10 };
	const struct rlimit little = { 250 << 10, RLIM_INFINITY };
	char *dir = scratch_dir(), *path = scratch_path(dir, "file");
	struct stream_file f = stream_file(open_new(path), true);
	unsigned char *memory = aligned_alloc(CTF_BLOCK, PACKET + 2 * CTF_BLOCK);
	struct rlimit before;

	(void)state;
	memset(memory, 0x55, PACKET + 2 * CTF_BLOCK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(stream_file_append(&f, memory, PACKET, false), 0);
	assert_int_equal(stream_file_append(&f, memory, PACKET, false), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(size_of(path), 2 * PACKET);
	stream_file_close(&f);
	free(memory);
	free(path);
	scratch_remove(dir);
}

/* Runs of events, some of them late, in packets of any size: those that were written settled. */
static void fill(struct ctf_trace *t, unsigned int nr)
{
	struct ctf_stream *s = ctf_stream_open(t, 0, &err);
	uint64_t ts = 1000000000;
	bool seen = false;

	assert_non_null(s);
	while (nr) {
		struct nvs_io run[64];
		unsigned int n = 0;

		for (; n < 64 && nr; n++, nr--) {
			ts += chance(1000);
			run[n] = (struct nvs_io){
				.h = { .ts = ts - (chance(20) ? 0 : chance(2000)),
				       .id = NVS_ID_io },
				.sector = nr,
			};
		}
		assert_int_equal(ctf_stream_add_run(s, run, n * sizeof(run[0]), &seen, &err), 0);
		ctf_trace_hurry(t, !chance(50));
		if (!chance(30))
			assert_int_equal(ctf_stream_settle(s, 0, &err), 0);
		else
			assert_int_equal(ctf_stream_flush(s, 0, false, &err), 0);
	}
}

/* Each event once, and in order. */
static void expect_events(const char *path, unsigned int nr)
{
	struct recording *r = recording_open(path, &err);
	unsigned char *found = calloc(nr + 1, 1);
	uint64_t last = 0;
	struct recorded ev;
	unsigned int n = 0;

	if (!r)
		fail_msg("%s", err.text);
	assert_null(recording_cut(r));
	for (; recording_next(r, &ev, &err) == 1; n++) {
		uint64_t number = ((const struct nvs_io *)ev.hdr)->sector;

		assert_true(ev.hdr->ts >= last);
		last = ev.hdr->ts;
		assert_in_range(number, 1, nr);
		assert_int_equal(found[number]++, 0);
	}
	assert_int_equal(n, nr);
	recording_close(r);
	free(found);
}

/* A packet is filled up to the end of a block of the file, and nowhere else. */
static void test_filled(void **state)
{
	char *dir = scratch_dir(), *path = scratch_path(dir, "rec"), *file;
	struct ctf_trace *t = ctf_trace_create(path, &err);
	static unsigned char bytes[4 << 20];
	struct ctf_packet *p = (void *)bytes;
	size_t size, content;
	int fd;

	(void)state;
	assert_non_null(t);
	ctf_trace_direct(t);
	fill(t, 5000);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	file = scratch_path(path, "cpu-0");
	fd = open(file, O_RDWR);
	assert_true(read(fd, bytes, sizeof(bytes)) > 0);
	/* The first packet that was worth it */
	while (p->packet_size / 8 < 16384)
		p = (void *)((unsigned char *)p + p->packet_size / 8);
	size = p->packet_size / 8;
	content = (p->content_size + 63) / 64 * 8;
	assert_int_equal(((unsigned char *)p - bytes + size) % CTF_BLOCK, 0);
	assert_in_range(size - content, 8, CTF_BLOCK - 1);
	for (size_t i = content; i < size; i++)
		assert_int_equal(((unsigned char *)p)[i], 0);

	p->packet_size -= 64;
	p->checksum = ctf_packet_checksum(p, size - 8);
	assert_int_equal(pwrite(fd, p, sizeof(*p), (unsigned char *)p - bytes), sizeof(*p));
	close(fd);
	assert_null(recording_open(path, &err));
	assert_non_null(strstr(err.text, "an impossible content size"));
	free(file);
	free(path);
	scratch_remove(dir);
}

static void record_directly(unsigned int nr, uint64_t bound)
{
	char *dir = scratch_dir(), *path = scratch_path(dir, "rec");
	struct ctf_trace *t = ctf_trace_create(path, &err);

	assert_non_null(t);
	ctf_trace_direct(t);
	if (bound)
		assert_int_equal(ctf_trace_bound(t, bound, &err), 0);
	fill(t, nr);
	if (ctf_trace_close(t, &err))
		fail_msg("%s", err.text);
	expect_events(path, nr);
	free(path);
	scratch_remove(dir);
}

static void test_recorded(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		record_directly(1 + chance(30000), 0);
}

static void test_in_parts(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		record_directly(1 + chance(30000), 16ull << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appended), cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_filled),	 cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
