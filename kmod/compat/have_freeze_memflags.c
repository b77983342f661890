// SPDX-License-Identifier: GPL-2.0
/* 6.14: freezing a queue says what is to be restored when it thaws. */
#include <linux/blk-mq.h>

unsigned int probe(struct request_queue *q);
unsigned int probe(struct request_queue *q)
{
	return blk_mq_freeze_queue(q);
}
