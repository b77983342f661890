/* SPDX-License-Identifier: GPL-2.0 */
/* What model.c, model_queue.c and model_phase.c share, and nobody else sees. */
#ifndef NVS_MODEL_INTERNAL_H
#define NVS_MODEL_INTERNAL_H

#include "model.h"

#define CHUNK_CMDS  64
#define NR_CHUNKS   (4096 / CHUNK_CMDS)
#define MAX_PENDING 4096
#define MAX_STACK   32
#define MAX_THREADS 64
#define NEAR_QUEUES 64
/* Commands of one look may end on several CPUs, among those of the next looks. */
#define RECENT_LOOKS 8
/* Of commands in one doorbell, whose n-th part is worked out once. */
#define NR_SHARES 128

enum cmd_state {
	CMD_FREE,
	CMD_OPEN,
	CMD_DONE, /* told to the visitor; kept so that late steps find their owner */
};

#define CMD_AT_DEVICE	 0x01 /* rung, no CQE: counted in q->depth */
#define CMD_RETRIED	 0x02
#define CMD_OPCODE	 0x04 /* its opcode was seen */
#define CMD_AT_DRIVER	 0x08 /* started, not ended: counted in q->at_driver */
#define CMD_BELLS_UNSEEN 0x10 /* doorbells are not told of */

/*
 * A queue's commands, by tag.  Chunks come as tags are first used, so that a
 * queue costs what its depth needs, and pointers to commands stay good.
 */
struct queue_state {
	struct model_cmd *chunk[NR_CHUNKS];
	/* Identifiers of SQEs that no doorbell covers yet, and CQEs likewise. */
	uint16_t sq_pending[MAX_PENDING], cq_pending[MAX_PENDING];
	uint32_t nr_sq_pending, nr_cq_pending;
	/* Level io tells doorbells and looks by what their commands share. */
	uint64_t bell_share;	      /* sum of 1 / batch, in units of 2^-32 */
	uint64_t looks[RECENT_LOOKS]; /* times of the last ones */
	uint64_t latest_look;	      /* of these */
	unsigned int next_look;
	bool sq_synced, cq_synced; /* tail, head and phase are known */
	bool looking;		   /* between cq_enter and cq_exit */
	struct model_look look;
};

/* Phases that are open on one thread. */
struct thread {
	uint32_t tid;
	uint32_t nr;
	int32_t stack[MAX_STACK]; /* indices into m->phases */
};

struct model {
	const struct model_visitor *v;
	void *ctx;
	struct model_totals totals;

	struct model_ctrl *ctrls[MODEL_MAX_CTRLS];
	unsigned int nr_ctrls, nr_queues;
	unsigned int cpu;		       /* of the event in hand */
	struct model_ctrl *last_ctrl;	       /* of the last event: mostly the next one's too */
	struct model_queue *near[NEAR_QUEUES]; /* of late, by qid: no search for nearly all */

	struct model_phase *phases;
	unsigned int nr_phases, max_phases;
	struct model_mark *marks;
	unsigned int nr_marks, max_marks;
	uint32_t share[NR_SHARES];
	struct thread threads[MAX_THREADS];
	unsigned int nr_threads;
};

/*
 * model.c: finds or makes them.  0 with NULL when over the limits (counted), -1
 * with @err set when there is no memory.
 */
int model_get_ctrl(struct model *m, uint16_t id, struct model_ctrl **ctrl, struct nvs_error *err);
int model_get_queue(struct model *m, const struct nvs_hdr *h, struct model_queue **queue,
		    struct nvs_error *err);
static inline int model_queue_of(struct model *m, const struct nvs_hdr *h,
				 struct model_queue **queue, struct nvs_error *err)
{
	struct model_queue **near = &m->near[h->qid % NEAR_QUEUES];
	int ret;

	if (*near && (*near)->qid == h->qid && (*near)->ctrl == h->ctrl) {
		*queue = *near;
		return 0;
	}
	ret = model_get_queue(m, h, queue, err);
	*near = *queue;
	return ret;
}
/* Makes room for one more in an array of @size byte elements, at most @limit. */
void *model_grow(void *array, unsigned int nr, unsigned int *max, unsigned int limit, size_t size);

/* model_queue.c */
int queue_event(struct model *m, const struct nvs_hdr *h, struct nvs_error *err);
/* Events that are not an I/O's own but change what a queue knows. */
void queue_created(struct model_queue *q, const struct nvs_queue_create *ev);
void queue_retried(struct model_queue *q, const struct nvs_hdr *h);
void queue_free(struct model_queue *q);

/* model_cmd.c */
/* Begins a command; what the model still had under its tag ends.  NULL: @err is set. */
struct model_cmd *command_begin(struct model *m, struct model_queue *q, const struct nvs_hdr *h,
				struct nvs_error *err);
/* For a step before the doorbell: the command, or a new one without a start. */
struct model_cmd *command_early(struct model *m, struct model_queue *q, const struct nvs_hdr *h,
				struct nvs_error *err);
/* For a step after the CQE: the open command, or NULL when it has ended or was never there. */
struct model_cmd *command_late(struct model_queue *q, uint16_t cid);
/* The open command of exactly this identifier, or NULL. */
struct model_cmd *command_find_open(struct model_queue *q, uint16_t cid);
bool command_is_async_event(const struct model_queue *q, const struct model_cmd *c);
void command_leave_device(struct model *m, struct model_queue *q, struct model_cmd *c, uint64_t ts);
/* Tells the visitor, once all steps that will come have come. */
void command_done_if_whole(struct model *m, struct model_queue *q, struct model_cmd *c);
void queue_depth_change(struct model *m, struct model_queue *q, uint64_t ts, int by);
/* Counts an ended command and tells the visitor. */
void command_told(struct model *m, struct model_queue *q, const struct model_cmd *c);
/* It ended, or its tag is used anew: the driver has it no longer. */
void command_leave_driver(struct model_queue *q, struct model_cmd *c);
/* At the end of the recording. */
void queue_finish(struct model *m, struct model_queue *q);

/* Doorbells that level io told of, each by the commands that share it. */
static inline uint64_t bells_of(const struct queue_state *s)
{
	return (s->bell_share + (1ull << 31)) >> 32;
}

/* model_io.c */
/* A record of level io; counted in m->totals too. */
int model_io(struct model *m, const struct recorded *r, struct nvs_error *err);

/* model_phase.c */
int phase_event(struct model *m, const struct nvs_hdr *h, struct nvs_error *err);
void phase_finish(struct model *m);
/*
 * Adds a mark to the innermost phase of thread @tid; 0: of the controller.
 * Returns its index + 1, or 0 when there was no room (counted).
 */
uint32_t mark_add(struct model *m, const struct nvs_hdr *h, enum model_mark_kind kind, uint32_t tid,
		  uint32_t what, uint64_t value);

#endif
