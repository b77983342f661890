// SPDX-License-Identifier: GPL-2.0
/* What the rules said at the events, and what was lost, makes a verdict on each. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "event_info.h"
#include "rules_internal.h"

/* A provider that sends whole commands (cmd_sent) has no steps that lead to them. */
static const struct rule_source_info sources[NR_SOURCES] = {
	[SOURCE_REG_READ] = { "register reads", "reg_read", NULL },
	[SOURCE_REG_WRITE] = { "register writes", "reg_write", NULL },
	[SOURCE_STATE] = { "controller states", "ctrl_state", NULL },
	[SOURCE_SENT] = { "commands as sent", "cmd_setup sqe", "cmd_sent" },
	[SOURCE_DATA] = { "data pointers", "cmd_map", "cmd_sent" },
	[SOURCE_SQ_BELL] = { "submission doorbells", "sq_doorbell", NULL },
	[SOURCE_CQE] = { "completion entries", "cqe", NULL },
	[SOURCE_CQ_BELL] = { "completion doorbells", "cq_doorbell", NULL },
	[SOURCE_START] = { "starts of requests", "rq_start", NULL },
	[SOURCE_END] = { "ends of requests", "rq_complete", NULL },
	[SOURCE_UNMAP] = { "unmapping of memory", "cmd_unmap", NULL },
	[SOURCE_RETRY] = { "retries", "retry", NULL },
	[SOURCE_CREATE] = { "queue addresses", "queue_create", "cmd_sent" },
	[SOURCE_LIMITS] = { "limits of the controller", "ctrl_limits", NULL },
	[SOURCE_IO] = { "records of whole requests", "io", NULL },
};

const struct rule_source_info *rules_source(enum rule_source source)
{
	return &sources[source];
}

static unsigned int event_id(const char *name, size_t len)
{
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++) {
		const char *known = nvs_event_name(id);

		if (known && strlen(known) == len && !memcmp(known, name, len))
			return id;
	}
	return 0;
}

/* Adds up "cqe 12, sqe 3" or "nvs_cqe 12"; returns the sum. */
static uint64_t add_losses(struct rules *r, const char *text)
{
	uint64_t sum = 0;

	while (text && *text) {
		char name[40];
		unsigned long long n;
		int used = 0;

		if (sscanf(text, "%39s %llu%n", name, &n, &used) != 2)
			break;
		text += used + strspn(text + used, ", ");
		if (!strncmp(name, "nvs_", 4))
			memmove(name, name + 4, strlen(name + 4) + 1);
		r->lost[event_id(name, strlen(name))] += n;
		sum += n;
	}
	return sum;
}

/* What was lost, by kind as far as the recorder knew it. */
static void read_losses(struct rules *r, const struct recording *rec)
{
	uint64_t known = add_losses(r, recording_env(rec, "lost_recursion_events"));
	unsigned int cpus = recording_cpus_end(rec);

	r->lost_total = recording_lost_total(rec);
	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		char key[32];

		snprintf(key, sizeof(key), "lost_cpu%u", cpu);
		known += add_losses(r, recording_env(rec, key));
	}
	if (known < r->lost_total || r->lost[0])
		for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++)
			r->lost[id] = r->lost_total;
}

/* Is every event of this list in the recording, or could it have been? */
static bool recorded(const struct rules *r, const struct recording *rec, const char *events)
{
	const char *provider = recording_env(rec, "provider");
	const char *level = recording_env(rec, "level");
	const char *missing = recording_env(rec, "attach_points_missing");
	bool all_steps =
		(!provider || !strcmp(provider, "driver")) && (!level || !strcmp(level, "events"));

	while (events && *events) {
		size_t len = strcspn(events, " ");
		unsigned int id = event_id(events, len);
		char point[48];

		snprintf(point, sizeof(point), "nvs_%.*s", (int)len, events);
		if (!id || (!r->seen[id] && (!all_steps || (missing && strstr(missing, point)))))
			return false;
		events += len + strspn(events + len, " ");
	}
	return events;
}

static bool source_recorded(const struct rules *r, const struct recording *rec,
			    enum rule_source source)
{
	return recorded(r, rec, sources[source].events) ||
	       (sources[source].or_events && recorded(r, rec, sources[source].or_events));
}

static uint64_t lost_of(const struct rules *r, enum rule_source source)
{
	const char *lists[] = { sources[source].events, sources[source].or_events };
	uint64_t lost = 0;

	for (int i = 0; i < 2; i++) {
		for (const char *e = lists[i]; e && *e;) {
			size_t len = strcspn(e, " ");
			unsigned int id = event_id(e, len);

			if (id)
				lost += r->lost[id];
			e += len + strspn(e + len, " ");
		}
	}
	return lost;
}

static int __attribute__((format(printf, 4, 5)))
verdict(struct rule_result *res, enum check_verdict verdict, bool lost, const char *fmt, ...)
{
	va_list ap;
	int ret = 0;

	res->verdict = verdict;
	res->lost = lost;
	if (!fmt)
		return 0;
	va_start(ap, fmt);
	if (vasprintf(&res->why, fmt, ap) < 0) {
		res->why = NULL;
		ret = -1;
	}
	va_end(ap);
	return ret;
}

/* Sets a verdict if @rec does not have what @rule needs.  1: it has; else as verdict(). */
static int judge_sources(struct rules *r, const struct recording *rec, const struct rule *rule,
			 struct rule_result *res)
{
	const char *provider = recording_env(rec, "provider");
	const char *level = recording_env(rec, "level");

	for (unsigned int s = 0; s < NR_SOURCES; s++) {
		if (!(rule->needs & BIT(s)) || source_recorded(r, rec, s))
			continue;
		/* Where there are steps, other rules judge them. */
		if (s == SOURCE_IO)
			return verdict(res, CHECK_SKIPPED, false, NULL);
		if (level && strcmp(level, "events"))
			return verdict(res, CHECK_CANNOT_TELL, false,
				       "the recording is of level %s, which has no steps to check",
				       level);
		return verdict(res, CHECK_CANNOT_TELL, false, "the provider (%s) recorded no %s",
			       provider ? provider : "not named", sources[s].what);
	}
	return 1;
}

static int judge_rule(struct rules *r, const struct recording *rec, const struct rule *rule,
		      struct rule_result *res)
{
	uint64_t lost = 0;
	int ret = judge_sources(r, rec, rule, res);

	if (ret <= 0)
		return ret;
	for (unsigned int s = 0; s < NR_SOURCES; s++)
		if (rule->needs & BIT(s))
			lost += lost_of(r, s);
	if (res->broken && r->lost_total)
		return verdict(res, CHECK_CANNOT_TELL, true,
			       "%" PRIu64 " events were lost, which may be why", r->lost_total);
	if (res->broken && recording_cut(rec))
		return verdict(res, CHECK_CANNOT_TELL, true,
			       "the recording is cut off, which may be why");
	if (res->broken)
		return verdict(res, CHECK_FAILED, false, NULL);
	if (lost)
		return verdict(res, CHECK_CANNOT_TELL, true,
			       "events that it needs were lost (up to %" PRIu64 ")",
			       lost < r->lost_total ? lost : r->lost_total);
	if (res->held)
		return verdict(res, CHECK_PASSED, false, NULL);
	if (res->open)
		return verdict(res, CHECK_CANNOT_TELL, false,
			       "what it needs to know of the state before was not recorded");
	return verdict(res, CHECK_SKIPPED, false, NULL);
}

int rules_finish(struct rules *r, const struct recording *rec, struct nvs_error *err)
{
	read_losses(r, rec);
	for (unsigned int i = 0; i < r->nr; i++)
		if (judge_rule(r, rec, r->rule[i], &r->result[i]))
			return nvs_fail(err, "no memory to note a rule's result");
	return 0;
}
