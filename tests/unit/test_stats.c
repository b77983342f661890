// SPDX-License-Identifier: GPL-2.0
/* Figures are the same however many commands come at a time, and after any number of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "stats.h"

#define NR_RECORDS 1000
#define NR_QUEUES  2 /* the admin queue and an I/O queue */

static const struct model_queue queues[NR_QUEUES] = { { .qid = 0, .index = 0 },
						      { .qid = 1, .index = 1 } };

static uint64_t chance(uint64_t below)
{
	return (uint64_t)random() % below;
}

/* Commands of every kind, now and then without a step, or with two in the wrong order. */
static void make_records(struct nvs_io *io, unsigned int nr)
{
	srandom(1);
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t at = 1000000 * (uint64_t)(i + 1);

		io[i] = (struct nvs_io){ .h = { .id = NVS_ID_io, .qid = 1 } };
		io[i].queued = chance(3) ? at : 0;
		io[i].setup = at += chance(20);
		io[i].bell = at += chance(100000);
		io[i].seen = at += 1ull << chance(40);
		io[i].h.ts = at + chance(5000);
		if (!chance(20))
			io[i].seen = 0;
		if (!chance(20))
			io[i].setup = io[i].h.ts + 1;
		io[i].sector = 8 * chance(50);
		io[i].bytes = chance(9) ? 512u << chance(14) : 0;
		io[i].op = (uint16_t)chance(12);
		io[i].status = !chance(10);
		io[i].submit_cpu = (uint16_t)chance(2);
		io[i].cgroup = 7 * chance(3);
		io[i].tgid = (uint32_t)chance(5);
		io[i].pid = (uint32_t)chance(5);
		io[i].comm0 = 'a' + chance(2);
	}
}

/* Feeds all records to both queues, @step at a time; returns the longest total. */
static uint64_t feed(struct stats *s, const struct nvs_io *io, unsigned int step)
{
	uint64_t longest = 0;

	for (unsigned int i = 0; i < NR_RECORDS; i += step)
		for (unsigned int q = 0; q < NR_QUEUES; q++) {
			unsigned int nr = NR_RECORDS - i < step ? NR_RECORDS - i : step;
			uint64_t one = stats_io(s, &queues[q], io + i, nr, 1);

			longest = one > longest ? one : longest;
		}
	return longest;
}

static void assert_latency_equal(const struct latency *a, const struct latency *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_memory_equal(a, b, sizeof(*a));
}

static void assert_stats_equal(const struct stats *a, const struct stats *b)
{
	assert_int_equal(a->incomplete, b->incomplete);
	assert_memory_equal(a->of_queue, b->of_queue, sizeof(a->of_queue));
	for (unsigned int q = 0; q < NR_QUEUES; q++)
		assert_latency_equal(a->queue[q], b->queue[q]);
	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++)
			assert_latency_equal(a->kind[op][size], b->kind[op][size]);
	assert_int_equal(a->nr_tasks, b->nr_tasks);
	assert_memory_equal(a->tasks, b->tasks, a->nr_tasks * sizeof(*a->tasks));
}

/* One by one as commands, which all take the long way. */
static void feed_commands(struct stats *s, const struct nvs_io *io)
{
	struct model_cmd c;

	for (unsigned int i = 0; i < NR_RECORDS; i++) {
		model_io_command(&io[i], 1, &c);
		for (unsigned int q = 0; q < NR_QUEUES; q++)
			stats_command(s, &queues[q], &c);
	}
}

static void test_short_way(void **state)
{
	static struct nvs_io io[NR_RECORDS];
	struct stats *one = stats_new(), *other = stats_new();

	(void)state;
	make_records(io, NR_RECORDS);
	/* What is usual is known the second time. */
	for (unsigned int i = 0; i < 2; i++) {
		feed(one, io, 100);
		feed_commands(other, io);
	}
	stats_finish(one);
	stats_finish(other);
	assert_stats_equal(one, other);
	stats_free(one);
	stats_free(other);
}

static void test_batches(void **state)
{
	static const unsigned int steps[] = { 63, 64, 65, 128, NR_RECORDS };
	static struct nvs_io io[NR_RECORDS];
	struct stats *one = stats_new(), *many;
	uint64_t longest, incomplete = 0;

	(void)state;
	make_records(io, NR_RECORDS);
	for (unsigned int i = 0; i < NR_RECORDS; i++)
		incomplete += !io[i].seen || io[i].setup > io[i].bell;
	longest = feed(one, io, 1);
	stats_finish(one);
	assert_int_equal(one->incomplete, NR_QUEUES * incomplete);
	assert_int_equal(one->queue[1]->stage[STAGE_TOTAL].count, NR_RECORDS - incomplete);
	assert_int_equal(one->queue[1]->stage[STAGE_TOTAL].max, longest);
	assert_true(one->nr_tasks > 10 && one->of_queue[1].sequential > 0);
	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		many = stats_new();
		assert_int_equal(feed(many, io, steps[i]), longest);
		stats_finish(many);
		assert_stats_equal(one, many);
		stats_free(many);
	}
	stats_free(one);
}

/* Buckets are of 32 bits, until so many commands have come. */
static void test_buckets_do_not_go_round(void **state)
{
	static struct nvs_io io[NR_RECORDS];
	struct stats *s = stats_new(), *other = stats_new();
	static const uint32_t index[] = { 0, 1 };

	(void)state;
	make_records(io, NR_RECORDS);
	feed(s, io, 50);
	s->counted = UINT32_MAX - 3;
	feed(s, io, 50);
	assert_in_range(s->counted, 1, NR_QUEUES * NR_RECORDS);
	feed(other, io, 50);
	stats_merge(s, other, index);
	stats_finish(s);
	stats_finish(other);
	for (unsigned int q = 0; q < NR_QUEUES; q++)
		for (unsigned int i = 0; i < NR_STAGES; i++) {
			const struct histogram *h = &s->queue[q]->stage[i];
			const struct histogram *o = &other->queue[q]->stage[i];

			assert_int_equal(h->count, 3 * o->count);
			assert_int_equal(h->sum, 3 * o->sum);
			assert_int_equal(h->min, o->min);
			assert_int_equal(h->max, o->max);
			for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++)
				assert_int_equal(h->bucket[b], 3 * o->bucket[b]);
		}
	stats_free(s);
	stats_free(other);
}

/* One command's time in each stage, counted in the plainest way. */
static void count_plainly(struct histogram *of, const struct nvs_io *io)
{
	uint64_t queued = io->queued && io->queued < io->setup ? io->setup - io->queued : 0;

	if (!io->setup || io->setup > io->bell || io->bell > io->seen || io->seen > io->h.ts)
		return;
	if (io->queued)
		histogram_add(&of[STAGE_QUEUE], queued);
	histogram_add(&of[STAGE_DRIVER], io->bell - io->setup);
	histogram_add(&of[STAGE_DEVICE], io->seen - io->bell);
	histogram_add(&of[STAGE_COMPLETION], io->h.ts - io->seen);
	histogram_add(&of[STAGE_TOTAL], queued + io->h.ts - io->setup);
}

/* Times of all lengths, on both sides of each bucket's border, and of what 32 bits hold. */
static void test_buckets(void **state)
{
	static struct nvs_io io[NR_RECORDS];
	static struct histogram plain[NR_STAGES];
	struct stats *s = stats_new();

	(void)state;
	make_records(io, NR_RECORDS);
	for (unsigned int i = 0; i < NR_RECORDS; i++) {
		uint64_t length = histogram_low(i) - i % 2, at = 1ull << 40;

		io[i].queued = chance(5) ? at : 0;
		io[i].setup = at += i < 900 ? histogram_low(i / 2) : chance(10);
		io[i].bell = at += i % 3 ? length : 3;
		io[i].seen = at += i % 3 ? 77 : length;
		io[i].h.ts = at + length;
		count_plainly(plain, &io[i]);
	}
	feed(s, io, 100);
	stats_finish(s);
	for (unsigned int i = 0; i < NR_STAGES; i++) {
		plain[i].sum = s->queue[1]->stage[i].sum;
		assert_memory_equal(&s->queue[1]->stage[i], &plain[i], sizeof(plain[i]));
	}
	stats_free(s);
}

/* More queues and kinds than are counted in pairs. */
static void test_many_queues(void **state)
{
	enum { MANY = 40 };
	static struct nvs_io io[NR_RECORDS];
	struct stats *one = stats_new(), *many = stats_new();

	(void)state;
	make_records(io, NR_RECORDS);
	for (unsigned int q = 1; q <= MANY; q++) {
		struct model_queue queue = { .qid = (uint16_t)q, .index = q };

		stats_io(one, &queues[1], io, NR_RECORDS, 1);
		stats_io(many, &queue, io, NR_RECORDS, 1);
		if (q % 16 == 0)
			stats_break(many);
		if (q % 16 == 0)
			stats_break(one);
	}
	stats_finish(one);
	stats_finish(many);
	for (unsigned int op = 0; op < NR_STATS_OPS; op++)
		for (unsigned int size = 0; size < NR_STATS_SIZES; size++)
			assert_latency_equal(one->kind[op][size], many->kind[op][size]);
	for (unsigned int q = 2; q <= MANY; q++)
		assert_latency_equal(many->queue[1], many->queue[q]);
	latency_merge(many->queue[1], many->queue[2]);
	for (unsigned int q = 3; q <= MANY; q++)
		latency_merge(many->queue[1], many->queue[q]);
	assert_latency_equal(one->queue[1], many->queue[1]);
	stats_free(one);
	stats_free(many);
}

/* The first bucket is one like others, also of a queue, which has no parts. */
static void test_no_time_at_all(void **state)
{
	const struct nvs_io io = {
		.h = { .ts = 1000, .id = NVS_ID_io, .qid = 1 },
		.queued = 1000,
		.setup = 1000,
		.bell = 1000,
		.seen = 1000,
		.bytes = 4096,
	};
	static const uint32_t index[] = { 0, 1 };
	struct stats *s = stats_new(), *other = stats_new();

	(void)state;
	stats_io(other, &queues[1], &io, 1, 0);
	stats_merge(s, other, index);
	stats_finish(s);
	assert_int_equal(s->incomplete, 0);
	assert_int_equal(s->queue[1]->stage[STAGE_TOTAL].count, 1);
	assert_int_equal(s->queue[1]->stage[STAGE_TOTAL].bucket[0], 1);
	assert_int_equal(s->queue[1]->stage[STAGE_TOTAL].max, 0);
	stats_free(s);
	stats_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_short_way),
		cmocka_unit_test(test_buckets_do_not_go_round),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_many_queues),
		cmocka_unit_test(test_no_time_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
