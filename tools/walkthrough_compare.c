// SPDX-License-Identifier: GPL-2.0
/*
 * The first difference between two walks.  Threads run side by side, so each kind of work
 * (probing, reset, scan) is held against the same kind of the other; addresses, times and
 * I/O differ always, and are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format.h"
#include "walkthrough.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

/* Whether the module was loaded for it, or the device bound to it, is no difference. */
static bool of_a_module(unsigned int phase)
{
	return phase == NVS_PHASE_nvme_core_init || phase == NVS_PHASE_nvme_init ||
	       phase == NVS_PHASE_nvme_exit || phase == NVS_PHASE_nvme_core_exit;
}

/* What is compared of a step, in words; equal steps have equal ones. "" : nothing. */
static void essence(const struct walk *w, uint32_t step, bool both_ours, bool chinese, char *text,
		    size_t size)
{
	const struct nvs_hdr *h = w->steps[step].hdr;
	const struct nvs_reg_write *reg = AS(reg_write, h);

	*text = 0;
	switch (h->id) {
	case NVS_ID_phase_begin:
	case NVS_ID_phase_end:
		if (!of_a_module(AS(phase_begin, h)->phase))
			walk_describe(w, step, chinese, text, size);
		return;
	case NVS_ID_ctrl_state:
	case NVS_ID_ctrl_gone:
	case NVS_ID_reset: walk_describe(w, step, chinese, text, size); return;
	case NVS_ID_queue_create:
		snprintf(text, size,
			 SAY("queue %u: %s of %u entries, status 0x%x",
			     "队列 %u：%s，%u 项，状态 0x%x"),
			 h->qid, AS(queue_create, h)->ring ? "CQ" : "SQ",
			 AS(queue_create, h)->depth, AS(queue_create, h)->status);
		return;
	case NVS_ID_ns_found: walk_describe(w, step, chinese, text, size); return;
	case NVS_ID_cmd_setup:
	case NVS_ID_cmd_sent:
		if (!h->qid)
			snprintf(text, size, SAY("admin command %s", "管理命令 %s"),
				 admin_opcode_name(h->id == NVS_ID_cmd_setup
							   ? AS(cmd_setup, h)->opcode
							   : AS(cmd_sent, h)->opcode)
					 .s);
		return;
	case NVS_ID_timeout:
		snprintf(text, size, SAY("a command of queue %u is late", "队列 %u 的一条命令超时"),
			 h->qid);
		return;
	case NVS_ID_cqe:
		if (AS(cqe, h)->status || !h->qid)
			snprintf(text, size,
				 SAY("a command of queue %u is answered, status 0x%x",
				     "队列 %u 的一条命令已应答，状态 0x%x"),
				 h->qid, AS(cqe, h)->status);
		return;
	}
	if (!both_ours || (h->id != NVS_ID_reg_write && h->id != NVS_ID_reg_read))
		return;
	/* How often CSTS is read is a matter of time; ASQ and ACQ are addresses. */
	if (h->id == NVS_ID_reg_read && reg->offset == 0x1c && !(reg->value & 2))
		return;
	if (reg->offset >= 0x28 && reg->offset < 0x38)
		snprintf(text, size, SAY("write %s", "写 %s"), register_name(reg->offset).s);
	else
		walk_describe(w, step, chinese, text, size);
}

/* Admin commands are part of the work whose thread sent them. */
static uint32_t work_of(const struct walk *w, uint32_t step)
{
	const struct walk_step *s = &w->steps[step];

	if (s->lane < LANE_QUEUES)
		return s->lane;
	if (s->hdr->qid || s->phase < 0)
		return LANE_QUEUES;
	return walk_lane_of_phase(w, s->phase);
}

/* The next step from @at on in this kind of work that says something; w->nr_steps: none. */
static uint32_t next_of(const struct walk *w, uint32_t at, uint32_t lane, bool both_ours,
			char *text, size_t size)
{
	for (; at < w->nr_steps; at++) {
		if (work_of(w, at) != lane)
			continue;
		essence(w, at, both_ours, false, text, size);
		if (*text)
			return at;
	}
	*text = 0;
	return at;
}

/* -1: not there */
static int32_t or_none(const struct walk *w, uint32_t at)
{
	return at < w->nr_steps ? (int32_t)at : -1;
}

static bool earlier(const struct walk *a, uint32_t i, const struct walk *b, uint32_t j,
		    const struct walk_difference *d)
{
	uint64_t now = UINT64_MAX, then = UINT64_MAX;

	if (i < a->nr_steps)
		now = walk_time(a, i);
	else if (j < b->nr_steps)
		now = walk_time(b, j);
	if (d->step[0] >= 0)
		then = walk_time(a, (uint32_t)d->step[0]);
	else if (d->step[1] >= 0)
		then = walk_time(b, (uint32_t)d->step[1]);
	return now < then;
}

/* What one side does at step , in both languages; "": nothing more. */
static void say_difference(const struct walk *w, uint32_t at, bool both_ours, char (*what)[256])
{
	for (unsigned int chinese = 0; chinese < 2; chinese++) {
		*what[chinese] = 0;
		if (at < w->nr_steps)
			essence(w, at, both_ours, chinese, what[chinese], sizeof(what[chinese]));
	}
}

static void compare_lane(const struct walk *a, const struct walk *b, uint32_t lane,
			 struct walk_difference *d)
{
	bool both_ours = !a->stock && !b->stock;
	uint32_t i = 0, j = 0;
	char x[256], y[256];

	for (;; i++, j++) {
		i = next_of(a, i, lane, both_ours, x, sizeof(x));
		j = next_of(b, j, lane, both_ours, y, sizeof(y));
		if (!*x && !*y)
			return;
		if (!strcmp(x, y))
			continue;
		if (d->any && !earlier(a, i, b, j, d))
			return;
		d->any = true;
		d->step[0] = or_none(a, i);
		d->step[1] = or_none(b, j);
		d->lane = lane;
		say_difference(a, i, both_ours, d->what[0]);
		say_difference(b, j, both_ours, d->what[1]);
		return;
	}
}

void walk_compare(const struct walk *a, const struct walk *b, struct walk_difference *d)
{
	*d = (struct walk_difference){ .step = { -1, -1 } };
	for (uint32_t lane = 0; lane <= LANE_RECOVERY; lane++)
		compare_lane(a, b, lane, d);
}
