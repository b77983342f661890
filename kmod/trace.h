/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The event table as kernel tracepoints: events/nvmescope/nvs_<name>.
 *
 * Arguments are scalars, never pointers to our structures, so that a raw_tp BPF
 * program needs no type information of the module and reads them on any kernel.
 * Argument 0 to 2 are ctrl, qid and cid; the row's fields follow in order.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvmescope

#if !defined(NVS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NVS_TRACE_H

#include <linux/irqflags.h>
#include <linux/tracepoint.h>
#include "nvs_events.h"

/* watch.c */
int nvme_watch_begin(void);
void nvme_watch_end(void);

/* trace.c */
int nvme_listen(void);
void nvme_unlisten(void);

/* How a field is declared, stored and printed; padding is nobody's argument. */
#define NVS_TP_PROTO(type, name, base)		, type name
#define NVS_TP_ARG(type, name, base)		, name
#define NVS_TP_FIELD(type, name, base)		__field(type, name)
#define NVS_TP_ASSIGN(type, name, base)		__entry->name = name;
#define NVS_TP_COPY(type, name, base)		__entry->name = io->name;
#define NVS_TP_FORMAT(type, name, base)		" " #name "=" NVS_TP_FORMAT_##base
#define NVS_TP_VALUE(type, name, base)		, NVS_TP_VALUE_##base(__entry->name)

#define NVS_TP_FORMAT_DEC			"%lld"
#define NVS_TP_FORMAT_HEX			"%#llx"
#define NVS_TP_VALUE_DEC(value)			(long long)(value)
#define NVS_TP_VALUE_HEX(value)			(unsigned long long)(value)

/* A symbol set prints as names; { value, "name" } pairs for __print_symbolic. */
#define NVS_TP_PAIR(value, name)		{ value, #name },
#define NVS_TP_NAMED(value, set)		\
	__print_symbolic(value, NVS_SYMS_##set(NVS_TP_PAIR) { 0xffff, "?" })

#define NVS_TP_FORMAT_PHASE			"%s"
#define NVS_TP_VALUE_PHASE(value)		NVS_TP_NAMED(value, PHASE)
#define NVS_TP_FORMAT_STATE			"%s"
#define NVS_TP_VALUE_STATE(value)		NVS_TP_NAMED(value, STATE)
#define NVS_TP_FORMAT_RING			"%s"
#define NVS_TP_VALUE_RING(value)		NVS_TP_NAMED(value, RING)
#define NVS_TP_FORMAT_RQOP			"%s"
#define NVS_TP_VALUE_RQOP(value)		NVS_TP_NAMED(value, RQOP)
#define NVS_TP_FORMAT_MAP			"%s"
#define NVS_TP_VALUE_MAP(value)			NVS_TP_NAMED(value, MAP)
#define NVS_TP_FORMAT_BELL			"%s"
#define NVS_TP_VALUE_BELL(value)		NVS_TP_NAMED(value, BELL)
#define NVS_TP_FORMAT_WHY_CQ			"%s"
#define NVS_TP_VALUE_WHY_CQ(value)		NVS_TP_NAMED(value, WHY_CQ)
#define NVS_TP_FORMAT_CQE			"%s"
#define NVS_TP_VALUE_CQE(value)			NVS_TP_NAMED(value, CQE)
#define NVS_TP_FORMAT_HOW_DONE			"%s"
#define NVS_TP_VALUE_HOW_DONE(value)		NVS_TP_NAMED(value, HOW_DONE)
#define NVS_TP_FORMAT_BATCH			"%s"
#define NVS_TP_VALUE_BATCH(value)		NVS_TP_NAMED(value, BATCH)
#define NVS_TP_FORMAT_TIMEOUT			"%s"
#define NVS_TP_VALUE_TIMEOUT(value)		NVS_TP_NAMED(value, TIMEOUT)
#define NVS_TP_FORMAT_ABORT			"%s"
#define NVS_TP_VALUE_ABORT(value)		NVS_TP_NAMED(value, ABORT)
#define NVS_TP_FORMAT_WHY_RESET			"%s"
#define NVS_TP_VALUE_WHY_RESET(value)		NVS_TP_NAMED(value, WHY_RESET)
#define NVS_TP_FORMAT_FREEZE			"%s"
#define NVS_TP_VALUE_FREEZE(value)		NVS_TP_NAMED(value, FREEZE)
#define NVS_TP_FORMAT_GONE			"%s"
#define NVS_TP_VALUE_GONE(value)		NVS_TP_NAMED(value, GONE)

#endif /* NVS_TRACE_H */

/* One event of a class of its own for each row; define_trace.h reads this part many times. */
#undef NVS_TRACE_CLASS
#define NVS_TRACE_CLASS(num, ev, size)						\
	DECLARE_EVENT_CLASS(nvs_##ev,						\
		TP_PROTO(__u16 ctrl, __u16 qid, __u16 cid			\
			 NVS_FIELDS_##ev(NVS_TP_PROTO, NVS_NO_PAD)),		\
		TP_ARGS(ctrl, qid, cid						\
			NVS_FIELDS_##ev(NVS_TP_ARG, NVS_NO_PAD)),		\
		TP_STRUCT__entry(						\
			__field(__u16, ctrl)					\
			__field(__u16, qid)					\
			__field(__u16, cid)					\
			NVS_FIELDS_##ev(NVS_TP_FIELD, NVS_NO_PAD)		\
		),								\
		TP_fast_assign(							\
			__entry->ctrl = ctrl;					\
			__entry->qid = qid;					\
			__entry->cid = cid;					\
			NVS_FIELDS_##ev(NVS_TP_ASSIGN, NVS_NO_PAD)		\
		),								\
		TP_printk("ctrl=%u qid=%u cid=%#x"				\
			NVS_FIELDS_##ev(NVS_TP_FORMAT, NVS_NO_PAD),		\
			__entry->ctrl, __entry->qid, __entry->cid		\
			NVS_FIELDS_##ev(NVS_TP_VALUE, NVS_NO_PAD))		\
	);

NVS_DRIVER_EVENTS(NVS_TRACE_CLASS)

#undef NVS_TRACE_EVENT
#define NVS_TRACE_EVENT(num, ev, size)						\
	DEFINE_EVENT(nvs_##ev, nvs_##ev,					\
		TP_PROTO(__u16 ctrl, __u16 qid, __u16 cid			\
			 NVS_FIELDS_##ev(NVS_TP_PROTO, NVS_NO_PAD)),		\
		TP_ARGS(ctrl, qid, cid						\
			NVS_FIELDS_##ev(NVS_TP_ARG, NVS_NO_PAD)));

NVS_INIT_EVENTS(NVS_TRACE_EVENT)
NVS_RECOVERY_EVENTS(NVS_TRACE_EVENT)

/* From the first who listens to one to the last, the driver asks who does (steps.h). */
#undef NVS_TRACE_STEP
#define NVS_TRACE_STEP(num, ev, size)						\
	DEFINE_EVENT_FN(nvs_##ev, nvs_##ev,					\
		TP_PROTO(__u16 ctrl, __u16 qid, __u16 cid			\
			 NVS_FIELDS_##ev(NVS_TP_PROTO, NVS_NO_PAD)),		\
		TP_ARGS(ctrl, qid, cid						\
			NVS_FIELDS_##ev(NVS_TP_ARG, NVS_NO_PAD)),		\
		nvme_listen, nvme_unlisten);

NVS_STEP_EVENTS(NVS_TRACE_STEP)

/*
 * Level io's event at a request's end.  Its argument is the event itself, so that a program has
 * but to copy it: what the kernel calls writable, which is what programs may read by loads.  None
 * of ours writes there.  With the first who listens the driver begins to note times (watch.c).
 */
DECLARE_EVENT_CLASS(nvs_io,
		    TP_PROTO(struct nvs_io *io),
		    TP_ARGS(io),
		    TP_STRUCT__entry(__field(__u16, ctrl)
				     __field(__u16, qid)
				     __field(__u16, cid)
				     NVS_FIELDS_io(NVS_TP_FIELD, NVS_NO_PAD)),
		    TP_fast_assign(__entry->ctrl = io->h.ctrl;
				   __entry->qid = io->h.qid;
				   __entry->cid = io->h.cid;
				   NVS_FIELDS_io(NVS_TP_COPY, NVS_NO_PAD)),
		    TP_printk("ctrl=%u qid=%u cid=%#x" NVS_FIELDS_io(NVS_TP_FORMAT, NVS_NO_PAD),
			      __entry->ctrl, __entry->qid, __entry->cid
			      NVS_FIELDS_io(NVS_TP_VALUE, NVS_NO_PAD))
);

#ifdef DEFINE_EVENT_WRITABLE
DEFINE_EVENT_WRITABLE(nvs_io, nvs_io, TP_PROTO(struct nvs_io *io), TP_ARGS(io),
		      sizeof(struct nvs_io));
#else
DEFINE_EVENT_FN(nvs_io, nvs_io, TP_PROTO(struct nvs_io *io), TP_ARGS(io),
		nvme_watch_begin, nvme_watch_end);
#endif

/*
 * For who counts what is at the device: a doorbell is about to be rung for @count requests that
 * will be told of at their end.  @now is their `bell`.
 */
TRACE_EVENT(nvs_level_bell,
	    TP_PROTO(__u16 ctrl, __u16 qid, __u32 count, __u64 now),
	    TP_ARGS(ctrl, qid, count, now),
	    TP_STRUCT__entry(__field(__u16, ctrl)
			     __field(__u16, qid)
			     __field(__u32, count)
			     __field(__u64, now)),
	    TP_fast_assign(__entry->ctrl = ctrl;
			   __entry->qid = qid;
			   __entry->count = count;
			   __entry->now = now;),
	    TP_printk("ctrl=%u qid=%u count=%u now=%llu", __entry->ctrl, __entry->qid,
		      __entry->count, (unsigned long long)__entry->now)
);

/*
 * Steps in a block, each as it stands in a recording: see steps.h.  Writable, for that is what lets
 * a program read it by loads; it is nobody's any more.
 */
DECLARE_EVENT_CLASS(nvs_steps,
		    TP_PROTO(struct nvs_block *block, __u32 bytes), TP_ARGS(block, bytes),
		    TP_STRUCT__entry(__field(__u32, bytes)),
		    TP_fast_assign(__entry->bytes = bytes;),
		    TP_printk("bytes=%u", __entry->bytes));

#ifdef DEFINE_EVENT_WRITABLE
DEFINE_EVENT_WRITABLE(nvs_steps, nvs_steps,
		      TP_PROTO(struct nvs_block *block, __u32 bytes), TP_ARGS(block, bytes),
		      sizeof(struct nvs_block));
#else
DEFINE_EVENT_FN(nvs_steps, nvs_steps,
		TP_PROTO(struct nvs_block *block, __u32 bytes), TP_ARGS(block, bytes),
		nvme_listen, nvme_unlisten);
#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

#ifndef NVS_TELL
/*
 * nvme_tell_<event>(): what the driver calls.  Interrupts are off, which costs only while somebody
 * listens: the kernel runs no BPF program within itself, so what an interrupt has to tell while the
 * same event is being recorded on that CPU would be missed. (Preemption likewise, which tracepoints
 * leave on from 7.0 on.)
 */
#define NVS_TELL_AS(ev, proto, args)						\
	static inline void nvme_tell_##ev(proto NVS_FIELDS_##ev(NVS_TP_PROTO, NVS_NO_PAD)) \
	{									\
		unsigned long irq_flags;					\
										\
		if (!trace_nvs_##ev##_enabled())				\
			return;							\
		local_irq_save(irq_flags);					\
		trace_nvs_##ev(args NVS_FIELDS_##ev(NVS_TP_ARG, NVS_NO_PAD));	\
		local_irq_restore(irq_flags);					\
	}
#define NVS_TELL_PROTO			__u16 ctrl, __u16 qid, __u16 cid
#define NVS_TELL_ARGS			ctrl, qid, cid
#define NVS_TELL(num, ev, size)		NVS_TELL_AS(ev, NVS_TELL_PROTO, NVS_TELL_ARGS)

NVS_INIT_EVENTS(NVS_TELL)
NVS_RECOVERY_EVENTS(NVS_TELL)
#include "steps.h"
#endif /* NVS_TELL */
