// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "driver" at levels io and hist: a few of our own tracepoints, put together.  Each
 * tells its queue and identifier; commands wait for their doorbell by the CPU that built them,
 * which rings it.
 */
#include <linux/types.h>
#include <stdbool.h>
#include "driver_event.h"
#include "near_slots.h"

static __always_inline bool passes(const struct bpf_raw_tracepoint_args *ctx, __u16 id)
{
	__u16 ctrl = ctx->args[0];

	/* Arguments 3 and 4 are its tid and pci_addr. */
	if (config.by_device && id == NVS_ID_ctrl_new && config.pci_addr &&
	    config.pci_addr == (__u32)ctx->args[4])
		filter_ctrl = ctrl;
	return ctrl_passes(ctrl) || ctrl == NVS_NO_CTRL;
}

/* What is not of the I/O path is told of as at level events. */
NVS_INIT_EVENTS(RECORD_EVENT)
NVS_RECOVERY_EVENTS(RECORD_EVENT)

/* Argument N of a step's fields, which stand behind who. */
#define WHO	  (ctx->args[0])
#define ARG(n)	  (ctx->args[1 + (n)])
#define CTRL(who) ((__u16)((who) >> 32))
#define QID(who)  ((__u16)((who) >> 16))
#define TAG(who)  ((who)&0xfff)

/* What names a request to us: controller, queue and tag; never 0. */
static __always_inline __u64 name_of(__u64 who)
{
	return 1ull << 63 | (who & ~0xf000ull);
}

static __always_inline __u32 near_number(__u64 name)
{
	return near_hash((__u32)name ^ (__u32)(name >> 32) << 8);
}

/* Place of a queue; NO_PLACE: it is not recorded, or there is none. */
static __always_inline __u32 known_place(__u32 mode, __u16 ctrl, __u16 qid)
{
	__u32 place;

	if (!queue_passes(mode, ctrl, qid))
		return NO_PLACE;
	place = place_of(ctrl, qid);
	return place < MAX_PLACES ? place : NO_PLACE;
}

/* Attached in this order: ends first, beginnings last. */

static __noinline struct command *find_slot_slowly(__u64 name)
{
	__u16 ctrl = CTRL(name), qid = QID(name);
	__u32 place = known_place(MODE_FILTERED, ctrl, qid);

	if (place != NO_PLACE)
		return find_kept_slot(name, place, TAG(name));
	if (queue_passes(MODE_FILTERED, ctrl, qid))
		count_cause(LOST_unmatched_end);
	return NULL;
}

/* The slot that a request began in.  NULL: it did not, or is not to be followed. */
static __always_inline struct command *find_slot(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 name = name_of(WHO);
	struct command *c = near_slot(near_number(name));

	return c->whose == name && c->setup ? c : find_slot_slowly(name);
}

static __always_inline int end(__u32 mode, struct bpf_raw_tracepoint_args *ctx)
{
	struct ending r = { .status = ARG(0), .how = (__u32)ARG(0) >> 16 };
	struct command *c = find_slot(ctx);
	struct hist_cell *cell = NULL;
	struct steps s = {};

	if (!c)
		return 0;
	r.stale = c->cid != (__u16)WHO;
	if (mode & MODE_HIST) {
		cell = cell_of(c->place, c->op, c->bytes);
		if (cell && flight_end(mode, c, &r, &s))
			count_stages(cell, c->bytes, r.status, &s);
	} else if (flight_end(mode, c, &r, &s)) {
		tell_io(c, c->op, c->bytes, c->sector, &r, &s);
	}
	c->setup = 0;
	return 0;
}

/* With filters and without, for each level: what is not asked costs nothing. */
#define FOR_EACH_MODE(program, what)                                       \
	program(io_##what, 0) program(io_##what##_filtered, MODE_FILTERED) \
		program(hist_##what, MODE_HIST)                            \
			program(hist_##what##_filtered, MODE_HIST | MODE_FILTERED)

#define ON_COMPLETE(name, mode)                       \
	SEC("raw_tp/nvs_level_end")                   \
	int name(struct bpf_raw_tracepoint_args *ctx) \
	{                                             \
		return end(mode, ctx);                \
	}
FOR_EACH_MODE(ON_COMPLETE, complete)

static __always_inline int bell(__u32 mode, struct bpf_raw_tracepoint_args *ctx)
{
	struct batch *b = batch_of(bpf_get_smp_processor_id());
	struct flight_queue *q = queue_at(b->place);

	if (q->ctrl == CTRL(WHO) && q->qid == QID(WHO))
		flight_bell(mode, b);
	return 0;
}

#define ON_DOORBELL(name, mode)                       \
	SEC("raw_tp/nvs_level_bell")                  \
	int name(struct bpf_raw_tracepoint_args *ctx) \
	{                                             \
		return bell(mode, ctx);               \
	}
ON_DOORBELL(io_bell, 0)
ON_DOORBELL(hist_bell, MODE_HIST)

SEC("raw_tp/nvs_level_look")
int io_look(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 place = known_place(MODE_FILTERED, CTRL(WHO), QID(WHO));

	if (place != NO_PLACE)
		flight_look(queue_at(place), ARG(0));
	return 0;
}

/* Where try_slot() got it none that is the request's already; at @setup. */
static __noinline struct command *take_slot_slowly(struct command *c, __u64 name, __u64 setup)
{
	__u16 ctrl = CTRL(name), qid = QID(name);
	__u32 place = place_of(ctrl, qid);

	if (place == NO_PLACE)
		place = new_place(ctrl, qid);
	if (place >= MAX_PLACES) {
		if (!setup)
			c->setup = 0;
		count_cause(LOST_no_place);
		return NULL;
	}
	return settle_slot(c, near_number(name), setup, name, place, TAG(name));
}

/*
 * Where the kernel has what is told of a task.  To load it takes a tenth of what the calls take,
 * which serve where the kernel does not say.
 */
const volatile struct task_layout task_layout = {};

#define LOAD(type, object, at) (*(type *)((void *)(object) + task_layout.at))

static __always_inline void load_task(struct submitter *who)
{
	void *task = (void *)bpf_get_current_task_btf();
	void *cgroup = LOAD(void *, LOAD(void *, task, cgroups), cgroup);

	who->pid = LOAD(__u32, task, pid);
	who->tgid = LOAD(__u32, task, tgid);
	who->cgroup = LOAD(__u64, LOAD(void *, cgroup, node), node_id);
	who->comm0 = LOAD(__u64, task, comm);
	who->comm1 = LOAD(__u64, task, comm + 8);
}

static __always_inline void ask_task(__u32 mode, struct submitter *who)
{
	__u64 task, comm[2] = {};

	/* What is counted needs no task, but for a filter. */
	if ((mode & MODE_HIST) &&
	    !((mode & MODE_FILTERED) && (config.pid || config.comm[0] || config.cgroup)))
		return;
	if (task_layout.known) {
		load_task(who);
		return;
	}
	task = bpf_get_current_pid_tgid();
	who->pid = task;
	who->tgid = task >> 32;
	bpf_get_current_comm(comm, sizeof(comm));
	who->comm0 = comm[0];
	who->comm1 = comm[1];
	who->cgroup = bpf_get_current_cgroup_id();
}

static __always_inline int begin(__u32 mode, struct bpf_raw_tracepoint_args *ctx)
{
	struct beginning r = {
		.queued = ARG(0),
		.bytes = ARG(2),
		.nsid = ARG(3),
		.cid = WHO,
		.op = ARG(4),
		.opcode = (__u32)ARG(4) >> 16,
	};
	__u64 name = name_of(WHO), setup;
	struct submitter who = {};
	struct command *c;

	if (!queue_passes(mode, CTRL(WHO), QID(WHO)))
		return 0;
	c = near_slot(near_number(name));
	setup = try_slot(c);
	if (setup || c->whose != name) {
		c = take_slot_slowly(c, name, setup);
		if (!c)
			return 0;
	}
	r.cpu = bpf_get_smp_processor_id();
	c->cid = r.cid;
	c->op = r.op;
	c->bytes = r.bytes;
	c->sector = ARG(1);
	ask_task(mode, &who);
	flight_begin(mode, queue_at(c->place), c, &r, &who);
	if (!opcode_passes(mode, r.opcode))
		c->left_out = 1;
	flight_link(r.cpu, c);
	return 0;
}

#define ON_SETUP(name, mode)                          \
	SEC("raw_tp/nvs_level_begin")                 \
	int name(struct bpf_raw_tracepoint_args *ctx) \
	{                                             \
		return begin(mode, ctx);              \
	}
FOR_EACH_MODE(ON_SETUP, setup)

char _license[] SEC("license") = "GPL";
