// SPDX-License-Identifier: GPL-2.0
/* 6.15, 6.16: a request knows its queue, so mapping is not told it. */
#include <linux/blk-mq.h>

int probe(struct request *rq, struct scatterlist *sg);
int probe(struct request *rq, struct scatterlist *sg)
{
	return blk_rq_map_kern(rq, NULL, 0, GFP_KERNEL) ?: blk_rq_map_sg(rq, sg);
}
