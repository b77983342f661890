// SPDX-License-Identifier: GPL-2.0
/*
 * Reads ahead: a long recording is checked and merged in a thread of its own, while who asked for
 * its events makes something of those before.  The order and the errors are a reader's.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include "recording_internal.h"

/* Shorter ones are read before a thread is worth it. */
#define LONG_BYTES   (4u << 20)
#define BATCH_EVENTS 4096
#define NR_BATCHES   4
/* Packets left behind within a batch; more (they would have to be tiny) are let go at once. */
#define MAX_LEFT 64

struct left {
	const struct stream *s;
	size_t from, to;
};

/* Events that lie one behind the other, and what nobody needs when they are done with. */
struct batch {
	struct recorded ev[BATCH_EVENTS];
	unsigned int nr;
	struct left left[MAX_LEFT];
	unsigned int nr_left;
	int after; /* what comes behind them: 1: more, 0: the end, -1: an error */
};

struct ahead {
	struct reader *rd;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, up to stop */
	pthread_cond_t changed;
	unsigned int filled, taken; /* batches in all */
	bool stop;
	/* The thread's until it has filled the batch, and then the caller's. */
	struct batch batch[NR_BATCHES];
	struct nvs_error err; /* why the last one ends with -1 */
	/* The caller's */
	struct batch *now; /* NULL: none yet */
	unsigned int at;   /* event of it that is next */
};

unsigned int usable_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned int)CPU_COUNT(&set);
}

/* The thread has read all of a packet, but the caller may be behind it yet. */
static void on_leave(void *ctx, const struct stream *s, size_t from, size_t to)
{
	struct ahead *a = ctx;
	struct batch *b = &a->batch[a->filled % NR_BATCHES];

	if (b->nr_left == MAX_LEFT)
		stream_let_go(s, from, to);
	else
		b->left[b->nr_left++] = (struct left){ s, from, to };
}

static void let_go(struct batch *b)
{
	for (unsigned int i = 0; i < b->nr_left; i++)
		stream_let_go(b->left[i].s, b->left[i].from, b->left[i].to);
	b->nr_left = 0;
}

static void fill(struct ahead *a, struct batch *b)
{
	b->after = 1;
	for (b->nr = 0; b->nr < BATCH_EVENTS; b->nr++) {
		b->after = reader_next(a->rd, &b->ev[b->nr], &a->err);
		if (b->after <= 0)
			break;
	}
}

static void *read_ahead(void *arg)
{
	struct ahead *a = arg;
	bool more = true;

	pthread_mutex_lock(&a->lock);
	while (more && !a->stop) {
		struct batch *b = &a->batch[a->filled % NR_BATCHES];

		if (a->filled - a->taken == NR_BATCHES) {
			pthread_cond_wait(&a->changed, &a->lock);
			continue;
		}
		pthread_mutex_unlock(&a->lock);
		fill(a, b);
		more = b->after > 0;
		pthread_mutex_lock(&a->lock);
		a->filled++;
		pthread_cond_signal(&a->changed);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

struct ahead *ahead_start(const struct recording *r)
{
	struct ahead *a;
	struct nvs_error err;

	if (recording_bytes(r) < LONG_BYTES || usable_cpus() < 2)
		return NULL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->rd = reader_new(r, &err);
	if (!a->rd)
		goto out_free;
	reader_on_leave(a->rd, on_leave, a);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	if (!pthread_create(&a->thread, NULL, read_ahead, a))
		return a;
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	reader_free(a->rd);
out_free:
	free(a);
	return NULL;
}

void ahead_stop(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	for (unsigned int i = 0; i < NR_BATCHES; i++)
		let_go(&a->batch[i]);
	reader_free(a->rd);
	free(a);
}

/* Gives the batch in hand back, and waits for the one behind it. */
static void next_batch(struct ahead *a)
{
	if (a->now)
		let_go(a->now);
	pthread_mutex_lock(&a->lock);
	if (a->now)
		a->taken++;
	pthread_cond_signal(&a->changed);
	while (a->filled == a->taken)
		pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
	a->now = &a->batch[a->taken % NR_BATCHES];
	a->at = 0;
}

int ahead_some(struct ahead *a, const struct recorded **ev, struct nvs_error *err)
{
	unsigned int left;

	while (!a->now || (a->at == a->now->nr && a->now->after > 0))
		next_batch(a);
	left = a->now->nr - a->at;
	if (left) {
		*ev = &a->now->ev[a->at];
		a->at = a->now->nr;
		return (int)left;
	}
	if (a->now->after < 0)
		*err = a->err;
	return a->now->after;
}

int ahead_next(struct ahead *a, struct recorded *ev, struct nvs_error *err)
{
	const struct recorded *some;
	int got = ahead_some(a, &some, err);

	if (got > 0) {
		*ev = *some;
		a->at -= (unsigned int)got - 1;
	}
	return got > 0 ? 1 : got;
}
