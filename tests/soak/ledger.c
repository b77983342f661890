// SPDX-License-Identifier: GPL-2.0
/*
 * ledger: writes, reads and flushes disks under all kinds of trouble, and keeps account
 * of what each block may hold.
 *
 *	ledger [-s SEED] [-t THREADS] [-p PAUSE-US] SECONDS SERIAL:NSID...
 *
 * Every block of 4 KiB carries its own number, the disk it belongs to and the number of
 * the write that made it. The account of a block is two such numbers:
 *
 *	acked	the last write that was acknowledged
 *	latest	the last that was tried; those in between failed
 *
 * A block may hold any write from acked to latest: a failed one may have been done or
 * not. Once it was read it is known, and from then on must stay what it is until written
 * again: a write that comes late, twice, or in the wrong place shows.
 *
 * A disk is known by its controller's serial number and its namespace's number, and is
 * looked for again whenever an I/O failed. SIGTERM ends the trouble: then every block is read
 * once more. Exit: 0 if every block was what it may be, else 1.
 */
#define _GNU_SOURCE /* O_DIRECT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>

#define BLOCK	   4096u
#define MAX_BLOCKS 48u /* of one I/O */
#define MAX_DISKS  8
#define PATIENCE   120 /* s for a disk to come back in the end */

struct account {
	uint32_t acked, latest;
};

struct disk {
	const char *serial;
	unsigned int nsid;
	uint64_t blocks;
	struct account *accounts;
};

struct thread {
	pthread_t id;
	struct disk *disk;
	unsigned int number;
	uint64_t first, count; /* the blocks that are its own */
	uint32_t writes;       /* number of the last write */
	uint64_t random;
	unsigned char *buffer;
	int fd;
};

static atomic_bool stop;
static atomic_ulong done[3], failed[3], reopened, wrong;
static const char *const names[] = { "reads", "writes", "flushes" };
enum { READ, WRITE, FLUSH };
static unsigned int pause_us = 500;

static void end(int signal)
{
	(void)signal;
	stop = true;
}

static void complain(const struct thread *t, uint64_t block, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void complain(const struct thread *t, uint64_t block, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (atomic_fetch_add(&wrong, 1) < 50)
		printf("wrong: %s:%u block %" PRIu64 ": %s\n", t->disk->serial, t->disk->nsid,
		       block, text);
}

/* xorshift64*: any state but 0 */
static uint64_t random_of(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool got = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, " \n")] = 0;
	return got;
}

/* -1 if it is not there now. */
static int open_disk(const struct disk *disk)
{
	char path[320], line[64];
	struct dirent *entry;
	int fd = -1;
	DIR *dir;

	dir = opendir("/sys/block");
	while (dir && fd < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/block/%s/nsid", entry->d_name);
		if (!read_line(path, line, sizeof(line)) || strtoul(line, NULL, 10) != disk->nsid)
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/device/serial", entry->d_name);
		if (!read_line(path, line, sizeof(line)) || strcmp(line, disk->serial))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return fd;
}

static void sleep_us(unsigned int us)
{
	struct timespec time = { us / 1000000, us % 1000000 * 1000l };

	nanosleep(&time, NULL);
}

/* @seconds: for how long to look.  0: until all is over. */
static bool reopen(struct thread *t, unsigned int seconds)
{
	unsigned int tries = 0;

	if (t->fd >= 0)
		close(t->fd);
	while ((t->fd = open_disk(t->disk)) < 0) {
		if (seconds ? ++tries > seconds * 20 : stop)
			return false;
		sleep_us(50000);
	}
	reopened++;
	return true;
}

/* --- what a block holds ------------------------------------------------------------- */

static void fill(const struct thread *t, uint64_t block, uint32_t write, uint64_t *words)
{
	uint64_t state =
		(block << 32 | write) ^ (uint64_t)t->disk->nsid << 56 ^ 0x9e3779b97f4a7c15ull;

	words[0] = block;
	words[1] = write;
	words[2] = t->disk->nsid;
	for (unsigned int i = 3; i < BLOCK / 8; i++)
		words[i] = random_of(&state);
}

static bool is_zero(const uint64_t *words)
{
	for (unsigned int i = 0; i < BLOCK / 8; i++)
		if (words[i])
			return false;
	return true;
}

static void examine(struct thread *t, uint64_t block, const uint64_t *words)
{
	struct account *account = &t->disk->accounts[block];
	uint64_t expected[BLOCK / 8];
	uint32_t write = words[1];

	if (!is_zero(words)) {
		fill(t, block, write, expected);
		if (memcmp(words, expected, BLOCK)) {
			complain(t, block,
				 "holds data of no write of its own: words %#" PRIx64 " %#" PRIx64
				 " %#" PRIx64,
				 words[0], words[1], words[2]);
			return;
		}
	}
	if (write < account->acked || write > account->latest)
		complain(t, block, "holds write %u, may hold %u to %u", write, account->acked,
			 account->latest);
	account->acked = account->latest = write;
}

/* --- I/O ---------------------------------------------------------------------------- */

static bool account_for(unsigned int operation, bool well)
{
	atomic_fetch_add(well ? &done[operation] : &failed[operation], 1);
	return well;
}

static bool read_blocks(struct thread *t, uint64_t block, unsigned int count)
{
	ssize_t size = count * BLOCK;

	if (!account_for(READ, pread(t->fd, t->buffer, size, block * BLOCK) == size))
		return false;
	for (unsigned int i = 0; i < count; i++)
		examine(t, block + i, (uint64_t *)(t->buffer + i * BLOCK));
	return true;
}

static bool write_blocks(struct thread *t, uint64_t block, unsigned int count)
{
	struct account *accounts = t->disk->accounts + block;
	ssize_t size = count * BLOCK;

	t->writes++;
	for (unsigned int i = 0; i < count; i++) {
		fill(t, block + i, t->writes, (uint64_t *)(t->buffer + i * BLOCK));
		accounts[i].latest = t->writes;
	}
	if (!account_for(WRITE, pwrite(t->fd, t->buffer, size, block * BLOCK) == size))
		return false;
	for (unsigned int i = 0; i < count; i++)
		accounts[i].acked = t->writes;
	return true;
}

static bool one(struct thread *t)
{
	uint64_t choice = random_of(&t->random);
	unsigned int count = 1 + (choice & 1 ? 0 : choice / 2 % MAX_BLOCKS);
	uint64_t block = t->first + random_of(&t->random) % (t->count - count);

	switch (choice % 100) {
	case 0 ... 59: return write_blocks(t, block, count);
	case 60 ... 95: return read_blocks(t, block, count);
	default: return account_for(FLUSH, fdatasync(t->fd) == 0);
	}
}

/* In the end, every block; one at a time where several cannot be read. */
static void examine_all(struct thread *t)
{
	uint64_t bad = 0, last = t->first + t->count;

	if (!reopen(t, PATIENCE)) {
		complain(t, t->first, "the disk never came back");
		return;
	}
	for (uint64_t block = t->first; block < last; block += MAX_BLOCKS) {
		unsigned int count = last - block < MAX_BLOCKS ? last - block : MAX_BLOCKS;

		if (read_blocks(t, block, count))
			continue;
		for (unsigned int i = 0; i < count; i++)
			bad += !read_blocks(t, block + i, 1);
	}
	if (bad)
		printf("%s:%u: %" PRIu64 " blocks from %" PRIu64 " on cannot be read\n",
		       t->disk->serial, t->disk->nsid, bad, t->first);
}

static void *work(void *data)
{
	struct thread *t = data;

	while (!stop) {
		if (t->fd < 0 || !one(t)) {
			sleep_us(20000);
			if (!reopen(t, 0))
				break;
		}
		sleep_us(random_of(&t->random) % (2 * pause_us + 1));
	}
	examine_all(t);
	return NULL;
}

/* --- the whole ---------------------------------------------------------------------- */

static void die(const char *what)
{
	fprintf(stderr, "ledger: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void add_disk(struct disk *disk, char *name)
{
	char *colon = strchr(name, ':');
	uint64_t bytes;
	int fd;

	if (!colon) {
		fprintf(stderr, "ledger: %s: a disk is named SERIAL:NSID\n", name);
		exit(2);
	}
	*colon = 0;
	disk->serial = name;
	disk->nsid = strtoul(colon + 1, NULL, 10);
	fd = open_disk(disk);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		die(name);
	close(fd);
	disk->blocks = bytes / BLOCK;
	disk->accounts = calloc(disk->blocks, sizeof(*disk->accounts));
	if (!disk->accounts)
		die(name);
}

static void start(struct thread *t, struct disk *disk, unsigned int number, unsigned int threads,
		  uint64_t seed)
{
	*t = (struct thread){
		.disk = disk,
		.number = number,
		.count = disk->blocks / threads,
		.first = disk->blocks / threads * number,
		.random = seed * 0x9e3779b97f4a7c15ull + number * 1000 + disk->nsid + 1,
		.fd = -1,
	};
	if (posix_memalign((void **)&t->buffer, BLOCK, MAX_BLOCKS * BLOCK) ||
	    pthread_create(&t->id, NULL, work, t))
		die("a thread");
}

int main(int argc, char **argv)
{
	unsigned int threads = 8, disks, n = 0;
	struct disk disk[MAX_DISKS];
	unsigned long seed = 1;
	struct thread *all;
	int option;

	while ((option = getopt(argc, argv, "s:t:p:")) != -1) {
		switch (option) {
		case 's': seed = strtoul(optarg, NULL, 10); break;
		case 't': threads = strtoul(optarg, NULL, 10); break;
		case 'p': pause_us = strtoul(optarg, NULL, 10); break;
		default: return 2;
		}
	}
	disks = argc - optind - 1;
	if (argc - optind < 2 || disks > MAX_DISKS || !threads) {
		fprintf(stderr,
			"usage: ledger [-s SEED] [-t THREADS] [-p PAUSE-US] SECONDS SERIAL:NSID...\n");
		return 2;
	}
	signal(SIGTERM, end);
	signal(SIGALRM, end);
	all = calloc(threads * disks, sizeof(*all));
	if (!all)
		die("memory");
	for (unsigned int d = 0; d < disks; d++)
		add_disk(&disk[d], argv[optind + 1 + d]);
	printf("%u disks\n", disks);
	fflush(stdout); /* whoever makes trouble waits for it */
	alarm(strtoul(argv[optind], NULL, 10));
	for (unsigned int d = 0; d < disks; d++)
		for (unsigned int i = 0; i < threads; i++)
			start(&all[n++], &disk[d], i, threads, seed);
	for (unsigned int i = 0; i < n; i++)
		pthread_join(all[i].id, NULL);

	for (unsigned int i = 0; i < 3; i++)
		printf("%s: %lu well, %lu failed\n", names[i], done[i], failed[i]);
	printf("disks were opened %lu times\n", reopened);
	printf("blocks that held what they may not: %lu\n", wrong);
	return wrong ? 1 : 0;
}
