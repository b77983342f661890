// SPDX-License-Identifier: GPL-2.0
/*
 * alloc-io.c NODE: does each kind of I/O that the node knows again and again, with the first
 * allocation on its way failing, then the second, until there is none left to fail
 * (Documentation/fault-injection/, /proc/self/fail-nth). Each must end well or with ENOMEM,
 * and data that ended well must be right.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/nvme_ioctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LARGE (128u << 10)
#define PLACE (8u << 20) /* bytes from the start of the disk */
#define LBA   (PLACE / 512)

static uint8_t *data; /* as the disk should have it */
static uint8_t *buffer;
static int fd, fault;

/* --- the ways ------------------------------------------------------------------------ */

static long block(bool write, unsigned int size)
{
	return write ? pwrite(fd, buffer, size, PLACE) : pread(fd, buffer, size, PLACE);
}

/* In pieces that no PRP list could hold. */
static long pieces(bool write, unsigned int size)
{
	struct iovec vec[8];

	for (unsigned int i = 0; i < 8; i++)
		vec[i] = (struct iovec){ buffer + i * size / 8, size / 8 };
	return write ? pwritev(fd, vec, 8, PLACE) : preadv(fd, vec, 8, PLACE);
}

static struct nvme_passthru_cmd64 io_command(bool write, unsigned int size)
{
	return (struct nvme_passthru_cmd64){
		.opcode = write ? 1 : 2,
		.nsid = 1,
		.addr = (uintptr_t)buffer,
		.data_len = size,
		.cdw10 = LBA,
		.cdw12 = size / 512 - 1,
	};
}

static long passthrough(bool write, unsigned int size)
{
	struct nvme_passthru_cmd64 command = io_command(write, size);
	long ret = ioctl(fd, NVME_IOCTL_IO64_CMD, &command);

	return ret ? ret : size;
}

static long submit_io(bool write, unsigned int size)
{
	struct nvme_user_io io = {
		.opcode = write ? 1 : 2,
		.nblocks = size / 512 - 1,
		.addr = (uintptr_t)buffer,
		.slba = LBA,
	};
	long ret = ioctl(fd, NVME_IOCTL_SUBMIT_IO, &io);

	return ret ? ret : size;
}

static long vectored(bool write, unsigned int size)
{
	struct iovec vec[2] = { { buffer, size / 2 }, { buffer + size / 2, size / 2 } };
	struct nvme_passthru_cmd64 command = io_command(write, size);
	long ret;

	command.addr = (uintptr_t)vec;
	command.vec_cnt = 2;
	ret = ioctl(fd, NVME_IOCTL_IO64_CMD_VEC, &command);
	return ret ? ret : size;
}

static struct {
	int fd;
	uint8_t *rings, *sqes;
	struct io_uring_params params;
} ring;

static void open_ring(void)
{
	ring.params.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &ring.params);
	if (ring.fd < 0)
		return;
	ring.rings = mmap(NULL, ring.params.cq_off.cqes + ring.params.cq_entries * 32,
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
			  IORING_OFF_SQ_RING);
	ring.sqes = mmap(NULL, ring.params.sq_entries * 128, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
	if (ring.rings == MAP_FAILED || ring.sqes == MAP_FAILED)
		exit(2);
}

/* The kernel sets aside memory of its own for the first requests: a new ring each time. */
static long by_ring(unsigned int operation, struct nvme_passthru_cmd64 *command)
{
	struct io_uring_sqe *sqe = (void *)ring.sqes;
	struct io_uring_cqe *cqe = (void *)(ring.rings + ring.params.cq_off.cqes);

	memset(sqe, 0, 128);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = operation;
	memcpy((uint8_t *)sqe + 48, command, sizeof(struct nvme_uring_cmd));
	*(uint32_t *)(ring.rings + ring.params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(ring.rings + ring.params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	if (cqe->res < 0)
		errno = -cqe->res;
	else if (cqe->res > 0)
		errno = EIO;
	return cqe->res ? -1 : 0;
}

static long uring_io(bool write, unsigned int size)
{
	struct nvme_passthru_cmd64 command = io_command(write, size);
	long ret = by_ring(NVME_URING_CMD_IO, &command);

	return ret ? ret : size;
}

static struct nvme_passthru_cmd64 identify(void)
{
	return (struct nvme_passthru_cmd64){
		.opcode = 6, .addr = (uintptr_t)buffer, .data_len = 4096, .cdw10 = 1
	};
}

static long admin(bool write, unsigned int size)
{
	struct nvme_passthru_cmd64 command = identify();
	long ret = ioctl(fd, NVME_IOCTL_ADMIN64_CMD, &command);

	(void)write;
	return ret ? ret : size;
}

static long uring_admin(bool write, unsigned int size)
{
	struct nvme_passthru_cmd64 command = identify();
	long ret = by_ring(NVME_URING_CMD_ADMIN, &command);

	(void)write;
	return ret ? ret : size;
}

enum { BLOCK = 1, GENERIC = 2, CONTROLLER = 4, RING = 8 };

static const struct {
	const char *what;
	long (*way)(bool write, unsigned int size);
	unsigned int nodes;
} ways[] = {
	{ "read and write", block, BLOCK },
	{ "readv and writev", pieces, BLOCK },
	{ "IO64_CMD", passthrough, BLOCK | GENERIC },
	{ "SUBMIT_IO", submit_io, BLOCK | GENERIC },
	{ "IO64_CMD_VEC", vectored, BLOCK | GENERIC },
	{ "io_uring", uring_io, GENERIC | RING },
	{ "ADMIN64_CMD", admin, BLOCK | GENERIC | CONTROLLER },
	{ "io_uring, admin", uring_admin, CONTROLLER | RING },
};

/* --- the faults ---------------------------------------------------------------------- */

static void fail_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fault, text, len, 0) != len) {
		perror("alloc-io: /proc/self/fail-nth");
		exit(2);
	}
}

/* 0: the failure that was asked for has happened. */
static unsigned int left(void)
{
	char text[16] = "";

	if (pread(fault, text, sizeof(text) - 1, 0) < 0)
		exit(2);
	return strtoul(text, NULL, 10);
}

/* How often it went wrong as it may not. */
static unsigned int sweep(unsigned int w, bool write, unsigned int size)
{
	bool is_admin = ways[w].way == admin || ways[w].way == uring_admin;
	unsigned int refused = 0, wrong = 0, n, remaining;
	int err;

	for (n = 1;; n++) {
		long ret;

		if (ways[w].nodes & RING)
			open_ring();
		if (write)
			memcpy(buffer, data, size);
		else
			memset(buffer, 0x5a, size);
		fail_nth(n);
		ret = ways[w].way(write, size);
		err = errno;
		remaining = left();
		fail_nth(0);
		if (ways[w].nodes & RING)
			close(ring.fd);
		if (ret < 0 && err == ENOMEM) {
			refused++;
		} else if (ret != (long)size) {
			printf("%s, %s of %u, allocation %u: %ld, %s\n", ways[w].what,
			       write ? "write" : "read", size, n, ret, strerror(err));
			wrong++;
		} else if (!write && !is_admin && memcmp(buffer, data, size)) {
			printf("%s, read of %u, allocation %u: other data\n", ways[w].what, size,
			       n);
			wrong++;
		}
		if (remaining)
			break;
	}
	printf("%-18s %-5s %6u: %u allocations failed, %u calls with them\n", ways[w].what,
	       write ? "write" : "read", size, n - 1, refused);
	return wrong;
}

int main(int argc, char **argv)
{
	const char *node = argc == 2 ? argv[1] : "";
	unsigned int wrong = 0, mine = strstr(node, "/ng")	? GENERIC
				       : strstr(node + 6, "n1") ? BLOCK
								: CONTROLLER;

	fd = open(node, mine == BLOCK ? O_RDWR | O_DIRECT : O_RDWR);
	fault = open("/proc/self/fail-nth", O_RDWR);
	if (fd < 0 || fault < 0 || posix_memalign((void **)&buffer, 4096, LARGE) ||
	    posix_memalign((void **)&data, 4096, LARGE)) {
		perror("alloc-io");
		return 2;
	}
	for (unsigned int i = 0; i < LARGE; i++)
		data[i] = i * 7 + i / 251;
	for (unsigned int w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		if (!(ways[w].nodes & mine))
			continue;
		if (ways[w].nodes & CONTROLLER) {
			wrong += sweep(w, false, 4096);
			continue;
		}
		/* What is read must have been written: twice the size, then back. */
		wrong += sweep(w, true, LARGE) + sweep(w, false, LARGE);
		wrong += sweep(w, true, 4096) + sweep(w, false, 4096);
	}
	return wrong ? 1 : 0;
}
