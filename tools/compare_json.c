// SPDX-License-Identifier: GPL-2.0
/* A comparison for programs.  Names and units are a promise, written down in docs/compare.md. */
#include <math.h>
#include "compare.h"
#include "report_json.h"

#define COMPARE_JSON_VERSION 1

static void put_real(json_t *o, const char *key, double value)
{
	json_object_set_new(o, key, isfinite(value) ? json_real(value) : json_null());
}

static json_t *json_set(const struct compare_set *set)
{
	json_t *runs = json_array();

	for (unsigned int i = 0; i < set->nr; i++) {
		const struct compare_run *run = &set->run[i];
		json_t *o = json_object(), *env = json_object();

		put_name(o, "path", run->path);
		put(o, "commands", run->commands);
		put(o, "lost", run->lost);
		put(o, "commands_without_latency", run->incomplete);
		json_object_set_new(o, "cut", json_boolean(run->cut));
		for (unsigned int key = 0; key < compare_nr_env_keys(); key++)
			if (run->env && run->env[key])
				put_name(env, compare_env_keys[key], run->env[key]);
		json_object_set_new(o, "environment", env);
		json_array_append_new(runs, o);
	}
	return runs;
}

static json_t *json_side(const struct compare_row *r, unsigned int side)
{
	json_t *o = json_object(), *values = json_array();

	put(o, "runs", r->nr[side]);
	put_real(o, "median", r->median[side]);
	put_real(o, "low", r->interval[side].known ? r->interval[side].low : NAN);
	put_real(o, "high", r->interval[side].known ? r->interval[side].high : NAN);
	for (unsigned int i = 0; i < r->nr[side]; i++)
		json_array_append_new(values, json_real(r->value[side][i]));
	json_object_set_new(o, "values", values);
	return o;
}

static const char *unit_name(unsigned int figure)
{
	static const char *const names[] = {
		[UNIT_RATIO] = "ratio", [UNIT_PERCENT] = "%", [UNIT_COUNT] = "count"
	};

	return names[compare_figure_unit(figure)];
}

static json_t *json_row(const struct compare_row *r)
{
	static const char *const worse[] = { "more", "less", NULL };
	const struct compare_key *k = &r->key;
	bool io = k->section == SECTION_LATENCY || k->section == SECTION_RATE;
	json_t *o = json_object();

	put_name(o, "section", compare_sections[k->section]);
	put_name(o, "where", compare_where(k).s);
	put_name(o, "figure", compare_figure_name(k->figure));
	put_name(o, "unit", unit_name(k->figure));
	put_name(o, "worse", worse[compare_figure_worse(k->figure)]);
	put_name(o, "phase",
		 k->section == SECTION_INIT ? nvs_symbol_name(NVS_SET_PHASE, k->phase) : NULL);
	put_name(o, "class", k->section == SECTION_INIT ? NULL : compare_class_name(k->class));
	put_name(o, "operation", io ? compare_op_name(k->op) : NULL);
	put_name(o, "size", io && k->size ? compare_size_name(k->size) : NULL);
	put_name(o, "stage",
		 k->section == SECTION_LATENCY ? nvs_symbol_name(NVS_SET_STAGE, k->stage) : NULL);
	json_object_set_new(o, "a", json_side(r, SIDE_A));
	json_object_set_new(o, "b", json_side(r, SIDE_B));
	put_real(o, "change_percent", r->change);
	json_object_set_new(o, "tested", json_boolean(r->tested));
	put_real(o, "p", r->p);
	put_real(o, "p_corrected", r->holm);
	put_name(o, "verdict", compare_verdict_name(r->verdict));
	return o;
}

static json_t *json_differences(const struct comparison *c)
{
	unsigned int nr;
	struct env_difference *d = compare_differences(c, &nr);
	json_t *all = d ? json_array() : NULL;

	for (unsigned int i = 0; d && i < nr; i++) {
		json_t *o = json_object();

		put_name(o, "key", d[i].key);
		put_name(o, "a", d[i].text[SIDE_A]);
		put_name(o, "b", d[i].text[SIDE_B]);
		json_array_append_new(all, o);
	}
	compare_differences_free(d, d ? nr : 0);
	return all;
}

int compare_json(const struct comparison *c, FILE *out, struct nvs_error *err)
{
	json_t *root = json_object(), *rows = json_array(), *test = json_object();
	char sentence[400];
	int ret;

	compare_sentence(c, sentence, sizeof(sentence));
	put_name(root, "format", "nvmescope-compare");
	put(root, "version", COMPARE_JSON_VERSION);
	put_name(root, "sentence", sentence);
	json_object_set_new(root, "regression", json_boolean(c->count[VERDICT_WORSE] != 0));
	put_name(root, "clock", compare_clock(c));
	put_name(test, "name", "Mann-Whitney U, two-sided");
	put_name(test, "correction", "Holm");
	put_real(test, "alpha", c->wants.alpha);
	put_real(test, "threshold_percent", c->wants.threshold);
	put(test, "figures_tested", c->nr_tested);
	put(test, "runs_needed", c->needed);
	json_object_set_new(test, "too_few_runs", json_boolean(c->too_few));
	json_object_set_new(root, "test", test);
	json_object_set_new(root, "a", json_set(&c->set[SIDE_A]));
	json_object_set_new(root, "b", json_set(&c->set[SIDE_B]));
	json_object_set_new(root, "differences", json_differences(c));
	for (unsigned int i = 0; i < c->nr_rows; i++)
		json_array_append_new(rows, json_row(&c->row[i]));
	json_object_set_new(root, "figures", rows);
	ret = json_dumpf(root, out, JSON_INDENT(2));
	json_decref(root);
	if (ret < 0)
		return nvs_fail(err, "cannot write the comparison as JSON: is the disk full, or "
				     "memory short?");
	fputc('\n', out);
	return 0;
}
