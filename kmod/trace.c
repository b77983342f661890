// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints themselves, and the event layout for the test that compares
 * it with the BPF programs' and the tools'.  All live in the core module: a
 * tracer finds a module's tracepoints only once that module is there, so this is
 * what makes the PCI module's own init and probe visible.
 */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

#define NVS_EXPORT_TRACEPOINT(num, ev, size)	EXPORT_TRACEPOINT_SYMBOL_GPL(nvs_##ev);
NVS_DRIVER_EVENTS(NVS_EXPORT_TRACEPOINT)

#define NVS_EXPORT_LEVEL(ev)			EXPORT_TRACEPOINT_SYMBOL_GPL(nvs_##ev);
NVS_LEVEL_STEPS(NVS_EXPORT_LEVEL)

EXPORT_TRACEPOINT_SYMBOL_GPL(nvs_steps);

DEFINE_STATIC_KEY_FALSE(nvme_listening);
EXPORT_SYMBOL_GPL(nvme_listening);

/* Called with the first who listens to a step or to blocks of them, and with the last who did. */
int nvme_listen(void)
{
	if (!static_key_enabled(&nvme_listening))
		nvme_measure_ticks();
	static_branch_inc(&nvme_listening);
	return 0;
}

void nvme_unlisten(void)
{
	static_branch_dec(&nvme_listening);
}

static const __u32 nvs_layout[] __used __section(".nvs_layout") = NVS_LAYOUT;
