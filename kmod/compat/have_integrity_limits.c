// SPDX-License-Identifier: GPL-2.0
/* 6.11: integrity is one of the limits, and PI may stand anywhere in the metadata. */
#include <linux/blkdev.h>

void probe(struct queue_limits *lim);
void probe(struct queue_limits *lim)
{
	lim->integrity.csum_type = BLK_INTEGRITY_CSUM_CRC64;
	lim->integrity.pi_offset = 8;
}
