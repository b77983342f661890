// SPDX-License-Identifier: GPL-2.0
/* Until 6.14 a tag set asks for merging; afterwards there is nothing to ask. */
#include <linux/blk-mq.h>

int probe(void);
int probe(void)
{
	return BLK_MQ_F_SHOULD_MERGE;
}
