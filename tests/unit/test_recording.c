// SPDX-License-Identifier: GPL-2.0
/* The reader against damaged and hostile recordings: an error or less, never a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "ctf_format.h"
#include "ctf_writer.h"
#include "event_info.h"
#include "scratch.h"

#define STREAM	  "cpu-1"
#define NR_EVENTS 6

static struct nvs_error err;
static char *dir, *path;
static unsigned char *sound; /* the stream file as it was written */
static size_t sound_size;

/* Two CPUs; CPU 1 has two packets of three events each, of different sizes. */
static int setup(void **state)
{
	struct ctf_trace *t;
	struct ctf_stream *s, *other;
	static const unsigned int ids[] = { NVS_ID_cmd_setup, NVS_ID_sqe, NVS_ID_cqe };

	(void)state;
	dir = scratch_dir();
	path = scratch_path(dir, "rec");
	t = ctf_trace_create(path, &err);
	other = t ? ctf_stream_open(t, 0, &err) : NULL;
	s = t ? ctf_stream_open(t, 1, &err) : NULL;
	if (!s || !other || ctf_trace_env(t, "command", "a { b; \"c\" } /* d */"))
		return -1;
	for (unsigned int i = 0; i < NR_EVENTS; i++) {
		unsigned char buf[128] = { 0 };
		struct nvs_hdr *h = (struct nvs_hdr *)buf;

		*h = (struct nvs_hdr){ .ts = 100 + i, .id = ids[i % 3], .qid = 1, .cid = i };
		if (ctf_stream_add(s, h, event_info(h->id)->size, &err) ||
		    (i == 2 && ctf_stream_flush(s, 1, true, &err)))
			return -1;
	}
	if (ctf_stream_flush(s, 2, true, &err) || ctf_trace_close(t, &err))
		return -1;
	sound = scratch_read(path, STREAM, &sound_size);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(sound);
	free(path);
	scratch_remove(dir);
	return 0;
}

/* Reads what can be read: the number of events, or -1 when there is an error. */
static int count(bool *cut)
{
	struct recording *r = recording_open(path, &err);
	struct recorded ev;
	int n = 0, got = -1;

	*cut = false;
	if (!r)
		return -1;
	*cut = recording_cut(r);
	while ((got = recording_next(r, &ev, &err)) == 1)
		n++;
	recording_close(r);
	return got ? -1 : n;
}

static void test_truncated_at_every_byte(void **state)
{
	size_t half = ((const struct ctf_packet *)sound)->packet_size / 8;
	bool cut;

	(void)state;
	for (size_t size = 0; size <= sound_size; size++) {
		int whole = size >= sound_size ? NR_EVENTS : size >= half ? NR_EVENTS / 2 : 0;

		scratch_write(path, STREAM, sound, size);
		assert_int_equal(count(&cut), whole);
		assert_int_equal(cut, size != 0 && size != half && size != sound_size);
	}
}

static void test_zeros_at_the_end(void **state)
{
	unsigned char *padded = calloc(1, sound_size + 1000);
	bool cut;

	(void)state;
	memcpy(padded, sound, sound_size);
	scratch_write(path, STREAM, padded, sound_size + 1000);
	assert_int_equal(count(&cut), NR_EVENTS);
	assert_true(cut);
	free(padded);
}

/* The checksum covers every byte of a packet; an error names the file. */
static void test_every_bit_flipped(void **state)
{
	unsigned char *bad = malloc(sound_size);
	bool cut;

	(void)state;
	for (size_t at = 0; at < sound_size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(bad, sound, sound_size);
			bad[at] ^= 1 << bit;
			scratch_write(path, STREAM, bad, sound_size);
			if (count(&cut) < 0)
				assert_non_null(strstr(err.text, STREAM));
			else
				assert_true(cut); /* it seemed longer than the file */
		}
	}
	free(bad);
}

/* As above, but with a checksum that is right: each event is looked at, too. */
static void test_every_byte_forged(void **state)
{
	size_t half = ((const struct ctf_packet *)sound)->packet_size / 8;
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct ctf_packet *p = malloc(half);
	bool cut;

	(void)state;
	for (size_t at = 0; at < half; at++) {
		for (size_t v = 0; v < sizeof(values); v++) {
			memcpy(p, sound, half);
			((unsigned char *)p)[at] = values[v];
			p->checksum = ctf_packet_checksum(p, half);
			scratch_write(path, STREAM, p, half);
			count(&cut);
		}
	}
	free(p);
}

static void test_absurd_sizes(void **state)
{
	static const uint64_t sizes[] = {
		0,	 1,	     8,		 64,	     8 * 119,	     8 * 120,
		8 * 128, 1ull << 32, 1ull << 63, UINT64_MAX, UINT64_MAX - 63
	};
	struct ctf_packet *p = malloc(sound_size);
	bool cut;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			memcpy(p, sound, sound_size);
			p->packet_size = sizes[i];
			p->content_size = sizes[j];
			p->checksum = ctf_packet_checksum(
				p, sizes[i] > 8 * sound_size || sizes[i] < 8 * 120 ? sizeof(*p)
										   : sizes[i] / 8);
			scratch_write(path, STREAM, p, sound_size);
			count(&cut);
		}
	}
	free(p);
}

static void test_random_bytes(void **state)
{
	unsigned char bytes[4096];
	bool cut;

	(void)state;
	srandom(1);
	for (int round = 0; round < 200; round++) {
		size_t size = random() % sizeof(bytes);

		for (size_t i = 0; i < size; i++)
			bytes[i] = random();
		scratch_write(path, STREAM, bytes, size);
		count(&cut);
		/* Behind a packet that is sound. */
		memcpy(bytes, sound, sound_size);
		scratch_write(path, STREAM, bytes, sizeof(bytes));
		count(&cut);
	}
}

static void test_metadata_damaged(void **state)
{
	size_t size;
	char *text = scratch_read(path, "metadata", &size);
	bool cut;

	(void)state;
	for (size_t at = 0; at < size; at += at < 2000 ? 1 : 97) {
		char was = text[at];

		scratch_write(path, "metadata", text, at);
		count(&cut);
		for (const char *c = "\"{}\\;=/*\x01"; *c; c++) {
			text[at] = *c;
			scratch_write(path, "metadata", text, size);
			count(&cut);
		}
		text[at] = 0;
		scratch_write(path, "metadata", text, size);
		assert_int_equal(count(&cut), -1);
		text[at] = was;
	}
	scratch_write(path, "metadata", text, size);
	assert_int_equal(count(&cut), NR_EVENTS);
	free(text);
}

/* Before and behind that programs came and went one by one: not for readers. */
static void test_whole_between_attaching_and_detaching(void **state)
{
	static const struct {
		const char *provider, *level, *begin, *end;
		int events;
	} rows[] = {
		{ "driver", "events", "", "103", 4 },
		{ "driver", "events", "102", "104", 5 },
		{ "stock", "events", "102", "104", 3 },
		{ "stock", "events", "", "99", 0 },
		{ "stock", "events", "", "", NR_EVENTS },
		{ "stock", "hist", "102", "99", NR_EVENTS },
	};
	bool cut;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ctf_trace *t = ctf_trace_reopen(path, &err);

		assert_int_equal(ctf_trace_env(t, "level", rows[i].level), 0);
		assert_int_equal(ctf_trace_env(t, "provider", rows[i].provider), 0);
		assert_int_equal(ctf_trace_env(t, "attached_ns", rows[i].begin), 0);
		assert_int_equal(ctf_trace_env(t, "detaching_ns", rows[i].end), 0);
		assert_int_equal(ctf_trace_close(t, &err), 0);
		assert_int_equal(count(&cut), rows[i].events);
	}
}

static void test_other_version(void **state)
{
	struct ctf_packet *p = malloc(sound_size);
	size_t size;
	char *text = scratch_read(path, "metadata", &size), *at;
	char both[2][32];
	bool cut;

	(void)state;
	snprintf(both[0], sizeof(both[0]), "layout %d", NVS_EVENTS_VERSION);
	snprintf(both[1], sizeof(both[1]), "layout %d", 9);
	memcpy(p, sound, sound_size);
	p->version = 9;
	scratch_write(path, STREAM, p, sound_size);
	assert_int_equal(count(&cut), -1);
	for (int i = 0; i < 2; i++)
		assert_non_null(strstr(err.text, both[i]));

	text[size] = 0;
	at = strstr(text, "events_version = ");
	assert_non_null(at);
	at[strlen("events_version = ")] = '9';
	scratch_write(path, "metadata", text, size);
	assert_int_equal(count(&cut), -1);
	for (int i = 0; i < 2; i++)
		assert_non_null(strstr(err.text, both[i]));
	free(text);
	free(p);
}

static void test_not_a_recording(void **state)
{
	char *metadata = scratch_path(path, "metadata"), *cpu0 = scratch_path(path, "cpu-0");
	char *stream = scratch_path(path, STREAM);
	bool cut;

	(void)state;
	assert_int_equal(unlink(stream), 0);
	assert_int_equal(mkfifo(stream, 0600), 0);
	assert_int_equal(count(&cut), -1);
	assert_non_null(strstr(err.text, "is not a file"));
	assert_int_equal(unlink(stream), 0);
	assert_int_equal(unlink(cpu0), 0);
	assert_int_equal(count(&cut), -1);
	assert_non_null(strstr(err.text, "no stream"));
	assert_int_equal(unlink(metadata), 0);
	assert_int_equal(count(&cut), -1);
	assert_non_null(strstr(err.text, "metadata"));
	assert_null(recording_open("/nonexistent", &err));
	scratch_write(path, "metadata", "", 0);
	assert_int_equal(count(&cut), -1);
	free(metadata);
	free(cpu0);
	free(stream);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_truncated_at_every_byte),
		TEST(test_zeros_at_the_end),
		TEST(test_every_bit_flipped),
		TEST(test_every_byte_forged),
		TEST(test_absurd_sizes),
		TEST(test_random_bytes),
		TEST(test_metadata_damaged),
		TEST(test_whole_between_attaching_and_detaching),
		TEST(test_other_version),
		TEST(test_not_a_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
