// SPDX-License-Identifier: GPL-2.0
/* The programs' attachments, and how long they take to make and to let go of. */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "attach.h"
#include "record_bpf.h"

uint64_t record_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void say_time(const struct recorder *r, const char *what, uint64_t since)
{
	if (r->verbose)
		complain("%s in %.3f s", what, (record_now() - since) / 1e9);
}

/* 1: attached; 0: there is no such tracepoint; -1: @err says. */
static int attach_point(struct recorder *r, struct attach_point *p, struct nvs_error *err)
{
	if (r->tracepoints_only)
		p->link_fd = record_tracepoints_attach(p->name, p->prog_fd);
	else
		p->link_fd = bpf_raw_tracepoint_open(r->bpf->typed ? NULL : p->name, p->prog_fd);
	if (p->link_fd >= 0)
		return 1;
	/* The compiler may have left a function no place to attach to. */
	if (errno == ENOENT || (r->bpf->typed && errno == EINVAL && !attach_need(p->name)))
		return 0;
	return nvs_fail(err, "cannot attach to %s: %s", p->name, strerror(errno));
}

static bool is_last(const struct recorder *r, const struct attach_point *p)
{
	return r->provider->last && !strcmp(p->name, r->provider->last);
}

/*
 * The first point that is found says that the module is there; then one not
 * found is missing.  The tracepoints can be found before the module is in sysfs,
 * but until then its loading may still fail, for a wrong parameter, without
 * looking at who is attached.
 */
int record_attach(struct recorder *r, struct nvs_error *err)
{
	struct record_bpf *b = r->bpf;
	bool there = false;
	uint64_t since = record_now();

	if (!record_module_loaded(r->provider->core_module))
		return 0;
	if (!b->obj) {
		if (!record_module_live(provider_stock.pci_module))
			return 0;
		if (record_bpf_load(r, err))
			return -1;
		since = record_now();
	}
	for (int last = 0; last < 2; last++) {
		for (unsigned int i = 0; i < b->nr_points; i++) {
			struct attach_point *p = &b->points[i];
			int got;

			if (is_last(r, p) != last || p->prog_fd < 0)
				continue;
			got = attach_point(r, p, err);
			if (got < 0)
				return -1;
			if (!got && !there)
				return 0;
			there = true;
			p->missing = !got;
		}
	}
	r->attached = r->ever_attached = true;
	say_time(r, "attached", since);
	return 1;
}

static void let_go(struct attach_point *p)
{
	if (p->link_fd >= 0)
		close(p->link_fd);
	p->link_fd = -1;
}

static bool is_link(const struct record_bpf *b, int fd)
{
	for (unsigned int i = 0; i < b->nr_points; i++)
		if (b->points[i].link_fd == fd)
			return true;
	return false;
}

static bool any_left(const struct record_bpf *b)
{
	for (unsigned int i = 0; i < b->nr_points; i++)
		if (b->points[i].link_fd >= 0)
			return true;
	return false;
}

/* Only the links are kept open: nobody's pipe, terminal or directory. */
static void close_others(const struct record_bpf *b)
{
	int last = 0;

	for (unsigned int i = 0; i < b->nr_points; i++)
		if (b->points[i].link_fd > last)
			last = b->points[i].link_fd;
	for (int fd = 0; fd <= last; fd++)
		if (!is_link(b, fd))
			close(fd);
	syscall(SYS_close_range, last + 1, ~0u, 0);
	if (chdir("/"))
		_exit(1);
}

/*
 * To let go of a function the kernel waits for every task to leave it, 0.15 s for each, one
 * after the other.  For those that only the life of a controller passes through a child
 * waits, when no request meets a program any more.
 */
static void let_go_aside(struct recorder *r)
{
	bool aside = r->provider == &provider_stock && any_left(r->bpf);
	pid_t pid = aside ? fork() : -1;

	if (!pid) {
		setsid();
		close_others(r->bpf);
	}
	for (unsigned int i = 0; i < r->bpf->nr_points; i++)
		let_go(&r->bpf->points[i]);
	if (!pid)
		_exit(0);
}

/* First what each request passes through; phase_begin last: a module whose init failed waits. */
void record_detach(struct recorder *r)
{
	uint64_t since = record_now();

	for (unsigned int i = 0; r->bpf && i < r->bpf->nr_points; i++) {
		struct attach_point *p = &r->bpf->points[i];

		if (r->provider == &provider_stock ? record_stock_on_io_path(p->name)
						   : !is_last(r, p))
			let_go(p);
	}
	if (r->bpf)
		let_go_aside(r);
	/*
	 * A program may still run on another CPU.  This returns only after every
	 * CPU has left what it did: then whatever was reserved is committed.
	 */
	if (r->attached) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		say_time(r, "detached", since);
	}
	r->attached = false;
}

/* Steps of queues that had no place */
static uint64_t untracked(const struct recorder *r)
{
	if (r->bpf->tracepoints)
		return record_tracepoints_untracked(r->bpf->tracepoints);
	if (r->level.level)
		return level_unknown(&r->bpf->level);
	return r->bpf->stock && r->lost ? r->bpf->stock->bss->untracked : 0;
}

/* What the second of two programs told, by enum again. */
static const uint64_t *caught_up(const struct recorder *r)
{
	const void *caught =
		r->bpf->stock ? r->bpf->stock->bss->caught_up : level_caught_up(&r->bpf->level);

	return caught;
}

/* Of two programs that do the same, the second. */
static int again_of(const struct record_bpf *b, const char *name)
{
	for (unsigned int i = 0; i < b->nr_points; i++)
		if (b->points[i].again && !strcmp(b->points[i].name, name))
			return b->points[i].prog_fd;
	return -1;
}

uint64_t record_missed(const struct recorder *r, char *by_event, size_t size)
{
	uint64_t total = untracked(r);
	size_t n = 0;

	*by_event = 0;
	if (total)
		n = snprintf(by_event, size, "steps of queues beyond those that are followed: %llu",
			     (unsigned long long)total);
	for (unsigned int i = 0; i < r->bpf->nr_points; i++) {
		const struct attach_point *p = &r->bpf->points[i];
		uint64_t missed;

		if (p->again)
			continue;
		missed = record_stock_missed(p->name, p->prog_fd, again_of(r->bpf, p->name),
					     caught_up(r));
		if (!missed)
			continue;
		total += missed;
		if (n < size)
			n += snprintf(by_event + n, size - n, "%s%s %llu", n ? ", " : "", p->name,
				      (unsigned long long)missed);
	}
	return total;
}

char *record_attach_points(const struct recorder *r, bool missing)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (unsigned int i = 0; i < r->bpf->nr_points; i++) {
		const struct attach_point *p = &r->bpf->points[i];

		if (p->missing == missing && !p->again)
			fprintf(f, "%s%s", ftell(f) ? " " : "", p->name);
	}
	return fclose(f) ? NULL : text;
}
