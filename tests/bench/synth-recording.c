// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a recording of any length for measuring readers:
 *
 *	synth-recording events|io MILLIONS CPUS DIR
 *
 * It holds about MILLIONS million events: one stretch of made-up I/O (tests/unit/synth.c), again
 * and again at later times.  A stretch goes round each ring an even number of times, so
 * the next one goes on where it ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctf_writer.h"
#include "synth.h"

#define STRETCH 16384 /* commands of each queue; a multiple of two rings of 64 */

static int fail(const char *why)
{
	fprintf(stderr, "synth-recording: %s\n", why);
	return 1;
}

/* One stretch, @shift ns later than it was made. */
static int write_stretch(struct synth *s, struct ctf_stream **stream, uint64_t shift,
			 struct nvs_error *err)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		struct synth_item *item = &s->item[i];
		union synth_event ev = item->ev;

		ev.h.ts += shift;
		if (ev.h.id == NVS_ID_rq_start) {
			ev.rq_start.queued += shift;
		} else if (ev.h.id == NVS_ID_io) {
			ev.io.queued += shift;
			ev.io.setup += shift;
			ev.io.bell += shift;
			ev.io.seen += shift;
		}
		if (ctf_stream_add(stream[item->cpu], &ev.h, item->size, err))
			return -1;
		if (i % 8192 == 0)
			for (unsigned int cpu = 0; cpu < SYNTH_MAX_QUEUES; cpu++)
				if (stream[cpu] && ctf_stream_flush(stream[cpu], 0, false, err))
					return -1;
	}
	return 0;
}

static int write_all(struct synth *s, const char *dir, const char *level, uint64_t events,
		     unsigned int cpus, struct nvs_error *err)
{
	uint64_t first = s->item[0].ev.h.ts, last = s->item[s->nr - 1].ev.h.ts, written = 0;
	struct ctf_stream *stream[SYNTH_MAX_QUEUES] = { 0 };
	struct ctf_trace *t = ctf_trace_create(dir, err);

	if (!t)
		return -1;
	ctf_trace_env(t, "provider", "driver");
	ctf_trace_env(t, "level", level);
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		if (!(stream[cpu] = ctf_stream_open(t, cpu, err)))
			return -1;
	for (uint64_t n = 0; written < events; n++, written += s->nr)
		if (write_stretch(s, stream, n * (last - first + 1000000), err))
			return -1;
	return ctf_trace_close(t, err);
}

int main(int argc, char **argv)
{
	struct synth_options o = { .commands = STRETCH,
				   .depth = 32,
				   .batch = 4,
				   .ring = 64,
				   .no_init = true,
				   .tasks = 12 };
	struct nvs_error err = { .text = "" };
	struct synth *s;
	int ret;

	if (argc != 5 || (strcmp(argv[1], "events") && strcmp(argv[1], "io")))
		return fail("give events or io, millions of events, CPUs and a new directory");
	o.io = !strcmp(argv[1], "io");
	o.queues = (unsigned int)atoi(argv[3]);
	if (o.queues < 1 || o.queues > SYNTH_MAX_QUEUES)
		return fail("that many CPUs are not made here");
	s = synth_make(&o);
	ret = write_all(s, argv[4], argv[1], strtoull(argv[2], NULL, 10) * 1000000, o.queues, &err);
	synth_free(s);
	return ret ? fail(err.text) : 0;
}
