/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Made-up recordings whose truth is known: a controller comes up, then every
 * queue does reads and writes.  The same options make the same events.
 */
#ifndef NVS_SYNTH_H
#define NVS_SYNTH_H

#include "recording.h"

#define SYNTH_MAX_QUEUES 16

struct synth_options {
	unsigned int queues;   /* I/O queues, one for each CPU */
	unsigned int commands; /* on each I/O queue */
	unsigned int depth;    /* commands kept at the device */
	unsigned int batch;    /* commands for each doorbell */
	unsigned int ring;     /* entries in SQ and CQ; 0: 64 */
	bool no_init;	       /* the recorder came late */
	bool io;	       /* level io: a record for each request on the I/O queues, no steps */
	unsigned int tasks;    /* that submit, in turn; 0: 1 */
};

/* One command of an I/O queue, as it was made up: the truth to hold figures against. */
struct synth_command {
	uint64_t queued, setup, bell, seen, end; /* ns */
	uint64_t sector, cgroup;
	uint32_t bytes, pid;
	uint16_t qid, cpu, nsid, cid;
	uint16_t depth; /* of the queue at the driver when it was taken, it included */
	uint16_t batch;
	bool write;
	char comm[16];
};

/* What a reader must find. */
struct synth_queue_truth {
	uint64_t commands, bells, irqs, completions;
	unsigned int peak_depth;
	uint64_t max_latency; /* ns, rq_start .. rq_complete */
	uint64_t reads, writes;
};

struct synth_truth {
	uint64_t events;
	unsigned int phases, admin_commands, reg_writes;
	uint64_t wait_ready_ns;				      /* of the longest nvme_wait_ready */
	struct synth_queue_truth queue[SYNTH_MAX_QUEUES + 1]; /* by qid */
	struct synth_command *command; /* in the order they ended on each queue, queue by queue */
	unsigned int nr_commands, max_commands;
};

/* An event; of any kind: io is the largest. */
union synth_event {
	struct nvs_hdr h;
	struct nvs_rq_start rq_start;
	struct nvs_io io;
};

struct synth_item {
	union synth_event ev;
	unsigned int cpu, size;
	unsigned int seq; /* order in which it was added: keeps the sort stable */
};

struct synth {
	const char *provider;	 /* NULL: driver */
	const char *level;	 /* NULL: events */
	struct synth_item *item; /* in time order */
	unsigned int nr, max;
	struct synth_truth truth;
};

/* Aborts when there is no memory: it is for tests. */
struct synth *synth_make(const struct synth_options *options);
void synth_free(struct synth *s);
/* Adds one event of one's own, after the last; sorts nothing. */
void synth_add(struct synth *s, unsigned int cpu, const void *ev, unsigned int size);
/* Writes it as a recording into @dir, with @lost events lost on CPU 0. */
int synth_write(const struct synth *s, const char *dir, uint64_t lost, struct nvs_error *err);

#endif
