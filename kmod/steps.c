// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of steps: when they are told, and that their times agree with the clock.  See steps.h.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include "trace.h"

/*
 * By so much clocks are corrected, and counters measured wrongly: a tick is taken to be shorter,
 * lest what is reckoned be later than the clock.
 */
#define TICK_LESS(ns)		((ns) >> 14)

/* For so many ticks times are reckoned from the clock as it was read, if no block was told. */
#define TICKS_TRUSTED		(1 << 21)

/* To read the clock takes fewer. */
#define TICKS_FAR		(1 << 14)

/* Farther from the clock, what was reckoned is mended. */
#define FAR_NS			1000

/* Written while nobody listens. */
u32 nvme_tick_ns __read_mostly;
EXPORT_SYMBOL_GPL(nvme_tick_ns);

DEFINE_PER_CPU(struct nvme_steps, nvme_steps);
EXPORT_PER_CPU_SYMBOL_GPL(nvme_steps);

/**
 * nvme_measure_ticks() - learn how long a tick is: somebody is about to listen, the first
 */
void nvme_measure_ticks(void)
{
#ifdef CONFIG_X86_TSC
	u64 ns = tsc_khz ? div_u64((u64)NSEC_PER_MSEC << NVME_TICK_SHIFT, tsc_khz) : 0;

	nvme_tick_ns = ns - TICK_LESS(ns);
#endif
}

/*
 * Reads the clock, which is never earlier than it was, and the ticks just after it: if a machine
 * stands still in between, once more.  Returns the ticks just before.
 */
static __always_inline u64 read_clock(struct nvme_clock *c)
{
	unsigned int tries = 3;
	u64 before;

	do {
		before = nvme_ticks();
		c->ns = max(c->ns, ktime_get_mono_fast_ns());
		c->ticks = nvme_ticks();
	} while (unlikely(c->ticks - before > TICKS_FAR) && --tries);
	return before;
}

/*
 * What was reckoned does not agree with the clock: one of them was changed, or stood still, or the
 * ticks are too many.  From @then, which was @reckoned to be so long ago, to the clock now, times
 * are spread as they were.
 */
static noinline __cold void mend_times(struct nvme_steps *s, u64 then, u64 reckoned)
{
	static const u16 sizes[] = {
#define NVS_STEP_SIZE(num, ev, size)	[num] = (size),
		NVS_STEP_EVENTS(NVS_STEP_SIZE)
	};
	u64 is = s->clock.ns - then, latest = then, ns;
	struct nvs_hdr *h;
	u32 at;

	for (at = 0; at < s->bytes; at += sizes[h->id]) {
		h = (void *)s->block.words + at;
		ns = min(h->ts - then, reckoned);
		latest = max(latest, then + mul_u64_u64_div_u64(ns, is, reckoned ?: 1));
		h->ts = latest;
	}
}

/* The clock, read between two looks at the ticks, is to be between what is reckoned from these. */
static __always_inline void check_times(struct nvme_steps *s)
{
	struct nvme_clock then = s->clock;
	u64 before = nvme_time_at(&then, read_clock(&s->clock));
	u64 after = nvme_time_at(&then, s->clock.ticks);

	if (unlikely(before > s->clock.ns || s->clock.ns > after + FAR_NS))
		mend_times(s, then.ns, before - then.ns);
}

/* Tells what this CPU has kept.  Interrupts are off. */
static void tell_steps(struct nvme_steps *s)
{
	u32 bytes = s->bytes;

	if (s->easy)
		check_times(s);
	s->bytes = 0;
	trace_nvs_steps(&s->block, bytes);
}

/**
 * nvme_keep_oddly() - keep a step after which a block is told, or whose time is read from the clock
 * @s:		this CPU's, the step among them
 * @h:		the step
 * @irq_flags:	to go on with
 */
void nvme_keep_oddly(struct nvme_steps *s, struct nvs_hdr *h, unsigned long irq_flags)
{
	if (s->easy) {
		h->ts = nvme_time_at(&s->clock, nvme_ticks());
	} else {
		read_clock(&s->clock);
		h->ts = s->clock.ns;
	}
	if (!s->open || s->bytes > NVME_STEPS_EASY)
		tell_steps(s);
	local_irq_restore(irq_flags);
}
EXPORT_SYMBOL_GPL(nvme_keep_oddly);

/*
 * The beginning of a stretch that is not within another.  What an interrupt kept since it is open
 * bears times of the clock, and is told first.
 */
void nvme_steps_open(void)
{
	unsigned long irq_flags;
	struct nvme_steps *s;

	local_irq_save(irq_flags);
	s = this_cpu_ptr(&nvme_steps);
	if (s->bytes)
		tell_steps(s);
	if (nvme_tick_ns) {
		if (nvme_ticks() - s->clock.ticks > TICKS_TRUSTED)
			read_clock(&s->clock);
		s->easy = NVME_STEPS_EASY;
	}
	local_irq_restore(irq_flags);
}
EXPORT_SYMBOL_GPL(nvme_steps_open);

/* Its end.  An interrupt may have told everything since it was closed. */
void nvme_steps_close(void)
{
	unsigned long irq_flags;
	struct nvme_steps *s;

	local_irq_save(irq_flags);
	s = this_cpu_ptr(&nvme_steps);
	if (s->bytes)
		tell_steps(s);
	s->easy = 0;
	local_irq_restore(irq_flags);
}
EXPORT_SYMBOL_GPL(nvme_steps_close);
