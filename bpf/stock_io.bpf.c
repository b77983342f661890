// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "stock" at levels io and hist: four programs on a request's way, each as short as
 * can be.  A doorbell is not looked for in the driver's structures, as at level events: each
 * function that rings one tells of the commands that this CPU has built for it.
 */
#pragma clang diagnostic ignored "-Wunused-parameter" /* BPF_PROG has a ctx */

#include "stock_slots.h"

/*
 * Programs are attached in this order: ends first, beginnings last, so that what begins is seen
 * to end.
 */

static __always_inline __u64 read_end(struct request *rq)
{
	__u64 words = 0;

	READ_AT(words, (__u64)rq + bpf_core_type_size(struct request) + END_BASE);
	return words;
}

/* The slot that @rq has because its first one was taken, or NULL. */
static __always_inline struct command *kept_by(struct request *rq, __u32 place)
{
	struct command *c = NULL;

	if (place < MAX_PLACES)
		c = kept_slot((place << config.tag_shift) + rq->tag);
	return c && c->whose == (__u64)rq ? c : NULL;
}

/*
 * For the second of two programs (again.h): the slot that @rq is in flight in, or NULL.  What
 * there is to count the first one counts.
 */
static __always_inline struct command *in_flight(struct request *rq)
{
	struct command *c = near_slot(near_number(rq));
	struct known_queue *k;

	if (c->whose != (__u64)rq) {
		k = look_up(rq->mq_hctx);
		c = k ? kept_by(rq, k->place) : NULL;
	}
	return c && c->setup ? c : NULL;
}

static __always_inline void caught(bool again, enum again which)
{
	if (again)
		__sync_fetch_and_add(&caught_up[which], 1);
}

/*
 * The tracepoint of the end does not tell status from status.  But blk-mq lets the driver end
 * requests in batches only if they are successes (of passthrough: see end()), and all others pass
 * this function: what passes it is looked at more closely.
 */
static __always_inline int ends_singly(struct request *rq)
{
	struct command *c = near_slot(near_number(rq));

	if (c->whose != (__u64)rq)
		c = kept_by(rq, place_by(rq->mq_hctx));
	if (c)
		c->queued |= QUEUED_ASK;
	return 0;
}

SEC("fentry/nvme_complete_rq")
int BPF_PROG(io_single, struct request *rq)
{
	return UNDISTURBED(ends_singly(rq));
}

/* What nvme_request says of the end of a request that may be none that the device completed. */
static __always_inline void ask_end(__u32 mode, struct request *rq, const struct command *c,
				    struct ending *r)
{
	__u64 words = read_end(rq);

	r->status = END_WORD(words, status);
	if (END_BYTE(words, flags) & NVME_REQ_CANCELLED)
		r->how = NVS_HOW_DONE_cancelled;
	/* The driver counts on when it finds the completion entry. */
	if (!(mode & MODE_HIST) && ((END_BYTE(words, genctr) - (c->cid >> 12)) & 0xf) > 1)
		r->stale = true;
}

/* blk-mq times a request once, when it is made. */
static __always_inline bool is_stale(const struct request *rq, const struct command *c)
{
	return rq->start_time_ns != c->queued;
}

/* What is the rule: a read or a write that succeeded. */
static __always_inline void end_in(__u32 mode, struct request *rq, struct command *c, __u32 op)
{
	struct ending r = { .how = NVS_HOW_DONE_unseen };
	__u32 bytes = rq->__data_len;
	struct hist_cell *cell;
	struct steps s = {};

	if (!(mode & MODE_HIST)) {
		if (flight_end(mode, c, &r, &s))
			tell_io(c, op, bytes, rq->__sector, &r, &s);
		return;
	}
	cell = near_cell_of(c->place, op, bytes);
	if (!cell)
		return;
	/* Now, while it is at hand, if nothing can leave it out */
	if (mode == MODE_HIST)
		count_request(cell, bytes, 0);
	if (!flight_end(mode, c, &r, &s))
		return;
	if (mode != MODE_HIST)
		count_request(cell, bytes, 0);
	count_stages(cell, &s);
}

/* All others. */
static __always_inline void odd_end_in(__u32 mode, struct request *rq, struct command *c)
{
	struct ending r = { .how = NVS_HOW_DONE_unseen };
	__u32 op = rq->cmd_flags & 0xff;
	struct hist_cell *cell;
	struct steps s = {};

	c->queued &= ~QUEUED_ASK;
	r.stale = is_stale(rq, c);
	ask_end(mode, rq, c, &r);
	if (!(mode & MODE_HIST)) {
		if (flight_end(mode, c, &r, &s))
			tell_io(c, op, rq->__data_len, rq->__sector, &r, &s);
		return;
	}
	cell = cell_of(c->place, op, rq->__data_len);
	if (cell && flight_end(mode, c, &r, &s)) {
		count_request(cell, rq->__data_len, r.status);
		count_stages(cell, &s);
	}
}

/* Programs of their own, so that the rule has its own instructions, and few. */
#define ODD_END(name, mode)                                                           \
	static __noinline int odd_##name(struct request *rq, struct command *c)       \
	{                                                                             \
		odd_end_in(mode, rq, c);                                              \
		return 0;                                                             \
	}
ODD_END(io, 0)
ODD_END(io_filtered, MODE_FILTERED)
ODD_END(hist, MODE_HIST)
ODD_END(hist_filtered, MODE_HIST | MODE_FILTERED)

typedef int odd_fn(struct request *rq, struct command *c);

static __always_inline int end(__u32 mode, odd_fn *odd_end, struct request *rq, bool again)
{
	struct command *c;
	__u32 op;

	if (!rq)
		return 0;
	c = again ? in_flight(rq) : find_slot(mode, rq);
	if (!c)
		return 0;
	op = rq->cmd_flags & 0xff;
	/* Later kernels end passthrough that failed in batches, too. */
	if (op > NVS_RQOP_write || is_stale(rq, c))
		odd_end(rq, c);
	else
		end_in(mode, rq, c, op);
	c->setup = 0;
	caught(again, AGAIN_complete);
	return 0;
}

/* May a request be counted, as far as is known before its time? */
static __always_inline bool may_count(__u32 mode, const struct request *rq, __u32 place, __u32 op,
				      __u32 bytes)
{
	struct flight_queue *q = queue_at(place);

	return !(mode & MODE_FILTERED) ||
	       (place < MAX_PLACES && queue_passes(mode, q->ctrl, q->qid) &&
		request_passes(mode, op, bytes) && tag_passes(mode, rq->tag));
}

/* Of what is neither read nor write. */
static __noinline struct hist_cell *odd_cell(__u32 place, __u32 op)
{
	return cell_of(place, op, 0);
}

/* --no-stages: this program alone, and what blk-mq itself says of the beginning. */
static __always_inline int count_alone(__u32 mode, struct request *rq)
{
	__u32 place, op, bytes;
	struct hist_cell *cell;
	__u64 start, now, took;

	if (!rq)
		return 0;
	place = place_by(rq->mq_hctx);
	op = rq->cmd_flags & 0xff;
	bytes = rq->__data_len;
	if (!may_count(mode, rq, place, op, bytes))
		return 0;
	if (__builtin_expect(op <= NVS_RQOP_write, 1))
		cell = near_cell_of(place, op, bytes);
	else
		cell = odd_cell(place, op);
	/* There is none behind what is no place. */
	if (!cell)
		return 0;
	start = rq->start_time_ns;
	now = bpf_ktime_get_ns();
	took = now - start;
	/* Unknown, or later than now: one comparison for both. */
	if (took >= now) {
		count_cause(start ? LOST_negative_delta : LOST_untimed);
		if (!start)
			return 0;
		took = 0;
	}
	if (!latency_passes(mode, took))
		return 0;
	if ((mode & MODE_FILTERED) && config.by_status &&
	    !status_passes(mode, END_WORD(read_end(rq), status)))
		return 0;
	count_request(cell, bytes, 0);
	count_stage(cell, NVS_STAGE_total, took);
	return 0;
}

/*
 * To read a request's status costs a third of that program: what failed is counted where it
 * fails.
 */
static __always_inline int count_failed(struct request *rq)
{
	struct known_queue *k;
	struct hist_cell *cell;

	if (!rq)
		return 0;
	k = look_up(rq->mq_hctx);
	if (!k || k->place >= MAX_PLACES)
		return 0;
	cell = cell_of(k->place, rq->cmd_flags & 0xff, rq->__data_len);
	if (cell)
		__sync_fetch_and_add(&cell->failed, 1);
	return 0;
}

SEC("tp_btf/block_rq_error")
int BPF_PROG(one_failed, struct request *rq)
{
	return UNDISTURBED(count_failed(rq));
}

#define ON_COMPLETE(name, call)                \
	SEC("tp_btf/nvme_complete_rq")         \
	int BPF_PROG(name, struct request *rq) \
	{                                      \
		return UNDISTURBED(call);      \
	}
#define ON_END(level, mode)                                            \
	ON_COMPLETE(level##_complete, end(mode, odd_##level, rq, false)) \
	ON_COMPLETE(level##_complete_again, end(mode, odd_##level, rq, true))
#define ON_END_FILTERED(level, mode)                                                         \
	ON_COMPLETE(level##_complete_filtered, end(mode, odd_##level##_filtered, rq, false)) \
	ON_COMPLETE(level##_complete_filtered_again, end(mode, odd_##level##_filtered, rq, true))
ON_END(io, 0)
ON_END_FILTERED(io, MODE_FILTERED)
ON_END(hist, MODE_HIST)
ON_END_FILTERED(hist, MODE_HIST | MODE_FILTERED)
ON_COMPLETE(one_probe, count_alone(MODE_HIST, rq))
ON_COMPLETE(one_probe_filtered, count_alone(MODE_HIST | MODE_FILTERED, rq))

static __always_inline struct batch *this_batch(void)
{
	struct batch *b = batch_of(bpf_get_smp_processor_id());

	barrier_var(b); /* else it is reckoned out again and again */
	return b;
}

static __always_inline void unbuilt(struct batch *b, struct request *rq)
{
	struct command *c = near_slot(near_number(rq));

	if (c->whose != (__u64)rq)
		c = slot_at(b->last);
	if (c && c->whose == (__u64)rq)
		flight_unbuilt(b, c);
}

static __always_inline void bell(__u32 mode, struct batch *b, bool again, enum again which)
{
	if (!b->linked)
		return;
	flight_bell(mode, b);
	caught(again, which);
}

/* With more to follow, the doorbell waits for them, or for nvme_commit_rqs. */
static __always_inline int queued(__u32 mode, struct blk_mq_queue_data *bd, int status, bool again)
{
	if (status & 0xff)
		unbuilt(this_batch(), bd->rq);
	else if (bd->last)
		bell(mode, this_batch(), again, AGAIN_queue_rq);
	return 0;
}

static __always_inline int rang(__u32 mode, bool again)
{
	bell(mode, this_batch(), again, AGAIN_queue_rqs);
	return 0;
}

/* Of programs at the end of a function the one that is attached last runs first. */
#define ON_DOORBELLS(name, mode, again)                                                          \
	SEC("fexit/nvme_queue_rqs")                                                              \
	int BPF_PROG(name##_rqs##again)                                                          \
	{                                                                                        \
		return UNDISTURBED(rang(mode, IS##again));                                       \
	}                                                                                        \
	SEC("fexit/nvme_queue_rq")                                                               \
	int BPF_PROG(name##_rq##again, struct blk_mq_hw_ctx *hctx, struct blk_mq_queue_data *bd, \
		     int status)                                                                 \
	{                                                                                        \
		return UNDISTURBED(queued(mode, bd, status, IS##again));                         \
	}
#define IS	 false
#define IS_again true
#define ON_DOORBELL(level, mode)                       \
	ON_DOORBELLS(level##_bell, mode, _again)       \
	ON_DOORBELLS(level##_bell, mode, )             \
	SEC("fexit/nvme_commit_rqs")                   \
	int BPF_PROG(level##_bell_commit)              \
	{                                              \
		return UNDISTURBED(rang(mode, false)); \
	}
ON_DOORBELL(io, 0)
ON_DOORBELL(hist, MODE_HIST)

static __always_inline int look_at(const void *nvmeq, bool polled_only, __u16 why)
{
	struct known_queue *k = &known_queues[known_index(nvmeq)];
	struct flight_queue *q;

	barrier_var(k);
	if (k->address != (__u64)nvmeq) {
		if (!k->address)
			return 0;
		k = look_up(nvmeq);
		if (!k)
			return 0;
	}
	if (k->place >= MAX_PLACES)
		return 0;
	q = queue_at(k->place);
	if (!polled_only || q->polled)
		flight_look(q, why);
	return 0;
}

/* Any interrupt: a queue's is known by what its handler gets.  Half the cost of fentry/nvme_irq. */
SEC("tp_btf/irq_handler_entry")
int BPF_PROG(io_irq, int irq, struct irqaction *action)
{
	if (action)
		look_at(action->dev_id, false, NVS_WHY_CQ_irq);
	return 0;
}

/* Queues without interrupt: each look, for what it will find is not known. */
SEC("fentry/nvme_poll")
int BPF_PROG(io_poll, struct blk_mq_hw_ctx *hctx)
{
	return UNDISTURBED(look_at(hctx->driver_data, true, NVS_WHY_CQ_poll));
}

/* A command is late: is its completion there, and only the interrupt lost? */
SEC("fentry/nvme_poll_irqdisable")
int BPF_PROG(io_timeout_look, struct nvme_queue *nvmeq)
{
	return UNDISTURBED(look_at(nvmeq, false, NVS_WHY_CQ_timeout));
}

struct teardown {
	__u32 ctrl;
	__u64 now;
};

static long look_before_teardown(__u32 place, struct teardown *t)
{
	struct flight_queue *q = queue_at(place);

	if (q->ctrl == t->ctrl) {
		q->seen = t->now;
		q->why = NVS_WHY_CQ_teardown;
	}
	return 0;
}

/* Entries that are there still are taken in past interrupt and poll. */
SEC("fentry/nvme_dev_disable")
int BPF_PROG(io_teardown, struct nvme_dev *dev)
{
	struct teardown t = { .ctrl = dev->ctrl.instance, .now = bpf_ktime_get_ns() };

	bpf_loop(next_place < MAX_PLACES ? next_place : MAX_PLACES, look_before_teardown, &t, 0);
	return 0;
}

/* It may be at the address of another that was: it is learnt of again. */
static __always_inline void queue_begins(__u32 ctrl, __u32 qid, __u64 nvmeq)
{
	forget((void *)nvmeq);
}

SEC("fentry/nvme_init_hctx")
int BPF_PROG(io_new_hctx, struct blk_mq_hw_ctx *hctx)
{
	forget_hctx(hctx);
	return 0;
}

SEC("fentry/nvme_admin_init_hctx")
int BPF_PROG(io_new_admin_hctx, struct blk_mq_hw_ctx *hctx)
{
	forget_hctx(hctx);
	return 0;
}

static __always_inline bool passes(__u32 ctrl)
{
	return ctrl_passes(ctrl);
}

#include "stock_life.h"

/*
 * The slot of the command built before on this CPU, if the next will hang together with it: its
 * task, if that is the same, has not been out of the kernel since.
 */
static __always_inline const struct command *built_before(__u32 cpu)
{
	const struct batch *b = batch_of(cpu);

	return b->linked ? slot_at(b->last) : NULL;
}

/* Each field of the task is a load that the kernel checks; of its slot, one that it need not. */
static __always_inline void ask_task(__u32 mode, struct command *c, __u32 cpu)
{
	bool io = !(mode & MODE_HIST), filtered = mode & MODE_FILTERED;
	const struct command *before;
	struct task_struct *task;
	__u64 comm1;

	if (!io && !filtered)
		return;
	before = io ? built_before(cpu) : NULL;
	task = (void *)bpf_get_current_task_btf();
	if (io || config.pid)
		c->pid = task->pid;
	if (before && before != c && before->pid == c->pid) {
		c->tgid = before->tgid;
		c->cgroup = before->cgroup;
		c->comm0 = before->comm0;
		comm1 = before->comm1;
		barrier_var(comm1); /* else one load is made of this and that of the task */
		c->comm1 = comm1;
		return;
	}
	if (io || config.pid)
		c->tgid = task->tgid;
	if (io || config.cgroup)
		c->cgroup = task->cgroups->dfl_cgrp->kn->id;
	if (io || config.comm[0]) {
		c->comm0 = *(__u64 *)&task->comm[0];
		c->comm1 = *(__u64 *)&task->comm[8];
	}
}

/* Is @c what @rq began in just now? */
static __always_inline bool has_begun(__u32 mode, const struct command *c, const struct request *rq,
				      const struct nvme_command *cmd)
{
	return c && !is_stale(rq, c) && ((mode & MODE_HIST) || c->cid == cmd->command_id);
}

static __always_inline int begin(__u32 mode, struct request *rq, struct nvme_command *cmd,
				 bool again)
{
	struct beginning r = {};
	struct flight_queue *q;
	struct command *c;
	__u32 cpu, opcode = 0;

	if (!rq || (mode != MODE_HIST && !cmd))
		return 0;
	if (again && (!look_up(rq->mq_hctx) || has_begun(mode, in_flight(rq), rq, cmd)))
		return 0;
	c = take_slot(rq);
	if (!c)
		return 0;
	q = queue_at(c->place);
	if (!queue_passes(mode, q->ctrl, q->qid)) {
		c->setup = 0;
		return 0;
	}
	c->queued = rq->start_time_ns;
	if (mode & MODE_FILTERED) {
		r.op = rq->cmd_flags & 0xff;
		r.bytes = rq->__data_len;
	}
	/* Each where it stays, as it is read: so that nothing is kept over the calls. */
	if (mode != MODE_HIST) {
		opcode = cmd->opcode;
		c->cid = cmd->command_id;
		c->opcode = opcode;
		c->nsid = cmd->nsid;
	}
	cpu = bpf_get_smp_processor_id();
	ask_task(mode, c, cpu);
	flight_begin(mode, c, &r, cpu);
	if (!opcode_passes(mode, opcode))
		c->left_out = 1;
	flight_link(cpu, c);
	caught(again, AGAIN_setup);
	return 0;
}

#define ON_BEGIN(name, mode, again)                                      \
	SEC("tp_btf/nvme_setup_cmd")                                     \
	int BPF_PROG(name, struct request *rq, struct nvme_command *cmd) \
	{                                                                \
		return UNDISTURBED(begin(mode, rq, cmd, again));         \
	}
#define ON_SETUP(name, mode)        \
	ON_BEGIN(name, mode, false) \
	ON_BEGIN(name##_again, mode, true)
ON_SETUP(io_setup, 0)
ON_SETUP(io_setup_filtered, MODE_FILTERED)
ON_SETUP(hist_setup, MODE_HIST)
ON_SETUP(hist_setup_filtered, MODE_HIST | MODE_FILTERED)

char _license[] SEC("license") = "GPL";
