/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of the NVMe specification that can be told from a recording, held
 * against each of its events in one pass.  Memory depends on controllers, queues
 * and commands in flight, never on how long the recording is.
 *
 * A rule never guesses: what it would have to know and cannot (the recording began
 * later, events were lost, the provider does not record them) it counts as open.
 */
#ifndef NVS_RULES_H
#define NVS_RULES_H

#include "check.h"
#include "recording.h"

/* What a rule takes its facts from.  Each may stand for several kinds of event. */
enum rule_source {
	SOURCE_REG_READ,
	SOURCE_REG_WRITE,
	SOURCE_STATE,
	SOURCE_SENT, /* commands as they were sent */
	SOURCE_DATA, /* and where their data lies */
	SOURCE_SQ_BELL,
	SOURCE_CQE,
	SOURCE_CQ_BELL,
	SOURCE_START,
	SOURCE_END,
	SOURCE_UNMAP,
	SOURCE_RETRY,
	SOURCE_CREATE,
	SOURCE_LIMITS,
	SOURCE_IO,
	NR_SOURCES
};

struct rule_source_info {
	const char *what; /* "register reads" */
	/* Names of events: all of one list, or all of the other, tell it. */
	const char *events, *or_events;
};

struct rule_moment;

/* What a rule says of one event. */
enum judgement {
	NO_OCCASION, /* the rule has nothing to do with it */
	HELD,
	OPEN, /* not to be told */
	BROKEN,
};

struct rule {
	const char *name;
	const char *section; /* of the NVMe Base Specification 2.0, if it names no other */
	const char *says;    /* one sentence */
	unsigned int needs;  /* bits of enum rule_source */
	unsigned int on;     /* bits of enum rule_occasion: when it is asked */
	enum judgement (*judge)(struct rule_moment *m);
};

struct rule_finding {
	uint64_t ts; /* ns, as recorded */
	uint16_t event, ctrl, qid, cid;
	char *text;
};

struct rule_result {
	enum check_verdict verdict;
	bool lost; /* losses leave it open */
	uint64_t held, broken, open;
	struct rule_finding *findings; /* the first ones */
	size_t nr_findings;
	char *why; /* of a verdict that needs a reason, or NULL */
};

struct rules;

/* Keeps at most @findings of each rule.  NULL: no memory. */
struct rules *rules_new(size_t findings);
void rules_free(struct rules *r);
/* Takes one event, in time order.  0, or -1 with @err set when memory ran out. */
int rules_event(struct rules *r, const struct nvs_hdr *h, struct nvs_error *err);
/* After the last event: what @rec says of losses and of its provider makes verdicts. */
int rules_finish(struct rules *r, const struct recording *rec, struct nvs_error *err);

unsigned int rules_nr(void);
const struct rule *rules_rule(unsigned int index);
const struct rule_source_info *rules_source(enum rule_source source);
const struct rule_result *rules_result(const struct rules *r, unsigned int index);

#endif
