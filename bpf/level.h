/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the recorder tells the programs of levels io and hist before they are loaded.  They are
 * constants to the verifier: what is unset is removed from the programs and costs nothing.
 */
#ifndef NVS_LEVEL_H
#define NVS_LEVEL_H

#include <linux/types.h>

#define LEVEL_IO   1
#define LEVEL_HIST 2

/* --queue: one bit for each queue identifier. */
#define FILTER_QUEUES 1024
#define SET_WORDS(n)  (((n) + 63) / 64)

#define FILTER_STATUS_ERROR 1 /* whatever is not success */
#define FILTER_STATUS_VALUE 2

struct level_config {
	__u32 level;
	__u32 stages;	       /* 0: one probe alone, at the end of a request */
	__u32 tag_shift;       /* log2 of the commands that a queue has room for */
	__u32 places;	       /* queues that there is room for */
	__u32 queues_per_ctrl; /* identifiers that a controller's queues have at most */
	__u32 max_ctrls;

	/* Filters; 0: unset */
	__u32 by_device; /* filter_ctrl says which */
	__u32 pci_addr;	 /* as in ctrl_new: says which number that is */
	__u32 by_queue;
	__u32 by_opcode;
	__u32 min_size, max_size; /* bytes */
	__u32 pid;
	__u32 by_status; /* FILTER_STATUS_* */
	__u32 status;	 /* as in event io */
	__u32 sample;	 /* one in so many, by tag */
	__u64 latency_above; /* ns */
	__u64 ops;	     /* one bit for each operation (NVS_RQOP) */
	__u64 cgroup;
	__u64 comm[2]; /* bytes 0 to 7, the first lowest, and 8 to 15 */
	__u64 queues[SET_WORDS(FILTER_QUEUES)];
	__u64 opcodes[SET_WORDS(256)];
};

/*
 * What is known of a queue, in `queues`.  Written by the programs of its CPUs; read by the
 * recorder at any time.
 */
struct flight_queue {
	__u64 key;	 /* whose it is: address of the driver's structure; 0: nobody's */
	__u64 seen;	 /* when the driver last began to look at its CQ */
	union {
		__u64 built; /* when it last built a command for it */
		__u64 since; /* our driver: since when its doorbells are counted */
	};
	__u32 place;	 /* of its commands and its histograms */
	__u32 in_flight; /* requests at the driver */
	__u16 ctrl, qid;
	__u16 why;	 /* what made the driver look */
	__u16 polled;	 /* has no interrupt */
	__u32 learning;	 /* 1: somebody fills this in; 2: done */
	__u32 bells;	 /* level hist: doorbells rung; may go round */
};

/* Which queue has a place: controller and queue identifier, by place; only ever added to. */
struct place_owner {
	__u16 ctrl, qid;
	__u32 used;
};

#endif
