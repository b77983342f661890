// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "driver" at levels io and hist: a few of our own tracepoints, put together.  Each
 * tells its queue and identifier; commands wait for their doorbell by queue, under whose lock
 * our driver traces both.
 */
#include <linux/types.h>
#include <stdbool.h>
#include "driver_event.h"
#include "flight.h"

static __always_inline bool passes(const struct bpf_raw_tracepoint_args *ctx, __u16 id)
{
	__u16 ctrl = ctx->args[0];

	/* Arguments 3 and 4 are its tid and pci_addr. */
	if (config.by_device && id == NVS_ID_ctrl_new && config.pci_addr &&
	    config.pci_addr == (__u32)ctx->args[4])
		filter_ctrl = ctrl;
	return ctrl_passes(ctrl) || ctrl == NVS_NO_CTRL;
}

/* One set of programs: what they cost beside our tracepoints is little. */
static __always_inline __u32 driver_mode(void)
{
	return MODE_FILTERED | (config.level == LEVEL_HIST ? MODE_HIST : 0);
}

/* What is not of the I/O path is told of as at level events. */
NVS_INIT_EVENTS(RECORD_EVENT)
NVS_RECOVERY_EVENTS(RECORD_EVENT)

#define TAG(cid) ((cid) & 0xfff)

/* Commands of each queue that wait for its doorbell. */
static struct batch waiting[MAX_PLACES] = {};

/* Place of the queue that @ctx is about; NO_PLACE: it is not recorded, or there is none. */
static __always_inline __u32 known_place(const struct bpf_raw_tracepoint_args *ctx)
{
	__u16 ctrl = ctx->args[0], qid = ctx->args[1];
	__u32 place;

	if (!queue_passes(MODE_FILTERED, ctrl, qid))
		return NO_PLACE;
	place = place_of(ctrl, qid);
	return place < MAX_PLACES ? place : NO_PLACE;
}

/* Argument N of a row's fields, which stand behind ctrl, qid and cid. */
#define ARG(n) (ctx->args[3 + (n)])

/* Attached in this order: ends first, beginnings last. */

SEC("raw_tp/nvs_rq_complete")
int io_complete(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 place = known_place(ctx);
	struct ending r = {
		.use = (__u16)ctx->args[2] >> 12,
		.tag = TAG(ctx->args[2]), .status = ARG(1), .how = ARG(2),
	};

	if (place != NO_PLACE)
		flight_end(driver_mode(), queue_at(place), place, &r);
	else if (queue_passes(MODE_FILTERED, ctx->args[0], ctx->args[1]))
		count_cause(LOST_unmatched_end);
	return 0;
}

/* Right behind rq_start, and the only one that tells the opcode. */
SEC("raw_tp/nvs_cmd_setup")
int io_opcode(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 place = known_place(ctx);
	struct command *c;

	if (place == NO_PLACE)
		return 0;
	c = slot_of(place, TAG(ctx->args[2]));
	if (!c || c->cid != (__u16)ctx->args[2])
		return 0;
	c->opcode = ARG(7);
	if (!opcode_passes(MODE_FILTERED, c->opcode))
		c->left_out = 1;
	return 0;
}

SEC("raw_tp/nvs_sqe")
int io_sqe(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 place = known_place(ctx), tag = TAG(ctx->args[2]);
	struct command *c;

	if (place == NO_PLACE)
		return 0;
	c = slot_of(place, tag);
	/* An event request has no beginning, and no end. */
	if (c && c->setup && c->cid == (__u16)ctx->args[2])
		flight_link(&waiting[place & (MAX_PLACES - 1)], place, c, tag);
	return 0;
}

SEC("raw_tp/nvs_sq_doorbell")
int io_bell(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 place = known_place(ctx);
	struct batch *b = &waiting[place & (MAX_PLACES - 1)];

	if (place == NO_PLACE)
		return 0;
	b->count = (__u16)ARG(2);
	flight_bell(b);
	return 0;
}

SEC("raw_tp/nvs_cq_enter")
int io_look(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 place = known_place(ctx);

	if (place != NO_PLACE)
		flight_look(queue_at(place), ARG(0));
	return 0;
}

SEC("raw_tp/nvs_rq_start")
int io_setup(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct submitter who = { .pid = task, .tgid = task >> 32 };
	struct beginning r = {
		.queued = ARG(0), .sector = ARG(1), .bytes = ARG(2), .nsid = ARG(3),
		.op = ARG(5), .tag = (__u16)ARG(6), .cid = ctx->args[2],
	};
	__u16 ctrl = ctx->args[0], qid = ctx->args[1];
	__u64 comm[2] = {};
	__u32 place;

	if (!queue_passes(MODE_FILTERED, ctrl, qid))
		return 0;
	place = place_of(ctrl, qid);
	if (place == NO_PLACE)
		place = new_place(ctrl, qid);
	if (place >= MAX_PLACES) {
		count_cause(LOST_no_place);
		return 0;
	}
	if (config.level == LEVEL_IO || config.comm[0])
		bpf_get_current_comm(comm, sizeof(comm));
	who.comm0 = comm[0];
	who.comm1 = comm[1];
	if (config.level == LEVEL_IO || config.cgroup)
		who.cgroup = bpf_get_current_cgroup_id();
	flight_begin(driver_mode(), queue_at(place), place, bpf_get_smp_processor_id(), &r, &who);
	return 0;
}

char _license[] SEC("license") = "GPL";
