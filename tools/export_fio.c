// SPDX-License-Identifier: GPL-2.0
/*
 * Latency logs as fio writes them with write_lat_log= and log_offset=1: see "Log
 * File Formats" in fio's manual.  Each namespace is a "job".
 */
#include <stdio.h>
#include <stdlib.h>
#include "export.h"

#define MAX_JOBS 100 /* three open files each */

enum fio_log { LOG_LAT, LOG_SLAT, LOG_CLAT, NR_LOGS };
static const char *const log_names[NR_LOGS] = { "lat", "slat", "clat" };

struct job {
	uint16_t ctrl;
	uint32_t nsid;
	struct outfile *log[NR_LOGS];
};

struct fio {
	struct job job[MAX_JOBS];
	unsigned int nr;
};

static struct job *job_new(struct export *x, uint16_t ctrl, uint32_t nsid)
{
	struct fio *fio = x->own;
	struct job *job = &fio->job[fio->nr];

	if (fio->nr == MAX_JOBS) {
		x->files.failed = true;
		nvs_fail(&x->files.err,
			 "more than %u namespaces: fio's logs cannot hold them; "
			 "csv can",
			 MAX_JOBS);
		return NULL;
	}
	fio->nr++;
	job->ctrl = ctrl;
	job->nsid = nsid;
	for (unsigned int i = 0; i < NR_LOGS && !x->files.failed; i++) {
		char *path = export_path(x, "%s_%s.%u.log", x->out, log_names[i], fio->nr);

		if (path)
			job->log[i] = outfile_open(&x->files, path);
		free(path);
	}
	return x->files.failed ? NULL : job;
}

static struct job *job_get(struct export *x, uint16_t ctrl, uint32_t nsid)
{
	struct fio *fio = x->own;

	for (unsigned int i = 0; i < fio->nr; i++)
		if (fio->job[i].ctrl == ctrl && fio->job[i].nsid == nsid)
			return &fio->job[i];
	return job_new(x, ctrl, nsid);
}

/* fio's data directions; -1: it logs no such thing. */
static int direction(const struct model_cmd *c)
{
	switch (c->op) {
	case NVS_RQOP_read: return 0;
	case NVS_RQOP_write:
	case NVS_RQOP_zone_append: return 1;
	case NVS_RQOP_discard: return 2;
	default: return -1;
	}
}

static void sample(struct outfile *f, uint64_t ms, uint64_t ns, int dir, const struct model_cmd *c)
{
	const uint64_t fields[] = { ms, ns, (uint64_t)dir, c->bytes, c->sector * 512, 0 };

	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (i)
			out_bytes(f, ", ", 2);
		out_number(f, fields[i]);
	}
	out_char(f, '\n');
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct export *x = ctx;
	struct model_split split;
	uint64_t ms;
	struct job *job;
	int dir = direction(c);

	if (x->files.failed)
		return;
	if (!q->qid || dir < 0 || !model_split(c, &split)) {
		x->left_out++;
		return;
	}
	job = job_get(x, q->ctrl, c->nsid);
	if (!job)
		return;
	ms = (c->at[STEP_COMPLETE] - model_totals(x->model)->first_ts) / 1000000;
	sample(job->log[LOG_LAT], ms, split.total, dir, c);
	sample(job->log[LOG_SLAT], ms, split.queue + split.driver, dir, c);
	sample(job->log[LOG_CLAT], ms, split.device + split.completion, dir, c);
	x->commands++;
}

static int begin(struct export *x)
{
	return export_own(x, sizeof(struct fio));
}

static void end(struct export *x)
{
	struct fio *fio = x->own;

	if (fio->nr || x->files.failed)
		return;
	x->files.failed = true;
	nvs_fail(&x->files.err,
		 "no read, write or discard in %s whose every step was seen: nothing to "
		 "export; try --format csv",
		 x->dir);
}

/* Which log is whose. */
static void tell(const struct export *x)
{
	const struct fio *fio = x->own;

	for (unsigned int i = 0; i < fio->nr; i++)
		printf("*.%u.log: nvme%u, namespace %u\n", i + 1, fio->job[i].ctrl,
		       fio->job[i].nsid);
}

static const struct model_visitor visitor = { .command = on_command };

const struct export_format export_fio = {
	.name = "fio",
	.visitor = &visitor,
	.begin = begin,
	.end = end,
	.tell = tell,
};
