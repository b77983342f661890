// SPDX-License-Identifier: GPL-2.0
/* 6.10: zones are revalidated without a driver's callback. */
#include <linux/blkdev.h>

int probe(struct gendisk *disk);
int probe(struct gendisk *disk)
{
	return blk_revalidate_disk_zones(disk);
}
