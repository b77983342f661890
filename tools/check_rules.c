// SPDX-License-Identifier: GPL-2.0
/* `nvmescope check`: the rules' verdicts as text and as JSON, and their list. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "rules.h"

#define NS UINT64_C(1000000000)

static const char *const words[] = {
	[CHECK_PASSED] = "passed",
	[CHECK_SKIPPED] = "no occasion",
	[CHECK_CANNOT_TELL] = "cannot tell",
	[CHECK_FAILED] = "FAILED",
};

/* A time in the recording's env, or @missing. */
static uint64_t env_time(const struct recording *rec, const char *key, uint64_t missing)
{
	const char *text = recording_env(rec, key);

	return text ? strtoull(text, NULL, 10) : missing;
}

/*
 * Programs are attached and detached one by one: at both ends some kinds of events are
 * there and others not yet, or not any more.
 */
struct rules *check_rules(const struct check_input *in, size_t findings, struct nvs_error *err)
{
	struct rules *r = rules_new(findings);
	const char *provider = recording_env(in->rec, "provider");
	bool ours = provider && !strcmp(provider, "driver"), all = false;
	uint64_t from = env_time(in->rec, "attached_ns", 0);
	uint64_t to = env_time(in->rec, "detaching_ns", UINT64_MAX);
	struct recorded ev;
	int got = 0;

	if (!r) {
		nvs_fail(err, "out of memory for the rules");
		return NULL;
	}
	while ((got = recording_next(in->rec, &ev, err)) > 0) {
		if (in->ctrl >= 0 && ev.hdr->ctrl != in->ctrl)
			continue;
		/* That one of our driver is attached last, before the module goes on. */
		all |= ours && ev.hdr->id == NVS_ID_phase_begin;
		if ((ev.hdr->ts < from && !all) || ev.hdr->ts > to)
			continue;
		got = rules_event(r, ev.hdr, err);
		if (got)
			break;
	}
	if (got || rules_finish(r, in->rec, err)) {
		rules_free(r);
		return NULL;
	}
	return r;
}

bool check_rules_failed(const struct rules *r)
{
	for (unsigned int i = 0; i < rules_nr(); i++) {
		const struct rule_result *res = rules_result(r, i);

		if (res->verdict == CHECK_FAILED || res->lost)
			return true;
	}
	return false;
}

/* --- text -------------------------------------------------------------------- */

static void print_findings(const struct rule *rule, const struct rule_result *res)
{
	if (!res->broken)
		return;
	printf("    NVMe %s: %s\n", rule->section, rule->says);
	for (size_t i = 0; i < res->nr_findings; i++) {
		const struct rule_finding *f = &res->findings[i];

		printf("    %" PRIu64 ".%09" PRIu64 " s, nvme%u, queue %u, command %#x, %s: %s\n",
		       f->ts / NS, f->ts % NS, f->ctrl, f->qid, f->cid, nvs_event_name(f->event),
		       f->text);
	}
	if (res->broken > res->nr_findings)
		printf("    and %" PRIu64 " more\n", res->broken - res->nr_findings);
}

static void print_rule(const struct rule *rule, const struct rule_result *res)
{
	printf("  %-22s %-12s", rule->name, words[res->verdict]);
	if (res->broken)
		printf("%10" PRIu64 " of %" PRIu64 " times", res->broken, res->broken + res->held);
	else if (res->held)
		printf("%10" PRIu64 " times", res->held);
	if (res->held && res->open)
		printf(", %" PRIu64 " open", res->open);
	putchar('\n');
	if (res->why)
		printf("    %s\n", res->why);
	print_findings(rule, res);
}

static bool same_reason(const struct rule_result *res, const char *why)
{
	return res->verdict == CHECK_CANNOT_TELL && !res->broken && why && !strcmp(res->why, why);
}

#define MAX_NAMED 12 /* rules of one reason: more are counted */

/* Rules that cannot be told for the reason that @r's @first cannot, unless one before it has it. */
static void print_reason(const struct rules *r, unsigned int first)
{
	const char *why = rules_result(r, first)->why;
	unsigned int nr = 0;
	int column = 0;

	for (unsigned int i = 0; i < rules_nr(); i++) {
		if (!same_reason(rules_result(r, i), why))
			continue;
		if (i < first)
			return;
		nr++;
	}
	printf("  cannot tell: %s:", why);
	if (nr > MAX_NAMED) {
		printf(" %u rules\n", nr);
		return;
	}
	for (unsigned int i = first; i < rules_nr(); i++) {
		if (!same_reason(rules_result(r, i), why))
			continue;
		if (column == 0 || column > 50) {
			printf("\n   ");
			column = 0;
		}
		column += printf(" %s", rules_rule(i)->name);
	}
	putchar('\n');
}

static void count_verdicts(const struct rules *r, unsigned int nr[CHECK_FAILED + 1])
{
	for (unsigned int i = 0; i < rules_nr(); i++)
		nr[rules_result(r, i)->verdict]++;
}

void check_rules_text(const struct rules *r, bool all)
{
	unsigned int nr[CHECK_FAILED + 1] = { 0 };

	count_verdicts(r, nr);
	printf("rules: %u: %u passed, %u FAILED, %u cannot be told, %u had no occasion%s\n",
	       rules_nr(), nr[CHECK_PASSED], nr[CHECK_FAILED], nr[CHECK_CANNOT_TELL],
	       nr[CHECK_SKIPPED], all ? "" : " (--all lists them)");
	for (unsigned int i = 0; i < rules_nr(); i++)
		if (all || rules_result(r, i)->broken)
			print_rule(rules_rule(i), rules_result(r, i));
	for (unsigned int i = 0; i < rules_nr() && !all; i++)
		if (same_reason(rules_result(r, i), rules_result(r, i)->why))
			print_reason(r, i);
}

/* --- JSON -------------------------------------------------------------------- */

static void json_member(const char *name, const char *value)
{
	printf(", \"%s\": ", name);
	check_json_string(value);
}

static void json_findings(const struct rule_result *res)
{
	printf(", \"findings\": [");
	for (size_t i = 0; i < res->nr_findings; i++) {
		const struct rule_finding *f = &res->findings[i];

		printf("%s\n    {\"ts\": %" PRIu64 ", \"ctrl\": %u, \"queue\": %u, \"cid\": %u",
		       i ? "," : "", f->ts, f->ctrl, f->qid, f->cid);
		json_member("event", nvs_event_name(f->event));
		json_member("text", f->text);
		putchar('}');
	}
	putchar(']');
}

void check_rules_json(const struct rules *r)
{
	printf(", \"rules\": [");
	for (unsigned int i = 0; i < rules_nr(); i++) {
		const struct rule_result *res = rules_result(r, i);
		const struct rule *rule = rules_rule(i);

		printf("%s\n  {\"name\": \"%s\"", i ? "," : "", rule->name);
		json_member("section", rule->section);
		json_member("says", rule->says);
		json_member("verdict", words[res->verdict]);
		printf(", \"held\": %" PRIu64 ", \"broken\": %" PRIu64 ", \"open\": %" PRIu64,
		       res->held, res->broken, res->open);
		if (res->why)
			json_member("why", res->why);
		json_findings(res);
		putchar('}');
	}
	printf("\n]");
}

/* --- the list ------------------------------------------------------------------ */

static void print_needs(const struct rule *rule)
{
	const char *comma = "";

	for (unsigned int s = 0; s < NR_SOURCES; s++) {
		const struct rule_source_info *info = rules_source(s);

		if (!(rule->needs & 1u << s))
			continue;
		printf("%s%s", comma, info->events);
		if (info->or_events)
			printf(" or %s", info->or_events);
		comma = ", ";
	}
}

/* A table in Markdown: docs/check.md holds it. */
void check_rules_list(void)
{
	printf("| rule | NVMe | says | needs |\n|---|---|---|---|\n");
	for (unsigned int i = 0; i < rules_nr(); i++) {
		const struct rule *rule = rules_rule(i);

		printf("| %s | %s | %s | ", rule->name, rule->section, rule->says);
		print_needs(rule);
		printf(" |\n");
	}
}
