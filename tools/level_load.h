/* SPDX-License-Identifier: GPL-2.0 */
/* The programs of levels io and hist, loaded for one provider: for record, top and serve. */
#ifndef NVS_LEVEL_LOAD_H
#define NVS_LEVEL_LOAD_H

#include <stdbool.h>
#include "cmd.h"
#include "level.h"
#include "lost.h"

struct bpf_object;
struct hist_cell;
struct provider;
struct recorder;

struct level_programs {
	struct bpf_object *obj;
	struct stock_io_bpf *stock; /* one of these three */
	struct tracepoints_io_bpf *tracepoints;
	struct driver_io_bpf *driver;
	/* In memory that the programs write, too. */
	struct flight_queue *queues; /* by place */
	const uint32_t *nr_places;   /* of these, that may have been met */
	const struct hist_cell
		*near_cells; /* the first of the histograms; the others are in `cells` */
	uint32_t places;     /* that there is room for */
	/* What was chosen by */
	struct level_config config;
	bool is_stock, life, poll_queues;
	bool live;	     /* somebody asks how many requests are at the device now */
	bool by_tracepoints; /* the kernel does not tell its driver's types: bpf/tracepoints_io.bpf.c */
};

/* What is loaded beside the programs of @config->level. */
struct level_load {
	bool stock;    /* the kernel's own driver, else ours */
	bool life;     /* programs that tell of phases, states and resets, into `rings` */
	uint16_t ctrl; /* with config.by_device: its number, NVS_NO_CTRL if that is not known yet */
	unsigned int nr_cpus;	   /* possible */
	struct recorder *recorder; /* whose rings they fill; NULL: nobody's */
};

/*
 * Loads the programs for @config, whose level, stages and filters are set; the sizes are set
 * here, by what the machine has.  -1: @err says, all is undone by level_close().
 */
int level_open(struct level_programs *l, const struct level_load *how,
	       const struct level_config *config, struct nvs_error *err);
void level_close(struct level_programs *l);
/* Requests whose controller could not be told, so far. */
uint64_t level_unknown(const struct level_programs *l);
/* What the second of two programs told, 64 bits each by enum again; NULL: there are none. */
const void *level_caught_up(const struct level_programs *l);
/*
 * The programs of a level as record loads them, not loaded, those of other levels with autoload
 * off; to be closed with bpf_object__close(). NULL: there are none.
 */
struct bpf_object *level_programs(bool stock, bool by_tracepoints, const char *level);
/* A parameter of the provider's PCI module, a number; @otherwise, if it is not there. */
unsigned int level_parameter(const struct provider *p, const char *name, unsigned int otherwise);
/* Is the program of this name one of those that were asked for? */
bool level_wants(const struct level_programs *l, const char *program);

#endif
