// SPDX-License-Identifier: GPL-2.0
/*
 * Provider "driver": records the tracepoints of our own modules.
 *
 * raw_tp programs take the tracepoint's arguments as an array of __u64, so they
 * need no type information of module or kernel.  They attach by name, which
 * works from the moment that the module is being loaded (MODULE_STATE_COMING).
 */
#include <linux/types.h>
#include <stdbool.h>
#include "ring.h"

/*
 * Set before loading.  Constants to the verifier: unset, the filter is removed
 * from the programs and costs nothing.
 */
const volatile bool filter = false;
const volatile __u32 filter_pci_addr = 0; /* as in ctrl_new; 0: filter by number alone */

/* The controller that passes: set by the recorder, or by the ctrl_new that has filter_pci_addr. */
volatile __u16 filter_ctrl = NVS_NO_CTRL;

static __always_inline bool passes(const struct bpf_raw_tracepoint_args *ctx, __u16 id)
{
	__u16 ctrl = ctx->args[0];

	if (!filter)
		return true;
	/* Arguments 3 and 4 are its tid and pci_addr. */
	if (id == NVS_ID_ctrl_new && filter_pci_addr && filter_pci_addr == (__u32)ctx->args[4])
		filter_ctrl = ctrl;
	return ctrl == filter_ctrl || ctrl == NVS_NO_CTRL;
}

/* The row's fields are the arguments behind ctrl, qid and cid, in order; padding is none. */
#define STORE_FIELD(type, name, base) e->name = (type)ctx->args[arg++];
#define CLEAR_PAD(type, name)	      e->name = 0;

#define RECORD_EVENT(num, ev, size)                                                                \
	SEC("raw_tp/nvs_" #ev)                                                                     \
	int on_##ev(struct bpf_raw_tracepoint_args *ctx)                                           \
	{                                                                                          \
		struct nvs_##ev *e;                                                                \
		int arg = 3;                                                                       \
                                                                                                   \
		if (!passes(ctx, NVS_ID_##ev))                                                \
			return 0;                                                                  \
		e = emit_begin(NVS_ID_##ev, sizeof(*e));                                           \
		if (!e)                                                                            \
			return 0;                                                                  \
		e->h.ctrl = ctx->args[0];                                                          \
		e->h.qid = ctx->args[1];                                                           \
		e->h.cid = ctx->args[2];                                                           \
		NVS_FIELDS_##ev(STORE_FIELD, CLEAR_PAD)                                            \
		emit_end(e);                                                                       \
		return 0;                                                                          \
	}
NVS_DRIVER_EVENTS(RECORD_EVENT)

char _license[] SEC("license") = "GPL";
