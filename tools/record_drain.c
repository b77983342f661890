// SPDX-License-Identifier: GPL-2.0
/* From the CPUs' rings into their streams. */
#include "event_info.h"
#include "record.h"
#include "record_flight.h"

/*
 * An event of this age is due for a packet.  With the sleep before it is taken and the one before
 * it is written, so much a recorder that is killed loses: two seconds.
 */
#define OLDEST_NS 800000000ull
/*
 * Histograms may wait longer, while nothing else happens: each packet of theirs is another change of
 * its file's size, which costs the kernel more than they do.  The kernel, too, keeps what is
 * written to a file for that long before a disk gets it.
 */
#define OLDEST_HIST_NS 4800000000ull

uint64_t record_lost_on(const struct recorder *r, unsigned int cpu)
{
	uint64_t lost = 0;

	if (!r->lost)
		return 0;
#pragma GCC unroll 16 /* done for each CPU at each wake */
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++)
		lost += __atomic_load_n(&r->lost[cpu].by_event[id], __ATOMIC_RELAXED);
	return lost;
}

uint64_t record_unmatched_on(const struct recorder *r, unsigned int cpu, enum lost_cause from,
			     enum lost_cause to)
{
	uint64_t n = 0;

	for (unsigned int cause = from; r->lost && cause <= to; cause++)
		n += __atomic_load_n(&r->lost[cpu].by_cause[cause], __ATOMIC_RELAXED);
	return n;
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
	if (r->flight && flight_wants(r->flight, ev->id))
		flight_see(r->flight, ev);
}

static int open_stream(struct recorder *r, unsigned int cpu, struct nvs_error *err)
{
	struct ctf_stream *s = ctf_stream_open(r->trace, cpu, err);

	if (!s)
		return -1;
	r->cpus[cpu].stream = s;
	if (r->level.level == LEVEL_HIST)
		ctf_stream_span(s, OLDEST_HIST_NS);
	for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++)
		ctf_stream_look_out(s, noted[i]);
	for (unsigned int id = 0; r->flight && id <= NVS_EVENT_ID_MAX; id++)
		if (flight_wants(r->flight, id))
			ctf_stream_look_out(s, id);
	return 0;
}

int record_open_streams(struct recorder *r, struct nvs_error *err)
{
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++)
		if (r->cpus[cpu].online && !r->cpus[cpu].stream && open_stream(r, cpu, err))
			return -1;
	return 0;
}

/* A CPU that was offline has a stream from its first event on. */
static bool has_come(struct recorder *r, unsigned int cpu, struct nvs_error *err)
{
	struct record_cpu *c = &r->cpus[cpu];

	if (c->stream)
		return true;
	if (c->ring.fd < 0 || (ring_reader_empty(&c->ring) && !record_lost_on(r, cpu)))
		return false;
	r->nr_rings++;
	return !open_stream(r, cpu, err);
}

struct pass {
	struct recorder *r;
	struct record_cpu *cpu;
	struct nvs_error *err;
	bool failed;
};

/* Looks at each event of a run that was taken. */
static void take_notes(struct recorder *r, const unsigned char *at, const unsigned char *end)
{
	while ((size_t)(end - at) >= sizeof(struct nvs_hdr)) {
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

	if (pass->r->ended)
		return;
	pass->cpu->news = true;
	if (ctf_stream_add_run(pass->cpu->stream, record, size, &seen,
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
	struct pass pass = { .r = r, .cpu = c, .err = err };
	size_t held = ring_reader_drain(&c->ring, take_record, &pass);
	uint64_t lost = record_lost_on(r, cpu);
	uint64_t oldest = r->hist && !c->news ? OLDEST_HIST_NS : OLDEST_NS;
	struct nvs_error later, *first = pass.failed ? &later : err;
	int failed;

	/* What one event alone cannot make a packet of is not kept back for ever. */
	if (!all && ctf_stream_oldest(c->stream) < record_now() - oldest) {
		failed = ctf_stream_settle(c->stream, lost, first);
		c->news = c->news && ctf_stream_oldest(c->stream) != UINT64_MAX;
	} else {
		failed = ctf_stream_flush(c->stream, lost, all, first);
	}
	if (failed)
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

		if (!has_come(r, cpu, fullest < 0 ? &later : err))
			continue;
		fill = drain_cpu(r, cpu, all, fullest < 0 ? &later : err);
		if (fill < 0)
			fullest = -1;
		else if (fullest >= 0 && fill > fullest)
			fullest = fill;
	}
	return fullest;
}

int record_settle(struct recorder *r, struct nvs_error *err)
{
	struct nvs_error later;
	int failed = 0;

	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++)
		if (r->cpus[cpu].stream &&
		    ctf_stream_settle(r->cpus[cpu].stream, record_lost_on(r, cpu),
				      failed ? &later : err))
			failed = -1;
	return failed;
}

void record_count(const struct recorder *r, struct record_counts *c)
{
	char names[1];

	*c = (struct record_counts){ .rejected = r->rejected };
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
		const struct ctf_stream *s = r->cpus[cpu].stream;
		uint64_t lost = record_lost_on(r, cpu);

		c->missing += record_unmatched_on(r, cpu, 0, LOST_LAST_RECORD);
		c->partial += record_unmatched_on(r, cpu, LOST_LAST_RECORD + 1, NR_LOST_CAUSES - 1);
		if (!s && r->cpus[cpu].ring.fd < 0) {
			c->no_ring += lost;
			continue;
		}
		c->ring_full += lost;
		if (!s)
			continue;
		c->in_streams += ctf_stream_lost(s);
		c->events += ctf_stream_events(s) - ctf_stream_unwritten(s);
		c->clamped += ctf_stream_clamped(s);
		c->unwritten += ctf_stream_unwritten(s);
	}
	c->missed = record_missed(r, names, sizeof(names));
	c->lost = c->ring_full + c->no_ring + c->missed + c->unwritten + c->rejected;
}
