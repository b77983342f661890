// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "stock" at level events where the kernel says nothing of its nvme modules' types: see
 * tracepoints.h.  No bpf_loop, no atomics, no fentry: runs on 5.10.
 */
#pragma clang diagnostic ignored "-Wunused-parameter" /* BPF_PROG has a ctx */

#include "tracepoints.h"

const volatile bool filter = false;
volatile __u16 filter_ctrl = NVS_NO_CTRL;
const volatile __u32 queues_per_ctrl = 1;
const volatile __u32 max_ctrls = 1;

/* The identifier that a tag's command has, or had: CID_USED | identifier */
#define TAGS	 1024
#define CID_USED 0x10000u
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the recorder sets it */
	__type(key, __u32);
	__type(value, __u32);
} cids SEC(".maps");

/* false: of another controller than is recorded, or of one that cannot be told. */
static __always_inline bool is_recorded(struct request *rq, struct who *w)
{
	if (!ask_whose(rq, w) || (filter && w->ctrl != filter_ctrl))
		return false;
	if (w->ctrl >= max_ctrls || w->qid >= queues_per_ctrl || w->tag >= TAGS) {
		__sync_fetch_and_add(&untracked, 1);
		return false;
	}
	w->place = (w->ctrl * queues_per_ctrl + w->qid) * TAGS + w->tag;
	return true;
}

struct built {
	struct nvs_rq_start start;
	struct nvs_cmd_setup setup;
};

static __always_inline void tell_built(struct built *b, const struct who *w, struct request *rq,
				       const struct nvme_command *cmd)
{
	__u64 ts = bpf_ktime_get_ns();

	stamp(&b->start.h, NVS_ID_rq_start, ts, OWNER(w->ctrl, w->qid), cmd->command_id);
	b->start.queued = READ(rq, start_time_ns);
	b->start.sector = READ(rq, __sector);
	b->start.bytes = READ(rq, __data_len);
	b->start.nsid = cmd->nsid;
	b->start.pid = (__u32)bpf_get_current_pid_tgid();
	b->start.op = READ(rq, cmd_flags) & 0xff;
	b->start.tag = READ(rq, tag);
	stamp(&b->setup.h, NVS_ID_cmd_setup, ts, OWNER(w->ctrl, w->qid), cmd->command_id);
	b->setup.nsid = cmd->nsid;
	b->setup.cdw10 = cmd->cdw10;
	b->setup.cdw11 = cmd->cdw11;
	b->setup.cdw12 = cmd->cdw12;
	b->setup.cdw13 = cmd->cdw13;
	b->setup.cdw14 = cmd->cdw14;
	b->setup.cdw15 = cmd->cdw15;
	b->setup.opcode = cmd->opcode;
	b->setup.flags = cmd->flags;
}

SEC("raw_tp/nvme_setup_cmd")
int BPF_PROG(on_setup, struct request *rq, void *command)
{
	struct nvme_command cmd;
	struct built *b;
	struct who w;
	__u32 cid;

	if (!is_recorded(rq, &w))
		return 0;
	bpf_probe_read_kernel(&cmd, sizeof(cmd), command);
	cid = CID_USED | cmd.command_id;
	bpf_map_update_elem(&cids, &w.place, &cid, BPF_ANY);
	b = emit_room(NVS_ID_rq_start, sizeof(*b), 1);
	if (!b) {
		count_lost(NVS_ID_cmd_setup, 1);
		return 0;
	}
	tell_built(b, &w, rq, &cmd);
	emit_end(b);
	return 0;
}

/* The identifier of the command that @w has in flight; -1: its beginning was not seen. */
static __always_inline int cid_of(const struct who *w)
{
	__u32 *cid = bpf_map_lookup_elem(&cids, &w->place);

	if (cid && *cid & CID_USED)
		return *cid & 0xffff;
	count_cause(LOST_unmatched_end);
	return -1;
}

/* The driver has found a completion entry, in the order of the queue. */
SEC("raw_tp/nvme_sq")
int BPF_PROG(on_entry, struct request *rq, __u64 sq_head, __u64 sq_tail)
{
	struct nvs_sq_head *e;
	struct who w;
	int cid;

	if (!is_recorded(rq, &w))
		return 0;
	cid = cid_of(&w);
	if (cid < 0)
		return 0;
	e = emit_begin(NVS_ID_sq_head, sizeof(*e));
	if (!e)
		return 0;
	e->h.ctrl = w.ctrl;
	e->h.qid = w.qid;
	e->h.cid = cid;
	e->sq_head = sq_head;
	e->sq_tail = sq_tail;
	e->pad = 0;
	emit_end(e);
	return 0;
}

struct ended {
	struct nvs_rq_complete end;
	struct nvs_rq_result result;
};

static __always_inline void tell_end(const struct who *w, struct request *rq, __u16 cid,
				     const struct outcome *o)
{
	struct ended *e = emit_room(NVS_ID_rq_complete, sizeof(*e), 1);
	__u64 ts = bpf_ktime_get_ns();

	if (!e) {
		count_lost(NVS_ID_rq_result, 1);
		return;
	}
	stamp(&e->end.h, NVS_ID_rq_complete, ts, OWNER(w->ctrl, w->qid), cid);
	e->end.bytes = READ(rq, __data_len);
	e->end.status = o->status;
	e->end.how = o->flags & NVME_REQ_CANCELLED ? NVS_HOW_DONE_cancelled : NVS_HOW_DONE_unseen;
	stamp(&e->result.h, NVS_ID_rq_result, ts, OWNER(w->ctrl, w->qid), cid);
	e->result.result = o->result;
	emit_end(e);
}

SEC("raw_tp/nvme_complete_rq")
int BPF_PROG(on_complete, struct request *rq)
{
	struct outcome *o = take_outcome();
	struct who w;
	int cid;

	if (!o || !is_recorded(rq, &w))
		return 0;
	cid = cid_of(&w);
	if (cid >= 0 && is_outcome_of(o, &w, NVS_ID_rq_complete))
		tell_end(&w, rq, cid, o);
	return 0;
}

char _license[] SEC("license") = "GPL";
