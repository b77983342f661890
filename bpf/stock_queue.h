/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the stock provider keeps of each queue of the kernel's own driver, and how it learns
 * whose queue it is and where that stands.
 */
#ifndef NVS_STOCK_QUEUE_H
#define NVS_STOCK_QUEUE_H

#include "queue_filter.h"
#include "stock_read.h"

const volatile bool filter = false;
volatile __u16 filter_ctrl = NVS_NO_CTRL;
/* Places in `queues` for each controller, and for how many controllers. */
const volatile __u32 queues_per_ctrl = 1;
const volatile __u32 max_ctrls = 1;
/* CPUs that there may be. */
const volatile __u32 nr_cpus = 1;

/* How far each queue is recorded. */
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
	union {
		__u64 cq; /* these, as they are learnt: 0, not yet */
		struct {
			__u16 head;	/* next completion to be told */
			__u16 cq_rung;	/* head that the device was told last */
			__u8 phase;	/* of the entry at head */
			__u8 sqe_shift; /* log2 of an SQ entry's size, which is not 0 */
		};
	};
	__u32 looking; /* 1: somebody is at the CQ */
	__u32 again;   /* and somebody else came meanwhile */
	__u32 learnt;  /* 1: all that does not change, `rung` and `cq` are known */
	__u32 depth;
	__u32 pending; /* commands built whose doorbell has not been told of; see LEARNING_LOOKS */
};

/* The first queues' lie in .bss, where neither a call nor a check is needed to get at them. */
#define NEAR_QUEUES 512
static struct queue_state near_queues[NEAR_QUEUES] = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the recorder sets it */
	__type(key, __u32);
	__type(value, struct queue_state);
} queues SEC(".maps");

/* Whose queue it is, asked once while it is the same. */
struct owner {
	__u64 hctx;  /* what leads to it; 0: not asked yet */
	__u64 who;   /* as OWNER() */
	__u64 nvmeq;
	__u32 index; /* of its state, or NO_STATE */
	__u32 built; /* commands were built whose doorbell has not been looked at */
	__u64 pad[4]; /* a cache line */
};

/*
 * What each CPU builds commands for, and what it ends requests of.  In .bss, where neither a call
 * nor a check is needed to get at it.
 */
#define MAX_CPUS 8192
static struct owner building_on[MAX_CPUS] = {};
static struct owner ending_on[MAX_CPUS] = {};

static __always_inline struct owner *on_cpu(struct owner *owners, __u32 cpu)
{
	struct owner *o = &owners[cpu & (MAX_CPUS - 1)];

	barrier_var(o); /* else it is reckoned out again and again */
	return o;
}

/* Steps of queues that had no place in `queues`: counted, and told by the recorder. */
__u64 untracked = 0;

#define NO_STATE     0xffffffff /* there is no room for it */
#define NOT_RECORDED 0xfffffffe /* nobody wants to know */

static __always_inline bool passes(__u32 ctrl)
{
	return !filter || ctrl == filter_ctrl;
}

/* Where in `queues` a queue's state is; or one of these. */
static __always_inline __u32 state_index(__u32 ctrl, __u32 qid)
{
	if (!passes(ctrl) || !qid_passes(qid))
		return NOT_RECORDED;
	if (ctrl >= max_ctrls || qid >= queues_per_ctrl)
		return NO_STATE;
	return ctrl * queues_per_ctrl + qid;
}

static __noinline int not_tracked(__u32 index)
{
	if (index != NOT_RECORDED)
		__sync_fetch_and_add(&untracked, 1);
	return 0;
}

/* The state at @index. NULL: there is none. */
static __always_inline struct queue_state *state_at(__u32 index)
{
	struct queue_state *st;
	__u64 near = index;

	/* Compared as it is used: the verifier does not see what half a register says of all. */
	barrier_var(near);
	if (__builtin_expect(near < NEAR_QUEUES, 1)) {
		st = &near_queues[near];
		barrier_var(st); /* else it is reckoned out again and again */
		if (!st)
			__builtin_unreachable(); /* else it is asked */
		return st;
	}
	st = bpf_map_lookup_elem(&queues, &index);
	if (!st)
		not_tracked(index);
	return st;
}

static __always_inline struct queue_state *state_of(__u32 ctrl, __u32 qid)
{
	return state_at(state_index(ctrl, qid));
}

/*
 * queue_state.pending: in the lower half, how many commands wait to be told of, or more.  Who
 * builds one counts it, who tells of some takes them off: at 0 an interrupt need not look at the
 * SQ.  In the upper half, how many looks are taken all the same: some commands may have been built
 * before anybody counted.
 */
#define PENDING_BITS   16
#define PENDING_MASK   ((1u << PENDING_BITS) - 1)
#define LEARNING_LOOKS 64

static __always_inline void one_pending(struct queue_state *st)
{
	__sync_fetch_and_add(&st->pending, 1);
}

static __always_inline void learnt_more(struct queue_state *st)
{
	if (st->pending >> PENDING_BITS)
		__sync_fetch_and_add(&st->pending, -(1u << PENDING_BITS));
}

/* @count were told of.  If fewer were counted, a program was not run for some. */
static __always_inline void none_pending(struct queue_state *st, __u32 count)
{
	__u32 left = __sync_fetch_and_add(&st->pending, -count) - count;

	if (left & 1u << (PENDING_BITS - 1))
		__sync_fetch_and_add(&st->pending, -left & PENDING_MASK);
}

/*
 * When a queue is met first.  Several may be at it at a time, on several CPUs or one within
 * another: what is the same for all is stored by all, where it stands by who is first.
 */
__noinline int learn(struct queue_state *st, __u64 nvmeq)
{
	__u64 head, phase, shift;

	if (!st)
		return 0;
	st->sq_cmds = (__u64)FIELD_AT(nvmeq, struct nvme_queue, sq_cmds);
	st->cqes = (__u64)FIELD_AT(nvmeq, struct nvme_queue, cqes);
	st->depth = FIELD_AT(nvmeq, struct nvme_queue, q_depth);
	__sync_val_compare_and_swap(&st->rung, 0,
				    bpf_ktime_get_ns() << 16 |
					    FIELD_AT(nvmeq, struct nvme_queue, last_sq_tail));
	head = FIELD_AT(nvmeq, struct nvme_queue, cq_head);
	phase = FIELD_AT(nvmeq, struct nvme_queue, cq_phase);
	shift = FIELD_AT(nvmeq, struct nvme_queue, sqes);
	__sync_val_compare_and_swap(&st->cq, 0, head | head << 16 | phase << 32 | shift << 40);
	__sync_fetch_and_add(&st->pending, LEARNING_LOOKS << PENDING_BITS);
	st->learnt = 1;
	return 0;
}

/* When it was made anew: nobody uses it yet. */
static __always_inline void learn_anew(struct queue_state *st, __u64 nvmeq)
{
	st->rung = 0;
	st->cq = 0;
	st->pending = 0;
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

#endif
