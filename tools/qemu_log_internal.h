/* SPDX-License-Identifier: GPL-2.0 */
/* Between qemu_log.c, which reads lines, and qemu_log_lines.c, which knows them. */
#ifndef NVS_QEMU_LOG_INTERNAL_H
#define NVS_QEMU_LOG_INTERNAL_H

#include "qemu_log.h"

#define QEMU_LOG_MAX_LINE 1024 /* the longest known wording takes some 250 bytes */

/* What became of a line. */
enum qemu_log_outcome {
	LINE_EVENT,   /* an event, in log->now */
	LINE_COMMAND, /* the same, and the lines that follow may detail it */
	LINE_REPEAT,
	LINE_DETAIL,
	LINE_COMPLAINT,
	LINE_STRANGE,
	LINE_CONTRADICTS, /* another controller's */
};

enum qemu_log_life { LIFE_UNKNOWN, LIFE_STOPPED, LIFE_RUNNING };

struct qemu_log {
	FILE *file;
	char *name;
	struct qemu_log_counts counts;
	char text[QEMU_LOG_MAX_LINE];
	struct qemu_log_event now;  /* of the current line: ts and line are set */
	struct qemu_log_event cmd;  /* a command whose details may follow */
	struct qemu_log_event held; /* an event that waits behind it */
	bool have_cmd, have_held, ended;
	uint64_t bell_data; /* of the last mmio_write to a doorbell */
	enum qemu_log_life life;
	int32_t shadow[2][65536]; /* last value seen in a shadow doorbell; -1: none */
};

/* A decimal or 0x number at @s; what follows it, or NULL if there is none that fits. */
const char *qemu_log_number(const char *s, uint64_t *v);

/* Takes the line pci_nvme_@name, whose text is @fields. */
enum qemu_log_outcome qemu_log_take(struct qemu_log *log, const char *name, const char *fields);

#endif
