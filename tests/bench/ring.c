// SPDX-License-Identifier: GPL-2.0
/*
 * ring DIR: how fast the recorder's thread takes events from the CPUs' rings and writes them,
 * and whether all are accounted for when every CPU produces as fast as it can.
 *
 * A BPF program fills the rings, run by a thread on each CPU.  First with the recorder
 * waiting until they are full, so that its processor time is that of taking alone; then all
 * at once.  Exits 1 if an event is neither recorded nor counted as lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "ctf_writer.h"
#include "lost.h"
#include "ring_reader.h"
#include "ring.skel.h"

#define RING_BYTES (8u << 20)
#define MAX_CPUS   256
#define WANTED	   10000000ull /* events of each part */

static struct ring_bpf *skel;
static struct ring_reader rings[MAX_CPUS];
static struct ctf_stream *streams[MAX_CPUS];
static unsigned int nr_cpus;
static volatile bool stop;
static uint64_t wanted_each;

static void die(const char *what)
{
	fprintf(stderr, "ring: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(int failed, const struct nvs_error *err)
{
	if (failed) {
		fprintf(stderr, "ring: %s\n", err->text);
		exit(1);
	}
}

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static uint64_t lost(void)
{
	uint64_t n = 0;

	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		struct cpu_lost l;

		if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.lost), &cpu, &l))
			die("cannot read what was lost");
		for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++)
			n += l.by_event[id];
	}
	return n;
}

struct producer {
	pthread_t thread;
	unsigned int cpu;
	uint64_t produced;
};

/* Until enough was produced here, or all are told to stop. */
static void *run_producer(void *arg)
{
	struct producer *p = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(p->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		die("cannot stay on a CPU");
	for (p->produced = 0; p->produced < wanted_each && !stop;) {
		uint64_t args[1] = { 0 };
		LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args));

		if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.produce), &opts))
			die("cannot run the producer");
		p->produced += opts.retval;
	}
	return NULL;
}

static void start(struct producer *p)
{
	stop = false;
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
		p[cpu].cpu = cpu;
		if (pthread_create(&p[cpu].thread, NULL, run_producer, &p[cpu]))
			die("cannot make a thread");
	}
}

/* Returns what they produced. */
static uint64_t join(struct producer *p)
{
	uint64_t n = 0;

	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
		pthread_join(p[cpu].thread, NULL);
		n += p[cpu].produced;
	}
	return n;
}

static void take(void *ctx, const void *run, unsigned int bytes)
{
	struct nvs_error err;
	bool seen = false;

	check(ctf_stream_add_run(ctx, run, bytes, &seen, &err), &err);
}

/* One pass over all rings, as the recorder does it. Returns how many bytes they held. */
static size_t drain(bool all)
{
	struct nvs_error err;
	size_t held = 0;

	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
		held += ring_reader_drain(&rings[cpu], take, streams[cpu]);
		check(ctf_stream_flush(streams[cpu], 0, all, &err), &err);
	}
	return held;
}

static uint64_t recorded(void)
{
	uint64_t n = 0;

	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		n += ctf_stream_events(streams[cpu]);
	return n;
}

static void open_all(void)
{
	uint64_t mask = RING_BYTES - 1;

	nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	skel = ring_bpf__open();
	if (!skel || nr_cpus > MAX_CPUS)
		die("cannot open the producer");
	bpf_map__set_value_size(skel->maps.rings, RING_VALUE(RING_BYTES));
	bpf_map__set_max_entries(skel->maps.rings, nr_cpus);
	bpf_map__set_initial_value(bpf_object__find_map_by_name(skel->obj, ".rodata.ring"), &mask,
				   sizeof(mask));
	bpf_map__set_max_entries(skel->maps.lost, nr_cpus);
	if (ring_bpf__load(skel))
		die("cannot load the producer");
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		if (ring_reader_open(&rings[cpu], bpf_map__fd(skel->maps.rings), cpu, RING_BYTES))
			die("cannot map a ring");
}

/* The rings are filled, and then emptied. */
static void one_after_the_other(struct producer *p)
{
	uint64_t before = recorded();
	double seconds = 0;

	wanted_each = 200000;
	while (recorded() - before < WANTED) {
		start(p);
		join(p);
		seconds -= cpu_seconds();
		drain(true);
		seconds += cpu_seconds();
	}
	printf("%-34s %8.1f million events a second and core\n", "taken and written, alone",
	       (recorded() - before) / seconds / 1e6);
}

/* Returns 1 if an event is missing. */
static int all_at_once(struct producer *p)
{
	uint64_t before = recorded(), lost_before = lost(), produced, got, missing;
	double seconds = -cpu_seconds();
	struct timespec since, until;

	wanted_each = WANTED / nr_cpus;
	clock_gettime(CLOCK_MONOTONIC, &since);
	start(p);
	while (recorded() + lost() - before - lost_before < wanted_each * nr_cpus)
		/* As the recorder does: a pass in a millisecond, or at once. */
		if (drain(false) < nr_cpus * RING_BYTES / 10)
			usleep(1000);
	stop = true;
	produced = join(p);
	drain(true);
	clock_gettime(CLOCK_MONOTONIC, &until);
	seconds += cpu_seconds();
	got = recorded() - before;
	missing = lost() - lost_before;
	printf("%-34s %8.1f million events a second, of which the recorder took %.1f\n",
	       "every CPU producing",
	       produced / (until.tv_sec - since.tv_sec + (until.tv_nsec - since.tv_nsec) / 1e9) /
		       1e6,
	       got / seconds / 1e6);
	printf("%-34s %" PRIu64 " produced = %" PRIu64 " recorded + %" PRIu64
	       " counted as lost%s\n",
	       "", produced, got, missing, produced == got + missing ? "" : ": THAT IS NOT SO");
	return produced != got + missing;
}

int main(int argc, char **argv)
{
	struct producer producers[MAX_CPUS];
	struct ctf_trace *trace;
	struct nvs_error err;
	int missing;

	if (argc != 2) {
		fprintf(stderr, "usage: ring DIR\n");
		return 2;
	}
	trace = ctf_trace_create(argv[1], &err);
	check(!trace, &err);
	open_all();
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
		streams[cpu] = ctf_stream_open(trace, cpu, &err);
		check(!streams[cpu], &err);
	}
	one_after_the_other(producers);
	missing = all_at_once(producers);
	ctf_trace_discard(trace);
	return missing;
}
