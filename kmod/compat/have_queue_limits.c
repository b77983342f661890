// SPDX-License-Identifier: GPL-2.0
/* 6.9: limits are handed over in one struct, and allocation takes them. */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim);
struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim)
{
	struct gendisk *disk = blk_mq_alloc_disk(set, lim, NULL);

	*lim = queue_limits_start_update(disk->queue);
	lim->features |= BLK_FEAT_WRITE_CACHE;
	return queue_limits_commit_update(disk->queue, lim) ? NULL : disk;
}
