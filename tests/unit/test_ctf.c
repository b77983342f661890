// SPDX-License-Identifier: GPL-2.0
/* The CTF writer: what goes in comes out, in order, and babeltrace2 agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/wait.h>
#include "ctf_format.h"
#include "ctf_writer.h"
#include "event_info.h"
#include "scratch.h"

static struct nvs_error err;

static struct nvs_sq_doorbell doorbell(uint64_t ts, uint16_t tail)
{
	return (struct nvs_sq_doorbell){
		.h = { .ts = ts, .id = NVS_ID_sq_doorbell, .qid = 1 },
		.old_tail = tail,
		.new_tail = tail + 1,
		.count = 1,
	};
}

static void add(struct ctf_stream *s, uint64_t ts, uint16_t tail)
{
	struct nvs_sq_doorbell ev = doorbell(ts, tail);

	assert_int_equal(ctf_stream_add(s, &ev.h, sizeof(ev), &err), 0);
}

static struct ctf_trace *create(char **dir, char **path)
{
	struct ctf_trace *t;

	*dir = scratch_dir();
	*path = scratch_path(*dir, "rec");
	t = ctf_trace_create(*path, &err);
	assert_non_null(t);
	return t;
}

/* Reads all of @path, which must be in time order; returns the number of events. */
static unsigned int read_all(const char *path, uint64_t lost)
{
	struct recording *r = recording_open(path, &err);
	struct recorded ev;
	unsigned int n = 0;
	uint64_t ts = 0;
	int got;

	if (!r)
		fail_msg("%s", err.text);
	while ((got = recording_next(r, &ev, &err)) == 1) {
		assert_true(ev.hdr->ts >= ts);
		ts = ev.hdr->ts;
		n++;
	}
	if (got)
		fail_msg("%s", err.text);
	assert_int_equal(recording_lost_total(r), lost);
	assert_null(recording_cut(r));
	recording_close(r);
	return n;
}

static void test_round_trip(void **state)
{
	char *dir, *path;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *s = ctf_stream_open(t, 3, &err);
	struct recording *r;
	struct recorded ev;

	(void)state;
	assert_non_null(s);
	assert_int_equal(ctf_trace_env(t, "command", "a \"b\" \\ \n\t\x01 ünï"), 0);
	assert_int_equal(ctf_trace_env(t, "no key", "x"), -1);
	add(s, 100, 1);
	add(s, 200, 2);
	assert_int_equal(ctf_stream_flush(s, 7, true, &err), 0);
	assert_int_equal(ctf_trace_close(t, &err), 0);

	r = recording_open(path, &err);
	assert_non_null(r);
	/* What a terminal might act upon is made harmless. */
	assert_string_equal(recording_env(r, "command"), "a \"b\" \\ \n\t? ünï");
	assert_null(recording_env(r, "nothing"));
	assert_int_equal(recording_nr_cpus(r), 1);
	assert_int_equal(recording_lost(r, 3), 7);
	for (int round = 0; round < 2; round++, recording_rewind(r)) {
		assert_int_equal(recording_next(r, &ev, &err), 1);
		assert_int_equal(ev.cpu, 3);
		assert_int_equal(ev.size, sizeof(struct nvs_sq_doorbell));
		assert_int_equal(((const struct nvs_sq_doorbell *)ev.hdr)->new_tail, 2);
		assert_int_equal(recording_next(r, &ev, &err), 1);
		assert_int_equal(ev.hdr->ts, 200);
		assert_int_equal(recording_next(r, &ev, &err), 0);
		assert_int_equal(recording_next(r, &ev, &err), 0);
	}
	recording_close(r);
	free(path);
	scratch_remove(dir);
}

/* An interrupted program's event comes before those of the interrupt, with a later time. */
static void test_order_across_packets(void **state)
{
	char *dir, *path;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *s = ctf_stream_open(t, 0, &err);
	unsigned int n = 0;
	uint64_t ts = 1;

	(void)state;
	assert_non_null(s);
	for (int pass = 0; pass < 60; pass++) {
		for (int i = 0; i < 1000; i++, ts += 10, n++)
			add(s, ts, n);
		/* Stamped after the events that the next pass will find behind it. */
		add(s, ts + 300, n++);
		assert_int_equal(ctf_stream_flush(s, 0, false, &err), 0);
	}
	assert_int_equal(ctf_stream_events(s), n);
	assert_int_equal(ctf_stream_clamped(s), 0);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	assert_int_equal(read_all(path, 0), n);
	free(path);
	scratch_remove(dir);
}

/* What waits is as long as the longest packet, or a little more or less: what is not settled stays. */
static void test_long_packets(void **state)
{
	const unsigned int longest = 4 * (256u << 10);

	(void)state;
	for (unsigned int over = 0; over < 2 * sizeof(struct ctf_packet); over += 24) {
		char *dir, *path;
		struct ctf_trace *t = create(&dir, &path);
		struct ctf_stream *s = ctf_stream_open(t, 0, &err);
		unsigned int n = 0;

		assert_non_null(s);
		while (n * sizeof(struct nvs_sq_doorbell) <
		       longest + over - 2 * sizeof(struct ctf_packet))
			add(s, 100 + n, n), n++;
		assert_int_equal(ctf_stream_flush(s, 0, false, &err), 0);
		for (int unsettled = 0; unsettled < 20; unsettled++)
			add(s, 100 + n, n), n++;
		assert_int_equal(ctf_stream_flush(s, 0, false, &err), 0);
		assert_int_equal(ctf_trace_close(t, &err), 0);
		assert_int_equal(read_all(path, 0), n);
		free(path);
		scratch_remove(dir);
	}
}

/* Few events wait until they span a second, or what was said. */
static void test_span(void **state)
{
	const uint64_t step = 100000000;

	(void)state;
	for (uint64_t said = 0; said <= 5000000000; said += 5000000000) {
		char *dir, *path;
		struct ctf_trace *t = create(&dir, &path);
		struct ctf_stream *s = ctf_stream_open(t, 0, &err);
		uint64_t ts = 1, span = said ? said : 1000000000;
		unsigned int n = 0;

		assert_non_null(s);
		if (said)
			ctf_stream_span(s, said);
		do {
			add(s, ts, n++);
			assert_int_equal(ctf_stream_flush(s, 0, false, &err), 0);
			ts += step;
		} while (ctf_stream_oldest(s) == 1 && ts < 2 * span);
		assert_in_range(ts, span, span + 4 * step);
		assert_int_equal(ctf_trace_close(t, &err), 0);
		assert_int_equal(read_all(path, 0), n);
		free(path);
		scratch_remove(dir);
	}
}

static void test_too_late_is_clamped(void **state)
{
	char *dir, *path;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *s = ctf_stream_open(t, 0, &err);

	(void)state;
	assert_non_null(s);
	add(s, 1000, 0);
	assert_int_equal(ctf_stream_flush(s, 0, true, &err), 0);
	add(s, 999, 1);
	assert_int_equal(ctf_stream_clamped(s), 1);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	assert_int_equal(read_all(path, 0), 2);
	free(path);
	scratch_remove(dir);
}

static void test_merge(void **state)
{
	char *dir, *path;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *s[5];

	(void)state;
	for (unsigned int cpu = 0; cpu < 5; cpu++) {
		s[cpu] = ctf_stream_open(t, cpu, &err);
		assert_non_null(s[cpu]);
	}
	for (uint64_t ts = 0; ts < 10000; ts++)
		add(s[(ts * 7919 + ts / 13) % 4], ts, ts);
	assert_int_equal(ctf_stream_flush(s[4], 11, true, &err), 0);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	assert_int_equal(read_all(path, 11), 10000);
	free(path);
	scratch_remove(dir);
}

static void test_refuses(void **state)
{
	char *dir, *path;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *s = ctf_stream_open(t, 0, &err);
	struct nvs_sq_doorbell ev = doorbell(1, 1);
	struct stat st;

	(void)state;
	assert_non_null(s);
	assert_int_equal(ctf_stream_add(s, &ev.h, sizeof(ev) - 8, &err), -1);
	ev.h.id = NVS_EVENT_ID_MAX + 1;
	assert_int_equal(ctf_stream_add(s, &ev.h, sizeof(ev), &err), -1);
	ev.h.id = NVS_ID_dev_doorbell;
	assert_int_equal(ctf_stream_add(s, &ev.h, sizeof(ev), &err), -1);
	assert_null(ctf_stream_open(t, 0, &err));
	assert_null(ctf_trace_create(path, &err));
	assert_non_null(strstr(err.text, "exists already"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	ctf_trace_discard(t);
	assert_int_equal(stat(path, &st), -1);
	free(path);
	scratch_remove(dir);
}

static void test_reopen(void **state)
{
	char *dir, *path;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *s = ctf_stream_open(t, 0, &err);
	struct nvs_dev_doorbell ev = { .h = { .ts = 150, .id = NVS_ID_dev_doorbell } };

	(void)state;
	add(s, 100, 0);
	add(s, 200, 1);
	assert_int_equal(ctf_trace_env(t, "device", "nvme0"), 0);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	for (int again = 0; again < 2; again++) {
		t = ctf_trace_reopen(path, &err);
		assert_non_null(t);
		s = ctf_stream_open(t, RECORDING_DEVICE, &err);
		assert_non_null(s);
		assert_int_equal(ctf_stream_add(s, &ev.h, sizeof(ev), &err), 0);
		assert_int_equal(read_all(path, 0), 2 + again);
		assert_int_equal(ctf_trace_env(t, "imported", "log"), 0);
		assert_int_equal(ctf_trace_close(t, &err), 0);
		assert_int_equal(read_all(path, 0), 3);
	}
	free(path);
	scratch_remove(dir);
}

/* A recorder that is killed closes nothing; what it has flushed can be read. */
static void test_killed(void **state)
{
	char *dir, *path;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *s;

	(void)state;
	assert_int_equal(ctf_trace_env(t, "kernel", "6.12"), 0);
	s = ctf_stream_open(t, 0, &err);
	assert_non_null(s);
	assert_non_null(ctf_stream_open(t, 1, &err));
	add(s, 100, 0);
	assert_int_equal(ctf_stream_flush(s, 0, true, &err), 0);
	add(s, 200, 1);
	assert_int_equal(read_all(path, 0), 1);
	ctf_trace_discard(t);
	free(path);
	scratch_remove(dir);
}

/* Padding stands in no metadata: it must be what alignment makes of the fields. */
static void test_padding_is_alignment(void **state)
{
	(void)state;
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++) {
		const struct event_info *info = event_info(id);
		unsigned int at = sizeof(struct nvs_hdr);

		if (!info)
			continue;
		for (unsigned int i = 0; i < info->nr_fields; i++) {
			const struct field_info *f = &info->fields[i];

			at = (at + f->size - 1) / f->size * f->size;
			assert_int_equal(f->offset, at);
			at += f->size;
			if (f->base >= FIELD_SYMBOLS)
				assert_int_equal(f->size, 2);
		}
		assert_int_equal((at + 7) / 8 * 8, info->size);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(nvs_event_name(NVS_ID_cqe), "cqe");
	assert_null(nvs_event_name(0));
	assert_null(nvs_event_name(~0u));
	assert_string_equal(nvs_symbol_name(NVS_SET_RQOP, NVS_RQOP_drv_in), "drv_in");
	assert_null(nvs_symbol_name(NVS_SET_RQOP, 4));
	assert_null(nvs_symbol_name(NR_SYMBOL_SETS, 0));
}

/* One of each event, with every byte of its fields set. */
static void add_each(struct ctf_stream *cpu, struct ctf_stream *device)
{
	unsigned char buf[256];
	struct nvs_hdr *h = (struct nvs_hdr *)buf;

	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++) {
		const struct event_info *info = event_info(id);

		if (!info)
			continue;
		memset(buf, 0xff, sizeof(buf));
		*h = (struct nvs_hdr){ .ts = 1000 + id, .id = id, .ctrl = 1, .qid = 2, .cid = 3 };
		assert_int_equal(ctf_stream_add(info->device ? device : cpu, h, info->size, &err),
				 0);
	}
}

static unsigned int count_lines(const char *command, unsigned int *warnings)
{
	FILE *f = popen(command, "r");
	char line[4096];
	unsigned int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, "WARN") || strstr(line, "ERR")) {
			print_message("%s", line);
			++*warnings;
		}
		n += line[0] == '[';
	}
	assert_int_equal(pclose(f), 0);
	return n;
}

static void test_babeltrace2(void **state)
{
	char *dir, *path, *command;
	struct ctf_trace *t = create(&dir, &path);
	struct ctf_stream *cpu = ctf_stream_open(t, 0, &err), *idle = ctf_stream_open(t, 1, &err);
	struct ctf_stream *device = ctf_stream_open(t, RECORDING_DEVICE, &err);
	unsigned int events, warnings = 0;

	(void)state;
	if (system("command -v babeltrace2 >/dev/null")) {
		ctf_trace_discard(t);
		free(path);
		scratch_remove(dir);
		print_message("babeltrace2 is not installed\n");
		skip();
	}
	assert_non_null(idle);
	assert_int_equal(ctf_trace_env(t, "command", "fio \"a\\b\" \n \001 ünï"), 0);
	add_each(cpu, device);
	assert_int_equal(ctf_stream_flush(cpu, 0, true, &err), 0);
	add(cpu, 5000, 1);
	events = ctf_stream_events(cpu) + ctf_stream_events(device);
	assert_int_equal(ctf_trace_close(t, &err), 0);
	assert_true(asprintf(&command, "babeltrace2 --clock-seconds %s 2>&1", path) > 0);
	assert_int_equal(count_lines(command, &warnings), events);
	assert_int_equal(warnings, 0);
	assert_int_equal(read_all(path, 0), events);
	free(command);
	free(path);
	scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_order_across_packets),
		cmocka_unit_test(test_long_packets),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_too_late_is_clamped),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_padding_is_alignment),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_babeltrace2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
