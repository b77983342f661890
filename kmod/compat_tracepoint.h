/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Part of compat.h, for trace.h alone, which tests include without the rest.
 *
 * 7.0: whoever listens to a tracepoint can be preempted there.  A BPF program that is preempted
 * misses what the next task on that CPU has to tell: the kernel runs no program within itself.  So
 * that our events are not missed, preemption is off while they are told, as it was before.
 */
#ifndef NVMESCOPE_COMPAT_TRACEPOINT_H
#define NVMESCOPE_COMPAT_TRACEPOINT_H

#include <linux/preempt.h>
#include <linux/tracepoint.h>
#include "compat_features.h"

#ifdef HAVE_TRACEPOINT_SRCU
#undef __DO_TRACE_CALL
#define __DO_TRACE_CALL(name, args)						\
	do {									\
		preempt_disable_notrace();					\
		__traceiter_##name(NULL, args);					\
		preempt_enable_notrace();					\
	} while (0)
#endif

#endif /* NVMESCOPE_COMPAT_TRACEPOINT_H */
