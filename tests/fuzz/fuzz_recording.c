// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are no sound recording, or hardly: metadata and streams, as their reader meets them.
 *
 * An input is parts: a byte that says which file, one of flags, two of no use, the size, then the
 * file's bytes. The checksum would keep the fuzzer from all that lies behind it, so packets are
 * given the right one, and with FLAG_MEND their magic and uuid too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "ctf_format.h"
#include "fuzz.h"
#include "synth.h"

#define NR_FILES   6
#define FLAG_LEAVE 1 /* no checksum is put right */
#define FLAG_MEND  2

struct part {
	uint8_t file, flags, pad[2];
	uint32_t size;
};

/* "metadata", "cpu-0" to "cpu-3", "device". */
static const char *file_name(unsigned int nr)
{
	static const char *const names[NR_FILES] = { "metadata", "cpu-0", "cpu-1",
						     "cpu-2",	 "cpu-3", "device" };

	return names[nr % NR_FILES];
}

static void mend_packets(uint8_t *data, size_t size, unsigned int flags)
{
	struct ctf_packet p;

	while (size >= sizeof(p)) {
		size_t bytes;

		memcpy(&p, data, sizeof(p));
		if (flags & FLAG_MEND) {
			p.magic = CTF_MAGIC;
			p.version = NVS_EVENTS_VERSION;
			memcpy(p.uuid, fuzz_uuid, sizeof(p.uuid));
			memcpy(data, &p, sizeof(p));
		}
		bytes = p.packet_size / 8;
		if (bytes < sizeof(p) || bytes > size)
			return;
		p.checksum = ctf_packet_checksum((const struct ctf_packet *)data, bytes);
		memcpy(data, &p, sizeof(p));
		data += bytes;
		size -= bytes;
	}
}

static void write_part(const struct part *part, const uint8_t *data)
{
	/* The reader maps files, so packets are aligned; the input's need not be. */
	uint64_t *copy = malloc(part->size + 1);

	if (!copy)
		abort();
	memcpy(copy, data, part->size);
	if (part->file % NR_FILES && !(part->flags & FLAG_LEAVE))
		mend_packets((uint8_t *)copy, part->size, part->flags);
	fuzz_write(file_name(part->file), copy, part->size);
	free(copy);
}

static void write_parts(const uint8_t *data, size_t size)
{
	struct part part;

	while (size >= sizeof(part)) {
		memcpy(&part, data, sizeof(part));
		data += sizeof(part);
		size -= sizeof(part);
		if (part.size > size)
			part.size = size;
		write_part(&part, data);
		data += part.size;
		size -= part.size;
	}
}

/* A window holds just what a reading of the whole finds within its times. */
static void read_window(const struct recording *r, uint64_t from, uint64_t to, uint64_t expected)
{
	struct nvs_error err;
	struct reader *rd = reader_new(r, &err);
	struct recorded ev;
	int ret;

	if (!rd)
		abort();
	reader_window(rd, from, to);
	while ((ret = reader_next(rd, &ev, &err)) == 1) {
		if (ev.hdr->ts < from || ev.hdr->ts > to || !expected--)
			abort();
	}
	if (ret || expected)
		abort();
	reader_free(rd);
}

/* Twice, and the second time all must be as it was; then a part of it. */
static void read_all(void)
{
	struct nvs_error err;
	struct recording *r = recording_open(fuzz_dir(), &err);
	uint64_t sums[2] = { 0, 0 }, first, last, from, to, within = 0;
	int ret = 0;

	if (!r)
		return;
	recording_span(r, &first, &last);
	from = first + (last - first) / 4;
	to = last - (last - first) / 3;
	for (int turn = 0; turn < 2; turn++) {
		struct recorded ev;
		uint64_t before = 0;

		while ((ret = recording_next(r, &ev, &err)) == 1) {
			const unsigned char *bytes = (const void *)ev.hdr;

			if (ev.hdr->ts < before)
				abort();
			before = ev.hdr->ts;
			within += !turn && before >= from && before <= to;
			for (unsigned int i = 0; i < ev.size; i++)
				sums[turn] = 31 * sums[turn] + bytes[i];
		}
		recording_rewind(r);
	}
	if (sums[0] != sums[1])
		abort();
	if (!ret && first <= last)
		read_window(r, from, to, within);
	recording_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_clean();
	write_parts(data, size);
	read_all();
	fuzz_command(cmd_report, (const char *[]){ "report", fuzz_dir(), NULL });
	fuzz_command(cmd_check, (const char *[]){ "check", fuzz_dir(), NULL });
	return 0;
}

/* --- seeds ----------------------------------------------------------------------------- */

static size_t add_part(uint8_t *to, unsigned int file, unsigned int flags, const void *data,
		       size_t size)
{
	struct part part = { .file = file, .flags = flags, .size = size };

	memcpy(to, &part, sizeof(part));
	memcpy(to + sizeof(part), data, size);
	return sizeof(part) + size;
}

static size_t add_file(uint8_t *to, unsigned int file, unsigned int flags)
{
	static uint8_t data[1 << 16];
	FILE *f = fopen(fuzz_path(file_name(file)), "re");
	size_t size = f ? fread(data, 1, sizeof(data), f) : 0;

	if (!f)
		return 0;
	fclose(f);
	return add_part(to, file, flags, data, size);
}

/* The streams of a made-up recording, with metadata of a few lines. */
void fuzz_make_seeds(fuzz_seed_fn add)
{
	static const struct synth_options small = {
		.queues = 2, .commands = 4, .depth = 2, .batch = 2, .ring = 8, .no_init = true
	};
	static uint8_t data[1 << 18];
	struct synth *s = synth_make(&small);
	struct nvs_error err;
	size_t size = 0;

	fuzz_clean();
	rmdir(fuzz_dir());
	if (synth_write(s, fuzz_dir(), 3, &err))
		abort();
	synth_free(s);
	size = add_file(data, 0, 0);
	add("metadata-whole", data, size);
	fuzz_write_metadata("kernel = \"6.12 \\\"a\\\" \\033[2J\"; lost_cpu0 = \"io 3\"; { x };\n");
	size = add_file(data, 0, 0);
	add("metadata", data, size);
	size += add_file(data + size, 1, FLAG_MEND);
	add("one-cpu", data, size);
	size += add_file(data + size, 2, FLAG_MEND);
	add("two-cpus", data, size);
}
