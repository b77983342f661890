// SPDX-License-Identifier: GPL-2.0
/* 6.13, and stable 6.12: request lists have a head and a tail. */
#include <linux/blk-mq.h>

struct request *probe(struct rq_list *list);
struct request *probe(struct rq_list *list)
{
	return rq_list_pop(list);
}
