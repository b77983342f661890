// SPDX-License-Identifier: GPL-2.0
/*
 * The metrics of serve.  Labels are bounded: device (SERVE_DEVICES and "other"), class of queue,
 * operation, stage; a series that never counted anything is not there.  Buckets end at the powers
 * of two of nanoseconds, the same on every machine, so that histograms can be added up.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "serve.h"

static const char *class_name(unsigned int class)
{
#define SERVE_CLASS_NAME(name) #name,
	static const char *const names[] = { SERVE_CLASSES(SERVE_CLASS_NAME) };
#undef SERVE_CLASS_NAME

	return names[class];
}

struct serve_queues *serve_queues_of(struct serve_metrics *m, uint16_t ctrl, enum serve_class class)
{
	struct serve_device *d = m->device;
	int label = ctrl;
	unsigned int i;

	for (i = 0; i < m->nr_devices && d[i].ctrl != label; i++)
		;
	if (i >= SERVE_DEVICES) {
		i = SERVE_DEVICES;
		label = -1;
	}
	if (i >= m->nr_devices) {
		d[i].ctrl = label;
		m->nr_devices = i + 1;
	}
	d[i].queues[class].seen = true;
	return &d[i].queues[class];
}

int serve_add(struct serve_metrics *m, enum serve_class class, const struct hist_change *change)
{
	struct live_sums **s = &serve_queues_of(m, change->ctrl, class)->op[change->op];

	if (!*s)
		*s = calloc(1, sizeof(**s));
	if (!*s)
		return -1;
	live_add(*s, change);
	return 0;
}

void serve_free(struct serve_metrics *m)
{
	for (unsigned int i = 0; i < m->nr_devices; i++)
		for (unsigned int class = 0; class < NR_SERVE_CLASSES; class ++)
			for (unsigned int op = 0; op < HIST_OPS; op++)
				free(m->device[i].queues[class].op[op]);
	m->nr_devices = 0;
}

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP nvmescope_%s %s\n# TYPE nvmescope_%s %s\n", name, help, name, type);
}

/* device="nvme0",class="io" */
static void labels(FILE *out, const struct serve_metrics *m, const struct serve_device *d,
		   unsigned int class)
{
	if (d->ctrl < 0)
		fprintf(out, "device=\"other\"");
	else
		fprintf(out, "device=\"%s%d\"", m->prefix, d->ctrl);
	fprintf(out, ",class=\"%s\"", class_name(class));
}

/* One histogram: a bucket holds what is below its power of two. */
static void write_stage(FILE *out, const char *of, const struct live_sums *s, unsigned int stage)
{
	uint64_t below = s->bucket[stage][0];
	unsigned int i = 1;

	for (unsigned int bits = HIST_MIN_BITS; bits <= HIST_MAX_BITS; bits++) {
		for (; i < HIST_BUCKETS && hist_low(i) < 1ull << bits; i++)
			below += s->bucket[stage][i];
		fprintf(out,
			"nvmescope_request_duration_seconds_bucket{%s,le=\"%.11g\"} %" PRIu64 "\n",
			of, (double)(1ull << bits) / 1e9, below);
	}
	fprintf(out, "nvmescope_request_duration_seconds_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", of,
		s->requests[stage]);
	fprintf(out, "nvmescope_request_duration_seconds_sum{%s} %.9f\n", of, s->sum[stage] / 1e9);
	fprintf(out, "nvmescope_request_duration_seconds_count{%s} %" PRIu64 "\n", of,
		s->requests[stage]);
}

/* Calls @fn for each operation that was counted, with its labels. */
static void for_each_op(FILE *out, const struct serve_metrics *m,
			void (*fn)(FILE *out, const struct serve_metrics *m, const char *of,
				   const struct live_sums *s))
{
	for (unsigned int i = 0; i < m->nr_devices; i++)
		for (unsigned int class = 0; class < NR_SERVE_CLASSES; class ++)
			for (unsigned int op = 0; op < HIST_OPS; op++) {
				const struct serve_device *d = &m->device[i];
				char *of = NULL;
				size_t size;
				FILE *f;

				if (!d->queues[class].op[op])
					continue;
				f = open_memstream(&of, &size);
				if (!f)
					continue;
				labels(f, m, d, class);
				fprintf(f, ",operation=\"%s\"",
					nvs_symbol_name(NVS_SET_HIST_OP, op));
				if (!fclose(f))
					fn(out, m, of, d->queues[class].op[op]);
				free(of);
			}
}

static void write_durations(FILE *out, const struct serve_metrics *m, const char *of,
			    const struct live_sums *s)
{
	char with_stage[256];

	for (unsigned int stage = 0; stage < HIST_STAGES; stage++) {
		if (stage != NVS_STAGE_total && !m->stages)
			continue;
		snprintf(with_stage, sizeof(with_stage), "%s,stage=\"%s\"", of,
			 nvs_symbol_name(NVS_SET_STAGE, stage));
		write_stage(out, with_stage, s, stage);
	}
}

static void write_bytes(FILE *out, const struct serve_metrics *m, const char *of,
			const struct live_sums *s)
{
	(void)m;
	fprintf(out, "nvmescope_request_bytes_total{%s} %" PRIu64 "\n", of, s->bytes);
}

static void write_failed(FILE *out, const struct serve_metrics *m, const char *of,
			 const struct live_sums *s)
{
	(void)m;
	fprintf(out, "nvmescope_requests_failed_total{%s} %" PRIu64 "\n", of, s->failed);
}

static void write_queues(FILE *out, const struct serve_metrics *m, bool doorbells)
{
	for (unsigned int i = 0; i < m->nr_devices; i++)
		for (unsigned int class = 0; class < NR_SERVE_CLASSES; class ++) {
			const struct serve_queues *q = &m->device[i].queues[class];

			if (!q->seen)
				continue;
			fprintf(out, "nvmescope_%s{",
				doorbells ? "sq_doorbells_total" : "requests_in_flight");
			labels(out, m, &m->device[i], class);
			fprintf(out, "} %" PRIu64 "\n", doorbells ? q->doorbells : q->in_flight);
		}
}

static const char *cause_name(unsigned int cause)
{
#define CAUSE_NAME(name) #name,
	static const char *const names[] = { LOST_CAUSES(CAUSE_NAME) };
#undef CAUSE_NAME

	return names[cause];
}

static void write_lost(FILE *out, const struct serve_metrics *m)
{
	family(out, "not_counted_total", "counter",
	       "Requests that are in no histogram, or in it but not with all their stages, by cause.");
	for (int cause = 0; cause < NR_LOST_CAUSES; cause++)
		fprintf(out, "nvmescope_not_counted_total{cause=\"%s\"} %" PRIu64 "\n",
			cause_name(cause), m->lost[cause]);
	fprintf(out, "nvmescope_not_counted_total{cause=\"program_skipped\"} %" PRIu64 "\n",
		m->skipped);
}

void serve_write(FILE *out, const struct serve_metrics *m)
{
	family(out, "build_info", "gauge", "What serves this.");
	fprintf(out, "nvmescope_build_info{version=\"%s\"} 1\n", NVMESCOPE_VERSION);
	family(out, "request_duration_seconds", "histogram",
	       "Time of requests by stage: in blk-mq, in the driver until the doorbell, at the "
	       "device, until the request ended.");
	for_each_op(out, m, write_durations);
	family(out, "request_bytes_total", "counter", "Bytes of the requests that ended.");
	for_each_op(out, m, write_bytes);
	family(out, "requests_failed_total", "counter",
	       "Requests that ended with a status that is not success.");
	for_each_op(out, m, write_failed);
	family(out, "requests_in_flight", "gauge", "Requests at the driver and the device now.");
	write_queues(out, m, false);
	if (!m->no_bells) {
		family(out, "sq_doorbells_total", "counter", "Submission doorbells rung.");
		write_queues(out, m, true);
	}
	write_lost(out, m);
}
