// SPDX-License-Identifier: GPL-2.0
/* nvmescope timeline: windows, and what is drawn of which level. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include "cmd.h"
#include "command.h"
#include "lanes.h"
#include "synth.h"
#include "timeline.h"

static const struct synth_options options = { .queues = 3,
					      .commands = 500,
					      .depth = 8,
					      .batch = 2 };
/* Counted over all ends of requests. */
#define FIRST_FAILURE  10
#define SECOND_FAILURE 700
static struct nvs_error err;

struct bench {
	char *tmp, *dir, *io;
	struct synth *s, *s_io; /* what is in them */
};

static char *write_level(const char *tmp, const char *name, bool io, struct synth **kept)
{
	struct synth_options o = options;
	char *dir = scratch_path(tmp, name);
	struct synth *s;

	o.io = io;
	s = synth_make(&o);
	/* Two that failed: one early, one late. */
	for (unsigned int i = 0, n = 0; i < s->nr; i++) {
		struct nvs_hdr *h = &s->item[i].ev.h;
		bool end = h->id == NVS_ID_rq_complete || h->id == NVS_ID_io;

		if (!end || !h->qid || (++n != FIRST_FAILURE && n != SECOND_FAILURE))
			continue;
		if (io)
			((struct nvs_io *)h)->status = 0x281;
		else
			((struct nvs_rq_complete *)h)->status = 0x281;
	}
	assert_int_equal(synth_write(s, dir, 0, &err), 0);
	*kept = s;
	return dir;
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->tmp = scratch_dir();
	b->dir = write_level(b->tmp, "events", false, &b->s);
	b->io = write_level(b->tmp, "io", true, &b->s_io);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	synth_free(b->s);
	synth_free(b->s_io);
	scratch_remove(b->tmp);
	free(b->dir);
	free(b->io);
	free(b);
	return 0;
}

/* The window and the mark that --around @what sets in @dir. */
static struct timeline *around(const char *dir, const char *what, uint64_t span)
{
	struct recording *rec = recording_open(dir, &err);
	struct timeline *t = calloc(1, sizeof(*t));
	struct around a;
	char why[256];

	assert_non_null(t);
	assert_true(around_parse(what, &a, why, sizeof(why)));
	assert_int_equal(window_around(t, rec, dir, &a, span, &err), 0);
	recording_close(rec);
	assert_true(t->windowed && t->mark.set);
	return t;
}

static void what_can_be_asked_for(void **state)
{
	static const char *const wrong[] = { "",	  "slow",	  "slowest=", "slowest=0",
					     "slowest=x", "slowest=1001", "reset=-1", "error=1x",
					     "0",	  "5=2" };
	struct around a;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		why[0] = 0;
		assert_false(around_parse(wrong[i], &a, why, sizeof(why)));
		assert_true(why[0]);
	}
	assert_true(around_parse("slowest=7", &a, why, sizeof(why)));
	assert_int_equal(a.what, AROUND_SLOWEST);
	assert_int_equal(a.n, 7);
	assert_true(around_parse("ctrl_state=2", &a, why, sizeof(why)));
	assert_int_equal(a.id, NVS_ID_ctrl_state);
	assert_true(around_parse("1234", &a, why, sizeof(why)));
	assert_int_equal(a.what, AROUND_NUMBER);
	assert_int_equal(a.n, 1234);
}

static int by_time_taken(const void *a, const void *b)
{
	const struct synth_command *x = a, *y = b;
	uint64_t p = x->end - x->queued, q = y->end - y->queued;

	return (p < q) - (p > q);
}

static void around_the_slowest(void **state)
{
	struct bench *b = *state;
	struct synth *const s[] = { b->s, b->s_io };
	const char *const dirs[] = { b->dir, b->io };

	for (int level = 0; level < 2; level++) {
		struct synth_truth *truth = &s[level]->truth;

		qsort(truth->command, truth->nr_commands, sizeof(*truth->command), by_time_taken);
		for (unsigned int n = 1; n <= 20; n += 6) {
			const struct synth_command *is = &truth->command[n - 1];
			struct timeline *t;
			char what[32];

			snprintf(what, sizeof(what), "slowest=%u", n);
			t = around(dirs[level], what, 0);
			assert_int_equal(t->mark.begin, is->queued);
			assert_int_equal(t->mark.end, is->end);
			assert_int_equal(t->mark.qid, is->qid);
			assert_true(t->from <= is->queued && t->to >= is->end);
			assert_true(t->to - t->from <= 4 * (is->end - is->queued) + 100000);
			timeline_free(t);
		}
	}
}

static void around_events(void **state)
{
	struct bench *b = *state;
	uint64_t states[8], n = 0;
	struct timeline *t;

	for (unsigned int i = 0; i < b->s->nr && n < 8; i++)
		if (b->s->item[i].ev.h.id == NVS_ID_ctrl_state)
			states[n++] = b->s->item[i].ev.h.ts;
	t = around(b->dir, "ctrl_state=2", 10000000);
	assert_int_equal(t->mark.begin, states[1]);
	assert_int_equal(t->to, states[1] + 5000000);
	timeline_free(t);
	t = around(b->dir, "33", 0);
	assert_int_equal(t->mark.begin, b->s->item[32].ev.h.ts);
	timeline_free(t);
	/* No window begins before the recording does. */
	t = around(b->dir, "1", 0);
	assert_int_equal(t->from, b->s->item[0].ev.h.ts);
	timeline_free(t);
}

static uint64_t end_of_nth(const struct synth *s, unsigned int nth)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct nvs_hdr *h = &s->item[i].ev.h;
		bool end = h->id == NVS_ID_rq_complete || h->id == NVS_ID_io;

		if (end && h->qid && !--nth)
			return h->ts;
	}
	abort();
}

static void around_an_error(void **state)
{
	struct bench *b = *state;
	struct synth *const s[] = { b->s, b->s_io };
	const char *const dirs[] = { b->dir, b->io };

	for (int level = 0; level < 2; level++) {
		struct timeline *t = around(dirs[level], "error=2", 0);

		assert_int_equal(t->mark.end, end_of_nth(s[level], SECOND_FAILURE));
		timeline_free(t);
	}
}

#define TIMELINE(b, want, dir, ...) \
	COMMAND_RUN((b)->tmp, cmd_timeline, want, "timeline", "--format", "text", __VA_ARGS__, dir)

static void expect_error(const struct bench *b, const char *words)
{
	char *said = command_errors(b->tmp);

	if (!strstr(said, words))
		fail_msg("expected '%s' in: %s", words, said);
	free(said);
}

static void errors_say_what_is_wrong(void **state)
{
	struct bench *b = *state;

	free(TIMELINE(b, EXIT_USAGE, b->dir, "--around", "reset", "--from", "1"));
	expect_error(b, "leave out --from");
	free(TIMELINE(b, EXIT_USAGE, b->dir, "--span", "1ms"));
	expect_error(b, "--span goes with --around");
	free(TIMELINE(b, EXIT_USAGE, b->dir, "--around", "nothing"));
	expect_error(b, "there is no event 'nothing'");
	free(TIMELINE(b, EXIT_FAILED, b->dir, "--around", "timeout"));
	expect_error(b, "has 0 events timeout, not 1");
	free(TIMELINE(b, EXIT_FAILED, b->dir, "--around", "error=3"));
	expect_error(b, "has 2 I/O commands that ended with an error status, not 3");
	free(TIMELINE(b, EXIT_FAILED, b->dir, "--from", "100"));
	expect_error(b, "ends");
	free(TIMELINE(b, EXIT_FAILED, b->io, "--only", "doorbells"));
	expect_error(b, "the recording is of level io, it takes one of level events");
}

/* The slowest of all is the one that is marked, and others are above and below. */
static void lanes_for_the_terminal(void **state)
{
	struct bench *b = *state;
	struct synth_truth *truth = &b->s_io->truth;
	char *text = TIMELINE(b, EXIT_DONE, b->io, "--only", "lanes"), *marked, wanted[40];
	unsigned int lines = 0;

	for (const char *at = text; (at = strstr(at, "\n")); at++)
		lines += !strncmp(at, "\n  nvme0 q", 10) || !strncmp(at, "\n> nvme0 q", 10);
	assert_in_range(lines, 11, 21);
	marked = strstr(text, "\n> ");
	assert_non_null(marked);
	assert_null(strstr(marked + 1, "\n> "));
	qsort(truth->command, truth->nr_commands, sizeof(*truth->command), by_time_taken);
	snprintf(wanted, sizeof(wanted), "\n> nvme0 q%-2u %04x ", truth->command->qid,
		 truth->command->cid);
	assert_ptr_equal(strstr(text, wanted), marked);
	free(text);
}

/* The figures are of the window's commands alone. */
static void figures_of_the_window(void **state)
{
	struct bench *b = *state;
	struct recording *rec = recording_open(b->dir, &err);
	const struct synth_truth *truth = &b->s->truth;
	uint64_t first = b->s->item[0].ev.h.ts, from = 75000000, to = 76000000, n = 0;
	const struct latency *all;
	struct timeline *t = calloc(1, sizeof(*t));

	assert_int_equal(window_fixed(t, rec, b->dir, from, to, &err), 0);
	recording_close(rec);
	t->own_stats = stats_new();
	assert_int_equal(analysis_open(&t->a, b->dir, &timeline_visitor, t, &err), 0);
	for (unsigned int i = 0; i < truth->nr_commands; i++)
		n += truth->command[i].end >= first + from && truth->command[i].end <= first + to;
	assert_true(n > 50);
	stats_finish(t->own_stats);
	all = t->own_all = stats_all(t->own_stats);
	assert_int_equal(all->stage[STAGE_TOTAL].count, n);
	timeline_free(t);
}

/* The whole pass over @dir, as the command makes it. */
static struct timeline *collect(const char *dir, enum level level)
{
	struct timeline *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->level = level;
	t->lanes = calloc(1, sizeof(*t->lanes));
	assert_non_null(t->lanes);
	assert_int_equal(analysis_open(&t->a, dir, &timeline_visitor, t, &err), 0);
	assert_false(t->out_of_memory);
	timeline_align(t);
	return t;
}

static void check_map(const struct heatmap *h, const struct synth_truth *truth, unsigned int qid)
{
	static float want[HEAT_COLUMNS][HIST_BUCKETS];
	uint64_t n = 0;

	memset(want, 0, sizeof(want));
	for (unsigned int i = 0; i < truth->nr_commands; i++) {
		const struct synth_command *is = &truth->command[i];
		uint64_t took = is->end - is->queued;
		uint32_t b = heatmap_bucket(took);

		assert_true(hist_low(b) <= took && took < hist_low(b + 1));
		if (qid && is->qid != qid)
			continue;
		n++;
		want[is->end > h->start ? (is->end - h->start) / h->width : 0][b]++;
	}
	assert_int_equal(h->count, n);
	for (unsigned int i = 0; i < HEAT_COLUMNS; i++)
		for (unsigned int b = 0; b < HIST_BUCKETS; b++)
			assert_true(h->cell[i][b] == want[i][b]);
}

/* Each I/O is in its cell, at both levels, in the map of all queues and in its own queue's. */
static void heat_maps_count_every_io(void **state)
{
	struct bench *b = *state;
	struct synth *const s[] = { b->s, b->s_io };
	const char *const dirs[] = { b->dir, b->io };

	for (int level = 0; level < 2; level++) {
		struct timeline *t = collect(dirs[level], level ? LEVEL_IO : LEVEL_EVENTS);

		check_map(t->heat, &s[level]->truth, 0);
		assert_int_equal(t->nr_queue_heat, options.queues);
		for (unsigned int i = 0; i < t->nr_queue_heat; i++) {
			assert_int_equal(t->queue_heat[i].qid, i + 1);
			assert_int_equal(t->queue_heat[i].h->width, t->heat->width);
			check_map(t->queue_heat[i].h, &s[level]->truth, t->queue_heat[i].qid);
		}
		timeline_free(t);
	}
}

/* Level hist: the buckets of stage total, each once, within the interval they were counted in. */
static void heat_map_of_level_hist(void **state)
{
	struct bench *b = *state;
	struct synth s = { .level = "hist" };
	char *dir = scratch_path(b->tmp, "hist");
	uint64_t all = 0, base = 1000000000;
	struct timeline *t;

	for (unsigned int k = 0; k < 3 * 20; k++) {
		const unsigned int qid = 1 + k % 2,
				   stage = k % 3 ? NVS_STAGE_total : NVS_STAGE_device;
		struct nvs_hist_stage st = { .h = { .ts = base + (k / 6 + 1) * 100000000,
						    .id = NVS_ID_hist_stage,
						    .qid = (uint16_t)qid },
					     .since = base + k / 6 * 100000000ull,
					     .count = 30,
					     .stage = (uint16_t)stage };

		synth_add(&s, 0, &st, sizeof(st));
		for (unsigned int i = 0; i < 3; i++) {
			struct nvs_hist_bucket bk = { .h = st.h, .count = 10, .bucket = 60 + i };

			bk.h.id = NVS_ID_hist_bucket;
			synth_add(&s, 0, &bk, sizeof(bk));
			all += stage == NVS_STAGE_total ? 10 : 0;
		}
	}
	assert_int_equal(synth_write(&s, dir, 0, &err), 0);
	t = collect(dir, LEVEL_HIST);
	assert_int_equal(t->heat->count, all);
	assert_int_equal(t->nr_queue_heat, 2);
	assert_int_equal(t->queue_heat[0].h->count + t->queue_heat[1].h->count, all);
	assert_int_equal(t->heat->start, base);
	assert_int_equal(heatmap_quantile(t->heat, 0, HEAT_COLUMNS, 0.5), 61);
	timeline_free(t);
	free(TIMELINE(b, EXIT_DONE, dir, "--only", "heatmap"));
	free(TIMELINE(b, EXIT_FAILED, dir, "--only", "depth"));
	expect_error(b, "the recording is of level hist, it takes one of level events or io");
	free(s.item);
	free(dir);
}

/* The deepest moment is the first after a second in which nothing happened. */
static void close_up_leaves_idle_time_out(void **state)
{
	static struct timeline t = { .start = 1000000000 };
	const uint64_t ms = 1000000, busy = t.start + 1000 * ms;
	struct model_queue q = { .peak_depth = 4 };
	static struct series s;

	(void)state;
	s.q = &q;
	t.series[0] = &s;
	decimate_start(&s.depth, t.start);
	decimate_start(&s.sq_bells, t.start);
	for (unsigned int i = 0; i < 70; i++) {
		uint64_t ts = i < 10 ? t.start + i * ms : busy + (i - 10) * ms;

		decimate_add(&s.sq_bells, ts, 1);
		decimate_add(&s.depth, ts, i == 10 ? 4 : 1);
	}
	timeline_find_close_up(&t);
	assert_ptr_equal(t.close_queue, &s);
	assert_in_range(t.close_from, busy - 2 * ms, busy);
	assert_in_range(t.close_to, busy + 22 * ms, busy + 26 * ms);
}

static void heat_map_arithmetic(void **state)
{
	struct heatmap *h = heatmap_new(1000, 0);
	double sum = 0;

	(void)state;
	assert_int_equal(heatmap_bucket(0), 0);
	assert_int_equal(heatmap_bucket(255), 0);
	assert_int_equal(heatmap_bucket(256), 1);
	assert_int_equal(heatmap_bucket(UINT64_MAX), HIST_BUCKETS - 1);
	for (uint32_t b = 1; b < HIST_BUCKETS - 1; b++) {
		assert_int_equal(heatmap_bucket(hist_low(b)), b);
		assert_int_equal(heatmap_bucket(hist_low(b + 1) - 1), b);
		assert_true(heatmap_y((double)hist_low(b)) > b - 0.001 &&
			    heatmap_y((double)hist_low(b)) < b + 0.001);
	}
	/* An interval's count is spread over it, and none of it is lost when columns merge. */
	heatmap_spread(h, 5000, 1000000, 40, 700);
	heatmap_spread(h, 1000000, 1000000000, 41, 300);
	heatmap_add(h, 2000000000, 1 << 20);
	for (unsigned int i = 0; i < HEAT_COLUMNS; i++)
		for (unsigned int b = 0; b < HIST_BUCKETS; b++)
			sum += h->cell[i][b];
	assert_true(sum > 1000.9 && sum < 1001.1);
	assert_int_equal(h->count, 1001);
	assert_in_range(heatmap_columns(h), HEAT_COLUMNS / 2, HEAT_COLUMNS);
	assert_int_equal(heatmap_quantile(h, 0, HEAT_COLUMNS, 0.5), 40);
	assert_int_equal(heatmap_quantile(h, 0, HEAT_COLUMNS, 0.99), 41);
	assert_int_equal(heatmap_quantile(h, 0, HEAT_COLUMNS, 1), heatmap_bucket(1 << 20));
	free(h);
}

static unsigned int at_driver(const struct synth_truth *truth, unsigned int qid, uint64_t ts)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < truth->nr_commands; i++) {
		const struct synth_command *is = &truth->command[i];

		n += is->qid == qid && is->setup < ts && is->end >= ts;
	}
	return n;
}

/* Level io: what is drawn of a queue's depth is what was there. */
static void depth_of_level_io(void **state)
{
	struct bench *b = *state;
	struct timeline *t = collect(b->io, LEVEL_IO);

	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++) {
		const struct series *s = t->series[i];
		double value, low, high, most = 0;

		if (!s)
			continue;
		value = depth_before(t, s);
		for (unsigned int k = 0; k < decimate_columns(&s->flow); k++) {
			uint64_t end = s->flow.start + (k + 1) * s->flow.width;

			depth_step(t, s, k, &value, &low, &high);
			assert_true(low <= value && value <= high && low >= 0);
			assert_int_equal(value, at_driver(&b->s_io->truth, s->q->qid, end));
			most = high > most ? high : most;
		}
		assert_int_equal(most, s->q->peak_depth);
		assert_int_equal(value, 0);
	}
	timeline_free(t);
}

/* A short recording's commands are all kept, with their steps; ticks of level events alone. */
static void lanes_keep_commands(void **state)
{
	struct bench *b = *state;
	struct synth *const s[] = { b->s, b->s_io };
	const char *const dirs[] = { b->dir, b->io };

	for (int level = 0; level < 2; level++) {
		struct timeline *t = collect(dirs[level], level ? LEVEL_IO : LEVEL_EVENTS);
		const struct synth_truth *truth = &s[level]->truth;
		const struct lane_rings *r = lanes_finish(t->lanes);
		unsigned int ticks[NR_TICKS] = { 0 };
		uint64_t bells = 0, irqs = 0;

		assert_int_equal(lane_cmds(r), truth->nr_commands);
		for (unsigned int i = 0; i < lane_cmds(r); i++) {
			const struct synth_command *is = NULL;

			for (unsigned int k = 0; k < truth->nr_commands && !is; k++)
				if (truth->command[k].end == r->cmd[i].end &&
				    truth->command[k].qid == r->cmd[i].qid)
					is = &truth->command[k];
			assert_non_null(is);
			assert_int_equal(r->cmd[i].queued, is->queued);
			assert_int_equal(r->cmd[i].start, is->setup);
			assert_int_equal(r->cmd[i].bell, is->bell);
			assert_int_equal(r->cmd[i].seen, is->seen);
		}
		for (unsigned int i = 0; i < lane_ticks(r); i++)
			ticks[r->tick[i].kind]++;
		for (unsigned int q = 1; q <= options.queues && !level; q++) {
			bells += truth->queue[q].bells;
			irqs += truth->queue[q].irqs;
		}
		assert_int_equal(ticks[TICK_SQ], bells);
		assert_int_equal(ticks[TICK_IRQ], irqs);
		assert_int_equal(ticks[TICK_CQ], irqs);
		timeline_free(t);
	}
}

/* Of a long one those around the slowest: it is among them, and what came before and after. */
static void lanes_keep_the_slowest(void **state)
{
	struct lanes *l = calloc(1, sizeof(*l));
	const struct model_queue q = { .qid = 1 };
	const unsigned int all = 60000, slow = 20000;
	uint64_t before = 0, after = 0;
	const struct lane_rings *r;

	(void)state;
	assert_non_null(l);
	for (unsigned int i = 1; i <= all; i++) {
		struct model_cmd c = { .cid = (uint16_t)(i % 1000) };
		uint64_t took = i == slow ? 500000 : 50 + i % 7;

		c.at[STEP_COMPLETE] = 1000000 + i * 100;
		lanes_command(l, &q, &c, c.at[STEP_COMPLETE] - took);
	}
	r = lanes_finish(l);
	assert_int_equal(lane_cmds(r), LANE_CMDS);
	for (unsigned int i = 0; i < LANE_CMDS; i++) {
		before += r->cmd[i].end < l->slowest.end;
		after += r->cmd[i].end > l->slowest.end;
	}
	assert_int_equal(l->slowest.end, 1000000 + slow * 100);
	assert_int_equal(before + after, LANE_CMDS - 1);
	assert_true(before > LANE_CMDS / 2 && after > LANE_CMDS / 8);
	free(l);
}

/* What the device logged of a queue that is drawn, and of no other. */
static void the_devices_own_log(void **state)
{
	struct bench *b = *state;
	struct timeline *t = collect(b->dir, LEVEL_EVENTS);
	struct nvs_dev_cmd cmd = { .h = { .id = NVS_ID_dev_cmd, .qid = 1 } };
	struct nvs_dev_cqe cqe = { .h = { .id = NVS_ID_dev_cqe, .qid = 1 } };
	struct recorded ev = { .cpu = RECORDING_DEVICE };
	uint64_t ticks = t->lanes->now.nr_ticks;
	const struct series *s = NULL;
	double most = 0;

	for (unsigned int i = 0; i < MODEL_MAX_QUEUES && !s; i++)
		if (t->series[i] && t->series[i]->q->qid == 1)
			s = t->series[i];
	assert_non_null(s);
	for (unsigned int i = 0; i < 5; i++) {
		cmd.h.ts = t->start + 1000 + i;
		ev.hdr = &cmd.h;
		timeline_visitor.device(t, &ev);
	}
	for (unsigned int i = 0; i < 5; i++) {
		cqe.h.ts = t->start + 2000 + i;
		ev.hdr = &cqe.h;
		timeline_visitor.device(t, &ev);
	}
	cqe.h.qid = 99;
	timeline_visitor.device(t, &ev);
	for (unsigned int i = 0; i < DECIMATE_COLUMNS; i++)
		if (s->device.column[i].points)
			most = fmax(most, s->device.column[i].max);
	assert_int_equal(most, 5);
	assert_int_equal(s->at_device, 0);
	assert_int_equal(t->lanes->now.nr_ticks, ticks + 10);
	timeline_free(t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_can_be_asked_for),
		TEST(around_the_slowest),
		TEST(around_events),
		TEST(around_an_error),
		TEST(lanes_for_the_terminal),
		TEST(figures_of_the_window),
		TEST(errors_say_what_is_wrong),
		TEST(heat_maps_count_every_io),
		TEST(heat_map_arithmetic),
		TEST(close_up_leaves_idle_time_out),
		TEST(heat_map_of_level_hist),
		TEST(depth_of_level_io),
		TEST(lanes_keep_commands),
		TEST(lanes_keep_the_slowest),
		TEST(the_devices_own_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
