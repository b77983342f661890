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

static const __u32 nvs_layout[] __used __section(".nvs_layout") = NVS_LAYOUT;
