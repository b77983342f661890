// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "hist_tables.h"

static uint64_t row_key(unsigned int ctrl, unsigned int qid, unsigned int op, unsigned int size)
{
	return (uint64_t)ctrl << 48 | (uint64_t)qid << 32 | op << 16 | size;
}

/* Where the row of @key is, or is to be. */
static unsigned int row_place(const struct hist_tables *t, uint64_t key)
{
	unsigned int low = 0, high = t->nr_rows;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;
		const struct hist_row *r = t->row[middle];

		if (row_key(r->ctrl, r->qid, r->op, r->size) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct hist_row *row_new(struct hist_tables *t, unsigned int at,
				const struct nvs_hist_stage *ev)
{
	struct hist_row *r = calloc(1, sizeof(*r));
	void *bigger;

	if (t->nr_rows == t->max_rows) {
		unsigned int max = t->max_rows ? 2 * t->max_rows : 64;

		bigger = realloc(t->row, max * sizeof(struct hist_row *));
		if (!bigger) {
			free(r);
			return NULL;
		}
		t->row = bigger;
		t->max_rows = max;
	}
	if (!r)
		return NULL;
	r->ctrl = ev->h.ctrl;
	r->qid = ev->h.qid;
	r->op = ev->op;
	r->size = ev->size;
	memmove(&t->row[at + 1], &t->row[at], (t->nr_rows - at) * sizeof(struct hist_row *));
	t->row[at] = r;
	t->nr_rows++;
	return r;
}

static int add_stage(struct hist_tables *t, const struct nvs_hist_stage *ev, struct nvs_error *err)
{
	uint64_t key = row_key(ev->h.ctrl, ev->h.qid, ev->op, ev->size);
	unsigned int at = row_place(t, key);
	struct hist_row *r = at < t->nr_rows ? t->row[at] : NULL;

	t->times = NULL;
	if (ev->stage >= HIST_STAGES || ev->op >= HIST_OPS || ev->size >= HIST_SIZES) {
		t->odd++;
		return 0;
	}
	if (!r || row_key(r->ctrl, r->qid, r->op, r->size) != key) {
		if (t->nr_rows == MAX_HIST_ROWS) {
			t->dropped++;
			return 0;
		}
		r = row_new(t, at, ev);
		if (!r)
			return nvs_fail(err, "out of memory for the histograms of the recording: "
					     "close other programs and try again");
	}
	if (ev->stage == NVS_STAGE_total) {
		r->bytes += ev->bytes;
		r->failed += ev->failed;
	}
	t->odd += t->expected != 0;
	t->times = &r->stage[ev->stage];
	t->times->count += ev->count;
	t->times->sum += ev->sum;
	t->expected = ev->count;
	t->ctrl = ev->h.ctrl;
	t->qid = ev->h.qid;
	if (!t->since || ev->since < t->since)
		t->since = ev->since;
	if (ev->h.ts > t->until)
		t->until = ev->h.ts;
	return 0;
}

static void add_bucket(struct hist_tables *t, const struct nvs_hist_bucket *ev)
{
	if (!t->times || ev->h.ctrl != t->ctrl || ev->h.qid != t->qid ||
	    ev->bucket >= HIST_BUCKETS || ev->count > t->expected) {
		t->odd++;
		return;
	}
	t->times->bucket[ev->bucket] += ev->count;
	t->expected -= ev->count;
}

int hist_tables_add(struct hist_tables *t, const struct nvs_hdr *h, struct nvs_error *err)
{
	if (h->id == NVS_ID_hist_stage)
		return add_stage(t, (const void *)h, err);
	add_bucket(t, (const void *)h);
	return 0;
}

void hist_tables_finish(struct hist_tables *t)
{
	t->odd += t->expected != 0;
	t->expected = 0;
	t->times = NULL;
}

void hist_tables_free(struct hist_tables *t)
{
	for (unsigned int i = 0; i < t->nr_rows; i++)
		free(t->row[i]);
	free(t->row);
	memset(t, 0, sizeof(*t));
}

void hist_row_merge(struct hist_row *into, const struct hist_row *from)
{
	into->bytes += from->bytes;
	into->failed += from->failed;
	for (unsigned int i = 0; i < HIST_STAGES; i++) {
		into->stage[i].count += from->stage[i].count;
		into->stage[i].sum += from->stage[i].sum;
		for (unsigned int b = 0; b < HIST_BUCKETS; b++)
			into->stage[i].bucket[b] += from->stage[i].bucket[b];
	}
}

uint64_t hist_times_min(const struct hist_times *t)
{
	unsigned int b = 0;

	while (b < HIST_BUCKETS - 1 && !t->bucket[b])
		b++;
	return hist_low(b);
}

/* The last bucket has no end: then its beginning. */
uint64_t hist_times_max(const struct hist_times *t)
{
	unsigned int b = HIST_BUCKETS - 1;

	while (b && !t->bucket[b])
		b--;
	return b == HIST_BUCKETS - 1 ? hist_low(b) : hist_low(b + 1);
}

uint64_t hist_times_quantile(const struct hist_times *t, double q)
{
	uint64_t want = (uint64_t)ceil(q * (double)t->count), seen = 0;
	unsigned int b = 0;

	if (want < 1)
		want = 1;
	for (; b < HIST_BUCKETS - 1; b++) {
		seen += t->bucket[b];
		if (seen >= want)
			break;
	}
	return b == HIST_BUCKETS - 1 ? hist_low(b)
				     : hist_low(b) + (hist_low(b + 1) - hist_low(b)) / 2;
}
