// SPDX-License-Identifier: GPL-2.0
/* 6.19: work in a task is handed a token; sizes of commands are checked; big completions are asked for. */
#include <linux/io_uring/cmd.h>

static void work(struct io_tw_req req, io_tw_token_t token)
{
	io_uring_cmd_done32(io_uring_cmd_from_tw(req), 0, 0, IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);
}

const char *probe(struct io_uring_cmd *cmd);
const char *probe(struct io_uring_cmd *cmd)
{
	io_uring_cmd_do_in_task_lazy(cmd, work);
	return io_uring_sqe128_cmd(cmd->sqe, char);
}
