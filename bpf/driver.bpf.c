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

static __always_inline bool passes(const struct bpf_raw_tracepoint_args *ctx, __u16 id)
{
	__u16 ctrl = ctx->args[0];

	if (!filter)
		return true;
	if (id >= NVS_ID_rq_start && id <= NVS_ID_batch_complete && !qid_passes(ctx->args[1]))
		return false;
	if (!filter_by_ctrl)
		return true;
	/* Arguments 3 and 4 are its tid and pci_addr. */
	if (id == NVS_ID_ctrl_new && filter_pci_addr && filter_pci_addr == (__u32)ctx->args[4])
		filter_ctrl = ctrl;
	return ctrl == filter_ctrl || ctrl == NVS_NO_CTRL;
}

NVS_DRIVER_EVENTS(RECORD_EVENT)

char _license[] SEC("license") = "GPL";
