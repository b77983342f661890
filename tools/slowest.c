// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "slowest.h"

int slowest_init(struct slowest *s, unsigned int max)
{
	*s = (struct slowest){ .max = max };
	s->of = max ? calloc(max, sizeof(*s->of)) : NULL;
	return max && !s->of ? -1 : 0;
}

void slowest_free(struct slowest *s)
{
	free(s->of);
	*s = (struct slowest){ 0 };
}

static uint64_t end_of(const struct slow *s)
{
	return s->cmd.at[STEP_COMPLETE];
}

static uint64_t begin_of(const struct slow *s)
{
	return end_of(s) - s->split.total;
}

/* Of equals the earlier one is the slower, so that the order of reading does not matter. */
static bool slower(const struct slow *a, const struct slow *b)
{
	if (a->split.total != b->split.total)
		return a->split.total > b->split.total;
	if (end_of(a) != end_of(b))
		return end_of(a) < end_of(b);
	if (a->ctrl != b->ctrl)
		return a->ctrl < b->ctrl;
	return a->qid != b->qid ? a->qid < b->qid : a->cmd.cid < b->cmd.cid;
}

/* A heap, the least slow on top. */
static void sift_down(struct slowest *s, unsigned int i)
{
	struct slow moving = s->of[i];

	for (;;) {
		unsigned int child = 2 * i + 1;

		if (child >= s->nr)
			break;
		if (child + 1 < s->nr && slower(&s->of[child], &s->of[child + 1]))
			child++;
		if (!slower(&moving, &s->of[child]))
			break;
		s->of[i] = s->of[child];
		i = child;
	}
	s->of[i] = moving;
}

static void take(struct slowest *s, const struct slow *new)
{
	if (s->nr < s->max) {
		s->of[s->nr++] = *new;
		for (unsigned int i = s->nr / 2; s->nr == s->max && i--;)
			sift_down(s, i);
	} else if (slower(new, &s->of[0])) {
		s->of[0] = *new;
		sift_down(s, 0);
	}
}

void slowest_command(struct slowest *s, const struct model_queue *q, const struct model_cmd *c)
{
	struct model_split split;

	if (!s->max || !q->qid || !model_split(c, &split))
		return;
	if (s->nr < s->max || split.total >= s->of[0].split.total)
		take(s,
		     &(struct slow){ .ctrl = q->ctrl, .qid = q->qid, .split = split, .cmd = *c });
}

void slowest_merge(struct slowest *s, const struct slowest *from)
{
	for (unsigned int i = 0; i < from->nr; i++)
		take(s, &from->of[i]);
}

static int by_slowness(const void *a, const void *b)
{
	return slower(a, b) ? -1 : slower(b, a);
}

/*
 * What was ahead of a command ended after its doorbell.  If it ended later than the command's end
 * and as long again, it took longer than the command, and began before it: it is among the slower
 * ones that are known.  So nothing outside this window is missed.
 */
struct window {
	uint64_t from, to;
};

static int by_time(const void *a, const void *b)
{
	const struct window *w = a, *v = b;

	return (w->from > v->from) - (w->from < v->from);
}

static uint64_t device_left(const struct model_cmd *c)
{
	return c->at[STEP_CQE] ? c->at[STEP_CQE] : c->at[STEP_COMPLETE];
}

static bool same_command(const struct slow *s, const struct model_cmd *c)
{
	return s->cmd.cid == c->cid && end_of(s) == c->at[STEP_COMPLETE];
}

static void meet(struct slow *s, const struct model_cmd *c)
{
	uint64_t bell = s->cmd.at[STEP_SQ_BELL], rung = c->at[STEP_SQ_BELL];

	if (same_command(s, c))
		return;
	if (rung < bell && device_left(c) > bell) {
		s->near.ahead++;
		s->near.ahead_of[stats_op(c)][stats_size(c->bytes)]++;
	} else if (rung == bell) {
		s->near.beside++;
	} else if (rung > bell && device_left(c) < s->cmd.at[STEP_CQE]) {
		s->near.overtook++;
	}
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct slowest *s = ctx;

	if (!c->at[STEP_SQ_BELL])
		return;
	for (unsigned int i = 0; i < s->nr; i++)
		if (s->of[i].ctrl == q->ctrl && s->of[i].qid == q->qid)
			meet(&s->of[i], c);
}

static bool is_near(const struct slowest *s, const struct nvs_hdr *h)
{
	for (unsigned int i = 0; i < s->nr; i++)
		if (s->of[i].ctrl == h->ctrl && s->of[i].qid == h->qid)
			return true;
	return false;
}

static int read_window(struct slowest *s, struct reader *rd, const struct window *w,
		       struct nvs_error *err)
{
	static const struct model_visitor visitor = { .command = on_command };
	struct model *m = model_new(&visitor, s);
	struct recorded ev;
	int ret = m ? 0 : nvs_fail(err, "out of memory: close other programs and try again");

	reader_window(rd, w->from, w->to);
	/* A record of another queue says nothing of these. */
	while (ret == 0 && (ret = reader_next(rd, &ev, err)) > 0)
		ret = ev.hdr->id != NVS_ID_io || is_near(s, ev.hdr) ? model_event(m, &ev, err) : 0;
	if (ret == 0)
		model_finish(m);
	model_free(m);
	return ret;
}

/* Windows that overlap are read once, for a command must be met once. */
static int read_windows(struct slowest *s, struct window *w, struct reader *rd,
			struct nvs_error *err)
{
	for (unsigned int i = 0; i < s->nr;) {
		struct window all = w[i];

		for (; i < s->nr && w[i].from <= all.to; i++)
			if (w[i].to > all.to)
				all.to = w[i].to;
		if (read_window(s, rd, &all, err) < 0)
			return -1;
	}
	return 0;
}

int slowest_finish(struct slowest *s, const struct recording *r, struct nvs_error *err)
{
	struct window *w;
	struct reader *rd;
	int ret;

	if (!s->nr)
		return 0;
	qsort(s->of, s->nr, sizeof(*s->of), by_slowness);
	w = calloc(s->nr, sizeof(*w));
	if (!w)
		return nvs_fail(err, "out of memory: close other programs and try again");
	for (unsigned int i = 0; i < s->nr; i++) {
		uint64_t total = s->of[i].split.total, begin = begin_of(&s->of[i]);

		w[i].from = begin > total ? begin - total : 1;
		w[i].to = end_of(&s->of[i]) + total;
	}
	qsort(w, s->nr, sizeof(*w), by_time);
	rd = reader_new(r, err);
	ret = rd ? read_windows(s, w, rd, err) : -1;
	reader_free(rd);
	free(w);
	return ret;
}
