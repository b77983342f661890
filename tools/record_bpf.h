/* SPDX-License-Identifier: GPL-2.0 */
/* Between record_bpf.c, which loads programs, and record_attach.c; no business of others. */
#ifndef NVS_RECORD_BPF_H
#define NVS_RECORD_BPF_H

#include "ring_page.h"
#include "driver.skel.h"
#include "stock.skel.h"
#include "level_load.h"
#include "record.h"

/* Programs are attached by hand, because libbpf would warn at each try that fails. */
struct record_bpf {
	struct driver_bpf *driver; /* one of these three */
	struct stock_bpf *stock;
	struct tracepoints_bpf *tracepoints;
	struct level_programs level;
	struct bpf_object *obj; /* of that one */
	bool typed;		/* programs know since they were loaded what they are for */
	size_t lost_bytes;
	struct cpu_lost *attaching; /* `lost` when all was attached */
	struct ring_buffer *wake;   /* NULL with the kernel's rings */
	unsigned int nr_points;
	struct attach_point {
		const char *name; /* of the tracepoint, or of the program's section */
		int prog_fd;
		int link_fd; /* -1: not attached */
		bool missing;
		bool again; /* the second of two that do the same */
	} points[128];
};

/* Loads the programs, and makes the rings. -1: @err says. */
int record_bpf_load(struct recorder *r, struct nvs_error *err);

#endif
