// SPDX-License-Identifier: GPL-2.0
/* 6.14, and stable 6.12: any bus tells which CPUs a vector is for. */
#include <linux/blk-mq.h>

void probe(struct blk_mq_queue_map *map, struct device *dev);
void probe(struct blk_mq_queue_map *map, struct device *dev)
{
	blk_mq_map_hw_queues(map, dev, 0);
}
