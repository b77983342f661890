/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Filters of levels io and hist.  Each asks a constant first: unset, nothing of it is left in
 * the program.
 */
#ifndef NVS_FILTER_H
#define NVS_FILTER_H

#include <stdbool.h>
#include "level.h"

const volatile struct level_config config = {};

/* The controller that passes: set by the recorder, or by the ctrl_new that has config.pci_addr. */
volatile __u16 filter_ctrl = NVS_NO_CTRL;

static __always_inline bool in_set(const volatile __u64 *set, __u32 words, __u32 bit)
{
	return bit / 64 < words && set[bit / 64] >> (bit & 63) & 1;
}

static __always_inline bool ctrl_passes(__u16 ctrl)
{
	return !config.by_device || ctrl == filter_ctrl;
}

static __always_inline bool queue_passes(__u16 ctrl, __u16 qid)
{
	return ctrl_passes(ctrl) &&
	       (!config.by_queue || in_set(config.queues, SET_WORDS(FILTER_QUEUES), qid));
}

/* Known from the request alone, at its beginning and at its end. */
static __always_inline bool request_passes(__u32 op, __u32 bytes)
{
	if (config.ops && (op >= 64 || !(config.ops >> op & 1)))
		return false;
	if (config.min_size && bytes < config.min_size)
		return false;
	return !config.max_size || bytes <= config.max_size;
}

static __always_inline bool tag_passes(__u32 tag)
{
	return config.sample <= 1 || !(tag % config.sample);
}

static __always_inline bool opcode_passes(__u32 opcode)
{
	return !config.by_opcode || in_set(config.opcodes, SET_WORDS(256), opcode & 0xff);
}

/* @tgid, @comm, @cgroup: of the task that submits. */
static __always_inline bool task_passes(__u32 tgid, __u64 comm0, __u64 comm1, __u64 cgroup)
{
	if (config.pid && tgid != config.pid)
		return false;
	if (config.comm[0] && (comm0 != config.comm[0] || comm1 != config.comm[1]))
		return false;
	return !config.cgroup || cgroup == config.cgroup;
}

static __always_inline bool status_passes(__u32 status)
{
	if (config.by_status == FILTER_STATUS_ERROR)
		return status;
	return !config.by_status || status == config.status;
}

static __always_inline bool latency_passes(__u64 ns)
{
	return !config.latency_above || ns > config.latency_above;
}

#endif
