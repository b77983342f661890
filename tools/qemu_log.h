/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads what QEMU's emulated NVMe device logged of itself: the lines that
 *   qemu-system-x86_64 -trace 'pci_nvme_*' -msg timestamp=on -D LOG ...
 * writes, as QEMU 7.2 words them.  One device event for each thing that
 * happened, whichever number of lines told of it.
 *
 * The lines do not name their controller, so a log must hold one controller's
 * life; one that cannot be a single controller's is refused where that shows.
 */
#ifndef NVS_QEMU_LOG_H
#define NVS_QEMU_LOG_H

#include <stdio.h>
#include "recording.h"

struct qemu_log;

/* One event as the device told it.  hdr.ctrl is NVS_NO_CTRL. */
struct qemu_log_event {
	union {
		struct nvs_hdr h;	/* h.ts: host's wall clock, ns; 0: the log has no times */
		struct nvs_dev_reg reg; /* value of a read: 0, the log does not tell */
		struct nvs_dev_doorbell bell;
		/* nsid 0 and nlb 0: the log does not tell (most admin commands) */
		struct nvs_dev_cmd cmd;
		struct nvs_dev_cqe cqe; /* qid: the completion queue's */
		struct nvs_dev_irq irq; /* qid 0: the log names the vector only */
	};
	unsigned int size; /* bytes of the struct above */
	bool refused;	   /* doorbell that the device ignored, e.g. of a deleted queue */
	uint64_t line;	   /* counted from 1 */
};

/* Lines of one sort: how many, and the first of them. */
struct qemu_log_note {
	uint64_t nr;
	uint64_t line;
	char text[96]; /* its beginning, printable */
};

/* What became of the lines: none is dropped without being counted here. */
struct qemu_log_counts {
	uint64_t lines;
	uint64_t foreign; /* not the NVMe device's */
	uint64_t events;  /* lines that made an event */
	uint64_t repeats; /* said what another line, or the same look before, had said */
	uint64_t details; /* known, and of no use to an event: PRPs, back-end, log pages */
	uint64_t refused; /* doorbells that the device ignored */
	uint64_t untimed; /* events without a time */
	struct qemu_log_note complaints; /* pci_nvme_err_* and pci_nvme_ub_*: the device objects */
	struct qemu_log_note strange;	 /* pci_nvme lines that are not understood */
};

/* Opens log @path; NULL with @err set. */
struct qemu_log *qemu_log_open(const char *path, struct nvs_error *err);
/* The same for an open @file, which qemu_log_close() closes; @name is for messages. */
struct qemu_log *qemu_log_from(FILE *file, const char *name, struct nvs_error *err);
void qemu_log_close(struct qemu_log *log);

/* 1: @ev is the next event, in the order of lines; 0: the end; -1: @err is set. */
int qemu_log_next(struct qemu_log *log, struct qemu_log_event *ev, struct nvs_error *err);

/* Counts so far; complete at the end. */
const struct qemu_log_counts *qemu_log_counts(const struct qemu_log *log);
const char *qemu_log_name(const struct qemu_log *log);

#endif
