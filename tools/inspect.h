/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside `nvmescope inspect`: inspect_device.c finds devices, queues and vectors,
 * inspect_points.c attach points and leave, inspect_text.c and inspect_json.c show them.
 */
#ifndef NVS_INSPECT_H
#define NVS_INSPECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "attach.h"

#define WORD  64
#define WORDS 256

struct inspect_queue {
	unsigned int qid;
	unsigned int depth;   /* entries; 0: not seen */
	char kind[WORD];      /* admin, default, read, poll, or "default or read" */
	char cpus[WORDS];     /* that submit to it; empty: all, or not seen */
	int irq;	      /* Linux interrupt number; -1: none, or not seen */
	int vector;	      /* entry in the MSI-X table; -1: none, or not seen */
	char irq_cpus[WORDS]; /* that may be interrupted; those that are, if that is told */
};

struct inspect_device {
	char address[WORD]; /* 0000:01:00.0 */
	char ids[WORD];	    /* vendor:device */
	char driver[WORD];  /* empty: none */
	const char *class;  /* nvme, or nvs where both drivers are loaded */
	char name[WORD];    /* nvme0; empty: the driver made none */
	char model[WORDS], serial[WORDS], firmware[WORDS], state[WORD];
	struct inspect_queue *queues;
	unsigned int nr_queues;
};

struct inspect_devices {
	struct inspect_device *device;
	unsigned int nr;
	/* What could not be read, though it is there: said, with what would help. */
	bool kinds_hidden, irqs_hidden;
};

/* Reads sysfs and procfs below @root ("" is this machine). false: out of memory. */
bool inspect_devices_read(struct inspect_devices *d, const char *root);
void inspect_devices_free(struct inspect_devices *d);

struct inspect_point {
	char section[2 * WORD];
	enum attach_state state;
	bool needed;
	char loss[WORDS]; /* what is not recorded without it */
};

/* One level of one provider. */
struct inspect_level {
	const char *provider, *level;
	struct inspect_point *points;
	unsigned int nr;
	bool module_loaded;
	const char *unseen;	 /* tracepoints alone: what that cannot show; else NULL */
	char why_not[2 * WORDS]; /* empty: recording works, as far as can be told */
};

#define MAX_LEVELS 8

struct inspect_kernel {
	char release[WORD];
	const char *privilege; /* NULL: programs can be loaded; else why not */
	char lockdown[WORD];   /* none, integrity, confidentiality; empty: not known */
	bool types[NR_TYPES];  /* of vmlinux, nvme_core, nvme */
	bool sees_symbols, sees_traceable;
	struct inspect_level level[MAX_LEVELS];
	unsigned int nr_levels;
};

/* Asks the kernel. false: out of memory. */
bool inspect_kernel_read(struct inspect_kernel *k);
void inspect_kernel_free(struct inspect_kernel *k);

/* @all: names the attach points that are found, too. */
void inspect_text(FILE *out, const struct inspect_devices *d, const struct inspect_kernel *k,
		  bool all);
/* Returns -1 if it cannot be written. */
int inspect_json(FILE *out, const struct inspect_devices *d, const struct inspect_kernel *k);

#endif
