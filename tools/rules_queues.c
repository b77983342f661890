// SPDX-License-Identifier: GPL-2.0
/* Rules of queues: how they are asked for, made, used and deleted. */
#include <inttypes.h>
#include "rules_internal.h"

/* Create I/O Completion Queue (5.4) and its siblings have the identifier in CDW10. */
static bool sends(const struct rule_moment *m, uint8_t opcode)
{
	return m->h->qid == 0 && m->sent->known && m->sent->opcode == opcode;
}

static bool creates(const struct rule_moment *m)
{
	return sends(m, ADMIN_CREATE_CQ) || sends(m, ADMIN_CREATE_SQ);
}

static bool deletes(const struct rule_moment *m)
{
	return sends(m, ADMIN_DELETE_CQ) || sends(m, ADMIN_DELETE_SQ);
}

static bool of_cq(const struct rule_moment *m)
{
	return m->sent->opcode == ADMIN_CREATE_CQ || m->sent->opcode == ADMIN_DELETE_CQ;
}

static unsigned int qid_of(const struct rule_moment *m)
{
	return m->sent->cdw10 & 0xffff;
}

/* Of a queue that no event told of: whether it exists is known if all was seen. */
static enum known exists(const struct rules_ctrl *c, uint16_t qid, bool cq)
{
	const struct rules_queue *q = state_find_queue(c, qid);

	if (q)
		return cq ? q->cq_exists : q->sq_exists;
	return c->whole ? NO : UNKNOWN;
}

static const char *ring_name(const struct rule_moment *m)
{
	return of_cq(m) ? "completion" : "submission";
}

static enum judgement create_new(struct rule_moment *m)
{
	enum known there;

	if (!creates(m))
		return NO_OCCASION;
	if (qid_of(m) == 0)
		return broken(m, "%s queue 0 is the admin queue's", ring_name(m));
	there = exists(m->c, (uint16_t)qid_of(m), of_cq(m));
	if (there == YES)
		return broken(m, "%s queue %u is created, and it exists", ring_name(m), qid_of(m));
	return there == NO ? HELD : OPEN;
}

static enum judgement delete_existing(struct rule_moment *m)
{
	enum known there;

	if (!deletes(m))
		return NO_OCCASION;
	if (qid_of(m) == 0)
		return broken(m, "%s queue 0, the admin queue's, is deleted", ring_name(m));
	there = exists(m->c, (uint16_t)qid_of(m), of_cq(m));
	if (there == NO)
		return broken(m, "%s queue %u is deleted, and there is none", ring_name(m),
			      qid_of(m));
	return there == YES ? HELD : OPEN;
}

static enum judgement cq_before_sq(struct rule_moment *m)
{
	unsigned int cqid = m->sent->cdw11 >> 16;
	enum known there;

	if (!sends(m, ADMIN_CREATE_SQ))
		return NO_OCCASION;
	there = exists(m->c, (uint16_t)cqid, true);
	if (there == NO)
		return broken(m, "submission queue %u is created, its completion queue %u is not",
			      qid_of(m), cqid);
	return there == YES ? HELD : OPEN;
}

static enum judgement sq_deleted_before_cq(struct rule_moment *m)
{
	if (!sends(m, ADMIN_DELETE_CQ))
		return NO_OCCASION;
	for (uint32_t i = 1; i < m->c->nr_queues; i++) {
		const struct rules_queue *q = m->c->queue[i];

		if (q && q->sq_cqid == qid_of(m) && q->sq_exists == YES)
			return broken(m,
				      "completion queue %u is deleted, submission queue %u "
				      "still uses it",
				      qid_of(m), i);
	}
	return exists(m->c, (uint16_t)qid_of(m), true) == UNKNOWN ? OPEN : HELD;
}

static enum judgement queue_size(struct rule_moment *m)
{
	uint32_t size = (m->sent->cdw10 >> 16) + 1;

	if (!creates(m))
		return NO_OCCASION;
	if (size < 2)
		return broken(m, "%s queue %u has one entry", ring_name(m), qid_of(m));
	if (!(m->c->cap_halves & 1))
		return OPEN;
	if (size > (m->c->cap & 0xffff) + 1)
		return broken(m, "%s queue %u has %u entries, CAP.MQES allows %u", ring_name(m),
			      qid_of(m), size, (unsigned int)(m->c->cap & 0xffff) + 1);
	return HELD;
}

static enum judgement contiguous(struct rule_moment *m)
{
	if (!creates(m))
		return NO_OCCASION;
	if (!(m->sent->cdw11 & 1) && !(m->c->cap_halves & 1))
		return OPEN;
	if (!(m->sent->cdw11 & 1) && m->c->cap >> 16 & 1)
		return broken(m, "%s queue %u is not contiguous, CAP.CQR wants it", ring_name(m),
			      qid_of(m));
	return HELD;
}

static enum judgement entry_sizes(struct rule_moment *m)
{
	if (!creates(m))
		return NO_OCCASION;
	if (m->c->enabled != YES)
		return OPEN;
	if (CC_IOSQES(m->c->cc) < 6 || CC_IOCQES(m->c->cc) < 4)
		return broken(m,
			      "an I/O queue is created with CC.IOSQES %u and CC.IOCQES %u, 64 "
			      "and 16 bytes are 6 and 4",
			      CC_IOSQES(m->c->cc), CC_IOCQES(m->c->cc));
	return HELD;
}

static bool asks_for_queues(const struct rule_moment *m)
{
	return sends(m, ADMIN_SET_FEATURES) && (m->sent->cdw10 & 0xff) == FEATURE_QUEUES;
}

/* Number of Queues comes before the first of them. */
static enum judgement counted_first(struct rule_moment *m)
{
	if (asks_for_queues(m)) {
		for (uint32_t i = 1; i < m->c->nr_queues; i++)
			if (m->c->queue[i] &&
			    (m->c->queue[i]->sq_exists == YES || m->c->queue[i]->cq_exists == YES))
				return broken(m, "the number of queues is set, and queue %u exists",
					      i);
		return HELD;
	}
	if (!creates(m))
		return NO_OCCASION;
	if (m->c->counted == NO)
		return broken(m, "%s queue %u is created, the number of queues was not set",
			      ring_name(m), qid_of(m));
	return m->c->counted == YES ? HELD : OPEN;
}

static enum judgement within_count(struct rule_moment *m)
{
	unsigned int granted = of_cq(m) ? m->c->nr_cqs : m->c->nr_sqs;

	if (!creates(m) || m->c->counted == NO)
		return NO_OCCASION;
	if (m->c->counted == UNKNOWN)
		return OPEN;
	if (qid_of(m) > granted)
		return broken(m, "%s queue %u is created, %u were granted", ring_name(m), qid_of(m),
			      granted);
	return HELD;
}

static enum judgement queue_aligned(struct rule_moment *m)
{
	uint64_t addr = m->sent->dptr1;

	if (m->h->id == NVS_ID_queue_create)
		addr = AS(queue_create, m->h)->addr;
	else if (!creates(m) || !m->sent->mapped)
		return NO_OCCASION; /* queue_create will tell */
	if (addr & (state_page_size(m->c) - 1))
		return broken(m, "a queue is at %#" PRIx64 ", which does not begin a page", addr);
	return HELD;
}

/* Commands and doorbells of queues that are not there.  While CC.EN is 0 there is none. */
static enum judgement sq_in_use(struct rule_moment *m)
{
	const struct rules_queue *q = m->q;

	if (m->c->gone || m->c->enabled == NO)
		return NO_OCCASION;
	if (q->sq_exists == NO)
		return broken(m, "submission queue %u does not exist", q->qid);
	if (q->sq_deleting)
		return broken(m, "submission queue %u is being deleted", q->qid);
	return q->sq_exists == YES ? HELD : OPEN;
}

static enum judgement cq_in_use(struct rule_moment *m)
{
	const struct rules_queue *q = m->q;

	if (m->c->gone || m->c->enabled == NO)
		return NO_OCCASION;
	if (q->cq_exists == NO)
		return broken(m, "completion queue %u does not exist", q->qid);
	return q->cq_exists == YES ? HELD : OPEN;
}

#define SENT BIT(SOURCE_SENT)
#define CQE  BIT(SOURCE_CQE)

const struct rule rules_of_queues[] = {
	{ "queue-count-first", "5.27.1.5", "the number of queues is set before any is created",
	  SENT | CQE, BIT(ON_SENT), counted_first },
	{ "queue-count", "5.27.1.5", "no more queues are created than the controller granted",
	  SENT | CQE, BIT(ON_SENT), within_count },
	{ "queue-entry-size", "3.1.3.5",
	  "CC.IOSQES and CC.IOCQES are set before I/O queues are created",
	  SENT | BIT(SOURCE_REG_WRITE), BIT(ON_SENT), entry_sizes },
	{ "queue-create-new", "5.4, 5.5", "a queue is created under a free identifier", SENT | CQE,
	  BIT(ON_SENT), create_new },
	{ "queue-create-cq", "5.5", "a completion queue is created before its submission queue",
	  SENT | CQE, BIT(ON_SENT), cq_before_sq },
	{ "queue-size", "5.4, 5.5", "a queue has 2 entries at least, CAP.MQES + 1 at most",
	  SENT | BIT(SOURCE_REG_READ), BIT(ON_SENT), queue_size },
	{ "queue-contiguous", "5.4, 5.5", "a queue is contiguous if CAP.CQR wants it",
	  SENT | BIT(SOURCE_REG_READ), BIT(ON_SENT), contiguous },
	{ "queue-aligned", "5.4, 5.5", "a queue begins at a page", BIT(SOURCE_CREATE),
	  BIT(ON_SENT) | BIT(ON_CREATE), queue_aligned },
	{ "queue-delete-existing", "5.6, 5.7", "only a queue that exists is deleted", SENT | CQE,
	  BIT(ON_SENT), delete_existing },
	{ "queue-delete-sq", "5.6", "submission queues are deleted before their completion queue",
	  SENT | CQE, BIT(ON_SENT), sq_deleted_before_cq },
	{ "queue-use-sq", "3.3.1.1", "commands go to submission queues that exist",
	  SENT | CQE | BIT(SOURCE_SQ_BELL), BIT(ON_SENT) | BIT(ON_SQ_BELL), sq_in_use },
	{ "queue-use-cq", "3.3.1.1", "entries are taken from completion queues that exist",
	  SENT | CQE | BIT(SOURCE_CQ_BELL), BIT(ON_CQ_BELL), cq_in_use },
	{ 0 },
};
