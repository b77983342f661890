// SPDX-License-Identifier: GPL-2.0
/*
 * Recording against log, both made here from one story, so that they are equal
 * but for what a test spoils: each fault must be found, and found in its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include "cmd.h"
#include "ctf_writer.h"
#include "scratch.h"
#include "witness.h"

#define WALL	 1700000000000000000ull /* the host's clock when the guest's showed 0 */
#define STEP_NS	 20000
#define RING	 16
#define NR_READS 300

/* What is done to one item, the @nr-th of its sort on queue @qid. */
enum spoil { NOTHING, NOT_RECORDED, NOT_LOGGED, CHANGED, SWAPPED, TWICE_LOGGED };

struct fault {
	enum spoil how;
	enum witness_kind kind;
	unsigned int qid, nr;
};

struct story {
	char *dir;
	struct ctf_trace *trace;
	struct ctf_stream *stream;
	FILE *log;
	struct fault fault;
	uint64_t ts, line, spoilt_line;
	uint64_t lost;	 /* that the recording owns up to */
	double drift;	 /* of the host's clock */
	uint64_t step;	 /* ns between events; 0: STEP_NS */
	uint64_t jitter; /* how late register writes are logged at most, ns */
	bool no_cqe;	 /* completions are not recorded */
	bool recording;	 /* else only the log is written: firmware, or after the end */
	unsigned int seen[WITNESS_KINDS][2];
	char held[160]; /* a line to be logged after the next one of its sort */
	unsigned int sq_tail[2], cq_head[2];
};

static struct nvs_error err;

/* --- telling the story -------------------------------------------------------- */

static void log_line(struct story *s, int64_t delay, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void log_line(struct story *s, int64_t delay, const char *fmt, ...)
{
	uint64_t wall = WALL + s->ts + (int64_t)(s->drift * s->ts) + delay;
	va_list ap;

	s->line++;
	fprintf(s->log, "99@%" PRIu64 ".%06" PRIu64 ":pci_nvme_", wall / 1000000000,
		wall / 1000 % 1000000);
	va_start(ap, fmt);
	vfprintf(s->log, fmt, ap);
	va_end(ap);
	fputc('\n', s->log);
}

static enum spoil spoil_of(struct story *s, enum witness_kind kind, unsigned int qid)
{
	const struct fault *f = &s->fault;

	if (!s->recording || s->seen[kind][qid]++ != f->nr || f->kind != kind || f->qid != qid)
		return NOTHING;
	s->spoilt_line = s->line + 1;
	return f->how;
}

/* Logs @text as @spoil will have it. */
static void tell_log(struct story *s, enum spoil spoil, int64_t delay, const char *text)
{
	if (spoil == SWAPPED) {
		strcpy(s->held, text);
		return;
	}
	if (spoil != NOT_LOGGED)
		log_line(s, delay, "%s", text);
	if (spoil == TWICE_LOGGED)
		log_line(s, delay, "%s", text);
}

static void release_held(struct story *s)
{
	if (*s->held)
		log_line(s, 0, "%s", s->held);
	*s->held = '\0';
}

static void tell_recording(struct story *s, enum spoil spoil, void *event, unsigned int id,
			   unsigned int size, unsigned int qid, unsigned int cid)
{
	struct nvs_hdr *h = event;

	if (!s->recording || spoil == NOT_RECORDED)
		return;
	h->ts = s->ts;
	h->id = id;
	h->qid = qid;
	h->cid = cid;
	assert_int_equal(ctf_stream_add(s->stream, h, size, &err), 0);
}

#define TELL(s, spoil, name, ev, qid, cid) \
	tell_recording(s, spoil, ev, NVS_ID_##name, sizeof(struct nvs_##name), qid, cid)

static void write_reg(struct story *s, unsigned int offset, unsigned int value)
{
	struct nvs_reg_write ev = { .offset = offset, .value = value, .width = 4 };
	enum spoil spoil = spoil_of(s, WITNESS_REG, 0);
	char text[80];

	s->ts += s->step ? s->step : STEP_NS;
	TELL(s, spoil, reg_write, &ev, 0, 0);
	snprintf(text, sizeof(text), "mmio_write addr 0x%x data 0x%x size 4", offset,
		 value + (spoil == CHANGED));
	tell_log(s, spoil, 2000 + (s->jitter ? (s->line * 2654435761u >> 12) % s->jitter : 0),
		 text);
}

static void ring_bell(struct story *s, enum witness_kind kind, unsigned int qid, unsigned int count)
{
	bool sq = kind == WITNESS_SQ_BELL;
	unsigned int *index = sq ? &s->sq_tail[qid] : &s->cq_head[qid];
	struct nvs_sq_doorbell ev = { .old_tail = *index, .count = count };
	enum spoil spoil = spoil_of(s, kind, qid);
	char text[80];

	s->ts += s->step ? s->step : STEP_NS;
	*index = (*index + count) % RING;
	ev.new_tail = *index; /* an nvs_cq_doorbell has the same layout */
	if (sq)
		TELL(s, spoil, sq_doorbell, &ev, qid, 0);
	else
		TELL(s, spoil, cq_doorbell, &ev, qid, 0);
	snprintf(text, sizeof(text), "mmio_doorbell_%s %s %u new_%s %u", sq ? "sq" : "cq",
		 sq ? "sqid" : "cqid", qid, sq ? "tail" : "head",
		 (*index + (spoil == CHANGED)) % RING);
	tell_log(s, spoil, 2000, text);
	if (spoil != SWAPPED)
		release_held(s);
}

/* The driver puts a read (or, on queue 0, an Identify) into its slot. */
static void put_command(struct story *s, unsigned int qid, unsigned int cid, enum spoil spoil)
{
	struct nvs_cmd_setup setup = {
		.nsid = 1,
		.opcode = qid ? 2 : 6,
		.cdw10 = 8 * cid,
		.cdw11 = qid ? 1 : 0,
		.cdw12 = 7,
	};
	struct nvs_sqe sqe = { 0 };

	s->ts += s->step ? s->step : STEP_NS;
	TELL(s, spoil, cmd_setup, &setup, qid, cid);
	s->ts += s->step ? s->step : STEP_NS;
	TELL(s, spoil, sqe, &sqe, qid, cid);
}

/* The device takes it out; told by two lines, or by one. */
static void fetch_command(struct story *s, unsigned int qid, unsigned int cid, enum spoil spoil)
{
	unsigned int seen = cid + (spoil == CHANGED);
	int copies = spoil == NOT_LOGGED ? 0 : spoil == TWICE_LOGGED ? 2 : 1;

	for (; copies; copies--) {
		if (!qid) {
			log_line(s, 0, "admin_cmd cid %u sqid 0 opc 0x6 opname 'X'", seen);
			continue;
		}
		log_line(s, 0, "io_cmd cid %u nsid 0x1 sqid %u opc 0x2 opname 'X'", cid, qid);
		log_line(s, 0, "read cid %u nsid 1 nlb 8 count 4096 lba 0x1%08x", cid, 8 * seen);
	}
}

static void complete(struct story *s, unsigned int qid, unsigned int cid)
{
	struct nvs_cqe ev = { .result = cid, .status = 0x4002 };
	enum spoil spoil = spoil_of(s, WITNESS_CQE, qid);
	char text[100];

	s->ts += s->step ? s->step : STEP_NS;
	snprintf(text, sizeof(text),
		 "enqueue_req_completion cid %u cqid %u dw0 0x%x dw1 0x0 status 0x%x", cid, qid,
		 cid, spoil == CHANGED ? 0x4003 : 0x4002);
	tell_log(s, spoil, -3000, text);
	if (spoil != SWAPPED)
		release_held(s);
	TELL(s, s->no_cqe ? NOT_RECORDED : spoil, cqe, &ev, qid, cid);
}

/* Two commands by one doorbell, and their completions by one. */
static void do_pair(struct story *s, unsigned int qid, unsigned int cid)
{
	enum spoil a = spoil_of(s, WITNESS_CMD, qid), b = spoil_of(s, WITNESS_CMD, qid);

	put_command(s, qid, cid, a);
	put_command(s, qid, cid + 1, b);
	ring_bell(s, WITNESS_SQ_BELL, qid, 2);
	if (a || b)
		s->spoilt_line = s->line + 1;
	if (a == SWAPPED)
		fetch_command(s, qid, cid + 1, b);
	fetch_command(s, qid, cid, a);
	if (a != SWAPPED)
		fetch_command(s, qid, cid + 1, b);
	complete(s, qid, cid);
	complete(s, qid, cid + 1);
	ring_bell(s, WITNESS_CQ_BELL, qid, 2);
}

static void start_controller(struct story *s, unsigned int asq)
{
	memset(s->sq_tail, 0, sizeof(s->sq_tail));
	memset(s->cq_head, 0, sizeof(s->cq_head));
	write_reg(s, 0x14, 0x460000);
	log_line(s, 0, "mmio_stopped cleared controller enable bit");
	write_reg(s, 0x24, 0x1f001f);
	write_reg(s, 0x28, asq);
	write_reg(s, 0x2c, 0);
	write_reg(s, 0x30, asq + 0x1000);
	write_reg(s, 0x34, 0);
	write_reg(s, 0x14, 0x460001);
	log_line(s, 0, "mmio_start_success setting controller enable bit succeeded");
	for (unsigned int cid = 0; cid < 20; cid += 2)
		do_pair(s, 0, cid);
}

static void do_reads(struct story *s)
{
	for (unsigned int cid = 0; cid < NR_READS; cid += 2)
		do_pair(s, 1, cid);
}

/* Firmware first, at the same addresses as nobody's; then the driver; then what was not recorded. */
static void begin(struct story *s)
{
	char *dir = scratch_dir(), *log = scratch_path(dir, "qemu.log");
	char *rec = scratch_path(dir, "rec");

	s->dir = dir;
	s->log = fopen(log, "w");
	s->trace = ctf_trace_create(rec, &err);
	assert_non_null(s->log);
	assert_non_null(s->trace);
	s->stream = ctf_stream_open(s->trace, 0, &err);
	assert_non_null(s->stream);
	s->ts = 1000000;
	start_controller(s, 0x7000);
	do_pair(s, 1, 0);
	s->recording = true;
	free(log);
	free(rec);
}

static void finish(struct story *s)
{
	fclose(s->log);
	assert_int_equal(ctf_stream_flush(s->stream, s->lost, true, &err), 0);
	assert_int_equal(ctf_trace_close(s->trace, &err), 0);
}

static void tell_story(struct story *s)
{
	begin(s);
	start_controller(s, 0x10000);
	do_reads(s);
	s->recording = false;
	do_reads(s);
	finish(s);
}

/* --- judging it ----------------------------------------------------------------- */

static int judge(const struct story *s, struct witness *w)
{
	struct witness_options opt = { .ctrl = -1 };
	char *path = scratch_path(s->dir, "rec"), *log_path = scratch_path(s->dir, "qemu.log");
	struct recording *rec = recording_open(path, &err);
	struct qemu_log *log = qemu_log_open(log_path, &err);
	int ret;

	assert_non_null(rec);
	assert_non_null(log);
	ret = witness_run(w, rec, log, &opt, &err);
	qemu_log_close(log);
	recording_close(rec);
	free(path);
	free(log_path);
	return ret;
}

static const struct witness_lane *lane_of(const struct witness *w, unsigned int qid,
					  enum witness_kind kind)
{
	for (size_t i = 0; i < w->nr_lanes; i++)
		if (w->lanes[i]->qid == qid && w->lanes[i]->kind == kind)
			return w->lanes[i];
	fail_msg("no lane %u/%d", qid, kind);
	return NULL;
}

static void done(struct story *s, struct witness *w)
{
	witness_free(w);
	scratch_remove(s->dir);
}

static void test_equal(void **state)
{
	struct story s = { 0 };
	struct witness w;

	(void)state;
	tell_story(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_EQUAL);
	assert_int_equal(lane_of(&w, 0, WITNESS_REG)->equal, 7);
	assert_int_equal(lane_of(&w, 0, WITNESS_CMD)->equal, 20);
	assert_int_equal(lane_of(&w, 0, WITNESS_CQE)->equal, 20);
	assert_int_equal(lane_of(&w, 1, WITNESS_SQ_BELL)->equal, NR_READS / 2);
	assert_int_equal(lane_of(&w, 1, WITNESS_CQ_BELL)->equal, NR_READS / 2);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->equal, NR_READS);
	assert_int_equal(lane_of(&w, 1, WITNESS_CQE)->equal, NR_READS);
	assert_true(w.events_before > 60);
	done(&s, &w);
}

/* One fault of each sort: one difference (or as many as it makes), and where. */
static void expect(struct fault fault, enum witness_how how, unsigned int differences)
{
	struct story s = { .fault = fault };
	const struct witness_lane *lane;
	const struct witness_diff *diff;
	struct witness w;
	char text[300];

	tell_story(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_DIFFERENT);
	for (size_t i = 0; i < w.nr_lanes; i++)
		if (w.lanes[i]->kind != fault.kind || w.lanes[i]->qid != fault.qid)
			assert_int_equal(w.lanes[i]->verdict, WITNESS_EQUAL);
	lane = lane_of(&w, fault.qid, fault.kind);
	diff = &lane->first[0];
	assert_int_equal(lane->differences, differences);
	assert_int_equal(diff->how, how);
	if (how != DIFF_ONLY_RECORDED)
		assert_in_range(diff->log.place, s.spoilt_line, s.spoilt_line + 4);
	if (how != DIFF_ONLY_LOGGED)
		assert_true(diff->rec.place > 0);
	witness_diff_text(lane, diff, text, sizeof(text));
	assert_non_null(strstr(text, how == DIFF_ONLY_RECORDED ? "event" : "line"));
	done(&s, &w);
}

static void test_changed(void **state)
{
	(void)state;
	expect((struct fault){ CHANGED, WITNESS_SQ_BELL, 1, 77 }, DIFF_CHANGED, 1);
	expect((struct fault){ CHANGED, WITNESS_CQ_BELL, 1, 0 }, DIFF_CHANGED, 1);
	expect((struct fault){ CHANGED, WITNESS_CMD, 1, 50 }, DIFF_CHANGED, 1);
	expect((struct fault){ CHANGED, WITNESS_CMD, 0, 7 }, DIFF_CHANGED, 1);
	expect((struct fault){ CHANGED, WITNESS_CQE, 1, 299 }, DIFF_CHANGED, 1);
}

static void test_missing_in_log(void **state)
{
	(void)state;
	expect((struct fault){ NOT_LOGGED, WITNESS_SQ_BELL, 1, 3 }, DIFF_ONLY_RECORDED, 1);
	expect((struct fault){ NOT_LOGGED, WITNESS_CMD, 1, 150 }, DIFF_ONLY_RECORDED, 1);
	expect((struct fault){ NOT_LOGGED, WITNESS_CQE, 0, 0 }, DIFF_ONLY_RECORDED, 1);
}

static void test_missing_in_recording(void **state)
{
	(void)state;
	expect((struct fault){ NOT_RECORDED, WITNESS_SQ_BELL, 1, 140 }, DIFF_ONLY_LOGGED, 1);
	expect((struct fault){ NOT_RECORDED, WITNESS_CMD, 1, 0 }, DIFF_ONLY_LOGGED, 1);
	expect((struct fault){ NOT_RECORDED, WITNESS_CMD, 0, 19 }, DIFF_ONLY_LOGGED, 1);
	expect((struct fault){ NOT_RECORDED, WITNESS_CQE, 1, 20 }, DIFF_ONLY_LOGGED, 1);
}

static void test_twice_in_log(void **state)
{
	(void)state;
	expect((struct fault){ TWICE_LOGGED, WITNESS_CQE, 1, 100 }, DIFF_ONLY_LOGGED, 1);
	expect((struct fault){ TWICE_LOGGED, WITNESS_SQ_BELL, 0, 5 }, DIFF_ONLY_LOGGED, 1);
	expect((struct fault){ TWICE_LOGGED, WITNESS_CMD, 1, 101 }, DIFF_ONLY_LOGGED, 1);
}

static void test_wrong_order(void **state)
{
	(void)state;
	expect((struct fault){ SWAPPED, WITNESS_CQE, 1, 100 }, DIFF_SWAPPED, 1);
	expect((struct fault){ SWAPPED, WITNESS_CMD, 1, 30 }, DIFF_SWAPPED, 1);
	expect((struct fault){ SWAPPED, WITNESS_CMD, 0, 4 }, DIFF_SWAPPED, 1);
}

/* What a lossy recording lacks proves nothing; what is other in it still does. */
static void test_lost_events(void **state)
{
	struct story s = { .lost = 1, .fault = { NOT_RECORDED, WITNESS_CMD, 1, 40 } };
	struct witness w;

	(void)state;
	tell_story(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.lost, 1);
	assert_int_equal(w.verdict, WITNESS_CANNOT_TELL);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->verdict, WITNESS_CANNOT_TELL);
	assert_int_equal(lane_of(&w, 0, WITNESS_CMD)->verdict, WITNESS_EQUAL);
	done(&s, &w);

	s = (struct story){ .lost = 1, .fault = { CHANGED, WITNESS_CMD, 1, 40 } };
	tell_story(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_DIFFERENT);
	done(&s, &w);
}

/* A long burst is lost: the rest is found again, and only the burst is missing. */
static void test_lost_burst(void **state)
{
	struct story s = { .lost = 1000 };
	struct witness w;

	(void)state;
	begin(&s);
	start_controller(&s, 0x10000);
	do_reads(&s);
	s.recording = false;
	for (unsigned int cid = 1000; cid < 2000; cid += 2)
		do_pair(&s, 1, cid);
	s.recording = true;
	do_reads(&s);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_CANNOT_TELL);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->equal, 2 * NR_READS);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->only_logged, 1000);
	done(&s, &w);
}

/*
 * Stops the controller with two commands in flight: one that the device never
 * fetched, one whose completion the driver never saw.
 */
static void stop_with_two_in_flight(struct story *s)
{
	put_command(s, 1, 500, NOTHING);
	put_command(s, 1, 501, NOTHING);
	ring_bell(s, WITNESS_SQ_BELL, 1, 2);
	fetch_command(s, 1, 500, NOTHING);
	write_reg(s, 0x14, 0x460000);
	log_line(s, 0, "mmio_stopped cleared controller enable bit");
	log_line(s, 0, "enqueue_req_completion cid 500 cqid 1 dw0 0x0 dw1 0x0 status 0x0");
}

static void test_reset(void **state)
{
	struct story s = { 0 };
	struct witness w;

	(void)state;
	begin(&s);
	start_controller(&s, 0x10000);
	do_reads(&s);
	stop_with_two_in_flight(&s);
	start_controller(&s, 0x10000);
	do_reads(&s);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_EQUAL);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->lost_to_reset, 1);
	assert_int_equal(lane_of(&w, 1, WITNESS_CQE)->lost_to_reset, 1);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->equal, 2 * NR_READS + 1);
	done(&s, &w);
}

/* The same addresses twice in a log: the pace tells which run was recorded. */
static void test_second_of_two_runs(void **state)
{
	struct story s = { 0 };
	struct witness w;
	uint64_t line;

	(void)state;
	begin(&s);
	s.recording = false;
	s.step = 3 * STEP_NS;
	start_controller(&s, 0x10000);
	do_reads(&s);
	s.step = 0;
	s.recording = true;
	line = s.line;
	start_controller(&s, 0x10000);
	do_reads(&s);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_EQUAL);
	assert_true(w.start_line > line);
	done(&s, &w);
}

/* On a busy machine a later start may be logged at a better pace than the one that it began with. */
static void test_first_of_three_starts(void **state)
{
	struct story s = { 0 };
	struct witness w;
	uint64_t line;

	(void)state;
	begin(&s);
	line = s.line;
	s.jitter = 900000;
	start_controller(&s, 0x10000);
	s.jitter = 0;
	start_controller(&s, 0x10000);
	start_controller(&s, 0x10000);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_EQUAL);
	assert_int_equal(w.places, 3);
	assert_in_range(w.start_line, line + 1, line + 2);
	done(&s, &w);
}

static void test_began_while_running(void **state)
{
	struct story s = { 0 };
	struct witness w;

	(void)state;
	begin(&s);
	s.recording = false;
	start_controller(&s, 0x10000);
	for (unsigned int cid = 1000; cid < 1100; cid += 2)
		do_pair(&s, 1, cid);
	s.recording = true;
	do_reads(&s);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_EQUAL);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->equal, NR_READS);
	assert_int_equal(lane_of(&w, 1, WITNESS_SQ_BELL)->equal, NR_READS / 2);
	done(&s, &w);
}

/*
 * A queue's first 16 commands come twice, and the log's clock, by the other queue's, points at the
 * second time: the first is where the log has all of it.
 */
static void test_same_head_twice(void **state)
{
	struct story s = { .drift = 1e-3 };
	struct witness w;
	uint64_t start, round;

	(void)state;
	begin(&s);
	s.recording = false;
	start_controller(&s, 0x10000);
	s.recording = true;
	start = s.ts;
	for (unsigned int cid = 0; cid < 32; cid += 2)
		do_pair(&s, 0, cid % 16);
	round = (s.ts - start) / 2;
	for (unsigned int cid = 16; cid < 40; cid += 2)
		do_pair(&s, 0, cid);
	s.ts = start + 1000 * round;
	do_reads(&s);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_EQUAL);
	assert_int_equal(lane_of(&w, 0, WITNESS_CQE)->equal, 56);
	done(&s, &w);
}

/* The same 16 reads come round and round, at an uneven pace. */
static void go_round(struct story *s, unsigned int rounds)
{
	for (unsigned int i = 0; i < 8 * rounds; i++) {
		s->ts += (s->line * 2654435761u >> 12) % 1000000;
		do_pair(s, 1, 2 * i % 16);
	}
}

/* Many places fit; one difference soon after the beginning cuts the right one shortest. */
static void test_round_and_round(void **state)
{
	struct story s = { .fault = { SWAPPED, WITNESS_CMD, 1, 32 } };
	struct witness w;
	uint64_t line;

	(void)state;
	begin(&s);
	s.recording = false;
	start_controller(&s, 0x10000);
	go_round(&s, 20);
	s.recording = true;
	line = s.line;
	go_round(&s, 20);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_true(w.places > 1);
	assert_in_range(w.start_line, line + 1, line + 4);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->differences, 1);
	done(&s, &w);
}

/* A record of level io is a whole request: nothing of it can be held against single lines. */
static void test_level_io(void **state)
{
	struct story s = { 0 };
	struct witness w;

	(void)state;
	begin(&s);
	assert_int_equal(ctf_trace_env(s.trace, "level", "io"), 0);
	finish(&s);
	assert_int_equal(judge(&s, &w), -1);
	assert_non_null(strstr(err.text, "record with --level events"));
	done(&s, &w);
}

/* A recorder whose program for one event did not attach: nothing excuses that. */
static void test_no_completions_recorded(void **state)
{
	struct story s = { .no_cqe = true };
	struct witness w;

	(void)state;
	begin(&s);
	start_controller(&s, 0x10000);
	do_reads(&s);
	stop_with_two_in_flight(&s);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_DIFFERENT);
	assert_int_equal(lane_of(&w, 1, WITNESS_CQE)->differences, NR_READS);
	assert_int_equal(lane_of(&w, 1, WITNESS_CQE)->after_end, 1);
	assert_int_equal(lane_of(&w, 0, WITNESS_CQE)->differences, 20);
	done(&s, &w);
}

/* QEMU was killed, its log ends early; that the controller was removed in the end excuses nothing. */
static void test_log_ends_early(void **state)
{
	struct nvs_ctrl_gone gone = { .why = NVS_GONE_removed };
	struct story s = { 0 };
	struct witness w;

	(void)state;
	begin(&s);
	start_controller(&s, 0x10000);
	do_reads(&s);
	fflush(s.log);
	assert_non_null(freopen("/dev/null", "w", s.log));
	do_reads(&s);
	write_reg(&s, 0x14, 0x464001);
	TELL(&s, NOTHING, ctrl_gone, &gone, 0, 0);
	finish(&s);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_DIFFERENT);
	assert_int_equal(lane_of(&w, 1, WITNESS_SQ_BELL)->differences, NR_READS / 2);
	assert_int_equal(lane_of(&w, 1, WITNESS_CMD)->differences, NR_READS);
	assert_int_equal(lane_of(&w, 1, WITNESS_CQE)->differences, NR_READS);
	assert_int_equal(lane_of(&w, 0, WITNESS_REG)->differences, 1);
	done(&s, &w);
}

static void test_other_runs_log(void **state)
{
	struct story s = { .fault = { CHANGED, WITNESS_REG, 0, 2 } };
	struct witness w;

	(void)state;
	tell_story(&s);
	assert_int_equal(judge(&s, &w), -1);
	assert_non_null(strstr(err.text, "another run's log"));
	done(&s, &w);
}

/* --- import ----------------------------------------------------------------------- */

static int import(const struct story *s, bool force)
{
	char *rec = scratch_path(s->dir, "rec"), *log = scratch_path(s->dir, "qemu.log");
	char *argv[] = { "import", log, rec, force ? "--force" : NULL, NULL };
	int ret = cmd_import(force ? 4 : 3, argv);

	free(rec);
	free(log);
	return ret;
}

/* Each of the device's doorbells must stand 2 us (and the log's 1 us) from the driver's. */
static void check_lane(const struct story *s)
{
	char *path = scratch_path(s->dir, "rec");
	struct recording *rec = recording_open(path, &err);
	uint64_t rung = 0, nr = 0;
	struct recorded ev;

	assert_non_null(rec);
	assert_string_equal(recording_env(rec, "device_log"), "qemu.log");
	assert_non_null(recording_env(rec, "device_clock_uncertainty_ns"));
	while (recording_next(rec, &ev, &err) > 0) {
		const struct nvs_dev_doorbell *bell = (const void *)ev.hdr;

		if (ev.hdr->id == NVS_ID_sq_doorbell && ev.hdr->qid == 1)
			rung = ev.hdr->ts;
		if (ev.hdr->id != NVS_ID_dev_doorbell || bell->ring != NVS_RING_sq ||
		    ev.hdr->qid != 1)
			continue;
		assert_int_equal(ev.cpu, RECORDING_DEVICE);
		assert_int_equal(ev.hdr->ctrl, 0);
		assert_in_range(ev.hdr->ts + 10000 - rung, 5000, 17000);
		nr++;
	}
	assert_int_equal(nr, NR_READS / 2);
	recording_close(rec);
	free(path);
}

static void test_import(void **state)
{
	struct story s = { .drift = 200e-6 };

	(void)state;
	tell_story(&s);
	assert_int_equal(import(&s, false), EXIT_DONE);
	check_lane(&s);
	assert_int_equal(import(&s, false), EXIT_FAILED);
	check_lane(&s);
	assert_int_equal(import(&s, true), EXIT_DONE);
	check_lane(&s);
	scratch_remove(s.dir);
}

/* A lane imported before must not be taken for the driver's own events. */
static void test_check_after_import(void **state)
{
	struct story s = { 0 };
	struct witness w;

	(void)state;
	tell_story(&s);
	assert_int_equal(import(&s, false), EXIT_DONE);
	assert_int_equal(judge(&s, &w), 0);
	assert_int_equal(w.verdict, WITNESS_EQUAL);
	done(&s, &w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_missing_in_log),
		cmocka_unit_test(test_missing_in_recording),
		cmocka_unit_test(test_twice_in_log),
		cmocka_unit_test(test_wrong_order),
		cmocka_unit_test(test_lost_events),
		cmocka_unit_test(test_lost_burst),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_second_of_two_runs),
		cmocka_unit_test(test_first_of_three_starts),
		cmocka_unit_test(test_began_while_running),
		cmocka_unit_test(test_same_head_twice),
		cmocka_unit_test(test_round_and_round),
		cmocka_unit_test(test_level_io),
		cmocka_unit_test(test_no_completions_recorded),
		cmocka_unit_test(test_log_ends_early),
		cmocka_unit_test(test_other_runs_log),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_check_after_import),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
