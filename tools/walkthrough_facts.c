// SPDX-License-Identifier: GPL-2.0
/* Finds what there is to be told of a step. */
#include <stddef.h>
#include "walkthrough_facts.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

static const struct walk_fact *const tables[] = {
	facts_of_phases, facts_of_registers, facts_of_commands, facts_of_io, facts_of_states,
};
#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

const struct walk_fact *walk_fact(unsigned int index)
{
	for (unsigned int t = 0; t < NR_TABLES; t++)
		for (const struct walk_fact *f = tables[t]; f->event; f++)
			if (!index--)
				return f;
	return NULL;
}

static uint32_t command_key(uint16_t qid, uint16_t opcode, uint32_t cdw10)
{
	if (qid)
		return 0x100u | opcode;
	/* Identify: CNS; Set and Get Features: the feature */
	if (opcode == 0x06 || opcode == 0x09 || opcode == 0x0a)
		return opcode | (cdw10 & 0xff) << 16;
	return opcode;
}

uint32_t walk_key(const struct nvs_hdr *h)
{
	switch (h->id) {
	case NVS_ID_phase_begin: return AS(phase_begin, h)->phase;
	case NVS_ID_phase_end: return AS(phase_end, h)->phase;
	case NVS_ID_reg_read: return AS(reg_read, h)->offset;
	case NVS_ID_reg_write: return AS(reg_write, h)->offset;
	case NVS_ID_dev_reg: return AS(dev_reg, h)->offset;
	case NVS_ID_ctrl_state:
		return AS(ctrl_state, h)->changed ? AS(ctrl_state, h)->new_state : 0x100u;
	case NVS_ID_queue_create: return AS(queue_create, h)->ring | (h->qid ? 0x100u : 0);
	case NVS_ID_queue_delete: return AS(queue_delete, h)->ring;
	case NVS_ID_rq_start: return h->qid ? 0x100u : 0;
	case NVS_ID_cmd_setup:
		return command_key(h->qid, AS(cmd_setup, h)->opcode, AS(cmd_setup, h)->cdw10);
	case NVS_ID_cmd_sent:
		return command_key(h->qid, AS(cmd_sent, h)->opcode, AS(cmd_sent, h)->cdw10);
	case NVS_ID_cmd_map: return AS(cmd_map, h)->how;
	case NVS_ID_sq_doorbell: return AS(sq_doorbell, h)->how;
	case NVS_ID_cq_doorbell: return AS(cq_doorbell, h)->how;
	case NVS_ID_dev_doorbell: return AS(dev_doorbell, h)->ring;
	case NVS_ID_cq_enter: return AS(cq_enter, h)->why;
	case NVS_ID_cqe: return AS(cqe, h)->match;
	case NVS_ID_rq_complete: return AS(rq_complete, h)->how;
	case NVS_ID_batch_submit: return AS(batch_submit, h)->what;
	case NVS_ID_timeout: return AS(timeout, h)->action;
	case NVS_ID_abort: return AS(abort, h)->step;
	case NVS_ID_reset: return AS(reset, h)->why;
	case NVS_ID_freeze: return AS(freeze, h)->what;
	case NVS_ID_ctrl_gone: return AS(ctrl_gone, h)->why;
	default: return 0;
	}
}

/* What a fact's mask is laid over. */
static uint32_t value_of(const struct nvs_hdr *h)
{
	switch (h->id) {
	case NVS_ID_phase_end: return (uint32_t)AS(phase_end, h)->result;
	case NVS_ID_reg_read: return (uint32_t)AS(reg_read, h)->value;
	case NVS_ID_reg_write: return (uint32_t)AS(reg_write, h)->value;
	case NVS_ID_queue_create: return AS(queue_create, h)->status;
	case NVS_ID_ns_found: return (uint32_t)AS(ns_found, h)->result;
	case NVS_ID_cqe: return AS(cqe, h)->status;
	case NVS_ID_rq_complete: return AS(rq_complete, h)->status;
	case NVS_ID_cq_exit: return AS(cq_exit, h)->found;
	case NVS_ID_reset: return (uint32_t)AS(reset, h)->result;
	case NVS_ID_dev_reg: return AS(dev_reg, h)->write;
	default: return 0;
	}
}

static bool fits(const struct walk_fact *f, const struct nvs_hdr *h, unsigned int phase)
{
	return f->event == h->id && (!f->phase || f->phase == phase) &&
	       (f->key == ANY_KEY || f->key == walk_key(h)) && (value_of(h) & f->mask) == f->want;
}

int32_t walk_find_fact(const struct nvs_hdr *h, unsigned int phase)
{
	const struct walk_fact *f;

	for (unsigned int i = 0; (f = walk_fact(i)); i++)
		if (fits(f, h, phase))
			return (int32_t)i;
	return -1;
}
