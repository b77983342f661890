// SPDX-License-Identifier: GPL-2.0
/*
 * iobench DISK DEPTH BYTES COUNT [poll|settle]: random reads of BYTES, from a fixed seed, between
 * the marks of insncount.c. Depth 1 is a loop of pread, a greater one is kept by
 * io_uring; with `poll` it looks for completions itself. COUNT / 4 reads come before, so
 * that caches, tags and lists are as they stay. With `settle` it sleeps before the reads that
 * count, and before the last mark: what a recorder puts off is in the figure, and what it had put
 * off before is not.
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
#include <unistd.h>
#include <linux/fs.h>

static int fd;
static unsigned int depth, bytes;
static uint64_t places;
static char *memory;
/* No recorder puts off for longer. */
#define SETTLE_US 1600000

static bool poll_mode, settle;
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

static void read_one_by_one(unsigned int count)
{
	while (count--)
		if (pread(fd, memory, bytes, place()) != (ssize_t)bytes)
			die("pread");
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

static void read_many(unsigned int count)
{
	unsigned int sent = 0, done = 0;

	while (done < count) {
		for (; sent < count && sent - done < depth; sent++)
			io_uring_prep_read(io_uring_get_sqe(&ring), fd,
					   memory + sent % depth * bytes, bytes, place());
		done += reap(1);
	}
}

/*
 * Polled: all at once, and looked for when they are there. How often a look finds nothing
 * would else be in the figure, and depends on the machine that QEMU runs on.
 */
static void read_polled(unsigned int count)
{
	for (unsigned int done = 0; done < count; done += depth) {
		for (unsigned int i = 0; i < depth; i++)
			io_uring_prep_read(io_uring_get_sqe(&ring), fd, memory + i * bytes, bytes,
					   place());
		if (io_uring_submit(&ring) != (int)depth)
			die("io_uring_submit");
		usleep(1000);
		reap(depth);
	}
}

static void run(unsigned int count)
{
	if (poll_mode)
		read_polled(count);
	else if (depth == 1)
		read_one_by_one(count);
	else
		read_many(count);
}

int main(int argc, char **argv)
{
	unsigned int count;
	uint64_t size;

	if (argc < 5) {
		fprintf(stderr, "usage: iobench DISK DEPTH BYTES COUNT [poll|settle]\n");
		return 2;
	}
	depth = atoi(argv[2]);
	bytes = atoi(argv[3]);
	count = atoi(argv[4]);
	poll_mode = argc > 5 && !strcmp(argv[5], "poll");
	settle = argc > 5 && !strcmp(argv[5], "settle");
	fd = open(argv[1], O_RDONLY | O_DIRECT);
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
	__asm__ volatile(".byte 0x66, 0x87, 0xdb" ::: "memory");
	run(count);
	if (settle)
		usleep(SETTLE_US);
	__asm__ volatile(".byte 0x66, 0x87, 0xd2" ::: "memory");
	return 0;
}
