// SPDX-License-Identifier: GPL-2.0
/* nvmescope check of level io: its own rules, and what it says of those for steps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "cmd.h"
#include "command.h"
#include "rules.h"
#include "synth.h"

static const struct synth_options options = { .queues = 2,
					      .commands = 300,
					      .depth = 16,
					      .batch = 4,
					      .io = true };
static struct nvs_error err;

static struct nvs_io *record(struct synth *s, unsigned int index)
{
	return (struct nvs_io *)&s->item[index].ev;
}

/* The first record behind @from that has the same tag as that one. */
static struct nvs_io *same_tag(struct synth *s, unsigned int from)
{
	const struct nvs_io *io = record(s, from);

	for (unsigned int i = from + 1; i < s->nr; i++)
		if (record(s, i)->h.qid == io->h.qid &&
		    (record(s, i)->h.cid & 0xfff) == (io->h.cid & 0xfff))
			return record(s, i);
	abort();
}

#define FAULT(name) static void name(struct synth *s)
FAULT(bell_before_setup)
{
	record(s, 50)->bell = record(s, 50)->setup - 1;
}
FAULT(queued_late)
{
	record(s, 50)->queued = record(s, 50)->setup + 1;
}
FAULT(seen_late)
{
	record(s, 50)->seen = record(s, 50)->h.ts + 1;
}
FAULT(bell_after_end)
{
	record(s, 50)->bell = record(s, 50)->h.ts + 1;
}
FAULT(tag_shared)
{
	struct nvs_io *next = same_tag(s, 50);

	next->setup = record(s, 50)->h.ts - 1;
	next->queued = 0;
}

static const struct {
	const char *rule;
	void (*mutate)(struct synth *s);
} faults[] = {
	{ "io-order", bell_before_setup }, { "io-order", queued_late }, { "io-order", seen_late },
	{ "io-order", bell_after_end },	   { "io-unique", tag_shared },
};
#define NR_FAULTS (sizeof(faults) / sizeof(faults[0]))

static bool of_level_io(unsigned int rule)
{
	return rules_rule(rule)->needs & 1u << SOURCE_IO;
}

static struct rules *judge(const struct synth *s, const char *dir, uint64_t lost)
{
	struct recording *rec;
	struct rules *r = rules_new(3);

	assert_int_equal(synth_write(s, dir, lost, &err), 0);
	rec = recording_open(dir, &err);
	assert_non_null(rec);
	for (unsigned int i = 0; i < s->nr; i++)
		assert_int_equal(rules_event(r, &s->item[i].ev.h, &err), 0);
	assert_int_equal(rules_finish(r, rec, &err), 0);
	recording_close(rec);
	return r;
}

static int setup(void **state)
{
	*state = scratch_dir();
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	return 0;
}

static void test_clean(void **state)
{
	char *dir = scratch_path(*state, "clean");
	struct synth *s = synth_make(&options);
	struct rules *r = judge(s, dir, 0);

	for (unsigned int i = 0; i < rules_nr(); i++) {
		const struct rule_result *res = rules_result(r, i);

		assert_int_equal(res->broken, 0);
		assert_int_equal(res->verdict, of_level_io(i) ? CHECK_PASSED : CHECK_CANNOT_TELL);
		if (!of_level_io(i))
			assert_non_null(strstr(res->why, "level io, which has no steps"));
	}
	rules_free(r);
	synth_free(s);
	free(dir);
}

/* A look that was under way when the command was sent, and times not seen, are no faults. */
static void test_allowed(void **state)
{
	char *dir = scratch_path(*state, "allowed");
	struct synth *s = synth_make(&options);
	struct rules *r;

	record(s, 50)->seen = record(s, 50)->setup - 1;
	record(s, 60)->queued = record(s, 60)->seen = 0;
	record(s, 70)->setup = record(s, 70)->bell = 0;
	r = judge(s, dir, 0);
	for (unsigned int i = 0; i < rules_nr(); i++)
		assert_int_equal(rules_result(r, i)->broken, 0);
	rules_free(r);
	synth_free(s);
	free(dir);
}

static void test_faults(void **state)
{
	for (size_t f = 0; f < NR_FAULTS; f++) {
		struct synth *s = synth_make(&options);
		char name[16], *dir;
		struct rules *r;

		snprintf(name, sizeof(name), "fault%zu", f);
		dir = scratch_path(*state, name);
		faults[f].mutate(s);
		r = judge(s, dir, 0);
		for (unsigned int i = 0; i < rules_nr(); i++)
			assert_int_equal(rules_result(r, i)->broken,
					 !strcmp(rules_rule(i)->name, faults[f].rule));
		rules_free(r);
		synth_free(s);
		free(dir);
	}
}

/* No rule without its fault. */
static void test_all_have_faults(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < rules_nr(); i++) {
		size_t f = 0;

		while (f < NR_FAULTS && strcmp(faults[f].rule, rules_rule(i)->name))
			f++;
		if (of_level_io(i) && f == NR_FAULTS)
			fail_msg("%s has no seeded fault", rules_rule(i)->name);
	}
}

static char *text_of(void **state, int want, const char *option, const char *dir)
{
	return COMMAND_RUN(*state, cmd_check, want, "check", (char *)option, (char *)dir);
}

/* What passed is counted, not listed, unless asked for. */
static void test_text(void **state)
{
	char *dir = scratch_path(*state, "text"), *broken = scratch_path(*state, "broken"), *text;
	struct synth *s = synth_make(&options);

	assert_int_equal(synth_write(s, dir, 0, &err), 0);
	tag_shared(s);
	assert_int_equal(synth_write(s, broken, 0, &err), 0);
	synth_free(s);
	text = text_of(state, EXIT_DONE, "--findings=1", dir);
	assert_non_null(strstr(text, ": 2 passed, 0 FAILED, "));
	assert_null(strstr(text, "io-order"));
	assert_non_null(strstr(text, "level io, which has no steps to check: "));
	free(text);
	text = text_of(state, EXIT_DONE, "--all", dir);
	assert_non_null(strstr(text, "io-order"));
	assert_non_null(strstr(text, "cq-phase"));
	free(text);
	text = text_of(state, EXIT_FAILED, "--findings=1", broken);
	assert_non_null(strstr(text, "io-unique"));
	assert_non_null(strstr(text, "of the same tag"));
	assert_null(strstr(text, "io-order"));
	free(text);
	text = text_of(state, EXIT_DONE, "--json", dir);
	assert_non_null(strstr(text, "\"name\": \"io-order\""));
	assert_non_null(strstr(text, "\"name\": \"cq-phase\""));
	free(text);
	free(dir);
	free(broken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_clean, setup, teardown),
		cmocka_unit_test_setup_teardown(test_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_have_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
