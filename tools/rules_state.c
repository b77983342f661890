// SPDX-License-Identifier: GPL-2.0
/*
 * The rules' picture of controllers and queues, as the events draw it.  After an
 * event that contradicts the picture the event is right: a rule has said so by then.
 */
#include <stdlib.h>
#include "model.h"
#include "rules_internal.h"

uint16_t state_next(uint16_t slot, uint32_t depth)
{
	return depth && slot + 1u >= depth ? 0 : (uint16_t)(slot + 1);
}

/* CC.MPS; without register accesses, the smallest page there is. */
uint32_t state_page_size(const struct rules_ctrl *c)
{
	return c->enabled == UNKNOWN ? 4096 : 4096u << CC_MPS(c->cc);
}

struct rules_ctrl *state_ctrl_new(uint16_t id)
{
	struct rules_ctrl *c = calloc(1, sizeof(*c));

	if (c)
		c->id = id;
	return c;
}

static void queue_free(struct rules_queue *q)
{
	if (!q)
		return;
	request_free_all(q);
	free(q->flights.place);
	free(q->pending);
	free(q);
}

void state_ctrl_free(struct rules_ctrl *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->nr_queues; i++)
		queue_free(c->queue[i]);
	free(c->queue);
	free(c);
}

struct rules_queue *state_find_queue(const struct rules_ctrl *c, uint16_t qid)
{
	return qid < c->nr_queues ? c->queue[qid] : NULL;
}

/* Controllers whose start was seen have no queue that was made unseen. */
void state_queue_reset(const struct rules_ctrl *c, struct rules_queue *q, enum known exists)
{
	q->sq_exists = q->cq_exists = exists;
	q->sq_deleting = q->cq_deleting = false;
	q->whole = exists != UNKNOWN || c->whole;
	q->tail_known = q->rung_known = q->sq_head_known = false;
	q->head_known = q->freed_known = q->phase_known = false;
	q->sq_shadow = q->cq_shadow = false;
	q->nr_pending = q->taken = 0;
}

struct rules_queue *state_queue(struct rules_ctrl *c, uint16_t qid)
{
	struct rules_queue *q = state_find_queue(c, qid);

	if (q)
		return q;
	if (qid >= c->nr_queues) {
		struct rules_queue **more = realloc(c->queue, (qid + 1u) * sizeof(*more));

		if (!more)
			return NULL;
		for (uint32_t i = c->nr_queues; i <= qid; i++)
			more[i] = NULL;
		c->queue = more;
		c->nr_queues = qid + 1u;
	}
	q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->qid = q->sq_cqid = qid;
	state_queue_reset(c, q, c->whole ? NO : UNKNOWN);
	c->queue[qid] = q;
	c->nr_made++;
	return q;
}

void state_ring_starts(struct rules_queue *q, enum nvs_RING ring, uint32_t depth)
{
	if (ring == NVS_RING_sq) {
		q->sq_exists = YES;
		q->sq_depth = depth;
		q->tail = q->rung = q->sq_head = 0;
		q->tail_known = q->rung_known = q->sq_head_known = true;
		q->sq_deleting = q->sq_shadow = false;
		q->nr_pending = 0;
	} else {
		q->cq_exists = YES;
		q->cq_depth = depth;
		q->head = q->freed = q->taken = 0;
		q->phase = 1;
		q->head_known = q->freed_known = q->phase_known = true;
		q->cq_deleting = q->cq_shadow = false;
	}
	q->whole = true;
}

/* --- commands --------------------------------------------------------------------- */

static int update_setup(struct rules_queue *q, const struct nvs_cmd_setup *ev)
{
	struct request *rq = request_get(q, ev->h.cid);

	if (!rq)
		return -1;
	/* Without an rq_start: the driver's own, such as an Asynchronous Event Request. */
	if (rq->cid != ev->h.cid || rq->state != RQ_STARTED)
		*rq = (struct request){ .cid = ev->h.cid };
	rq->cmd = (struct command){ .known = true,
				    .bytes = rq->cmd.bytes,
				    .opcode = (uint8_t)ev->opcode,
				    .flags = (uint8_t)ev->flags,
				    .nsid = ev->nsid,
				    .cdw10 = ev->cdw10,
				    .cdw11 = ev->cdw11,
				    .cdw12 = ev->cdw12 };
	return 0;
}

static void update_map(struct rules_queue *q, const struct nvs_cmd_map *ev)
{
	struct request *rq = request_find(q, ev->h.cid);

	if (!rq || rq->cid != ev->h.cid)
		return;
	rq->cmd.mapped = true;
	rq->cmd.dptr1 = ev->dptr1;
	rq->cmd.dptr2 = ev->dptr2;
	rq->cmd.bytes = ev->bytes;
	rq->cmd.how = ev->how;
	rq->cmd.entries = ev->entries;
	rq->cmd.lists = ev->lists;
}

static int add_pending(struct rules_queue *q, uint16_t cid)
{
	if (q->nr_pending == UINT16_MAX)
		q->nr_pending = 0; /* more than any queue holds: their doorbell was lost */
	if (q->nr_pending == q->max_pending) {
		uint32_t max = q->max_pending ? 2 * q->max_pending : 32;
		uint16_t *more = realloc(q->pending, max * sizeof(*more));

		if (!more)
			return -1;
		q->pending = more;
		q->max_pending = max;
	}
	q->pending[q->nr_pending++] = cid;
	return 0;
}

/* Delete I/O Submission or Completion Queue: from now on it is not to be used. */
static void deletion_sent(struct rules_ctrl *c, const struct command *cmd, bool deleting)
{
	struct rules_queue *q = state_find_queue(c, cmd->cdw10 & 0xffff);

	if (q && cmd->opcode == ADMIN_DELETE_SQ)
		q->sq_deleting = deleting;
	if (q && cmd->opcode == ADMIN_DELETE_CQ)
		q->cq_deleting = deleting;
}

static int update_sent(struct rule_moment *m)
{
	struct flight *f = flights_add(&m->q->flights, m->h->cid);
	struct request *rq = request_find(m->q, m->h->cid);

	if (!f || add_pending(m->q, m->h->cid))
		return -1;
	f->known = m->sent->known;
	f->opcode = m->sent->opcode;
	f->cdw10 = m->sent->cdw10;
	f->cdw11 = m->sent->cdw11;
	if (rq && rq->cid == m->h->cid && rq->state == RQ_STARTED)
		rq->state = RQ_SENT;
	if (m->slot_known) {
		m->q->tail = state_next(m->slot, m->q->sq_depth);
		m->q->tail_known = true;
	}
	if (m->q->qid == 0 && f->known)
		deletion_sent(m->c, m->sent, true);
	return 0;
}

static void update_sq_bell(struct rules_queue *q, const struct nvs_sq_doorbell *ev)
{
	for (uint32_t i = 0; i < q->nr_pending; i++) {
		struct flight *f = flights_find(&q->flights, q->pending[i]);

		if (f)
			f->rung = true;
	}
	q->nr_pending = 0;
	/* A tail that no command led to is not known to be the recorded commands' end. */
	q->rung_known = q->tail_known;
	q->rung = q->tail = ev->new_tail;
	q->sq_shadow = ev->how == NVS_BELL_shadow;
}

static int queue_answer(struct rules_ctrl *c, const struct flight *f, bool granted)
{
	const struct command cmd = { .opcode = f->opcode, .cdw10 = f->cdw10 };
	bool cq = f->opcode == ADMIN_CREATE_CQ || f->opcode == ADMIN_DELETE_CQ;
	uint16_t qid = f->cdw10 & 0xffff;
	struct rules_queue *q = state_find_queue(c, qid);

	if (!q && c->nr_made >= MODEL_MAX_QUEUES)
		return 0; /* a damaged or hostile file */
	if (!q)
		q = state_queue(c, qid);
	if (!q)
		return -1;
	if (f->opcode == ADMIN_CREATE_CQ || f->opcode == ADMIN_CREATE_SQ) {
		if (granted)
			state_ring_starts(q, cq ? NVS_RING_cq : NVS_RING_sq, (f->cdw10 >> 16) + 1);
		if (granted && !cq)
			q->sq_cqid = f->cdw11 >> 16;
		return 0;
	}
	deletion_sent(c, &cmd, false);
	if (granted && cq)
		q->cq_exists = NO;
	if (granted && !cq) {
		q->sq_exists = NO;
		q->tail_known = q->rung_known = q->sq_head_known = false;
		q->nr_pending = 0;
		state_strand(q);
	}
	return 0;
}

/* What the controller did on an admin command, by its own answer. */
static int update_answer(struct rules_ctrl *c, const struct flight *f, const struct nvs_cqe *ev)
{
	bool success = !(ev->status & 0x7ff);

	if (!f->known || f->stranded)
		return 0;
	switch (f->opcode) {
	case ADMIN_CREATE_SQ:
	case ADMIN_CREATE_CQ:
	case ADMIN_DELETE_SQ:
	case ADMIN_DELETE_CQ: return queue_answer(c, f, success);
	case ADMIN_SET_FEATURES:
		if ((f->cdw10 & 0xff) == FEATURE_QUEUES && success) {
			c->counted = YES;
			c->nr_sqs = (uint16_t)((ev->result & 0xffff) + 1);
			c->nr_cqs = (uint16_t)((ev->result >> 16 & 0xffff) + 1);
		}
		break;
	}
	return 0;
}

static int update_cqe(struct rule_moment *m)
{
	const struct nvs_cqe *ev = AS(cqe, m->h);
	struct rules_queue *q = m->q;
	struct flight *f = flights_find(&q->flights, m->h->cid);
	int ret = 0;

	q->sq_head = ev->sq_head;
	q->sq_head_known = q->sq_exists != NO;
	q->head = state_next(ev->slot, q->cq_depth);
	q->phase = ev->phase ^ (q->cq_depth && !q->head);
	q->head_known = true;
	q->phase_known = q->cq_depth;
	q->taken++;
	if (f) {
		struct flight copy = *f;

		flights_remove(&q->flights, f);
		if (q->qid == 0)
			ret = update_answer(m->c, &copy, ev);
	}
	return ret;
}

static void update_cq_bell(struct rules_queue *q, const struct nvs_cq_doorbell *ev)
{
	q->freed_known = q->head_known;
	q->freed = ev->new_head;
	q->taken = 0;
	q->cq_shadow = ev->how == NVS_BELL_shadow;
}

/* --- the driver's side ------------------------------------------------------------- */

static int update_start(struct rules_queue *q, const struct nvs_rq_start *ev)
{
	struct request *rq = request_get(q, ev->h.cid);

	if (!rq)
		return -1;
	*rq = (struct request){ .cid = ev->h.cid, .state = RQ_STARTED, .cmd.bytes = ev->bytes };
	return 0;
}

static int update_io(struct rules_queue *q, const struct nvs_hdr *h)
{
	struct request *rq = request_get(q, h->cid);

	if (!rq)
		return -1;
	rq->cid = h->cid;
	rq->ended = h->ts;
	return 0;
}

static void update_request(struct rules_queue *q, uint16_t cid, enum request_state state)
{
	struct request *rq = request_find(q, cid);

	if (rq && rq->cid == cid)
		rq->state = (uint8_t)state;
}

/* Queues that a recorder which came late finds, or that its provider tells of. */
static void update_created(struct rules_ctrl *c, struct rules_queue *q,
			   const struct nvs_queue_create *ev)
{
	bool cq = ev->ring == NVS_RING_cq;

	if (ev->status)
		return;
	if (cq)
		q->cq_depth = ev->depth;
	else
		q->sq_depth = ev->depth;
	if (c->enabled == UNKNOWN && !c->whole && (cq ? q->cq_exists : q->sq_exists) != YES)
		state_ring_starts(q, ev->ring, ev->depth);
}
int state_update(struct rule_moment *m)
{
	const struct nvs_hdr *h = m->h;

	switch (h->id) {
	case NVS_ID_reg_write: return state_reg_write(m->c, AS(reg_write, h));
	case NVS_ID_rq_start: return update_start(m->q, AS(rq_start, h));
	case NVS_ID_io: return update_io(m->q, h);
	case NVS_ID_cmd_setup: return update_setup(m->q, AS(cmd_setup, h));
	case NVS_ID_cmd_map: update_map(m->q, AS(cmd_map, h)); return 0;
	case NVS_ID_sqe:
	case NVS_ID_cmd_sent: return update_sent(m);
	case NVS_ID_sq_doorbell: update_sq_bell(m->q, AS(sq_doorbell, h)); return 0;
	case NVS_ID_cqe: return update_cqe(m);
	case NVS_ID_cq_doorbell: update_cq_bell(m->q, AS(cq_doorbell, h)); return 0;
	case NVS_ID_rq_complete: update_request(m->q, h->cid, RQ_ENDED); return 0;
	case NVS_ID_retry: update_request(m->q, h->cid, RQ_RETRIED); return 0;
	case NVS_ID_queue_create: update_created(m->c, m->q, AS(queue_create, h)); return 0;
	case NVS_ID_ctrl_limits:
		m->c->limits_known = true;
		m->c->mdts_bytes = AS(ctrl_limits, h)->max_bytes;
		m->c->aerl = AS(ctrl_limits, h)->aerl;
		m->c->acl = AS(ctrl_limits, h)->acl;
		return 0;
	default: state_update_ctrl(m->c, h); return 0;
	}
}

/*
 * The whole command, as it stood in its slot.  How long its data is, the request knows;
 * of other commands than these two the request is not about data.
 */
static struct command whole_command(const struct nvs_cmd_sent *ev, const struct request *rq)
{
	bool rw = ev->h.qid && (ev->opcode == 1 || ev->opcode == 2);

	return (struct command){
		.known = true,
		.mapped = ev->opcode & 3, /* the direction of data, none if 0 */
		.opcode = (uint8_t)ev->opcode,
		.flags = (uint8_t)ev->flags,
		.nsid = ev->nsid,
		.cdw10 = ev->cdw10,
		.cdw11 = ev->cdw11,
		.cdw12 = ev->cdw12,
		.dptr1 = ev->dptr1,
		.dptr2 = ev->dptr2,
		.bytes = rw && rq && rq->cid == ev->h.cid ? rq->cmd.bytes : 0,
		.how = ev->flags >> 6 ? NVS_MAP_sgl : NVS_MAP_prp1,
	};
}

void state_look_up(struct rule_moment *m)
{
	static const struct command nothing;
	const struct request *rq = request_find(m->q, m->h->cid);

	m->f = flights_find(&m->q->flights, m->h->cid);
	m->rq = rq;
	m->sent = &nothing;
	m->slot_known = false;
	if (m->h->id == NVS_ID_cmd_sent) {
		m->slot = AS(cmd_sent, m->h)->slot;
		m->slot_known = true;
		m->whole = whole_command(AS(cmd_sent, m->h), rq);
		m->sent = &m->whole;
	}
	if (m->h->id == NVS_ID_sqe) {
		m->slot = AS(sqe, m->h)->slot;
		m->slot_known = true;
		if (rq && rq->cid == m->h->cid)
			m->sent = &rq->cmd;
	}
}
