// SPDX-License-Identifier: GPL-2.0
/* Rules of the rings: slots, doorbells, the phase tag, and who may pass whom. */
#include "rules_internal.h"

/* From @a forward to @b, in a ring of @depth. */
static uint32_t distance(uint32_t a, uint32_t b, uint32_t depth)
{
	return b >= a ? b - a : b + depth - a;
}

static enum judgement sq_slot(struct rule_moment *m)
{
	const struct rules_queue *q = m->q;

	if (!m->slot_known)
		return OPEN;
	if (q->sq_depth && m->slot >= q->sq_depth)
		return broken(m, "slot %u of a queue of %u entries", m->slot, q->sq_depth);
	if (!q->tail_known)
		return OPEN;
	/* Without a known depth a wrap to 0 is as good as the next slot. */
	if (m->slot != q->tail && (q->sq_depth || m->slot))
		return broken(m, "the command goes to slot %u, the next one is %u", m->slot,
			      q->tail);
	return HELD;
}

/* Full is when the tail stands one slot behind the head. */
static enum judgement sq_not_overrun(struct rule_moment *m)
{
	const struct rules_queue *q = m->q;

	if (!m->slot_known || !q->sq_depth || !q->sq_head_known)
		return OPEN;
	if (m->slot < q->sq_depth && q->sq_head < q->sq_depth &&
	    state_next(m->slot, q->sq_depth) == q->sq_head)
		return broken(m,
			      "slot %u is filled, and the device last said that its head is %u: "
			      "the queue of %u is overrun",
			      m->slot, q->sq_head, q->sq_depth);
	return HELD;
}

/* After a shadow write, the register may have to be written too, with the same value. */
static bool wakes_device(const struct rule_moment *m)
{
	if (m->h->id == NVS_ID_sq_doorbell)
		return m->q->sq_shadow && AS(sq_doorbell, m->h)->how == NVS_BELL_mmio &&
		       AS(sq_doorbell, m->h)->new_tail == m->q->rung;
	return m->q->cq_shadow && AS(cq_doorbell, m->h)->how == NVS_BELL_mmio &&
	       AS(cq_doorbell, m->h)->new_head == m->q->freed;
}

static enum judgement sq_doorbell_value(struct rule_moment *m)
{
	const struct nvs_sq_doorbell *ev = AS(sq_doorbell, m->h);

	if (!m->q->sq_depth)
		return OPEN;
	if (ev->new_tail >= m->q->sq_depth)
		return broken(m, "tail %u of a queue of %u entries", ev->new_tail, m->q->sq_depth);
	return HELD;
}

static enum judgement sq_doorbell_moves(struct rule_moment *m)
{
	const struct nvs_sq_doorbell *ev = AS(sq_doorbell, m->h);

	if (!m->q->rung_known)
		return OPEN;
	if (ev->new_tail == m->q->rung && !wakes_device(m))
		return broken(m, "tail %u is rung again", ev->new_tail);
	return HELD;
}

static enum judgement sq_doorbell_covers(struct rule_moment *m)
{
	const struct nvs_sq_doorbell *ev = AS(sq_doorbell, m->h);
	const struct rules_queue *q = m->q;

	if (wakes_device(m))
		return NO_OCCASION;
	if (!q->rung_known || !q->tail_known || !q->sq_depth)
		return OPEN;
	if (ev->new_tail >= q->sq_depth || ev->new_tail == q->rung)
		return NO_OCCASION; /* other rules' */
	if (ev->new_tail != q->tail)
		return broken(m, "tail %u is rung, commands stand up to slot %u", ev->new_tail,
			      q->tail);
	if (distance(q->rung, ev->new_tail, q->sq_depth) != q->nr_pending)
		return broken(m, "the tail goes from %u to %u, and %u commands were written",
			      q->rung, ev->new_tail, q->nr_pending);
	return HELD;
}

static enum judgement cq_slot(struct rule_moment *m)
{
	const struct nvs_cqe *ev = AS(cqe, m->h);
	const struct rules_queue *q = m->q;

	if (q->cq_depth && ev->slot >= q->cq_depth)
		return broken(m, "slot %u of a queue of %u entries", ev->slot, q->cq_depth);
	if (!q->head_known)
		return OPEN;
	if (ev->slot != q->head && (q->cq_depth || ev->slot))
		return broken(m, "the entry in slot %u is taken, the next one is in %u", ev->slot,
			      q->head);
	return HELD;
}

static enum judgement cq_phase(struct rule_moment *m)
{
	const struct nvs_cqe *ev = AS(cqe, m->h);

	if (!m->q->phase_known)
		return OPEN;
	if (ev->slot != m->q->head)
		return NO_OCCASION; /* cq-slot's */
	if (ev->phase != m->q->phase)
		return broken(m, "the entry in slot %u is taken with phase %u, this lap's is %u",
			      ev->slot, ev->phase, m->q->phase);
	return HELD;
}

static enum judgement cq_doorbell_value(struct rule_moment *m)
{
	const struct nvs_cq_doorbell *ev = AS(cq_doorbell, m->h);

	if (!m->q->cq_depth)
		return OPEN;
	if (ev->new_head >= m->q->cq_depth)
		return broken(m, "head %u of a queue of %u entries", ev->new_head, m->q->cq_depth);
	return HELD;
}

static enum judgement cq_doorbell_moves(struct rule_moment *m)
{
	const struct nvs_cq_doorbell *ev = AS(cq_doorbell, m->h);

	if (!m->q->freed_known)
		return OPEN;
	if (ev->new_head == m->q->freed && !wakes_device(m))
		return broken(m, "head %u is rung again", ev->new_head);
	return HELD;
}

/* A driver may free fewer entries than it took, never more. */
static enum judgement cq_doorbell_taken(struct rule_moment *m)
{
	const struct nvs_cq_doorbell *ev = AS(cq_doorbell, m->h);
	const struct rules_queue *q = m->q;
	uint32_t frees;

	if (wakes_device(m))
		return NO_OCCASION;
	if (!q->freed_known || !q->head_known || !q->cq_depth)
		return OPEN;
	if (ev->new_head >= q->cq_depth || ev->new_head == q->freed)
		return NO_OCCASION; /* other rules' */
	frees = distance(q->freed, ev->new_head, q->cq_depth);
	if (frees > distance(q->freed, q->head, q->cq_depth))
		return broken(m, "head %u is rung, entries were taken up to slot %u", ev->new_head,
			      q->head);
	return HELD;
}

/* The device's head goes forward, and not beyond the tail that it was told. */
static enum judgement sq_head_forward(struct rule_moment *m)
{
	const struct nvs_cqe *ev = AS(cqe, m->h);
	const struct rules_queue *q = m->q;

	if (q->sq_cqid != q->qid)
		return OPEN; /* the entry does not say of which queue */
	if (!q->sq_head_known || !q->rung_known || !q->sq_depth)
		return q->sq_exists == NO ? NO_OCCASION : OPEN;
	if (ev->sq_head >= q->sq_depth)
		return broken(m, "head %u of a queue of %u entries", ev->sq_head, q->sq_depth);
	if (distance(q->sq_head, ev->sq_head, q->sq_depth) >
	    distance(q->sq_head, q->rung, q->sq_depth))
		return broken(m,
			      "the device says that its head is %u: it was %u, and the tail is %u",
			      ev->sq_head, q->sq_head, q->rung);
	return HELD;
}

#define SENT	BIT(SOURCE_SENT)
#define CQE	BIT(SOURCE_CQE)
#define SQ_BELL BIT(SOURCE_SQ_BELL)
#define CQ_BELL BIT(SOURCE_CQ_BELL)

const struct rule rules_of_rings[] = {
	{ "sq-slot", "3.3.1.2", "each command goes into the slot behind the last one", SENT,
	  BIT(ON_SENT), sq_slot },
	{ "sq-overrun", "3.3.1.5", "a slot is filled only when the device's head has passed it",
	  SENT | CQE, BIT(ON_SENT), sq_not_overrun },
	{ "sq-doorbell-value", "PCIe Transport 3.1.2.1", "an SQ doorbell's value is a slot",
	  SQ_BELL, BIT(ON_SQ_BELL), sq_doorbell_value },
	{ "sq-doorbell-moves", "PCIe Transport 3.1.2.1",
	  "an SQ doorbell is rung only with a new value", SQ_BELL, BIT(ON_SQ_BELL),
	  sq_doorbell_moves },
	{ "sq-doorbell-covers", "3.3.1.2",
	  "an SQ doorbell covers the commands written since the last, all and no more",
	  SENT | SQ_BELL, BIT(ON_SQ_BELL), sq_doorbell_covers },
	{ "sq-head", "3.3.3.2", "the device's SQ head goes forward, up to the tail rung",
	  CQE | SQ_BELL, BIT(ON_CQE), sq_head_forward },
	{ "cq-slot", "3.3.1.2", "completion entries are taken slot by slot", CQE, BIT(ON_CQE),
	  cq_slot },
	{ "cq-phase", "3.3.3.2", "the phase tag of entries inverts with each lap", CQE, BIT(ON_CQE),
	  cq_phase },
	{ "cq-doorbell-value", "PCIe Transport 3.1.2.2", "a CQ doorbell's value is a slot", CQ_BELL,
	  BIT(ON_CQ_BELL), cq_doorbell_value },
	{ "cq-doorbell-moves", "PCIe Transport 3.1.2.2",
	  "a CQ doorbell is rung only with a new value", CQ_BELL, BIT(ON_CQ_BELL),
	  cq_doorbell_moves },
	{ "cq-doorbell-taken", "3.3.1.2", "a CQ doorbell frees only entries that were taken",
	  CQE | CQ_BELL, BIT(ON_CQ_BELL), cq_doorbell_taken },
	{ 0 },
};
