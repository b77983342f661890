// SPDX-License-Identifier: GPL-2.0
/* 6.15: several pieces of a registered buffer. */
#include <linux/io_uring/cmd.h>

int probe(struct io_uring_cmd *cmd, struct iov_iter *iter);
int probe(struct io_uring_cmd *cmd, struct iov_iter *iter)
{
	return io_uring_cmd_import_fixed_vec(cmd, NULL, 1, READ, iter, 0);
}
