// SPDX-License-Identifier: GPL-2.0
/*
 * iobench DISK DEPTH BYTES COUNT [WORD...]: random I/O of BYTES, from a fixed seed, between the
 * marks of insncount.c. Depth 1 is a loop of pread, a greater one is kept by io_uring, unless
 * words say otherwise:
 *	poll		io_uring that looks for completions itself
 *	uring, libaio	these, at any depth
 *	write		writes
 *	buffered	through the page cache, one by one; writes are waited for (RWF_DSYNC)
 *	spin		all at once, by io_uring or libaio, and waits awake until all are there: when a device's
 *			completions come depends on the machine that QEMU runs on, and with them how
 *			often the program sleeps and the driver is interrupted
 *	settle		sleeps before what counts, and before the last mark: what a recorder puts off is
 *			in the figure, and what it had put off before is not
 * COUNT / 4 come before, so that caches, tags and lists are as they stay. Prints how often it
 * slept meanwhile.
 */
#define _GNU_SOURCE /* O_DIRECT */
#include <fcntl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>

static int fd;
static unsigned int depth, bytes;
static uint64_t places;
static char *memory;
/* No recorder puts off for longer. */
#define SETTLE_US 1600000

static bool poll_mode, settle, writes, buffered, libaio, uring, spin;
static struct io_uring ring;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* xorshift64 */
static uint64_t place(void)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % places * bytes;
}

/* Waiting awake, in few instructions that take an emulated processor long: it leaves off at each of them. */
static void pause_here(void)
{
	for (int i = 0; i < 2000; i++)
		__builtin_ia32_pause();
}

static void one_by_one(unsigned int count)
{
	struct iovec v = { memory, bytes };
	ssize_t done;

	while (count--) {
		if (buffered && writes)
			done = pwritev2(fd, &v, 1, place(), RWF_DSYNC);
		else
			done = writes ? pwrite(fd, memory, bytes, place())
				      : pread(fd, memory, bytes, place());
		if (done != (ssize_t)bytes)
			die(writes ? "pwrite" : "pread");
	}
}

static void prepare(unsigned int slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	char *data = memory + slot * bytes;

	if (writes)
		io_uring_prep_write(sqe, fd, data, bytes, place());
	else
		io_uring_prep_read(sqe, fd, data, bytes, place());
}

/* What the kernel's ring of completions has for io_getevents. */
static unsigned int libaio_ready(aio_context_t ctx)
{
	const volatile struct {
		unsigned int id, nr, head, tail;
	} *events = (void *)ctx;

	return (events->tail - events->head + events->nr) % events->nr;
}

/* By the system calls themselves: libaio adds nothing but names. */
static void by_libaio(unsigned int count)
{
	struct iocb cb[64], *list[64];
	struct io_event done[64];
	aio_context_t ctx = 0;
	unsigned int idle[64], nr_idle = depth, sent = 0;

	if (syscall(SYS_io_setup, 64, &ctx))
		die("io_setup");
	for (unsigned int i = 0; i < depth; i++)
		idle[i] = i;
	while (sent < count || nr_idle < depth) {
		long n = 0;

		for (; nr_idle && sent < count; sent++) {
			unsigned int slot = idle[--nr_idle];

			cb[slot] = (struct iocb){
				.aio_data = slot,
				.aio_lio_opcode = writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
				.aio_fildes = fd,
				.aio_buf = (uintptr_t)(memory + slot * bytes),
				.aio_nbytes = bytes,
				.aio_offset = (int64_t)place(),
			};
			list[n++] = &cb[slot];
		}
		if (n && syscall(SYS_io_submit, ctx, n, list) != n)
			die("io_submit");
		while (spin && libaio_ready(ctx) < depth - nr_idle)
			pause_here();
		n = syscall(SYS_io_getevents, ctx, 1L, 64L, done, NULL);
		if (n < 1)
			die("io_getevents");
		for (long i = 0; i < n; i++) {
			if (done[i].res != (int64_t)bytes)
				die("libaio");
			idle[nr_idle++] = (unsigned int)done[i].data;
		}
	}
	syscall(SYS_io_destroy, ctx);
}

/* Takes in what has completed, @wanted at least. Returns how many. */
static unsigned int reap(unsigned int wanted)
{
	struct io_uring_cqe *cqes[64];
	unsigned int found;

	if (io_uring_submit_and_wait(&ring, wanted) < 0)
		die("io_uring_enter");
	found = io_uring_peek_batch_cqe(&ring, cqes, 64);
	for (unsigned int i = 0; i < found; i++)
		if (cqes[i]->res != (int)bytes) {
			fprintf(stderr, "iobench: a read returned %d\n", cqes[i]->res);
			exit(1);
		}
	io_uring_cq_advance(&ring, found);
	return found;
}

static void many(unsigned int count)
{
	unsigned int sent = 0, done = 0;

	while (done < count) {
		for (; sent < count && sent - done < depth; sent++)
			prepare(sent % depth);
		done += reap(1);
	}
}

/*
 * All at once, and looked for when they are there. Polled, how often a look finds nothing
 * would else be in the figure, and depends on the machine that QEMU runs on.
 */
static void at_once(unsigned int count)
{
	for (unsigned int done = 0; done < count; done += depth) {
		for (unsigned int i = 0; i < depth; i++)
			prepare(i);
		if (io_uring_submit(&ring) != (int)depth)
			die("io_uring_submit");
		if (poll_mode)
			usleep(5000);
		else
			while (io_uring_cq_ready(&ring) < depth)
				pause_here();
		reap(poll_mode ? depth : 0);
	}
}

static void run(unsigned int count)
{
	if (libaio)
		by_libaio(count);
	else if (poll_mode || spin)
		at_once(count);
	else if (buffered || (depth == 1 && !uring))
		one_by_one(count);
	else
		many(count);
}

int main(int argc, char **argv)
{
	struct rusage before, after;
	unsigned int count;
	uint64_t size;

	if (argc < 5) {
		fprintf(stderr,
			"usage: iobench DISK DEPTH BYTES COUNT [poll|uring|libaio|write|buffered|spin|settle]...\n");
		return 2;
	}
	depth = atoi(argv[2]);
	bytes = atoi(argv[3]);
	count = atoi(argv[4]);
	for (int i = 5; i < argc; i++) {
		poll_mode |= !strcmp(argv[i], "poll");
		settle |= !strcmp(argv[i], "settle");
		uring |= !strcmp(argv[i], "uring");
		libaio |= !strcmp(argv[i], "libaio");
		writes |= !strcmp(argv[i], "write");
		buffered |= !strcmp(argv[i], "buffered");
		spin |= !strcmp(argv[i], "spin");
	}
	fd = open(argv[1], (writes ? O_RDWR : O_RDONLY) | (buffered ? 0 : O_DIRECT));
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
		die(argv[1]);
	places = size / bytes;
	/* Huge pages: 128 KiB in one segment, which an SGL or a PRP list may describe. */
	memory = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_HUGETLB, -1, 0);
	if (memory == MAP_FAILED ||
	    io_uring_queue_init(64, &ring, poll_mode ? IORING_SETUP_IOPOLL : 0))
		die("memory");
	mlockall(MCL_CURRENT | MCL_FUTURE);
	run(count / 4);
	if (settle)
		usleep(SETTLE_US);
	getrusage(RUSAGE_SELF, &before);
	__asm__ volatile(".byte 0x66, 0x87, 0xdb" ::: "memory");
	run(count);
	if (settle)
		usleep(SETTLE_US);
	__asm__ volatile(".byte 0x66, 0x87, 0xd2" ::: "memory");
	getrusage(RUSAGE_SELF, &after);
	printf("%ld\n", after.ru_nvcsw - before.ru_nvcsw);
	return 0;
}
