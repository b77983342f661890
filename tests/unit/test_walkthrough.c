// SPDX-License-Identifier: GPL-2.0
/*
 * nvmescope walkthrough: its data and text against a made-up recording whose truth is known,
 * and what it tells of steps against the driver's source as it is now.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bench.h"
#include "cmd.h"
#include "event_info.h"
#include "walkthrough.h"

static const struct synth_options options = {
	.queues = 2,
	.commands = 300,
	.depth = 16,
	.batch = 4,
	.ring = 128,
};
#define LOST 3

static int setup(void **state)
{
	return bench_make(state, &options, LOST, "page.html");
}

#define RUN(b, want, ...) COMMAND_RUN((b)->tmp, cmd_walkthrough, want, "walkthrough", __VA_ARGS__)

/* --- what is told of steps ------------------------------------------------------------ */

static void facts_are_of_this_source(void **state)
{
	const struct walk_fact *fact;
	struct nvs_error err;
	static struct sources s;

	(void)state;
	assert_int_equal(sources_open(&s, NULL, &err), 0);
	for (unsigned int i = 0; (fact = walk_fact(i)); i++) {
		int number = fact->function ? sources_find(&s, fact->function) : -1;
		const struct source_function *f = &s.function[number < 0 ? 0 : number];

		if (!fact->function)
			continue;
		if (number < 0)
			fail_msg("fact %u: the driver has no function %s()", i, fact->function);
		if (fact->line && source_line(f, fact->line) == f->def_line)
			fail_msg("fact %u: %s() has no line with %s", i, fact->function,
				 fact->line);
	}
	sources_close(&s);
}

static void functions_are_found_whole(void **state)
{
	const struct source_function *f;
	struct nvs_error err;
	static struct sources s;

	(void)state;
	assert_int_equal(sources_open(&s, NULL, &err), 0);
	assert_int_equal(sources_find(&s, "nvme_disable_ctrl"), 0);
	f = &s.function[0];
	assert_string_equal(f->file, "regs.c");
	assert_memory_equal(f->text, "/**\n * nvme_disable_ctrl() - ", 29);
	assert_memory_equal(f->text + f->size - 3, "\n}\n", 3);
	assert_int_equal(sources_find(&s, "nvme_disable_ctr"), -1);
	assert_int_equal(sources_find(&s, "no_such_function"), -1);
	sources_close(&s);
	assert_int_equal(sources_open(&s, "/nowhere", &err), -1);
	assert_non_null(strstr(err.text, "/nowhere"));
}

static bool has_chinese(const char *text)
{
	for (; *text; text++)
		if (*text & 0x80)
			return true;
	return false;
}

static void facts_are_in_both_languages(void **state)
{
	const struct walk_fact *fact;

	(void)state;
	for (unsigned int i = 0; (fact = walk_fact(i)); i++) {
		assert_true(strlen(fact->en) > 10);
		assert_false(has_chinese(fact->en));
		assert_true(has_chinese(fact->zh));
	}
}

/* A new event or phase must not stand there without a word. */
static void each_event_has_a_fact(void **state)
{
	(void)state;
	for (unsigned int id = 1; id <= NVS_EVENT_ID_MAX; id++) {
		union synth_event ev = { .h = { .id = (uint16_t)id, .qid = 1 } };

		if (event_info(id) && id != NVS_ID_io && id != NVS_ID_hist_stage &&
		    id != NVS_ID_hist_bucket && id != NVS_ID_phase_begin &&
		    walk_find_fact(&ev.h, 0) < 0)
			fail_msg("%s has no fact", event_info(id)->name);
	}
	for (const struct symbol *p = symbol_set(NVS_SET_PHASE); p->name; p++) {
		struct nvs_phase_begin ev = { .h.id = NVS_ID_phase_begin,
					      .phase = (uint16_t)p->value };

		if (p->value && walk_find_fact(&ev.h, p->value) < 0)
			fail_msg("phase %s has no fact", p->name);
	}
}

static void registers_tell_values_apart(void **state)
{
	struct nvs_reg_write on = { .h.id = NVS_ID_reg_write, .offset = 0x14, .value = 0x460001 };
	struct nvs_reg_write off = { .h.id = NVS_ID_reg_write, .offset = 0x14, .value = 0x460000 };
	struct nvs_reg_read gone = { .h.id = NVS_ID_reg_read, .offset = 0x1c, .value = 0xffffffff };

	(void)state;
	assert_int_not_equal(walk_find_fact(&on.h, NVS_PHASE_nvme_enable_ctrl),
			     walk_find_fact(&off.h, NVS_PHASE_nvme_enable_ctrl));
	assert_non_null(strstr(walk_fact((unsigned int)walk_find_fact(&gone.h, 0))->en, "gone"));
}

/* Fields lie within their registers, and none over another. */
static void fields_do_not_overlap(void **state)
{
	(void)state;
	for (const struct walk_layout *l = walk_registers; l->name; l++) {
		uint64_t seen = 0;

		for (const struct walk_field *f = l->fields; f->name; f++) {
			uint64_t bits =
				(f->high - f->low == 63 ? 0 : 1ull << (f->high - f->low + 1)) - 1;

			assert_true(f->high >= f->low && f->high < 8 * l->bytes);
			assert_int_equal(seen & bits << f->low, 0);
			seen |= bits << f->low;
		}
	}
}

/* --- the page's data ------------------------------------------------------------------ */

/* What stands between the page's data tags. */
static json_t *page_data(struct bench *b)
{
	size_t size;
	char *page = scratch_read(b->tmp, "page.html", &size), *begin, *end;
	json_error_t err;
	json_t *root;

	page[size] = 0;
	begin = strstr(page, "id=\"data\">");
	assert_non_null(begin);
	begin = strchr(begin, '\n');
	end = strstr(begin, "</script>");
	assert_non_null(end);
	root = json_loadb(begin, (size_t)(end - begin), 0, &err);
	if (!root)
		fail_msg("the page's data is not JSON: %s, line %d", err.text, err.line);
	free(page);
	return root;
}

static json_t *make_page(struct bench *b, const char *option, const char *value)
{
	unlink(b->out);
	if (option)
		free(RUN(b, EXIT_DONE, (char *)option, (char *)value, "-o", b->out, b->trace));
	else
		free(RUN(b, EXIT_DONE, "-o", b->out, b->trace));
	return page_data(b);
}

static json_t *of_walk(const json_t *root, const char *key)
{
	return json_object_get(json_array_get(json_object_get(root, "walks"), 0), key);
}

static int64_t at(const json_t *array, size_t i)
{
	return json_integer_value(json_array_get(array, i));
}

static void each_event_is_a_step(void **state)
{
	struct bench *b = *state;
	json_t *root = make_page(b, NULL, NULL), *steps = of_walk(root, "steps");
	int64_t ts = 0;

	assert_int_equal(json_array_size(steps), b->s->truth.events);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *s = json_array_get(steps, i);
		const struct event_info *info = event_info((unsigned int)at(s, 1));

		ts += at(s, 0);
		assert_int_equal(at(s, 0) >= 0, 1);
		assert_int_equal(at(s, 1), b->s->item[i].ev.h.id);
		assert_int_equal(json_array_size(s), 10 + info->nr_fields);
	}
	assert_int_equal(ts, b->s->item[b->s->nr - 1].ev.h.ts - b->s->item[0].ev.h.ts);
	assert_int_equal(json_integer_value(of_walk(root, "lost")), LOST);
	assert_int_equal(json_integer_value(of_walk(root, "left_out")), 0);
	assert_int_equal(json_array_size(of_walk(root, "phases")), b->s->truth.phases);
	json_decref(root);
}

/* Each I/O command has all of its stages, in order, at steps of its own identifier. */
static void each_command_is_followed(void **state)
{
	static const int in_order[] = { STAGE_REQUEST, STAGE_COMMAND, STAGE_SLOT,   STAGE_BELL,
					STAGE_LOOK,    STAGE_ENTRY,   STAGE_CQ_BELL };
	struct bench *b = *state;
	json_t *root = make_page(b, NULL, NULL), *cmds = of_walk(root, "cmds"),
	       *steps = of_walk(root, "steps");
	unsigned int io = 0;

	for (size_t i = 0; i < json_array_size(cmds); i++) {
		const json_t *c = json_array_get(cmds, i);
		int64_t before = -1;

		if (!at(c, 1))
			continue;
		io++;
		for (size_t k = 0; k < sizeof(in_order) / sizeof(in_order[0]); k++) {
			int64_t s = at(c, 3 + (size_t)in_order[k]);

			assert_true(s > before);
			before = s;
			assert_int_equal(at(json_array_get(steps, (size_t)s), 7), at(c, 1));
		}
		assert_int_equal(at(json_array_get(steps, (size_t)at(c, 3 + STAGE_SLOT)), 8),
				 at(c, 2));
		assert_true(at(c, 3 + STAGE_END) > at(c, 3 + STAGE_ENTRY));
	}
	assert_int_equal(io, b->s->truth.queue[1].commands + b->s->truth.queue[2].commands);
	json_decref(root);
}

/* Beyond the limit I/O goes first, and is counted; the start stays whole. */
static void what_is_left_out_is_counted(void **state)
{
	struct bench *b = *state;
	json_t *root = make_page(b, "--steps", "600");
	size_t steps = json_array_size(of_walk(root, "steps"));

	assert_int_equal(steps, 600);
	assert_int_equal(json_integer_value(of_walk(root, "left_out")), b->s->truth.events - steps);
	assert_int_equal(json_array_size(of_walk(root, "phases")), b->s->truth.phases);
	json_decref(root);
	root = make_page(b, "--to", "0.000001");
	assert_int_equal(json_integer_value(of_walk(root, "left_out")) +
				 json_array_size(of_walk(root, "steps")),
			 b->s->truth.events);
	json_decref(root);
}

/* Nothing on it is fetched from anywhere, and nothing recorded ends its script. */
static void the_page_is_complete(void **state)
{
	struct bench *b = *state;
	size_t size;
	char *page;

	json_decref(make_page(b, "--lang", "zh"));
	page = scratch_read(b->tmp, "page.html", &size);
	page[size] = 0;
	assert_null(strstr(page, "@include"));
	assert_null(strstr(page, "@DATA@"));
	assert_null(strstr(page, " src="));
	assert_null(strstr(page, "href="));
	assert_null(strstr(page, "https:"));
	assert_null(strstr(page, "url("));
	assert_non_null(strstr(page, "\"lang\":\"zh\""));
	free(page);
}

static void hostile_names_stay_text(void **state)
{
	struct bench *b = *state;
	char *evil = scratch_path(b->tmp, "a<script>");
	json_t *root;
	size_t size;
	char *page;

	assert_int_equal(rename(b->trace, evil), 0);
	free(RUN(b, EXIT_DONE, "-o", b->out, evil));
	root = page_data(b);
	assert_non_null(strstr(json_string_value(of_walk(root, "dir")), "a<script>"));
	json_decref(root);
	page = scratch_read(b->tmp, "page.html", &size);
	page[size] = 0;
	assert_null(strstr(page, "a<script>"));
	free(page);
	free(evil);
}

/* --- text, comparison, errors --------------------------------------------------------- */

static void text_of_one_command(void **state)
{
	struct bench *b = *state;
	char *text = RUN(b, EXIT_DONE, "--text", "--io", "5", b->trace);
	const char *before = text;

	static const char *const order[] = {
		"rq_start", "cmd_setup",  "sqe slot",	 "sq_doorbell",
		"cq_enter", "cqe result", "cq_doorbell", "rq_complete"
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		before = strstr(before, order[i]);
		if (!before)
			fail_msg("no %s after the steps before it:\n%s", order[i], text);
	}
	assert_non_null(strstr(text, "[pci_submit.c:"));
	assert_non_null(strstr(text, "(PCIe Transport 3.1.2.1)"));
	assert_null(strstr(text, "nvme_probe"));
	free(text);
	text = RUN(b, EXIT_DONE, "--text", "--lang", "zh", b->trace);
	assert_non_null(strstr(text, "中断"));
	assert_non_null(strstr(text, "nvme_pci_configure_admin_queue 开始"));
	free(text);
}

/* The same is no difference; a phase that fails in one is, at its step. */
static void the_first_difference(void **state)
{
	struct bench *b = *state;
	char *other = scratch_path(b->tmp, "other"), *text;
	struct nvs_error err = { .text = "" };
	bool failed = false;

	text = RUN(b, EXIT_DONE, "--text", b->trace, b->trace);
	assert_non_null(strstr(text, "No difference"));
	free(text);
	for (unsigned int i = 0; i < b->s->nr && !failed; i++) {
		struct nvs_phase_end *ev = (struct nvs_phase_end *)&b->s->item[i].ev;

		failed = ev->h.id == NVS_ID_phase_end && ev->phase == NVS_PHASE_nvme_init_identify;
		if (failed)
			ev->result = -5;
	}
	assert_true(failed);
	assert_int_equal(synth_write(b->s, other, 0, &err), 0);
	text = RUN(b, EXIT_DONE, "--text", b->trace, other);
	assert_non_null(strstr(text, "First difference, in reset work: A #"));
	assert_non_null(strstr(text, "nvme_init_identify ends; B #"));
	assert_non_null(strstr(text, "nvme_init_identify FAILS: -5 (EIO)"));
	free(text);
	text = RUN(b, EXIT_DONE, "--text", "--lang", "zh", b->trace, other);
	assert_non_null(strstr(text, "第一处差异（复位工作）： A #"));
	assert_non_null(strstr(text, "nvme_init_identify 结束； B #"));
	assert_non_null(strstr(text, "nvme_init_identify 失败：-5 (EIO)"));
	free(text);
	free(other);
}

static void said(struct bench *b, const char *what)
{
	char *text = command_errors(b->tmp);

	if (!strstr(text, what))
		fail_msg("stderr has no '%s': %s", what, text);
	free(text);
}

static void wrong_usage(void **state)
{
	struct bench *b = *state;

	free(RUN(b, EXIT_USAGE, b->trace));
	said(b, "-o PAGE.html");
	free(RUN(b, EXIT_USAGE, "--text"));
	said(b, "one recording's directory");
	free(RUN(b, EXIT_USAGE, "--text", "--steps", "0", b->trace));
	said(b, "--steps");
	free(RUN(b, EXIT_USAGE, "--text", "--from", "2", "--to", "1", b->trace));
	said(b, "--to");
	free(RUN(b, EXIT_FAILED, "--text", "--io", "100000", b->trace));
	said(b, "100000");
	free(RUN(b, EXIT_FAILED, "-o", b->out, "--source", b->tmp, b->trace));
	said(b, "kmod");
	free(RUN(b, EXIT_FAILED, "-o", b->out, "/nowhere"));
	said(b, "/nowhere");
	assert_int_not_equal(access(b->out, F_OK), 0);
	scratch_write(b->tmp, "page.html", "mine", 4);
	free(RUN(b, EXIT_FAILED, "-o", b->out, b->trace));
	said(b, "is there already");
}

/* A recording of level io has no steps to walk, and says what would have. */
static void other_levels_say_so(void **state)
{
	struct bench *b = *state;
	struct synth_options io = options;
	char *dir = scratch_path(b->tmp, "io");
	struct nvs_error err = { .text = "" };
	struct synth *s;

	io.io = true;
	s = synth_make(&io);
	assert_int_equal(synth_write(s, dir, 0, &err), 0);
	free(RUN(b, EXIT_FAILED, "-o", b->out, dir));
	said(b, "--level events");
	synth_free(s);
	free(dir);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, bench_remove)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_of_this_source),
		cmocka_unit_test(functions_are_found_whole),
		cmocka_unit_test(facts_are_in_both_languages),
		cmocka_unit_test(each_event_has_a_fact),
		cmocka_unit_test(registers_tell_values_apart),
		cmocka_unit_test(fields_do_not_overlap),
		TEST(each_event_is_a_step),
		TEST(each_command_is_followed),
		TEST(what_is_left_out_is_counted),
		TEST(the_page_is_complete),
		TEST(hostile_names_stay_text),
		TEST(text_of_one_command),
		TEST(the_first_difference),
		TEST(wrong_usage),
		TEST(other_levels_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
