/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Level hist, read back: what was counted in the kernel, summed over the recording, by
 * queue, operation and size class.  A quantile is the middle of its bucket, so right to
 * 1/16 (6.25 %); counts and means are exact.
 */
#ifndef NVS_HIST_TABLES_H
#define NVS_HIST_TABLES_H

#include "hist.h"
#include "recording.h"

/* Rows that a reader keeps; what belongs to more is counted. */
#define MAX_HIST_ROWS 2048

struct hist_times {
	uint64_t count;
	uint64_t sum; /* ns */
	uint64_t bucket[HIST_BUCKETS];
};

struct hist_row {
	uint16_t ctrl, qid, op, size; /* enum nvs_HIST_OP, enum nvs_HIST_SIZE */
	uint64_t bytes, failed;
	struct hist_times stage[HIST_STAGES];
};

struct hist_tables {
	struct hist_row **row; /* by controller, queue, operation, size */
	unsigned int nr_rows, max_rows;
	uint64_t since, until; /* ns: the time that was counted in; 0: never */
	uint64_t odd;	       /* events that fit nowhere: a bucket of no stage, a count too many */
	uint64_t dropped;      /* events of rows over the limit */
	/* The hist_stage that buckets come for, by its row; NULL: none. */
	struct hist_times *times;
	uint16_t ctrl, qid;
	uint64_t expected; /* requests whose bucket is yet to come */
};

/* One hist_stage or hist_bucket.  0, or -1 with @err set: no memory. */
int hist_tables_add(struct hist_tables *t, const struct nvs_hdr *h, struct nvs_error *err);
/* After the last event. */
void hist_tables_finish(struct hist_tables *t);
void hist_tables_free(struct hist_tables *t);

/* Adds @from, times and all; its names stay @into's. */
void hist_row_merge(struct hist_row *into, const struct hist_row *from);

/* In ns, of times that have a count. */
uint64_t hist_times_min(const struct hist_times *t);
uint64_t hist_times_max(const struct hist_times *t);
uint64_t hist_times_quantile(const struct hist_times *t, double q);

#endif
