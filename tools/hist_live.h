/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms that are counted in the kernel (level hist), read while they grow.  hist_live
 * loads and attaches all that is needed, for top and serve; a recorder, which does that
 * itself, uses the reader alone.
 */
#ifndef NVS_HIST_LIVE_H
#define NVS_HIST_LIVE_H

#include "hist.h"
#include "level_load.h"

/* What one queue did of one operation and size class since it was asked last. */
struct hist_change {
	uint16_t ctrl, qid;
	uint16_t op;	/* enum nvs_HIST_OP */
	uint16_t size;	/* enum nvs_HIST_SIZE; 0 where sizes are not told apart */
	uint64_t count; /* requests */
	uint64_t bytes;
	uint64_t failed;
	uint64_t sum[HIST_STAGES];	/* ns */
	uint64_t requests[HIST_STAGES]; /* of each stage: the sum of its buckets */
	uint32_t bucket[HIST_STAGES][HIST_ROOM];
	/* Of a stage, the buckets from `first` to before `end`; the others have not changed. */
	uint32_t first[HIST_STAGES], end[HIST_STAGES];
};

/* Returns 0 to go on; else the reading ends and returns that. */
typedef int hist_change_fn(void *ctx, const struct hist_change *change);

struct hist_reader;

/* Of loaded programs, which must stay so. NULL: @err says. */
struct hist_reader *hist_reader_open(const struct level_programs *l, struct nvs_error *err);
/*
 * Calls @fn for all that has changed since the last time. -1: out of memory, @err says; what
 * was not told of is told of the next time.
 */
int hist_reader_take(struct hist_reader *r, hist_change_fn *fn, void *ctx, struct nvs_error *err);
void hist_reader_close(struct hist_reader *r);

struct hist_live;

/*
 * Loads the programs of level hist for a driver that is loaded, and attaches them.  @config:
 * filters as filter_parse() leaves them (all zero: none), `stages` 0 or 1; @ctrl: with
 * config->by_device, the controller's number.  NULL: @err says.
 */
struct hist_live *hist_live_open(bool stock, const struct level_config *config, uint16_t ctrl,
				 struct nvs_error *err);
/* As hist_reader_take(). */
int hist_live_take(struct hist_live *h, hist_change_fn *fn, void *ctx, struct nvs_error *err);
/* Places of queues so far, and the I-th: whose it is, what is in flight there; NULL: nobody's. */
unsigned int hist_live_queues(const struct hist_live *h);
const struct flight_queue *hist_live_queue(const struct hist_live *h, unsigned int i);
/* Does this kernel show when doorbells are rung? */
bool hist_live_sees_bells(const struct hist_live *h);
/* How often something could not be counted, on all CPUs, since it was opened. */
uint64_t hist_live_lost(const struct hist_live *h, enum lost_cause cause);
/* How often the kernel skipped a program, because it was interrupted in itself. */
uint64_t hist_live_skipped(const struct hist_live *h);
void hist_live_close(struct hist_live *h);

#endif
