// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "stock" at levels io and hist: four programs on a request's way, each as short as
 * can be.  A doorbell is not looked for in the driver's structures, as at level events: each
 * function that rings one tells of the commands that this CPU has built for it.
 */
#pragma clang diagnostic ignored "-Wunused-parameter" /* BPF_PROG has a ctx */

#include "stock_read.h"
#include "flight.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct irqaction {
	void *dev_id;
};

struct blk_mq_queue_data {
	struct request *rq;
	bool last;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int pid, tgid;
	struct css_set *cgroups;
	char comm[16];
};

#pragma clang attribute pop

/*
 * The place of a queue, by the address of its struct nvme_queue.  A hash of our own in .bss:
 * an address that is where it belongs costs six instructions.
 */
#define KNOWN_BITS  12
#define KNOWN_MASK  ((1u << KNOWN_BITS) - 1)
#define KNOWN_TRIES 8
#define FORGOTTEN   1 /* a key that no address has */
#define NOT_PCI	    0xfffffffe /* a place: what other transports have is not ours to follow */

struct known_queue {
	__u64 nvmeq;
	__u32 place;
	__u32 taken; /* somebody fills it in */
};
static struct known_queue known_queues[1 << KNOWN_BITS] = {};

static __always_inline __u32 known_index(__u64 nvmeq)
{
	return (nvmeq * 0x9e3779b97f4a7c15ull) >> (64 - KNOWN_BITS);
}

/* Where @nvmeq is known, or NULL. */
static __always_inline struct known_queue *look_up(__u64 nvmeq)
{
	__u32 at = known_index(nvmeq);

	for (int i = 0; i < KNOWN_TRIES; i++) {
		struct known_queue *k = &known_queues[(at + i) & KNOWN_MASK];

		if (k->nvmeq == nvmeq)
			return k;
		if (!k->nvmeq)
			break;
	}
	return NULL;
}

static __always_inline void make_known(__u64 nvmeq, __u32 place)
{
	__u32 at = known_index(nvmeq);

	for (int i = 0; i < KNOWN_TRIES; i++) {
		struct known_queue *k = &known_queues[(at + i) & KNOWN_MASK];

		if (k->nvmeq > FORGOTTEN || __sync_val_compare_and_swap(&k->taken, 0, 1))
			continue;
		k->place = place;
		__sync_lock_test_and_set(&k->nvmeq, nvmeq);
		k->taken = 0;
		return;
	}
}

/* The slow way, which makes a queue known. */
static __noinline __u32 learn_place(__u64 nvmeq, __u32 type)
{
	struct known_queue *k = look_up(nvmeq);
	__u32 ctrl, qid, place;
	__u64 dev, queues;

	if (k)
		return k->place;
	dev = (__u64)FIELD_AT(nvmeq, struct nvme_queue, dev);
	queues = (__u64)FIELD_AT(dev, struct nvme_dev, queues);
	qid = FIELD_AT(nvmeq, struct nvme_queue, qid);
	if (queues + qid * (__u64)bpf_core_type_size(struct nvme_queue) != nvmeq) {
		make_known(nvmeq, NOT_PCI);
		return NOT_PCI;
	}
	ctrl = FIELD_AT(dev + bpf_core_field_offset(struct nvme_dev, ctrl), struct nvme_ctrl,
			instance);
	place = place_of(ctrl, qid);
	if (place == NO_PLACE)
		place = new_place(ctrl, qid);
	if (place == NO_PLACE) {
		count_cause(LOST_no_place);
		return NO_PLACE;
	}
	queue_at(place)->polled = type == HCTX_TYPE_POLL;
	if (queue_at(place)->key != nvmeq)
		queue_at(place)->in_flight = 0;
	queue_at(place)->key = nvmeq;
	make_known(nvmeq, place);
	return place;
}

static __always_inline __u32 place_by(struct blk_mq_hw_ctx *hctx)
{
	__u64 nvmeq = ADDRESS_IN(hctx, struct blk_mq_hw_ctx, driver_data);
	struct known_queue *k = &known_queues[known_index(nvmeq) & KNOWN_MASK];

	return k->nvmeq == nvmeq ? k->place : learn_place(nvmeq, hctx->type);
}

/*
 * Programs are attached in this order: ends first, beginnings last, so that what begins is seen
 * to end.
 */

/* What of struct nvme_request tells of the end lies within eight bytes, read at once. */
#define END_BASE       (bpf_core_field_offset(struct nvme_request, status) & ~7u)
#define END_PLACE(f)   ((bpf_core_field_offset(struct nvme_request, f) - END_BASE) & 7)
#define END_BYTE(w, f) ((w) >> 8 * END_PLACE(f) & 0xff)
#define END_WORD(w, f) ((w) >> 8 * END_PLACE(f) & 0xffff)

static __always_inline __u64 read_end(struct request *rq)
{
	__u64 words = 0;

	READ_AT(words, (__u64)rq + bpf_core_type_size(struct request) + END_BASE);
	return words;
}

static __always_inline int end(__u32 mode, struct request *rq)
{
	struct ending r = {};
	struct flight_queue *q;
	__u64 words;
	__u32 place;

	if (!rq)
		return 0;
	place = place_by(rq->mq_hctx);
	if (place >= MAX_PLACES)
		return 0;
	q = queue_at(place);
	if (!queue_passes(mode, q->ctrl, q->qid))
		return 0;
	words = read_end(rq);
	r.tag = rq->tag;
	/* The driver counts on when it finds the completion entry. */
	r.use = END_BYTE(words, genctr);
	r.slack = 1;
	r.status = END_WORD(words, status);
	r.how = END_BYTE(words, flags) & NVME_REQ_CANCELLED ? NVS_HOW_DONE_cancelled :
							      NVS_HOW_DONE_unseen;
	flight_end(mode, q, place, &r);
	return 0;
}

/* --no-stages: this program alone, and what blk-mq itself says of the beginning. */
static __always_inline int count_alone(__u32 mode, struct request *rq)
{
	__u32 place, bytes, op;
	struct hist_cell *cell;
	struct flight_queue *q;
	__u64 start, end;

	if (!rq)
		return 0;
	place = place_by(rq->mq_hctx);
	if (place >= MAX_PLACES)
		return 0;
	q = queue_at(place);
	op = rq->cmd_flags & 0xff;
	bytes = rq->__data_len;
	if (!queue_passes(mode, q->ctrl, q->qid) || !request_passes(mode, op, bytes) ||
	    !tag_passes(mode, rq->tag))
		return 0;
	start = rq->start_time_ns;
	if (!start) {
		count_cause(LOST_untimed);
		return 0;
	}
	end = bpf_ktime_get_ns();
	if (end < start) {
		count_cause(LOST_negative_delta);
		end = start;
	}
	if (!latency_passes(mode, end - start))
		return 0;
	if ((mode & MODE_FILTERED) && config.by_status &&
	    !status_passes(mode, END_WORD(read_end(rq), status)))
		return 0;
	cell = cell_of(place, op, bytes);
	if (!cell)
		return 0;
	count_request(cell, bytes, 0);
	count_stage(cell, NVS_STAGE_total, end - start);
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
	k = look_up(ADDRESS_IN(rq->mq_hctx, struct blk_mq_hw_ctx, driver_data));
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

#define ON_COMPLETE(name, way, mode)                                                               \
	SEC("tp_btf/nvme_complete_rq")                                                             \
	int BPF_PROG(name, struct request *rq)                                                     \
	{                                                                                          \
		return UNDISTURBED(way(mode, rq));                                                 \
	}
ON_COMPLETE(io_complete, end, 0)
ON_COMPLETE(io_complete_filtered, end, MODE_FILTERED)
ON_COMPLETE(hist_complete, end, MODE_HIST)
ON_COMPLETE(hist_complete_filtered, end, MODE_HIST | MODE_FILTERED)
ON_COMPLETE(one_probe, count_alone, MODE_HIST)
ON_COMPLETE(one_probe_filtered, count_alone, MODE_HIST | MODE_FILTERED)

static __always_inline int rang(void)
{
	flight_bell(batch_of(bpf_get_smp_processor_id()));
	return 0;
}

SEC("fexit/nvme_queue_rqs")
int BPF_PROG(io_queue_rqs)
{
	return UNDISTURBED(rang());
}

/* With more to follow, the doorbell waits for them, or for nvme_commit_rqs. */
static __always_inline int queued(struct blk_mq_queue_data *bd, int status)
{
	struct batch *b = batch_of(bpf_get_smp_processor_id());

	if (status & 0xff)
		flight_unbuilt(b, bd->rq->tag);
	else if (bd->last)
		flight_bell(b);
	return 0;
}

SEC("fexit/nvme_queue_rq")
int BPF_PROG(io_queue_rq, struct blk_mq_hw_ctx *hctx, struct blk_mq_queue_data *bd, int status)
{
	return UNDISTURBED(queued(bd, status));
}

SEC("fexit/nvme_commit_rqs")
int BPF_PROG(io_commit_rqs)
{
	return UNDISTURBED(rang());
}

static __always_inline int look_at(__u64 nvmeq, bool polled_only, __u16 why)
{
	struct known_queue *k = &known_queues[known_index(nvmeq) & KNOWN_MASK];
	struct flight_queue *q;

	if (k->nvmeq != nvmeq) {
		if (!k->nvmeq)
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
		look_at(ADDRESS_IN(action, struct irqaction, dev_id), false, NVS_WHY_CQ_irq);
	return 0;
}

/* Queues without interrupt: each look, for what it will find is not known. */
SEC("fentry/nvme_poll")
int BPF_PROG(io_poll, struct blk_mq_hw_ctx *hctx)
{
	return UNDISTURBED(
		look_at(ADDRESS_IN(hctx, struct blk_mq_hw_ctx, driver_data), true, NVS_WHY_CQ_poll));
}

/* A command is late: is its completion there, and only the interrupt lost? */
SEC("fentry/nvme_poll_irqdisable")
int BPF_PROG(io_timeout_look, struct nvme_queue *nvmeq)
{
	return UNDISTURBED(look_at(address_of(nvmeq), false, NVS_WHY_CQ_timeout));
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
	struct known_queue *k = look_up(nvmeq);

	if (k)
		k->nvmeq = FORGOTTEN;
}

static __always_inline bool passes(__u32 ctrl)
{
	return ctrl_passes(ctrl);
}

#include "stock_life.h"

static __always_inline void ask_task(__u32 mode, struct submitter *who)
{
	bool io = !(mode & MODE_HIST), filtered = mode & MODE_FILTERED;

	struct task_struct *task;

	if (!io && !filtered)
		return;
	task = (void *)bpf_get_current_task_btf();
	if (io || config.pid) {
		who->pid = task->pid;
		who->tgid = task->tgid;
	}
	if (io || config.cgroup)
		who->cgroup = task->cgroups->dfl_cgrp->kn->id;
	if (io || config.comm[0]) {
		who->comm0 = *(__u64 *)&task->comm[0];
		who->comm1 = *(__u64 *)&task->comm[8];
	}
}

static __always_inline int begin(__u32 mode, struct request *rq, struct nvme_command *cmd)
{
	__u32 cpu = bpf_get_smp_processor_id(), place;
	struct submitter who = {};
	struct beginning r = {};
	struct flight_queue *q;
	struct command *c;

	if (!rq || !cmd)
		return 0;
	place = place_by(rq->mq_hctx);
	if (place >= MAX_PLACES)
		return 0;
	q = queue_at(place);
	if (!queue_passes(mode, q->ctrl, q->qid))
		return 0;
	r.tag = rq->tag;
	r.queued = rq->start_time_ns;
	r.op = rq->cmd_flags & 0xff;
	r.bytes = rq->__data_len;
	r.cid = cmd->command_id;
	if (!(mode & MODE_HIST) || ((mode & MODE_FILTERED) && config.by_opcode))
		r.opcode = cmd->opcode;
	if (!(mode & MODE_HIST)) {
		r.sector = rq->__sector;
		r.nsid = cmd->nsid;
	}
	ask_task(mode, &who);
	c = flight_begin(mode, q, place, cpu, &r, &who);
	if (!c)
		return 0;
	if (!opcode_passes(mode, r.opcode))
		c->left_out = 1;
	flight_link(batch_of(cpu), place, c, r.tag);
	return 0;
}

#define ON_SETUP(name, mode)                                                                       \
	SEC("tp_btf/nvme_setup_cmd")                                                               \
	int BPF_PROG(name, struct request *rq, struct nvme_command *cmd)                           \
	{                                                                                          \
		return UNDISTURBED(begin(mode, rq, cmd));                                           \
	}
ON_SETUP(io_setup, 0)
ON_SETUP(io_setup_filtered, MODE_FILTERED)
ON_SETUP(hist_setup, MODE_HIST)
ON_SETUP(hist_setup_filtered, MODE_HIST | MODE_FILTERED)

char _license[] SEC("license") = "GPL";
