/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The steps of an I/O, told in blocks.
 *
 * A tracepoint with a BPF program behind it costs some three hundred instructions, and a read has
 * seven steps and more.  So while a recorder listens to nvs_steps, each CPU keeps its steps as they
 * stand in a recording (nvs_events.h), and tells them by one tracepoint: when a stretch of the I/O
 * path ends (NVME_STRETCH()), or when there is no room for another.  What is
 * outside of a stretch is told at once.
 *
 * Steps are kept with interrupts off, and on one CPU until they are told: so they are in order.
 */
#ifndef NVS_STEPS_H
#define NVS_STEPS_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/timekeeping.h>
#include "exports.h"

/* Of one CPU, which alone writes and reads it. */
struct nvme_steps {
	u32 bytes;		/* of events that wait to be told */
	u32 open;		/* stretches that this CPU is in; an interrupt's within a task's */
	struct nvs_block block;
};

DECLARE_PER_CPU(struct nvme_steps, nvme_steps);

void nvme_tell_steps(struct nvme_steps *s);

/* Somebody listens to a step, or to blocks of them: one question for all, where nobody does. */
DECLARE_STATIC_KEY_FALSE(nvme_listening);

static __always_inline void nvme_steps_begin(void)
{
	preempt_disable();
	this_cpu_inc(nvme_steps.open);
}

void nvme_steps_end(void);

/*
 * @call, whose steps are told together.  Preemption is off meanwhile, if somebody listens.  A
 * stretch takes the queue's locks, and where these may sleep (PREEMPT_RT) each step is told by
 * itself.  The call is there twice, so that where nobody listens one branch says so.
 */
#define NVME_STRETCH(call)							\
	do {									\
		if (!IS_ENABLED(CONFIG_PREEMPT_RT) &&				\
		    static_branch_unlikely(&nvme_listening)) {			\
			nvme_steps_begin();					\
			call;							\
			nvme_steps_end();					\
		} else {							\
			call;							\
		}								\
	} while (0)

/*
 * A step stands at the end of what its CPU keeps, and stays there if somebody listens to
 * nvs_steps.  The clock is read last: the step's fields then need not be held meanwhile.
 */
static __always_inline void nvme_keep_step(struct nvme_steps *s, struct nvs_hdr *h, u32 size)
{
	s->bytes += size;
	h->ts = ktime_get_mono_fast_ns();
	if (!s->open)
		nvme_tell_steps(s);
}

static __always_inline void *nvme_step_room(struct nvme_steps *s, u32 size)
{
	if (unlikely(s->bytes > NVS_STEPS_ROOM - size))
		nvme_tell_steps(s);
	return (void *)s->block.words + s->bytes;
}

#define NVS_STEP_ASSIGN(type, name, base)	e->name = name;
#define NVS_STEP_CLEAR(type, name)		e->name = 0;
#define NVS_STEP_ARG(type, name, base)		, e->name

static __always_inline bool nvme_telling_steps(void)
{
	return static_branch_unlikely(&nvme_listening);
}

/* nvme_tell_<step>(), for those who listen to nvs_steps, or to that step alone. */
#define NVS_TELL_STEP(num, ev, size)						\
	static noinline __cold __maybe_unused void				\
	nvme_trace_##ev(const struct nvs_##ev *e)				\
	{									\
		trace_nvs_##ev(e->h.ctrl, e->h.qid, e->h.cid			\
			       NVS_FIELDS_##ev(NVS_STEP_ARG, NVS_NO_PAD));	\
	}									\
	static __always_inline void nvme_tell_##ev(NVS_TELL_PROTO		\
				NVS_FIELDS_##ev(NVS_TP_PROTO, NVS_NO_PAD))	\
	{									\
		struct nvme_steps *s;						\
		unsigned long irq_flags;					\
		struct nvs_##ev *e;						\
										\
		if (!nvme_telling_steps() ||					\
		    (!trace_nvs_steps_enabled() && !trace_nvs_##ev##_enabled())) \
			return;							\
		local_irq_save(irq_flags);					\
		s = this_cpu_ptr(&nvme_steps);					\
		e = nvme_step_room(s, size);					\
		e->h.id = NVS_ID_##ev;						\
		e->h.ctrl = ctrl;						\
		e->h.qid = qid;							\
		e->h.cid = cid;							\
		NVS_FIELDS_##ev(NVS_STEP_ASSIGN, NVS_STEP_CLEAR)		\
		if (trace_nvs_##ev##_enabled()) {				\
			/* Else its fields would be held for this. */		\
			OPTIMIZER_HIDE_VAR(e);					\
			nvme_trace_##ev(e);					\
		}								\
		if (trace_nvs_steps_enabled())					\
			nvme_keep_step(s, &e->h, size);				\
		local_irq_restore(irq_flags);					\
	}

NVS_STEP_EVENTS(NVS_TELL_STEP)

#endif
