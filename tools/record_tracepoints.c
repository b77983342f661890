// SPDX-License-Identifier: GPL-2.0
/*
 * The stock provider on a kernel that says nothing of its nvme modules' types: their
 * tracepoints alone.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "record.h"
#include "tracepoints.skel.h"

#define TAGS 1024 /* of a queue: as in bpf/tracepoints.bpf.c */

const char record_tracepoints_unseen[] =
	"doorbells (the driver's time is in the device's), interrupts, polls, slots, data pointers, "
	"event requests, phases, states, timeouts, resets";

/* A file of a tracepoint of group nvme, in tracefs, which may be mounted in either place. */
static FILE *open_event_file(const char *event, const char *file)
{
	static const char *const dirs[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[128];
	FILE *f = NULL;

	for (size_t i = 0; !f && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/events/nvme/%s/%s", dirs[i], event, file);
		f = fopen(path, "r");
	}
	return f;
}

/* Where a tracepoint's record has a field: "field:u16 status;	offset:66;	size:2;	..." */
static int offset_of(const char *event, const char *field)
{
	FILE *f = open_event_file(event, "format");
	char line[256], name[128];
	int offset, found = -1;

	snprintf(name, sizeof(name), " %s;", field);
	while (f && found < 0 && fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, "offset:");

		if (at && strstr(line, "field:") && strstr(line, name) &&
		    sscanf(at, "offset:%d", &offset) == 1)
			found = offset;
	}
	if (f)
		fclose(f);
	return found;
}

/* "249 nvme": the major number of controllers' character devices */
static unsigned int nvme_major(void)
{
	FILE *f = fopen("/proc/devices", "r");
	unsigned int major, found = 0;
	char line[128], name[64];

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%u %63s", &major, name) == 2 && !strcmp(name, "nvme"))
			found = major;
	if (f)
		fclose(f);
	return found;
}

int record_tracepoints_layout(struct tracepoints_layout *layout, struct nvs_error *err)
{
	static const char event[] = "nvme_complete_rq";
	int qid = offset_of(event, "qid"), flags = offset_of(event, "flags");
	int status = offset_of(event, "status"), result = offset_of(event, "result");

	if (qid < 0 || flags < 0 || status < 0 || result < 0)
		return nvs_fail(
			err,
			"neither its types nor tracefs say how a record of events/nvme/%s "
			"looks: be root, or have CAP_BPF and CAP_PERFMON, and CAP_SYS_ADMIN "
			"or leave to read tracefs (mounted on /sys/kernel/tracing)",
			event);
	*layout = (struct tracepoints_layout){ qid, flags, status, result, nvme_major() };
	return 0;
}

struct tracepoints_bpf *record_tracepoints_open(const struct recorder *r, uint32_t queues,
						uint32_t ctrls, struct bpf_object **obj,
						struct nvs_error *err)
{
	struct tracepoints_bpf *skel = tracepoints_bpf__open();
	struct tracepoints_layout layout;

	if (!skel) {
		nvs_fail(err, "cannot open the programs: %s", strerror(errno));
		return NULL;
	}
	if (record_tracepoints_layout(&layout, err)) {
		tracepoints_bpf__destroy(skel);
		return NULL;
	}
	skel->rodata->at_qid = layout.qid;
	skel->rodata->at_flags = layout.flags;
	skel->rodata->at_status = layout.status;
	skel->rodata->at_result = layout.result;
	skel->rodata->nvme_major = layout.nvme_major;
	*obj = skel->obj;
	bpf_map__set_max_entries(skel->maps.cids, queues * ctrls * TAGS);
	skel->rodata->queues_per_ctrl = queues;
	skel->rodata->max_ctrls = ctrls;
	skel->rodata->filter = !!r->device.text;
	skel->data->filter_ctrl = r->device.ctrl;
	return skel;
}

int record_tracepoints_load(struct tracepoints_bpf *skel)
{
	return tracepoints_bpf__load(skel);
}

void record_tracepoints_close(struct tracepoints_bpf *skel)
{
	tracepoints_bpf__destroy(skel);
}

const void *record_tracepoints_elf(size_t *size)
{
	return tracepoints_bpf__elf_bytes(size);
}

uint64_t record_tracepoints_untracked(const struct tracepoints_bpf *skel)
{
	return skel->bss->untracked + skel->bss->unknown_ctrl;
}

/* A program of a tracepoint's record is attached by way of a perf event. */
static int attach_record(const char *event, int prog_fd)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	FILE *f = open_event_file(event, "id");
	unsigned long long id;
	int fd;

	if (!f || fscanf(f, "%llu", &id) != 1) {
		if (f)
			fclose(f);
		errno = ENOENT;
		return -1;
	}
	fclose(f);
	attr.config = id;
	attr.sample_period = 1;
	attr.wakeup_events = 1;
	/* On one CPU, as perf goes; the program runs on all. */
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0 &&
	    (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

int record_tracepoints_attach(const char *section, int prog_fd)
{
	const char *event = strrchr(section, '/') + 1;

	return strncmp(section, "tp/", 3) ? bpf_raw_tracepoint_open(event, prog_fd)
					  : attach_record(event, prog_fd);
}
