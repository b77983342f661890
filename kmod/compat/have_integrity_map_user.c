// SPDX-License-Identifier: GPL-2.0
/* 6.11: the block layer maps user metadata, and blk_rq_unmap_user() takes any there is for it. */
#include <linux/blk-integrity.h>

int probe(struct request *rq, void __user *ubuf);
int probe(struct request *rq, void __user *ubuf)
{
	return blk_rq_integrity_map_user(rq, ubuf, 8);
}
