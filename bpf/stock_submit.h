/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands on their way to the device: a request begins, and after each function that may
 * ring a doorbell, the SQ up to its tail.
 */
#ifndef NVS_STOCK_SUBMIT_H
#define NVS_STOCK_SUBMIT_H

#include "rounds.h"
#include "stock_again.h"

/* Four fields of 16 bits that lie one behind the other, to be stored at once. */
static __always_inline __u64 of_four(__u16 a, __u16 b, __u16 c, __u16 d)
{
	return a | (__u64)b << 16 | (__u64)c << 32 | (__u64)d << 48;
}

/* Two fields of 32 bits that lie one behind the other, by one store. */
static __always_inline void put_two(__u32 *first, __u64 both)
{
	*(volatile __u64 *)first = both;
}

/*
 * Of a command that stands in the SQ, by words: each that is read costs.  They may lie where the
 * event will, from its second word on: so what is overwritten is read before.
 */
static __always_inline void fill_command(struct nvs_cmd_sent *e, const __u64 *sqe, __u32 slot,
					 __u64 ts, __u64 who)
{
	__u64 first = sqe[0], dws[3];

	e->dptr1 = sqe[3];
	e->dptr2 = sqe[4];
	dws[0] = sqe[5];
	dws[1] = sqe[6];
	dws[2] = sqe[7];
	barrier();
	e->nsid = first >> 32;
	put_two(&e->cdw10, dws[0]);
	put_two(&e->cdw12, dws[1]);
	put_two(&e->cdw14, dws[2]);
	e->opcode = first & 0xff;
	e->flags = first >> 8 & 0xff;
	/* And the padding behind it */
	*(__u64 *)&e->slot = slot;
	stamp(&e->h, NVS_ID_cmd_sent, ts, who, first >> 16);
}

/* Where the command in @slot of a queue's SQ is. */
static __always_inline __u64 command_at(const struct queue_state *st, __u32 slot)
{
	return st->sq_cmds + ((__u64)slot << (st->sqe_shift & 15));
}

static __always_inline void tell_command(struct nvs_cmd_sent *e, __u64 address, __u32 slot,
					 __u64 ts, __u64 who)
{
	if (direct_reads) {
		fill_command(e, AS_NUMBERS(address), slot, ts, who);
	} else {
		bpf_probe_read_kernel((__u64 *)e + 1, SQE_WORDS * sizeof(__u64),
				      (void *)address);
		fill_command(e, (__u64 *)e + 1, slot, ts, who);
	}
}

/* @bell: the new tail, and in the lower half how it was rung */
static __always_inline void tell_bell(struct nvs_sq_doorbell *e, __u64 ts, __u64 who,
				      __u16 old_tail, __u32 bell, __u32 count)
{
	stamp(&e->h, NVS_ID_sq_doorbell, ts, who, 0);
	*(__u64 *)&e->old_tail = of_four(old_tail, bell >> 16, count, bell);
}

struct sq_walk {
	__u64 rung, ts, who;
	__u32 slot, left, count;
	__u32 bell; /* the new tail, and in the lower half how it was rung */
	bool claimed;
};

/* How many commands the next record tells of.  Where slots are larger than they, one by one. */
static __always_inline __u32 next_commands(const struct queue_state *st, const struct sq_walk *w)
{
	__u32 many = w->left;

	if (!direct_reads && (1u << (st->sqe_shift & 15)) != SQE_BYTES)
		many = 1;
	barrier_var(many); /* the verifier is to see the constant compared, as the last */
	return many < PER_RECORD ? many : PER_RECORD;
}

/*
 * Where each read is a call: @many commands by one, or by two if they go over the ring's end.  They
 * go to @sqe, behind which there is room for one more.
 */
static __always_inline void read_commands(__u64 *sqe, const struct queue_state *st, __u32 slot,
					  __u32 many)
{
	__u32 here = st->depth - slot;

	if (here > many)
		here = many;
	barrier_var(here);
	if (here > PER_RECORD)
		return;
	bpf_probe_read_kernel(sqe, here * SQE_BYTES, (void *)command_at(st, slot));
	many -= here;
	barrier_var(many);
	if (many > PER_RECORD)
		return;
	barrier_var(many);
	if (many)
		bpf_probe_read_kernel(sqe + here * SQE_WORDS, many * SQE_BYTES,
				      (void *)st->sq_cmds);
}

/*
 * @many commands, and the doorbell if these are all.  Where they are read at once, it is to the end
 * of where their events will be: each is taken before one is put there.
 */
static __always_inline void fill_record(struct nvs_cmd_sent *first, const struct queue_state *st,
					struct sq_walk *w, __u32 many)
{
	__u32 slot = w->slot, i;
	__u64 *sqe = (__u64 *)first + many;
	struct nvs_cmd_sent *e = first;

	_Static_assert(sizeof(*e) == (SQE_WORDS + 1) * sizeof(*sqe), "a word more than a command");
	if (!direct_reads)
		read_commands(sqe, st, slot, many);
	ROUNDS(i, many, PER_RECORD) {
		fill_command(e++, direct_reads ? AS_NUMBERS(command_at(st, slot)) : sqe, slot,
			     w->ts, w->who);
		sqe += SQE_WORDS;
		if (++slot == st->depth)
			slot = 0;
	}
	w->slot = slot;
	w->left -= many;
	if (!w->left)
		tell_bell((void *)(first + many), w->ts, w->who, w->rung, w->bell, w->count);
}

/*
 * The next record.  Returns 1 at the end.
 *
 * The first is filled in before its commands are claimed, by moving st->rung.  This CPU may
 * stand still anywhere, a virtual one for long: after a claim others take a small ring all
 * the way round, and what is read then is a later command.  Without one they tell of these
 * commands themselves, and this record is a gap.
 */
__noinline int tell_record(struct queue_state *st, struct sq_walk *w)
{
	__u32 many, used;
	struct nvs_cmd_sent *e;
	struct emission m;

	if (!st || !w)
		return 1;
	many = next_commands(st, w);
	used = many * sizeof(*e) + (many == w->left ? sizeof(struct nvs_sq_doorbell) : 0);
	e = reserve(&m, bpf_get_smp_processor_id(),
		    PER_RECORD * sizeof(*e) + sizeof(struct nvs_sq_doorbell), used);
	if (e)
		fill_record(e, st, w, many);
	if (!w->claimed) {
		w->claimed = __sync_val_compare_and_swap(&st->rung, w->rung,
							 w->ts << 16 | w->bell >> 16) == w->rung;
		if (e && !w->claimed)
			gap(&e->h, used);
		if (w->claimed)
			none_pending(st, w->count);
	}
	if (e)
		commit(&m);
	if (!e && w->claimed) {
		count_lost(NVS_ID_cmd_sent, w->left);
		count_lost(NVS_ID_sq_doorbell, 1);
	}
	return !e || !w->claimed || !w->left ? 1 : 0;
}

/* Of where another function may write to, the verifier does not know that there is a pointer. */
struct sq_rounds {
	struct queue_state *st;
	struct sq_walk walk;
};

static long next_record(__u32 index, struct sq_rounds *r)
{
	/* The verifier does not know what the other returns. */
	return tell_record(r->st, &r->walk) & 1;
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
 * Fields of a queue, as they are now.  They lie near one another: where each read is a call, one
 * reads them all; where it is a load, each is loaded when it is asked for.
 */
#define QUEUE_WORDS 3
#define QUEUE_PLACE(f) \
	(bpf_core_field_offset(struct nvme_queue, f) - \
	 bpf_core_field_offset(struct nvme_queue, last_sq_tail))
#define ARE_NEAR                                                              \
	(!(bpf_core_field_offset(struct nvme_queue, last_sq_tail) & 7) &&     \
	 QUEUE_PLACE(cq_head) <= QUEUE_WORDS * 8 - 2u &&                      \
	 QUEUE_PLACE(dbbuf_sq_db) <= QUEUE_WORDS * 8 - 8u)

/*
 * Both are given to NOW(): @words holds them from last_sq_tail on; or what is returned leads to
 * them.
 */
static __always_inline const struct nvme_queue *read_queue(__u64 words[QUEUE_WORDS], __u64 nvmeq)
{
	__u64 from = nvmeq + bpf_core_field_offset(struct nvme_queue, last_sq_tail);

	if (direct_reads)
		return (const void *)AS_NUMBERS(nvmeq);
	if (ARE_NEAR)
		bpf_probe_read_kernel(words, QUEUE_WORDS * sizeof(*words), (void *)from);
	return NULL;
}

#define NOW(q, words, nvmeq, field)                                                  \
	(direct_reads && IS_NUMBERS(struct nvme_queue, field) ? (q)->field :         \
	 !direct_reads && ARE_NEAR ? *(typeof(((struct nvme_queue *)0)->field) *)    \
					     ((void *)(words) + QUEUE_PLACE(field)) :        \
				     FIELD_AT(nvmeq, struct nvme_queue, field))

static __always_inline __u32 how_rung(const struct nvme_queue *q, const __u64 *words,
				      __u64 nvmeq)
{
	return NOW(q, words, nvmeq, dbbuf_sq_db) ? NVS_BELL_shadow : NVS_BELL_mmio;
}

/* The most frequent one, where few read at a time. */
struct rung_for_one {
	struct nvs_cmd_sent cmd;
	struct nvs_sq_doorbell bell;
};

/* tell_several() of a single command. */
static __always_inline int tell_single(struct queue_state *st, __u64 rung, __u32 bell, __u64 who)
{
	struct rung_for_one *e;
	struct emission m;
	__u64 found, ts;

	/* After all that is told of was begun, before anybody can see it completed. */
	ts = time_of_bell(st, bpf_ktime_get_ns(), rung);
	e = reserve(&m, bpf_get_smp_processor_id(), sizeof(*e), sizeof(*e));
	if (e) {
		tell_command(&e->cmd, command_at(st, rung & 0xffff), rung & 0xffff, ts, who);
		tell_bell(&e->bell, ts, who, rung, bell, 1);
	}
	found = __sync_val_compare_and_swap(&st->rung, rung, ts << 16 | bell >> 16);
	barrier_var(found);
	if (found != rung) {
		if (e)
			gap(&e->cmd.h, sizeof(*e));
	} else {
		none_pending(st, 1);
		if (!e) {
			count_lost(NVS_ID_cmd_sent, 1);
			count_lost(NVS_ID_sq_doorbell, 1);
		}
	}
	if (e)
		commit(&m);
	return found == rung;
}

/* The same, where it is rare. */
__noinline int tell_single_rarely(struct queue_state *st, __u64 rung, __u32 bell, __u64 who)
{
	return st ? tell_single(st, rung, bell, who) : 1;
}

/*
 * The doorbell was rung: tells of the commands from the tail in @rung to that in @bell's upper
 * half, and of the doorbell that covers them, rung as its lower half says.  Returns 0 if another
 * has told of them meanwhile.
 */
__noinline int tell_several(struct queue_state *st, __u64 rung, __u32 bell, __u64 who, __u32 count)
{
	struct sq_rounds r = {
		.st = st,
		.walk.rung = rung,
		.walk.slot = rung & 0xffff,
		.walk.who = who,
		.walk.bell = bell,
		.walk.left = count,
		.walk.count = count,
	};

	if (!st)
		return 1;
	r.walk.ts = time_of_bell(st, bpf_ktime_get_ns(), rung);
	bpf_loop(MAX_RECORDS, next_record, &r, 0);
	return r.walk.claimed;
}

/* @often: one command at a time is the rule here. */
static __always_inline int tell_rung(struct queue_state *st, __u64 rung, __u32 bell, __u64 who,
				     bool often)
{
	__u32 old_tail = rung & 0xffff, tail = bell >> 16, count = tail - old_tail;

	if (tail <= old_tail)
		count += st->depth;
	if (count != 1)
		return tell_several(st, rung, bell, who, count);
	return often ? tell_single(st, rung, bell, who) : tell_single_rarely(st, rung, bell, who);
}

/*
 * Was the doorbell of this queue rung since the last look at it?  Several may ask at a
 * time, on several CPUs or one within another: who moves st->rung tells of what is between.
 */
static __always_inline bool look_once(struct queue_state *st, __u64 nvmeq, __u64 who, bool often)
{
	__u64 rung = *(volatile __u64 *)&st->rung;
	const struct nvme_queue *q;
	__u64 words[QUEUE_WORDS];
	__u32 tail;

	q = read_queue(words, nvmeq);
	tail = NOW(q, words, nvmeq, last_sq_tail);
	return tail == (rung & 0xffff) ||
	       tell_rung(st, rung, tail << 16 | how_rung(q, words, nvmeq), who, often);
}

/* The same where it is rare, and until nobody comes between. */
__noinline int look_again(struct queue_state *st, __u64 nvmeq, __u64 who)
{
	if (!st || !st->learnt)
		return 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < 4; i++)
		if (look_once(st, nvmeq, who, false))
			break;
	return 0;
}

static __always_inline void look_at_sq(struct queue_state *st, __u64 nvmeq, __u64 who, bool often)
{
	if (st && st->learnt && !look_once(st, nvmeq, who, often))
		look_again(st, nvmeq, who);
}

static __always_inline bool is_known(const struct owner *o, const struct request *rq)
{
	return o->hctx == (__u64)rq->mq_hctx;
}

static __noinline int ask_owner_by(struct owner *o, struct request *rq)
{
	__u32 ctrl = ctrl_of(rq->q, rq), qid;

	qid = rq->q->queuedata ? rq->mq_hctx->queue_num + 1 : 0;
	o->hctx = (__u64)rq->mq_hctx;
	o->nvmeq = ADDRESS_IN(rq->mq_hctx, struct blk_mq_hw_ctx, driver_data);
	o->who = OWNER(ctrl, qid);
	o->index = state_index(ctrl, qid);
	return 0;
}

/* A list of requests for several queues: each is rung before the next begins. */
static __noinline int look_before(const struct owner *o)
{
	if (o->built)
		look_again(state_at(o->index), o->nvmeq, o->who);
	return 0;
}

static __always_inline int begins(struct request *rq, struct nvme_command *cmd, bool again)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct owner *o = on_cpu(building_on, cpu);
	struct queue_state *st;
	struct nvs_rq_start *e;
	struct emission m;
	__u64 ts;

	if (!rq || !cmd)
		return 0;
	if (!is_known(o, rq)) {
		look_before(o);
		ask_owner_by(o, rq);
	}
	st = state_at(o->index);
	if (st && !is_owed(o, cmd->command_id, STEP_BEGAN, again, AGAIN_setup))
		return 0;
	o->built = !!st;
	if (!st)
		return 0;
	if (!st->learnt)
		learn(st, o->nvmeq);
	one_pending(st);
	ts = bpf_ktime_get_ns();
	st->setup_ts = ts;
	e = emit_some_on(&m, cpu, NVS_ID_rq_start, sizeof(*e), sizeof(*e), 1);
	if (!e)
		return 0;
	stamp(&e->h, NVS_ID_rq_start, ts, o->who, cmd->command_id);
	e->queued = rq->start_time_ns;
	e->sector = rq->__sector;
	e->bytes = rq->__data_len;
	e->nsid = cmd->nsid;
	e->pid = ((struct task_struct *)bpf_get_current_task_btf())->pid;
	e->op = rq->cmd_flags & 0xff;
	e->tag = rq->tag;
	commit(&m);
	return 0;
}

SEC("tp_btf/nvme_setup_cmd")
int BPF_PROG(on_setup, struct request *rq, struct nvme_command *cmd)
{
	return UNDISTURBED(begins(rq, cmd, false));
}

SEC("tp_btf/nvme_setup_cmd")
int BPF_PROG(on_setup_again, struct request *rq, struct nvme_command *cmd)
{
	return UNDISTURBED(begins(rq, cmd, true));
}

/* The end of what this CPU was building commands for: tells of what none has told before. */
static __always_inline void look_at_built(struct owner *o, struct queue_state *st, bool again,
					  enum again which)
{
	look_at_sq(st, o->nvmeq, o->who, true);
	o->built = 0;
	if (again)
		__sync_fetch_and_add(&caught_up[which], 1);
}

static __always_inline int submitted(bool again, enum again which)
{
	struct owner *o = on_cpu(building_on, bpf_get_smp_processor_id());

	if (o->built)
		look_at_built(o, state_at(o->index), again, which);
	return 0;
}

/*
 * With more to follow, the driver rings the doorbell only if the SQ is full.  To see that the count
 * of those that wait will do, if it is far from that: other CPUs come between to count and to look.
 */
#define FAR_FROM_FULL 256

static __always_inline int queued(const struct blk_mq_queue_data *bd, int status, bool again)
{
	struct owner *o = on_cpu(building_on, bpf_get_smp_processor_id());
	struct queue_state *st;

	if (!o->built)
		return 0;
	st = state_at(o->index);
	if (!st)
		return 0;
	if (!bd->last && !(status & 0xff) &&
	    (st->pending & PENDING_MASK) + FAR_FROM_FULL < st->depth)
		return 0;
	look_at_built(o, st, again, AGAIN_queue_rq);
	return 0;
}

/* Of programs at the end of a function the one that is attached last runs first. */
#define ON_SUBMITTED(again)                                                                      \
	SEC("fexit/nvme_queue_rq")                                                               \
	int BPF_PROG(on_queue_rq##again, struct blk_mq_hw_ctx *hctx,                             \
		     struct blk_mq_queue_data *bd, int status)                                   \
	{                                                                                        \
		return UNDISTURBED(queued(bd, status, IS##again));                               \
	}                                                                                        \
	SEC("fexit/nvme_queue_rqs")                                                              \
	int BPF_PROG(on_queue_rqs##again)                                                        \
	{                                                                                        \
		return UNDISTURBED(submitted(IS##again, AGAIN_queue_rqs));                       \
	}
ON_SUBMITTED(_again)
ON_SUBMITTED()

static __always_inline int committed(struct blk_mq_hw_ctx *hctx)
{
	struct gendisk *disk = hctx->queue->disk;
	__u32 ctrl, qid;

	if (!disk)
		return 0;
	ctrl = disk->part0->bd_device.parent->devt & MINOR_BITS;
	qid = hctx->queue_num + 1;
	look_again(state_of(ctrl, qid), ADDRESS_IN(hctx, struct blk_mq_hw_ctx, driver_data),
		   OWNER(ctrl, qid));
	return 0;
}

/* Requests that were queued before, with bd->last unset. */
SEC("fexit/nvme_commit_rqs")
int BPF_PROG(on_commit_rqs, struct blk_mq_hw_ctx *hctx)
{
	return UNDISTURBED(committed(hctx));
}

/* The Asynchronous Event Request is sent past blk-mq and the tracepoint. */
SEC("fexit/nvme_pci_submit_async_event")
int BPF_PROG(on_async_event_request, struct nvme_ctrl *ctrl)
{
	__u64 dev = address_of(ctrl) - bpf_core_field_offset(struct nvme_dev, ctrl);

	if (passes(ctrl->instance))
		look_again(state_of(ctrl->instance, 0),
			   (__u64)FIELD_AT(dev, struct nvme_dev, queues), OWNER(ctrl->instance, 0));
	return 0;
}

#endif
