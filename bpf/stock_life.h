/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a controller that the kernel's own driver has: phases, states, queues,
 * timeouts and resets.  Off the I/O path.
 */
#ifndef NVS_STOCK_LIFE_H
#define NVS_STOCK_LIFE_H

#include "stock_read.h"

/* Defined by who includes this: is the controller recorded? */
static bool passes(__u32 ctrl);
/* A queue begins anew, of whichever controller. */
static void queue_begins(__u32 ctrl, __u32 qid, __u64 nvmeq);

/* Whose phase is it, by what its function gets?  What is not known by number yet has none. */
static __always_inline __u32 ctrl_of_ctrl(struct nvme_ctrl *ctrl)
{
	return ctrl->instance;
}

static __always_inline __u32 ctrl_of_dev(struct nvme_dev *dev)
{
	return dev->ctrl.instance;
}

static __always_inline __u32 ctrl_of_work(void *work, __u64 offset)
{
	return FIELD_AT((__u64)address_of(work) - offset, struct nvme_ctrl, instance);
}

static __always_inline __u32 ctrl_of_pdev(struct pci_dev *pdev)
{
	__u64 dev = ADDRESS_IN(pdev, struct pci_dev, dev.driver_data);

	return dev ? FIELD_AT(dev + bpf_core_field_offset(struct nvme_dev, ctrl), struct nvme_ctrl,
			      instance) : NVS_NO_CTRL;
}

#define BY_WORK(work) \
	ctrl_of_work((void *)ctx[0], bpf_core_field_offset(struct nvme_ctrl, work))
#define BY_CTRL	      ctrl_of_ctrl((void *)ctx[0])
#define BY_DEV	      ctrl_of_dev((void *)ctx[0])
#define BY_PDEV	      ctrl_of_pdev((void *)ctx[0])
#define BY_RESET_WORK BY_WORK(reset_work)
#define BY_SCAN_WORK  BY_WORK(scan_work)
#define NOBODYS	      NVS_NO_CTRL

static __always_inline bool life_passes(__u32 ctrl)
{
	return passes(ctrl) || ctrl == NVS_NO_CTRL;
}

/* An event, its header filled; NULL when it was lost, and counted. */
static __always_inline void *begin_event(__u16 id, __u32 size, __u16 ctrl, __u16 qid, __u16 cid)
{
	struct nvs_hdr *h = emit_begin(id, size);

	if (!h)
		return NULL;
	h->ctrl = ctrl;
	h->qid = qid;
	h->cid = cid;
	return h;
}

/* The phases that a task is in, innermost last. */
#define MAX_NESTED 8
struct nesting {
	__u32 depth;
	__u16 phase[MAX_NESTED];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct nesting);
} nestings SEC(".maps");

/* Returns the phase that @phase is within. */
static __noinline int enter_phase(__u32 tid, __u16 phase)
{
	struct nesting none = {}, *n = bpf_map_lookup_elem(&nestings, &tid);
	int parent = NVS_PHASE_none;

	if (!n) {
		bpf_map_update_elem(&nestings, &tid, &none, BPF_ANY);
		n = bpf_map_lookup_elem(&nestings, &tid);
	}
	if (!n)
		return parent;
	if (n->depth && n->depth <= MAX_NESTED)
		parent = n->phase[(n->depth - 1) & (MAX_NESTED - 1)];
	if (n->depth < MAX_NESTED)
		n->phase[n->depth] = phase;
	n->depth++;
	return parent;
}

static __noinline int leave_phase(__u32 tid)
{
	struct nesting *n = bpf_map_lookup_elem(&nestings, &tid);
	int parent = NVS_PHASE_none;

	if (!n || !n->depth)
		return parent;
	n->depth--;
	if (n->depth && n->depth <= MAX_NESTED)
		parent = n->phase[(n->depth - 1) & (MAX_NESTED - 1)];
	if (!n->depth)
		bpf_map_delete_elem(&nestings, &tid);
	return parent;
}

static __always_inline int phase_begin(__u32 ctrl, __u16 phase)
{
	struct nvs_phase_begin *e;
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u16 parent;

	if (!life_passes(ctrl))
		return 0;
	parent = enter_phase(tid, phase);
	e = begin_event(NVS_ID_phase_begin, sizeof(*e), ctrl, 0, 0);
	if (!e)
		return 0;
	e->phase = phase;
	e->parent = parent;
	e->tid = tid;
	emit_end(e);
	return 0;
}

static __always_inline int phase_end(void *ctx, __u32 ctrl, __u16 phase)
{
	struct nvs_phase_end *e;
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u16 parent;
	__u64 result = 0;

	if (!life_passes(ctrl))
		return 0;
	bpf_get_func_ret(ctx, &result); /* 0 remains for a function that returns nothing */
	parent = leave_phase(tid);
	e = begin_event(NVS_ID_phase_end, sizeof(*e), ctrl, 0, 0);
	if (!e)
		return 0;
	e->phase = phase;
	e->parent = parent;
	e->tid = tid;
	e->result = (__s32)result < 0 ? (__s32)result : 0;
	e->pad = 0;
	emit_end(e);
	return 0;
}

/* P(function, phase that our driver has for it, whose) */
#define STOCK_PHASES(P)                                                                            \
	P(nvme_probe, nvme_probe, NOBODYS)                                                         \
	P(nvme_init_ctrl, nvme_init_ctrl, NOBODYS)                                                 \
	P(nvme_reset_ctrl, nvme_reset_ctrl, BY_CTRL)                                               \
	P(nvme_reset_work, nvme_reset_work, BY_RESET_WORK)                                         \
	P(nvme_dev_disable, nvme_dev_disable, BY_DEV)                                              \
	P(nvme_pci_enable, nvme_pci_enable, BY_DEV)                                                \
	P(nvme_disable_ctrl, nvme_disable_ctrl, BY_CTRL)                                           \
	P(nvme_enable_ctrl, nvme_enable_ctrl, BY_CTRL)                                             \
	P(nvme_wait_ready, nvme_wait_ready, BY_CTRL)                                               \
	P(nvme_alloc_admin_tag_set, nvme_alloc_admin_tags, BY_CTRL)                                \
	P(nvme_init_ctrl_finish, nvme_init_identify, BY_CTRL)                                      \
	P(nvme_setup_io_queues, nvme_setup_io_queues, BY_DEV)                                      \
	P(nvme_set_queue_count, nvme_set_queue_count, BY_CTRL)                                     \
	P(nvme_alloc_io_tag_set, nvme_dev_add, BY_CTRL)                                            \
	P(nvme_start_ctrl, nvme_start_ctrl, BY_CTRL)                                               \
	P(nvme_queue_scan, nvme_queue_scan, BY_CTRL)                                               \
	P(nvme_scan_work, nvme_scan_work, BY_SCAN_WORK)                                            \
	P(nvme_scan_ns, nvme_validate_ns, BY_CTRL)                                                 \
	P(nvme_remove_namespaces, nvme_remove_namespaces, BY_CTRL)                                 \
	P(nvme_shutdown_ctrl, nvme_shutdown_ctrl, BY_CTRL)                                         \
	P(nvme_remove, nvme_remove, BY_PDEV)                                                       \
	P(nvme_shutdown, nvme_shutdown, BY_PDEV)                                                   \
	P(nvme_suspend, nvme_suspend, NOBODYS)                                                     \
	P(nvme_resume, nvme_resume, NOBODYS)                                                       \
	P(nvme_error_detected, nvme_error_detected, BY_PDEV)                                       \
	P(nvme_slot_reset, nvme_slot_reset, BY_PDEV)                                               \
	P(nvme_error_resume, nvme_error_resume, BY_PDEV)                                           \
	P(nvme_reset_prepare, nvme_reset_prepare, BY_PDEV)                                         \
	P(nvme_reset_done, nvme_reset_done, BY_PDEV)

#define PHASE_PROGRAMS(fn, phase, whose)                                                           \
	SEC("fentry/" #fn) int begin_##fn(__u64 *ctx)                                              \
	{                                                                                          \
		return phase_begin(whose, NVS_PHASE_##phase);                                      \
	}                                                                                          \
	SEC("fexit/" #fn) int end_##fn(__u64 *ctx)                                                 \
	{                                                                                          \
		return phase_end(ctx, whose, NVS_PHASE_##phase);                                   \
	}
STOCK_PHASES(PHASE_PROGRAMS)

/* A controller has its number: says which device it is. */
SEC("fexit/nvme_init_ctrl")
int BPF_PROG(on_init_ctrl, struct nvme_ctrl *ctrl, struct device *dev)
{
	__u64 pdev = address_of(dev) - bpf_core_field_offset(struct pci_dev, dev), bus;
	struct nvs_ctrl_new *e;

	if (!passes(ctrl->instance))
		return 0;
	e = begin_event(NVS_ID_ctrl_new, sizeof(*e), ctrl->instance, 0, 0);
	if (!e)
		return 0;
	e->tid = (__u32)bpf_get_current_pid_tgid();
	bus = (__u64)FIELD_AT(pdev, struct pci_dev, bus);
	e->pci_addr = FIELD_AT(bus, struct pci_bus, number) << 8 |
		      (FIELD_AT(pdev, struct pci_dev, devfn) & 0xff);
	e->vendor = FIELD_AT(pdev, struct pci_dev, vendor);
	e->device = FIELD_AT(pdev, struct pci_dev, device);
	e->pad = 0;
	emit_end(e);
	return 0;
}

#define STATE_IF(kernels, ours)                                                                    \
	if (state == (int)bpf_core_enum_value(enum nvme_ctrl_state, kernels))                      \
		return NVS_STATE_##ours;

static __noinline int state_by_name(int state)
{
	STATE_IF(NVME_CTRL_NEW, new)
	STATE_IF(NVME_CTRL_LIVE, live)
	STATE_IF(NVME_CTRL_RESETTING, resetting)
	STATE_IF(NVME_CTRL_CONNECTING, connecting)
	STATE_IF(NVME_CTRL_DELETING, deleting)
	STATE_IF(NVME_CTRL_DELETING_NOIO, deleting_noio)
	return NVS_STATE_dead;
}

/* By task: the state before a change that is under way. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, int);
} changes SEC(".maps");

SEC("fentry/nvme_change_ctrl_state")
int BPF_PROG(on_change_state, struct nvme_ctrl *ctrl)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	int state = ctrl->state;

	if (passes(ctrl->instance) && bpf_map_update_elem(&changes, &tid, &state, BPF_ANY))
		count_lost(NVS_ID_ctrl_state, 1);
	return 0;
}

SEC("fexit/nvme_change_ctrl_state")
int BPF_PROG(on_changed_state, struct nvme_ctrl *ctrl, int wanted, bool changed)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	int *before = bpf_map_lookup_elem(&changes, &tid);
	struct nvs_ctrl_state *e;

	if (!before || !passes(ctrl->instance))
		return 0;
	e = begin_event(NVS_ID_ctrl_state, sizeof(*e), ctrl->instance, 0, 0);
	if (e) {
		e->old_state = state_by_name(*before);
		e->new_state = state_by_name(wanted);
		e->changed = changed & 1;
		emit_end(e);
	}
	bpf_map_delete_elem(&changes, &tid);
	return 0;
}

/* Both rings of a queue begin anew. */
SEC("fexit/nvme_init_queue")
int BPF_PROG(on_init_queue, struct nvme_queue *nvmeq)
{
	__u32 ctrl = nvmeq->dev->ctrl.instance, qid = nvmeq->qid;

	queue_begins(ctrl, qid, address_of(nvmeq));
	if (!passes(ctrl))
		return 0;
	for (int ring = NVS_RING_sq; ring <= NVS_RING_cq; ring++) {
		struct nvs_queue_create *e =
			begin_event(NVS_ID_queue_create, sizeof(*e), ctrl, qid, 0);

		if (!e)
			return 0;
		e->addr = ring == NVS_RING_sq ? nvmeq->sq_dma_addr : nvmeq->cq_dma_addr;
		e->ring = ring;
		e->depth = nvmeq->q_depth;
		e->vector = ring == NVS_RING_sq ? 0 : nvmeq->cq_vector;
		e->status = 0;
		emit_end(e);
	}
	return 0;
}

/* What came of a timeout: the request is waited for again, or it is done with. */
SEC("fexit/nvme_timeout")
int on_timeout(__u64 *ctx)
{
	struct request *rq = (void *)ctx[0];
	__u32 ctrl = ctrl_of(rq->q, rq);
	struct nvs_timeout *e;
	__u64 ret = 0, req, owner;
	__u16 cid = 0;

	if (!passes(ctrl))
		return 0;
	bpf_get_func_ret(ctx, &ret);
	req = address_of(rq) + bpf_core_type_size(struct request);
	bpf_probe_read_kernel(&cid, sizeof(cid),
			      &FIELD_AT(req, struct nvme_request, cmd)->command_id);
	owner = (__u64)FIELD_AT(req, struct nvme_request, ctrl);
	e = begin_event(NVS_ID_timeout, sizeof(*e), ctrl,
			rq->q->queuedata ? rq->mq_hctx->queue_num + 1 : 0, cid);
	if (!e)
		return 0;
	e->csts = 0xffffffff; /* not seen */
	e->action = ret ? NVS_TIMEOUT_wait : NVS_TIMEOUT_none;
	e->state = state_by_name(FIELD_AT(owner, struct nvme_ctrl, state));
	emit_end(e);
	return 0;
}

/* Who asked for a reset is not told. */
SEC("fexit/nvme_reset_ctrl")
int on_reset(__u64 *ctx)
{
	__u32 ctrl = BY_CTRL;
	struct nvs_reset *e;
	__u64 ret = 0;

	if (!passes(ctrl))
		return 0;
	bpf_get_func_ret(ctx, &ret);
	e = begin_event(NVS_ID_reset, sizeof(*e), ctrl, 0, 0);
	if (!e)
		return 0;
	e->why = NVS_WHY_RESET_unseen;
	e->pad0 = 0;
	e->result = ret;
	emit_end(e);
	return 0;
}

SEC("fentry/nvme_complete_async_event")
int BPF_PROG(on_async_event, struct nvme_ctrl *ctrl, __u16 status, void *result)
{
	struct nvs_async_event *e;

	if (!passes(ctrl->instance))
		return 0;
	e = begin_event(NVS_ID_async_event, sizeof(*e), ctrl->instance, 0, AER_CID);
	if (!e)
		return 0;
	e->result = 0;
	bpf_probe_read_kernel(&e->result, sizeof(e->result), result);
	e->pad = 0;
	emit_end(e);
	return 0;
}

#endif
