// SPDX-License-Identifier: GPL-2.0
/* The COMMAND that a recording is made of. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "record.h"

/* In the child: runs @argv, or tells @report why it cannot. */
static void __attribute__((noreturn)) run_command(char **argv, int report, const sigset_t *mask)
{
	int why;

	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	why = errno;
	if (write(report, &why, sizeof(why)) != sizeof(why))
		_exit(126);
	_exit(127);
}

int record_child_start(struct record_child *c, char **argv, const sigset_t *mask,
		       struct nvs_error *err)
{
	int report[2], why;

	*c = (struct record_child){ .argv = argv };
	if (pipe2(report, O_CLOEXEC))
		return nvs_fail(err, "cannot run %s: %s", argv[0], strerror(errno));
	c->pid = fork();
	if (!c->pid)
		run_command(argv, report[1], mask);
	why = c->pid < 0 ? errno : 0;
	close(report[1]);
	/* Ends without a word when exec() succeeds, for it closes the child's end. */
	if (c->pid > 0 && read(report[0], &why, sizeof(why)) > 0)
		waitpid(c->pid, NULL, 0);
	close(report[0]);
	if (why) {
		c->pid = 0;
		return nvs_fail(err, "cannot run %s: %s", argv[0], strerror(why));
	}
	return 0;
}

bool record_child_ended(struct record_child *c)
{
	if (c->pid > 0 && waitpid(c->pid, &c->status, WNOHANG) == c->pid) {
		c->pid = 0;
		c->ended = true;
	}
	return c->ended;
}

void record_child_stop(struct record_child *c)
{
	const struct timespec moment = { .tv_nsec = 10000000 };

	if (c->pid <= 0)
		return;
	c->stopped = true;
	kill(c->pid, SIGTERM);
	for (int tries = 0; tries < 500 && !record_child_ended(c); tries++)
		nanosleep(&moment, NULL);
	if (!c->ended)
		complain("%s goes on running (process %d): it did not end on SIGTERM", c->argv[0],
			 (int)c->pid);
	else
		complain("%s was told to end, because the recording did", c->argv[0]);
}

bool record_child_failed(const struct record_child *c)
{
	if (!c->ended || c->stopped || (WIFEXITED(c->status) && !WEXITSTATUS(c->status)))
		return false;
	if (WIFEXITED(c->status))
		complain("%s failed with exit status %d", c->argv[0], WEXITSTATUS(c->status));
	else
		complain("%s was ended by signal %d (%s)", c->argv[0], WTERMSIG(c->status),
			 strsignal(WTERMSIG(c->status)));
	return true;
}
