// SPDX-License-Identifier: GPL-2.0
/* 6.8: <linux/io_uring/cmd.h>; a command keeps its SQE, and completes lazily in its task. */
#include <linux/io_uring/cmd.h>

const void *probe(struct io_uring_cmd *cmd);
const void *probe(struct io_uring_cmd *cmd)
{
	return cmd->sqe->cmd;
}
