/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One program for each of our driver's tracepoints that is told of as it is.
 *
 * raw_tp programs take the tracepoint's arguments as an array of __u64, so they
 * need no type information of module or kernel.  They attach by name, which
 * works from the moment that the module is being loaded (MODULE_STATE_COMING).
 */
#ifndef NVS_DRIVER_EVENT_H
#define NVS_DRIVER_EVENT_H

#include "ring.h"

/* Defined by who includes this: is it of a controller that is recorded? */
static __always_inline bool passes(const struct bpf_raw_tracepoint_args *ctx, __u16 id);

/* The row's fields are the arguments behind ctrl, qid and cid, in order; padding is none. */
#define STORE_FIELD(type, name, base) e->name = (type)ctx->args[arg++];
#define CLEAR_PAD(type, name)	      e->name = 0;

#define RECORD_EVENT(num, ev, size)                                                                \
	SEC("raw_tp/nvs_" #ev)                                                                     \
	int on_##ev(struct bpf_raw_tracepoint_args *ctx)                                           \
	{                                                                                          \
		struct nvs_##ev *e;                                                                \
		struct emission m;                                                                 \
		int arg = 3;                                                                       \
                                                                                                   \
		if (!passes(ctx, NVS_ID_##ev))                                                     \
			return 0;                                                                  \
		e = emit_one(&m, NVS_ID_##ev, sizeof(*e));                                         \
		if (!e)                                                                            \
			return 0;                                                                  \
		e->h.ctrl = ctx->args[0];                                                          \
		e->h.qid = ctx->args[1];                                                           \
		e->h.cid = ctx->args[2];                                                           \
		NVS_FIELDS_##ev(STORE_FIELD, CLEAR_PAD)                                            \
		commit(&m);                                                                        \
		return 0;                                                                          \
	}

#endif
