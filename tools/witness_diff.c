// SPDX-License-Identifier: GPL-2.0
/*
 * Two sequences of one lane held against each other, epoch by epoch.  After a
 * difference the nearest place where both agree again is sought, so that one
 * missing command is one difference and not a million.
 */
#include <stdlib.h>
#include <string.h>
#include "witness_internal.h"

#define LOOK_AHEAD 64		 /* items to skip at most to agree again */
#define LOOK_FAR   65536	 /* the same behind a burst of lost events */
#define AGREE	   3		 /* items that must then be equal in a row */
#define UNSEEN_NS  1000000000ull /* a driver that lives looks at a completion sooner */

struct slice {
	const struct witness_item *at, *end;
};

struct diffing {
	struct witness *w;
	const struct witness_lanes *ls;
	const struct witness_options *opt;
	bool dry;	 /* only to learn where both sides end */
	uint64_t end_ts; /* the log's time there */
	struct witness_lane *lane;
	uint32_t epoch;
	uint64_t missed; /* the lane's only_logged when the epoch began */
	size_t reach;	 /* how far to look where a burst of events was lost; 0: none was */
};

static bool same_command(const struct witness_lane *lane, const struct witness_item *rec,
			 const struct witness_item *log)
{
	if (rec->cid != log->cid)
		return false;
	if (rec->code == WITNESS_NO_SETUP)
		return true;
	/* The log tells the namespace of an admin command, and blocks, only where it decoded them. */
	if (rec->code != log->code || (rec->nsid != log->nsid && (lane->qid || log->nsid)))
		return false;
	return !log->nlb || (rec->nlb == log->nlb && rec->value == log->value);
}

bool witness_same(const struct witness_lane *lane, const struct witness_item *rec,
		  const struct witness_item *log)
{
	switch (lane->kind) {
	case WITNESS_CMD: return same_command(lane, rec, log);
	case WITNESS_CQE:
		return rec->cid == log->cid && rec->code == log->code && rec->value == log->value;
	default: return rec->code == log->code && rec->value == log->value;
	}
}

static void differ(struct diffing *d, enum witness_how how, const struct witness_item *rec,
		   const struct witness_item *log)
{
	struct witness_lane *lane = d->lane;
	struct witness_diff diff = { .how = how };

	if (d->dry)
		return;
	if (rec)
		diff.rec = *rec;
	if (log)
		diff.log = *log;
	if (lane->differences < WITNESS_FIRST)
		lane->first[lane->differences] = diff;
	lane->differences++;
	lane->only_logged += how == DIFF_ONLY_LOGGED;
}

static void agree(struct diffing *d, const struct witness_item *rec, const struct witness_item *log)
{
	if (d->dry) {
		if (log->place > d->w->end_line) {
			d->w->end_line = log->place;
			d->end_ts = log->ts;
		}
		return;
	}
	d->lane->equal++;
	if (d->opt->pair)
		d->opt->pair(d->opt->arg, d->lane, rec, log);
}

/* Whether both sides agree for a while, @i further on in one and @j in the other. */
static bool agrees_at(const struct diffing *d, struct slice rec, struct slice log, size_t i,
		      size_t j)
{
	size_t k, nr = rec.end - rec.at, nl = log.end - log.at;

	for (k = 0; k < AGREE && i + k < nr && j + k < nl; k++)
		if (!witness_same(d->lane, &rec.at[i + k], &log.at[j + k]))
			return false;
	return k;
}

/* Items only one side has: @k of them, then both agree. */
static void step_one_side(struct diffing *d, enum witness_how how, struct slice *side, size_t k)
{
	for (; k; k--, side->at++)
		differ(d, how, how == DIFF_ONLY_RECORDED ? side->at : NULL,
		       how == DIFF_ONLY_LOGGED ? side->at : NULL);
}

/* The nearest place where the log agrees with the recording again; 0: none in reach. */
static size_t log_ahead(const struct diffing *d, struct slice rec, struct slice log)
{
	for (size_t k = 1; k <= d->reach && (ssize_t)k < log.end - log.at; k++)
		if (agrees_at(d, rec, log, 0, k))
			return k;
	return 0;
}

/* The same where either may be ahead of the other, or both had something else. */
static void step_nearest(struct diffing *d, struct slice *rec, struct slice *log)
{
	for (size_t k = 1; k <= LOOK_AHEAD; k++) {
		if (agrees_at(d, *rec, *log, k, 0)) {
			step_one_side(d, DIFF_ONLY_RECORDED, rec, k);
			return;
		}
		if (agrees_at(d, *rec, *log, k, k))
			break; /* as many on either side: changed, one for one */
		if (agrees_at(d, *rec, *log, 0, k)) {
			step_one_side(d, DIFF_ONLY_LOGGED, log, k);
			return;
		}
	}
	differ(d, DIFF_CHANGED, rec->at++, log->at++);
}

static bool swapped(const struct diffing *d, struct slice rec, struct slice log)
{
	return rec.end - rec.at > 1 && log.end - log.at > 1 &&
	       witness_same(d->lane, rec.at, log.at + 1) &&
	       witness_same(d->lane, rec.at + 1, log.at);
}

/*
 * rec.at and log.at differ: says how, and steps over it.  A recording that lost
 * events is behind, however far; doorbell values repeat with each lap of the
 * ring, so the other way must not be looked at first.
 */
static void step_over(struct diffing *d, struct slice *rec, struct slice *log)
{
	size_t k;

	if (swapped(d, *rec, *log)) {
		differ(d, DIFF_SWAPPED, rec->at, log->at);
		rec->at += 2;
		log->at += 2;
		return;
	}
	if (d->reach && !agrees_at(d, *rec, *log, 1, 1)) {
		k = log_ahead(d, *rec, *log);
		if (k) {
			step_one_side(d, DIFF_ONLY_LOGGED, log, k);
			return;
		}
		d->reach = 0; /* looked far in vain: once is enough */
	}
	step_nearest(d, rec, log);
}

/* --- what is left over when one side has ended ------------------------------ */

/* Adds @by for each of the recording's items of this epoch, by identifier. */
static void count_ids(const struct diffing *d, enum witness_kind kind, int32_t by, int32_t *nr)
{
	struct witness_lane **lanes = d->ls->by_id[kind];
	const struct witness_lane *lane = lanes ? lanes[d->lane->qid] : NULL;

	for (size_t i = 0; lane && i < lane->rec.nr; i++)
		if (lane->rec.items[i].epoch == d->epoch)
			nr[lane->rec.items[i].cid] += by;
}

/* How many more commands than completions each identifier has in the recording. */
static int32_t *outstanding(const struct diffing *d)
{
	int32_t *nr = calloc(UINT16_MAX + 1, sizeof(*nr));

	if (nr) {
		count_ids(d, WITNESS_CMD, 1, nr);
		count_ids(d, WITNESS_CQE, -1, nr);
	}
	return nr;
}

/* Completions that the driver has recorded giving back by doorbell, but not taking. */
static int64_t untold(const struct diffing *d)
{
	struct witness_lane **lanes = d->ls->by_id[WITNESS_CQ_BELL];
	const struct witness_lane *bells = lanes ? lanes[d->lane->qid] : NULL;
	int64_t nr = 0;

	for (size_t i = 0; bells && i < bells->rec.nr; i++)
		if (bells->rec.items[i].epoch == d->epoch)
			nr += bells->rec.items[i].nlb;
	for (size_t i = 0; i < d->lane->rec.nr; i++)
		nr -= d->lane->rec.items[i].epoch == d->epoch;
	/* Less those that are known to be missing, since others follow them. */
	return nr - (d->lane->only_logged - d->missed);
}

/*
 * A completion that the driver did not look at must answer a command that waited
 * for one, and have come too late: before a reset, or close to the recording's end.
 */
static void judge_unseen(struct diffing *d, const struct witness_item *log, bool waited)
{
	if (d->epoch + 1 == d->ls->nr_epochs && log->place > d->w->end_line)
		d->lane->after_end++;
	else if (waited && d->ls->epochs[d->epoch].closed)
		d->lane->lost_to_reset++;
	else if (waited && d->end_ts - log->ts < UNSEEN_NS)
		d->lane->after_end++;
	else
		differ(d, DIFF_ONLY_LOGGED, NULL, log);
}

static void judge_completions(struct diffing *d, struct slice log)
{
	int32_t *open = outstanding(d);

	for (int64_t seen = untold(d); log.at < log.end; log.at++, seen--) {
		if (seen > 0)
			differ(d, DIFF_ONLY_LOGGED, NULL, log.at);
		else
			judge_unseen(d, log.at, open && open[log.at->cid]-- > 0);
	}
	free(open);
}

static void judge_logged(struct diffing *d, struct slice log)
{
	bool last = d->epoch + 1 == d->ls->nr_epochs;

	if (d->dry || log.at == log.end)
		return;
	if (d->lane->kind == WITNESS_CQE) {
		judge_completions(d, log);
		return;
	}
	for (; log.at < log.end; log.at++) {
		if (last && log.at->place > d->w->end_line)
			d->lane->after_end++;
		else
			differ(d, DIFF_ONLY_LOGGED, NULL, log.at);
	}
}

/* Only a command may be there that the device was stopped before fetching, so unanswered. */
static void judge_recorded(struct diffing *d, struct slice rec)
{
	int32_t *open = NULL;

	if (d->dry || rec.at == rec.end)
		return;
	if (d->lane->kind == WITNESS_CMD && d->ls->epochs[d->epoch].closed)
		open = outstanding(d);
	for (; rec.at < rec.end; rec.at++) {
		if (open && open[rec.at->cid]-- > 0)
			d->lane->lost_to_reset++;
		else
			differ(d, DIFF_ONLY_RECORDED, rec.at, NULL);
	}
	free(open);
}

/* --- lanes ------------------------------------------------------------------ */

static struct slice next_slice(const struct witness_seq *seq, size_t *from, uint32_t epoch)
{
	struct slice s = { NULL, NULL };

	if (!seq->nr)
		return s; /* nothing to point to */
	s.at = seq->items + *from;
	while (*from < seq->nr && seq->items[*from].epoch <= epoch)
		(*from)++;
	s.end = seq->items + *from;
	return s;
}

/*
 * Which of the values that a doorbell moves over, counted from 1, is @value?  0: none.
 * The last one is what was written; count, old and new value tell the ring's size.
 */
static uint64_t step_of(const struct witness_item *bell, uint64_t value)
{
	uint64_t old = bell->nsid, to = bell->value, size = bell->nlb + old - to;

	if (old < to)
		return value > old && value <= to ? value - old : 0;
	if (value > old)
		return value < size ? value - old : 0;
	return value <= to ? size - old + value : 0;
}

/* Where in the recorded doorbells the device's view is. */
struct view {
	const struct witness_item *bell;
	uint64_t step; /* of the bell's, seen already */
};

/* Moves to the next doorbell that leads to @value, or over it if @over. */
static bool advance(struct slice rec, struct view *view, uint64_t value, bool over)
{
	uint64_t seen = view->step;

	for (const struct witness_item *it = view->bell; it < rec.end; it++, seen = 0) {
		uint64_t step = step_of(it, value);

		if (it - view->bell > LOOK_FAR)
			return false;
		if (!step || step < seen || (!over && step != it->nlb))
			continue;
		*view = (struct view){ .bell = it, .step = step };
		return true;
	}
	return false;
}

/*
 * The stock provider tells of doorbells that several CPUs rang one after the other as one:
 * the device may have seen a value between.
 */
static bool find_seen(const struct diffing *d, struct slice rec, struct view *view, uint64_t value)
{
	bool several = d->w->stock &&
		       (d->lane->kind == WITNESS_SQ_SHADOW || d->lane->kind == WITNESS_SQ_BELL);

	return advance(rec, view, value, several) ||
	       (d->w->stock && advance(rec, view, value, true));
}

/*
 * What the device saw of a shadow doorbell follows what was written there: it may see a
 * value twice, and may miss some.  What it saw before the recording began is no news.
 */
static void follow(struct diffing *d, struct slice rec, struct slice log)
{
	struct view view = { .bell = rec.at };
	bool begun = false;

	for (; log.at < log.end; log.at++) {
		bool stale = !begun && rec.at < rec.end && log.at->value == rec.at->nsid;

		if (!stale && find_seen(d, rec, &view, log.at->value)) {
			begun = true;
			if (!d->dry && view.step < view.bell->nlb)
				d->lane->within++;
			else if (!d->dry)
				d->lane->equal++;
		} else if (d->dry) {
			continue;
		} else if (stale || (!begun && !d->epoch)) {
			d->lane->before++;
		} else if (d->epoch + 1 == d->ls->nr_epochs && log.at->place > d->w->end_line) {
			d->lane->after_end++;
		} else {
			differ(d, DIFF_ONLY_LOGGED, NULL, log.at);
		}
	}
}

static bool is_shadow(const struct witness_lane *lane)
{
	return lane->kind == WITNESS_SQ_SHADOW || lane->kind == WITNESS_CQ_SHADOW;
}

/* Is it enough that what the device saw was recorded? */
static bool is_followed(const struct diffing *d)
{
	bool bell = d->lane->kind == WITNESS_SQ_BELL || d->lane->kind == WITNESS_CQ_BELL;

	return is_shadow(d->lane) || (bell && d->w->stock && d->lane->rec.nr);
}

static void compare_lane(struct diffing *d)
{
	size_t r = 0, l = 0;

	for (d->epoch = 0; d->epoch < d->ls->nr_epochs; d->epoch++) {
		struct slice rec = next_slice(&d->lane->rec, &r, d->epoch);
		struct slice log = next_slice(&d->lane->log, &l, d->epoch);

		d->missed = d->lane->only_logged;
		if (is_followed(d)) {
			if (!d->lane->rec.nr)
				continue; /* what the device itself put there */
			follow(d, rec, log);
			continue;
		}
		while (rec.at < rec.end && log.at < log.end) {
			if (witness_same(d->lane, rec.at, log.at))
				agree(d, rec.at++, log.at++);
			else
				step_over(d, &rec, &log);
		}
		judge_recorded(d, rec);
		judge_logged(d, log);
	}
	/* The log goes on to starts of the controller that were not recorded. */
	if (!d->dry)
		d->lane->after_end += d->lane->log.nr - l;
}

/*
 * With events lost, what the recording lacks proves nothing; but a lane that has
 * everything the device logged has lost nothing, whatever else was lost.
 */
static enum witness_verdict judge(const struct witness *w, const struct witness_lane *lane)
{
	bool lossy = w->lost || w->torn;

	if (lane->differences > lane->only_logged)
		return WITNESS_DIFFERENT;
	/* Recorded, and the log has nothing to hold against it. */
	if (is_shadow(lane) && lane->rec.nr > lane->lost_to_reset && !lane->equal && !lane->within)
		return WITNESS_CANNOT_TELL;
	if (lane->differences || lane->partial)
		return lossy ? WITNESS_CANNOT_TELL : WITNESS_DIFFERENT;
	return lossy && lane->after_end ? WITNESS_CANNOT_TELL : WITNESS_EQUAL;
}

int witness_compare(struct witness *w, const struct witness_lanes *ls,
		    const struct witness_options *opt, struct nvs_error *err)
{
	struct diffing d = { .w = w, .ls = ls, .opt = opt };

	for (int dry = 1; dry >= 0; dry--) {
		d.dry = dry;
		for (size_t i = 0; i < w->nr_lanes; i++) {
			d.lane = w->lanes[i];
			d.reach = w->lost || w->torn ? LOOK_FAR : 0;
			compare_lane(&d);
		}
	}
	w->verdict = WITNESS_EQUAL;
	for (size_t i = 0; i < w->nr_lanes; i++) {
		w->lanes[i]->verdict = judge(w, w->lanes[i]);
		if (w->lanes[i]->verdict > w->verdict)
			w->verdict = w->lanes[i]->verdict;
	}
	if (!w->end_line)
		return nvs_fail(err, "the recording and the log have nothing in common");
	return 0;
}
