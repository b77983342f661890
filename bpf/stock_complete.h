/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands on their way back: the driver looks at a CQ, by interrupt, poll or timeout, and
 * requests end.
 */
#ifndef NVS_STOCK_COMPLETE_H
#define NVS_STOCK_COMPLETE_H

#include "stock_look.h"

/* Whose interrupt is it?  Asked once for each, and kept. */
struct irq_owner {
	__u64 nvmeq; /* what its handler gets; 0: not asked yet */
	__u64 who;   /* as OWNER() */
	__u32 vector;
	__u32 index; /* of its state; NOT_RECORDED, too, if it is another driver's */
	__u64 pad; /* a power of two */
};

#define MAX_IRQS 4096
static struct irq_owner irq_owners[MAX_IRQS] = {};

/*
 * Of any interrupt: is @data, which the handler gets, a queue of the driver?  It calls its
 * interrupts nvme0q1 and the like, and what it gets is in its device's table of queues.
 */
#define NAME_BEGINS 0x656d766e /* "nvme" */
static __always_inline bool is_queue(struct irqaction *action, __u64 data)
{
	__u64 dev, queues;
	__u32 name, qid;

	READ_AT(name, ADDRESS_IN(action, struct irqaction, name));
	if (name != NAME_BEGINS)
		return false;
	dev = (__u64)FIELD_AT(data, struct nvme_queue, dev);
	queues = (__u64)FIELD_AT(dev, struct nvme_dev, queues);
	qid = FIELD_AT(data, struct nvme_queue, qid);
	return queues && queues + qid * (__u64)bpf_core_type_size(struct nvme_queue) == data;
}

/* @action: NULL, if it was the driver's function that was called. */
static __noinline int ask_owner(struct irq_owner *o, __u64 data, struct irqaction *action)
{
	__u32 ctrl, qid;
	__u64 dev;

	o->index = NOT_RECORDED;
	o->nvmeq = data;
	if (action && !is_queue(action, data))
		return 0;
	dev = (__u64)FIELD_AT(data, struct nvme_queue, dev);
	ctrl = FIELD_AT(dev + bpf_core_field_offset(struct nvme_dev, ctrl), struct nvme_ctrl,
			instance);
	qid = FIELD_AT(data, struct nvme_queue, qid);
	o->who = OWNER(ctrl, qid);
	o->vector = FIELD_AT(data, struct nvme_queue, cq_vector);
	o->index = state_index(ctrl, qid);
	return 0;
}

/* NULL: nobody's that we know. */
static __always_inline struct irq_owner *owner_of(int irq, __u64 data, struct irqaction *action)
{
	struct irq_owner *o = &irq_owners[irq & (MAX_IRQS - 1)];

	barrier_var(o); /* else it is reckoned out again and again */
	/* INTx has one number for all queues, and asks each time. */
	if (o->nvmeq != data)
		ask_owner(o, data, action);
	return o->index == NOT_RECORDED ? NULL : o;
}

/* The driver is about to look, and has looked. */
static __always_inline int look_begins(__u64 nvmeq, __u64 who, __u32 index, __u32 vector, int why)
{
	struct queue_state *st;

	st = state_at(index);
	if (!st)
		return 0;
	if (!st->learnt)
		learn(st, nvmeq);
	if (*(volatile __u32 *)&st->pending) {
		look_at_sq(st, nvmeq, who, false);
		learnt_more(st);
	}
	st->looking = 1;
	tell_new_entries(st, who, vector, why);
	return 0;
}

static __always_inline int look_ends(__u64 nvmeq, __u64 who, __u32 index, int why)
{
	struct queue_state *st;

	st = state_at(index);
	if (st && st->learnt)
		end_look(st, nvmeq, who, why);
	return 0;
}

static __always_inline int irq_begins(int irq, __u64 data, struct irqaction *action)
{
	struct irq_owner *o = owner_of(irq, data, action);

	return o ? look_begins(data, o->who, o->index, o->vector, NVS_WHY_CQ_irq) : 0;
}

static __always_inline int irq_ends(int irq, __u64 data, struct irqaction *action)
{
	struct irq_owner *o = owner_of(irq, data, action);

	return o ? look_ends(data, o->who, o->index, NVS_WHY_CQ_irq) : 0;
}

/* Any interrupt, right before its handler and behind it: half the cost of fentry and fexit. */
SEC("tp_btf/irq_handler_entry")
int BPF_PROG(on_irq, int irq, struct irqaction *action)
{
	if (!action)
		return 0;
	return irq_begins(irq, ADDRESS_IN(action, struct irqaction, dev_id), action);
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(on_irq_end, int irq, struct irqaction *action)
{
	if (!action)
		return 0;
	return irq_ends(irq, ADDRESS_IN(action, struct irqaction, dev_id), action);
}

/* In place of these, where the driver's function is not the handler, but what a thread calls. */
SEC("fentry/nvme_irq")
int BPF_PROG(on_irq_in_thread, int irq, void *data)
{
	return irq_begins(irq, (__u64)data, NULL);
}

SEC("fexit/nvme_irq")
int BPF_PROG(on_irq_end_in_thread, int irq, void *data)
{
	return irq_ends(irq, (__u64)data, NULL);
}

/* A look that finds something; the many others leave no trace. */
static __always_inline int polled(struct blk_mq_hw_ctx *hctx)
{
	struct gendisk *disk = hctx->queue->disk;
	struct queue_state *st;
	__u32 ctrl, qid, head;
	__u64 nvmeq, who;

	if (!disk)
		return 0;
	ctrl = disk->part0->bd_device.parent->devt & MINOR_BITS;
	qid = hctx->queue_num + 1;
	who = OWNER(ctrl, qid);
	st = state_of(ctrl, qid);
	if (!st || !st->learnt)
		return 0;
	nvmeq = ADDRESS_IN(hctx, struct blk_mq_hw_ctx, driver_data);
	/* Several may poll a queue at a time. */
	for (int i = 0; i < 2; i++) {
		if (__sync_val_compare_and_swap(&st->looking, 0, 1)) {
			st->again = 1;
			return 0;
		}
		st->again = 0;
		head = FIELD_AT(nvmeq, struct nvme_queue, cq_head);
		look_again(st, nvmeq, who);
		begin_look(st);
		tell_entries(st, head, who, 0, NVS_WHY_CQ_poll);
		end_look(st, nvmeq, who, NVS_WHY_CQ_poll);
		if (!*(volatile __u32 *)&st->again)
			return 0;
	}
	return 0;
}

SEC("fexit/nvme_poll")
int BPF_PROG(on_poll, struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob, int found)
{
	return found ? UNDISTURBED(polled(hctx)) : 0;
}

/* A command is late: is its completion there, and only the interrupt lost? */
SEC("fentry/nvme_poll_irqdisable")
int BPF_PROG(on_timeout_look, struct nvme_queue *nvmeq)
{
	__u32 ctrl = nvmeq->dev->ctrl.instance, qid = nvmeq->qid;

	return look_begins(address_of(nvmeq), OWNER(ctrl, qid), state_index(ctrl, qid),
			   nvmeq->cq_vector, NVS_WHY_CQ_timeout);
}

SEC("fexit/nvme_poll_irqdisable")
int BPF_PROG(on_timeout_looked, struct nvme_queue *nvmeq)
{
	__u32 ctrl = nvmeq->dev->ctrl.instance, qid = nvmeq->qid;

	return look_ends(address_of(nvmeq), OWNER(ctrl, qid), state_index(ctrl, qid),
			 NVS_WHY_CQ_timeout);
}

/*
 * The identifier that @rq's command had.  The driver counts a request's generation on when it finds
 * its completion entry: so it is the one before.  A driver that does not count, and a request that
 * may have found none, let us ask the command itself.
 */
static __noinline __u16 cid_of(const struct request *rq, __u64 request, __u64 end)
{
	__u16 cid = 0;
	__u64 cmd;

	if (bpf_core_field_exists(((struct nvme_request *)0)->genctr) && END_BYTE(end, genctr) &&
	    !(END_BYTE(end, flags) & NVME_REQ_CANCELLED) && !END_WORD(end, status))
		return ((END_BYTE(end, genctr) - 1) & 0xf) << 12 | rq->tag;
	cmd = (__u64)FIELD_AT(request, struct nvme_request, cmd);
	READ_AT(cid, cmd + 2);
	return cid;
}

/* What an end says: as the event's last word has it, and of which command. */
struct request_end {
	__u64 word;
	__u16 cid;
};

/* The last word of the event: of a request that did not do well, or of a driver unlike most. */
static __noinline __u64 odd_word(const struct request *rq, __u64 words)
{
	__u64 how = END_BYTE(words, flags) & NVME_REQ_CANCELLED ? NVS_HOW_DONE_cancelled :
								  NVS_HOW_DONE_unseen;

	return rq->__data_len | (__u64)END_WORD(words, status) << 32 | how << 48;
}

static __always_inline struct request_end end_of(struct request *rq)
{
	__u64 request = (__u64)rq + bpf_core_type_size(struct request), words;
	struct request_end end;

	if (END_USUAL) {
		READ_AT(words, request + END_USUAL_BASE);
		if (__builtin_expect((words & END_GENCTR) && !(words & END_ODD), 1)) {
			end.cid = (words - 1) << 12 | rq->tag;
			end.word = rq->__data_len | (__u64)NVS_HOW_DONE_unseen << 48;
			return end;
		}
	} else {
		APART();
		READ_AT(words, request + END_BASE);
	}
	end.cid = cid_of(rq, request, words);
	end.word = odd_word(rq, words);
	return end;
}

static __always_inline int ends(struct request *rq, bool again)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct owner *o = on_cpu(ending_on, cpu);
	struct nvs_rq_complete *e;
	struct request_end end;
	struct emission m;

	if (!rq)
		return 0;
	if (!is_known(o, rq))
		ask_owner_by(o, rq);
	if (o->index == NOT_RECORDED)
		return 0;
	end = end_of(rq);
	if (!is_owed(o, end.cid, STEP_ENDED, again, AGAIN_complete))
		return 0;
	e = emit_some_on(&m, cpu, NVS_ID_rq_complete, sizeof(*e), sizeof(*e), 1);
	if (!e)
		return 0;
	stamp(&e->h, NVS_ID_rq_complete, bpf_ktime_get_ns(), o->who, end.cid);
	/* bytes, status, how */
	_Static_assert(sizeof(*e) - sizeof(e->h) == sizeof(end.word), "one word of them");
	*(__u64 *)&e->bytes = end.word;
	commit(&m);
	return 0;
}

SEC("tp_btf/nvme_complete_rq")
int BPF_PROG(on_complete, struct request *rq)
{
	return UNDISTURBED(ends(rq, false));
}

SEC("tp_btf/nvme_complete_rq")
int BPF_PROG(on_complete_again, struct request *rq)
{
	return UNDISTURBED(ends(rq, true));
}

static __always_inline void forget_owner(struct owner *o, __u64 address)
{
	if (o->hctx == address || o->nvmeq == address)
		o->hctx = 0;
}

static long forget_on_cpu(__u32 cpu, const __u64 *address)
{
	forget_owner(on_cpu(building_on, cpu), *address);
	forget_owner(on_cpu(ending_on, cpu), *address);
	return 0;
}

static long forget_irq(__u32 irq, const __u64 *address)
{
	struct irq_owner *o = &irq_owners[irq & (MAX_IRQS - 1)];

	if (o->nvmeq == *address)
		o->nvmeq = 0;
	return 0;
}

/* From here on @address is that of another queue, or leads to another one. */
static __noinline int forget(__u64 address)
{
	bpf_loop(nr_cpus < MAX_CPUS ? nr_cpus : MAX_CPUS, forget_on_cpu, &address, 0);
	bpf_loop(MAX_IRQS, forget_irq, &address, 0);
	return 0;
}

static __always_inline void queue_begins(__u32 ctrl, __u32 qid, __u64 nvmeq)
{
	struct queue_state *st;

	forget(nvmeq);
	st = state_of(ctrl, qid);
	if (st)
		learn_anew(st, nvmeq);
}

struct teardown {
	__u64 queues;
	__u32 ctrl;
};

/* Entries that were taken in while the queue was torn down, past interrupt and poll. */
static long tell_rest(__u32 qid, struct teardown *t)
{
	struct queue_state *st = state_of(t->ctrl, qid);
	__u64 nvmeq = t->queues + qid * (__u64)bpf_core_type_size(struct nvme_queue);

	if (!st || !st->learnt || FIELD_AT(nvmeq, struct nvme_queue, cq_head) == st->head)
		return 0;
	st->look_ts = bpf_ktime_get_ns();
	tell_entries(st, FIELD_AT(nvmeq, struct nvme_queue, cq_head), OWNER(t->ctrl, qid), 0,
		     NVS_WHY_CQ_teardown);
	end_look(st, nvmeq, OWNER(t->ctrl, qid), NVS_WHY_CQ_teardown);
	return 0;
}

SEC("fentry/nvme_init_hctx")
int BPF_PROG(on_new_hctx, struct blk_mq_hw_ctx *hctx)
{
	return forget((__u64)hctx);
}

SEC("fentry/nvme_admin_init_hctx")
int BPF_PROG(on_new_admin_hctx, struct blk_mq_hw_ctx *hctx)
{
	return forget((__u64)hctx);
}

SEC("fexit/nvme_dev_disable")
int BPF_PROG(on_disabled, struct nvme_dev *dev)
{
	struct teardown t = { .queues = address_of(dev->queues), .ctrl = dev->ctrl.instance };
	__u32 nr = dev->ctrl.queue_count;

	if (passes(t.ctrl))
		bpf_loop(nr, tell_rest, &t, 0);
	return 0;
}

#endif
