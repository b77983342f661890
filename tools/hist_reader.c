// SPDX-License-Identifier: GPL-2.0
/* The histograms in the kernel: what they grew by. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <bpf/libbpf.h>
#include "hist_live.h"

struct hist_reader {
	const struct level_programs *programs;
	const struct hist_cell *far; /* the kernel's, behind the near ones */
	size_t bytes;		     /* of these; 0: there are none */
	struct hist_cell **before;   /* by cell; NULL: never used */
	struct hist_change change;
};

static int map_far_cells(struct hist_reader *r, size_t cells, struct nvs_error *err)
{
	void *map;

	if (cells <= NEAR_CELLS)
		return 0;
	r->bytes = (cells - NEAR_CELLS) * sizeof(struct hist_cell);
	map = mmap(NULL, r->bytes, PROT_READ, MAP_SHARED,
		   bpf_object__find_map_fd_by_name(r->programs->obj, "cells"), 0);
	if (map == MAP_FAILED)
		return nvs_fail(err, "cannot map the histograms: %s", strerror(errno));
	r->far = map;
	return 0;
}

struct hist_reader *hist_reader_open(const struct level_programs *l, struct nvs_error *err)
{
	struct hist_reader *r = calloc(1, sizeof(*r));
	size_t cells = (size_t)l->places * HIST_CELLS;

	if (r)
		r->before = calloc(cells, sizeof(*r->before));
	if (!r || !r->before) {
		free(r);
		nvs_fail(err, "out of memory for %u queues' histograms", l->places);
		return NULL;
	}
	r->programs = l;
	if (map_far_cells(r, cells, err)) {
		free(r->before);
		free(r);
		return NULL;
	}
	return r;
}

void hist_reader_close(struct hist_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < (size_t)r->programs->places * HIST_CELLS; i++)
		free(r->before[i]);
	free(r->before);
	if (r->far)
		munmap((void *)r->far, r->bytes);
	free(r);
}

/* Buckets are compared so many at a time: nearly all of them are as they were. */
#define AT_ONCE 8
/* And those are passed over by so many. */
#define STRIDE (8 * AT_ONCE)
_Static_assert(HIST_ROOM % STRIDE == 0, "none is behind the last of them");

/* Are @n's buckets as in @m? */
static bool same_buckets(const uint32_t *n, const uint32_t *m)
{
	uint64_t a[AT_ONCE / 2], b[AT_ONCE / 2], differ = 0;

	memcpy(a, n, sizeof(a));
	memcpy(b, m, sizeof(b));
	for (int i = 0; i < AT_ONCE / 2; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

static void take_buckets(struct hist_change *c, uint32_t *before, const uint32_t *from,
			 unsigned int stage)
{
	uint32_t *grown = c->bucket[stage];

	memset(grown + c->first[stage], 0, (c->end[stage] - c->first[stage]) * sizeof(*grown));
	c->first[stage] = HIST_ROOM;
	c->end[stage] = 0;
	c->requests[stage] = 0;
	for (unsigned int b = 0; b < HIST_BUCKETS; b += AT_ONCE) {
		if (b % STRIDE == 0 && !memcmp(from + b, before + b, STRIDE * sizeof(*from))) {
			b += STRIDE - AT_ONCE;
			continue;
		}
		if (same_buckets(from + b, before + b))
			continue;
		for (unsigned int i = b; i < b + AT_ONCE; i++) {
			uint32_t now = __atomic_load_n(&from[i], __ATOMIC_RELAXED);

			grown[i] = now - before[i];
			c->requests[stage] += grown[i];
			before[i] = now;
		}
		if (c->first[stage] > b)
			c->first[stage] = b;
		c->end[stage] = b + AT_ONCE;
	}
	if (!c->end[stage])
		c->first[stage] = 0;
}

/* Takes over @from as it stands now, and leaves in @c what it grew by. */
static void take_cell(struct hist_change *c, struct hist_cell *before, const struct hist_cell *from)
{
	struct hist_cell head;
	uint64_t all = 0;

	memcpy(&head, from, offsetof(struct hist_cell, bucket));
	c->bytes = head.bytes - before->bytes;
	c->failed = head.failed - before->failed;
	for (unsigned int stage = 0; stage < HIST_STAGES; stage++) {
		c->sum[stage] = head.sum[stage] - before->sum[stage];
		all += c->sum[stage];
		take_buckets(c, before->bucket[stage], from->bucket[stage], stage);
	}
	c->sum[NVS_STAGE_total] = all;
	c->count = c->requests[NVS_STAGE_total];
	memcpy(before, &head, offsetof(struct hist_cell, bucket));
}

/* Operation and size class of a queue's @cell-th cell. */
static void name_cell(struct hist_change *c, unsigned int cell)
{
	if (cell < 2 * HIST_SIZES) {
		c->op = cell / HIST_SIZES;
		c->size = cell % HIST_SIZES;
	} else {
		c->op = cell - 2 * HIST_SIZES + NVS_HIST_OP_flush;
		c->size = 0;
	}
}

/* Cells are large and mostly idle: the sums of times tell which ones are worth a look. */
static bool is_idle(const struct hist_cell *now, const struct hist_cell *before)
{
	static const __u64 none[HIST_STAGES];
	const __u64 *sum = before ? before->sum : none;
	uint64_t differ = 0;

#pragma GCC unroll 8 /* done for each cell at each wake */
	for (unsigned int stage = 0; stage < HIST_STAGES; stage++)
		differ |= __atomic_load_n(&now->sum[stage], __ATOMIC_RELAXED) ^ sum[stage];
	return !differ;
}

static const struct hist_cell *cell_at(const struct hist_reader *r, unsigned int i)
{
	return i < NEAR_CELLS ? &r->programs->near_cells[i] : &r->far[i - NEAR_CELLS];
}

int hist_reader_take(struct hist_reader *r, hist_change_fn *fn, void *ctx, struct nvs_error *err)
{
	unsigned int places = __atomic_load_n(r->programs->nr_places, __ATOMIC_ACQUIRE);

	if (places > r->programs->places)
		places = r->programs->places;
	for (unsigned int i = 0; i < places * HIST_CELLS; i++) {
		const struct flight_queue *q = &r->programs->queues[i / HIST_CELLS];
		struct hist_change *c = &r->change;
		int stop;

		if (is_idle(cell_at(r, i), r->before[i]))
			continue;
		if (!r->before[i])
			r->before[i] = calloc(1, sizeof(*r->before[i]));
		if (!r->before[i])
			return nvs_fail(err, "out of memory for histograms");
		take_cell(c, r->before[i], cell_at(r, i));
		c->ctrl = q->ctrl;
		c->qid = q->qid;
		name_cell(c, i % HIST_CELLS);
		stop = fn(ctx, c);
		if (stop)
			return stop;
	}
	return 0;
}
