// SPDX-License-Identifier: GPL-2.0
/* From the CPUs' rings into their streams. */
#include "event_info.h"
#include "record.h"

uint64_t record_lost_on(const struct recorder *r, unsigned int cpu)
{
	uint64_t lost = 0;

	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++)
		lost += __atomic_load_n(&r->lost[cpu].by_event[id], __ATOMIC_RELAXED);
	return lost;
}

/* Events that tell the recorder itself something. */
static const unsigned int noted[] = { NVS_ID_phase_end, NVS_ID_ctrl_state };

static void take_note(struct recorder *r, const struct nvs_hdr *ev)
{
	const struct nvs_phase_end *end = (const void *)ev;
	const struct nvs_ctrl_state *state = (const void *)ev;

	if (ev->ctrl != NVS_NO_CTRL)
		r->device_seen = true;
	if (ev->id == NVS_ID_phase_end && end->phase == NVS_PHASE_nvme_core_init && end->result)
		r->init_failed = true;
	if (ev->id == NVS_ID_ctrl_state && state->new_state == NVS_STATE_live)
		r->device_news = true;
}

int record_open_streams(struct recorder *r, struct nvs_error *err)
{
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
		if (r->cpus[cpu].ring.fd < 0)
			continue;
		r->cpus[cpu].stream = ctf_stream_open(r->trace, cpu, err);
		if (!r->cpus[cpu].stream)
			return -1;
		for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++)
			ctf_stream_look_out(r->cpus[cpu].stream, noted[i]);
	}
	return 0;
}

struct pass {
	struct recorder *r;
	struct ctf_stream *stream;
	struct nvs_error *err;
	bool failed;
};

/* Looks at each event of a run that was taken. */
static void take_notes(struct recorder *r, const unsigned char *at, const unsigned char *end)
{
	while (at < end) {
		const struct nvs_hdr *ev = (const void *)at;

		if (ev->id)
			take_note(r, ev);
		at += ev->id ? event_info(ev->id)->size : ev->cid;
	}
}

/* One record holds one event or several, one behind the other. */
static void take_record(void *ctx, const void *record, unsigned int size)
{
	struct pass *pass = ctx;
	struct nvs_error later;
	bool seen = !pass->r->device_seen;

	if (ctf_stream_add_run(pass->stream, record, size, &seen,
			       pass->failed ? &later : pass->err)) {
		pass->failed = true;
		pass->r->rejected++;
		return;
	}
	if (seen)
		take_notes(pass->r, record, (const unsigned char *)record + size);
}

/* Returns how full the ring was, in percent, or -1. */
static int drain_cpu(struct recorder *r, unsigned int cpu, bool all, struct nvs_error *err)
{
	struct record_cpu *c = &r->cpus[cpu];
	struct pass pass = { .r = r, .stream = c->stream, .err = err };
	size_t held = ring_reader_drain(&c->ring, take_record, &pass);
	struct nvs_error later;

	if (ctf_stream_flush(c->stream, record_lost_on(r, cpu), all, pass.failed ? &later : err))
		pass.failed = true;
	return pass.failed ? -1 : (int)(100 * held / c->ring.size);
}

/* A stream that cannot be written keeps nobody from writing the others. */
int record_drain(struct recorder *r, bool all, struct nvs_error *err)
{
	struct nvs_error later;
	int fullest = 0;

	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
		int fill;

		if (!r->cpus[cpu].stream)
			continue;
		fill = drain_cpu(r, cpu, all, fullest < 0 ? &later : err);
		if (fill < 0)
			fullest = -1;
		else if (fullest >= 0 && fill > fullest)
			fullest = fill;
	}
	return fullest;
}

void record_count(const struct recorder *r, struct record_counts *c)
{
	char names[1];

	*c = (struct record_counts){ .rejected = r->rejected };
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
		const struct ctf_stream *s = r->cpus[cpu].stream;
		uint64_t lost = record_lost_on(r, cpu);

		if (!s) {
			c->no_ring += lost;
			continue;
		}
		c->ring_full += lost;
		c->in_streams += ctf_stream_lost(s);
		c->events += ctf_stream_events(s) - ctf_stream_unwritten(s);
		c->clamped += ctf_stream_clamped(s);
		c->unwritten += ctf_stream_unwritten(s);
	}
	c->missed = record_missed(r, names, sizeof(names));
	c->lost = c->ring_full + c->no_ring + c->missed + c->unwritten + c->rejected;
}
