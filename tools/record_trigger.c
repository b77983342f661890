// SPDX-License-Identifier: GPL-2.0
/* Triggers of the flight recorder: which event is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format.h"
#include "recording.h"
#include "record_trigger.h"

#define MAX_QUEUES 1024 /* a power of two; those beyond have no latency */
#define NR_TAGS	   4096 /* a command identifier is a tag, and a generation above it */
#define TAG(cid)   ((cid) & (NR_TAGS - 1))

/* A request under way; or its end, when that was told before its beginning by another CPU. */
struct request {
	uint64_t start, end; /* ns; 0: not seen */
	uint16_t cid;
};

struct queue {
	uint32_t name; /* controller << 16 | queue, plus 1; 0: free */
	struct request *requests;
};

struct triggers {
	char *text[NR_TRIGGERS]; /* NULL: is no trigger */
	uint64_t above;		 /* ns, for TRIGGER_lat */
	struct queue queues[MAX_QUEUES];
};

struct triggers *triggers_new(void)
{
	return calloc(1, sizeof(struct triggers));
}

void triggers_free(struct triggers *t)
{
	if (!t)
		return;
	for (unsigned int i = 0; i < MAX_QUEUES; i++)
		free(t->queues[i].requests);
	for (unsigned int kind = 0; kind < NR_TRIGGERS; kind++)
		free(t->text[kind]);
	free(t);
}

/* "10ms", "1.5s", "800us". */
static bool parse_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	size_t digits = strspn(text, "0123456789.");
	double value;
	char *end;

	if (!digits || *text == '.')
		return false;
	value = strtod(text, &end);
	if (end != text + digits)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name))
			continue;
		value *= units[i].ns;
		*ns = value < 1e18 ? (uint64_t)value : 0;
		return *ns;
	}
	return false;
}

bool triggers_add(struct triggers *t, const char *text)
{
#define TRIGGER_NAME(name, what) #name,
	static const char *const names[] = { TRIGGER_KINDS(TRIGGER_NAME) };
#undef TRIGGER_NAME
	unsigned int kind = 0;

	if (!strncmp(text, "lat>", 4)) {
		if (!parse_time(text + 4, &t->above))
			return false;
	} else {
		for (kind = TRIGGER_lat + 1; kind < NR_TRIGGERS; kind++)
			if (!strcmp(text, names[kind]))
				break;
		if (kind == NR_TRIGGERS)
			return false;
	}
	free(t->text[kind]);
	t->text[kind] = strdup(text);
	return t->text[kind];
}

bool triggers_has(const struct triggers *t, enum trigger_kind kind)
{
	return t->text[kind];
}

const char *triggers_text(const struct triggers *t, enum trigger_kind kind)
{
	return t->text[kind];
}

bool triggers_want(const struct triggers *t, unsigned int id)
{
	switch (id) {
	case NVS_ID_rq_start: return t->text[TRIGGER_lat];
	case NVS_ID_rq_complete:
	case NVS_ID_io: return t->text[TRIGGER_lat] || t->text[TRIGGER_error];
	case NVS_ID_timeout: return t->text[TRIGGER_timeout];
	case NVS_ID_abort: return t->text[TRIGGER_abort];
	case NVS_ID_reset:
	case NVS_ID_ctrl_state: return t->text[TRIGGER_reset];
	case NVS_ID_async_event: return t->text[TRIGGER_aen];
	default: return false;
	}
}

/* NULL: one queue too many, or no memory. */
static struct request *request_of(struct triggers *t, const struct nvs_hdr *ev)
{
	uint32_t name = ((uint32_t)ev->ctrl << 16 | ev->qid) + 1;
	uint32_t at = name * 2654435761u >> 16;

	for (unsigned int i = 0; i < MAX_QUEUES; i++) {
		struct queue *q = &t->queues[(at + i) & (MAX_QUEUES - 1)];

		if (!q->name) {
			q->requests = calloc(NR_TAGS, sizeof(*q->requests));
			if (!q->requests)
				return NULL;
			q->name = name;
		}
		if (q->name == name)
			return &q->requests[TAG(ev->cid)];
	}
	return NULL;
}

/* A request began or ended. Returns how long it took, once both are known, else 0. */
static uint64_t follow(struct triggers *t, const struct nvs_hdr *ev)
{
	struct request *rq = request_of(t, ev);
	bool ends = ev->id == NVS_ID_rq_complete;
	uint64_t took;

	if (!rq)
		return 0;
	if (rq->cid != ev->cid)
		*rq = (struct request){ .cid = ev->cid };
	if (ends)
		rq->end = ev->ts;
	else
		rq->start = ev->ts;
	if (!rq->start || !rq->end)
		return 0;
	/* An end before the beginning is that of the identifier's use before. */
	if (rq->end < rq->start) {
		rq->end = 0;
		return 0;
	}
	took = rq->end - rq->start;
	*rq = (struct request){ .cid = ev->cid };
	return took;
}

static bool too_long(struct triggers *t, uint64_t ns, struct trigger_hit *hit)
{
	if (!t->text[TRIGGER_lat] || ns <= t->above)
		return false;
	hit->kind = TRIGGER_lat;
	hit->latency = ns;
	return true;
}

static bool failed(struct triggers *t, uint16_t status, struct trigger_hit *hit)
{
	if (!t->text[TRIGGER_error] || !status)
		return false;
	hit->kind = TRIGGER_error;
	hit->status = status;
	return true;
}

static bool is(enum trigger_kind kind, struct trigger_hit *hit)
{
	hit->kind = kind;
	return true;
}

/* Not of each reset can it be told who asked for it, but that the controller is reset can. */
static bool resets(const struct nvs_ctrl_state *ev)
{
	return ev->changed && ev->new_state == NVS_STATE_resetting &&
	       ev->old_state != NVS_STATE_new;
}

bool triggers_see(struct triggers *t, const struct nvs_hdr *ev, struct trigger_hit *hit)
{
	const struct nvs_rq_complete *end = (const void *)ev;
	const struct nvs_io *io = (const void *)ev;

	*hit = (struct trigger_hit){ .event = *ev };
	switch (ev->id) {
	case NVS_ID_rq_start:
		/* Its end may have been told first. */
		return too_long(t, follow(t, ev), hit);
	case NVS_ID_rq_complete:
		return too_long(t, t->text[TRIGGER_lat] ? follow(t, ev) : 0, hit) ||
		       failed(t, end->status, hit);
	case NVS_ID_io:
		return too_long(t, io->setup && io->setup < ev->ts ? ev->ts - io->setup : 0, hit) ||
		       failed(t, io->status, hit);
	case NVS_ID_timeout: return is(TRIGGER_timeout, hit);
	case NVS_ID_abort: return is(TRIGGER_abort, hit);
	case NVS_ID_reset: return is(TRIGGER_reset, hit);
	case NVS_ID_ctrl_state: return resets((const void *)ev) && is(TRIGGER_reset, hit);
	case NVS_ID_async_event: return is(TRIGGER_aen, hit);
	default: return false;
	}
}

void trigger_describe(const struct trigger_hit *hit, const char *prefix, char *text, size_t size)
{
#define TRIGGER_WHAT(name, what) what,
	static const char *const whats[] = { TRIGGER_KINDS(TRIGGER_WHAT) };
#undef TRIGGER_WHAT
	int n = 0;

	if (hit->event.ctrl != NVS_NO_CTRL && hit->event.ts)
		n = snprintf(text, size, "%s%u queue %u command 0x%x (%s): ", prefix,
			     hit->event.ctrl, hit->event.qid, hit->event.cid,
			     nvs_event_name(hit->event.id));
	if (n < 0 || (size_t)n >= size)
		return;
	switch (hit->kind) {
	case TRIGGER_lat:
		snprintf(text + n, size - n, "took %s", format_ns((double)hit->latency).s);
		break;
	case TRIGGER_error: snprintf(text + n, size - n, "status 0x%x", hit->status); break;
	default: snprintf(text + n, size - n, "%s", whats[hit->kind]); break;
	}
}
