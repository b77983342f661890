// SPDX-License-Identifier: GPL-2.0
/* Rules of commands: their identifiers, their answers and their ends. */
#include "model.h"
#include "rules_internal.h"

static enum judgement identifier_unique(struct rule_moment *m)
{
	if (m->f && !m->f->stranded)
		return broken(m, "the identifier is that of a command which the device still has");
	return m->q->whole ? HELD : OPEN;
}

/* The Error Information log says FFFFh where it means no command. */
static enum judgement identifier_allowed(struct rule_moment *m)
{
	if (m->h->cid == 0xffff)
		return broken(m, "FFFFh is the identifier of no command");
	return HELD;
}

static enum judgement completion_answers(struct rule_moment *m)
{
	if (m->f)
		return HELD;
	if (!m->q->whole || m->c->gone)
		return OPEN;
	return broken(m, "the device completes a command that it does not have");
}

static enum judgement completion_after_doorbell(struct rule_moment *m)
{
	if (!m->f || m->f->stranded)
		return NO_OCCASION;
	if (!m->f->rung)
		return broken(m,
			      "the device completes a command before the doorbell that covers it");
	return HELD;
}

/* The identifier of a completion, as the driver found it. */
static enum judgement completion_known(struct rule_moment *m)
{
	uint16_t match = AS(cqe, m->h)->match;

	if (match == NVS_CQE_stale)
		return broken(m, "the driver finds that it is a past use of the identifier");
	if (match == NVS_CQE_unknown)
		return broken(m, "the driver does not know the identifier");
	return HELD;
}

static enum judgement ends_once(struct rule_moment *m)
{
	bool same = m->rq && m->rq->cid == m->h->cid;

	if (same && (m->rq->state == RQ_ENDED || m->rq->state == RQ_RETRIED))
		return broken(m, "the request ends, and it had ended before");
	if (same && m->rq->state != RQ_NONE)
		return HELD;
	if (!m->q->whole)
		return OPEN;
	return broken(m, "a request ends that was never started");
}

/* A tag is given out again when its last user has ended. */
static enum judgement ends_at_all(struct rule_moment *m)
{
	if (!m->rq || m->rq->state == RQ_NONE)
		return NO_OCCASION;
	if (m->rq->state == RQ_SENT)
		return broken(m, "its tag is started again, and command %#x never ended",
			      m->rq->cid);
	return HELD;
}

static enum judgement retry_is_new(struct rule_moment *m)
{
	if (!m->rq || m->rq->state != RQ_RETRIED)
		return NO_OCCASION;
	if (m->rq->cid == m->h->cid)
		return broken(m, "the retry has the identifier of the first try");
	return HELD;
}

/* Until the device has answered or was stopped, command and memory are its own. */
static bool at_device(const struct rule_moment *m)
{
	return m->f && m->f->rung && !m->f->stranded && !m->c->gone;
}

static enum judgement end_after_completion(struct rule_moment *m)
{
	if (at_device(m))
		return broken(m, "the request ends while the device still has the command");
	return m->q->whole ? HELD : OPEN;
}

static enum judgement unmap_after_completion(struct rule_moment *m)
{
	if (at_device(m))
		return broken(m, "memory is unmapped while the device still has the command");
	return m->q->whole ? HELD : OPEN;
}

#define STATUS(sct, sc) ((sct) << 8 | (sc))

static uint16_t status_of(const struct rule_moment *m)
{
	return AS(cqe, m->h)->status & 0x7ff;
}

static bool is_admin(const struct rule_moment *m, uint8_t opcode)
{
	return m->h->qid == 0 && m->f && m->f->known && m->f->opcode == opcode;
}

/* Commands with @opcode that the device has.  There are few admin commands. */
static unsigned int outstanding(const struct rules_queue *q, uint8_t opcode)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < q->flights.size; i++) {
		const struct flight *f = &q->flights.place[i];

		n += f->used && !f->stranded && f->known && f->opcode == opcode;
	}
	return n;
}

/* One more may be sent if no more than @limit, counted from 0, are there.  The device knows too. */
static enum judgement within_limit(struct rule_moment *m, uint8_t opcode, uint16_t limit,
				   uint16_t status)
{
	if (m->h->id == NVS_ID_cqe) {
		if (is_admin(m, opcode) && status_of(m) == status)
			return broken(m, "the device says that there are more than it takes");
		return NO_OCCASION;
	}
	if (m->h->qid || !m->sent->known || m->sent->opcode != opcode)
		return NO_OCCASION;
	if (!m->c->limits_known)
		return OPEN;
	if (outstanding(m->q, opcode) > limit)
		return broken(m, "%u are outstanding already, the limit is %u",
			      outstanding(m->q, opcode), limit + 1u);
	return HELD;
}

static enum judgement events_within_limit(struct rule_moment *m)
{
	return within_limit(m, ADMIN_ASYNC_EVENT, m->c->aerl, STATUS(1, 0x05));
}

static enum judgement aborts_within_limit(struct rule_moment *m)
{
	return within_limit(m, ADMIN_ABORT, m->c->acl, STATUS(1, 0x03));
}

#define SENT BIT(SOURCE_SENT)
#define CQE  BIT(SOURCE_CQE)

const struct rule rules_of_commands[] = {
	{ "cid-unique", "3.3.3.1", "an identifier is that of one outstanding command of a queue",
	  SENT | CQE, BIT(ON_SENT), identifier_unique },
	{ "cid-allowed", "3.3.3.1", "FFFFh is no command's identifier", SENT, BIT(ON_SENT),
	  identifier_allowed },
	{ "completion-answers", "3.3.3.2", "a completion answers an outstanding command",
	  SENT | CQE, BIT(ON_CQE), completion_answers },
	{ "completion-rung", "3.3.1.2", "a command completes after the doorbell that covers it",
	  SENT | CQE | BIT(SOURCE_SQ_BELL), BIT(ON_CQE), completion_after_doorbell },
	{ "completion-known", "3.3.3.2", "the driver knows the identifier of each completion", CQE,
	  BIT(ON_CQE), completion_known },
	{ "event-limit", "5.2", "at most AERL + 1 Asynchronous Event Requests are outstanding",
	  SENT | CQE | BIT(SOURCE_LIMITS), BIT(ON_SENT) | BIT(ON_CQE), events_within_limit },
	{ "abort-limit", "5.1", "at most ACL + 1 Aborts are outstanding",
	  SENT | CQE | BIT(SOURCE_LIMITS), BIT(ON_SENT) | BIT(ON_CQE), aborts_within_limit },
	{ "end-once", "docs/architecture.md", "a request ends once",
	  BIT(SOURCE_START) | BIT(SOURCE_END), BIT(ON_END), ends_once },
	{ "end-before-reuse", "docs/architecture.md", "a request ends before its tag is used again",
	  BIT(SOURCE_START) | BIT(SOURCE_END) | SENT, BIT(ON_START), ends_at_all },
	{ "end-completed", "3.3.1.2", "a request ends after its completion, or after a reset",
	  SENT | CQE | BIT(SOURCE_SQ_BELL) | BIT(SOURCE_END) | BIT(SOURCE_REG_WRITE), BIT(ON_END),
	  end_after_completion },
	{ "unmap-completed", "3.3.1.2", "memory is unmapped after the completion, or after a reset",
	  SENT | CQE | BIT(SOURCE_SQ_BELL) | BIT(SOURCE_UNMAP) | BIT(SOURCE_REG_WRITE),
	  BIT(ON_UNMAP), unmap_after_completion },
	{ "retry-identifier", "3.3.3.1", "a retry is sent under a new identifier",
	  BIT(SOURCE_START) | BIT(SOURCE_RETRY), BIT(ON_START), retry_is_new },
	{ 0 },
};
