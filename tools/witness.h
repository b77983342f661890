/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The second witness: a recording held against the log of the emulated device,
 * item by item and in order, queue by queue.
 *
 * Shadow doorbells are memory that the device looks at when it likes: each value that it saw
 * must be one that was recorded, in order, but it need not see all.  The same holds of the
 * registers where the recorder cannot tell a doorbell by shadow page alone from one that
 * was followed by a register write (provider "stock").
 *
 * Both sides are cut to what they share.  The log is cut at the register writes
 * with which the recording begins (firmware drives the device before that), and
 * what it tells after the last thing recorded is set aside.  Both are then
 * divided at each CC.EN 0 -> 1, since a reset loses what was in flight: such
 * leftovers are counted apart, and anything else that is unequal is a difference.
 */
#ifndef NVS_WITNESS_H
#define NVS_WITNESS_H

#include "qemu_log.h"
#include "recording.h"

enum witness_kind {
	WITNESS_REG,	 /* 32-bit register writes, queue 0 */
	WITNESS_SQ_BELL, /* doorbells written by MMIO */
	WITNESS_CQ_BELL,
	WITNESS_CMD,
	WITNESS_CQE,
	WITNESS_SQ_SHADOW, /* doorbell values by shadow page, and what the device saw of them */
	WITNESS_CQ_SHADOW,
};
#define WITNESS_KINDS 7

#define WITNESS_NO_SETUP  0xffff /* witness_item.code: an sqe without its cmd_setup */
#define WITNESS_NO_STATUS 0xffff /* and: a completion whose request has not ended */

/* One thing that happened, as either side tells it. */
struct witness_item {
	uint64_t ts;	/* ns; recording: CLOCK_MONOTONIC, log: wall clock or 0 */
	uint64_t place; /* log: its line; recording: its number among all events, from 1 */
	uint64_t value; /* of the register or doorbell; SLBA; completion's DW0 and DW1 */
	uint32_t nsid;	/* doorbell, recorded: the value before */
	uint32_t nlb;	/* from 1; 0: the command has none */
	uint32_t epoch; /* number of CC.EN 0 -> 1 before it */
	uint16_t cid;
	uint16_t code; /* register's offset, opcode, or status */
};

struct witness_seq {
	struct witness_item *items;
	size_t nr, room;
};

enum witness_verdict { WITNESS_EQUAL, WITNESS_CANNOT_TELL, WITNESS_DIFFERENT };

enum witness_how { DIFF_CHANGED, DIFF_SWAPPED, DIFF_ONLY_RECORDED, DIFF_ONLY_LOGGED };

struct witness_diff {
	enum witness_how how;
	struct witness_item rec, log; /* place 0: not there */
};
#define WITNESS_FIRST 4

/* One sort of item of one queue. */
struct witness_lane {
	uint16_t qid;
	enum witness_kind kind;
	struct witness_seq rec, log;
	uint64_t equal;
	uint64_t lost_to_reset; /* in flight when the controller was reset or taken away */
	uint64_t after_end;	/* logged after the recording's end */
	uint64_t before;	/* doorbells that the device saw of what was before the recording */
	uint64_t within;	/* seen by the device between two recorded values */
	uint64_t partial;	/* recorded without what the comparison needs */
	uint64_t differences;
	uint64_t only_logged; /* of these: missing in the recording */
	struct witness_diff first[WITNESS_FIRST];
	enum witness_verdict verdict;
};

struct witness {
	struct witness_lane **lanes; /* by queue, then kind */
	size_t nr_lanes;
	uint64_t start_line;	    /* the log's line where the recording begins */
	unsigned int places;	    /* that fit as well; of several, the pace chose */
	uint64_t end_line;	    /* and of the last item that was found in both */
	uint64_t events_before;	    /* items of the log before it */
	bool stock;		    /* recorded of a driver whose registers cannot be seen */
	bool tracepoints;	    /* and by tracepoints alone: its doorbells cannot, either */
	uint64_t lost;		    /* events that the recording knows it lost */
	bool torn;		    /* the recording's end is cut off */
	uint64_t first_ts, last_ts; /* of the recording, ns */
	uint16_t ctrl;		    /* number of the controller compared; NVS_NO_CTRL: not told */
	enum witness_verdict verdict;
	struct qemu_log_counts log_counts;
};

struct witness_options {
	int ctrl; /* the controller's number, or -1: the recording has only one */
	/* For each pair of equal items; NULL: not wanted. */
	void (*pair)(void *arg, const struct witness_lane *lane, const struct witness_item *rec,
		     const struct witness_item *log);
	void *arg;
};

/*
 * Reads @rec and @log to their ends, 40 bytes of memory for each item, and
 * compares.  0, or -1 with @err set if there is nothing to compare.
 */
int witness_run(struct witness *w, struct recording *rec, struct qemu_log *log,
		const struct witness_options *opt, struct nvs_error *err);
void witness_free(struct witness *w);

const char *witness_kind_name(enum witness_kind kind);
const char *witness_verdict_name(enum witness_verdict verdict);

/* The difference in words, without the queue: "doorbell 5 recorded (#17, ...) ...". */
void witness_diff_text(const struct witness_lane *lane, const struct witness_diff *diff, char *text,
		       size_t size);

#endif
