// SPDX-License-Identifier: GPL-2.0
/* Rules of the registers: how a controller is configured, started and stopped. */
#include <inttypes.h>
#include "rules_internal.h"

#define WRITE(m) AS(reg_write, (m)->h)

static bool is_cc_write(const struct rule_moment *m)
{
	return WRITE(m)->offset == REG_CC;
}

static uint32_t new_cc(const struct rule_moment *m)
{
	return (uint32_t)WRITE(m)->value;
}

/* This write takes CC.EN from 0 to 1. */
static bool starts(const struct rule_moment *m)
{
	return is_cc_write(m) && new_cc(m) & CC_EN && m->c->enabled == NO;
}

static bool is_admin_reg(uint32_t offset)
{
	return offset == REG_AQA || (offset >= REG_ASQ && offset < REG_ACQ + 8);
}

static enum judgement admin_queue_before_enable(struct rule_moment *m)
{
	static const char *const names[] = { "AQA", "ASQ", "ACQ" };

	if (!starts(m))
		return NO_OCCASION;
	for (unsigned int i = 0; i < 3; i++) {
		if (m->c->admin_regs & BIT(i))
			continue;
		if (!m->c->fresh)
			return OPEN;
		return broken(m, "CC.EN is set, and %s was never written", names[i]);
	}
	return HELD;
}

static enum judgement admin_queue_fixed(struct rule_moment *m)
{
	if (!is_admin_reg(WRITE(m)->offset))
		return NO_OCCASION;
	if (m->c->enabled == UNKNOWN)
		return OPEN;
	if (m->c->enabled == YES && !m->c->gone)
		return broken(m, "register %#x is written while CC.EN is 1", WRITE(m)->offset);
	return HELD;
}

static enum judgement admin_queue_size(struct rule_moment *m)
{
	uint32_t aqa = (uint32_t)WRITE(m)->value;

	if (WRITE(m)->offset != REG_AQA)
		return NO_OCCASION;
	if (aqa & 0xf000f000)
		return broken(m, "AQA is written %#x: a queue of more than 4,096 entries", aqa);
	if (!(aqa & 0xfff) || !(aqa >> 16 & 0xfff))
		return broken(m, "AQA is written %#x: a queue of one entry", aqa);
	return HELD;
}

static enum judgement admin_queue_aligned(struct rule_moment *m)
{
	if (WRITE(m)->offset != REG_ASQ && WRITE(m)->offset != REG_ACQ)
		return NO_OCCASION;
	if (WRITE(m)->value & 0xfff)
		return broken(m, "%s is written %#" PRIx64 ", which does not begin a page",
			      WRITE(m)->offset == REG_ASQ ? "ASQ" : "ACQ",
			      (uint64_t)WRITE(m)->value);
	return HELD;
}

static enum judgement enable_when_stopped(struct rule_moment *m)
{
	if (!starts(m))
		return NO_OCCASION;
	if (m->c->ready == YES)
		return broken(m, "CC.EN is set while CSTS.RDY is still 1");
	if (m->c->ready == UNKNOWN)
		return broken(m, "CC.EN is set, and nobody looked whether CSTS.RDY is 0");
	return HELD;
}

/* A controller that was given its time (CAP.TO), or that declares itself broken, is excused. */
static enum judgement disable_when_ready(struct rule_moment *m)
{
	const struct rules_ctrl *c = m->c;
	uint64_t patience = ((c->cap >> 24 & 0xff) + 1) * 500000000ull;

	if (!is_cc_write(m) || new_cc(m) & CC_EN || c->enabled != YES || c->gone)
		return NO_OCCASION;
	if (c->ready == YES)
		return HELD;
	if (!c->enabled_at)
		return OPEN;
	if (c->fatal || (c->cap_halves == 3 && m->h->ts - c->enabled_at >= patience))
		return NO_OCCASION;
	return broken(m, "CC.EN is cleared, and CSTS.RDY was not seen to be 1 since it was set");
}

#define CC_FIXED 0x01003ff0u /* CRIME, AMS, MPS, CSS */

static enum judgement configuration_fixed(struct rule_moment *m)
{
	if (!is_cc_write(m) || !(new_cc(m) & CC_EN))
		return NO_OCCASION;
	if (m->c->enabled == UNKNOWN)
		return OPEN;
	if (m->c->enabled == NO)
		return NO_OCCASION;
	if ((new_cc(m) ^ m->c->cc) & CC_FIXED)
		return broken(m, "CC goes from %#x to %#x while CC.EN is 1", m->c->cc, new_cc(m));
	return HELD;
}

static enum judgement configuration_supported(struct rule_moment *m)
{
	unsigned int mps = CC_MPS(new_cc(m)), css = CC_CSS(new_cc(m));
	uint64_t cap = m->c->cap;
	bool known_css;

	if (!starts(m))
		return NO_OCCASION;
	if (m->c->cap_halves != 3)
		return OPEN;
	if (mps < (cap >> 48 & 15) || mps > (cap >> 52 & 15))
		return broken(m, "CC.MPS is %u, CAP allows %u to %u", mps,
			      (unsigned int)(cap >> 48 & 15), (unsigned int)(cap >> 52 & 15));
	/* CAP.CSS: bit 0 the NVM command set, bit 6 all, bit 7 none but admin commands. */
	known_css = css == 0 ? cap >> 37 & 1 : css == 6 ? cap >> 43 & 1 : css == 7;
	if (!known_css)
		return broken(m, "CC.CSS is %u, CAP.CSS is %#x", css,
			      (unsigned int)(cap >> 37 & 0xff));
	return HELD;
}

static enum judgement reserved_bits(struct rule_moment *m)
{
	if (!is_cc_write(m))
		return NO_OCCASION;
	if (new_cc(m) & CC_RESERVED)
		return broken(m, "CC is written %#x, with reserved bits set", new_cc(m));
	return HELD;
}

static enum judgement writable_registers(struct rule_moment *m)
{
	uint32_t offset = WRITE(m)->offset;

	if (offset < REG_VS + 4)
		return broken(m, "%s, which is read-only, is written",
			      offset < REG_VS ? "CAP" : "VS");
	if (offset == REG_CSTS && WRITE(m)->value & ~(uint64_t)CSTS_NSSRO)
		return broken(m, "CSTS is written %#" PRIx64 "; only NSSRO takes a write",
			      (uint64_t)WRITE(m)->value);
	return HELD;
}

static enum judgement access_width(struct rule_moment *m)
{
	/* reg_read and reg_write have the same layout here. */
	const struct nvs_reg_read *ev = AS(reg_read, m->h);

	if (ev->offset >= REG_DOORBELLS)
		return NO_OCCASION;
	if ((ev->width != 4 && ev->width != 8) || ev->offset % ev->width)
		return broken(m, "%u bytes at %#x", ev->width, ev->offset);
	if (ev->width == 8 && ev->offset != REG_CAP && ev->offset < REG_ASQ)
		return broken(m, "8 bytes at %#x, where registers have 4", ev->offset);
	return HELD;
}

/* Each doorbell of either kind. */
static enum judgement doorbells_while_enabled(struct rule_moment *m)
{
	bool sq = m->h->id == NVS_ID_sq_doorbell;

	if (m->c->gone)
		return NO_OCCASION;
	if (m->c->enabled == UNKNOWN)
		return OPEN;
	if (m->c->enabled == NO)
		return broken(m, "the %s doorbell is rung while CC.EN is 0",
			      sq ? "submission" : "completion");
	return HELD;
}

static enum judgement ready_before_commands(struct rule_moment *m)
{
	if (m->c->gone || m->c->enabled == NO)
		return NO_OCCASION;
	if (m->c->enabled == UNKNOWN || !m->c->enabled_at)
		return OPEN;
	if (m->c->ready != YES)
		return broken(m, "commands are sent, and CSTS.RDY was not seen to be 1");
	return HELD;
}

static enum judgement no_commands_after_shutdown(struct rule_moment *m)
{
	if (m->c->gone || m->c->enabled != YES)
		return NO_OCCASION;
	if (m->c->shutdown)
		return broken(m, "commands are sent after CC.SHN told of a shutdown");
	return HELD;
}

/* Normal shutdown: I/O queues are deleted first. An abrupt one is excused. */
static enum judgement queues_before_shutdown(struct rule_moment *m)
{
	if (!is_cc_write(m) || CC_SHN(new_cc(m)) != 1 || m->c->gone || m->c->shutdown ||
	    m->c->enabled == NO)
		return NO_OCCASION;
	for (uint32_t i = 1; i < m->c->nr_queues; i++) {
		const struct rules_queue *q = m->c->queue[i];

		if (q && q->sq_exists == YES)
			return broken(m, "CC.SHN is set to normal, and submission queue %u exists",
				      i);
		if (q && q->cq_exists == YES)
			return broken(m, "CC.SHN is set to normal, and completion queue %u exists",
				      i);
	}
	return m->c->enabled == UNKNOWN ? OPEN : HELD;
}

/* What each state may follow; some kernels' own driver takes the shorter way to live. */
static enum judgement legal_states(struct rule_moment *m)
{
#define S(s) BIT(NVS_STATE_##s)
	static const unsigned int from[] = {
		[NVS_STATE_new] = 0,
		[NVS_STATE_live] = S(new) | S(resetting) | S(connecting),
		[NVS_STATE_resetting] = S(new) | S(live),
		[NVS_STATE_connecting] = S(new) | S(resetting),
		[NVS_STATE_deleting] = S(live) | S(resetting) | S(connecting),
		[NVS_STATE_deleting_noio] = S(deleting) | S(dead),
		[NVS_STATE_dead] = S(deleting),
	};
#undef S
	const struct nvs_ctrl_state *ev = AS(ctrl_state, m->h);

	if (!ev->changed)
		return NO_OCCASION;
	if (ev->new_state > NVS_STATE_dead || ev->old_state > NVS_STATE_dead ||
	    !(from[ev->new_state] & BIT(ev->old_state)))
		return broken(m, "from state %u to %u", ev->old_state, ev->new_state);
	if (m->c->state_known && ev->old_state != m->c->state)
		return broken(m, "it leaves state %u, but was in %u", ev->old_state, m->c->state);
	return HELD;
}

#define WRITES	BIT(SOURCE_REG_WRITE)
#define READS	BIT(SOURCE_REG_READ)
#define BELLS	(BIT(SOURCE_SQ_BELL) | BIT(SOURCE_CQ_BELL))
#define ON_BELL (BIT(ON_SQ_BELL) | BIT(ON_CQ_BELL))

const struct rule rules_of_registers[] = {
	{ "register-access", "PCIe Transport 3.1",
	  "registers are accessed whole, or 4 aligned bytes of them", WRITES | READS,
	  BIT(ON_REG_READ) | BIT(ON_REG_WRITE), access_width },
	{ "register-writable", "3.1.3", "only what is writable is written", WRITES,
	  BIT(ON_REG_WRITE), writable_registers },
	{ "cc-reserved", "3.1.3.5", "reserved bits of CC are written 0", WRITES, BIT(ON_REG_WRITE),
	  reserved_bits },
	{ "cc-supported", "3.1.3.5", "CC.MPS and CC.CSS are among what CAP offers", WRITES | READS,
	  BIT(ON_REG_WRITE), configuration_supported },
	{ "cc-fixed", "3.1.3.5", "CSS, MPS, AMS and CRIME do not change while CC.EN is 1", WRITES,
	  BIT(ON_REG_WRITE), configuration_fixed },
	{ "enable-stopped", "3.1.3.5", "CC.EN is set only after CSTS.RDY was seen to be 0",
	  WRITES | READS, BIT(ON_REG_WRITE), enable_when_stopped },
	{ "disable-ready", "3.1.3.5",
	  "CC.EN is cleared only after CSTS.RDY was seen to be 1, or in vain waited for",
	  WRITES | READS, BIT(ON_REG_WRITE), disable_when_ready },
	{ "admin-queue-set", "3.5.1", "AQA, ASQ and ACQ are written before CC.EN is set", WRITES,
	  BIT(ON_REG_WRITE), admin_queue_before_enable },
	{ "admin-queue-fixed", "3.1.3.8", "AQA, ASQ and ACQ are not written while CC.EN is 1",
	  WRITES, BIT(ON_REG_WRITE), admin_queue_fixed },
	{ "admin-queue-size", "3.1.3.8", "admin queues have 2 to 4,096 entries", WRITES,
	  BIT(ON_REG_WRITE), admin_queue_size },
	{ "admin-queue-aligned", "3.1.3.9, 3.1.3.10", "admin queues begin at a page", WRITES,
	  BIT(ON_REG_WRITE), admin_queue_aligned },
	{ "enabled-doorbell", "3.5.1", "no doorbell is rung while CC.EN is 0", WRITES | BELLS,
	  ON_BELL, doorbells_while_enabled },
	{ "ready-command", "3.5.1", "no command is sent before CSTS.RDY is 1",
	  WRITES | READS | BIT(SOURCE_SQ_BELL), BIT(ON_SQ_BELL), ready_before_commands },
	{ "shutdown-command", "3.6.1", "no command is sent after CC.SHN was set",
	  WRITES | BIT(SOURCE_SQ_BELL), BIT(ON_SQ_BELL), no_commands_after_shutdown },
	{ "shutdown-queues", "3.6.1", "I/O queues are deleted before a normal shutdown",
	  WRITES | BIT(SOURCE_SENT) | BIT(SOURCE_CQE), BIT(ON_REG_WRITE), queues_before_shutdown },
	{ "state", "docs/architecture.md", "a controller's states follow one another legally",
	  BIT(SOURCE_STATE), BIT(ON_STATE), legal_states },
	{ 0 },
};
