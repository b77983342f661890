// SPDX-License-Identifier: GPL-2.0
/* 6.14: limits of atomic writes count only with this feature. */
#include <linux/blkdev.h>

blk_features_t probe(void);
blk_features_t probe(void)
{
	return BLK_FEAT_ATOMIC_WRITES;
}
