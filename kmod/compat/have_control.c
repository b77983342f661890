// SPDX-License-Identifier: GPL-2.0
/* Must compile on every kernel; if it does not, the build environment is broken. */
#include <linux/blk-mq.h>
#include <linux/pci.h>

int probe(void);
int probe(void)
{
	return BLK_MQ_F_BLOCKING;
}
