// SPDX-License-Identifier: GPL-2.0
/*
 * interfaces.c: calls every ioctl and every io_uring command of the NVMe nodes, and
 * prints a line for each: what it was, what came of it.  Run with two drivers, as
 * root and as nobody, the outputs can be compared.
 *
 *	interfaces NODE r|w [UID]
 *	interfaces NODE m	metadata, written and read every way
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK 512
#define LBA   8192 /* nobody's */

static uint8_t *data; /* a page below 4 GiB, for the 32-bit calls too */
static int fd;

static uint32_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 2166136261u;

	while (len--)
		sum = (sum ^ *p++) * 16777619u;
	return sum;
}

static void result(const char *kind, const char *what, long ret, int err, uint64_t dw0)
{
	printf("%-14s %-26s ", kind, what);
	if (ret < 0)
		printf("%s\n", strerrorname_np(err) ? strerrorname_np(err) : "?");
	else
		printf("%#lx result %#llx data %08x\n", ret, (unsigned long long)dw0,
		       checksum(data, 4096));
	fflush(stdout);
}

struct command {
	const char *what;
	uint8_t opcode;
	uint32_t nsid, len, cdw10, cdw11, cdw12;
	uint8_t flags;
};

static const struct command admin[] = {
	{ "identify namespace", 6, 1, 4096, 0, 0, 0, 0 },
	{ "identify controller", 6, 0, 4096, 1, 0, 0, 0 },
	{ "identify list", 6, 0, 4096, 2, 0, 0, 0 },
	{ "identify descriptors", 6, 1, 4096, 3, 0, 0, 0 },
	{ "identify ns of a set", 6, 1, 4096, 5, 0, 0, 0 },
	{ "identify ctrl of a set", 6, 0, 4096, 6, 0, 0, 0 },
	{ "identify independent", 6, 1, 4096, 8, 0, 0, 0 },
	{ "identify allocated", 6, 0, 4096, 0x10, 0, 0, 0 },
	{ "identify controllers", 6, 0, 4096, 0x13, 0, 0, 0 },
	{ "get log, firmware", 2, ~0u, 512, 127 << 16 | 3, 0, 0, 0 },
	{ "get features, queues", 10, 0, 0, 7, 0, 0, 0 },
	{ "get features, cache", 10, 0, 0, 6, 0, 0, 0 },
	{ "set features, 04h", 9, 0, 0, 4, 0x15a, 0, 0 },
	{ "set features, 07h", 9, 0, 0, 7, 0x10001, 0, 0 },
	{ "set features, 0ch", 9, 0, 256, 0xc, 0, 0, 0 },
	{ "set features, 0dh", 9, 0, 0, 0xd, 0, 0, 0 },
	{ "set features, 0fh", 9, 0, 0, 0xf, 0, 0, 0 },
	{ "set features, 16h", 9, 0, 512, 0x16, 0, 0, 0 },
	{ "vendor command", 0xc1, 0, 0, 0, 0, 0, 0 },
	{ "fabrics command", 0x7f, 0, 0, 0, 0, 0, 0 },
	{ "no such command", 0x77, 0, 0, 0, 0, 0, 0 },
	{ "fused", 6, 0, 4096, 1, 0, 0, 1 },
	{ "no memory", 6, 0, 0, 1, 0, 0, 0 },
};

static const struct command io[] = {
	{ "write", 1, 1, 4096, LBA, 0, 7, 0 },
	{ "read", 2, 1, 4096, LBA, 0, 7, 0 },
	{ "compare", 5, 1, 4096, LBA, 0, 7, 0 },
	{ "flush", 0, 1, 0, 0, 0, 0, 0 },
	{ "write zeroes", 8, 1, 0, LBA + 64, 0, 7, 0 },
	{ "deallocate", 9, 1, 4096, 0, 4, 0, 0 },
	{ "write uncorrectable", 4, 1, 0, LBA + 64, 0, 7, 0 },
	{ "no such command", 0x30, 1, 0, 0, 0, 0, 0 },
	{ "vendor command", 0x81, 1, 0, 0, 0, 0, 0 },
	{ "fabrics command", 0x7f, 1, 0, 0, 0, 0, 0 },
	{ "beyond the end", 2, 1, 4096, ~0u, 0, 7, 0 },
	{ "another namespace", 2, 2, 4096, LBA, 0, 7, 0 },
	{ "all namespaces", 0, ~0u, 0, 0, 0, 0, 0 },
	{ "fused", 2, 1, 4096, LBA, 0, 7, 1 },
};

static void fill(const struct command *c)
{
	unsigned int i;

	for (i = 0; i < 4096; i++)
		data[i] = c->opcode == 1 || c->opcode == 5 ? (uint8_t)(i * 7 + i / 256) : 0;
}

static struct nvme_passthru_cmd64 wide(const struct command *c)
{
	return (struct nvme_passthru_cmd64){
		.opcode = c->opcode,
		.flags = c->flags,
		.nsid = c->nsid,
		.addr = c->len ? (uintptr_t)data : 0,
		.data_len = c->len,
		.cdw10 = c->cdw10,
		.cdw11 = c->cdw11,
		.cdw12 = c->cdw12,
	};
}

static void by_ioctl(const char *kind, unsigned long number, const struct command *c)
{
	struct nvme_passthru_cmd64 u64 = wide(c);
	struct nvme_passthru_cmd u32;
	int is64 = number == NVME_IOCTL_ADMIN64_CMD || number == NVME_IOCTL_IO64_CMD;
	long ret;

	memcpy(&u32, &u64, sizeof(u32));
	u32.result = 0;
	fill(c);
	ret = ioctl(fd, number, is64 ? (void *)&u64 : (void *)&u32);
	result(kind, c->what, ret, errno, is64 ? u64.result : u32.result);
}

/* After the call, which sets errno. */
#define CALL(kind, ...)                             \
	do {                                        \
		long ret_ = ioctl(fd, __VA_ARGS__); \
		result(kind, "", ret_, errno, 0);   \
	} while (0)

/* Two pieces, the second first. */
static void vectored(void)
{
	struct iovec pieces[2] = { { data + 2048, 2048 }, { data, 2048 } };
	struct nvme_passthru_cmd64 u = wide(&io[1]);
	long ret;

	u.addr = (uintptr_t)pieces;
	u.vec_cnt = 2;
	fill(&io[1]);
	ret = ioctl(fd, NVME_IOCTL_IO64_CMD_VEC, &u);
	result("IO64_CMD_VEC", "read in two pieces", ret, errno, u.result);
	u.vec_cnt = 0;
	ret = ioctl(fd, NVME_IOCTL_IO64_CMD_VEC, &u);
	result("IO64_CMD_VEC", "read in no pieces", ret, errno, 0);
}

static void submit_io(void)
{
	static const struct {
		const char *what;
		uint8_t opcode, flags;
	} cases[] = {
		{ "write", 1, 0 }, { "read", 2, 0 },	{ "compare", 5, 0 },
		{ "flush", 0, 0 }, { "flagged", 2, 1 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command c = { .opcode = cases[i].opcode };
		struct nvme_user_io u = {
			.opcode = cases[i].opcode,
			.flags = cases[i].flags,
			.nblocks = 7,
			.addr = (uintptr_t)data,
			.slba = LBA + 8,
		};
		long ret;

		fill(&c);
		ret = ioctl(fd, NVME_IOCTL_SUBMIT_IO, &u);
		result("SUBMIT_IO", cases[i].what, ret, errno, 0);
	}
}

#ifdef __x86_64__
/* As a 32-bit program calls: the kernel's compat_ioctl. */
static long ioctl32(unsigned int number, void *arg)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(54), "b"(fd), "c"(number), "d"(arg)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = ret < 0 ? (int)-ret : 0;
	return ret < 0 ? -1 : ret;
}

static void compat(void)
{
	struct nvme_user_io *u = (void *)(data + 4096);
	struct nvme_passthru_cmd64 *p = (void *)(data + 4096);
	long ret;

	fill(&io[1]);
	*u = (struct nvme_user_io){
		.opcode = 2, .nblocks = 7, .addr = (uintptr_t)data, .slba = LBA
	};
	ret = ioctl32((unsigned int)_IOC(_IOC_WRITE, 'N', 0x42, 44), u);
	result("32-bit", "SUBMIT_IO read", ret, errno, 0);
	fill(&io[1]);
	*p = wide(&io[1]);
	ret = ioctl32(NVME_IOCTL_IO64_CMD, p);
	result("32-bit", "IO64_CMD read", ret, errno, p->result);
	*p = wide(&admin[1]);
	ret = ioctl32(NVME_IOCTL_ADMIN_CMD, p);
	result("32-bit", "ADMIN_CMD identify", ret, errno, 0);
	ret = ioctl32(NVME_IOCTL_ID, NULL);
	result("32-bit", "ID", ret, errno, 0);
}
#else
static void compat(void)
{
}
#endif

/*
 * One command through a ring of its own, which may have any properties.  Returns as ioctl() does.
 */
static long ring_call(unsigned int op, const struct nvme_passthru_cmd64 *u, unsigned int flags,
		      int fixed, uint64_t *dw0)
{
	struct io_uring_params params = { .flags = flags };
	struct iovec registered = { data, 4096 };
	int r = (int)syscall(SYS_io_uring_setup, 4, &params);
	size_t sqe_size = flags & IORING_SETUP_SQE128 ? 128 : 64;
	size_t cqe_size = flags & IORING_SETUP_CQE32 ? 32 : 16;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	uint8_t *rings;
	uint32_t *tail;
	long ret;

	*dw0 = 0;
	if (r < 0)
		return -1;
	rings = mmap(NULL, params.cq_off.cqes + params.cq_entries * cqe_size,
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, params.sq_entries * sqe_size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, r, IORING_OFF_SQES);
	if (rings == MAP_FAILED || (void *)sqe == MAP_FAILED ||
	    (fixed && syscall(SYS_io_uring_register, r, IORING_REGISTER_BUFFERS, &registered, 1)))
		exit(1);
	memset(sqe, 0, sqe_size);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	sqe->uring_cmd_flags = fixed ? IORING_URING_CMD_FIXED : 0;
	memcpy((uint8_t *)sqe + 48, u,
	       flags & IORING_SETUP_SQE128 ? sizeof(struct nvme_uring_cmd) : 16);
	*(uint32_t *)(rings + params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(rings + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	ret = syscall(SYS_io_uring_enter, r, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	/* 7.2: a polled ring does not wait for what it has nothing to poll for. */
	tail = (void *)(rings + params.cq_off.tail);
	while (ret >= 0 && !__atomic_load_n(tail, __ATOMIC_ACQUIRE))
		ret = syscall(SYS_io_uring_enter, r, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (ret >= 0) {
		cqe = (void *)(rings + params.cq_off.cqes);
		if (flags & IORING_SETUP_CQE32 && cqe->res >= 0)
			memcpy(dw0, (uint8_t *)cqe + 16, sizeof(*dw0));
		ret = cqe->res < 0 ? -1 : cqe->res;
		errno = -cqe->res;
	}
	close(r);
	return ret;
}

static void ring(const char *what, unsigned int op, const struct nvme_passthru_cmd64 *u,
		 unsigned int flags, int fixed)
{
	uint64_t dw0;
	long ret = ring_call(op, u, flags, fixed, &dw0);

	result("io_uring", what, ret, errno, dw0);
}

static void by_ring(int is_ctrl)
{
	const unsigned int big = IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
	const unsigned int op = is_ctrl ? NVME_URING_CMD_ADMIN : NVME_URING_CMD_IO;
	const struct command *c = is_ctrl ? &admin[0] : &io[1];
	struct iovec pieces[2] = { { data + 2048, 2048 }, { data, 2048 } };
	struct nvme_passthru_cmd64 u;
	unsigned int i;

	for (i = 0; i < (is_ctrl ? sizeof(admin) : sizeof(io)) / sizeof(*c); i++) {
		u = wide(is_ctrl ? &admin[i] : &io[i]);
		fill(is_ctrl ? &admin[i] : &io[i]);
		ring(is_ctrl ? admin[i].what : io[i].what, op, &u, big, 0);
	}
	u = wide(c);
	fill(c);
	ring("small ring", op, &u, 0, 0);
	ring("small SQE", op, &u, IORING_SETUP_CQE32, 0);
	ring("small CQE", op, &u, IORING_SETUP_SQE128, 0);
	ring("wrong operation", op ^ 2, &u, big, 0);
	ring("unknown operation", 0x1234, &u, big, 0);
	ring("registered buffer", op, &u, big, 1);
	fill(c);
	ring("polled", op, &u, big | IORING_SETUP_IOPOLL, 0);
	fill(c);
	ring("polled, registered", op, &u, big | IORING_SETUP_IOPOLL, 1);
	u.addr += 4096;
	ring("beyond the buffer", op, &u, big, 1);
	u.addr = (uintptr_t)pieces;
	u.vec_cnt = 2;
	fill(c);
	ring("in two pieces", op + 1, &u, big, 0);
	u.addr = 16;
	u.vec_cnt = 4096;
	ring("memory not ours", op, &u, big, 0);
}

/* --- metadata, of a namespace whose blocks have 8 bytes of it each ----------------- */

#define METADATA (8 * 8)

static const char *const ways[] = { "IO_CMD", "IO64_CMD", "SUBMIT_IO", "io_uring" };

static long transfer(unsigned int way, uint8_t opcode, uint32_t nsid)
{
	struct nvme_passthru_cmd64 u64 = {
		.opcode = opcode,
		.nsid = nsid,
		.addr = (uintptr_t)data,
		.data_len = 4096,
		.metadata = (uintptr_t)data + 4096,
		.metadata_len = METADATA,
		.cdw10 = LBA,
		.cdw12 = 7,
	};
	struct nvme_passthru_cmd u32;
	struct nvme_user_io io = {
		.opcode = opcode,
		.nblocks = 7,
		.addr = u64.addr,
		.metadata = u64.metadata,
		.slba = LBA,
	};
	uint64_t dw0;

	switch (way) {
	case 0: memcpy(&u32, &u64, sizeof(u32)); return ioctl(fd, NVME_IOCTL_IO_CMD, &u32);
	case 1: return ioctl(fd, NVME_IOCTL_IO64_CMD, &u64);
	case 2: return ioctl(fd, NVME_IOCTL_SUBMIT_IO, &io);
	default:
		return ring_call(NVME_URING_CMD_IO, &u64, IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
				 0, &dw0);
	}
}

/* Written each way, other bytes each time, and read back each way. */
static int metadata(int is_generic)
{
	uint32_t nsid = (uint32_t)ioctl(fd, NVME_IOCTL_ID);
	unsigned int out, in, i, count = is_generic ? 4 : 3;
	uint8_t wanted[4096 + METADATA];
	long ret;

	for (out = 0; out < count; out++) {
		for (i = 0; i < sizeof(wanted); i++)
			wanted[i] = (uint8_t)(i * 7 + i / 256 + out * 31);
		for (in = 0; in < count; in++) {
			memcpy(data, wanted, sizeof(wanted));
			ret = transfer(out, 1, nsid);
			printf("written by %s %ld, ", ways[out], ret);
			memset(data, 0xee, sizeof(wanted));
			ret = transfer(in, 2, nsid);
			printf("read by %s %ld: blocks %s, metadata %s\n", ways[in], ret,
			       memcmp(data, wanted, 4096) ? "differ" : "same",
			       memcmp(data + 4096, wanted + 4096, METADATA) ? "differs" : "same");
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int mode = argc > 2 ? argv[2][0] : 'r';
	const char *node = argc > 1 ? argv[1] : "";
	const char *name = strrchr(node, '/') ? strrchr(node, '/') + 1 : node;
	int is_ctrl = name[0] == 'n' && !strchr(name + 2, 'n');
	int is_generic = name[1] == 'g';
	unsigned int i;

	if (argc > 3) {
		uid_t uid = (uid_t)atoi(argv[3]);

		if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			return 1;
	}
	data = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
		    0);
	fd = open(node, mode == 'r' ? O_RDONLY : O_RDWR);
	if (fd < 0 || data == MAP_FAILED) {
		printf("open: %s\n", strerrorname_np(errno));
		return 0;
	}
	if (mode == 'm')
		return metadata(is_generic);
	for (i = 0; i < sizeof(admin) / sizeof(admin[0]); i++) {
		by_ioctl("ADMIN_CMD", NVME_IOCTL_ADMIN_CMD, &admin[i]);
		by_ioctl("ADMIN64_CMD", NVME_IOCTL_ADMIN64_CMD, &admin[i]);
	}
	for (i = 0; i < sizeof(io) / sizeof(io[0]); i++) {
		by_ioctl("IO_CMD", NVME_IOCTL_IO_CMD, &io[i]);
		by_ioctl("IO64_CMD", NVME_IOCTL_IO64_CMD, &io[i]);
	}
	submit_io();
	vectored();
	compat();
	CALL("ID", NVME_IOCTL_ID);
	CALL("SUBSYS_RESET", NVME_IOCTL_SUBSYS_RESET);
	CALL("RESCAN", NVME_IOCTL_RESCAN);
	/* Not with privileges: it would take time, and is tested elsewhere. */
	if (geteuid())
		CALL("RESET", NVME_IOCTL_RESET);
	CALL("unknown", _IO('N', 0x60));
	if (is_ctrl || is_generic)
		by_ring(is_ctrl);
	return 0;
}
