/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walkthrough: a recording as steps that one can walk forwards and backwards, each
 * with its place among phases, lanes and commands, its lines of source and why it exists.
 *
 * What changes with each step (registers, rings, states) is not stored: the page, which
 * has the events themselves, works it out.
 */
#ifndef NVS_WALKTHROUGH_H
#define NVS_WALKTHROUGH_H

#include "model.h"
#include "outfile.h"
#include "recording.h"
#include "walkthrough_facts.h"
#include "walkthrough_source.h"

/* The first lanes; each queue has one behind them. */
enum walk_lane {
	LANE_PROBE,    /* whoever loads, binds, resets, removes */
	LANE_RESET,    /* nvme_reset_work */
	LANE_SCAN,     /* nvme_scan_work */
	LANE_RECOVERY, /* other phases: errors, suspend, giving up; timeouts */
	LANE_IRQ,
	LANE_DEVICE,
	LANE_QUEUES
};

/* Where one command is on its way.  Each is a step's number, or -1: not seen. */
enum walk_stage {
	STAGE_REQUEST,
	STAGE_COMMAND,
	STAGE_DATA, /* memory mapped, PRP entries made */
	STAGE_SLOT,
	STAGE_BELL,
	STAGE_DEV_BELL,
	STAGE_DEV_CMD,
	STAGE_DEV_CQE,
	STAGE_DEV_IRQ,
	STAGE_LOOK, /* the interrupt, or a poll */
	STAGE_ENTRY,
	STAGE_CQ_BELL,
	STAGE_UNMAP,
	STAGE_END,
	NR_STAGES_OF_WALK
};

struct walk_cmd {
	uint16_t ctrl, qid, cid;
	int32_t at[NR_STAGES_OF_WALK];
};

struct walk_step {
	const struct nvs_hdr *hdr; /* valid until the recording is closed */
	int32_t phase;		   /* index among the model's, or -1 */
	int32_t cmd;		   /* index, or -1 */
	int32_t fact;		   /* index among the facts, or -1 */
	uint16_t lane;
	uint16_t cpu;
};

struct walk_lane_queue {
	uint16_t ctrl, qid;
};

/* What is to be walked; set before walk_open(). */
struct walk_request {
	uint64_t from,
		to; /* ns since the recording began: I/O outside is left out; to 0: its end */
	uint32_t max_steps;
	uint32_t io;  /* the n-th I/O command, counted from 1; 0: none is asked for */
	bool only_io; /* its steps alone */
};

struct walk {
	const char *dir;
	struct recording *recording;
	struct model *model;
	bool stock; /* of the kernel's own driver */

	struct walk_step *steps;
	uint32_t nr_steps, max_steps;
	uint64_t left_out;    /* steps of I/O outside the window, or beyond the limit */
	uint64_t not_steps;   /* events of levels io and hist */
	int32_t *phase_begin; /* by phase of the model: step, or -1 */
	int32_t *phase_end;

	struct walk_cmd *cmds;
	uint32_t nr_cmds, max_cmds;
	struct walk_lane_queue *queues;
	uint32_t nr_queues;
	int32_t first_io; /* step where the command that was asked for begins, or -1 */
};

/* 0, or -1 with @err set; walk_close() is due after both. */
int walk_open(struct walk *w, const char *dir, const struct walk_request *r, struct nvs_error *err);
void walk_close(struct walk *w);

/* Innermost phase of each thread that has one. */
#define WALK_MAX_THREADS 64
#define WALK_MAX_CPUS	 1024
struct walk_threads {
	struct {
		uint32_t tid;
		int32_t phase;
	} thread[WALK_MAX_THREADS];
	unsigned int nr;
	uint32_t begun;			/* phases so far */
	uint32_t on_cpu[WALK_MAX_CPUS]; /* the thread that was last seen on each; 0: none */
};
/* The phase (index, or -1) of the step that is to be w->nr_steps; : one of reads and writes. */
int32_t walk_phase_of(struct walk *w, struct walk_threads *t, const struct recorded *ev, bool io);
/* What kind of work a phase (index, or -1) is part of. */
uint16_t walk_lane_of_phase(const struct walk *w, int32_t phase);
/* ns since the first step. */
uint64_t walk_time(const struct walk *w, uint32_t step);
/* "nvme0 q1", "reset work". */
struct text walk_lane_name(const struct walk *w, uint32_t lane, bool chinese);
/* One line on what happened, in the words of the driver and the specification. */
void walk_describe(const struct walk *w, uint32_t step, bool chinese, char *text, size_t size);
/* Of the two languages' words the one asked for: there is a variable `chinese`. */
#define SAY(english, in_chinese) (chinese ? (in_chinese) : (english))
const char *walk_stage_name(enum walk_stage stage);

/* walkthrough_commands.c: finds the command that each step belongs to. */
int walk_follow_commands(struct walk *w, struct nvs_error *err);

/* Of two walks: the first steps that differ, -1 where one has no more; what differs. */
struct walk_difference {
	bool any;
	uint32_t lane;
	int32_t step[2];
	char what
		[2][2]
		[256]; /* by side and language (English, Chinese); "": nothing more happens there */
};
void walk_compare(const struct walk *a, const struct walk *b, struct walk_difference *d);

/* The page, of one walk or of two side by side (@d, else NULL). */
struct walk_page {
	const struct walk *walk[2];
	unsigned int nr;
	const struct walk_difference *d;
	struct sources *sources;
	bool chinese;
};
void walk_write_page(struct outfile *f, const struct walk_page *p);
void walk_write_text(struct outfile *f, const struct walk_page *p);
/* The page's data alone: what stands between the page's script tags. */
void walk_write_json(struct outfile *f, const struct walk_page *p);

#endif
