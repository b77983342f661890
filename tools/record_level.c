// SPDX-License-Identifier: GPL-2.0
/* Levels io and hist of a recording: their options, and histograms written as events. */
#include <string.h>
#include "hist_live.h"
#include "level_filter.h"
#include "record.h"

const char *const record_levels[] = { "events", "io", "hist", NULL };

/* What a level, or one probe alone, cannot tell. */
static int check_options(const struct recorder *r, const struct level_options *o,
			 const struct usage *usage)
{
	const char *beyond;

	if (!r->level.level) {
		beyond = filter_beyond_events(&o->filter);
		if (beyond)
			return options_wrong(usage,
					     "--%s: level events has no such filter; give --level "
					     "io or --level hist",
					     beyond);
	}
	if (r->level.level != LEVEL_HIST && (o->no_stages || o->interval))
		return options_wrong(usage, "--%s goes with --level hist alone",
				     o->no_stages ? "no-stages" : "interval");
	if (!o->no_stages)
		return -1;
	if (r->provider != &provider_stock)
		return options_wrong(usage, "--no-stages goes with the kernel's own driver alone "
					    "(--provider stock)");
	beyond = filter_beyond_one_probe(&o->filter);
	return beyond ? options_wrong(usage,
				      "--%s is not to be told at the end of a request: leave "
				      "--no-stages out",
				      beyond)
		      : -1;
}

int record_level_parse(struct recorder *r, const struct level_options *o, const struct usage *usage)
{
	struct nvs_error err;

	r->level = (struct level_config){
		.level = !strcmp(o->level, "io")     ? LEVEL_IO
			 : !strcmp(o->level, "hist") ? LEVEL_HIST
						     : 0,
		.stages = !o->no_stages,
		.by_device = !!r->device.text,
		.pci_addr = r->device.pci_addr,
	};
	if (filter_parse(&o->filter, &r->level, &err))
		return options_wrong(usage, "%s", err.text);
	r->filter = filter_text(&o->filter, r->device.text);
	r->hist_interval = o->interval ? o->interval : HIST_INTERVAL;
	return check_options(r, o, usage);
}

/* The stream that histograms go to: the first CPU's.  They are of no CPU, or of all. */
static struct ctf_stream *hist_stream(const struct recorder *r)
{
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++)
		if (r->cpus[cpu].stream)
			return r->cpus[cpu].stream;
	return NULL;
}

/* Events are handed over many at a time. */
struct hist_pass {
	struct recorder *r;
	struct ctf_stream *stream;
	uint64_t since, now;
	struct nvs_error *err;
	size_t bytes;
	uint64_t run[512];
};

static int hand_over(struct hist_pass *p)
{
	size_t bytes = p->bytes;
	bool seen = false;

	p->bytes = 0;
	return ctf_stream_add_run(p->stream, p->run, bytes, &seen, p->err);
}

static int add(struct hist_pass *p, const void *ev, size_t size)
{
	if (p->bytes + size > sizeof(p->run) && hand_over(p))
		return -1;
	memcpy((char *)p->run + p->bytes, ev, size);
	p->bytes += size;
	return 0;
}

static struct nvs_hdr header(const struct hist_pass *p, uint16_t id, const struct hist_change *c)
{
	return (struct nvs_hdr){ .ts = p->now, .id = id, .ctrl = c->ctrl, .qid = c->qid };
}

static int write_buckets(struct hist_pass *p, const struct hist_change *c, unsigned int stage)
{
	for (unsigned int b = c->first[stage]; b < c->end[stage]; b++) {
		struct nvs_hist_bucket e = {
			.h = header(p, NVS_ID_hist_bucket, c),
			.count = c->bucket[stage][b],
			.bucket = b,
		};

		if (e.count && add(p, &e, sizeof(e)))
			return -1;
	}
	return 0;
}

static int write_change(void *ctx, const struct hist_change *c)
{
	struct hist_pass *p = ctx;

	p->r->device_seen = true;
	for (unsigned int stage = 0; stage < HIST_STAGES; stage++) {
		struct nvs_hist_stage e = {
			.h = header(p, NVS_ID_hist_stage, c),
			.since = p->since,
			.count = c->requests[stage],
			.sum = c->sum[stage],
			.bytes = c->bytes,
			.failed = c->failed,
			.op = c->op,
			.size = c->size,
			.stage = stage,
		};

		if (e.count && (add(p, &e, sizeof(e)) || write_buckets(p, c, stage)))
			return -1;
	}
	return 0;
}

int record_hist_open(struct recorder *r, const struct level_programs *l, struct nvs_error *err)
{
	if (r->level.level != LEVEL_HIST)
		return 0;
	r->hist = hist_reader_open(l, err);
	r->hist_since = record_now();
	return r->hist ? 0 : -1;
}

int record_hist_write(struct recorder *r, bool all, struct nvs_error *err)
{
	struct hist_pass p;

	if (!r->hist)
		return 0;
	p.now = record_now();
	if (!all && p.now - r->hist_since < r->hist_interval)
		return 0;
	p.r = r;
	p.stream = hist_stream(r);
	p.since = r->hist_since;
	p.err = err;
	p.bytes = 0;
	r->hist_since = p.now;
	if (hist_reader_take(r->hist, write_change, &p, err))
		return -1;
	return p.bytes ? hand_over(&p) : 0;
}

void record_hist_close(struct recorder *r)
{
	hist_reader_close(r->hist);
	r->hist = NULL;
}
