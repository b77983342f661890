// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a recording of level io with all cores.  Each record is a whole command, so they need no
 * order: threads take chunks of streams as they come, each into figures of its own, and all are
 * added up at the end.  The few other events are kept, and told in order after that.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "analysis.h"

#define CHUNK_BYTES (8u << 20)
/* Each takes some 7 MiB, and a report 64 at most on a machine of any size. */
#define MAX_WORKERS 8
/* Records taken at once: they stay in the nearest cache. */
#define BATCH 128
/* More events than this that are no commands: then this is not the way to read them. */
#define MAX_KEPT 65536

struct crowd {
	struct analysis *a;
	const struct chunk *chunks;
	unsigned int nr_chunks;
	atomic_uint next;    /* chunk that nobody has taken */
	atomic_bool stop;    /* somebody failed */
	atomic_uint nr_kept; /* over all */
};

struct worker {
	struct crowd *crowd;
	pthread_t thread;
	struct model *model;
	struct stats *stats;
	struct slowest slowest;
	struct reader *reader;
	struct recorded *kept; /* events that are no commands */
	unsigned int nr_kept, max_kept;
	bool failed, overrun;
	struct nvs_error err;
};

/* What the model and its visitors would do, without making a command of each record. */
static int take_queue(struct worker *w, const struct nvs_io *io, unsigned int nr, unsigned int cpu)
{
	const struct model_queue *q;
	struct model_cmd c;

	if (model_count_io(w->model, io, nr, &q, &w->err) < 0)
		return -1;
	if (!q || !analysis_wants_queue(w->crowd->a, q->ctrl, q->qid))
		return 0;
	if (!slowest_may_take(&w->slowest, stats_io(w->stats, q, io, nr, cpu)))
		return 0;
	for (unsigned int i = 0; i < nr; i++) {
		if (!slowest_may_take(&w->slowest, io[i].h.ts - io_made(&io[i])))
			continue;
		model_io_command(&io[i], cpu, &c);
		slowest_command(&w->slowest, q, &c);
	}
	return 0;
}

/* Records, too, and of the same controller and queue. */
static bool same_queue(const struct nvs_io *a, const struct nvs_io *b)
{
	_Static_assert(offsetof(struct nvs_hdr, cid) - offsetof(struct nvs_hdr, id) == 6,
		       "id, ctrl and qid lie side by side");
	return !memcmp(&a->h.id, &b->h.id, 6);
}

/* Takes the records that @run begins with, as many as are of one queue. */
static int take_io(struct worker *w, struct run *run)
{
	const struct nvs_io *io = (const void *)run->at, *end = (const void *)run->end;
	unsigned int nr = 1;

	while (nr < BATCH && &io[nr] < end && same_queue(io, &io[nr]))
		nr++;
	run->at = &io[nr].h;
	return take_queue(w, io, nr, run->cpu);
}

static int keep(struct worker *w, const struct recorded *ev)
{
	if (atomic_fetch_add(&w->crowd->nr_kept, 1) >= MAX_KEPT) {
		w->overrun = true;
		return -1;
	}
	if (w->nr_kept == w->max_kept) {
		unsigned int max = w->max_kept ? 2 * w->max_kept : 256;
		void *bigger = realloc(w->kept, max * sizeof(*w->kept));

		if (!bigger)
			return nvs_fail(&w->err,
					"out of memory: close other programs and try again");
		w->kept = bigger;
		w->max_kept = max;
	}
	w->kept[w->nr_kept] = *ev;
	w->kept[w->nr_kept++].hdr = reader_lasting(w->reader, ev->hdr);
	return 0;
}

static int read_chunk(struct worker *w, const struct chunk *chunk)
{
	struct recorded ev;
	struct run run;
	int ret;

	reader_chunk(w->reader, chunk);
	stats_break(w->stats);
	model_break(w->model);
	while ((ret = reader_run(w->reader, &run, &w->err)) > 0) {
		while (run.at < run.end && ret >= 0) {
			if (run.at->id == NVS_ID_io)
				ret = take_io(w, &run);
			else if (run_next(&run, &ev))
				ret = keep(w, &ev);
		}
		if (ret < 0)
			break;
	}
	return ret;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct crowd *crowd = w->crowd;

	while (!w->failed && !atomic_load(&crowd->stop)) {
		unsigned int i = atomic_fetch_add(&crowd->next, 1);

		if (i >= crowd->nr_chunks)
			break;
		w->failed = read_chunk(w, &crowd->chunks[i]) < 0;
	}
	if (w->failed)
		atomic_store(&crowd->stop, true);
	return NULL;
}

static int worker_init(struct worker *w, struct crowd *crowd)
{
	w->crowd = crowd;
	w->model = model_new(NULL, NULL);
	w->stats = stats_new();
	w->reader = reader_new(crowd->a->recording, &w->err);
	if (!w->model || !w->stats || !w->reader ||
	    slowest_init(&w->slowest, crowd->a->wants.slowest))
		return nvs_fail(&w->err, "out of memory: close other programs and try again");
	return 0;
}

static void worker_free(struct worker *w)
{
	slowest_free(&w->slowest);
	reader_free(w->reader);
	stats_free(w->stats);
	model_free(w->model);
	free(w->kept);
}

/* Of events at the same time, those of the lower CPU come first, and then those that lie first. */
static int by_time(const void *a, const void *b)
{
	const struct recorded *e = a, *f = b;

	if (e->hdr->ts != f->hdr->ts)
		return e->hdr->ts < f->hdr->ts ? -1 : 1;
	if (e->cpu != f->cpu)
		return e->cpu < f->cpu ? -1 : 1;
	return e->hdr < f->hdr ? -1 : e->hdr > f->hdr;
}

/* Tells the model of the events that were kept, in order. */
static int tell_kept(struct analysis *a, struct worker *w, unsigned int nr, struct nvs_error *err)
{
	struct recorded *all;
	size_t n = 0, at = 0;
	int ret = 0;

	for (unsigned int i = 0; i < nr; i++)
		n += w[i].nr_kept;
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return nvs_fail(err, "out of memory: close other programs and try again");
	for (unsigned int i = 0; i < nr; i++) {
		if (w[i].nr_kept)
			memcpy(all + at, w[i].kept, w[i].nr_kept * sizeof(*all));
		at += w[i].nr_kept;
	}
	qsort(all, n, sizeof(*all), by_time);
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = model_event(a->model, &all[i], err);
	free(all);
	return ret;
}

static int add_up(struct analysis *a, struct worker *w, unsigned int nr, struct nvs_error *err)
{
	static uint32_t index[MODEL_MAX_QUEUES];

	if (tell_kept(a, w, nr, err) < 0)
		return -1;
	for (unsigned int i = 0; i < nr; i++) {
		if (model_merge(a->model, w[i].model, index, err) < 0)
			return -1;
		stats_merge(a->stats, w[i].stats, index);
		slowest_merge(&a->slowest, &w[i].slowest);
	}
	model_finish(a->model);
	return 0;
}

/* 1: what they found is in @a; 0: nothing is, another way of reading is needed; -1: failed. */
static int run(struct crowd *crowd, struct worker *w, unsigned int nr, struct nvs_error *err)
{
	unsigned int started = 0;

	for (; started < nr; started++) {
		if (worker_init(&w[started], crowd) < 0) {
			*err = w[started].err;
			atomic_store(&crowd->stop, true);
			nr = 0;
			break;
		}
		/* The first one's work is done here. */
		if (started && pthread_create(&w[started].thread, NULL, work, &w[started]))
			break;
	}
	if (nr)
		work(&w[0]);
	for (unsigned int i = 1; i < started; i++)
		pthread_join(w[i].thread, NULL);
	if (!nr)
		return -1;
	for (unsigned int i = 0; i < started; i++)
		if (w[i].overrun)
			return 0;
	for (unsigned int i = 0; i < started; i++)
		if (w[i].failed) {
			*err = w[i].err;
			return -1;
		}
	return add_up(crowd->a, w, started, err) < 0 ? -1 : 1;
}

int analysis_read_io(struct analysis *a, unsigned int cores, struct nvs_error *err)
{
	const char *level = recording_env(a->recording, "level");
	struct crowd crowd = { .a = a };
	struct chunk *chunks;
	struct worker *w;
	unsigned int nr;
	int ret;

	if (!level || strcmp(level, "io"))
		return 0;
	chunks = recording_chunks(a->recording, CHUNK_BYTES, &crowd.nr_chunks, err);
	if (!chunks)
		return -1;
	crowd.chunks = chunks;
	nr = cores < MAX_WORKERS ? cores : MAX_WORKERS;
	nr = nr < crowd.nr_chunks ? nr : crowd.nr_chunks;
	w = calloc(nr + 1, sizeof(*w));
	ret = !w   ? nvs_fail(err, "out of memory: close other programs and try again")
	      : nr ? run(&crowd, w, nr, err)
		   : 0;
	for (unsigned int i = 0; w && i <= nr; i++)
		worker_free(&w[i]);
	free(w);
	free(chunks);
	return ret;
}
