/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside `nvmescope compare`: compare_figures.c takes a run's figures out of its recording,
 * compare_bench.c out of a bench file, compare_test.c holds two sets of runs against each other,
 * compare_env.c says how they were made differently; compare_text.c, _json.c, _html.c and _plot.c
 * show what came out.
 */
#ifndef NVS_COMPARE_H
#define NVS_COMPARE_H

#include <stdio.h>
#include "analysis.h"
#include "format.h"
#include "significance.h"

enum { SIDE_A, SIDE_B, NR_SIDES };

/* Queue classes: C(name), as blk-mq has them. */
#define COMPARE_CLASSES(C) \
	C(admin)           \
	C(default)         \
	C(read)            \
	C(poll)

#define COMPARE_CLASS_(name) CLASS_##name,
enum compare_class { COMPARE_CLASSES(COMPARE_CLASS_) NR_CLASSES, CLASS_ANY = NR_CLASSES };
#undef COMPARE_CLASS_

/* What a figure is of. */
enum compare_section { SECTION_INIT, SECTION_QUEUES, SECTION_RATE, SECTION_LATENCY, NR_COMPARED };

enum compare_unit { UNIT_NS, UNIT_PER_S, UNIT_RATIO, UNIT_PERCENT, UNIT_COUNT };

/* Which way is worse. */
enum compare_worse { WORSE_MORE, WORSE_LESS, WORSE_NEITHER };

/* F(name, what it is called, unit, which way is worse) */
#define COMPARE_FIGURES(F)                                              \
	F(duration, "duration", UNIT_NS, WORSE_MORE)                    \
	F(times, "times entered", UNIT_COUNT, WORSE_NEITHER)            \
	F(reads, "register reads", UNIT_COUNT, WORSE_MORE)              \
	F(writes, "register writes", UNIT_COUNT, WORSE_MORE)            \
	F(admin, "admin commands", UNIT_COUNT, WORSE_MORE)              \
	F(mean, "mean", UNIT_NS, WORSE_MORE)                            \
	F(p50, "p50", UNIT_NS, WORSE_MORE)                              \
	F(p99, "p99", UNIT_NS, WORSE_MORE)                              \
	F(p999, "p99.9", UNIT_NS, WORSE_MORE)                           \
	F(iops, "commands/s", UNIT_PER_S, WORSE_LESS)                   \
	F(sq_bells, "SQ doorbells/command", UNIT_RATIO, WORSE_MORE)     \
	F(cq_bells, "CQ doorbells/completion", UNIT_RATIO, WORSE_MORE)  \
	F(irqs, "interrupts/completion", UNIT_RATIO, WORSE_MORE)        \
	F(polls, "polls/completion", UNIT_RATIO, WORSE_NEITHER)         \
	F(depth, "mean depth", UNIT_RATIO, WORSE_NEITHER)               \
	F(remote, "completed on another CPU", UNIT_PERCENT, WORSE_MORE) \
	F(failed, "failed", UNIT_COUNT, WORSE_MORE)                     \
	F(timeouts, "timeouts", UNIT_COUNT, WORSE_MORE)                 \
	F(reg_reads, "register reads/command after init", UNIT_RATIO, WORSE_MORE)

#define COMPARE_FIGURE_(name, title, unit, worse) FIGURE_##name,
enum compare_figure { COMPARE_FIGURES(COMPARE_FIGURE_) NR_COMPARE_FIGURES };
#undef COMPARE_FIGURE_

/* An operation of an admin queue, where opcodes mean something else. */
#define COMPARE_OP_ANY NR_STATS_OPS
/* Level hist's last size class: larger than 256 KiB. */
#define COMPARE_SIZE_LARGER NR_STATS_SIZES
#define NR_COMPARE_SIZES    (NR_STATS_SIZES + 1)

/* One figure, told from all others; what does not apply is 0. */
struct compare_key {
	uint16_t section, class, op, size, stage, phase, figure, unused;
};

/* Latencies of one class, operation and size in one run, to be drawn. */
struct compare_cell {
	struct compare_key key; /* without stage and figure */
	struct histogram stage[NR_STAGES];
	uint64_t first, last; /* ns: begin of its first command, end of its last */
	struct compare_cell *next;
};

struct compare_value {
	struct compare_key key;
	double value;
};

/* One recording: one value for each figure. */
struct compare_run {
	char *path;
	char **env; /* by compare_env_keys; NULL: not recorded */
	uint64_t lost, commands, incomplete;
	bool cut;
	struct compare_value *value;
	unsigned int nr_values, max_values;
	struct compare_cell *cells; /* kept for pictures */
	bool no_memory;
};

struct compare_set {
	struct compare_run *run;
	unsigned int nr;
};

enum compare_verdict {
	VERDICT_SAME, /* no difference that these runs show */
	VERDICT_BETTER,
	VERDICT_WORSE,
	VERDICT_CHANGED, /* significant, and neither better nor worse */
	VERDICT_SMALL,	 /* significant, and within the threshold */
	VERDICT_ONLY_A,
	VERDICT_ONLY_B,
	NR_VERDICTS
};

/* One figure of both sets. */
struct compare_row {
	struct compare_key key;
	double *value[NR_SIDES]; /* sorted */
	unsigned int nr[NR_SIDES];
	double median[NR_SIDES];
	struct sample_interval interval[NR_SIDES];
	bool tested;	/* false: all values of both are the same, or one side has none */
	double p, holm; /* 1 if not tested */
	double change;	/* percent of A's median; INFINITY from 0 */
	enum compare_verdict verdict;
};

struct compare_wants {
	double alpha, threshold; /* threshold: percent */
	bool all, cells;
};

struct comparison {
	struct compare_wants wants;
	struct compare_set set[NR_SIDES];
	struct compare_row *row; /* the most telling first */
	unsigned int nr_rows, nr_tested;
	unsigned int needed; /* runs of each side to find anything */
	bool too_few;	     /* there are fewer: no row can be significant */
	unsigned int count[NR_VERDICTS];
};

/* compare_figures.c: reads one recording into @run.  0, or -1 with @err set. */
int compare_read_run(struct compare_run *run, const char *path, bool keep_cells,
		     struct nvs_error *err);
void compare_free_run(struct compare_run *run);
/* "read 4K, default queues" and the like; of a phase its name. */
struct compare_name {
	char s[96];
};
struct compare_name compare_where(const struct compare_key *key);
const char *compare_figure_name(unsigned int figure);
enum compare_unit compare_figure_unit(unsigned int figure);
enum compare_worse compare_figure_worse(unsigned int figure);
const char *compare_class_name(unsigned int class);
const char *compare_op_name(unsigned int op);
const char *compare_size_name(unsigned int size);
extern const char *const compare_stage_names[NR_STAGES];
extern const char *const compare_sections[NR_COMPARED];

/* compare_test.c: what @c's sets say, into @c.  0, or -1 with @err set. */
int compare_sets(struct comparison *c, struct nvs_error *err);
void compare_free(struct comparison *c);
/* Is it a verdict that is to be shown first? */
static inline bool compare_is_news(const struct compare_row *r)
{
	return r->verdict != VERDICT_SAME;
}
const char *compare_verdict_name(enum compare_verdict verdict);
/* One sentence: what came out. */
void compare_sentence(const struct comparison *c, char *text, size_t size);

/* compare_env.c: how the two sets were made. */
struct env_difference {
	const char *key;
	char *text[NR_SIDES]; /* "6.1 (8 runs)", or "6.1 (7), 6.12 (1)" */
};
extern const char *const compare_env_keys[];
unsigned int compare_nr_env_keys(void);
/* Those keys whose values are not one and the same, to be freed.  NULL: no memory. */
struct env_difference *compare_differences(const struct comparison *c, unsigned int *nr);
void compare_differences_free(struct env_difference *d, unsigned int nr);
/* Do the runs' clocks count instructions?  What "time" is then. */
const char *compare_clock(const struct comparison *c);

/* A value as people read it: "1.23us", "0.125". */
struct text compare_value_text(unsigned int figure, double value);
struct text compare_change_text(const struct compare_row *r);
struct text compare_interval_text(const struct compare_row *r, unsigned int side);

/* These return 0, or -1 with @err set. */
int compare_text(const struct comparison *c, FILE *out, struct nvs_error *err);
int compare_json(const struct comparison *c, FILE *out, struct nvs_error *err);
int compare_html(const struct comparison *c, const char *path, struct nvs_error *err);
/* Draws DIR/distributions.FORMAT.  1: there was something to draw, 0: not. */
int compare_plot(const struct comparison *c, const char *dir, const char *format,
		 struct nvs_error *err);

#endif
