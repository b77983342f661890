// SPDX-License-Identifier: GPL-2.0
/* top's table: what is added up, in which order, and the lines that are made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "record.h"
#include "scratch.h"
#include "top.h"

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int bucket = 0;

	while (bucket + 1 < HIST_BUCKETS && hist_low(bucket + 1) <= ns)
		bucket++;
	return bucket;
}

static struct hist_change change(uint16_t ctrl, uint16_t qid, uint16_t op, uint64_t ns,
				 uint64_t count)
{
	struct hist_change c = {
		.ctrl = ctrl, .qid = qid, .op = op, .count = count, .bytes = 4096 * count
	};

	for (unsigned int i = 0; i < HIST_STAGES; i++) {
		c.sum[i] = ns * count;
		c.requests[i] = count;
		c.bucket[i][bucket_of(ns)] = count;
	}
	return c;
}

static void add(struct top_table *t, struct hist_change c)
{
	assert_int_equal(top_add(t, &c), 0);
}

/* The Nth word of a line, from 0 */
static const char *word(const char *line, int n)
{
	static char copy[TOP_LINE_MAX];
	char *w, *rest;

	snprintf(copy, sizeof(copy), "%s", line);
	for (w = strtok_r(copy, " ", &rest); w && n; n--)
		w = strtok_r(NULL, " ", &rest);
	return w ? w : "";
}

static struct top_table table(void)
{
	struct top_table t = {
		.prefix = "nvme", .span_ns = 2000000000, .op = TOP_ALL_OPS, .stage = NVS_STAGE_total
	};

	add(&t, change(0, 1, NVS_HIST_OP_read, 100000, 1000));
	add(&t, change(0, 2, NVS_HIST_OP_write, 1000000, 10));
	add(&t, change(0, 2, NVS_HIST_OP_read, 1000, 990));
	add(&t, change(0, 0, NVS_HIST_OP_other, 5000000, 1));
	return t;
}

static void quantiles(void **state)
{
	struct live_sums s = { 0 };
	struct hist_change c;

	(void)state;
	assert_int_equal(live_quantile(&s, NVS_STAGE_total, 0.5), 0);
	for (uint64_t ns = 300; ns < 30000000; ns = ns * 5 / 4) {
		uint64_t got;

		memset(&s, 0, sizeof(s));
		c = change(0, 1, 0, ns, 10);
		live_add(&s, &c);
		got = live_quantile(&s, NVS_STAGE_device, 0.99);
		/* Off by at most 1/16 */
		assert_true(got * 16 <= ns * 17 && got * 16 >= ns * 15);
	}
	/* 99 of 100 are below, one is above. */
	memset(&s, 0, sizeof(s));
	c = change(0, 1, 0, 1000, 99);
	live_add(&s, &c);
	c = change(0, 1, 0, 1000000, 1);
	live_add(&s, &c);
	assert_true(live_quantile(&s, NVS_STAGE_total, 0.98) < 1100);
	assert_true(live_quantile(&s, NVS_STAGE_total, 0.99) > 900000);
}

static void orders(void **state)
{
	struct top_table t = table();

	(void)state;
	top_sort(&t);
	assert_int_equal(t.row[0].qid, 0);
	assert_int_equal(t.row[2].qid, 2);
	t.sort = TOP_BY_iops; /* of equal ones, the first queue first */
	top_sort(&t);
	assert_int_equal(t.row[0].qid, 1);
	assert_int_equal(t.row[2].qid, 0);
	t.sort = TOP_BY_p99;
	top_sort(&t);
	assert_int_equal(t.row[0].qid, 0);
	assert_int_equal(t.row[1].qid, 2);
	t.reverse = true;
	top_sort(&t);
	assert_int_equal(t.row[0].qid, 1);
	top_free(&t);
}

static void lines(void **state)
{
	struct top_table t = table();
	char line[TOP_LINE_MAX];
	struct top_row *r;

	(void)state;
	r = top_row_of(&t, 0, 1);
	r->depth = 31;
	r->bells = 250;
	r->irqs = 0;
	top_header(&t, false, line);
	assert_int_equal(strlen(line), TOP_WIDTH);
	top_line(&t, r, false, line);
	assert_int_equal(strlen(line), TOP_WIDTH);
	assert_string_equal(word(line, 0), "nvme0");
	assert_string_equal(word(line, 1), "q1");
	assert_string_equal(word(line, 2), "500"); /* in 2 s */
	assert_string_equal(word(line, 3), "2.0");
	assert_string_equal(word(line, 4), "31");
	assert_string_equal(word(line, 5), "4.0");
	assert_string_equal(word(line, 6), "-"); /* no interrupt: nothing to divide by */
	assert_string_equal(word(line, 7), "0");
	assert_string_equal(word(line, 11), "");
	top_header(&t, true, line);
	assert_int_equal(strlen(line), TOP_WIDE);
	top_line(&t, r, true, line);
	assert_int_equal(strlen(line), TOP_WIDE);
	/* An interval without requests */
	top_clear(&t);
	top_line(&t, r, true, line);
	assert_string_equal(word(line, 2), "0");
	assert_string_equal(word(line, 8), "-");
	top_free(&t);
}

static void filters(void **state)
{
	struct top_table t = {
		.op = NVS_HIST_OP_write, .by_device = true, .prefix = "nvme", .span_ns = 1000000000
	};

	(void)state;
	add(&t, change(0, 1, NVS_HIST_OP_read, 1000, 5));
	add(&t, change(0, 1, NVS_HIST_OP_write, 1000, 5));
	add(&t, change(0, 2, NVS_HIST_OP_write, 1000, 6));
	add(&t, change(0, 0, NVS_HIST_OP_write, 1000, 7)); /* no I/O queue */
	add(&t, change(3, 2, NVS_HIST_OP_write, 1000, 8));
	assert_int_equal(t.nr, 2);
	assert_int_equal(top_row_of(&t, 0, 1)->sums.count, 11);
	assert_int_equal(top_row_of(&t, 3, 1)->sums.count, 8);
	top_free(&t);
}

static void interrupts(void **state)
{
	char *dir = scratch_dir(), *path = scratch_path(dir, "interrupts");
	FILE *f = fopen(path, "w");
	char *text;

	(void)state;
	assert_non_null(f);
	fputs("           CPU0       CPU1\n"
	      "  3:   1   2   IO-APIC   3-edge   ttyS0\n"
	      " 36:   7   5   PCI-MSI 524289-edge      nvme0q1\n"
	      " 37:   1   0   PCI-MSI 524299-edge      nvme0q11\n"
	      " 16:   3   4  IO-APIC  16-fasteoi   nvme1q0, nvme1q1\n",
	      f);
	fclose(f);
	text = live_read_irqs(path);
	assert_null(live_read_irqs("/nonexistent"));
	assert_int_equal(live_irqs(text, "nvme", 0, 1), 12);
	assert_int_equal(live_irqs(text, "nvme", 0, 11), 1);
	assert_int_equal(live_irqs(text, "nvme", 1, 1), 7);
	assert_int_equal(live_irqs(text, "nvme", 0, 2), -1);
	assert_int_equal(live_irqs(text, "me", 0, 1), -1);
	assert_int_equal(live_irqs(NULL, "nvme", 0, 1), -1);
	free(text);
	free(path);
	scratch_remove(dir);
}

/* On a terminal of this size, with these keys: what was drawn, to be freed */
static char *drawn(const char *columns, const char *lines, const char *keys)
{
	char *dir = scratch_dir(), *in = scratch_path(dir, "in"), *out = scratch_path(dir, "out");
	FILE *f = fopen(in, "w");
	size_t size;
	char *text;
	int status;
	pid_t pid;

	assert_non_null(f);
	fputs(keys, f);
	fclose(f);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		struct top t = { .table = table(),
				 .interval_ns = 1000000000000,
				 .last_ns = record_now(),
				 .live = { .provider = "stock", .stages = true } };
		struct nvs_error err;

		setenv("TERM", "vt100", 1);
		setenv("COLUMNS", columns, 1);
		setenv("LINES", lines, 1);
		if (!freopen(in, "r", stdin) || !freopen(out, "w", stdout))
			_exit(3);
		status = top_screen(&t, &err);
		fflush(stdout);
		_exit(!!status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	text = scratch_read(dir, "out", &size);
	text[size] = 0;
	free(in);
	free(out);
	scratch_remove(dir);
	return text;
}

static void screens(void **state)
{
	char *text = drawn("80", "24", "q");

	(void)state;
	assert_non_null(strstr(text, "nvme0  q1"));
	assert_null(strstr(text, "dev99"));
	free(text);
	text = drawn("120", "24", "q");
	assert_non_null(strstr(text, "dev99"));
	free(text);
	/* Every key, on a screen with room for hardly anything */
	text = drawn("20", "3", "sSrotd+- h?hhq");
	assert_non_null(strstr(text, "device"));
	free(text);
	text = drawn("80", "24", "hq");
	assert_non_null(strstr(text, "the least first"));
	free(text);
	/* By device, what was counted by queue is no longer there. */
	text = drawn("80", "24", "dq");
	assert_non_null(strstr(text, "No request yet"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles),  cmocka_unit_test(orders),
		cmocka_unit_test(lines),      cmocka_unit_test(filters),
		cmocka_unit_test(interrupts), cmocka_unit_test(screens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
