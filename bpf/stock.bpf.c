// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "stock": records the kernel's own driver, modules nvme and nvme_core.
 *
 * That driver has four tracepoints, and none tells of a doorbell.  But its structures
 * are described by the modules' BTF: after each function that may ring a doorbell, the
 * ring index in struct nvme_queue is compared with the one of before.  What was sent and
 * what came back is read from the rings themselves, where the device reads and writes.
 */
#include "stock.h"
#include "ring.h"

#pragma clang diagnostic ignored "-Wunused-parameter" /* BPF_PROG has a ctx */

const volatile bool filter = false;
volatile __u16 filter_ctrl = NVS_NO_CTRL;
/* Places in `queues` for each controller, and for how many controllers. */
const volatile __u32 queues_per_ctrl = 1;
const volatile __u32 max_ctrls = 1;

/* How far each queue is recorded. */
/* queue_state.learnt */
#define LEARNING 1
#define LEARNT	 2

struct queue_state {
	__u64 sq_cmds, cqes;
	__u64 look_ts;	/* when the driver began to look at the CQ */
	__u64 seen_ts;	/* when it last ended such a look */
	__u64 setup_ts; /* when it built the last command */
	/*
	 * The tail that the device was told last, in bits 15:0, and when, in the others: one
	 * word, so that who moves it on knows what is between and keeps the order.
	 */
	__u64 rung;
	__u32 looking; /* 1: somebody is at the CQ */
	__u32 again;   /* and somebody else came meanwhile */
	__u32 learnt;  /* 0: not yet; LEARNING: somebody is at it; LEARNT */
	__u32 depth;
	__u16 head;	/* next completion to be told */
	__u16 cq_rung;	/* head that the device was told last */
	__u8 phase;	/* of the entry at head */
	__u8 sqe_shift; /* log2 of an SQ entry's size */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the recorder sets it */
	__type(key, __u32);
	__type(value, struct queue_state);
} queues SEC(".maps");

/* The queue that this CPU builds commands for, until its doorbell has been looked at. */
struct submission {
	__u64 nvmeq; /* 0: none */
	__u16 ctrl, qid;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct submission);
} submissions SEC(".maps");

/* Steps of queues that had no place in `queues`: counted, and told by the recorder. */
__u64 untracked = 0;

static __always_inline struct queue_state *state_of(__u32 ctrl, __u32 qid)
{
	__u32 index = ctrl * queues_per_ctrl + qid;

	if (ctrl >= max_ctrls || qid >= queues_per_ctrl) {
		__sync_fetch_and_add(&untracked, 1);
		return NULL;
	}
	return bpf_map_lookup_elem(&queues, &index);
}

static __always_inline bool passes(__u32 ctrl)
{
	return !filter || ctrl == filter_ctrl;
}

static __always_inline void stamp(struct nvs_hdr *h, __u16 id, __u64 ts, __u16 ctrl, __u16 qid,
				  __u16 cid)
{
	h->ts = ts;
	h->id = id;
	h->ctrl = ctrl;
	h->qid = qid;
	h->cid = cid;
}

/* A field of a structure that is known by its address alone. */
#define FIELD_AT(address, type, field)                                                             \
	({                                                                                         \
		typeof(((type *)0)->field) __v = 0;                                                \
		bpf_probe_read_kernel(&__v, sizeof(__v),                                           \
				      (void *)((address) + bpf_core_field_offset(type, field)));   \
		__v;                                                                               \
	})

/* A typed pointer as a number, which the verifier lets go anywhere. */
static __always_inline __u64 address_of(const void *pointer)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &pointer);
	return address;
}

/* The minor number of a controller's character device is its number: the 0 of nvme0. */
#define MINOR_BITS 0xfffff

/* Which controller and queue is it?  qid 0 is the admin queue, which has no disk. */
static __always_inline __u32 ctrl_of(struct request_queue *q, struct request *rq)
{
	struct gendisk *disk = q->disk;
	__u64 ctrl;

	if (disk)
		return disk->part0->bd_device.parent->devt & MINOR_BITS;
	if (!rq)
		return NVS_NO_CTRL;
	ctrl = (__u64)FIELD_AT((__u64)rq + bpf_core_type_size(struct request), struct nvme_request,
			       ctrl);
	return FIELD_AT(ctrl, struct nvme_ctrl, instance);
}

/* --- submission ----------------------------------------------------------------------- */

/* When a queue is met first, and when it was made anew. */
__noinline int learn(struct queue_state *st, __u64 nvmeq)
{
	if (!st)
		return 0;
	st->sq_cmds = (__u64)FIELD_AT(nvmeq, struct nvme_queue, sq_cmds);
	st->cqes = (__u64)FIELD_AT(nvmeq, struct nvme_queue, cqes);
	st->depth = FIELD_AT(nvmeq, struct nvme_queue, q_depth);
	st->rung = bpf_ktime_get_ns() << 16 | FIELD_AT(nvmeq, struct nvme_queue, last_sq_tail);
	st->head = FIELD_AT(nvmeq, struct nvme_queue, cq_head);
	st->cq_rung = st->head;
	st->phase = FIELD_AT(nvmeq, struct nvme_queue, cq_phase);
	st->sqe_shift = FIELD_AT(nvmeq, struct nvme_queue, sqes);
	st->learnt = LEARNT;
	return 0;
}

/* Learns of a queue once, whoever comes first. */
static __always_inline void learn_once(struct queue_state *st, __u64 nvmeq)
{
	if (!__sync_val_compare_and_swap(&st->learnt, 0, LEARNING))
		learn(st, nvmeq);
}

/*
 * One record of the ring may hold several events, one behind the other, for reserving is
 * what costs.  An id of 0 is a gap; its cid says how many bytes.
 */
#define PER_RECORD  8
#define MAX_RECORDS 1024 /* for one doorbell, or one look at a completion queue */

static __always_inline void gap(struct nvs_hdr *h, __u32 bytes)
{
	h->id = 0;
	h->cid = bytes;
}

struct submitted {
	struct nvs_cmd_sent cmd[PER_RECORD];
	struct nvs_sq_doorbell bell; /* in the last record */
};

static __always_inline void tell_command(struct nvs_cmd_sent *e, const struct queue_state *st,
					 __u32 slot, __u64 ts, __u32 who)
{
	struct nvme_command cmd;

	bpf_probe_read_kernel(&cmd, sizeof(cmd),
			      (void *)(st->sq_cmds + ((__u64)slot << (st->sqe_shift & 15))));
	stamp(&e->h, NVS_ID_cmd_sent, ts, who >> 16, who, cmd.command_id);
	e->dptr1 = cmd.dptr1;
	e->dptr2 = cmd.dptr2;
	e->nsid = cmd.nsid;
	e->cdw10 = cmd.cdw10;
	e->cdw11 = cmd.cdw11;
	e->cdw12 = cmd.cdw12;
	e->cdw13 = cmd.cdw13;
	e->cdw14 = cmd.cdw14;
	e->cdw15 = cmd.cdw15;
	e->opcode = cmd.opcode;
	e->flags = cmd.flags;
	e->slot = slot;
	e->pad0 = 0;
	e->pad1 = 0;
}

struct sq_walk {
	struct queue_state *st;
	__u64 ts;
	__u32 slot, left, who;
	__u16 old_tail, new_tail, count, how;
};

/* One record's worth, and the doorbell if that is all.  Returns 1 at the end. */
static long tell_commands(__u32 index, struct sq_walk *w)
{
	struct submitted *s = emit_room(NVS_ID_cmd_sent, sizeof(*s), w->left);

	if (!s)
		return 1;
	for (int i = 0; i < PER_RECORD; i++) {
		if (!w->left) {
			gap(&s->cmd[i].h, (PER_RECORD - i) * sizeof(s->cmd[0]));
			break;
		}
		tell_command(&s->cmd[i], w->st, w->slot, w->ts, w->who);
		w->left--;
		w->slot = (w->slot + 1) % w->st->depth;
	}
	if (w->left) {
		gap(&s->bell.h, sizeof(s->bell));
	} else {
		stamp(&s->bell.h, NVS_ID_sq_doorbell, w->ts, w->who >> 16, w->who, 0);
		s->bell.old_tail = w->old_tail;
		s->bell.new_tail = w->new_tail;
		s->bell.count = w->count;
		s->bell.how = w->how;
	}
	emit_end(s);
	return w->left ? 0 : 1;
}

/* Tells of the commands from @old_tail to @tail, and of the doorbell that covers them. */
__noinline int tell_submitted(struct queue_state *st, __u32 tails, __u64 ts, __u32 how, __u32 who)
{
	__u32 old_tail = tails >> 16, tail = tails & 0xffff;
	struct sq_walk w = {
		.st = st, .ts = ts, .slot = old_tail, .who = who,
		.old_tail = old_tail, .new_tail = tail, .how = how,
	};

	if (!st)
		return 0;
	w.left = tail > old_tail ? tail - old_tail : tail + st->depth - old_tail;
	w.count = w.left;
	bpf_loop(MAX_RECORDS, tell_commands, &w, 0);
	return 0;
}

/*
 * The doorbell was rung between the last command's building and now.  While somebody looks
 * at completions, this command's may be among them: then the earlier time is the one that is
 * surely not too late.  But never before the doorbell before.
 */
static __always_inline __u64 time_of_bell(const struct queue_state *st, __u64 now, __u64 rung)
{
	/* The word has 48 bits of it. */
	__u64 before = now - (((now << 16) - (rung >> 16 << 16)) >> 16);

	if (st->looking || st->seen_ts > st->setup_ts)
		now = st->setup_ts;
	return now > before ? now : before + 1;
}

/*
 * Was the doorbell of this queue rung since the last look at it?  Several may ask at a
 * time, on several CPUs or one within another: who moves st->rung tells of what is between.
 */
static __always_inline void look_at_sq(__u64 nvmeq, __u32 ctrl, __u32 qid)
{
	struct queue_state *st = state_of(ctrl, qid);
	__u64 rung, ts;
	__u32 tail, how;

	if (!st || st->learnt != LEARNT)
		return;
	for (int i = 0; i < 4; i++) {
		rung = *(volatile __u64 *)&st->rung;
		tail = FIELD_AT(nvmeq, struct nvme_queue, last_sq_tail);
		if (tail == (rung & 0xffff))
			return;
		/* After all that is told of was begun, before anybody can see it completed. */
		ts = time_of_bell(st, bpf_ktime_get_ns(), rung);
		if (__sync_val_compare_and_swap(&st->rung, rung, ts << 16 | tail) != rung)
			continue;
		how = FIELD_AT(nvmeq, struct nvme_queue, dbbuf_sq_db) ? NVS_BELL_shadow :
									NVS_BELL_mmio;
		tell_submitted(st, (__u32)rung << 16 | tail, ts, how, ctrl << 16 | qid);
		return;
	}
}

SEC("tp_btf/nvme_setup_cmd")
int BPF_PROG(on_setup, struct request *rq, struct nvme_command *cmd)
{
	struct blk_mq_hw_ctx *hctx;
	struct submission *sub;
	struct queue_state *st;
	struct nvs_rq_start *e;
	__u32 zero = 0, ctrl;
	__u64 nvmeq, ts;
	__u16 qid;

	if (!rq || !cmd)
		return 0;
	hctx = rq->mq_hctx;
	ctrl = ctrl_of(rq->q, rq);
	if (!passes(ctrl))
		return 0;
	qid = rq->q->queuedata ? hctx->queue_num + 1 : 0;
	nvmeq = (__u64)hctx->driver_data;
	st = state_of(ctrl, qid);
	if (!st)
		return 0;
	if (st->learnt != LEARNT)
		learn_once(st, nvmeq);
	ts = bpf_ktime_get_ns();
	st->setup_ts = ts;
	sub = bpf_map_lookup_elem(&submissions, &zero);
	if (sub && sub->nvmeq != nvmeq) {
		/* A list of requests for several queues: each is rung before the next begins. */
		if (sub->nvmeq)
			look_at_sq(sub->nvmeq, sub->ctrl, sub->qid);
		sub->nvmeq = nvmeq;
		sub->ctrl = ctrl;
		sub->qid = qid;
	}
	e = emit_room(NVS_ID_rq_start, sizeof(*e), 1);
	if (!e)
		return 0;
	stamp(&e->h, NVS_ID_rq_start, ts, ctrl, qid, cmd->command_id);
	e->sector = rq->__sector;
	e->bytes = rq->__data_len;
	e->nsid = cmd->nsid;
	e->pid = (__u32)bpf_get_current_pid_tgid();
	e->op = rq->cmd_flags & 0xff;
	e->tag = rq->tag;
	emit_end(e);
	return 0;
}

/* The end of what this CPU was building commands for. */
static __always_inline int submitted(void)
{
	__u32 zero = 0;
	struct submission *sub = bpf_map_lookup_elem(&submissions, &zero);

	if (!sub || !sub->nvmeq)
		return 0;
	look_at_sq(sub->nvmeq, sub->ctrl, sub->qid);
	sub->nvmeq = 0;
	return 0;
}

SEC("fexit/nvme_queue_rq")
int BPF_PROG(on_queue_rq)
{
	return submitted();
}

SEC("fexit/nvme_queue_rqs")
int BPF_PROG(on_queue_rqs)
{
	return submitted();
}

/* Requests that were queued before, with bd->last unset. */
SEC("fexit/nvme_commit_rqs")
int BPF_PROG(on_commit_rqs, struct blk_mq_hw_ctx *hctx)
{
	struct gendisk *disk = hctx->queue->disk;

	if (disk)
		look_at_sq((__u64)hctx->driver_data,
			   disk->part0->bd_device.parent->devt & MINOR_BITS, hctx->queue_num + 1);
	return 0;
}

/* The Asynchronous Event Request is sent past blk-mq and the tracepoint. */
SEC("fexit/nvme_pci_submit_async_event")
int BPF_PROG(on_async_event_request, struct nvme_ctrl *ctrl)
{
	__u64 dev = address_of(ctrl) - bpf_core_field_offset(struct nvme_dev, ctrl);

	if (passes(ctrl->instance))
		look_at_sq((__u64)FIELD_AT(dev, struct nvme_dev, queues), ctrl->instance, 0);
	return 0;
}

/* --- completion ----------------------------------------------------------------------- */

#define ALL_NEW 0xffffffff

struct looked {
	struct nvs_cq_enter enter; /* in the first record */
	struct nvs_cqe cqe[PER_RECORD];
};

static __always_inline void tell_entry(struct nvs_cqe *e, const struct queue_state *st,
				       const struct nvme_completion *cqe, __u32 who)
{
	stamp(&e->h, NVS_ID_cqe, st->look_ts, who >> 16, who, cqe->command_id);
	e->result = cqe->result;
	e->slot = st->head;
	e->phase = st->phase;
	e->sq_head = cqe->sq_head;
	e->status = cqe->status >> 1;
	e->match = !(who & 0xffff) && cqe->command_id == AER_CID ? NVS_CQE_async_event :
								   NVS_CQE_request;
	e->pad0 = 0;
	e->pad1 = 0;
}

/* The entry at head, if it is one to tell of. */
static __always_inline bool next_entry(const struct queue_state *st, __u32 until,
				       struct nvme_completion *cqe)
{
	bpf_probe_read_kernel(cqe, sizeof(*cqe), (void *)(st->cqes + st->head * 16ull));
	return until == ALL_NEW ? (cqe->status & 1) == st->phase : st->head != until;
}

struct cq_walk {
	struct queue_state *st;
	struct nvme_completion cqe; /* the one at head */
	__u32 who, vector;
	__u32 until; /* head to stop at; ALL_NEW: when there is no new entry any more */
	int why; /* -1: the look has been told */
	__u32 more;
};

/* One record's worth.  Returns 1 at the end. */
static long tell_some_entries(__u32 index, struct cq_walk *w)
{
	struct queue_state *st = w->st;
	struct looked *l;

	if (!w->more && w->why < 0)
		return 1;
	l = emit_room(NVS_ID_cqe, sizeof(*l), 1);
	if (!l)
		return 1;
	if (w->why >= 0) {
		stamp(&l->enter.h, NVS_ID_cq_enter, st->look_ts, w->who >> 16, w->who, 0);
		l->enter.why = w->why;
		l->enter.cq_head = st->head;
		l->enter.phase = st->phase;
		l->enter.vector = w->vector;
		w->why = -1;
	} else {
		gap(&l->enter.h, sizeof(l->enter));
	}
	for (int i = 0; i < PER_RECORD; i++) {
		if (!w->more) {
			gap(&l->cqe[i].h, (PER_RECORD - i) * sizeof(l->cqe[0]));
			break;
		}
		tell_entry(&l->cqe[i], st, &w->cqe, w->who);
		if (++st->head >= st->depth) {
			st->head = 0;
			st->phase ^= 1;
		}
		w->more = next_entry(st, w->until, &w->cqe);
	}
	/* They were read until now, but before the driver takes them. */
	if (w->until == ALL_NEW) {
		__u64 ts = bpf_ktime_get_ns();

		for (int i = 0; i < PER_RECORD; i++)
			l->cqe[i].h.ts = ts;
		st->look_ts = ts;
	}
	emit_end(l);
	return w->more ? 0 : 1;
}

/*
 * Tells of the entries up to @until, and of the look itself if @why is given.  At the
 * beginning of a look the driver is about to take all that are there.
 */
__noinline int tell_entries(struct queue_state *st, __u32 until, __u32 who, __u32 vector, int why)
{
	struct cq_walk w = {
		.st = st, .until = until, .who = who, .vector = vector, .why = why,
	};

	if (!st)
		return 0;
	w.more = next_entry(st, until, &w.cqe);
	bpf_loop(MAX_RECORDS, tell_some_entries, &w, 0);
	return 0;
}

/* Commands that completed were sent: their doorbells are told of first. */
static __always_inline void begin_look(struct queue_state *st, __u64 nvmeq, __u32 who)
{
	look_at_sq(nvmeq, who >> 16, who & 0xffff);
	st->look_ts = bpf_ktime_get_ns();
	st->looking = 1;
}

struct looked_end {
	struct nvs_cq_doorbell bell;
	struct nvs_cq_exit exit;
};

/*
 * The driver has looked: tells of the doorbell.  Entries that came meanwhile have the time
 * of the look's beginning, or of the last command that was built meanwhile.
 */
__noinline int tell_looked(struct queue_state *st, __u64 nvmeq, __u32 who, int why)
{
	struct looked_end *e;
	__u32 old_head, head;
	__u64 ts;

	if (!st)
		return 0;
	head = FIELD_AT(nvmeq, struct nvme_queue, cq_head);
	if (head != st->head) {
		look_at_sq(nvmeq, who >> 16, who & 0xffff);
		if (st->look_ts <= st->setup_ts)
			st->look_ts = st->setup_ts + 1;
		tell_entries(st, head, who, 0, -1);
	}
	old_head = st->cq_rung;
	st->cq_rung = head;
	ts = bpf_ktime_get_ns();
	st->seen_ts = ts;
	st->looking = 0;
	e = emit_room(NVS_ID_cq_exit, sizeof(*e), 1);
	if (!e)
		return 0;
	if (head != old_head) {
		stamp(&e->bell.h, NVS_ID_cq_doorbell, ts, who >> 16, who, 0);
		e->bell.old_head = old_head;
		e->bell.new_head = head;
		e->bell.count = head > old_head ? head - old_head : head + st->depth - old_head;
		e->bell.how = FIELD_AT(nvmeq, struct nvme_queue, dbbuf_sq_db) ? NVS_BELL_shadow :
										NVS_BELL_mmio;
	} else {
		gap(&e->bell.h, sizeof(e->bell));
	}
	stamp(&e->exit.h, NVS_ID_cq_exit, ts, who >> 16, who, 0);
	e->exit.why = why;
	e->exit.found = head >= old_head ? head - old_head : head + st->depth - old_head;
	e->exit.pad = 0;
	emit_end(e);
	return 0;
}

/* Whose interrupt is it?  Asked once for each, and kept. */
struct irq_owner {
	__u64 nvmeq;
	__u32 who; /* controller << 16 | queue */
	__u32 vector;
};

#define MAX_IRQS 4096
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_IRQS);
	__type(key, __u32);
	__type(value, struct irq_owner);
} irqs SEC(".maps");

__noinline int ask_owner(struct irq_owner *o, __u64 nvmeq)
{
	__u64 dev;

	if (!o)
		return 0;
	dev = (__u64)FIELD_AT(nvmeq, struct nvme_queue, dev);
	o->who = FIELD_AT(dev + bpf_core_field_offset(struct nvme_dev, ctrl), struct nvme_ctrl,
			  instance) << 16 |
		 FIELD_AT(nvmeq, struct nvme_queue, qid);
	o->vector = FIELD_AT(nvmeq, struct nvme_queue, cq_vector);
	o->nvmeq = nvmeq;
	return 0;
}

static __always_inline struct irq_owner *owner_of(int irq, __u64 nvmeq)
{
	__u32 index = irq & (MAX_IRQS - 1);
	struct irq_owner *o = bpf_map_lookup_elem(&irqs, &index);

	/* INTx has one number for all queues, and asks each time. */
	if (o && o->nvmeq != nvmeq)
		ask_owner(o, nvmeq);
	return o;
}

SEC("fentry/nvme_irq")
int BPF_PROG(on_irq, int irq, void *data)
{
	struct irq_owner *o = owner_of(irq, (__u64)data);
	struct queue_state *st;

	if (!o || !passes(o->who >> 16))
		return 0;
	st = state_of(o->who >> 16, o->who & 0xffff);
	if (!st)
		return 0;
	if (st->learnt != LEARNT)
		learn_once(st, (__u64)data);
	begin_look(st, (__u64)data, o->who);
	tell_entries(st, ALL_NEW, o->who, o->vector, NVS_WHY_CQ_irq);
	return 0;
}

SEC("fexit/nvme_irq")
int BPF_PROG(on_irq_end, int irq, void *data)
{
	struct irq_owner *o = owner_of(irq, (__u64)data);
	struct queue_state *st;

	if (!o || !passes(o->who >> 16))
		return 0;
	st = state_of(o->who >> 16, o->who & 0xffff);
	if (st && st->learnt == LEARNT)
		tell_looked(st, (__u64)data, o->who, NVS_WHY_CQ_irq);
	return 0;
}

/* A look that finds something; the many others leave no trace. */
SEC("fexit/nvme_poll")
int BPF_PROG(on_poll, struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob, int found)
{
	struct gendisk *disk = hctx->queue->disk;
	struct queue_state *st;
	__u32 who, head;

	if (!found || !disk)
		return 0;
	who = (disk->part0->bd_device.parent->devt & MINOR_BITS) << 16 | (hctx->queue_num + 1);
	if (!passes(who >> 16))
		return 0;
	st = state_of(who >> 16, who & 0xffff);
	if (!st || st->learnt != LEARNT)
		return 0;
	/* Several may poll a queue at a time. */
	for (int i = 0; i < 2; i++) {
		if (__sync_val_compare_and_swap(&st->looking, 0, 1)) {
			st->again = 1;
			return 0;
		}
		st->again = 0;
		head = FIELD_AT((__u64)hctx->driver_data, struct nvme_queue, cq_head);
		begin_look(st, (__u64)hctx->driver_data, who);
		tell_entries(st, head, who, 0, NVS_WHY_CQ_poll);
		tell_looked(st, (__u64)hctx->driver_data, who, NVS_WHY_CQ_poll);
		if (!*(volatile __u32 *)&st->again)
			return 0;
	}
	return 0;
}

/* A command is late: is its completion there, and only the interrupt lost? */
SEC("fentry/nvme_poll_irqdisable")
int BPF_PROG(on_timeout_look, struct nvme_queue *nvmeq)
{
	__u32 who = nvmeq->dev->ctrl.instance << 16 | nvmeq->qid;
	struct queue_state *st;

	if (!passes(who >> 16))
		return 0;
	st = state_of(who >> 16, who & 0xffff);
	if (!st)
		return 0;
	if (st->learnt != LEARNT)
		learn_once(st, address_of(nvmeq));
	begin_look(st, address_of(nvmeq), who);
	tell_entries(st, ALL_NEW, who, nvmeq->cq_vector, NVS_WHY_CQ_timeout);
	return 0;
}

SEC("fexit/nvme_poll_irqdisable")
int BPF_PROG(on_timeout_looked, struct nvme_queue *nvmeq)
{
	__u32 who = nvmeq->dev->ctrl.instance << 16 | nvmeq->qid;
	struct queue_state *st;

	if (!passes(who >> 16))
		return 0;
	st = state_of(who >> 16, who & 0xffff);
	if (st && st->learnt == LEARNT)
		tell_looked(st, address_of(nvmeq), who, NVS_WHY_CQ_timeout);
	return 0;
}

/* Where a field stands in struct nvme_request: within its first 32 bytes on every kernel so far. */
#define REQUEST_FIELD(field) (bpf_core_field_offset(struct nvme_request, field) & 31)

SEC("tp_btf/nvme_complete_rq")
int BPF_PROG(on_complete, struct request *rq)
{
	struct nvs_rq_complete *e;
	__u64 raw[4] = {}; /* the beginning of struct nvme_request, read at once */
	__u32 ctrl, flags, status;
	__u16 cid = 0;

	if (!rq)
		return 0;
	ctrl = ctrl_of(rq->q, rq);
	if (!passes(ctrl))
		return 0;
	bpf_probe_read_kernel(raw, sizeof(raw),
			      (void *)((__u64)rq + bpf_core_type_size(struct request)));
	flags = *((__u8 *)raw + REQUEST_FIELD(flags));
	status = *(__u16 *)((__u8 *)raw + REQUEST_FIELD(status));
	/* Not what the request counts by now, but the identifier that the command had. */
	bpf_probe_read_kernel(&cid, sizeof(cid), (void *)(raw[REQUEST_FIELD(cmd) / 8] + 2));
	e = emit_room(NVS_ID_rq_complete, sizeof(*e), 1);
	if (!e)
		return 0;
	stamp(&e->h, NVS_ID_rq_complete, bpf_ktime_get_ns(), ctrl,
	      rq->q->queuedata ? rq->mq_hctx->queue_num + 1 : 0,
	      cid);
	e->bytes = rq->__data_len;
	e->status = status;
	e->how = flags & NVME_REQ_CANCELLED ? NVS_HOW_DONE_cancelled : NVS_HOW_DONE_unseen;
	emit_end(e);
	return 0;
}

#include "stock_life.h"

char _license[] SEC("license") = "GPL";
