// SPDX-License-Identifier: GPL-2.0
/* Provider "driver" at level events: records the tracepoints of our own modules. */
#include <linux/types.h>
#include <stdbool.h>
#include "driver_event.h"
#include "queue_filter.h"

/*
 * Set before loading.  Constants to the verifier: unset, the filter is removed
 * from the programs and costs nothing.
 */
const volatile bool filter = false; /* one of them, by controller or by queue, is set */
const volatile bool filter_by_ctrl = false;
const volatile __u32 filter_pci_addr = 0; /* as in ctrl_new; 0: filter by number alone */

/* The controller that passes: set by the recorder, or by the ctrl_new that has filter_pci_addr. */
volatile __u16 filter_ctrl = NVS_NO_CTRL;

static __always_inline bool ctrl_passes(__u16 ctrl)
{
	return !filter_by_ctrl || ctrl == filter_ctrl || ctrl == NVS_NO_CTRL;
}

static __always_inline bool passes(const struct bpf_raw_tracepoint_args *ctx, __u16 id)
{
	__u16 ctrl = ctx->args[0];

	if (!filter)
		return true;
	/* Arguments 3 and 4 are its tid and pci_addr. */
	if (filter_by_ctrl && id == NVS_ID_ctrl_new && filter_pci_addr &&
	    filter_pci_addr == (__u32)ctx->args[4])
		filter_ctrl = ctrl;
	return ctrl_passes(ctrl);
}

NVS_INIT_EVENTS(RECORD_EVENT)
NVS_RECOVERY_EVENTS(RECORD_EVENT)

/*
 * The steps of an I/O come in blocks, each as it stands in a recording (kmod/steps.h): they need
 * but be copied, unless some are not wanted.
 */
#define STEP_SIZE(num, ev, size) [num] = (size),
static const __u16 step_sizes[NVS_EVENT_ID_MAX + 1] = { NVS_STEP_EVENTS(STEP_SIZE) };

struct block {
	const void *events;
	__u32 at, bytes;
};

/* The header of the next event of @b, and its size. 0: there is none. */
static __always_inline __u32 next_step(struct block *b, struct nvs_hdr *h)
{
	__u32 size;

	if (b->at >= b->bytes || bpf_probe_read_kernel(h, sizeof(*h), b->events + b->at) ||
	    h->id > NVS_EVENT_ID_MAX)
		return 0;
	size = step_sizes[h->id];
	b->at += size;
	return size;
}

/* No event is smaller than its header. */
#define MOST_STEPS (NVS_STEPS_ROOM / sizeof(struct nvs_hdr))

static long lose_step(__u32 n, struct block *b)
{
	struct nvs_hdr h = {};

	(void)n;
	if (!next_step(b, &h))
		return 1;
	count_lost(h.id, 1);
	return 0;
}

static long copy_step(__u32 n, struct block *b)
{
	struct nvs_hdr h = {};
	struct emission m;
	__u32 size = next_step(b, &h);
	void *e;

	(void)n;
	if (!size || size > NVS_STEPS_ROOM)
		return 1;
	if (!ctrl_passes(h.ctrl) || !qid_passes(h.qid))
		return 0;
	e = emit_some(&m, h.id, NVS_STEPS_ROOM, size, 1);
	if (!e)
		return 0;
	bpf_probe_read_kernel(e, size, b->events + b->at - size);
	commit(&m);
	return 0;
}

static __noinline void lose_steps(const void *events, __u32 bytes)
{
	struct block b = { .events = events, .bytes = bytes };

	bpf_loop(MOST_STEPS, lose_step, &b, 0);
}

static __noinline void copy_wanted(const void *events, __u32 bytes)
{
	struct block b = { .events = events, .bytes = bytes };

	bpf_loop(MOST_STEPS, copy_step, &b, 0);
}

#define PIECE 64

static __always_inline void copy_piece(__u64 *to, const __u64 *from)
{
#pragma unroll
	for (__u32 i = 0; i < PIECE / 8; i++)
		to[i] = from[i];
}

/*
 * The verifier wants each load from a tracepoint's buffer to be at a constant offset.  The last
 * piece is more than there is: whoever has room in a ring may write all that he asked for.
 */
#define COPY_PIECE(n)                 \
	if ((n) * PIECE >= bytes)     \
		return;               \
	copy_piece(to + (n) * PIECE / 8, from + (n) * PIECE / 8);
#define COPY_4_PIECES(n) COPY_PIECE(n) COPY_PIECE((n) + 1) COPY_PIECE((n) + 2) COPY_PIECE((n) + 3)

static __always_inline void copy_block(__u64 *to, const __u64 *from, __u32 bytes)
{
	_Static_assert(NVS_STEPS_ROOM == 16 * PIECE, "all of a block");
	COPY_4_PIECES(0) COPY_4_PIECES(4) COPY_4_PIECES(8) COPY_4_PIECES(12)
}

SEC("raw_tp.w/nvs_steps")
int on_steps(struct bpf_raw_tracepoint_args *ctx)
{
	const __u64 *from = (void *)ctx->args[0];
	__u32 bytes = ctx->args[1];
	struct emission m;
	__u64 *to;

	if (filter) {
		copy_wanted(from, bytes);
		return 0;
	}
	to = reserve(&m, bpf_get_smp_processor_id(), NVS_STEPS_ROOM, bytes);
	if (!to) {
		lose_steps(from, bytes);
		return 0;
	}
	copy_block(to, from, bytes);
	commit(&m);
	return 0;
}

char _license[] SEC("license") = "GPL";
