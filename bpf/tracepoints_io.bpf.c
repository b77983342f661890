// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "stock" at levels io and hist where the kernel says nothing of its nvme modules' types:
 * see tracepoints.h.  Doorbells are not seen, so the driver's time is in the device's; nor are
 * looks at the completion queue, but when the driver took in a command's entry.
 *
 * No atomics but those that return nothing, no bpf_loop, no fentry: runs on 5.10.  So a queue has
 * a place by its number, and there is one set of programs, whose filters the verifier takes out.
 */
#pragma clang diagnostic ignored "-Wunused-parameter" /* BPF_PROG has a ctx */

#include "tracepoints.h"
#include "count.h"

#define MODE (MODE_FILTERED | (config.level == LEVEL_HIST ? MODE_HIST : 0))

/* A command from its building to its request's end. */
struct command {
	__u64 setup; /* when it was built; 0: the slot is free */
	__u64 queued, seen, sector, cgroup;
	char comm[16];
	__u32 bytes, nsid, pid, tgid;
	__u16 cid, op, opcode, cpu;
	__u32 depth;
	__u32 left_out; /* by a filter */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* 1 << config.tag_shift for each place */
	__type(key, __u32);
	__type(value, struct command);
} commands SEC(".maps");

/* By controller and queue: queues_per_ctrl places for each. */
#define MAX_PLACES 2048
struct flight_queue flight_queues[MAX_PLACES] = {};

/* false: of a queue or a tag that is not recorded, or has no place. */
static __always_inline bool is_recorded(struct request *rq, struct who *w)
{
	if (!ask_whose(rq, w) || !queue_passes(MODE, w->ctrl, w->qid))
		return false;
	w->place = w->ctrl * config.queues_per_ctrl + w->qid;
	if (w->qid < config.queues_per_ctrl && w->place < config.places && w->place < MAX_PLACES &&
	    !(w->tag >> config.tag_shift))
		return true;
	count_cause(LOST_no_place);
	return false;
}

static __always_inline struct flight_queue *queue_at(__u32 place)
{
	return &flight_queues[place & (MAX_PLACES - 1)];
}

static __always_inline struct command *command_of(const struct who *w)
{
	__u32 index = (w->place << config.tag_shift) + w->tag;

	return bpf_map_lookup_elem(&commands, &index);
}

static __always_inline struct flight_queue *meet(const struct who *w)
{
	struct flight_queue *q = queue_at(w->place);

	q->ctrl = w->ctrl;
	q->qid = w->qid;
	q->key = 1;
	return q;
}

/* Of the task that submits. */
static __always_inline bool ask_task(struct command *c)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u64 *comm = (void *)c->comm;

	c->pid = id;
	c->tgid = id >> 32;
	c->cgroup = bpf_get_current_cgroup_id();
	comm[0] = 0; /* until 6.2 what is behind the name stays as it was */
	comm[1] = 0;
	bpf_get_current_comm(c->comm, sizeof(c->comm));
	return task_passes(MODE, c->tgid, comm[0], comm[1], c->cgroup);
}

static __always_inline void begin(struct flight_queue *q, struct command *c, const struct who *w,
				  struct request *rq, const struct nvme_command *cmd)
{
	if (c->setup) {
		if (!c->left_out)
			count_cause(LOST_unmatched_start);
	} else {
		__sync_fetch_and_add(&q->in_flight, 1);
	}
	c->queued = READ(rq, start_time_ns);
	c->sector = READ(rq, __sector);
	c->bytes = READ(rq, __data_len);
	c->op = READ(rq, cmd_flags) & 0xff;
	c->nsid = cmd->nsid;
	c->opcode = cmd->opcode;
	c->cid = cmd->command_id;
	c->cpu = bpf_get_smp_processor_id();
	c->depth = q->in_flight;
	c->seen = 0;
	c->left_out = !ask_task(c) || !request_passes(MODE, c->op, c->bytes) ||
		      !tag_passes(MODE, w->tag) || !opcode_passes(MODE, c->opcode);
	c->setup = bpf_ktime_get_ns();
}

SEC("raw_tp/nvme_setup_cmd")
int BPF_PROG(io_setup, struct request *rq, void *command)
{
	struct nvme_command cmd;
	struct command *c;
	struct who w;

	if (!is_recorded(rq, &w))
		return 0;
	c = command_of(&w);
	if (!c)
		return 0;
	bpf_probe_read_kernel(&cmd, sizeof(cmd), command);
	begin(meet(&w), c, &w, rq, &cmd);
	return 0;
}

/* The driver has found a completion entry. */
SEC("raw_tp/nvme_sq")
int BPF_PROG(io_entry, struct request *rq)
{
	struct command *c;
	struct who w;

	if (!is_recorded(rq, &w))
		return 0;
	c = command_of(&w);
	if (c && c->setup)
		c->seen = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void tell_io(const struct who *w, const struct command *c, __u64 end,
				    const struct outcome *o)
{
	struct nvs_io *e = emit_room(NVS_ID_io, sizeof(*e), 1);
	const __u64 *comm = (const void *)c->comm;

	if (!e)
		return;
	stamp(&e->h, NVS_ID_io, end, OWNER(w->ctrl, w->qid), c->cid);
	e->queued = c->queued;
	e->setup = c->setup;
	e->bell = c->setup;
	e->seen = c->seen;
	e->sector = c->sector;
	e->cgroup = c->cgroup;
	e->comm0 = comm[0];
	e->comm1 = comm[1];
	e->bytes = c->bytes;
	e->nsid = c->nsid;
	e->pid = c->pid;
	e->tgid = c->tgid;
	e->op = c->op;
	e->opcode = c->opcode;
	e->status = o->status;
	e->how = o->flags & NVME_REQ_CANCELLED ? NVS_HOW_DONE_cancelled : NVS_HOW_DONE_unseen;
	e->depth = c->depth;
	e->batch = 0; /* not seen */
	e->submit_cpu = c->cpu;
	e->why = NVS_WHY_CQ_unseen;
	emit_end(e);
}

static __always_inline void count_stages(__u32 place, const struct command *c, __u64 end,
					 const struct outcome *o)
{
	struct hist_cell *cell = cell_of(place, c->op, c->bytes);
	__u64 seen = c->seen ? c->seen : end;

	if (!cell)
		return;
	count_request(cell, c->bytes, o->status);
	if (c->queued)
		count_stage(cell, NVS_STAGE_queue, c->setup - c->queued);
	count_stage(cell, NVS_STAGE_device, seen - c->setup);
	count_stage(cell, NVS_STAGE_completion, end - seen);
	count_bucket(cell, NVS_STAGE_total, end - (c->queued ? c->queued : c->setup));
}

static __always_inline void end(const struct who *w, struct command *c, const struct outcome *o)
{
	__u64 now = bpf_ktime_get_ns();

	if (c->queued > c->setup) {
		count_cause(LOST_negative_delta);
		c->queued = c->setup;
	}
	if (o->flags & NVME_REQ_CANCELLED) {
		c->seen = 0;
	} else if (c->seen < c->setup) {
		count_cause(LOST_unseen_look);
		c->seen = c->setup;
	}
	if (c->left_out || !status_passes(MODE, o->status) ||
	    !latency_passes(MODE, now - (c->queued ? c->queued : c->setup)))
		return;
	if (config.level == LEVEL_HIST)
		count_stages(w->place, c, now, o);
	else
		tell_io(w, c, now, o);
}

/* --no-stages: this program and on_outcome() alone, and what blk-mq says of the beginning. */
static __always_inline void count_alone(const struct who *w, struct request *rq,
					const struct outcome *o)
{
	__u64 start = READ(rq, start_time_ns), now = bpf_ktime_get_ns();
	__u32 op = READ(rq, cmd_flags) & 0xff, bytes = READ(rq, __data_len);
	struct hist_cell *cell;

	if (!request_passes(MODE, op, bytes) || !tag_passes(MODE, w->tag) ||
	    !status_passes(MODE, o->status))
		return;
	if (!start || start > now) {
		count_cause(start ? LOST_negative_delta : LOST_untimed);
		return;
	}
	if (!latency_passes(MODE, now - start))
		return;
	meet(w);
	cell = cell_of(w->place, op, bytes);
	if (!cell)
		return;
	count_request(cell, bytes, o->status);
	count_stage(cell, NVS_STAGE_total, now - start);
}

SEC("raw_tp/nvme_complete_rq")
int BPF_PROG(io_complete, struct request *rq)
{
	struct outcome *o = take_outcome();
	struct command *c;
	struct who w;

	if (!o || !is_recorded(rq, &w))
		return 0;
	if (!config.stages) {
		if (is_outcome_of(o, &w, NVS_ID_io))
			count_alone(&w, rq, o);
		return 0;
	}
	c = command_of(&w);
	if (!c || !c->setup) {
		count_cause(LOST_unmatched_end);
		return 0;
	}
	if (is_outcome_of(o, &w, NVS_ID_io))
		end(&w, c, o);
	c->setup = 0;
	__sync_fetch_and_add(&queue_at(w.place)->in_flight, -1);
	return 0;
}

char _license[] SEC("license") = "GPL";
