// SPDX-License-Identifier: GPL-2.0
/* The second witness: see witness.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "witness_internal.h"

#define NR_QUEUES 65536

static int list_lanes(struct witness *w, const struct witness_lanes *ls, struct nvs_error *err)
{
	size_t nr = 0;

	for (size_t i = 0; i < WITNESS_KINDS; i++)
		for (size_t qid = 0; ls->by_id[i] && qid < NR_QUEUES; qid++)
			nr += !!ls->by_id[i][qid];
	w->lanes = calloc(nr + 1, sizeof(*w->lanes));
	if (!w->lanes)
		return nvs_fail(err, "no memory for %zu lanes", nr);
	for (size_t qid = 0; qid < NR_QUEUES; qid++)
		for (size_t i = 0; i < WITNESS_KINDS; i++)
			if (ls->by_id[i] && ls->by_id[i][qid])
				w->lanes[w->nr_lanes++] = ls->by_id[i][qid];
	return 0;
}

/* Until they are listed, the lanes belong to @ls. */
static void free_unlisted(struct witness_lanes *ls, const struct witness *w)
{
	for (size_t i = 0; i < WITNESS_KINDS; i++) {
		for (size_t qid = 0; !w->lanes && ls->by_id[i] && qid < NR_QUEUES; qid++) {
			if (ls->by_id[i][qid]) {
				free(ls->by_id[i][qid]->rec.items);
				free(ls->by_id[i][qid]->log.items);
			}
			free(ls->by_id[i][qid]);
		}
		free(ls->by_id[i]);
	}
	free(ls->epochs);
}

int witness_run(struct witness *w, struct recording *rec, struct qemu_log *log,
		const struct witness_options *opt, struct nvs_error *err)
{
	struct witness_lanes ls = { 0 };
	int ret;

	*w = (struct witness){ 0 };
	ret = witness_collect_recording(w, &ls, rec, opt->ctrl, err);
	if (!ret)
		ret = witness_collect_log(w, &ls, log, err);
	if (!ret)
		ret = list_lanes(w, &ls, err);
	if (!ret)
		ret = witness_cut(w, &ls, qemu_log_name(log), err);
	if (!ret)
		ret = witness_compare(w, &ls, opt, err);
	free_unlisted(&ls, w);
	if (ret)
		witness_free(w);
	return ret;
}

void witness_free(struct witness *w)
{
	for (size_t i = 0; i < w->nr_lanes; i++) {
		free(w->lanes[i]->rec.items);
		free(w->lanes[i]->log.items);
		free(w->lanes[i]);
	}
	free(w->lanes);
	w->lanes = NULL;
	w->nr_lanes = 0;
}

const char *witness_kind_name(enum witness_kind kind)
{
	static const char *const names[WITNESS_KINDS] = {
		[WITNESS_REG] = "register writes",     [WITNESS_SQ_BELL] = "SQ doorbells",
		[WITNESS_CQ_BELL] = "CQ doorbells",    [WITNESS_CMD] = "commands",
		[WITNESS_CQE] = "completions",	       [WITNESS_SQ_SHADOW] = "SQ tails seen",
		[WITNESS_CQ_SHADOW] = "CQ heads seen",
	};

	return names[kind];
}

const char *witness_verdict_name(enum witness_verdict verdict)
{
	static const char *const names[] = {
		[WITNESS_EQUAL] = "equal",
		[WITNESS_CANNOT_TELL] = "cannot tell",
		[WITNESS_DIFFERENT] = "DIFFERENT",
	};

	return names[verdict];
}

static void item_text(enum witness_kind kind, const struct witness_item *it, char *text,
		      size_t size)
{
	int n;

	switch (kind) {
	case WITNESS_REG:
		snprintf(text, size, "register 0x%x = 0x%" PRIx64, it->code, it->value);
		return;
	case WITNESS_SQ_BELL:
	case WITNESS_CQ_BELL:
	case WITNESS_SQ_SHADOW:
	case WITNESS_CQ_SHADOW:
		snprintf(text, size, "%s %" PRIu64,
			 kind == WITNESS_SQ_BELL || kind == WITNESS_SQ_SHADOW ? "tail" : "head",
			 it->value);
		return;
	case WITNESS_CQE:
		snprintf(text, size, "cid %u status 0x%x result 0x%" PRIx64, it->cid, it->code,
			 it->value);
		return;
	case WITNESS_CMD:
		if (it->code == WITNESS_NO_SETUP) {
			snprintf(text, size, "cid %u (its cmd_setup is missing)", it->cid);
			return;
		}
		n = snprintf(text, size, "cid %u opcode 0x%02x nsid %u", it->cid, it->code,
			     it->nsid);
		if (it->nlb && n > 0 && (size_t)n < size)
			snprintf(text + n, size - n, " slba %" PRIu64 " nlb %u", it->value,
				 it->nlb);
	}
}

static void place_text(bool log, const struct witness_item *it, char *text, size_t size)
{
	uint64_t sec = it->ts / 1000000000, ns = it->ts % 1000000000;

	if (log)
		snprintf(text, size, "log line %" PRIu64 ", %" PRIu64 ".%06" PRIu64, it->place, sec,
			 ns / 1000);
	else
		snprintf(text, size, "event %" PRIu64 ", %" PRIu64 ".%09" PRIu64, it->place, sec,
			 ns);
}

void witness_diff_text(const struct witness_lane *lane, const struct witness_diff *diff, char *text,
		       size_t size)
{
	char rec[96], log[96], rec_at[64], log_at[64];

	item_text(lane->kind, &diff->rec, rec, sizeof(rec));
	item_text(lane->kind, &diff->log, log, sizeof(log));
	place_text(false, &diff->rec, rec_at, sizeof(rec_at));
	place_text(true, &diff->log, log_at, sizeof(log_at));
	switch (diff->how) {
	case DIFF_CHANGED:
		snprintf(text, size, "recorded %s (%s), but the device saw %s (%s)", rec, rec_at,
			 log, log_at);
		return;
	case DIFF_SWAPPED:
		snprintf(text, size, "recorded %s (%s) before what the device saw first, %s (%s)",
			 rec, rec_at, log, log_at);
		return;
	case DIFF_ONLY_RECORDED:
		snprintf(text, size, "recorded %s (%s), which the device did not see", rec, rec_at);
		return;
	case DIFF_ONLY_LOGGED:
		snprintf(text, size, "the device saw %s (%s), which is not in the recording", log,
			 log_at);
	}
}
