/* SPDX-License-Identifier: GPL-2.0 */
/* What timeline collects in its pass, and the pictures made of it. */
#ifndef NVS_TIMELINE_H
#define NVS_TIMELINE_H

#include "analysis.h"
#include "decimate.h"
#include "heatmap.h"

#define MAX_SERIES  64	 /* queues whose course is kept; the rest is counted */
#define MAX_ROWS    16	 /* queues that a picture has room for */
#define MAX_CLOSEUP 4096 /* doorbells in the close-up */

/* One queue's course over time. */
struct series {
	const struct model_queue *q;
	struct decimator sq_bells, cq_bells; /* commands covered, entries freed */
	struct decimator completions;
	struct decimator irqs; /* completions found */
	struct decimator
		depth; /* level io: what each request found when it was taken, it included */
	struct decimator device; /* commands that the device itself had, by its own log */
	uint32_t at_device;	 /* of these, now */
	struct decimator flow;	 /* level io: +1 where one was taken, -1 where it ended */
};

/* One doorbell as it was rung. */
struct bell {
	uint64_t ts;
	uint32_t value;
	uint16_t count;
	bool cq;
};

/* What the window is around. */
struct timeline_mark {
	bool set;
	uint64_t begin, end; /* CLOCK_MONOTONIC ns; the same for what takes no time */
	uint16_t ctrl, qid;
	char label[160];
};

/* A queue's depth when the window began. */
struct before {
	const struct model_queue *q;
	uint32_t depth;
};

/* How much a recording has of each I/O. */
enum level { LEVEL_EVENTS, LEVEL_IO, LEVEL_HIST };

struct lanes;

struct timeline {
	struct analysis a;
	const struct stats *stats; /* of the commands in the window */
	const struct latency *all;
	struct stats *own_stats; /* these, if there is a window */
	struct latency *own_all;
	const char *out;    /* directory; NULL for text */
	const char *format; /* "svg", "png" or "text" */
	enum level level;
	bool windowed;
	uint64_t from, to; /* CLOCK_MONOTONIC ns, if windowed; to 0: the end */
	struct timeline_mark mark;
	uint64_t start; /* CLOCK_MONOTONIC ns where the series begin; 0: not yet */
	struct series *series[MODEL_MAX_QUEUES]; /* by model_queue.index */
	unsigned int nr_indices;		 /* of series[] that may be in use */
	unsigned int nr_series, left_out;
	struct heatmap *heat; /* of all I/O queues; NULL: nothing ended */
	struct queue_heat {
		uint16_t ctrl, qid;
		struct heatmap *h;
	} queue_heat[MAX_ROWS];
	struct nvs_hist_stage hist; /* level hist: that buckets come for; count 0: none wanted */
	unsigned int nr_queue_heat;
	struct lanes *lanes;
	struct before before[MODEL_MAX_QUEUES]; /* by model_queue.index */
	bool out_of_memory;
	/* The busiest queue's doorbells, one by one, for as long as they can be told apart. */
	const struct series *close_queue;
	uint64_t close_from, close_to;
	struct bell bell[MAX_CLOSEUP];
	unsigned int nr_bells;
};

/* What --around names, the @n-th of them. */
struct around {
	enum { AROUND_NOTHING, AROUND_SLOWEST, AROUND_ERROR, AROUND_EVENT, AROUND_NUMBER } what;
	uint16_t id; /* enum nvs_event_id, of AROUND_EVENT */
	uint64_t n;
};

/* timeline_window.c.  False: @why says what is wrong with @text. */
bool around_parse(const char *text, struct around *a, char *why, size_t size);
/* Finds it in @rec, which is @dir's, and sets the window, @span ns long (0: as fits), and the mark. */
int window_around(struct timeline *t, struct recording *rec, const char *dir,
		  const struct around *a, uint64_t span, struct nvs_error *err);
/* @from and @to: ns since the recording began; @to 0: its end. */
int window_fixed(struct timeline *t, struct recording *rec, const char *dir, uint64_t from,
		 uint64_t to, struct nvs_error *err);
/* After the pass: -1 with @err set if the recording ends before the window begins. */
int window_check(const struct timeline *t, struct nvs_error *err);

extern const struct model_visitor timeline_visitor;
/* timeline_heat.c: an I/O of @q that ended at @ts and took so long, ns; what level hist counted. */
void heat_command(struct timeline *t, const struct model_queue *q, uint64_t ts, uint64_t took);
int heat_hist(void *ctx, const struct nvs_hdr *h, struct nvs_error *err);
/* After the pass: the same columns for all maps, queues in order. */
void heat_align(struct timeline *t);

/* After the pass: brings all series to the same columns, finds the close-up. */
void timeline_align(struct timeline *t);
/* Where the close-up is, once the series have the same columns. */
void timeline_find_close_up(struct timeline *t);
/* A second look at the recording, for the close-up.  -1 with @err set. */
int timeline_close_up(struct timeline *t, struct nvs_error *err);
void timeline_free(struct timeline *t);

/* When a command's time began: blk-mq made it, or the driver took it; else its end. */
uint64_t timeline_begin(const struct model_cmd *c);

/*
 * The depth of @s in column @i: the least and the most of it, and in @value what it is at its
 * end.  @value must hold what it is at its beginning: before column 0 depth_before().
 */
void depth_step(const struct timeline *t, const struct series *s, unsigned int i, double *value,
		double *low, double *high);
double depth_before(const struct timeline *t, const struct series *s);

/* Series with something in them, admin queues last; returns how many, at most @max. */
unsigned int timeline_rows(const struct timeline *t, const struct series **rows, unsigned int max);
/* The first and the last ns that the series cover, CLOCK_MONOTONIC. */
void timeline_span(const struct timeline *t, uint64_t *from, uint64_t *to);
/* "; filtered: op=read", or "". */
struct text timeline_filter(const struct timeline *t);
/* "nvme0 q1". */
struct text series_name(const struct series *s);

/* Each makes one or more files in t->out, prints their paths; -1 with @err set. */
int plot_init(struct timeline *t, struct nvs_error *err);
int plot_doorbells(struct timeline *t, struct nvs_error *err);
int plot_completions(struct timeline *t, struct nvs_error *err);
int plot_depth(struct timeline *t, struct nvs_error *err);
int plot_latency(struct timeline *t, struct nvs_error *err);
int plot_heatmap(struct timeline *t, struct nvs_error *err);
int plot_lanes(struct timeline *t, struct nvs_error *err);
/* The same for the terminal, on standard output. */
int text_init(struct timeline *t, struct nvs_error *err);
int text_doorbells(struct timeline *t, struct nvs_error *err);
int text_completions(struct timeline *t, struct nvs_error *err);
int text_depth(struct timeline *t, struct nvs_error *err);
int text_latency(struct timeline *t, struct nvs_error *err);
int text_lanes(struct timeline *t, struct nvs_error *err);
int text_heatmap(struct timeline *t, struct nvs_error *err);

#endif
