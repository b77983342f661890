/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rules see: the state of a controller, its queues and its commands just
 * before an event.  rules_state.c alone changes it, after all rules were asked.
 */
#ifndef NVS_RULES_INTERNAL_H
#define NVS_RULES_INTERNAL_H

#include "rules.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

/* When a rule is asked.  ON_SENT stands for sqe, by which all of a command is known, and for
 * cmd_sent, which has it all. */
enum rule_occasion {
	ON_REG_READ,
	ON_REG_WRITE,
	ON_STATE,
	ON_SENT,
	ON_SQ_BELL,
	ON_CQE,
	ON_CQ_BELL,
	ON_START,
	ON_END,
	ON_UNMAP,
	ON_CREATE,
	ON_IO,
	NR_OCCASIONS
};
#define BIT(n) (1u << (n))

enum known { UNKNOWN, NO, YES };

/* Registers (3.1.3) */
#define REG_CAP	      0x00
#define REG_VS	      0x08
#define REG_CC	      0x14
#define REG_CSTS      0x1c
#define REG_NSSR      0x20
#define REG_AQA	      0x24
#define REG_ASQ	      0x28
#define REG_ACQ	      0x30
#define REG_DOORBELLS 0x1000
#define NSSR_RESET    0x4e564d65 /* "NVMe" */

#define CC_EN	      1u
#define CC_CSS(cc)    ((cc) >> 4 & 7)
#define CC_MPS(cc)    ((cc) >> 7 & 15)
#define CC_SHN(cc)    ((cc) >> 14 & 3)
#define CC_IOSQES(cc) ((cc) >> 16 & 15)
#define CC_IOCQES(cc) ((cc) >> 20 & 15)
#define CC_RESERVED   0xfe00000eu
#define CSTS_RDY      1u
#define CSTS_CFS      2u
#define CSTS_NSSRO    0x10u

/* Admin commands (5) */
#define ADMIN_DELETE_SQ	   0x00
#define ADMIN_CREATE_SQ	   0x01
#define ADMIN_DELETE_CQ	   0x04
#define ADMIN_CREATE_CQ	   0x05
#define ADMIN_ABORT	   0x08
#define ADMIN_SET_FEATURES 0x09
#define ADMIN_ASYNC_EVENT  0x0c
#define ADMIN_DOORBELLS	   0x7c
#define FEATURE_QUEUES	   0x07

/* A command as it was sent, however the provider tells it. */
struct command {
	bool known;  /* the fields up to cdw15 */
	bool mapped; /* the fields from dptr1 on */
	uint8_t opcode, flags;
	uint32_t nsid, cdw10, cdw11, cdw12;
	uint64_t dptr1, dptr2;
	uint32_t bytes;
	uint16_t how; /* enum nvs_MAP */
	uint16_t entries, lists;
};

/* A command that the device has, or will have with the next doorbell. */
struct flight {
	uint16_t cid;
	bool used;     /* this place of the table */
	bool rung;     /* the device was told */
	bool stranded; /* the controller was stopped since: it may end without an entry */
	bool known;
	uint8_t opcode;
	uint32_t cdw10, cdw11;
};

/* By identifier: open addressing, at least half of it free. */
struct flights {
	struct flight *place;
	uint32_t nr, size; /* size: a power of two, or 0 */
};

enum request_state { RQ_NONE, RQ_STARTED, RQ_SENT, RQ_ENDED, RQ_RETRIED };

/* The driver's side of a command, by tag. */
struct request {
	uint16_t cid;
	uint8_t state;	/* enum request_state */
	uint64_t ended; /* level io: ns, of the last request with this tag */
	struct command cmd;
};
#define REQUESTS_IN_CHUNK 64
#define REQUEST_CHUNKS	  (4096 / REQUESTS_IN_CHUNK)

struct rules_queue {
	uint16_t qid;
	enum known sq_exists, cq_exists;
	bool sq_deleting, cq_deleting; /* asked for, not yet answered */
	bool whole;		       /* all of its life is in the recording */
	uint16_t sq_cqid;	       /* the CQ of its SQ */

	uint32_t sq_depth, cq_depth; /* entries; 0: not known */
	/* Each is known once its flag is set; the flags go when the queue does. */
	uint16_t tail;	  /* slot of the next command */
	uint16_t rung;	  /* tail last told to the device */
	uint16_t sq_head; /* the device's, as it said last */
	uint16_t head;	  /* slot of the next completion */
	uint16_t freed;	  /* head last told to the device */
	uint16_t phase;
	bool tail_known, rung_known, sq_head_known, head_known, freed_known, phase_known;
	bool sq_shadow, cq_shadow; /* its last doorbell went by shadow page */

	uint16_t *pending; /* identifiers of commands that no doorbell covers yet */
	uint32_t nr_pending, max_pending;
	uint32_t taken; /* completions taken since the last CQ doorbell */

	struct flights flights;
	struct request *chunk[REQUEST_CHUNKS];
};

struct rules_ctrl {
	uint16_t id;
	bool fresh; /* its ctrl_new is in the recording */
	bool whole; /* as are the lives of all its queues */
	bool gone;  /* it answers nothing any more */

	enum known enabled; /* CC.EN */
	uint32_t cc;	    /* meaningful if enabled is known */
	uint64_t cap;
	unsigned int cap_halves; /* 3: all of CAP was read */
	enum known ready;	 /* CSTS.RDY since CC.EN was changed */
	bool fatal;		 /* CSTS.CFS since then */
	bool shutdown;		 /* CC.SHN was set and CC.EN not cleared since */
	uint64_t enabled_at;
	unsigned int admin_regs; /* which of AQA, ASQ, ACQ were written: bits 0, 1, 2 */
	uint32_t aqa;
	uint16_t state; /* enum nvs_STATE */
	bool state_known;

	enum known counted; /* queues were asked for (Set Features 07h) and granted */
	uint16_t nr_sqs, nr_cqs;
	bool limits_known;
	uint64_t mdts_bytes; /* 0: no limit */
	uint16_t aerl;
	uint16_t acl;

	struct rules_queue **queue; /* by qid, with holes */
	uint32_t nr_made;	    /* of these, not holes */
	uint32_t nr_queues;
};

/* One event, with all that a rule may ask about. */
struct rule_moment {
	const struct nvs_hdr *h;
	struct rules_ctrl *c;
	struct rules_queue *q;	    /* hdr.qid's */
	const struct request *rq;   /* of hdr.cid's tag, or NULL */
	const struct flight *f;	    /* hdr.cid's, or NULL */
	const struct command *sent; /* ON_SENT */
	uint16_t slot;		    /* ON_SENT */
	bool slot_known;
	struct command whole; /* what sent points to, if the event has all of it */
	char text[320];	      /* of a finding */
};

#define MAX_RULES 96

struct rules {
	const struct rule *rule[MAX_RULES];
	unsigned int nr;
	size_t max_findings;
	struct rules_ctrl **ctrl;
	unsigned int nr_ctrls, nr_queues;
	uint64_t seen[NVS_EVENT_ID_MAX + 1];
	uint64_t lost[NVS_EVENT_ID_MAX + 1];
	uint64_t lost_total;
	struct rule_result result[MAX_RULES];
	/* Which rules are asked on which occasion. */
	uint8_t asked[NR_OCCASIONS][MAX_RULES];
	unsigned int nr_asked[NR_OCCASIONS];
};

/* Notes why a rule is broken; returns BROKEN. */
enum judgement broken(struct rule_moment *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* rules_state.c */
struct rules_ctrl *state_ctrl_new(uint16_t id);
void state_ctrl_free(struct rules_ctrl *c);
/* The queue, made if need be.  NULL: no memory. */
struct rules_queue *state_queue(struct rules_ctrl *c, uint16_t qid);
struct rules_queue *state_find_queue(const struct rules_ctrl *c, uint16_t qid);
/* Sets what @m says of its command, before rules are asked. */
void state_look_up(struct rule_moment *m);
/* Takes @m's event into the state.  -1: no memory. */
int state_update(struct rule_moment *m);
uint32_t state_page_size(const struct rules_ctrl *c);
uint16_t state_next(uint16_t slot, uint32_t depth);

/* Nothing is known of @q any more; @exists: is it there? */
void state_queue_reset(const struct rules_ctrl *c, struct rules_queue *q, enum known exists);
/* A ring of @q begins anew, @depth entries long (0: not known). */
void state_ring_starts(struct rules_queue *q, enum nvs_RING ring, uint32_t depth);

/* rules_state_ctrl.c */
/* What concerns a controller as a whole. */
void state_update_ctrl(struct rules_ctrl *c, const struct nvs_hdr *h);
/* -1: no memory. */
int state_reg_write(struct rules_ctrl *c, const struct nvs_reg_write *ev);
/* @q, or NULL, is served no more. */
void state_strand(struct rules_queue *q);

/* rules_flights.c */
struct flight *flights_find(const struct flights *t, uint16_t cid);
struct flight *flights_add(struct flights *t, uint16_t cid);
void flights_remove(struct flights *t, struct flight *f);
struct request *request_find(const struct rules_queue *q, uint16_t cid);
struct request *request_get(struct rules_queue *q, uint16_t cid);
void request_free_all(struct rules_queue *q);

/* Each group's rules, up to one without a name. */
extern const struct rule rules_of_registers[], rules_of_rings[], rules_of_commands[],
	rules_of_queues[], rules_of_data[], rules_of_io[];

#endif
