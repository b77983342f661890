// SPDX-License-Identifier: GPL-2.0
/*
 * The rules' picture of a controller as a whole: its registers, its states, and what becomes of
 * queues and commands when it stops, starts or is gone.
 */
#include "rules_internal.h"

/* Commands may still have completed before it stopped: their entries are read later. */
void state_strand(struct rules_queue *q)
{
	for (uint32_t i = 0; q && i < q->flights.size; i++)
		if (q->flights.place[i].used)
			q->flights.place[i].stranded = true;
}

static void strand_all(struct rules_ctrl *c)
{
	for (uint32_t i = 0; i < c->nr_queues; i++)
		state_strand(c->queue[i]);
}

static void forget_flights(struct rules_queue *q)
{
	for (uint32_t i = 0; i < q->flights.size; i++)
		q->flights.place[i].used = false;
	q->flights.nr = 0;
}

/* A Controller Reset (3.7.2): queues and commands are gone, AQA, ASQ and ACQ stay. */
static void controller_stopped(struct rules_ctrl *c)
{
	strand_all(c);
	for (uint32_t i = 0; i < c->nr_queues; i++) {
		struct rules_queue *q = c->queue[i];

		if (!q)
			continue;
		/* What stands in the CQ is taken after this: head and phase stay. */
		q->sq_exists = q->cq_exists = NO;
		q->sq_deleting = q->cq_deleting = false;
		q->whole = true;
		q->tail_known = q->rung_known = q->sq_head_known = false;
		q->nr_pending = 0;
	}
	c->whole = true;
	c->counted = NO;
	c->shutdown = false;
	c->ready = UNKNOWN;
	c->fatal = false;
}

static int controller_started(struct rules_ctrl *c, uint64_t ts)
{
	struct rules_queue *admin = state_queue(c, 0);

	if (!admin)
		return -1;
	for (uint32_t i = 0; i < c->nr_queues; i++)
		if (c->queue[i])
			forget_flights(c->queue[i]);
	state_ring_starts(admin, NVS_RING_sq, c->admin_regs & 1 ? (c->aqa & 0xfff) + 1 : 0);
	state_ring_starts(admin, NVS_RING_cq, c->admin_regs & 1 ? (c->aqa >> 16 & 0xfff) + 1 : 0);
	c->enabled_at = ts;
	c->ready = UNKNOWN;
	c->fatal = c->shutdown = false;
	c->counted = NO;
	return 0;
}

/* Function Level Reset, NVM Subsystem Reset: the registers are as after power-on. */
static void registers_lost(struct rules_ctrl *c)
{
	controller_stopped(c);
	c->enabled = NO;
	c->cc = 0;
	c->admin_regs = 0;
}

/* It does not answer: what it has, and whether it still runs, nobody knows. */
static void controller_gone(struct rules_ctrl *c)
{
	strand_all(c);
	c->gone = true;
}

/* --- registers -------------------------------------------------------------------- */

static void update_reg_read(struct rules_ctrl *c, const struct nvs_reg_read *ev)
{
	uint64_t ones = ev->width == 8 ? UINT64_MAX : UINT32_MAX;

	if (ev->value == ones) {
		controller_gone(c);
		return;
	}
	c->gone = false;
	switch (ev->offset) {
	case REG_CAP:
		c->cap = ev->width == 8 ? ev->value : (c->cap >> 32 << 32 | ev->value);
		c->cap_halves |= ev->width == 8 ? 3 : 1;
		break;
	case REG_CAP + 4:
		c->cap = (uint32_t)c->cap | ev->value << 32;
		c->cap_halves |= 2;
		break;
	case REG_CSTS:
		c->ready = ev->value & CSTS_RDY ? YES : NO;
		c->fatal |= !!(ev->value & CSTS_CFS);
		/* Not ready, or with a fatal error: it works at nothing until it is reset (3.5, 9.5). */
		if (c->enabled == YES && (c->ready == NO || ev->value & CSTS_CFS))
			strand_all(c);
		break;
	case REG_CC:
		if (c->enabled == UNKNOWN) {
			c->cc = (uint32_t)ev->value;
			c->enabled = c->cc & CC_EN ? YES : NO;
		}
		break;
	}
}

static int update_cc(struct rules_ctrl *c, uint32_t cc, uint64_t ts)
{
	enum known was = c->enabled;

	c->cc = cc;
	c->enabled = cc & CC_EN ? YES : NO;
	if (c->enabled == NO && was != NO)
		controller_stopped(c);
	if (c->enabled == YES && was == NO && controller_started(c, ts))
		return -1;
	if (c->enabled == YES && CC_SHN(cc)) {
		strand_all(c);
		c->shutdown = true;
	}
	return 0;
}

int state_reg_write(struct rules_ctrl *c, const struct nvs_reg_write *ev)
{
	switch (ev->offset) {
	case REG_CC: return update_cc(c, (uint32_t)ev->value, ev->h.ts);
	case REG_AQA:
		c->aqa = (uint32_t)ev->value;
		c->admin_regs |= 1;
		break;
	case REG_ASQ: c->admin_regs |= 2; break;
	case REG_ACQ: c->admin_regs |= 4; break;
	case REG_NSSR:
		if (ev->value == NSSR_RESET)
			registers_lost(c);
		break;
	}
	return 0;
}

/*
 * Without register accesses a reset is known by the states alone, and its instant is
 * not: all that is known of queues has to be learnt again.
 */
static void update_state(struct rules_ctrl *c, const struct nvs_ctrl_state *ev)
{
	if (!ev->changed)
		return;
	c->state = ev->new_state;
	c->state_known = true;
	if (c->enabled != UNKNOWN ||
	    (ev->new_state != NVS_STATE_resetting && ev->new_state != NVS_STATE_connecting))
		return;
	strand_all(c);
	c->whole = false;
	c->counted = UNKNOWN;
	for (uint32_t i = 0; i < c->nr_queues; i++)
		if (c->queue[i])
			state_queue_reset(c, c->queue[i], UNKNOWN);
}

void state_update_ctrl(struct rules_ctrl *c, const struct nvs_hdr *h)
{
	switch (h->id) {
	case NVS_ID_reg_read: update_reg_read(c, AS(reg_read, h)); break;
	case NVS_ID_reset:
		if (AS(reset, h)->why == NVS_WHY_RESET_flr && !AS(reset, h)->result)
			registers_lost(c);
		else if (AS(reset, h)->why == NVS_WHY_RESET_pci_error)
			controller_gone(c);
		break;
	case NVS_ID_ctrl_gone:
		if (AS(ctrl_gone, h)->why != NVS_GONE_removed)
			controller_gone(c);
		break;
	case NVS_ID_ctrl_state: update_state(c, AS(ctrl_state, h)); break;
	}
}
