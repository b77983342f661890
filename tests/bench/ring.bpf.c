// SPDX-License-Identifier: GPL-2.0
/* A producer for ring.c: the events of an I/O through our driver, one after the other. */
#include <linux/types.h>
#include "ring.h"

#define PER_RUN 1024

#define PRODUCE(ev)                                                         \
	{                                                                   \
		struct emission m;                                          \
		struct nvs_##ev *e = emit_one(&m, NVS_ID_##ev, sizeof(*e)); \
                                                                            \
		if (e) {                                                    \
			e->h.ctrl = 0;                                      \
			e->h.qid = 1;                                       \
			e->h.cid = index;                                   \
			commit(&m);                                         \
		}                                                           \
	}

static long produce_one(__u32 index, void *ctx)
{
	(void)ctx;
	switch (index % 7) {
	case 0: PRODUCE(rq_start); break;
	case 1: PRODUCE(cmd_setup); break;
	case 2: PRODUCE(cmd_map); break;
	case 3: PRODUCE(sqe); break;
	case 4: PRODUCE(cqe); break;
	case 5: PRODUCE(rq_complete); break;
	case 6: PRODUCE(cmd_unmap); break;
	}
	return 0;
}

/* Run by hand; returns how many events it tried to tell of. */
SEC("raw_tp")
int produce(void *ctx)
{
	(void)ctx;
	return bpf_loop(PER_RUN, produce_one, NULL, 0);
}

char _license[] SEC("license") = "GPL";
