// SPDX-License-Identifier: GPL-2.0
/* 6.17: the tuple of protection may be smaller than the metadata, and has a size of its own. */
#include <linux/blkdev.h>

void probe(struct queue_limits *lim);
void probe(struct queue_limits *lim)
{
	lim->integrity.metadata_size = 16;
	lim->integrity.pi_tuple_size = 8;
}
