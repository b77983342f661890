/* SPDX-License-Identifier: GPL-2.0 */
/* What top and serve share: whose histograms are read, and what they add up to. */
#ifndef NVS_LIVE_H
#define NVS_LIVE_H

#include "hist_live.h"
#include "level_filter.h"

/* Requests of one row or series, added up. */
struct live_sums {
	uint64_t count, bytes, failed;
	uint64_t sum[HIST_STAGES];	/* ns */
	uint64_t requests[HIST_STAGES]; /* that have this stage */
	uint64_t bucket[HIST_STAGES][HIST_BUCKETS];
};

void live_add(struct live_sums *to, const struct hist_change *change);
/*
 * The value that a share @q (0 to 1) of requests has at most, ns: the middle of its bucket, off by
 * at most 1/16.  0: there are none.
 */
uint64_t live_quantile(const struct live_sums *s, unsigned int stage, double q);

/* Options of both commands, to be zeroed before they are parsed. */
struct live_options {
	const char *device, *provider;
	bool no_stages;
	struct filter_options filter;
};

extern const char *const live_providers[];

/* Rows for a command's option table; @o: a struct live_options. */
#define LIVE_ROWS(o)                                                                   \
	{ "device", 'd',	 OPTION_STRING,                                        \
	  "DEV",    &(o).device, "this one only: nvme0, /dev/nvme0n1, 0000:01:00.0",   \
	  NULL },                                                                      \
		{ "provider",	 'p',                                                  \
		  OPTION_CHOICE, "WHOSE",                                              \
		  &(o).provider, "requests: our driver's, the kernel's own, or DEV's", \
		  live_providers },                                                    \
		{ "no-stages",                                                         \
		  0,                                                                   \
		  OPTION_FLAG,                                                         \
		  NULL,                                                                \
		  &(o).no_stages,                                                      \
		  "total times alone, by one cheap probe, less exact",                 \
		  NULL },                                                              \
		FILTER_ROWS((o).filter)

/* What is being watched. */
struct live {
	struct hist_live *hist;
	const char *provider; /* "stock" or "driver" */
	const char *prefix;   /* of the devices' names: "nvme" or "nvs" */
	bool stages;
};

/* Starts counting, and gives up what privileges that needed. -1: @err says what is wrong. */
int live_open(struct live *l, const struct live_options *o, struct nvs_error *err);
void live_close(struct live *l);
/* All that was lost or left out since it was opened. */
uint64_t live_lost(const struct live *l);

/* /proc/interrupts as it is now, to be freed; NULL: it cannot be read. */
char *live_read_irqs(const char *path);
/* Interrupts of queue @qid of a controller, over all CPUs, in that @text; -1: none is called so. */
int64_t live_irqs(const char *text, const char *prefix, unsigned int ctrl, unsigned int qid);

#endif
