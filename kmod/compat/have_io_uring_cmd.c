// SPDX-License-Identifier: GPL-2.0
/* 6.8: <linux/io_uring/cmd.h>; a command keeps its SQE, and completes lazily in its task. */
#include <linux/io_uring/cmd.h>

const void *probe(struct io_uring_cmd *cmd, void (*cb)(struct io_uring_cmd *cmd, unsigned int));
const void *probe(struct io_uring_cmd *cmd, void (*cb)(struct io_uring_cmd *cmd, unsigned int))
{
	io_uring_cmd_do_in_task_lazy(cmd, cb);
	return io_uring_sqe_cmd(cmd->sqe);
}
