/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Filters of levels io and hist.  Each asks a constant first, whose branch the verifier takes out.
 * But the asking stays, two instructions: so the programs on a request's way come in two sets, and
 * those without MODE_FILTERED do not ask.
 */
#ifndef NVS_FILTER_H
#define NVS_FILTER_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "level.h"

const volatile struct level_config config = {};

/* What a program is made for, a constant to the compiler. */
#define MODE_HIST     1 /* else io */
#define MODE_FILTERED 2

/* The controller that passes: set by the recorder, or by the ctrl_new that has config.pci_addr. */
volatile __u16 filter_ctrl = NVS_NO_CTRL;

static __always_inline bool in_set(const volatile __u64 *set, __u32 words, __u32 bit)
{
	__u32 word = bit / 64;

	/* Else the compiler compares bit, and the verifier does not see what that says of word. */
	barrier_var(word);
	return word < words && set[word] >> (bit & 63) & 1;
}

static __always_inline bool ctrl_passes(__u16 ctrl)
{
	return !config.by_device || ctrl == filter_ctrl;
}

static __always_inline bool queue_passes(__u32 mode, __u16 ctrl, __u16 qid)
{
	if (!(mode & MODE_FILTERED))
		return true;
	return ctrl_passes(ctrl) &&
	       (!config.by_queue || in_set(config.queues, SET_WORDS(FILTER_QUEUES), qid));
}

/* Known from the request alone, at its beginning and at its end. */
static __always_inline bool request_passes(__u32 mode, __u32 op, __u32 bytes)
{
	if (!(mode & MODE_FILTERED))
		return true;
	if (config.ops && (op >= 64 || !(config.ops >> op & 1)))
		return false;
	if (config.min_size && bytes < config.min_size)
		return false;
	return !config.max_size || bytes <= config.max_size;
}

static __always_inline bool tag_passes(__u32 mode, __u32 tag)
{
	return !(mode & MODE_FILTERED) || config.sample <= 1 || !(tag % config.sample);
}

static __always_inline bool opcode_passes(__u32 mode, __u32 opcode)
{
	return !(mode & MODE_FILTERED) || !config.by_opcode ||
	       in_set(config.opcodes, SET_WORDS(256), opcode & 0xff);
}

/* @tgid, @comm, @cgroup: of the task that submits. */
static __always_inline bool task_passes(__u32 mode, __u32 tgid, __u64 comm0, __u64 comm1,
					__u64 cgroup)
{
	if (!(mode & MODE_FILTERED))
		return true;
	if (config.pid && tgid != config.pid)
		return false;
	if (config.comm[0] && (comm0 != config.comm[0] || comm1 != config.comm[1]))
		return false;
	return !config.cgroup || cgroup == config.cgroup;
}

static __always_inline bool status_passes(__u32 mode, __u32 status)
{
	if (!(mode & MODE_FILTERED))
		return true;
	if (config.by_status == FILTER_STATUS_ERROR)
		return status;
	return !config.by_status || status == config.status;
}

static __always_inline bool latency_passes(__u32 mode, __u64 ns)
{
	return !(mode & MODE_FILTERED) || !config.latency_above || ns > config.latency_above;
}

#endif
