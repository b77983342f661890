// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "model.h"
#include "synth.h"

/* What a visitor was told. */
struct seen {
	uint64_t commands, bells, looks, found, depth_changes;
	uint32_t max_depth;
	struct model_cmd last;
	uint16_t batches[8];
};

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct seen *s = ctx;

	(void)q;
	s->last = *c;
	s->batches[s->commands++ % 8] = c->batch;
}

static void on_bell(void *ctx, const struct model_queue *q, const struct nvs_sq_doorbell *ev)
{
	(void)q;
	(void)ev;
	((struct seen *)ctx)->bells++;
}

static void on_look(void *ctx, const struct model_queue *q, const struct model_look *look)
{
	struct seen *s = ctx;

	(void)q;
	s->looks++;
	s->found += look->found;
}

static void on_depth(void *ctx, const struct model_queue *q, uint64_t ts)
{
	struct seen *s = ctx;

	(void)ts;
	s->depth_changes++;
	if (q->depth > s->max_depth)
		s->max_depth = q->depth;
}

static const struct model_visitor visitor = {
	.command = on_command,
	.sq_doorbell = on_bell,
	.look = on_look,
	.depth = on_depth,
};

/* A model fed by hand; time goes 100 ns with every event. */
struct bench {
	struct model *m;
	struct seen seen;
	uint64_t now;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->m = model_new(&visitor, &b->seen);
	b->now = 1000;
	*state = b;
	return b->m ? 0 : -1;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	model_free(b->m);
	free(b);
	return 0;
}

static void feed(struct bench *b, unsigned int id, unsigned int qid, unsigned int cid,
		 struct nvs_hdr *h, unsigned int size)
{
	struct recorded r = { .hdr = h, .size = size };
	struct nvs_error err;

	h->ts = b->now;
	h->id = (uint16_t)id;
	h->qid = (uint16_t)qid;
	h->cid = (uint16_t)cid;
	b->now += 100;
	assert_int_equal(model_event(b->m, &r, &err), 0);
}

#define FEED(b, ev, qid, cid, ...)                                 \
	do {                                                       \
		struct nvs_##ev e_ = { __VA_ARGS__ };              \
		feed(b, NVS_ID_##ev, qid, cid, &e_.h, sizeof(e_)); \
	} while (0)

static void make_queue(struct bench *b, unsigned int depth)
{
	FEED(b, queue_create, 1, 0, .ring = NVS_RING_cq, .depth = (uint16_t)depth);
	FEED(b, queue_create, 1, 0, .ring = NVS_RING_sq, .depth = (uint16_t)depth);
}

static void submit(struct bench *b, unsigned int cid, unsigned int slot)
{
	FEED(b, rq_start, 1, cid, .bytes = 4096);
	FEED(b, cmd_setup, 1, cid, .opcode = 2);
	FEED(b, sqe, 1, cid, .slot = (uint16_t)slot);
}

static void ring(struct bench *b, unsigned int from, unsigned int to, unsigned int count)
{
	FEED(b, sq_doorbell, 1, 0, .old_tail = (uint16_t)from, .new_tail = (uint16_t)to,
	     .count = (uint16_t)count);
}

/* One interrupt that finds one completion. */
static void complete(struct bench *b, unsigned int cid, unsigned int slot, unsigned int phase,
		     unsigned int depth)
{
	FEED(b, cq_enter, 1, 0, .cq_head = (uint16_t)slot, .phase = (uint16_t)phase);
	FEED(b, cqe, 1, cid, .slot = (uint16_t)slot, .phase = (uint16_t)phase);
	FEED(b, cq_doorbell, 1, 0, .old_head = (uint16_t)slot,
	     .new_head = (uint16_t)((slot + 1) % depth), .count = 1);
	FEED(b, cq_exit, 1, 0, .found = 1);
	FEED(b, rq_complete, 1, cid, .bytes = 4096);
}

static const struct model_queue *queue1(const struct bench *b)
{
	return model_ctrl(b->m, 0)->queue[1];
}

static void one_command(void **state)
{
	struct bench *b = *state;
	struct model_split s;

	make_queue(b, 8);
	submit(b, 0x1005, 0);
	ring(b, 0, 1, 1);
	assert_int_equal(queue1(b)->depth, 1);
	complete(b, 0x1005, 0, 1, 8);
	assert_int_equal(b->seen.commands, 1);
	assert_int_equal(b->seen.last.cid, 0x1005);
	assert_true(model_split(&b->seen.last, &s));
	/* start, setup, sqe, bell | enter, cqe | bell, exit, complete: 100 ns each */
	assert_int_equal(s.driver, 300);
	assert_int_equal(s.device, 200);
	assert_int_equal(s.completion, 300);
	assert_int_equal(s.total, 800);
	assert_int_equal(queue1(b)->depth, 0);
	assert_int_equal(queue1(b)->sq_tail, 1);
	assert_int_equal(queue1(b)->cq_head, 1);
	assert_int_equal(model_trouble_total(&queue1(b)->trouble), 0);
}

/* Three times round a ring of 4: slots wrap, the phase flips at each wrap, nothing is odd. */
static void rings_wrap(void **state)
{
	struct bench *b = *state;

	make_queue(b, 4);
	for (unsigned int i = 0; i < 12; i++) {
		submit(b, (i & 15) << 12 | 3, i % 4);
		ring(b, i % 4, (i + 1) % 4, 1);
		complete(b, (i & 15) << 12 | 3, i % 4, !(i / 4 & 1), 4);
		assert_int_equal(queue1(b)->sq_tail, (i + 1) % 4);
		assert_int_equal(queue1(b)->cq_head, (i + 1) % 4);
		assert_int_equal(queue1(b)->cq_phase, !((i + 1) / 4 & 1));
	}
	assert_int_equal(b->seen.commands, 12);
	assert_int_equal(model_trouble_total(&queue1(b)->trouble), 0);
}

static void wrong_phase_is_a_gap(void **state)
{
	struct bench *b = *state;

	make_queue(b, 4);
	submit(b, 1, 0);
	ring(b, 0, 1, 1);
	complete(b, 1, 0, 0, 4); /* a fresh queue's first phase is 1 */
	assert_int_equal(queue1(b)->trouble.cq_gaps, 1);
	assert_int_equal(b->seen.commands, 1);
}

static void a_batch_shares_a_doorbell(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	for (unsigned int i = 0; i < 3; i++)
		submit(b, i, i);
	FEED(b, batch_submit, 1, 0, .count = 3);
	assert_int_equal(queue1(b)->depth, 0);
	ring(b, 0, 3, 3);
	assert_int_equal(queue1(b)->depth, 3);
	assert_int_equal(queue1(b)->peak_depth, 3);
	for (unsigned int i = 0; i < 3; i++)
		complete(b, i, i, 1, 8);
	assert_int_equal(queue1(b)->sq_bells, 1);
	assert_int_equal(queue1(b)->sq_bell_cmds, 3);
	assert_int_equal(queue1(b)->batches, 1);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(b->seen.batches[i], 3);
	assert_int_equal(model_trouble_total(&queue1(b)->trouble), 0);
}

static void unmatched_completion(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	complete(b, 9, 0, 1, 8);
	assert_int_equal(queue1(b)->trouble.unmatched, 1);
	assert_int_equal(b->seen.commands, 0);
	assert_int_equal(queue1(b)->depth, 0);
	/* The same identifier completed twice: the second has no command. */
	submit(b, 5, 0);
	ring(b, 0, 1, 1);
	complete(b, 5, 1, 1, 8);
	complete(b, 5, 2, 1, 8);
	assert_int_equal(queue1(b)->trouble.unmatched, 2);
	assert_int_equal(b->seen.commands, 1);
}

static void wrong_generation_is_unmatched(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	submit(b, 0x2005, 0);
	ring(b, 0, 1, 1);
	FEED(b, cqe, 1, 0x1005, .slot = 0, .phase = 1);
	assert_int_equal(queue1(b)->trouble.unmatched, 1);
	assert_int_equal(queue1(b)->depth, 1);
	FEED(b, cqe, 1, 0x1005, .slot = 1, .phase = 1, .match = NVS_CQE_stale);
	assert_int_equal(queue1(b)->trouble.stale, 1);
}

static void reused_in_flight(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	submit(b, 0x1005, 0);
	ring(b, 0, 1, 1);
	submit(b, 0x2005, 1);
	ring(b, 1, 2, 1);
	assert_int_equal(queue1(b)->trouble.reused, 1);
	assert_int_equal(queue1(b)->depth, 1);
	complete(b, 0x2005, 0, 1, 8);
	assert_int_equal(b->seen.commands, 1);
	assert_int_equal(queue1(b)->depth, 0);
}

/* blk-mq brings a request again when the driver had no room: no trouble. */
static void restarted_before_the_device(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	FEED(b, rq_start, 1, 0x1005);
	submit(b, 0x2005, 0);
	ring(b, 0, 1, 1);
	complete(b, 0x2005, 0, 1, 8);
	assert_int_equal(queue1(b)->restarted, 1);
	assert_int_equal(model_trouble_total(&queue1(b)->trouble), 0);
}

/* A stretch of the recording is missing: gaps are counted, then all is well again. */
static void resync_after_loss(void **state)
{
	struct bench *b = *state;
	uint64_t gaps;

	make_queue(b, 8);
	submit(b, 0x1001, 0);
	ring(b, 0, 1, 1);
	/* Lost: its completion, and commands in slots 1 to 4. */
	submit(b, 0x2001, 5);
	ring(b, 5, 6, 1);
	complete(b, 0x2001, 5, 1, 8);
	gaps = queue1(b)->trouble.sq_gaps + queue1(b)->trouble.cq_gaps;
	assert_true(gaps >= 2);
	assert_int_equal(queue1(b)->trouble.reused, 1);
	assert_int_equal(queue1(b)->depth, 0);
	for (unsigned int i = 6; i < 20; i++) {
		submit(b, i, i % 8);
		ring(b, i % 8, (i + 1) % 8, 1);
		complete(b, i, i % 8, !(i / 8 & 1), 8);
	}
	assert_int_equal(queue1(b)->trouble.sq_gaps + queue1(b)->trouble.cq_gaps, gaps);
	assert_int_equal(b->seen.commands, 15);
}

/* The doorbell that covers two commands came, the SQE of one was lost. */
static void lost_sqe_is_not_guessed(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	submit(b, 1, 0);
	ring(b, 0, 2, 2);
	assert_int_equal(queue1(b)->depth, 1);
	assert_int_equal(queue1(b)->trouble.sq_gaps, 1);
	assert_int_equal(queue1(b)->sq_tail, 2);
}

static void recorder_came_late(void **state)
{
	struct bench *b = *state;
	struct model_split s;

	/* No queue_create: depth is unknown; a wrap must not count as a gap. */
	for (unsigned int i = 5; i < 20; i++) {
		submit(b, i, i % 8);
		ring(b, i % 8, (i + 1) % 8, 1);
		complete(b, i, i % 8, !(i / 8 & 1), 8);
	}
	assert_int_equal(model_trouble_total(&queue1(b)->trouble), 0);
	/* A command that was half way when the recorder came. */
	FEED(b, sqe, 1, 0x30, .slot = 4);
	ring(b, 4, 5, 1);
	complete(b, 0x30, 4, 1, 8);
	assert_int_equal(queue1(b)->trouble.no_start, 1);
	assert_false(model_split(&b->seen.last, &s));
}

static void unfinished_and_no_end(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	submit(b, 1, 0);
	submit(b, 2, 1);
	ring(b, 0, 2, 2);
	FEED(b, cqe, 1, 1, .slot = 0, .phase = 1);
	model_finish(b->m);
	assert_int_equal(queue1(b)->trouble.no_end, 1);
	assert_int_equal(queue1(b)->trouble.unfinished, 1);
	assert_int_equal(b->seen.commands, 0);
}

/* rq_complete and unmap on other CPUs, before and after the CQ doorbell: told once, whole. */
static void last_steps_in_any_order(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	submit(b, 1, 0);
	ring(b, 0, 1, 1);
	FEED(b, cqe, 1, 1, .slot = 0, .phase = 1);
	FEED(b, rq_complete, 1, 1);
	assert_int_equal(b->seen.commands, 0);
	FEED(b, cq_doorbell, 1, 0, .new_head = 1, .count = 1);
	assert_int_equal(b->seen.commands, 1);
	assert_true(b->seen.last.at[STEP_CQ_BELL] > b->seen.last.at[STEP_COMPLETE]);

	FEED(b, rq_start, 1, 2);
	FEED(b, cmd_map, 1, 2, .how = NVS_MAP_prp2);
	FEED(b, sqe, 1, 2, .slot = 1);
	ring(b, 1, 2, 1);
	complete(b, 2, 1, 1, 8);
	assert_int_equal(b->seen.commands, 1);
	FEED(b, cmd_unmap, 1, 2);
	assert_int_equal(b->seen.commands, 2);
	assert_true(b->seen.last.at[STEP_UNMAP] != 0);
	assert_int_equal(model_trouble_total(&queue1(b)->trouble), 0);
}

static void cancelled_leaves_the_device(void **state)
{
	struct bench *b = *state;

	make_queue(b, 8);
	submit(b, 1, 0);
	ring(b, 0, 1, 1);
	FEED(b, rq_complete, 1, 1, .how = NVS_HOW_DONE_cancelled, .status = 0x371);
	assert_int_equal(queue1(b)->depth, 0);
	assert_int_equal(queue1(b)->cancelled, 1);
	assert_int_equal(b->seen.commands, 1);
}

static void asynchronous_event(void **state)
{
	struct bench *b = *state;

	FEED(b, sqe, 0, 31, .slot = 0);
	FEED(b, sq_doorbell, 0, 31, .new_tail = 1, .count = 1);
	FEED(b, cqe, 0, 31, .slot = 0, .phase = 1, .match = NVS_CQE_async_event);
	model_finish(b->m);
	assert_int_equal(model_ctrl(b->m, 0)->queue[0]->async_events, 1);
	assert_int_equal(model_trouble_total(&model_ctrl(b->m, 0)->queue[0]->trouble), 0);
}

/* Sent, never answered, sent again after a reset under the same identifier: no load, no trouble. */
static void asynchronous_event_waits(void **state)
{
	struct bench *b = *state;
	const struct model_queue *q;

	for (unsigned int i = 0; i < 2; i++) {
		FEED(b, queue_create, 0, 0, .ring = NVS_RING_cq, .depth = 32);
		FEED(b, queue_create, 0, 0, .ring = NVS_RING_sq, .depth = 32);
		FEED(b, cmd_setup, 0, 31, .opcode = NVS_ADMIN_ASYNC_EVENT);
		FEED(b, sqe, 0, 31, .slot = 0);
		FEED(b, sq_doorbell, 0, 0, .new_tail = 1, .count = 1);
	}
	model_finish(b->m);
	q = model_ctrl(b->m, 0)->queue[0];
	assert_int_equal(q->depth, 0);
	assert_int_equal(q->peak_depth, 0);
	assert_int_equal(q->sq_bells, 2);
	assert_int_equal(model_trouble_total(&q->trouble), 0);
}

static void begin(struct bench *b, unsigned int phase, unsigned int parent, unsigned int tid,
		  unsigned int ctrl)
{
	FEED(b, phase_begin, 0, 0, .h.ctrl = (uint16_t)ctrl, .phase = (uint16_t)phase,
	     .parent = (uint16_t)parent, .tid = tid);
}

static void end(struct bench *b, unsigned int phase, unsigned int tid)
{
	FEED(b, phase_end, 0, 0, .phase = (uint16_t)phase, .tid = tid, .result = -5);
}

/* Its making is none, though many a driver goes through the same state for it. */
static void resets_are_counted(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 3; i++) {
		FEED(b, ctrl_state, 0, 0, .changed = 1, .new_state = NVS_STATE_resetting,
		     .old_state = i ? NVS_STATE_live : NVS_STATE_new);
		FEED(b, ctrl_state, 0, 0, .changed = 0, .new_state = NVS_STATE_resetting,
		     .old_state = NVS_STATE_resetting);
		FEED(b, ctrl_state, 0, 0, .changed = 1, .new_state = NVS_STATE_live,
		     .old_state = NVS_STATE_resetting);
	}
	assert_int_equal(model_nr_ctrls(b->m), 1);
	assert_int_equal(model_ctrl(b->m, 0)->resets, 2);
	assert_int_equal(model_ctrl(b->m, 0)->state, NVS_STATE_live);
}

/* A probe and a worker at the same time; the worker's parent is whoever queued it. */
static void phases_across_threads(void **state)
{
	struct bench *b = *state;
	const struct model_phase *p;
	unsigned int nr;

	begin(b, NVS_PHASE_nvme_probe, NVS_PHASE_none, 10, NVS_NO_CTRL);
	begin(b, NVS_PHASE_nvme_dev_map, NVS_PHASE_nvme_probe, 10, NVS_NO_CTRL);
	FEED(b, reg_read, 0, 0, .h.ctrl = NVS_NO_CTRL, .tid = 10, .offset = 0);
	end(b, NVS_PHASE_nvme_dev_map, 10);
	FEED(b, ctrl_new, 0, 0, .h.ctrl = 3, .tid = 10, .pci_addr = 0x100);
	begin(b, NVS_PHASE_nvme_reset_ctrl, NVS_PHASE_nvme_probe, 10, 3);
	begin(b, NVS_PHASE_nvme_reset_work, NVS_PHASE_nvme_reset_ctrl, 20, 3);
	begin(b, NVS_PHASE_nvme_pci_enable, NVS_PHASE_nvme_reset_work, 20, 3);
	end(b, NVS_PHASE_nvme_reset_ctrl, 10);
	FEED(b, reg_write, 0, 0, .h.ctrl = 3, .tid = 20, .offset = 0x14);
	end(b, NVS_PHASE_nvme_pci_enable, 20);
	end(b, NVS_PHASE_nvme_probe, 10);
	model_finish(b->m);

	p = model_phases(b->m, &nr);
	assert_int_equal(nr, 5);
	assert_int_equal(p[0].ctrl, 3); /* learnt from ctrl_new */
	assert_int_equal(p[1].ctrl, 3); /* had ended before */
	assert_int_equal(p[2].parent, 0);
	assert_false(p[2].queued);
	assert_int_equal(p[3].parent, 2);
	assert_true(p[3].queued);
	assert_true(p[3].open);
	assert_int_equal(p[3].end, model_totals(b->m)->last_ts);
	assert_int_equal(p[4].parent, 3);
	assert_false(p[4].open);
	assert_int_equal(p[4].result, -5);
	assert_int_equal(model_marks(b->m, &nr)[0].phase, 1);
	assert_int_equal(model_marks(b->m, &nr)[0].ctrl, 3);
	assert_int_equal(model_marks(b->m, &nr)[1].phase, 4);
	assert_int_equal(model_totals(b->m)->phase_ends_lost, 0);
}

static void lost_phase_ends(void **state)
{
	struct bench *b = *state;
	const struct model_phase *p;
	unsigned int nr;

	begin(b, NVS_PHASE_nvme_reset_work, NVS_PHASE_none, 20, 0);
	begin(b, NVS_PHASE_nvme_pci_enable, NVS_PHASE_nvme_reset_work, 20, 0);
	/* Lost: the end of nvme_pci_enable. */
	begin(b, NVS_PHASE_nvme_dev_add, NVS_PHASE_nvme_reset_work, 20, 0);
	/* Lost: both ends; the worker takes its next work. */
	begin(b, NVS_PHASE_nvme_scan_work, NVS_PHASE_nvme_queue_scan, 20, 0);
	end(b, NVS_PHASE_nvme_scan_work, 20);
	end(b, NVS_PHASE_nvme_dev_add, 20);
	p = model_phases(b->m, &nr);
	assert_true(p[1].cut);
	assert_int_equal(p[2].parent, 0);
	assert_true(p[2].cut && p[0].cut);
	assert_int_equal(p[3].parent, -1);
	assert_false(p[3].cut);
	assert_int_equal(model_totals(b->m)->phase_ends_lost, 3);
	assert_int_equal(model_totals(b->m)->phase_ends_unmatched, 1);
}

static void hostile_numbers_are_bounded(void **state)
{
	struct bench *b = *state;

	for (unsigned int i = 0; i < MODEL_MAX_QUEUES + 50; i++)
		FEED(b, cq_exit, i, 0, .found = 1);
	assert_true(model_totals(b->m)->beyond_limits == 50);
	for (unsigned int i = 0; i < MODEL_MAX_CTRLS + 5; i++)
		FEED(b, ctrl_new, 0, 0, .h.ctrl = (uint16_t)i);
	assert_int_equal(model_nr_ctrls(b->m), MODEL_MAX_CTRLS);
	assert_true(model_totals(b->m)->beyond_limits == 55);
	for (unsigned int i = 0; i < 3 * 4096; i++)
		FEED(b, sqe, 1, i & 0xffff, .slot = (uint16_t)(i * 7));
	for (unsigned int i = 0; i < 200; i++)
		begin(b, NVS_PHASE_nvme_probe, NVS_PHASE_nvme_probe, i % 100, 0);
	for (unsigned int i = 0; i < 200; i++)
		begin(b, NVS_PHASE_nvme_probe, NVS_PHASE_nvme_probe, 1, 0);
	feed(b, 999, 0, 0, &(struct nvs_hdr){ 0 }, sizeof(struct nvs_hdr));
	feed(b, NVS_ID_cqe, 0, 0, &(struct nvs_hdr){ 0 }, sizeof(struct nvs_hdr));
	assert_int_equal(model_totals(b->m)->unknown_events, 2);
	model_finish(b->m);
}

/* A whole made-up recording against its truth. */
static void synthetic_truth(void **state)
{
	struct bench *b = *state;
	struct synth_options o = {
		.queues = 3, .commands = 2000, .depth = 24, .batch = 4, .ring = 64
	};
	struct synth *s = synth_make(&o);
	struct nvs_error err;
	unsigned int nr;

	for (unsigned int i = 0; i < s->nr; i++) {
		struct recorded r = { .hdr = &s->item[i].ev.h,
				      .size = s->item[i].size,
				      .cpu = s->item[i].cpu };

		assert_int_equal(model_event(b->m, &r, &err), 0);
	}
	model_finish(b->m);
	model_phases(b->m, &nr);
	assert_int_equal(nr, s->truth.phases);
	assert_int_equal(model_totals(b->m)->events, s->truth.events);
	assert_int_equal(model_ctrl(b->m, 0)->queue[0]->done, s->truth.admin_commands);
	for (unsigned int q = 0; q <= 3; q++)
		assert_int_equal(model_trouble_total(&model_ctrl(b->m, 0)->queue[q]->trouble), 0);
	for (unsigned int q = 1; q <= 3; q++) {
		const struct model_queue *have = model_ctrl(b->m, 0)->queue[q];
		const struct synth_queue_truth *want = &s->truth.queue[q];

		assert_int_equal(have->done, want->commands);
		assert_int_equal(have->sq_bells, want->bells);
		assert_int_equal(have->sq_bell_cmds, want->commands);
		assert_int_equal(have->irqs, want->irqs);
		assert_int_equal(have->irq_found, want->completions);
		assert_int_equal(have->peak_depth, want->peak_depth);
		assert_int_equal(have->depth, 0);
	}
	synth_free(s);
}

/*
 * Any events may be missing.  What is told of a command is then still true:
 * never more commands than there were, never more at the device than went there.
 */
static void any_events_lost(void **state)
{
	struct bench *b = *state;
	struct synth_options o = {
		.queues = 2, .commands = 3000, .depth = 24, .batch = 4, .ring = 32
	};
	struct synth *s = synth_make(&o);
	struct nvs_error err;
	uint64_t x = 99;

	for (unsigned int i = 0; i < s->nr; i++) {
		struct recorded r = { .hdr = &s->item[i].ev.h, .size = s->item[i].size };

		x = x * 6364136223846793005u + 1442695040888963407u;
		if ((x >> 33) % 10 == 0)
			continue;
		assert_int_equal(model_event(b->m, &r, &err), 0);
	}
	model_finish(b->m);
	for (unsigned int q = 1; q <= 2; q++) {
		const struct model_queue *have = model_ctrl(b->m, 0)->queue[q];

		assert_true(have->done <= 3000 && have->done > 1000);
		/* A lost CQE leaves its command there until its tag comes back. */
		assert_in_range(have->peak_depth, 1, 256);
		assert_true(have->trouble.no_start > 0 && have->trouble.sq_gaps > 0);
	}
	assert_true(b->seen.commands <= 6000 + s->truth.admin_commands);
	synth_free(s);
}

/* Level io: four records, of which two share a doorbell and three a look. */
static void an_io_is_a_whole_command(void **state)
{
	struct bench *b = *state;
	const struct model_queue *q;
	struct model_split s;

	b->now = 10000;
	for (unsigned int i = 0; i < 4; i++)
		FEED(b, io, 1, i, .queued = 7000, .setup = 8000, .bell = 8500 + (i > 1),
		     .seen = i < 3 ? 9000 : 9100, .op = NVS_RQOP_write, .opcode = 1, .bytes = 8192,
		     .batch = i < 2 ? 2 : 1, .depth = (uint16_t)(i + 1), .pid = 12, .tgid = 11,
		     .cgroup = 77, .comm0 = 0x656d616e, .submit_cpu = 3,
		     .status = i == 3 ? 0x281 : 0, .how = NVS_HOW_DONE_batched);
	q = queue1(b);
	assert_int_equal(b->seen.commands, 4);
	assert_true(model_split(&b->seen.last, &s));
	assert_int_equal(s.queue, 1000);
	assert_int_equal(s.driver, 501);
	assert_int_equal(s.device, 599);
	assert_int_equal(s.completion, 10300 - 9100);
	assert_int_equal(s.total, 10300 - 7000);
	assert_true(model_has_opcode(&b->seen.last));
	assert_int_equal(b->seen.last.cgroup, 77);
	assert_int_equal(b->seen.last.tgid, 11);
	assert_int_equal(b->seen.last.submit_cpu, 3);
	assert_string_equal(b->seen.last.comm, "name");
	assert_int_equal(q->sq_bells, 3);
	assert_int_equal(q->sq_bell_cmds, 4);
	assert_int_equal(q->irqs, 2);
	assert_int_equal(q->irq_found, 4);
	assert_int_equal(q->peak_depth, 4);
	assert_int_equal(q->done, 4);
	assert_int_equal(q->failed, 1);
	assert_int_equal(model_trouble_total(&q->trouble), 0);
	/* Cancelled before it came to the device: in no latency. */
	FEED(b, io, 1, 9, .setup = 8000, .how = NVS_HOW_DONE_cancelled, .status = 0x371);
	assert_int_equal(q->cancelled, 1);
	assert_false(model_split(&b->seen.last, &s));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_command),
		TEST(an_io_is_a_whole_command),
		TEST(rings_wrap),
		TEST(wrong_phase_is_a_gap),
		TEST(a_batch_shares_a_doorbell),
		TEST(unmatched_completion),
		TEST(wrong_generation_is_unmatched),
		TEST(reused_in_flight),
		TEST(restarted_before_the_device),
		TEST(resync_after_loss),
		TEST(lost_sqe_is_not_guessed),
		TEST(recorder_came_late),
		TEST(unfinished_and_no_end),
		TEST(last_steps_in_any_order),
		TEST(cancelled_leaves_the_device),
		TEST(asynchronous_event),
		TEST(asynchronous_event_waits),
		TEST(resets_are_counted),
		TEST(phases_across_threads),
		TEST(lost_phase_ends),
		TEST(hostile_numbers_are_bounded),
		TEST(synthetic_truth),
		TEST(any_events_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
