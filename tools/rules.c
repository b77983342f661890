// SPDX-License-Identifier: GPL-2.0
/* Asks the rules at each event, keeps what they say, and makes verdicts of it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "event_info.h"
#include "model.h"
#include "rules_internal.h"

#define MAX_RULES 96

static const struct rule *const groups[] = { rules_of_registers, rules_of_queues, rules_of_rings,
					     rules_of_commands, rules_of_data };
#define NR_GROUPS (sizeof(groups) / sizeof(groups[0]))

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
};

struct rules {
	const struct rule *rule[MAX_RULES];
	unsigned int nr;
	size_t max_findings;
	struct rules_ctrl **ctrl;
	unsigned int nr_ctrls, nr_queues;
	uint64_t seen[NVS_EVENT_ID_MAX + 1];
	uint64_t lost[NVS_EVENT_ID_MAX + 1];
	uint64_t lost_total;
	struct rule_result result[MAX_RULES];
	/* Which rules are asked on which occasion. */
	uint8_t asked[NR_OCCASIONS][MAX_RULES];
	unsigned int nr_asked[NR_OCCASIONS];
};

const struct rule *rules_rule(unsigned int index)
{
	for (size_t g = 0; g < NR_GROUPS; g++)
		for (const struct rule *rule = groups[g]; rule->name; rule++)
			if (!index--)
				return rule;
	return NULL;
}

unsigned int rules_nr(void)
{
	unsigned int n = 0;

	while (rules_rule(n))
		n++;
	return n;
}

const struct rule_source_info *rules_source(enum rule_source source)
{
	return &sources[source];
}

const struct rule_result *rules_result(const struct rules *r, unsigned int index)
{
	return &r->result[index];
}

struct rules *rules_new(size_t findings)
{
	struct rules *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->max_findings = findings;
	r->nr = rules_nr();
	if (r->nr > MAX_RULES)
		abort(); /* make room */
	for (unsigned int i = 0; i < r->nr; i++) {
		r->rule[i] = rules_rule(i);
		for (unsigned int on = 0; on < NR_OCCASIONS; on++)
			if (r->rule[i]->on & BIT(on))
				r->asked[on][r->nr_asked[on]++] = (uint8_t)i;
	}
	return r;
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	for (unsigned int i = 0; i < r->nr_ctrls; i++)
		state_ctrl_free(r->ctrl[i]);
	free(r->ctrl);
	for (unsigned int i = 0; i < r->nr; i++) {
		for (size_t k = 0; k < r->result[i].nr_findings; k++)
			free(r->result[i].findings[k].text);
		free(r->result[i].findings);
		free(r->result[i].why);
	}
	free(r);
}

enum judgement broken(struct rule_moment *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, ap);
	va_end(ap);
	return BROKEN;
}

static int keep_finding(struct rule_result *res, const struct rule_moment *m, size_t max)
{
	struct rule_finding *more;

	if (res->nr_findings >= max)
		return 0;
	more = realloc(res->findings, (res->nr_findings + 1) * sizeof(*more));
	if (!more)
		return -1;
	res->findings = more;
	more[res->nr_findings] = (struct rule_finding){ .ts = m->h->ts,
							.event = m->h->id,
							.ctrl = m->h->ctrl,
							.qid = m->h->qid,
							.cid = m->h->cid,
							.text = strdup(m->text) };
	return more[res->nr_findings++].text ? 0 : -1;
}

static int ask(struct rules *r, struct rule_moment *m, enum rule_occasion on)
{
	for (unsigned int i = 0; i < r->nr_asked[on]; i++) {
		unsigned int index = r->asked[on][i];
		struct rule_result *res = &r->result[index];

		switch (r->rule[index]->judge(m)) {
		case HELD: res->held++; break;
		case OPEN: res->open++; break;
		case BROKEN:
			res->broken++;
			if (keep_finding(res, m, r->max_findings))
				return -1;
			break;
		case NO_OCCASION: break;
		}
	}
	return 0;
}

/* Which occasion an event is; NR_OCCASIONS: none. */
static enum rule_occasion occasion_of(const struct nvs_hdr *h)
{
	switch (h->id) {
	case NVS_ID_reg_read: return ON_REG_READ;
	case NVS_ID_reg_write: return ON_REG_WRITE;
	case NVS_ID_ctrl_state: return ON_STATE;
	case NVS_ID_queue_create: return ON_CREATE;
	case NVS_ID_sqe:
	case NVS_ID_cmd_sent: return ON_SENT;
	case NVS_ID_sq_doorbell: return ON_SQ_BELL;
	case NVS_ID_cqe: return ON_CQE;
	case NVS_ID_cq_doorbell: return ON_CQ_BELL;
	case NVS_ID_rq_start: return ON_START;
	case NVS_ID_rq_complete: return ON_END;
	case NVS_ID_cmd_unmap: return ON_UNMAP;
	default: return NR_OCCASIONS;
	}
}

/* 0 with NULL when a file claims more controllers than there can be. */
static int get_ctrl(struct rules *r, const struct nvs_hdr *h, struct rules_ctrl **ctrl)
{
	struct rules_ctrl **more;
	unsigned int i;

	for (i = 0; i < r->nr_ctrls && r->ctrl[i]->id != h->ctrl; i++)
		;
	*ctrl = NULL;
	if (i == MODEL_MAX_CTRLS)
		return 0;
	if (i == r->nr_ctrls) {
		more = realloc(r->ctrl, (i + 1) * sizeof(*more));
		if (!more)
			return -1;
		r->ctrl = more;
		r->ctrl[i] = state_ctrl_new(h->ctrl);
		if (!r->ctrl[i])
			return -1;
		r->nr_ctrls++;
	} else if (h->id == NVS_ID_ctrl_new) {
		/* Another device, or the same one found again. */
		state_ctrl_free(r->ctrl[i]);
		r->ctrl[i] = state_ctrl_new(h->ctrl);
		if (!r->ctrl[i]) {
			r->ctrl[i] = r->ctrl[--r->nr_ctrls];
			return -1;
		}
	}
	*ctrl = r->ctrl[i];
	if (h->id == NVS_ID_ctrl_new)
		(*ctrl)->fresh = (*ctrl)->whole = true;
	return 0;
}

static int get_queue(struct rules *r, struct rule_moment *m)
{
	m->q = state_find_queue(m->c, m->h->qid);
	if (m->q || r->nr_queues == MODEL_MAX_QUEUES)
		return 0;
	m->q = state_queue(m->c, m->h->qid);
	r->nr_queues++;
	return m->q ? 0 : -1;
}

static int take(struct rules *r, const struct nvs_hdr *h)
{
	struct rule_moment m = { .h = h };
	enum rule_occasion on = occasion_of(h);

	if (get_ctrl(r, h, &m.c))
		return -1;
	if (!m.c)
		return 0;
	if (get_queue(r, &m))
		return -1;
	if (!m.q)
		return 0;
	state_look_up(&m);
	if (on < NR_OCCASIONS && ask(r, &m, on))
		return -1;
	return state_update(&m);
}

int rules_event(struct rules *r, const struct nvs_hdr *h, struct nvs_error *err)
{
	if (h->id > NVS_EVENT_ID_MAX)
		return 0;
	r->seen[h->id]++;
	/* Phases, and what the device itself saw, have no rules. */
	if (h->ctrl == NVS_NO_CTRL || h->id == NVS_ID_phase_begin || h->id == NVS_ID_phase_end ||
	    !event_info(h->id) || event_info(h->id)->device)
		return 0;
	if (take(r, h))
		return nvs_fail(err,
				"out of memory for the queues and commands of nvme%u: close "
				"other programs or use a machine with more memory",
				h->ctrl);
	return 0;
}

/* --- verdicts ------------------------------------------------------------------- */

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

	r->lost_total = recording_lost_total(rec);
	for (unsigned int cpu = 0; cpu < recording_nr_cpus(rec); cpu++) {
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

static int judge_rule(struct rules *r, const struct recording *rec, const struct rule *rule,
		      struct rule_result *res)
{
	const char *provider = recording_env(rec, "provider");
	uint64_t lost = 0;

	for (unsigned int s = 0; s < NR_SOURCES; s++) {
		if (!(rule->needs & BIT(s)))
			continue;
		lost += lost_of(r, s);
		if (!source_recorded(r, rec, s))
			return verdict(res, CHECK_CANNOT_TELL, false,
				       "the provider (%s) recorded no %s",
				       provider ? provider : "not named", sources[s].what);
	}
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
