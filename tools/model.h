/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model: queues, commands, phases and interrupts, rebuilt from a recording
 * in one pass.  Its memory depends on what was recorded (controllers, queues,
 * commands in flight, phases), never on how long the recording is.
 *
 * The model counts what it cannot explain and never guesses: after a loss it
 * takes slot, tail, head and phase from the next event that states them, counts
 * a gap, and goes on.
 *
 * All times are nanoseconds of CLOCK_MONOTONIC as recorded; 0 means "not seen".
 */
#ifndef NVS_MODEL_H
#define NVS_MODEL_H

#include "recording.h"

/* A file that claims more than these is damaged or hostile; the rest is counted. */
#define MODEL_MAX_CTRLS	 256
#define MODEL_MAX_QUEUES 2048 /* over all controllers */
#define MODEL_MAX_PHASES 16384
#define MODEL_MAX_MARKS	 65536

#define NVS_CID_TAG(cid)      ((cid)&0xfffu)
#define NVS_ADMIN_ASYNC_EVENT 0x0c /* opcode: waits in the device for good */

/* The steps of one command, in the order they happen when nothing is odd. */
enum model_step {
	STEP_START, /* rq_start: taken from blk-mq */
	STEP_SETUP,
	STEP_MAP,
	STEP_SQE,
	STEP_SQ_BELL, /* the doorbell that covers it, often shared by a batch */
	STEP_CQE,
	STEP_CQ_BELL,
	STEP_COMPLETE,
	STEP_UNMAP,
	NR_STEPS
};

struct model_cmd {
	uint64_t at[NR_STEPS]; /* ns */
	uint64_t queued;       /* ns: blk-mq made its request; 0: not known */
	uint64_t sector;       /* 512 B units */
	uint64_t cgroup;       /* level io only: id in cgroup v2, else 0 */
	char comm[16];	       /* level io only, else empty; 16 bytes need no zero */
	uint32_t bytes;
	uint32_t nsid;
	uint32_t pid;  /* task that submits, not always the issuer */
	uint32_t tgid; /* level io only: its process, else 0 */
	uint32_t mark; /* admin commands: its mark's index + 1, else 0 */
	uint16_t cid;
	uint16_t op; /* enum nvs_RQOP; meaningless without STEP_START */
	uint16_t opcode;
	uint16_t status;
	uint16_t batch; /* commands that its doorbell covered */
	uint16_t
		depth; /* requests of the queue at the driver when it took this one, which counts */
	uint16_t submit_cpu, end_cpu; /* whose rq_start and rq_complete it was */
	uint16_t why;		      /* level io only: enum nvs_WHY_CQ */
	uint8_t map;		      /* enum nvs_MAP */
	uint8_t how;		      /* enum nvs_HOW_DONE */
	uint8_t state;		      /* the model's own */
	uint8_t flags;		      /* the model's own */
};

/* Where a command's time went, ns; the four parts add up to the total. */
struct model_split {
	uint64_t queue;	     /* made by blk-mq .. rq_start; 0 where that is not known */
	uint64_t driver;     /* rq_start .. sq_doorbell; 0 where doorbells are not seen */
	uint64_t device;     /* sq_doorbell .. cqe */
	uint64_t completion; /* cqe .. rq_complete */
	uint64_t total;
};

/* What could not be explained on one queue.  Each is 0 in a whole recording. */
struct model_trouble {
	uint64_t unmatched;  /* completions of a command that nobody submitted */
	uint64_t stale;	     /* completions the driver found stale */
	uint64_t unknown;    /* completions whose identifier the driver never gave */
	uint64_t reused;     /* identifier started again while at the device */
	uint64_t no_start;   /* commands whose rq_start was not seen */
	uint64_t no_end;     /* commands with a completion but no rq_complete */
	uint64_t unfinished; /* still at the device when the recording ends */
	uint64_t orphans;    /* steps of a command that is not there */
	uint64_t sq_gaps;    /* SQ slot, tail or doorbell out of sequence */
	uint64_t cq_gaps;    /* CQ slot or phase out of sequence */
	uint64_t disordered; /* commands whose steps are stamped out of order */
};

struct model_queue {
	uint16_t ctrl, qid;
	uint32_t index; /* counts queues in the order they were met: for a visitor's arrays */
	uint16_t vector;
	bool created; /* its queue_create was seen */

	uint32_t sq_depth, cq_depth; /* entries; 0: not known */
	uint16_t sq_tail;	     /* slot that the next SQE goes to */
	uint16_t sq_rung;	     /* tail the device was told last */
	uint16_t sq_head;	     /* the device's, as the last CQE said */
	uint16_t cq_head;	     /* slot that the next CQE comes to */
	uint16_t cq_phase;	     /* phase tag expected there */

	uint32_t depth;	    /* commands at the device: rung, no CQE yet */
	uint32_t at_driver; /* requests taken from blk-mq and not ended */
	/* Most at once at the device; of level io, at the driver. */
	uint32_t peak_depth;
	uint64_t started;   /* rq_start */
	uint64_t submitted; /* sqe */
	uint64_t sq_bells, sq_bell_cmds;
	uint64_t batches;     /* queue_rqs and commit_rqs */
	uint64_t completions; /* cqe */
	uint64_t cq_bells;
	uint64_t irqs, irq_found, irq_empty;
	uint64_t polls, poll_found;
	uint64_t done;	 /* commands whose end was seen */
	uint64_t failed; /* of those, with a status that is not success */
	uint64_t cancelled, retried, restarted, timeouts, aborts;
	uint64_t async_events;
	struct model_trouble trouble;

	struct queue_state *state; /* the model's own */
};

struct model_ctrl {
	uint16_t id;
	uint16_t vendor, device;
	uint16_t state;		    /* enum nvs_STATE, the last one seen */
	uint32_t pci_addr;	    /* domain << 16 | bus << 8 | devfn */
	bool announced;		    /* its ctrl_new was seen */
	uint32_t resets;	    /* after it was made: many drivers do that by one, too */
	uint32_t nr_queues;	    /* length of queue[], which has holes (NULL) */
	struct model_queue **queue; /* by qid */
};

/* One phase: a named stretch of one thread's time. */
struct model_phase {
	uint64_t begin, end;
	uint32_t tid;
	int32_t parent;	      /* index of the phase it belongs to, or -1 */
	int32_t result;	      /* 0 or a negative errno */
	uint16_t phase;	      /* enum nvs_PHASE */
	uint16_t said_parent; /* the parent that the event named */
	uint16_t ctrl;	      /* NVS_NO_CTRL: the module's, not a controller's */
	uint16_t level;	      /* callers above it on its own thread */
	bool open;	      /* not ended in the recording; end is the last event's time */
	bool queued;	      /* the parent queued it as work for another thread */
	bool cut;	      /* its end was lost; end is when that became clear */
};

enum model_mark_kind {			  /*	what		value		*/
		       MARK_REG_READ,	  /*	offset		value read	*/
		       MARK_REG_WRITE,	  /*	offset		value written	*/
		       MARK_STATE,	  /*	new state	old state	*/
		       MARK_ADMIN,	  /*	opcode		CDW10		*/
		       MARK_QUEUE_CREATE, /*	ring		entries		*/
		       MARK_QUEUE_DELETE, /*	ring		0		*/
		       MARK_IRQ,	  /*	vector		irq number	*/
		       MARK_NS,		  /*	nsid		bytes		*/
		       MARK_RESET,	  /*	why		0		*/
		       MARK_TIMEOUT,	  /*	action		CSTS		*/
		       MARK_GONE,	  /*	why		0		*/
		       NR_MARK_KINDS
};

/* One thing that happened, usually within a phase. */
struct model_mark {
	uint64_t ts;
	uint64_t end; /* admin commands: completion, 0 if none; else ts */
	uint64_t value;
	uint32_t what;
	int32_t phase; /* index of the innermost phase then, or -1 */
	uint16_t kind, ctrl, qid;
	uint16_t status; /* NVMe status, or 0 */
};

/* What made the driver look at a completion queue, and what it found. */
struct model_look {
	uint64_t begin, end;
	uint16_t why; /* enum nvs_WHY_CQ */
	uint16_t found;
};

struct model_totals {
	uint64_t first_ts, last_ts; /* of the driver's events */
	uint64_t events;
	uint64_t by_id[NVS_EVENT_ID_MAX + 1];
	uint64_t unknown_events; /* of a kind this tool does not know */
	uint64_t beyond_limits;	 /* of controllers or queues over the limits above */
	uint64_t phase_ends_lost;
	uint64_t phase_ends_unmatched;
	uint64_t phases_dropped, marks_dropped;
};

/* Called as the pass goes; a NULL member is not called. */
struct model_visitor {
	/* A command's end, with all of its steps; its memory is reused after. */
	void (*command)(void *ctx, const struct model_queue *q, const struct model_cmd *c);
	void (*sq_doorbell)(void *ctx, const struct model_queue *q,
			    const struct nvs_sq_doorbell *ev);
	void (*cq_doorbell)(void *ctx, const struct model_queue *q,
			    const struct nvs_cq_doorbell *ev);
	void (*completion)(void *ctx, const struct model_queue *q, const struct nvs_cqe *ev);
	void (*look)(void *ctx, const struct model_queue *q, const struct model_look *look);
	/* q->depth has changed at @ts. */
	void (*depth)(void *ctx, const struct model_queue *q, uint64_t ts);
	/* Level hist: a hist_stage or a hist_bucket; 0, or -1 with @err set. */
	int (*hist)(void *ctx, const struct nvs_hdr *ev, struct nvs_error *err);
	/* What the device saw (dev_*), imported from its own log. */
	void (*device)(void *ctx, const struct recorded *ev);
};

struct model;

/* NULL: no memory.  @visitor may be NULL; it must outlive the model. */
struct model *model_new(const struct model_visitor *visitor, void *ctx);
void model_free(struct model *m);

/* Takes one event, in time order.  0, or -1 with @err set when memory ran out. */
int model_event(struct model *m, const struct recorded *ev, struct nvs_error *err);
/* After the last event: reports commands that wait for their last step, closes phases. */
void model_finish(struct model *m);
/* The whole recording from its current place: every event, then model_finish(). */
int model_run(struct model *m, struct recording *r, struct nvs_error *err);

/*
 * For who takes records of level io by itself: counts @nr as model_event() does, but tells no visitor.
 * All are of one queue, in order of time.  @queue is set to it, NULL when over the limits.  0, or -1
 * with @err set.
 */
int model_count_io(struct model *m, const struct nvs_io *io, unsigned int nr,
		   const struct model_queue **queue, struct nvs_error *err);
/* When blk-mq made it, if that was before the driver took it, as far as that is known. */
static inline uint64_t io_made(const struct nvs_io *io)
{
	return io->queued - 1 < io->setup - 1 ? io->queued : io->setup;
}
/* The command that such a record, which ended on @cpu, is of. */
void model_io_command(const struct nvs_io *ev, unsigned int cpu, struct model_cmd *c);
/* Level io: what comes is of another time or CPU, and no look at a queue goes on there. */
void model_break(struct model *m);
/*
 * Adds to @m what @from counted of another part of a recording of level io, before
 * model_finish(); @index, by @from's queues, is told what they are here.
 */
int model_merge(struct model *m, const struct model *from, uint32_t *index, struct nvs_error *err);

const struct model_totals *model_totals(const struct model *m);
unsigned int model_nr_ctrls(const struct model *m);
const struct model_ctrl *model_ctrl(const struct model *m, unsigned int index);
/* Phases in the order they began; marks in the order they happened. */
const struct model_phase *model_phases(const struct model *m, unsigned int *nr);
const struct model_mark *model_marks(const struct model *m, unsigned int *nr);
/* Sum of all troubles of @q. */
uint64_t model_trouble_total(const struct model_trouble *t);

/* False: nothing that would say it was recorded, and 0 stands there. */
bool model_has_opcode(const struct model_cmd *c);
/* False when a step is missing or stamped out of order. */
bool model_split(const struct model_cmd *c, struct model_split *split);

#endif
