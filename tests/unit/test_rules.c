// SPDX-License-Identifier: GPL-2.0
/*
 * Each rule of `nvmescope check`: a recording that keeps them all, broken in one
 * place, must be caught by that rule, and by no other than the companions named.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "command.h"
#include "event_info.h"
#include "rules.h"
#include "scratch.h"
#include "synth.h"

#define RING	  16 /* of the I/O queues */
#define AQ	  32
#define CC	  0x460001u
#define MEM	  0x10000000u
#define ABORT_CID 0xe001 /* an Abort, before the last I/O */
#define LOG_CID	  0xe002 /* Get Log Page, after the deletions */

static struct nvs_error err;

/* --- the recording: brought up, used, shut down, and once more -------------------- */

/* Where a queue stands, continued from what the synthetic recording did. */
struct place {
	uint16_t tail, head, phase;
};

struct story {
	struct synth *s;
	uint64_t now;
	struct place queue[3];
};

static void add(struct story *t, unsigned int id, unsigned int qid, unsigned int cid,
		struct nvs_hdr *h)
{
	t->now += 1000;
	*h = (struct nvs_hdr){
		.ts = t->now, .id = (uint16_t)id, .qid = (uint16_t)qid, .cid = (uint16_t)cid
	};
	synth_add(t->s, 0, h, event_info(id)->size);
}

#define ADD(t, ev, qid, cid, ...)                     \
	do {                                          \
		struct nvs_##ev e_ = { __VA_ARGS__ }; \
		add(t, NVS_ID_##ev, qid, cid, &e_.h); \
	} while (0)

static uint16_t after(uint16_t slot, unsigned int qid)
{
	return (uint16_t)((slot + 1) % (qid ? RING : AQ));
}

static void find_places(struct story *t)
{
	t->queue[0].phase = t->queue[1].phase = t->queue[2].phase = 1;
	for (unsigned int i = 0; i < t->s->nr; i++) {
		const struct nvs_hdr *h = &t->s->item[i].ev.h;
		struct place *p = &t->queue[h->qid];

		if (h->id == NVS_ID_sqe)
			p->tail = after(((const struct nvs_sqe *)h)->slot, h->qid);
		if (h->id == NVS_ID_cqe) {
			p->head = after(((const struct nvs_cqe *)h)->slot, h->qid);
			p->phase = ((const struct nvs_cqe *)h)->phase ^ !p->head;
		}
		if (h->ts > t->now)
			t->now = h->ts;
	}
}

static void send(struct story *t, unsigned int qid, unsigned int cid)
{
	struct place *p = &t->queue[qid];

	ADD(t, sqe, qid, cid, .slot = p->tail);
	ADD(t, sq_doorbell, qid, 0, .old_tail = p->tail, .new_tail = after(p->tail, qid),
	    .count = 1);
	p->tail = after(p->tail, qid);
}

static void answer(struct story *t, unsigned int qid, unsigned int cid, unsigned int match,
		   unsigned int status, uint64_t result)
{
	struct place *p = &t->queue[qid];

	ADD(t, cqe, qid, cid, .slot = p->head, .phase = p->phase, .sq_head = p->tail,
	    .match = (uint16_t)match, .status = (uint16_t)status, .result = result);
	ADD(t, cq_doorbell, qid, 0, .old_head = p->head, .new_head = after(p->head, qid),
	    .count = 1);
	p->head = after(p->head, qid);
	p->phase ^= !p->head;
}

static void admin(struct story *t, unsigned int cid, unsigned int opcode, uint32_t cdw10,
		  uint32_t cdw11)
{
	ADD(t, rq_start, 0, cid, .op = NVS_RQOP_drv_out);
	ADD(t, cmd_setup, 0, cid, .opcode = (uint16_t)opcode, .cdw10 = cdw10, .cdw11 = cdw11);
	send(t, 0, cid);
	answer(t, 0, cid, NVS_CQE_request, 0, opcode == 0x09 ? cdw11 : 0);
	ADD(t, rq_complete, 0, cid, 0);
}

static void event_request(struct story *t, bool comes)
{
	ADD(t, cmd_setup, 0, 31, .opcode = 0x0c);
	send(t, 0, 31);
	if (comes)
		answer(t, 0, 31, NVS_CQE_async_event, 0, 0x10002);
}

/* Two pages, the second of them by entry 2; @status ends it. */
static void write_io(struct story *t, unsigned int qid, unsigned int cid, unsigned int status)
{
	ADD(t, rq_start, qid, cid, .op = NVS_RQOP_write, .bytes = 8192);
	ADD(t, cmd_setup, qid, cid, .opcode = 1, .nsid = 1);
	ADD(t, cmd_map, qid, cid, .bytes = 8192, .how = NVS_MAP_prp2, .entries = 2, .dptr1 = MEM,
	    .dptr2 = MEM + 0x5000);
	send(t, qid, cid);
	answer(t, qid, cid, NVS_CQE_request, status, 0);
	ADD(t, cmd_unmap, qid, cid, .bytes = 8192);
	ADD(t, rq_complete, qid, cid, .status = (uint16_t)status);
}

static void write_reg(struct story *t, unsigned int offset, uint64_t value)
{
	ADD(t, reg_write, 0, 0, .offset = offset, .width = 4, .value = value);
}

static void read_csts(struct story *t, uint64_t value)
{
	ADD(t, reg_read, 0, 0, .offset = 0x1c, .width = 4, .value = value);
}

static void bring_down(struct story *t)
{
	ADD(t, ctrl_state, 0, 0, .old_state = NVS_STATE_live, .new_state = NVS_STATE_deleting,
	    .changed = 1);
	for (unsigned int opcode = 0x00; opcode <= 0x04; opcode += 4)
		for (unsigned int qid = 1; qid <= 2; qid++)
			admin(t, 0xe00e + qid, opcode, qid, 0);
	admin(t, LOG_CID, 0x02, 2, 0);
	write_reg(t, 0x14, CC | 0x4000);
	read_csts(t, 0x9);
	write_reg(t, 0x14, CC - 1);
	read_csts(t, 0);
}

static void bring_up_again(struct story *t)
{
	write_reg(t, 0x24, 0x1f001f);
	write_reg(t, 0x28, 0x4000);
	write_reg(t, 0x30, 0x5000);
	write_reg(t, 0x14, CC);
	read_csts(t, 1);
	t->queue[0] = (struct place){ .phase = 1 };
	admin(t, 0xf001, 0x06, 1, 0);
	write_reg(t, 0x14, CC - 1);
	read_csts(t, 0);
}

static struct synth *whole_story(void)
{
	const struct synth_options options = {
		.queues = 2, .commands = 60, .depth = 8, .batch = 2, .ring = RING
	};
	struct story t = { .s = synth_make(&options) };

	find_places(&t);
	event_request(&t, true);
	event_request(&t, false);
	admin(&t, ABORT_CID, 0x08, 1, 0);
	write_io(&t, 1, 0xa009, 0);
	write_io(&t, 1, 0xb009, 0x371);
	ADD(&t, retry, 1, 0xb009, .status = 0x371);
	write_io(&t, 1, 0xc009, 0);
	write_io(&t, 2, 0xa009, 0);
	bring_down(&t);
	bring_up_again(&t);
	return t.s;
}

/* --- mutations ------------------------------------------------------------------------ */

/* The @nth event @id of command @cid on @qid. */
static struct synth_item *find_cid(struct synth *s, unsigned int id, unsigned int qid,
				   unsigned int cid, unsigned int nth)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct nvs_hdr *h = &s->item[i].ev.h;

		if (h->id == id && h->qid == qid && h->cid == cid && nth-- == 0)
			return &s->item[i];
	}
	abort();
}

/* The last event @id on @qid; @back: the one so many before it. */
static struct synth_item *find_last(struct synth *s, unsigned int id, unsigned int qid,
				    unsigned int back)
{
	for (unsigned int i = s->nr; i-- > 0;)
		if (s->item[i].ev.h.id == id && s->item[i].ev.h.qid == qid && back-- == 0)
			return &s->item[i];
	abort();
}

#define EV(type, item)	      ((struct nvs_##type *)(void *)&(item)->ev)
#define CID(type, qid, cid)   EV(type, find_cid(s, NVS_ID_##type, qid, cid, 0))
#define LAST(type, qid, back) EV(type, find_last(s, NVS_ID_##type, qid, back))
#define ITEM(type, qid)	      find_last(s, NVS_ID_##type, qid, 0)

/* The @nth write of register @offset: CC is cleared, set, shut down, cleared, set, cleared. */
static struct synth_item *find_write(struct synth *s, unsigned int offset, unsigned int nth)
{
	for (unsigned int i = 0; i < s->nr; i++)
		if (s->item[i].ev.h.id == NVS_ID_reg_write &&
		    EV(reg_write, &s->item[i])->offset == offset && nth-- == 0)
			return &s->item[i];
	abort();
}
#define WRITE(offset, nth) EV(reg_write, find_write(s, offset, nth))

/* The admin command with @opcode and, in CDW10, @qid. */
static struct nvs_cmd_setup *find_admin(struct synth *s, unsigned int opcode, unsigned int low)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		struct nvs_cmd_setup *ev = EV(cmd_setup, &s->item[i]);

		if (ev->h.id == NVS_ID_cmd_setup && ev->h.qid == 0 && ev->opcode == opcode &&
		    (ev->cdw10 & 0xffff) == low)
			return ev;
	}
	abort();
}

static void drop(struct synth *s, struct synth_item *item)
{
	memmove(item, item + 1, (size_t)(s->item + s->nr - item - 1) * sizeof(*item));
	s->nr--;
}

/* Another one like @item, right behind it; returns the new one. */
static struct synth_item *twice(struct synth *s, struct synth_item *item)
{
	size_t at = (size_t)(item - s->item);

	synth_add(s, item->cpu, &item->ev, item->size);
	memmove(s->item + at + 1, s->item + at, (s->nr - 1 - at) * sizeof(*item));
	return s->item + at + 1;
}

/* Takes the event at @from to right before @to. */
static void move(struct synth_item *from, struct synth_item *to)
{
	struct synth_item moved = *from;

	if (from < to) {
		memmove(from, from + 1, (size_t)(to - from - 1) * sizeof(*from));
		to[-1] = moved;
	} else {
		memmove(to + 1, to, (size_t)(from - to) * sizeof(*from));
		*to = moved;
	}
}

/* The event @id of the same command as item @at, before it. */
static void *before(struct synth *s, unsigned int id, unsigned int at)
{
	const struct nvs_hdr h = s->item[at].ev.h;

	while (at-- > 0)
		if (s->item[at].ev.h.id == id && s->item[at].ev.h.qid == h.qid &&
		    s->item[at].ev.h.cid == h.cid)
			return &s->item[at].ev;
	abort();
}

static void make_admin(struct nvs_cmd_setup *ev, unsigned int opcode, uint32_t cdw10,
		       uint32_t cdw11)
{
	ev->opcode = (uint16_t)opcode;
	ev->cdw10 = cdw10;
	ev->cdw11 = cdw11;
}

static void swap_admin(struct synth *s, unsigned int first, unsigned int second, unsigned int qid)
{
	struct nvs_cmd_setup *a = find_admin(s, first, qid), *b = find_admin(s, second, qid);
	struct nvs_cmd_setup was = *a;

	make_admin(a, b->opcode, b->cdw10, b->cdw11);
	make_admin(b, was.opcode, was.cdw10, was.cdw11);
}

static void rename_command(struct synth *s, unsigned int qid, unsigned int from, unsigned int to)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		struct nvs_hdr *h = &s->item[i].ev.h;

		if (h->qid == qid && h->cid == from)
			h->cid = (uint16_t)to;
	}
}

#define MUTATION(name) static void name(struct synth *s)

MUTATION(register_access)
{
	LAST(reg_read, 0, 0)->width = 2;
}
MUTATION(register_writable)
{
	EV(reg_write, twice(s, find_write(s, 0x24, 0)))->offset = 8;
}
MUTATION(cc_reserved)
{
	WRITE(0x14, 0)->value |= 2;
}
MUTATION(cc_supported)
{
	WRITE(0x14, 4)->value |= 1 << 4;
}
MUTATION(cc_fixed)
{
	WRITE(0x14, 2)->value |= 1 << 11;
}
MUTATION(enable_stopped)
{
	LAST(reg_read, 0, 2)->value = 1;
}
MUTATION(disable_ready)
{
	union synth_event on = find_write(s, 0x14, 4)->ev, off = find_write(s, 0x14, 5)->ev;

	on.h.ts = off.h.ts = s->item[s->nr - 1].ev.h.ts;
	synth_add(s, 0, &on, sizeof(struct nvs_reg_write));
	synth_add(s, 0, &off, sizeof(struct nvs_reg_write));
}
MUTATION(admin_queue_set)
{
	drop(s, find_write(s, 0x30, 0));
}
MUTATION(admin_queue_fixed)
{
	move(find_write(s, 0x30, 1), find_write(s, 0x14, 3));
}
MUTATION(admin_queue_size)
{
	WRITE(0x24, 1)->value = 0x1f101f;
}
MUTATION(admin_queue_aligned)
{
	WRITE(0x28, 1)->value |= 0x40;
}
MUTATION(enabled_doorbell)
{
	move(ITEM(cq_doorbell, 0), s->item + s->nr);
}
MUTATION(ready_command)
{
	move(find_last(s, NVS_ID_reg_read, 0, 1), find_write(s, 0x14, 5));
}
MUTATION(shutdown_command)
{
	move(find_write(s, 0x14, 2), find_cid(s, NVS_ID_rq_start, 0, LOG_CID, 0));
}
MUTATION(shutdown_queues)
{
	find_admin(s, 0x04, 2)->opcode = 0x02;
}
MUTATION(state)
{
	LAST(ctrl_state, 0, 0)->old_state = NVS_STATE_new;
}
MUTATION(queue_count_first)
{
	find_admin(s, 0x09, 7)->cdw10 = 8;
}
MUTATION(queue_count)
{
	CID(cqe, 0, find_admin(s, 0x09, 7)->h.cid)->result = 0;
}
MUTATION(queue_entry_size)
{
	WRITE(0x14, 1)->value = 0x060001;
}
MUTATION(queue_create_new)
{
	make_admin(CID(cmd_setup, 0, ABORT_CID), 0x05, 0x000f0001, 0x10003);
	CID(cqe, 0, ABORT_CID)->status = 0x101;
}
MUTATION(queue_create_cq)
{
	swap_admin(s, 0x05, 0x01, 2);
}
MUTATION(queue_size)
{
	find_admin(s, 0x05, 2)->cdw10 |= 0x0fff0000;
}
MUTATION(queue_contiguous)
{
	find_admin(s, 0x05, 2)->cdw11 &= ~1u;
}
MUTATION(queue_aligned)
{
	LAST(queue_create, 2, 0)->addr = 0x800;
}
MUTATION(queue_delete_existing)
{
	make_admin(CID(cmd_setup, 0, ABORT_CID), 0x00, 5, 0);
	CID(cqe, 0, ABORT_CID)->status = 0x101;
}
MUTATION(queue_delete_sq)
{
	swap_admin(s, 0x00, 0x04, 2);
}
MUTATION(queue_use_sq)
{
	find_admin(s, 0x00, 2)->opcode = 0x02;
	make_admin(CID(cmd_setup, 0, ABORT_CID), 0x00, 2, 0);
}
MUTATION(queue_use_cq)
{
	find_admin(s, 0x04, 2)->opcode = 0x02;
	make_admin(CID(cmd_setup, 0, ABORT_CID), 0x04, 2, 0);
}
MUTATION(sq_slot)
{
	LAST(sqe, 2, 0)->slot = (uint16_t)((LAST(sqe, 2, 0)->slot + 1) % RING);
}
MUTATION(sq_overrun)
{
	for (unsigned int i = 0; i < s->nr; i++)
		if (s->item[i].ev.h.id == NVS_ID_cqe && s->item[i].ev.h.qid == 2)
			EV(cqe, &s->item[i])->sq_head = 0;
}
MUTATION(sq_doorbell_value)
{
	LAST(sq_doorbell, 2, 0)->new_tail = RING;
}
MUTATION(sq_doorbell_moves)
{
	twice(s, ITEM(sq_doorbell, 2));
}
/* The first of two commands that one doorbell covers. */
MUTATION(sq_doorbell_covers)
{
	for (struct synth_item *item = s->item;; item++)
		if (item->ev.h.id == NVS_ID_sq_doorbell && item->ev.h.qid == 2 &&
		    EV(sq_doorbell, item)->count == 2) {
			struct synth_item *sqe = item;

			while (sqe->ev.h.id != NVS_ID_sqe || sqe->ev.h.qid != 2)
				sqe--;
			move(item, sqe);
			return;
		}
}
MUTATION(sq_head)
{
	LAST(cqe, 2, 0)->sq_head = (uint16_t)((LAST(cqe, 2, 0)->sq_head + 1) % RING);
}
MUTATION(cq_slot)
{
	LAST(cqe, 2, 0)->slot = (uint16_t)((LAST(cqe, 2, 0)->slot + 1) % RING);
}
MUTATION(cq_phase)
{
	LAST(cqe, 2, 0)->phase ^= 1;
}
MUTATION(cq_doorbell_value)
{
	LAST(cq_doorbell, 2, 0)->new_head = RING;
}
MUTATION(cq_doorbell_moves)
{
	twice(s, ITEM(cq_doorbell, 2));
}
MUTATION(cq_doorbell_taken)
{
	LAST(cq_doorbell, 2, 0)->new_head = after(LAST(cq_doorbell, 2, 0)->new_head, 2);
}
/* An Asynchronous Event Request is still there. */
MUTATION(cid_unique)
{
	rename_command(s, 0, ABORT_CID, 31);
}
MUTATION(cid_allowed)
{
	rename_command(s, 0, ABORT_CID, 0xffff);
}
MUTATION(completion_answers)
{
	LAST(cqe, 2, 0)->h.cid ^= 0x1000;
}
MUTATION(completion_rung)
{
	LAST(cqe, 2, 0)->sq_head = (uint16_t)((LAST(cqe, 2, 0)->sq_head + RING - 1) % RING);
	move(ITEM(sq_doorbell, 2), ITEM(cmd_unmap, 2));
}
MUTATION(completion_known)
{
	LAST(cqe, 2, 0)->match = NVS_CQE_unknown;
}
MUTATION(event_limit)
{
	CID(cqe, 0, 31)->status = 0x105;
}
MUTATION(abort_limit)
{
	CID(cqe, 0, ABORT_CID)->status = 0x103;
}
MUTATION(end_once)
{
	twice(s, ITEM(rq_complete, 2));
}
MUTATION(end_before_reuse)
{
	drop(s, find_cid(s, NVS_ID_rq_complete, 1, 0xa009, 0));
}
MUTATION(end_completed)
{
	move(ITEM(rq_complete, 2), ITEM(cqe, 2));
}
MUTATION(unmap_completed)
{
	move(ITEM(cmd_unmap, 2), ITEM(cqe, 2));
}
MUTATION(retry_identifier)
{
	rename_command(s, 1, 0xc009, 0xb009);
}
MUTATION(mdts)
{
	LAST(ctrl_limits, 0, 0)->max_bytes = 1 << 19;
}
MUTATION(admin_sgl)
{
	CID(cmd_setup, 0, ABORT_CID)->flags = 0x40;
}
MUTATION(prp1_aligned)
{
	LAST(cmd_map, 2, 0)->dptr1 |= 2;
	LAST(cmd_map, 2, 0)->bytes -= 512;
}
MUTATION(prp2_aligned)
{
	LAST(cmd_map, 2, 0)->dptr2 |= 0x200;
}
MUTATION(prp_entries)
{
	LAST(cmd_map, 2, 0)->entries = 1;
}

/* The rule, and others that the same fault must break or may. */
static const struct {
	const char *rule, *companions;
	void (*mutate)(struct synth *s);
} mutations[] = {
	{ "register-access", "", register_access },
	{ "register-writable", "", register_writable },
	{ "cc-reserved", "", cc_reserved },
	{ "cc-supported", "", cc_supported },
	{ "cc-fixed", "", cc_fixed },
	{ "enable-stopped", "", enable_stopped },
	{ "disable-ready", "", disable_ready },
	{ "admin-queue-set", "", admin_queue_set },
	{ "admin-queue-fixed", "", admin_queue_fixed },
	{ "admin-queue-size", "", admin_queue_size },
	{ "admin-queue-aligned", "", admin_queue_aligned },
	{ "enabled-doorbell", "", enabled_doorbell },
	{ "ready-command", "", ready_command },
	{ "shutdown-command", "", shutdown_command },
	{ "shutdown-queues", "", shutdown_queues },
	{ "state", "", state },
	{ "queue-count-first", "", queue_count_first },
	{ "queue-count", "", queue_count },
	{ "queue-entry-size", "", queue_entry_size },
	{ "queue-create-new", "", queue_create_new },
	{ "queue-create-cq", "", queue_create_cq },
	{ "queue-size", "", queue_size },
	{ "queue-contiguous", "", queue_contiguous },
	{ "queue-aligned", "", queue_aligned },
	{ "queue-delete-existing", "", queue_delete_existing },
	{ "queue-delete-sq", "", queue_delete_sq },
	{ "queue-use-sq", "", queue_use_sq },
	{ "queue-use-cq", "queue-delete-sq", queue_use_cq },
	{ "sq-slot", "sq-doorbell-covers", sq_slot },
	{ "sq-overrun", "", sq_overrun },
	{ "sq-doorbell-value", "", sq_doorbell_value },
	{ "sq-doorbell-moves", "", sq_doorbell_moves },
	{ "sq-doorbell-covers", "sq-slot completion-rung", sq_doorbell_covers },
	{ "sq-head", "", sq_head },
	{ "cq-slot", "", cq_slot },
	{ "cq-phase", "", cq_phase },
	{ "cq-doorbell-value", "", cq_doorbell_value },
	{ "cq-doorbell-moves", "", cq_doorbell_moves },
	{ "cq-doorbell-taken", "", cq_doorbell_taken },
	{ "cid-unique", "", cid_unique },
	{ "cid-allowed", "", cid_allowed },
	{ "completion-answers", "end-completed unmap-completed", completion_answers },
	{ "completion-rung", "", completion_rung },
	{ "completion-known", "", completion_known },
	{ "event-limit", "", event_limit },
	{ "abort-limit", "", abort_limit },
	{ "end-once", "", end_once },
	{ "end-before-reuse", "", end_before_reuse },
	{ "end-completed", "", end_completed },
	{ "unmap-completed", "", unmap_completed },
	{ "retry-identifier", "", retry_identifier },
	{ "admin-sgl", "", admin_sgl },
	{ "prp1-aligned", "", prp1_aligned },
	{ "prp2-aligned", "", prp2_aligned },
	{ "prp-entries", "", prp_entries },
	{ "mdts", "", mdts },
};
#define NR_MUTATIONS (sizeof(mutations) / sizeof(mutations[0]))

/* --- tests ------------------------------------------------------------------------------ */

struct bench {
	char *tmp, *clean;
	struct recording *rec; /* the clean one: for what it says of itself */
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct synth *s = whole_story();

	b->tmp = scratch_dir();
	b->clean = scratch_path(b->tmp, "clean");
	assert_int_equal(synth_write(s, b->clean, 0, &err), 0);
	b->rec = recording_open(b->clean, &err);
	assert_non_null(b->rec);
	synth_free(s);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	recording_close(b->rec);
	scratch_remove(b->tmp);
	free(b->clean);
	free(b);
	return 0;
}

static struct rules *judge(const struct bench *b, const struct synth *s, unsigned int from)
{
	struct rules *r = rules_new(3);

	for (unsigned int i = from; i < s->nr; i++)
		assert_int_equal(rules_event(r, &s->item[i].ev.h, &err), 0);
	assert_int_equal(rules_finish(r, b->rec, &err), 0);
	return r;
}

/* test_rules_io.c has these. */
static bool of_level_io(const struct rule *rule)
{
	return rule->needs & 1u << SOURCE_IO;
}

/* The clean recording keeps every rule, and has an occasion for each. */
static void test_clean(void **state)
{
	struct synth *s = whole_story();
	struct rules *r = judge(*state, s, 0);

	for (unsigned int i = 0; i < rules_nr(); i++) {
		const struct rule_result *res = rules_result(r, i);
		const char *name = rules_rule(i)->name;

		if (of_level_io(rules_rule(i))) {
			assert_int_equal(res->verdict, CHECK_SKIPPED);
			continue;
		}
		if (res->nr_findings)
			print_error("%s: %s\n", name, res->findings[0].text);
		if (res->verdict != CHECK_PASSED)
			fail_msg("%s has verdict %u, %s", name, res->verdict,
				 res->why ? res->why : "");
		assert_int_equal(res->broken, 0);
		/* Identify Controller, which tells the limit, is sent before that. */
		assert_int_equal(res->open, !strcmp(name, "mdts"));
	}
	rules_free(r);
	synth_free(s);
}

static bool has_word(const char *list, const char *word)
{
	const char *at = strstr(list, word);
	size_t len = strlen(word);

	return at && (at == list || at[-1] == ' ') && (!at[len] || at[len] == ' ');
}

static void test_mutation(const struct bench *b, size_t m)
{
	struct synth *s = whole_story();
	bool caught = false;
	struct rules *r;

	mutations[m].mutate(s);
	r = judge(b, s, 0);
	for (unsigned int i = 0; i < rules_nr(); i++) {
		const struct rule_result *res = rules_result(r, i);
		const char *name = rules_rule(i)->name;

		if (!res->broken)
			continue;
		assert_int_equal(res->verdict, CHECK_FAILED);
		assert_true(res->nr_findings > 0 && *res->findings[0].text);
		if (!strcmp(name, mutations[m].rule))
			caught = true;
		else if (!has_word(mutations[m].companions, name))
			fail_msg("the fault of %s breaks %s too: %s", mutations[m].rule, name,
				 res->findings[0].text);
	}
	if (!caught)
		fail_msg("%s does not catch its fault", mutations[m].rule);
	rules_free(r);
	synth_free(s);
}

static void test_mutations(void **state)
{
	for (size_t m = 0; m < NR_MUTATIONS; m++)
		test_mutation(*state, m);
}

/* As the provider that records the kernel's own driver tells it: whole commands, no registers. */
static struct synth *stock_story(void)
{
	struct synth *s = whole_story();

	s->provider = "stock";
	/* Without registers or states, nothing tells of the second start. */
	s->nr = (unsigned int)(find_cid(s, NVS_ID_rq_start, 0, LOG_CID, 0) - s->item);
	for (unsigned int i = 0; i < s->nr; i++) {
		struct synth_item *item = &s->item[i];
		const struct nvs_hdr h = item->ev.h;
		const struct nvs_cmd_setup *setup;
		struct nvs_cmd_sent sent = { .h = h };

		if (h.id == NVS_ID_reg_read || h.id == NVS_ID_reg_write || h.id == NVS_ID_cmd_unmap)
			drop(s, &s->item[i--]);
		if (h.id != NVS_ID_sqe)
			continue;
		setup = before(s, NVS_ID_cmd_setup, i);
		sent.h.id = NVS_ID_cmd_sent;
		sent.slot = EV(sqe, item)->slot;
		sent.opcode = setup->opcode;
		sent.cdw10 = setup->cdw10;
		sent.cdw11 = setup->cdw11;
		if (h.qid)
			sent.dptr1 =
				((const struct nvs_cmd_map *)before(s, NVS_ID_cmd_map, i))->dptr1;
		if (h.qid)
			sent.dptr2 =
				((const struct nvs_cmd_map *)before(s, NVS_ID_cmd_map, i))->dptr2;
		memcpy(&item->ev, &sent, sizeof(sent));
		item->size = sizeof(sent);
	}
	for (unsigned int i = 0; i < s->nr; i++)
		if (s->item[i].ev.h.id == NVS_ID_cmd_setup || s->item[i].ev.h.id == NVS_ID_cmd_map)
			drop(s, &s->item[i--]);
	return s;
}

static const struct rule_result *result_of(const struct rules *r, const char *rule)
{
	for (unsigned int i = 0; i < rules_nr(); i++)
		if (!strcmp(rules_rule(i)->name, rule))
			return rules_result(r, i);
	abort();
}

static void test_stock(void **state)
{
	static const char *const told[] = {
		"sq-slot",	   "sq-overrun",	"cq-phase",	  "cid-unique",
		"end-once",	   "prp2-aligned",	"prp1-aligned",	  "admin-sgl",
		"queue-create-cq", "queue-count-first", "queue-delete-sq"
	};
	struct bench b = *(struct bench *)*state;
	struct synth *s = stock_story();
	char *dir = scratch_path(b.tmp, "stock");
	struct rules *r;

	assert_int_equal(synth_write(s, dir, 0, &err), 0);
	b.rec = recording_open(dir, &err);
	assert_non_null(b.rec);
	r = judge(&b, s, 0);
	for (unsigned int i = 0; i < rules_nr(); i++)
		if (rules_result(r, i)->broken)
			fail_msg("%s: %s", rules_rule(i)->name,
				 rules_result(r, i)->findings[0].text);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (result_of(r, told[i])->verdict != CHECK_PASSED)
			fail_msg("%s did not pass", told[i]);
	assert_int_equal(result_of(r, "cc-fixed")->verdict, CHECK_CANNOT_TELL);
	assert_non_null(strstr(result_of(r, "cc-fixed")->why, "recorded no register writes"));
	rules_free(r);
	recording_close(b.rec);
	synth_free(s);
	free(dir);
}

/* A command's request ends without an entry, after CSTS was read as @csts. How often rules broke. */
static uint64_t ends_after(const struct bench *b, uint64_t csts)
{
	const struct synth_options options = {
		.queues = 2, .commands = 60, .depth = 8, .batch = 2, .ring = RING
	};
	struct story t = { .s = synth_make(&options) };
	struct rules *r;
	uint64_t broken;

	find_places(&t);
	ADD(&t, rq_start, 2, 0xa009, .op = NVS_RQOP_write, .bytes = 4096);
	ADD(&t, cmd_setup, 2, 0xa009, .opcode = 1, .nsid = 1);
	ADD(&t, cmd_map, 2, 0xa009, .bytes = 4096, .how = NVS_MAP_prp1, .entries = 1, .dptr1 = MEM);
	send(&t, 2, 0xa009);
	read_csts(&t, csts);
	ADD(&t, cmd_unmap, 2, 0xa009, .bytes = 4096);
	ADD(&t, rq_complete, 2, 0xa009, .status = 0x371);
	r = judge(b, t.s, 0);
	broken = result_of(r, "end-completed")->broken + result_of(r, "unmap-completed")->broken;
	rules_free(r);
	synth_free(t.s);
	return broken;
}

/* One that is not ready, or has had a fatal error, has no command any more. */
static void test_fatal(void **state)
{
	assert_int_equal(ends_after(*state, 0x1), 2);
	assert_int_equal(ends_after(*state, 0x3), 0);
	assert_int_equal(ends_after(*state, 0x2), 0);
	assert_int_equal(ends_after(*state, 0x0), 0);
}

/* No rule without its fault. */
static void test_all_have_faults(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < rules_nr(); i++) {
		const char *name = rules_rule(i)->name;
		size_t m = 0;

		while (m < NR_MUTATIONS && strcmp(mutations[m].rule, name))
			m++;
		if (m == NR_MUTATIONS && !of_level_io(rules_rule(i)))
			fail_msg("%s has no seeded fault", name);
	}
}

/* A recorder that comes late, at any event, makes no findings of what it missed. */
static void test_any_start(void **state)
{
	struct synth *s = whole_story();

	for (unsigned int from = 0; from < s->nr; from += 3) {
		struct rules *r = judge(*state, s, from);

		for (unsigned int i = 0; i < rules_nr(); i++)
			if (rules_result(r, i)->broken)
				fail_msg("from event %u on, %s: %s", from, rules_rule(i)->name,
					 rules_result(r, i)->findings[0].text);
		rules_free(r);
	}
	synth_free(s);
}

static char *read_text(const char *dir, const char *name)
{
	size_t size;
	char *text = scratch_read(dir, name, &size);

	text[size] = 0;
	return text;
}

/* Runs the command; returns its standard output. */
static char *run(const struct bench *b, int want, const char *option, const char *dir)
{
	char *argv[] = { "check", (char *)option, (char *)dir, NULL };

	return command_run(b->tmp, cmd_check, want, argv);
}

static char *write_faulty(const struct bench *b, void (*mutate)(struct synth *s), uint64_t lost)
{
	char *dir = scratch_path(b->tmp, lost ? "lossy" : "faulty");
	struct synth *s = whole_story();

	mutate(s);
	assert_int_equal(synth_write(s, dir, lost, &err), 0);
	synth_free(s);
	return dir;
}

static void test_command(void **state)
{
	const struct bench *b = *state;
	char *faulty = write_faulty(b, cq_phase, 0), *lossy = write_faulty(b, cq_phase, 5);
	char *text = run(b, EXIT_DONE, "--findings=1", b->clean);

	assert_null(strstr(text, "FAILED "));
	free(text);
	text = run(b, EXIT_FAILED, "--findings=1", faulty);
	assert_non_null(strstr(text, "1 FAILED"));
	assert_non_null(strstr(text, "this lap's is"));
	assert_non_null(strstr(text, "NVMe 3.3.3.2:"));
	free(text);
	/* What lost events may have caused is no proof. */
	text = run(b, EXIT_FAILED, "--findings=1", lossy);
	assert_non_null(strstr(text, " 0 FAILED"));
	assert_non_null(strstr(text, "which may be why"));
	free(text);
	text = run(b, EXIT_FAILED, "--json", faulty);
	assert_non_null(strstr(text, "\"name\": \"cq-phase\""));
	assert_non_null(strstr(text, "\"verdict\": \"FAILED\""));
	free(text);
	free(faulty);
	free(lossy);
}

/* docs/check.md holds the list as the command prints it. */
static void test_documented(void **state)
{
	char *list = run(*state, EXIT_DONE, "--list", NULL);
	char *doc = read_text("../../docs", "check.md");

	if (!strstr(doc, list))
		fail_msg("the table in docs/check.md is not that of 'nvmescope check --list'");
	free(list);
	free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_all_have_faults), cmocka_unit_test(test_any_start),
		cmocka_unit_test(test_stock),		cmocka_unit_test(test_command),
		cmocka_unit_test(test_documented),	cmocka_unit_test(test_fatal),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
