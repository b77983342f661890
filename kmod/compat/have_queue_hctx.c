// SPDX-License-Identifier: GPL-2.0
/* 6.19: hardware contexts are in an array of their own; before, in an xarray. */
#include <linux/blk-mq.h>

struct blk_mq_hw_ctx *probe(struct request_queue *q);
struct blk_mq_hw_ctx *probe(struct request_queue *q)
{
	return queue_hctx(q, 0);
}
