// SPDX-License-Identifier: GPL-2.0
/*
 * badinput.c: ioctls and io_uring commands that no sane program makes, on an NVMe
 * node: numbers, structures, addresses and lengths by chance, from a seed.  Prints a
 * line for each, what it was and what came of it, so that two drivers can be compared.
 *
 *	badinput NODE r|w SEED CALLS [MOST]
 *
 * Chance chooses among opcodes that do no lasting harm: nothing here formats,
 * deletes a queue, resets, or changes a feature.
 *
 * Calls that bring more than MOST bytes are told of and not made: for drivers whose kernel
 * would take all memory for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/nvme_ioctl.h>
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

#define AREA (1u << 20) /* memory that commands may use */

static uint8_t *area;
static uint64_t state;
static int fd, is_ctrl, is_generic;
static uint64_t most = UINT64_MAX;

/* splitmix64: the same on every machine. */
static uint64_t chance(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(chance() % n);
}

#define ONE_OF(array) ((array)[below(sizeof(array) / sizeof((array)[0]))])

/* Flush, Write, Read, Compare, Write Zeroes, Verify, and some that do not exist. */
static const uint8_t io_opcodes[] = { 0, 1, 2, 2, 2, 5, 8, 0x0c, 0x30, 0x6f };
/* Get Log Page, Identify, Get Features, and some that do not exist. */
static const uint8_t admin_opcodes[] = { 2, 6, 6, 6, 0x0a, 0x0a, 0x77, 0x3f };

/* Addresses: well placed, at odd ones, at an end, nowhere, the kernel's. */
static uint64_t an_address(void)
{
	switch (below(10)) {
	case 0: return 0;
	case 1: return 0xffff888000001000ull;
	case 2: return 0x0000deadbeef0000ull;
	case 3: return (uintptr_t)area + AREA - 512; /* runs over the end */
	case 4: return (uintptr_t)area + below(4096);
	case 5: return (uintptr_t)area + 4 * below(1024);
	case 6: return ~0ull;
	default: return (uintptr_t)area;
	}
}

static uint32_t a_length(void)
{
	static const uint32_t lengths[] = {
		0,     1,      3,	   4,		511,	     512,	 513,	     4096,
		4096,  8192,   65536,	   131072,	524288,	     AREA,	 AREA + 512, 4095,
		12288, 262144, 0x7fffffff, 0x7fffffffu, 0xfffff000u, 0xffffffffu
	};

	return ONE_OF(lengths);
}

static uint32_t a_metadata_length(void)
{
	static const uint32_t lengths[] = { 0, 0, 0, 0, 8, 64, 512, 4096, 0xffffffffu };

	return ONE_OF(lengths);
}

static uint32_t a_namespace(void)
{
	static const uint32_t ids[] = { 1, 1, 1, 1, 0, 2, 3, 0xffffffffu, 0xfffffffeu };

	return ONE_OF(ids);
}

static uint64_t a_block(void)
{
	static const uint64_t blocks[] = { 0,	   8,		1024,	    131071,
					   131072, 0xffffffffu, 1ull << 63, ~0ull };

	return ONE_OF(blocks);
}

/*
 * The device takes a whole block, however little there is: the rest would be memory that is nobody's, and
 * what of it is written or compared is chance.
 */
static uint8_t take_no_less(uint8_t opcode, uint64_t bytes)
{
	return (opcode == 1 || opcode == 5) && bytes < 512 ? 2 : opcode;
}

/* What the device finishes in its own time, and with an outcome of its own, is not asked. */
static void harmless(struct nvme_passthru_cmd64 *c, int admin)
{
	uint64_t slba = a_block();

	memset(c, 0, sizeof(*c));
	c->opcode = admin ? ONE_OF(admin_opcodes) : ONE_OF(io_opcodes);
	c->flags = below(8) ? 0 : (uint8_t)chance();
	c->rsvd1 = below(8) ? 0 : (uint16_t)chance();
	c->nsid = a_namespace();
	c->metadata = below(4) ? 0 : an_address();
	c->addr = an_address();
	c->metadata_len = a_metadata_length();
	c->data_len = a_length();
	c->timeout_ms = below(4) ? 0 : 60000 + below(1000);
	c->cdw10 = (uint32_t)slba;
	c->cdw11 = (uint32_t)(slba >> 32);
	/*
	 * The device goes by NLB, the kernel by the length: more than the kernel mapped would
	 * be memory of anybody.  Without any it is a block at address 0, which nobody has.
	 */
	c->cdw12 = c->addr && c->data_len >= 512 ? (c->data_len / 512 - 1) & 0xffff : 0;
	/* and there may be 8 bytes of metadata for each block */
	if (c->metadata_len && c->metadata_len < 4096)
		c->metadata_len = (c->cdw12 + 1) * 8;
	if (c->metadata_len == 4096 && c->cdw12 >= 512)
		c->metadata_len = 0;
	if (!admin) {
		c->opcode = take_no_less(c->opcode, c->data_len);
		return;
	}
	c->cdw11 = c->cdw12 = 0;
	if (c->opcode == 2) {
		/* the firmware and effects logs: SMART counts what happens here */
		c->cdw10 = (below(2) ? 3 : 5) |
			   ((c->addr && c->data_len >= 4 ? c->data_len / 4 - 1 : 0) & 0xffff) << 16;
	} else if (c->opcode == 6) {
		c->cdw10 =
			ONE_OF(((const uint32_t[]){ 0, 1, 2, 3, 5, 6, 8, 0x10, 0x13, 0x20, 0xff }));
	} else {
		c->cdw10 = ONE_OF(((const uint32_t[]){ 1, 2, 4, 6, 7, 0x1f, 0xbf }));
	}
	/*
	 * What is longer than two pages has a PRP list: a device that moves less would take it
	 * for the second page, and write there.
	 */
	if (c->opcode == 6 && c->data_len)
		c->data_len = 4096;
	if (c->opcode == 2 && c->data_len > 4096 && c->data_len < AREA)
		c->data_len = 4096;
}

static const char *name_of(int err)
{
	return strerrorname_np(err) ? strerrorname_np(err) : "?";
}

static void outcome(long ret, int err, uint64_t result)
{
	if (ret < 0)
		printf("%s\n", name_of(err));
	else
		printf("%#lx %#llx\n", ret, (unsigned long long)result);
}

static void describe(const char *what, const struct nvme_passthru_cmd64 *c)
{
	/* addresses differ from run to run; where they lie does not */
	long long at = (long long)(c->addr - (uintptr_t)area);
	long long meta = (long long)(c->metadata - (uintptr_t)area);
	char where[2][24];

	snprintf(where[0], 24, "%s%llx", at < 0 || at > AREA ? "" : "+",
		 at < 0 || at > AREA ? (long long)c->addr : at);
	snprintf(where[1], 24, "%s%llx", meta < 0 || meta > AREA ? "" : "+",
		 meta < 0 || meta > AREA ? (long long)c->metadata : meta);
	printf("%s op %#x flags %#x rsvd %#x nsid %#x addr %s/%#x meta %s/%#x cdw10 %#x %#x %#x -> ",
	       what, c->opcode, c->flags, c->rsvd1, c->nsid, where[0], c->data_len, where[1],
	       c->metadata_len, c->cdw10, c->cdw11, c->cdw12);
	fflush(stdout);
}

/* Does it bring too much for this kernel?  Then the line ends here. */
static int is_too_much(uint64_t bytes)
{
	if (bytes > most)
		printf("not made\n");
	return bytes > most;
}

/* --- the calls ------------------------------------------------------------------- */

static void passthru(void)
{
	static const struct {
		const char *name;
		unsigned long number;
		int admin, is64;
	} calls[] = {
		{ "ADMIN_CMD", NVME_IOCTL_ADMIN_CMD, 1, 0 },
		{ "ADMIN64_CMD", NVME_IOCTL_ADMIN64_CMD, 1, 1 },
		{ "IO_CMD", NVME_IOCTL_IO_CMD, 0, 0 },
		{ "IO64_CMD", NVME_IOCTL_IO64_CMD, 0, 1 },
	};
	unsigned int i = below(4);
	struct nvme_passthru_cmd64 wide;
	struct nvme_passthru_cmd narrow;
	long ret;

	harmless(&wide, calls[i].admin);
	memcpy(&narrow, &wide, sizeof(narrow));
	narrow.result = 0;
	describe(calls[i].name, &wide);
	if (is_too_much(wide.data_len))
		return;
	ret = ioctl(fd, calls[i].number, calls[i].is64 ? (void *)&wide : (void *)&narrow);
	outcome(ret, errno, calls[i].is64 ? wide.result : narrow.result);
}

/* Vectors: too many, of no length, of lengths that add up to more than there may be. */
static struct iovec pieces[2048];

static uint64_t bytes_of(const struct nvme_passthru_cmd64 *c)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < c->vec_cnt && i < 2048; i++)
		bytes = bytes + pieces[i].iov_len < bytes ? UINT64_MAX : bytes + pieces[i].iov_len;
	return bytes;
}

static void vectors(struct nvme_passthru_cmd64 *c)
{
	static const uint32_t counts[] = { 0,	 1,    2,    3,		 16,	     128,
					   1024, 1025, 2048, 0x7fffffff, 0xffffffffu };
	uint32_t n = ONE_OF(counts), i;
	uint32_t each = ONE_OF(((const uint32_t[]){ 512, 4096, 4, 0, 513 }));

	for (i = 0; i < 2048; i++) {
		pieces[i].iov_base = area + i % 256 * 4096;
		pieces[i].iov_len = each;
	}
	if (below(3) == 0)
		pieces[below(3)].iov_base = (void *)(uintptr_t)an_address();
	if (below(5) == 0)
		pieces[below(3)].iov_len = below(2) ? (size_t)-1 : 1ull << 40;
	c->addr = below(6) ? (uintptr_t)pieces : an_address();
	if (!c->addr)
		n = 0;
	c->vec_cnt = n;
	c->metadata = 0;
	c->metadata_len = 0;
	/* the device transfers what NLB says: not more than the vectors have */
	c->opcode = take_no_less(below(2) ? 2 : 5, (uint64_t)n * each);
	/* no block ends where the vectors do: see harmless() */
	if ((uint64_t)n * each % 512 && (uint64_t)n * each > 4096)
		c->opcode = 0x30;
	c->cdw12 = n && n <= 1024 && (uint64_t)n * each >= 512
			   ? (uint32_t)((uint64_t)n * each / 512 - 1) & 0xffff
			   : 0;
}

static void vectored(void)
{
	struct nvme_passthru_cmd64 c;
	long ret;

	harmless(&c, 0);
	vectors(&c);
	printf("IO64_CMD_VEC vectors %#x of %#zx %#zx nsid %#x flags %#x nlb %#x slba %#x %#x -> ",
	       c.vec_cnt, pieces[0].iov_len, pieces[1].iov_len, c.nsid, c.flags, c.cdw12, c.cdw10,
	       c.cdw11);
	fflush(stdout);
	if (is_too_much(bytes_of(&c)))
		return;
	ret = ioctl(fd, NVME_IOCTL_IO64_CMD_VEC, &c);
	outcome(ret, errno, c.result);
}

static void submit_io(void)
{
	static const uint8_t opcodes[] = { 0, 1, 2, 2, 5, 5, 8, 0x30, 0xff };
	struct nvme_user_io u = {
		.opcode = ONE_OF(opcodes),
		.flags = below(4) ? 0 : (uint8_t)chance(),
		.control = below(4) ? 0 : (uint16_t)chance(),
		.nblocks = ONE_OF(((const uint16_t[]){ 0, 1, 7, 255, 256, 1023, 0xffff })),
		.rsvd = below(4) ? 0 : (uint16_t)chance(),
		.metadata = below(3) ? 0 : an_address(),
		.addr = an_address(),
		.slba = a_block(),
		.dsmgmt = below(4) ? 0 : (uint32_t)chance(),
		.apptag = (uint16_t)chance(),
	};
	long ret;

	if (!u.addr)
		u.nblocks = 0;
	printf("SUBMIT_IO op %#x flags %#x control %#x nlb %#x addr %s%llx meta %d slba %#llx -> ",
	       u.opcode, u.flags, u.control, u.nblocks, u.addr - (uintptr_t)area < AREA ? "+" : "",
	       (unsigned long long)(u.addr - (uintptr_t)area < AREA ? u.addr - (uintptr_t)area
								    : u.addr),
	       u.metadata != 0, (unsigned long long)u.slba);
	fflush(stdout);
	ret = ioctl(fd, NVME_IOCTL_SUBMIT_IO, &u);
	outcome(ret, errno, 0);
}

/*
 * Any number near ours, with any direction and size, and an argument that may lie
 * anywhere.  Resets (44h, 45h) and rescans (46h) are not sent, whatever their number's
 * other bits; a structure, where one is read, is all zeroes with an opcode that is not.
 */
static void numbers(void)
{
	unsigned int nr = 0x40 + below(16);
	unsigned int size = ONE_OF(((const unsigned int[]){ 0, 1, 44, 48, 72, 80, 96, 4096 }));
	unsigned int number = _IOC(below(4), below(8) ? 'N' : below(256), nr, size);
	uint64_t where =
		ONE_OF(((const uint64_t[]){ 0, 8, ~0ull, 0xffff888000000000ull, 0x1000, 1 }));
	struct nvme_passthru_cmd64 *c = (void *)(area + 512);
	long ret;

	if (nr >= 0x44 && nr <= 0x46)
		number = _IOC(_IOC_READ, 'N', nr, 4);
	if (below(2)) {
		memset(c, 0, 512);
		c->opcode = 0x77;
		c->nsid = 1;
		where = (uintptr_t)c;
	}
	printf("number %#x argument %s -> ", number,
	       where == (uintptr_t)c ? "there"
	       : where		     ? "bad"
				     : "none");
	fflush(stdout);
	ret = ioctl(fd, number, where);
	outcome(ret, errno, 0);
}

/* One command in a ring of any properties, its SQE filled by chance around it. */
static void ring(void)
{
	static const unsigned int setups[] = {
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | IORING_SETUP_IOPOLL,
		IORING_SETUP_SQE128,
		IORING_SETUP_CQE32,
		0,
	};
	struct io_uring_params params = { .flags = ONE_OF(setups) };
	unsigned int op = ONE_OF(((const unsigned int[]){
		NVME_URING_CMD_IO, NVME_URING_CMD_IO, NVME_URING_CMD_IO_VEC, NVME_URING_CMD_ADMIN,
		NVME_URING_CMD_ADMIN_VEC, NVME_IOCTL_IO_CMD, 0, ~0u }));
	int vec = op == NVME_URING_CMD_IO_VEC || op == NVME_URING_CMD_ADMIN_VEC;
	int admin = op == NVME_URING_CMD_ADMIN || op == NVME_URING_CMD_ADMIN_VEC;
	uint32_t flags = below(4) ? 0 : ONE_OF(((const uint32_t[]){ 1, 2, 4, 1u << 31, ~0u }));
	size_t sqe_size = params.flags & IORING_SETUP_SQE128 ? 128 : 64;
	size_t cqe_size = params.flags & IORING_SETUP_CQE32 ? 32 : 16;
	struct iovec registered = { area, 65536 };
	struct nvme_passthru_cmd64 c;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	uint8_t *rings;
	size_t ring_size;
	int r;

	harmless(&c, admin);
	if (vec)
		vectors(&c);
	if (admin && vec)
		c.opcode = 0x77;
	r = (int)syscall(SYS_io_uring_setup, 2, &params);
	if (r < 0) {
		printf("ring of flags %#x -> %s\n", params.flags, name_of(errno));
		return;
	}
	ring_size = params.cq_off.cqes + params.cq_entries * cqe_size;
	rings = mmap(NULL, ring_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r,
		     IORING_OFF_SQ_RING);
	sqe = mmap(NULL, params.sq_entries * sqe_size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, r, IORING_OFF_SQES);
	if (rings == MAP_FAILED || (void *)sqe == MAP_FAILED)
		exit(1);
	if (below(2) && syscall(SYS_io_uring_register, r, IORING_REGISTER_BUFFERS, &registered, 1))
		exit(1);
	memset(sqe, 0, sqe_size);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	sqe->uring_cmd_flags = flags;
	sqe->buf_index = below(8) ? 0 : (uint16_t)below(3);
	/* a short SQE ends in the middle of the command */
	memcpy((uint8_t *)sqe + 48, &c, sqe_size == 128 ? sizeof(struct nvme_uring_cmd) : 16);
	*(uint32_t *)(rings + params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(rings + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	printf("ring %#x op %#x flags %#x index %u ", params.flags, op, flags, sqe->buf_index);
	describe(vec ? "vectored" : "plain", &c);
	if (is_too_much(vec ? bytes_of(&c) : c.data_len)) {
		/* closed with its ring */
	} else if (syscall(SYS_io_uring_enter, r, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) {
		printf("enter: %s\n", name_of(errno));
	} else {
		/* polled, it may return without */
		while (!__atomic_load_n((uint32_t *)(rings + params.cq_off.tail), __ATOMIC_ACQUIRE))
			syscall(SYS_io_uring_enter, r, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
		cqe = (void *)(rings + params.cq_off.cqes);
		outcome(cqe->res < 0 ? -1 : cqe->res, -cqe->res, 0);
	}
	munmap(rings, ring_size);
	munmap(sqe, params.sq_entries * sqe_size);
	close(r);
}

int main(int argc, char **argv)
{
	void (*const calls[])(void) = { passthru,  passthru, passthru, passthru, vectored,
					submit_io, numbers,  ring,     ring,	 ring };
	unsigned long n, seed;
	const char *name;

	if (argc != 5 && argc != 6)
		return 2;
	name = strrchr(argv[1], '/') + 1;
	is_ctrl = name[0] == 'n' && !strchr(name + 1, 'n');
	is_generic = name[1] == 'g';
	seed = strtoul(argv[3], NULL, 0);
	if (argc == 6)
		most = strtoull(argv[5], NULL, 0);
	/* with nothing behind it: a length too many faults */
	area = mmap(NULL, AREA + 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	fd = open(argv[1], argv[2][0] == 'w' ? O_RDWR : O_RDONLY);
	if (fd < 0 || area == MAP_FAILED || mprotect(area + AREA, 4096, PROT_NONE)) {
		perror(argv[1]);
		return 1;
	}
	for (n = 0; n < strtoul(argv[4], NULL, 0); n++) {
		unsigned int which;

		/* each call has a seed of its own, by which it can be made alone */
		state = (uint64_t)seed << 32 | n;
		which = below(10);
		/* disks have no rings */
		if (which >= 7 && !is_ctrl && !is_generic)
			which -= 7;
		memset(area, 0, AREA);
		printf("%lu ", n);
		calls[which]();
	}
	return 0;
}
