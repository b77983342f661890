// SPDX-License-Identifier: GPL-2.0
/* The window of a timeline: from one time to another, or around something that happened. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "event_info.h"
#include "format.h"
#include "timeline.h"

#define MAX_SLOWEST   1000
#define COMMAND_SPANS 4 /* a window has so many times what its command took */
#define LEAST_SPAN    100000ull
#define EVENT_SPAN    100000000ull

/* --- what is asked for ------------------------------------------------------------ */

static bool parse_number(const char *text, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno && *n;
}

static bool event_named(const char *name, size_t len, uint16_t *id)
{
	for (unsigned int i = 0; i <= NVS_EVENT_ID_MAX; i++) {
		const char *known = nvs_event_name(i);

		if (known && strlen(known) == len && !strncmp(known, name, len)) {
			*id = (uint16_t)i;
			return true;
		}
	}
	return false;
}

bool around_parse(const char *text, struct around *a, char *why, size_t size)
{
	size_t len = strcspn(text, "=");

	*a = (struct around){ .n = 1 };
	if (text[len] && !parse_number(text + len + 1, &a->n)) {
		snprintf(why, size, "--around %s: after the '=' comes a number from 1 up", text);
		return false;
	}
	if (len == strlen("slowest") && !strncmp(text, "slowest", len)) {
		a->what = AROUND_SLOWEST;
		if (a->n <= MAX_SLOWEST)
			return true;
		snprintf(why, size, "--around slowest goes up to %u", MAX_SLOWEST);
		return false;
	}
	if (len == strlen("error") && !strncmp(text, "error", len)) {
		a->what = AROUND_ERROR;
		return true;
	}
	if (event_named(text, len, &a->id)) {
		a->what = AROUND_EVENT;
		return true;
	}
	if (!text[len] && parse_number(text, &a->n)) {
		a->what = AROUND_NUMBER;
		return true;
	}
	snprintf(why, size,
		 "there is no event '%.*s': slowest, error, timeout, reset, abort, "
		 "ctrl_state or another of the table's names, or an event's number",
		 (int)(len > 40 ? 40 : len), text);
	return false;
}

/* --- finding it --------------------------------------------------------------------- */

/* A command that is looked for. */
struct found {
	uint64_t begin, end, took;
	uint16_t ctrl, qid;
	char label[160];
};

struct search {
	const struct around *a;
	struct found *slow; /* the slowest ones, the slowest first; @nr of them */
	uint64_t nr, max;
	uint64_t seen;	/* of what is counted */
	uint64_t first; /* ns, of the driver's first event */
	bool done;
	struct found it;
};

static void describe_command(struct found *f, const struct model_queue *q,
			     const struct model_cmd *c)
{
	const char *op = q->qid ? io_opcode_name(c->opcode) : NULL;
	const char *rq = nvs_symbol_name(NVS_SET_RQOP, c->op);

	snprintf(f->label, sizeof(f->label), "%s%s%s on nvme%u q%u, %s",
		 op   ? op
		 : rq ? rq
		      : "?",
		 c->bytes ? " " : "", c->bytes ? format_bytes(c->bytes).s : "", q->ctrl, q->qid,
		 format_ns_label((double)f->took).s);
}

uint64_t timeline_begin(const struct model_cmd *c)
{
	uint64_t start = c->at[STEP_START];

	if (!start || start > c->at[STEP_COMPLETE])
		return c->at[STEP_COMPLETE];
	return c->queued && c->queued < start ? c->queued : start;
}

static void take(struct found *f, const struct model_queue *q, const struct model_cmd *c)
{
	uint64_t begin = timeline_begin(c);

	*f = (struct found){ .begin = begin,
			     .end = c->at[STEP_COMPLETE],
			     .took = c->at[STEP_COMPLETE] - begin,
			     .ctrl = q->ctrl,
			     .qid = q->qid };
	describe_command(f, q, c);
}

static void on_slow(struct search *s, const struct model_queue *q, const struct model_cmd *c)
{
	uint64_t took = c->at[STEP_COMPLETE] - timeline_begin(c), at;

	if (!took)
		return;
	s->seen++;
	if (s->nr == s->max && took <= s->slow[s->nr - 1].took)
		return;
	at = s->nr < s->max ? s->nr++ : s->nr - 1;
	for (; at && s->slow[at - 1].took < took; at--)
		s->slow[at] = s->slow[at - 1];
	take(&s->slow[at], q, c);
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct search *s = ctx;

	if (!q->qid)
		return;
	if (s->a->what == AROUND_SLOWEST) {
		on_slow(s, q, c);
	} else if (c->status && !s->done && ++s->seen == s->a->n) {
		take(&s->it, q, c);
		s->done = true;
	}
}

static void on_event(struct search *s, const struct nvs_hdr *h)
{
	struct found *f = &s->it;
	int n;

	if (s->a->what == AROUND_EVENT ? h->id != s->a->id : s->a->what != AROUND_NUMBER)
		return;
	if (++s->seen != s->a->n)
		return;
	*f = (struct found){ .begin = h->ts, .end = h->ts, .ctrl = h->ctrl, .qid = h->qid };
	n = snprintf(f->label, sizeof(f->label), "%.30s on %s", nvs_event_name(h->id) ?: "?",
		     format_ctrl(h->ctrl).s);
	if (h->qid || (h->id >= NVS_ID_rq_start && h->id <= NVS_ID_io))
		snprintf(f->label + n, sizeof(f->label) - (size_t)n, " q%u", h->qid);
	s->done = true;
}

static int search(struct search *s, struct recording *rec, struct nvs_error *err)
{
	static const struct model_visitor visitor = { .command = on_command };
	bool commands = s->a->what == AROUND_SLOWEST || s->a->what == AROUND_ERROR;
	struct model *m = model_new(&visitor, s);
	struct recorded ev;
	int ret = 0;

	if (!m)
		return nvs_fail(err, "out of memory: close other programs and try again");
	while (!s->done && (ret = recording_next(rec, &ev, err)) > 0) {
		if (!s->first && ev.cpu != RECORDING_DEVICE)
			s->first = ev.hdr->ts;
		on_event(s, ev.hdr);
		ret = commands ? model_event(m, &ev, err) : 0;
		if (ret < 0)
			break;
	}
	if (ret == 0 && commands)
		model_finish(m);
	model_free(m);
	return ret < 0 ? -1 : 0;
}

static int not_there(const struct search *s, const char *dir, struct nvs_error *err)
{
	switch (s->a->what) {
	case AROUND_SLOWEST:
		return nvs_fail(err,
				"%s has %" PRIu64 " I/O commands with start and end, not %" PRIu64,
				dir, s->seen, s->a->n);
	case AROUND_ERROR:
		return nvs_fail(err,
				"%s has %" PRIu64 " I/O commands that ended with an error status, "
				"not %" PRIu64,
				dir, s->seen, s->a->n);
	case AROUND_NUMBER:
		return nvs_fail(err, "%s has %" PRIu64 " events, not %" PRIu64, dir, s->seen,
				s->a->n);
	default:
		return nvs_fail(err,
				"%s has %" PRIu64 " events %s, not %" PRIu64
				": 'nvmescope report' says what is in it",
				dir, s->seen, nvs_event_name(s->a->id), s->a->n);
	}
}

static void set_window(struct timeline *t, const struct search *s, uint64_t span)
{
	const struct found *f = &s->it;
	uint64_t middle = f->begin + (f->end - f->begin) / 2;

	if (!span && f->took)
		span = COMMAND_SPANS * f->took > LEAST_SPAN ? COMMAND_SPANS * f->took : LEAST_SPAN;
	else if (!span)
		span = EVENT_SPAN;
	t->from = middle > span / 2 ? middle - span / 2 : 0;
	if (t->from < s->first && f->end >= s->first)
		t->from = s->first;
	t->to = middle + span / 2;
	t->windowed = true;
	t->mark = (struct timeline_mark){
		.begin = f->begin, .end = f->end, .ctrl = f->ctrl, .qid = f->qid, .set = true
	};
	snprintf(t->mark.label, sizeof(t->mark.label), "%s", f->label);
}

int window_around(struct timeline *t, struct recording *rec, const char *dir,
		  const struct around *a, uint64_t span, struct nvs_error *err)
{
	struct search s = { .a = a, .max = a->n };
	int ret = -1;

	if (a->what == AROUND_SLOWEST)
		s.slow = calloc(s.max, sizeof(*s.slow));
	if (a->what == AROUND_SLOWEST && !s.slow)
		nvs_fail(err, "out of memory: close other programs and try again");
	else
		ret = search(&s, rec, err);
	if (ret == 0 && a->what == AROUND_SLOWEST && s.nr == a->n) {
		s.it = s.slow[s.nr - 1];
		s.done = true;
	}
	free(s.slow);
	if (ret < 0)
		return -1;
	if (!s.done)
		return not_there(&s, dir, err);
	set_window(t, &s, span);
	return 0;
}

/* --- from and to ---------------------------------------------------------------------- */

int window_fixed(struct timeline *t, struct recording *rec, const char *dir, uint64_t from,
		 uint64_t to, struct nvs_error *err)
{
	struct recorded ev;
	int ret;

	/* Times count from the driver's first event, not from the device's. */
	while ((ret = recording_next(rec, &ev, err)) > 0 && ev.cpu == RECORDING_DEVICE)
		;
	if (ret > 0) {
		t->from = ev.hdr->ts + from;
		t->to = to ? ev.hdr->ts + to : 0;
		t->windowed = true;
	}
	if (ret == 0)
		return nvs_fail(err, "%s has no events: there is nothing between --from and --to",
				dir);
	return ret < 0 ? -1 : 0;
}

int window_check(const struct timeline *t, struct nvs_error *err)
{
	const struct model_totals *m = model_totals(t->a.model);

	if (!t->windowed || t->from <= m->last_ts)
		return 0;
	return nvs_fail(err, "--from %.9g: the recording in %s ends %s after it began",
			(double)(t->from - m->first_ts) / 1e9, t->a.dir,
			format_ns((double)(m->last_ts - m->first_ts)).s);
}
