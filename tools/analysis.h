/* SPDX-License-Identifier: GPL-2.0 */
/* A recording, read once and understood: what report prints and timeline draws from. */
#ifndef NVS_ANALYSIS_H
#define NVS_ANALYSIS_H

#include "hist_tables.h"
#include "model.h"
#include "slowest.h"
#include "stats.h"

/* What belongs to one phase itself, not to the phases below it. */
struct phase_marks {
	unsigned int reads, writes, admin;
};

/* What a reader asks for; commands of other queues are passed over, and events still counted. */
struct analysis_wants {
	int ctrl;	      /* this controller alone; -1: all */
	int qid;	      /* this queue of each; -1: all */
	unsigned int slowest; /* commands to keep */
};

struct analysis {
	const char *dir;
	struct analysis_wants wants;
	struct recording *recording;
	struct model *model;
	struct stats *stats;
	struct latency *all; /* every I/O command */
	struct slowest slowest;
	struct hist_tables hist; /* level hist */
	unsigned int nr_phases;
	unsigned int *order;	   /* phases as a tree: each thread's together */
	struct phase_marks *marks; /* by phase */
};

/*
 * Opens @dir and runs the whole of it through a model.  @extra (may be NULL) is
 * a visitor that sees all as well, with @ctx.  Returns 0, or -1 with @err set;
 * analysis_close() is due after both.
 */
int analysis_open(struct analysis *a, const char *dir, const struct model_visitor *extra, void *ctx,
		  struct nvs_error *err);
/* The same of what @wants says. */
int analysis_open_as(struct analysis *a, const char *dir, const struct analysis_wants *wants,
		     const struct model_visitor *extra, void *ctx, struct nvs_error *err);
void analysis_close(struct analysis *a);

/*
 * Reads a recording of level io into @a->model, stats and slowest, with up to @cores threads.
 * 1: done; 0: it is of another level, and nothing was read; -1: @err is set.
 */
int analysis_read_io(struct analysis *a, unsigned int cores, struct nvs_error *err);

static inline bool analysis_wants_queue(const struct analysis *a, unsigned int ctrl,
					unsigned int qid)
{
	return (a->wants.ctrl < 0 || (unsigned int)a->wants.ctrl == ctrl) &&
	       (a->wants.qid < 0 || (unsigned int)a->wants.qid == qid);
}

/* Keys of a recording's environment, up to one without a name. */
struct env_key {
	const char *name;
	bool brief; /* worth a line in a report for people */
};
extern const struct env_key analysis_env_keys[];

/* Phases of bringing up, from loading the modules to the last disk; false: teardown. */
bool phase_is_init(unsigned int phase);
/* ns from the recording's first event. */
uint64_t analysis_since_start(const struct analysis *a, uint64_t ts);

#endif
