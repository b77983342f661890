// SPDX-License-Identifier: GPL-2.0
/* Asks the rules at each event, and keeps what they say. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "event_info.h"
#include "model.h"
#include "rules_internal.h"

static const struct rule *const groups[] = { rules_of_registers, rules_of_queues, rules_of_rings,
					     rules_of_commands,	 rules_of_data,	  rules_of_io };
#define NR_GROUPS (sizeof(groups) / sizeof(groups[0]))

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
	case NVS_ID_io: return ON_IO;
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
