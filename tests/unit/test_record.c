// SPDX-License-Identifier: GPL-2.0
/* The failing starts of record: each its message, its exit code, and nothing left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "record.h"
#include "scratch.h"

static char *dir, *out, said[4096];

static int setup(void **state)
{
	(void)state;
	dir = scratch_dir();
	out = scratch_path(dir, "rec");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(out);
	scratch_remove(dir);
	return 0;
}

/* From now on bpf() fails with @error, as on a kernel without it or for a user who may not. */
static void deny_bpf(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(99);
}

/* Runs record with @argv in a process of its own, where bpf() fails with @error; keeps what it said. */
static int run(int error, char **argv)
{
	int argc = 0, status, fds[2];
	ssize_t n, len = 0;
	pid_t pid;

	while (argv[argc])
		argc++;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		deny_bpf(error);
		_exit(cmd_record(argc, argv));
	}
	close(fds[1]);
	while ((n = read(fds[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += n;
	said[len] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(error, ...) run(error, (char *[]){ (char *)"record", __VA_ARGS__, NULL })

static void expect(const char *words)
{
	if (!strstr(said, words))
		fail_msg("expected '%s' in: %s", words, said);
}

static void expect_nothing_left(void)
{
	assert_int_equal(access(out, F_OK), -1);
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_equal(RUN(EPERM, "--", "true"), EXIT_USAGE);
	expect("-o DIR is missing");
	assert_int_equal(RUN(EPERM, "-o", out, "-d", "sda", "--", "true"), EXIT_USAGE);
	expect("'sda' is no device");
	assert_int_equal(RUN(EPERM, "-o", out, "-r", "12345", "--", "true"), EXIT_USAGE);
	expect("power of two");
	assert_int_equal(RUN(EPERM, "-o", out, "-l", "all", "--", "true"), EXIT_USAGE);
	expect("'all'");
	expect_nothing_left();
}

static void test_module_not_loaded(void **state)
{
	(void)state;
	if (record_module_loaded("nvmescope_core"))
		skip();
	assert_int_equal(RUN(EPERM, "-o", out), EXIT_FAILED);
	expect("module nvmescope_core is not loaded");
	expect_nothing_left();
}

/* The kernel's own driver may be loaded by COMMAND; this one does not. */
static void test_module_never_comes(void **state)
{
	(void)state;
	if (record_module_loaded("nvme"))
		skip();
	assert_int_equal(RUN(EPERM, "-p", "stock", "-o", out), EXIT_FAILED);
	expect("module nvme is not loaded; load it (modprobe nvme)");
	assert_int_equal(RUN(EPERM, "-p", "stock", "-o", out, "--", "true"), EXIT_FAILED);
	expect("COMMAND did not load it");
	expect_nothing_left();
}

static void test_flight_usage(void **state)
{
	(void)state;
	assert_int_equal(RUN(EPERM, "-o", out, "-f", "1M", "--", "true"), EXIT_USAGE);
	expect("--flight needs a --trigger");
	assert_int_equal(RUN(EPERM, "-o", out, "-f", "1M", "--trigger", "late", "--", "true"),
			 EXIT_USAGE);
	expect("'late' is none");
	assert_int_equal(RUN(EPERM, "-o", out, "--trigger", "reset", "--", "true"), EXIT_USAGE);
	expect("goes with --flight");
	assert_int_equal(RUN(EPERM, "-o", out, "-f", "1K", "--trigger", "reset"), EXIT_USAGE);
	expect("--flight: less than 1 MiB");
	assert_int_equal(RUN(EPERM, "-o", out, "-m", "1K"), EXIT_USAGE);
	expect("--max-size: less than 1 MiB");
	assert_int_equal(RUN(EPERM, "-o", out, "-f", "8M", "-m", "4M", "--trigger", "aen"),
			 EXIT_USAGE);
	expect("--max-size: less than 9 MiB");
	expect_nothing_left();
}

static void test_directory_exists(void **state)
{
	(void)state;
	assert_int_equal(RUN(EPERM, "-o", dir, "--", "true"), EXIT_FAILED);
	expect("exists already");
}

static void test_not_allowed(void **state)
{
	(void)state;
	assert_int_equal(RUN(EPERM, "-o", out, "--", "true"), EXIT_FAILED);
	expect("run this as root");
	expect_nothing_left();
}

static void test_no_bpf_in_kernel(void **state)
{
	(void)state;
	assert_int_equal(RUN(ENOSYS, "-o", out, "--", "true"), EXIT_FAILED);
	expect("CONFIG_BPF_SYSCALL");
	expect_nothing_left();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_module_never_comes), TEST(test_flight_usage),	    TEST(test_usage),
		TEST(test_module_not_loaded),  TEST(test_directory_exists), TEST(test_not_allowed),
		TEST(test_no_bpf_in_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
