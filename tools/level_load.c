// SPDX-License-Identifier: GPL-2.0
/* Levels io and hist: which programs, how large their maps, and what constants. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "hist.h"
#include "level.h"
#include "ring_page.h"
#include "driver_io.skel.h"
#include "stock_io.skel.h"
#include "tracepoints_io.skel.h"
#include "attach.h"
#include "level_load.h"
#include "record.h"

#define MAX_PLACES \
	(sizeof(((struct stock_io_bpf__bss *)0)->flight_queues) / sizeof(struct flight_queue))

/* A number that stands alone in a file; @otherwise if there is none. */
static unsigned int read_number(const char *path, unsigned int otherwise)
{
	FILE *f = fopen(path, "r");
	unsigned int n;

	if (!f)
		return otherwise;
	if (fscanf(f, "%u", &n) != 1)
		n = otherwise;
	fclose(f);
	return n;
}

unsigned int level_parameter(const struct provider *p, const char *name, unsigned int otherwise)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", p->pci_module, name);
	return read_number(path, otherwise);
}

/* Queues of the controllers that there are, of all or of one. */
static unsigned int count_queues(const char *prefix, const struct level_config *c, uint16_t only)
{
	unsigned int n = 0;
	struct dirent *entry;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/%s", prefix);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		unsigned int ctrl;

		if (sscanf(entry->d_name + strspn(entry->d_name, "nvmes"), "%u", &ctrl) != 1 ||
		    (c->by_device && only != NVS_NO_CTRL && ctrl != only))
			continue;
		snprintf(path, sizeof(path), "/sys/class/%s/%s/queue_count", prefix, entry->d_name);
		n += read_number(path, 0);
	}
	if (dir)
		closedir(dir);
	return n;
}

/* The sizes that the machine asks for, with room for controllers that may come. */
static void set_sizes(struct level_config *c, const struct level_load *how, bool by_tracepoints)
{
	const struct provider *p = how->stock ? &provider_stock : &provider_driver;
	/* The admin queue, and at most two queues for each CPU (write_queues, poll_queues) */
	unsigned int each = 2 * how->nr_cpus + 1,
		     depth = level_parameter(p, "io_queue_depth", 1024);

	c->queues_per_ctrl = each;
	c->max_ctrls = SPARE_CTRLS;
	c->places = (c->by_device ? 1 : 2) * each;
	for (const char *const *prefix = record_node_prefixes; *prefix; prefix++) {
		c->max_ctrls += record_ctrls_end(*prefix);
		c->places += count_queues(*prefix, c, how->ctrl);
	}
	if (by_tracepoints) {
		/* A queue's place is its number. */
		c->max_ctrls -= SPARE_CTRLS - 1;
		c->places = c->max_ctrls * each;
	}
	if (c->places > MAX_PLACES)
		c->places = MAX_PLACES;
	for (c->tag_shift = 5; 1u << c->tag_shift < depth; c->tag_shift++)
		;
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_filtered(const struct level_config *c)
{
	return c->by_device || c->by_queue || c->by_opcode || c->min_size || c->max_size ||
	       c->pid || c->by_status || c->sample > 1 || c->latency_above || c->ops || c->cgroup ||
	       c->comm[0];
}

/* On a request's way: one for each level, with filters and without. */
static bool wants_variant(const struct level_config *c, const char *name)
{
	if (!strcmp(name, "one_failed"))
		return !c->stages && !is_filtered(c);
	if (!!strstr(name, "_filtered") != is_filtered(c))
		return false;
	if (starts(name, "one_"))
		return !c->stages;
	return c->stages && starts(name, c->level == LEVEL_IO ? "io_" : "hist_");
}

bool level_wants(const struct level_programs *l, const char *name)
{
	const struct level_config *c = &l->config;

	if (l->by_tracepoints)
		return c->stages || !strcmp(name, "on_outcome") || !strcmp(name, "io_complete");
	if (starts(name, "live_"))
		return l->live;
	if (!starts(name, "io_") && !starts(name, "hist_") && !starts(name, "one_"))
		return l->life;
	if (starts(name, "one_") || strstr(name, "_setup") || strstr(name, "_complete"))
		return wants_variant(c, name);
	if (starts(name, "io_new_"))
		return true;
	if (!c->stages)
		return false;
	if (strstr(name, "_bell"))
		return starts(name, c->level == LEVEL_IO ? "io_" : "hist_");
	if (!strcmp(name, "io_poll"))
		return l->poll_queues;
	return true;
}

/* Programs that are not wanted, or have nothing to attach to on this kernel, stay away. */
static int choose(struct level_programs *l, const struct attach_sources *s, struct nvs_error *err)
{
	struct bpf_program *prog;
	int failed = 0;

	if (l->stock)
		l->poll_queues = level_parameter(&provider_stock, "poll_queues", 0);
	bpf_object__for_each_program(prog, l->obj)
	{
		bool wanted = level_wants(l, bpf_program__name(prog));

		bpf_program__set_autoload(prog, wanted);
		if (wanted && l->stock && !failed)
			failed = record_stock_choose_one(s, prog, err);
	}
	return failed;
}

/* A map that these programs do not have needs no size. */
static void set_map_size(struct level_programs *l, const char *name, unsigned int entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(l->obj, name);

	if (map)
		bpf_map__set_max_entries(map, entries);
}

static void set_map_sizes(struct level_programs *l, const struct level_config *c,
			  const struct level_load *how)
{
	unsigned int far = c->places > NEAR_PLACES ? c->places - NEAR_PLACES : 0;

	set_map_size(l, "lost", how->nr_cpus);
	set_map_size(l, "places", c->max_ctrls * c->queues_per_ctrl);
	set_map_size(l, "commands", c->stages ? c->places << c->tag_shift : 1);
	set_map_size(l, "cells", c->level == LEVEL_HIST && far ? far * HIST_CELLS : 1);
}

static int open_stock(struct level_programs *l, uint16_t ctrl)
{
	struct stock_io_bpf *skel;

	attach_targets_begin();
	skel = stock_io_bpf__open();
	if (!skel)
		return -1;
	l->stock = skel;
	l->obj = skel->obj;
	skel->rodata->config = l->config;
	skel->data->filter_ctrl = ctrl;
	return 0;
}

static int open_tracepoints(struct level_programs *l, uint16_t ctrl,
			    const struct tracepoints_layout *layout)
{
	struct tracepoints_io_bpf *skel = tracepoints_io_bpf__open();

	if (!skel)
		return -1;
	l->tracepoints = skel;
	l->obj = skel->obj;
	skel->rodata->at_qid = layout->qid;
	skel->rodata->at_flags = layout->flags;
	skel->rodata->at_status = layout->status;
	skel->rodata->at_result = layout->result;
	skel->rodata->nvme_major = layout->nvme_major;
	skel->rodata->config = l->config;
	skel->data->filter_ctrl = ctrl;
	return 0;
}

static int open_driver(struct level_programs *l, uint16_t ctrl)
{
	struct driver_io_bpf *skel = driver_io_bpf__open();

	if (!skel)
		return -1;
	l->driver = skel;
	l->obj = skel->obj;
	skel->rodata->config = l->config;
	skel->rodata->live = l->live;
	skel->data->filter_ctrl = ctrl;
	return 0;
}

static int open_programs(struct level_programs *l, const struct level_load *how,
			 struct nvs_error *err)
{
	struct tracepoints_layout layout;
	int failed;

	errno = 0;
	if (l->by_tracepoints && record_tracepoints_layout(&layout, err))
		return -1;
	failed = l->by_tracepoints ? open_tracepoints(l, how->ctrl, &layout)
		 : how->stock	   ? open_stock(l, how->ctrl)
				   : open_driver(l, how->ctrl);
	return failed ? bpf_fail_load(errno, err) : 0;
}

static int load(struct level_programs *l)
{
	int failed = l->tracepoints ? tracepoints_io_bpf__load(l->tracepoints)
		     : l->stock	    ? stock_io_bpf__load(l->stock)
				    : driver_io_bpf__load(l->driver);

	attach_targets_end();
	if (failed)
		return failed;
	l->queues = l->tracepoints ? l->tracepoints->bss->flight_queues
		    : l->stock	   ? l->stock->bss->flight_queues
				   : l->driver->bss->flight_queues;
	l->near_cells = l->tracepoints ? l->tracepoints->bss->near_cells
			: l->stock     ? l->stock->bss->near_cells
				       : l->driver->bss->near_cells;
	l->nr_places = l->tracepoints ? &l->places
		       : l->stock     ? &l->stock->bss->next_place
				      : &l->driver->bss->next_place;
	return 0;
}

static int open_and_load(struct level_programs *l, const struct level_load *how,
			 const struct attach_sources *s, struct nvs_error *err)
{
	int failed;

	set_sizes(&l->config, how, l->by_tracepoints);
	l->places = l->config.places;
	if (open_programs(l, how, err))
		return -1;
	set_map_sizes(l, &l->config, how);
	if (how->recorder && record_shape_rings(how->recorder, l->obj, err))
		return -1;
	if (choose(l, s, err))
		return -1;
	failed = load(l);
	return failed ? bpf_fail_load(-failed, err) : 0;
}

int level_open(struct level_programs *l, const struct level_load *how,
	       const struct level_config *config, struct nvs_error *err)
{
	struct attach_sources s = { 0 };
	int failed = 0;

	*l = (struct level_programs){
		.config = *config,
		.life = how->life,
		.live = !how->recorder,
		.is_stock = how->stock,
	};
	if (how->stock) {
		attach_open(&s, provider_stock.core_module, provider_stock.pci_module);
		failed = record_stock_types(&s, err);
		l->by_tracepoints = failed > 0;
	}
	if (failed >= 0)
		failed = open_and_load(l, how, &s, err);
	attach_close(&s);
	return failed;
}

void level_close(struct level_programs *l)
{
	stock_io_bpf__destroy(l->stock);
	tracepoints_io_bpf__destroy(l->tracepoints);
	driver_io_bpf__destroy(l->driver);
	*l = (struct level_programs){ 0 };
}

uint64_t level_unknown(const struct level_programs *l)
{
	return l->tracepoints ? l->tracepoints->bss->unknown_ctrl : 0;
}

const void *level_caught_up(const struct level_programs *l)
{
	return l->stock ? l->stock->bss->caught_up : NULL;
}

struct bpf_object *level_programs(bool stock, bool by_tracepoints, const char *level)
{
	struct level_programs l = {
		.config = { .level = strcmp(level, "io") ? LEVEL_HIST : LEVEL_IO, .stages = 1 },
		.life = true,
		.is_stock = stock,
		.by_tracepoints = by_tracepoints,
		.poll_queues = true,
	};
	struct bpf_program *prog;
	const void *elf;
	size_t size;

	elf = by_tracepoints ? tracepoints_io_bpf__elf_bytes(&size)
	      : stock	     ? stock_io_bpf__elf_bytes(&size)
			     : driver_io_bpf__elf_bytes(&size);
	l.obj = bpf_object__open_mem(elf, size, NULL);
	if (!l.obj)
		return NULL;
	bpf_object__for_each_program(prog, l.obj)
		bpf_program__set_autoload(prog, level_wants(&l, bpf_program__name(prog)));
	return l.obj;
}
