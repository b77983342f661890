/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The steps of an I/O, told in blocks.
 *
 * A tracepoint with a BPF program behind it costs some three hundred instructions, and a read has
 * seven steps and more.  So while a recorder listens to nvs_steps, each CPU keeps its steps as they
 * stand in a recording (nvs_events.h), and tells them by one tracepoint: when a stretch of the I/O
 * path ends (NVME_STRETCH()), or when there may be no room for another.  What is
 * outside of a stretch is told at once.
 *
 * Steps are kept with interrupts off, and on one CPU until they are told: so they are in order.
 *
 * To read the clock takes as long as all else.  So in a stretch, a step's time is reckoned: from
 * when the clock was last read, by the CPU's time stamp counter, where there is one.  The clock is
 * read when a block is told, and when a stretch begins long after that.  What was reckoned must
 * agree with it, or is mended (steps.c): no time is earlier than those told before, nor later than
 * it is when the block is told.
 */
#ifndef NVS_STEPS_H
#define NVS_STEPS_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/timekeeping.h>
#ifdef CONFIG_X86_TSC
#include <asm/msr.h>
#include <asm/tsc.h>
#endif
#include "exports.h"

union nvme_step {
#define NVS_STEP_MEMBER(num, ev, size)	struct nvs_##ev ev;
	NVS_STEP_EVENTS(NVS_STEP_MEMBER)
};

/* With no more bytes than these, there is room for any step. */
#define NVME_STEPS_EASY		(NVS_STEPS_ROOM - sizeof(union nvme_step))

/* The clock as it was read, and the ticks just after that. */
struct nvme_clock {
	u64 ns;
	u64 ticks;
};

/* Of one CPU, which alone writes and reads it, with interrupts off. */
struct nvme_steps {
	u32 bytes;		/* of events that wait to be told */
	u32 easy;		/* NVME_STEPS_EASY in a stretch, if there are ticks; else 0 */
	u32 open;		/* stretches that this CPU is in; an interrupt's within a task's */
	struct nvme_clock clock;
	struct nvs_block block;
};

DECLARE_PER_CPU(struct nvme_steps, nvme_steps);

extern u32 nvme_tick_ns;	/* of a tick, times 2^NVME_TICK_SHIFT; 0: there are none */
#define NVME_TICK_SHIFT		22

/* Somebody listens to a step, or to blocks of them: one question for all, where nobody does. */
DECLARE_STATIC_KEY_FALSE(nvme_listening);

void nvme_measure_ticks(void);
void nvme_steps_open(void);
void nvme_steps_close(void);

static __always_inline void nvme_steps_begin(void)
{
	preempt_disable();
	if (this_cpu_inc_return(nvme_steps.open) == 1)
		nvme_steps_open();
}

/* Within another stretch, the steps wait for that one's end. */
static __always_inline void nvme_steps_end(void)
{
	if (!this_cpu_dec_return(nvme_steps.open))
		nvme_steps_close();
	preempt_enable();
}

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

static __always_inline u64 nvme_ticks(void)
{
#ifdef CONFIG_X86_TSC
	return rdtsc_ordered();
#else
	return 0;
#endif
}

static __always_inline u64 nvme_time_at(const struct nvme_clock *c, u64 ticks)
{
	return c->ns + ((ticks - c->ticks) * nvme_tick_ns >> NVME_TICK_SHIFT);
}

void nvme_keep_oddly(struct nvme_steps *s, struct nvs_hdr *h, unsigned long irq_flags);

/*
 * A step that stands at the end of what its CPU keeps stays there: it keeps so many bytes then.
 * Calls are the last thing that is done, if at all: so no register is saved for them.
 */
static __always_inline void nvme_keep_step(struct nvme_steps *s, struct nvs_hdr *h, u32 bytes,
					   unsigned long irq_flags)
{
	s->bytes = bytes;
	if (unlikely(bytes > s->easy)) {
		nvme_keep_oddly(s, h, irq_flags);
		return;
	}
	h->ts = nvme_time_at(&s->clock, nvme_ticks());
	local_irq_restore(irq_flags);
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
	nvme_trace_##ev(struct nvme_steps *s, struct nvs_##ev *e,		\
			unsigned long irq_flags)				\
	{									\
		trace_nvs_##ev(e->h.ctrl, e->h.qid, e->h.cid			\
			       NVS_FIELDS_##ev(NVS_STEP_ARG, NVS_NO_PAD));	\
		if (trace_nvs_steps_enabled())					\
			nvme_keep_step(s, &e->h, s->bytes + size, irq_flags);	\
		else								\
			local_irq_restore(irq_flags);				\
	}									\
	static __always_inline void nvme_tell_##ev(NVS_TELL_PROTO		\
				NVS_FIELDS_##ev(NVS_TP_PROTO, NVS_NO_PAD))	\
	{									\
		struct nvme_steps *s;						\
		unsigned long irq_flags;					\
		struct nvs_##ev *e;						\
		u32 at;								\
										\
		if (!nvme_telling_steps() ||					\
		    (!trace_nvs_steps_enabled() && !trace_nvs_##ev##_enabled())) \
			return;							\
		local_irq_save(irq_flags);					\
		s = this_cpu_ptr(&nvme_steps);					\
		at = s->bytes;							\
		e = (void *)s->block.words + at;				\
		e->h.id = NVS_ID_##ev;						\
		e->h.ctrl = ctrl;						\
		e->h.qid = qid;							\
		e->h.cid = cid;							\
		NVS_FIELDS_##ev(NVS_STEP_ASSIGN, NVS_STEP_CLEAR)		\
		if (trace_nvs_##ev##_enabled())					\
			nvme_trace_##ev(s, e, irq_flags);			\
		else								\
			nvme_keep_step(s, &e->h, at + size, irq_flags);		\
	}

NVS_STEP_EVENTS(NVS_TELL_STEP)

#endif
