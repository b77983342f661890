// SPDX-License-Identifier: GPL-2.0
/* 6.15: a fixed buffer is looked up with the flags of the call. */
#include <linux/io_uring/cmd.h>

int probe(struct io_uring_cmd *cmd, struct iov_iter *iter);
int probe(struct io_uring_cmd *cmd, struct iov_iter *iter)
{
	return io_uring_cmd_import_fixed(0, 1, READ, iter, cmd, 0);
}
