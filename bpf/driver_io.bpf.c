// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "driver" at levels io and hist: our driver tells of a request at its end, by the event
 * that is to be recorded (kmod/pci_level.c).  What is left is to choose, and to copy or to count.
 */
#include <linux/types.h>
#include <stdbool.h>
#include "driver_event.h"
#include "places.h"
#include "stages.h"

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

static __always_inline bool io_passes(__u32 mode, const struct nvs_io *io)
{
	return request_passes(mode, io->op, io->bytes) && tag_passes(mode, io->h.cid & 0xfff) &&
	       opcode_passes(mode, io->opcode) && status_passes(mode, io->status) &&
	       task_passes(mode, io->tgid, io->comm0, io->comm1, io->cgroup);
}

/* Its steps, in order.  false: it took less time than is asked for. */
static __always_inline bool steps_of(__u32 mode, const struct nvs_io *io, struct steps *s)
{
	__u16 how = io->how;

	s->queued = io->queued;
	s->setup = io->setup;
	s->bell = io->bell;
	s->seen = io->seen;
	s->end = io->h.ts;
	if (!in_order(s) || how == NVS_HOW_DONE_cancelled) {
		const struct circumstances known = { .how = how };
		/* A copy, so that the others stay in registers */
		struct steps odd = *s;

		put_in_order(&odd, &known);
		*s = odd;
		if ((mode & MODE_HIST) && !s->seen)
			s->seen = s->end;
	}
	return latency_passes(mode, s->end - (s->queued ?: s->setup));
}

static __always_inline int tell(__u32 mode, const struct nvs_io *io)
{
	struct emission m;
	struct nvs_io *e;
	struct steps s;

	if (!queue_passes(mode, io->h.ctrl, io->h.qid))
		return 0;
	if (!io->setup) {
		count_cause(LOST_unmatched_end);
		return 0;
	}
	if (!io_passes(mode, io) || !steps_of(mode, io, &s))
		return 0;
	e = emit_some(&m, NVS_ID_io, sizeof(*e), sizeof(*e), 1);
	if (!e)
		return 0;
	*e = *io;
	e->h.ts = s.end;
	e->queued = s.queued;
	e->bell = s.bell;
	e->seen = s.seen;
	commit(&m);
	return 0;
}

/*
 * Places are found here without a call: queue << 32 | place, by a hash; of several at one entry the
 * one that asked last.  No queue is called ~0.
 */
#define NEAR_PLACES_BITS 8
static __u64 near_places[1 << NEAR_PLACES_BITS] = { [0 ... (1 << NEAR_PLACES_BITS) - 1] = ~0ull };

static __noinline __u32 get_place_slowly(__u16 ctrl, __u16 qid, __u32 near)
{
	__u32 place = place_of(ctrl, qid);

	if (place == NO_PLACE)
		place = new_place(ctrl, qid);
	if (place >= MAX_PLACES) {
		count_cause(LOST_no_place);
		return NO_PLACE;
	}
	near_places[near & ((1 << NEAR_PLACES_BITS) - 1)] =
		((__u64)qid << 16 | ctrl) << 32 | place;
	return place;
}

/* The place of a queue that is recorded; NO_PLACE: there is none left, which is counted. */
static __always_inline __u32 get_place(const struct nvs_hdr *h)
{
	__u32 queue = (__u32)h->qid << 16 | h->ctrl;
	__u32 near = (queue * HASH_FACTOR) >> (32 - NEAR_PLACES_BITS);
	__u64 known = near_places[near];

	if (known >> 32 == queue)
		return known & (MAX_PLACES - 1);
	return get_place_slowly(h->ctrl, h->qid, near);
}

/* Somebody asks how many requests are at the device now, and of their doorbells. */
const volatile bool live = false;

/* Was its doorbell counted, too?  Others were rung before. */
static __always_inline void leave_device(struct flight_queue *q, const struct nvs_io *io)
{
	if (q->since && io->bell >= q->since)
		__sync_fetch_and_add(&q->in_flight, -1);
}

static __always_inline int count(__u32 mode, const struct nvs_io *io)
{
	__u32 place;
	struct hist_cell *cell;
	struct steps s;

	if (!queue_passes(mode, io->h.ctrl, io->h.qid))
		return 0;
	place = get_place(&io->h);
	if (place == NO_PLACE)
		return 0;
	if (live)
		leave_device(queue_at(place), io);
	if (!io->setup) {
		count_cause(LOST_unmatched_end);
		return 0;
	}
	cell = cell_of(place, io->op, io->bytes);
	if (!cell || !io_passes(mode, io) || !steps_of(mode, io, &s))
		return 0;
	count_request(cell, io->bytes, io->status);
	count_stages(cell, &s);
	return 0;
}

/* With filters and without, for each level: what is not asked costs nothing. */
#define ON_END(name, what, mode)                           \
	SEC("raw_tp.w/nvs_io")                             \
	int name(struct bpf_raw_tracepoint_args *ctx)      \
	{                                                  \
		return what(mode, (void *)ctx->args[0]);   \
	}
ON_END(io_complete, tell, 0)
ON_END(io_complete_filtered, tell, MODE_FILTERED)
ON_END(hist_complete, count, MODE_HIST)
ON_END(hist_complete_filtered, count, MODE_HIST | MODE_FILTERED)

/* Before the device can see it: no request ends before. */
SEC("raw_tp/nvs_level_bell")
int live_bell(struct bpf_raw_tracepoint_args *ctx)
{
	struct nvs_hdr h = { .ctrl = ctx->args[0], .qid = ctx->args[1] };
	struct flight_queue *q;
	__u32 place;

	if (!queue_passes(MODE_FILTERED, h.ctrl, h.qid))
		return 0;
	place = get_place(&h);
	if (place == NO_PLACE)
		return 0;
	q = queue_at(place);
	/* Under the queue's lock: later ones have later times. */
	if (!q->since)
		q->since = ctx->args[3];
	__sync_fetch_and_add(&q->in_flight, (__u32)ctx->args[2]);
	__sync_fetch_and_add(&q->bells, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
