// SPDX-License-Identifier: GPL-2.0
/*
 * Where in the log does the recording begin?  Before that line are firmware,
 * other drivers and earlier runs.  The register writes that start a controller
 * are the mark: queue addresses make them nearly unique, and where one boot made
 * the same ones twice, the pace of the writes tells the runs apart.
 */
#include <string.h>
#include "witness_internal.h"

#define HEAD_MAX  16	  /* commands or doorbells that mark a place */
#define SLACK_NS  1000000 /* between the clocks */
#define BELLS_OFF 4	  /* doorbells that the place may be off by */
#define RUN_MAX	  1024	  /* items after which two places are told apart by nothing else */

/* Items from @log + @at on that equal those of @rec, up to @max; @spread: how unevenly, ns. */
static size_t run_at(const struct witness_lane *lane, size_t at, size_t max, uint64_t *spread)
{
	int64_t low = INT64_MAX, high = INT64_MIN;
	size_t i;

	for (i = 0; i < max && i < lane->rec.nr && at + i < lane->log.nr; i++) {
		const struct witness_item *rec = &lane->rec.items[i],
					  *log = &lane->log.items[at + i];
		int64_t ahead = log->ts - rec->ts;

		if (!witness_same(lane, rec, log))
			break;
		low = ahead < low ? ahead : low;
		high = ahead > high ? ahead : high;
	}
	*spread = i ? (uint64_t)high - (uint64_t)low : 0;
	return i;
}

/* Has the log from there on all that was recorded? */
static bool fits_all(const struct witness_lane *lane, size_t run)
{
	return run == (lane->rec.nr < RUN_MAX ? lane->rec.nr : RUN_MAX);
}

/*
 * Which of two places that fit is the recording's?  Where the same commands come round under the
 * same identifiers many places fit for long, and a difference of order may cut the right one
 * short: first the pace decides, over what both have, if the log has times; then the length.
 * Register writes come round with each reset only, and a busy machine's pace is no mark: for them
 * the place that has them all comes first.
 */
static bool fits_better(const struct witness_lane *lane, size_t at, size_t run, size_t best,
			size_t best_run)
{
	uint64_t spread, best_spread;

	if (lane->kind == WITNESS_REG && fits_all(lane, run) != fits_all(lane, best_run))
		return fits_all(lane, run);
	run_at(lane, at, run < best_run ? run : best_run, &spread);
	run_at(lane, best, run < best_run ? run : best_run, &best_spread);
	if (lane->log.items[0].ts && (spread < best_spread / 2 || best_spread < spread / 2))
		return spread < best_spread;
	return run > best_run || (run == best_run && spread < best_spread);
}

/* The place in the lane's log where at least @need items equal the recording's; -1: none. */
static ssize_t find_run(const struct witness_lane *lane, size_t need, unsigned int *places)
{
	size_t best_run = 0;
	uint64_t spread;
	ssize_t best = -1;

	*places = 0;
	for (size_t at = 0; at < lane->log.nr; at++) {
		size_t run = run_at(lane, at, RUN_MAX, &spread);

		if (run < need)
			continue;
		++*places;
		if (best >= 0 && !fits_better(lane, at, run, best, best_run))
			continue;
		best = at;
		best_run = run;
	}
	return best;
}

static bool starts(const struct witness_item *item)
{
	return item->code == CC_OFFSET && (item->value & CC_EN) && !(item->value & CC_SHN_MASK);
}

/* Register writes up to the first start of the controller; 0: it has none. */
static size_t writes_to_start(const struct witness_lane *lane)
{
	for (size_t i = 0; lane && i < lane->rec.nr; i++)
		if (starts(&lane->rec.items[i]))
			return i + 1;
	return 0;
}

static void drop_before(struct witness *w, struct witness_lane *lane, size_t from, uint32_t base)
{
	struct witness_seq *log = &lane->log;

	if (from)
		memmove(log->items, log->items + from, (log->nr - from) * sizeof(*log->items));
	log->nr -= from;
	w->events_before += from;
	for (size_t i = 0; i < log->nr; i++)
		log->items[i].epoch -= log->items[i].epoch < base ? log->items[i].epoch : base;
}

static size_t first_from_line(const struct witness_lane *lane, uint64_t line)
{
	size_t i = 0;

	while (i < lane->log.nr && lane->log.items[i].place < line)
		i++;
	return i;
}

static int cut_at_start(struct witness *w, struct witness_lane *regs, size_t writes,
			const char *log_name, struct nvs_error *err)
{
	ssize_t at = find_run(regs, writes, &w->places);
	uint32_t base;

	if (at < 0)
		return nvs_fail(
			err,
			"the %zu register writes with which the recording starts the "
			"controller are not in %s in this order: it is another run's log, or "
			"QEMU did not trace pci_nvme_mmio_write",
			writes, log_name);
	w->start_line = regs->log.items[at].place;
	base = at ? regs->log.items[at - 1].epoch : 0;
	for (size_t i = 0; i < w->nr_lanes; i++)
		drop_before(w, w->lanes[i], first_from_line(w->lanes[i], w->start_line), base);
	return 0;
}

/* --- a recording that began while the controller ran ------------------------- */

/*
 * Doorbells of which it is enough that the device saw none that was not recorded: some it sees
 * twice and some not at all, or two are recorded as one.  No run of them is equal, and where they
 * begin the time says.
 */
static bool is_loose(const struct witness *w, enum witness_kind kind)
{
	bool bell = kind == WITNESS_SQ_BELL || kind == WITNESS_CQ_BELL;

	return kind == WITNESS_SQ_SHADOW || kind == WITNESS_CQ_SHADOW || (bell && w->stock);
}

static size_t first_at_time(const struct witness_lane *lane, uint64_t then)
{
	size_t i = 0;

	while (i < lane->log.nr && lane->log.items[i].ts + SLACK_NS < then)
		i++;
	return i;
}

static bool rings_first(const struct witness_lane *lane, size_t at)
{
	return at < lane->log.nr && lane->log.items[at].value == lane->rec.items[0].value;
}

/*
 * On a busy machine the clocks are apart by more than two doorbells are: of those next to that time it
 * is the nearest with the value that was recorded first, if there is one.
 */
static size_t first_bell(const struct witness_lane *lane, uint64_t then)
{
	size_t at = first_at_time(lane, then);

	for (size_t off = 0; off <= BELLS_OFF; off++) {
		if (off <= at && rings_first(lane, at - off))
			return at - off;
		if (rings_first(lane, at + off))
			return at + off;
	}
	return at;
}

/* Of two places, one of which has all: is it the first of them, unless its pace is the worse? */
static bool fits_rather(const struct witness_lane *lane, size_t at, size_t run, size_t best,
			size_t best_run)
{
	bool all = fits_all(lane, run);
	uint64_t spread, best_spread;

	run_at(lane, at, run < best_run ? run : best_run, &spread);
	run_at(lane, best, run < best_run ? run : best_run, &best_spread);
	return all ? best_spread >= spread / 2 : spread < best_spread / 2;
}

/*
 * Where the lane's log agrees with the recording's head, next to the time that this must
 * have been at: @ahead is what the log's clock is ahead of the recording's.  A place from where
 * the log has all of the recording goes before: one command at a time comes round with the same
 * head every 16, and clocks of a busy machine are apart by more than that.
 */
static size_t nearest_head(const struct witness *w, const struct witness_lane *lane, uint64_t line,
			   uint64_t ahead)
{
	size_t need = lane->rec.nr < HEAD_MAX ? lane->rec.nr : HEAD_MAX;
	size_t best = first_from_line(lane, line), best_run = 0;
	uint64_t spread, best_far = UINT64_MAX;

	if (need && lane->log.nr && lane->log.items[0].ts && is_loose(w, lane->kind))
		return first_bell(lane, lane->rec.items[0].ts + ahead);
	for (size_t at = 0; need && at < lane->log.nr; at++) {
		uint64_t then = lane->rec.items[0].ts + ahead, ts = lane->log.items[at].ts;
		uint64_t far = ts > then ? ts - then : then - ts;
		size_t run = run_at(lane, at, RUN_MAX, &spread);
		bool rather = fits_all(lane, run) == fits_all(lane, best_run)
				      ? far < best_far
				      : fits_rather(lane, at, run, best, best_run);

		if (run < need || !rather)
			continue;
		best = at;
		best_run = run;
		best_far = far;
	}
	return best;
}

static const struct witness_lane *busiest_commands(const struct witness *w)
{
	const struct witness_lane *best = NULL;

	for (size_t i = 0; i < w->nr_lanes; i++)
		if (w->lanes[i]->kind == WITNESS_CMD &&
		    (!best || w->lanes[i]->rec.nr > best->rec.nr))
			best = w->lanes[i];
	return best;
}

/* Commands are the best mark then: identifier, blocks and order. */
static int cut_running(struct witness *w, const char *log_name, struct nvs_error *err)
{
	const struct witness_lane *cmds = busiest_commands(w);
	size_t need = !cmds ? 0 : cmds->rec.nr < HEAD_MAX ? cmds->rec.nr : HEAD_MAX;
	ssize_t at = need ? find_run(cmds, need, &w->places) : -1;
	const struct witness_item *mark;
	uint64_t ahead;
	uint32_t base;

	if (!need)
		return nvs_fail(err,
				"the recording holds no command and no start of a controller, so "
				"there is nothing to find in %s",
				log_name);
	if (at < 0)
		return nvs_fail(
			err,
			"the first %zu commands recorded on queue %u are not in %s: it is "
			"another run's log, or events were lost at the recording's start; start "
			"'nvmescope record' before the driver is loaded",
			need, cmds->qid, log_name);
	mark = &cmds->log.items[at];
	w->start_line = mark->place;
	base = mark->epoch - cmds->rec.items[0].epoch;
	ahead = mark->ts - cmds->rec.items[0].ts;
	for (size_t i = 0; i < w->nr_lanes; i++)
		drop_before(w, w->lanes[i], nearest_head(w, w->lanes[i], w->start_line, ahead),
			    base);
	return 0;
}

int witness_cut(struct witness *w, struct witness_lanes *ls, const char *log_name,
		struct nvs_error *err)
{
	struct witness_lane *regs = ls->by_id[WITNESS_REG] ? ls->by_id[WITNESS_REG][0] : NULL;
	size_t writes = writes_to_start(regs);

	for (size_t i = 0; i < w->nr_lanes; i++)
		if (w->lanes[i]->kind == WITNESS_CMD && w->lanes[i]->rec.nr &&
		    !w->lanes[i]->rec.items[0].epoch)
			writes = 0; /* it ran already */
	if (!writes)
		return cut_running(w, log_name, err);
	return cut_at_start(w, regs, writes, log_name, err);
}
