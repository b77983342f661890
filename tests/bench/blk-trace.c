// SPDX-License-Identifier: GPL-2.0
/*
 * blk-trace RECORDING NAME: the I/O of a recording of level events as blktrace would have
 * traced it: Q, G, D and C of each request, in NAME.blktrace.0 and so on, one file for each CPU.
 */
#include <linux/blktrace_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "recording.h"

#define MAX_CPUS 256
#define DEVICE	 (259u << 20) /* nvme0n1, where it is the first */

/* What a command's completion is to say: by queue and tag. */
struct request {
	uint64_t sector;
	uint32_t bytes, pid, op;
};

static struct request requests[MAX_CPUS][4096];
static FILE *files[MAX_CPUS];
static uint32_t sequences[MAX_CPUS];

static void put(const struct recorded *ev, const struct request *r, uint32_t action)
{
	struct blk_io_trace t = {
		.magic = BLK_IO_TRACE_MAGIC | BLK_IO_TRACE_VERSION,
		.sequence = ++sequences[ev->cpu],
		.time = ev->hdr->ts,
		.sector = r->sector,
		.bytes = r->bytes,
		.action = action | BLK_TC_ACT(r->op == NVS_RQOP_read ? BLK_TC_READ : BLK_TC_WRITE),
		.pid = r->pid,
		.device = DEVICE,
		.cpu = ev->cpu,
	};

	if (fwrite(&t, sizeof(t), 1, files[ev->cpu]) != 1) {
		perror("blk-trace");
		exit(1);
	}
}

static void translate(const struct recorded *ev)
{
	struct request *r = &requests[ev->hdr->qid % MAX_CPUS][ev->hdr->cid % 4096];
	const struct nvs_rq_start *start = (const void *)ev->hdr;

	if (ev->hdr->id == NVS_ID_rq_start) {
		*r = (struct request){ start->sector, start->bytes, start->pid, start->op };
		put(ev, r, BLK_TA_QUEUE);
		put(ev, r, BLK_TA_GETRQ);
		put(ev, r, BLK_TA_ISSUE);
	} else if (ev->hdr->id == NVS_ID_rq_complete) {
		put(ev, r, BLK_TA_COMPLETE);
	}
}

static void open_files(const struct recording *rec, const char *name)
{
	char path[4096];

	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!recording_has_cpu(rec, cpu))
			continue;
		snprintf(path, sizeof(path), "%s.blktrace.%u", name, cpu);
		files[cpu] = fopen(path, "w");
		if (!files[cpu]) {
			perror(path);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	struct recording *rec;
	struct nvs_error err;
	struct recorded ev;
	int got;

	if (argc != 3) {
		fprintf(stderr, "usage: blk-trace RECORDING NAME\n");
		return 2;
	}
	rec = recording_open(argv[1], &err);
	if (!rec) {
		fprintf(stderr, "blk-trace: %s\n", err.text);
		return 1;
	}
	open_files(rec, argv[2]);
	while ((got = recording_next(rec, &ev, &err)) > 0)
		if (ev.cpu < MAX_CPUS)
			translate(&ev);
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
		if (files[cpu] && fclose(files[cpu]))
			got = nvs_fail(&err, "cannot write the trace of CPU %u", cpu);
	if (got < 0)
		fprintf(stderr, "blk-trace: %s\n", err.text);
	return got < 0;
}
