// SPDX-License-Identifier: GPL-2.0
/* Level hist without a recording: loaded, attached, read as it grows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "hist_live.h"
#include "record.h"

#define MAX_LINKS 32

struct hist_live {
	struct level_programs programs;
	struct hist_reader *reader;
	unsigned int nr_cpus;
	unsigned int nr_links;
	struct {
		const struct bpf_program *prog;
		int link_fd;
	} links[MAX_LINKS];
};

/* A raw tracepoint goes by its name; what is typed knows since it was loaded what it is for. */
static int attach(struct hist_live *h, const struct bpf_program *prog, struct nvs_error *err)
{
	const char *section = bpf_program__section_name(prog);
	const char *tracepoint = strncmp(section, "raw_tp", 6) ? NULL : strchr(section, '/') + 1;
	int prog_fd = bpf_program__fd(prog), fd;

	fd = h->programs.by_tracepoints ? record_tracepoints_attach(section, prog_fd)
					: bpf_raw_tracepoint_open(tracepoint, prog_fd);
	if (fd < 0)
		return nvs_fail(err, "cannot attach to %s: %s", section, strerror(errno));
	h->links[h->nr_links].prog = prog;
	h->links[h->nr_links++].link_fd = fd;
	return 0;
}

static int attach_all(struct hist_live *h, struct nvs_error *err)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, h->programs.obj)
	{
		if (bpf_program__autoload(prog) && h->nr_links < MAX_LINKS && attach(h, prog, err))
			return -1;
	}
	return 0;
}

struct hist_live *hist_live_open(bool stock, const struct level_config *config, uint16_t ctrl,
				 struct nvs_error *err)
{
	struct level_load how = { .stock = stock, .ctrl = ctrl };
	struct level_config c = *config;
	struct hist_live *h = calloc(1, sizeof(*h));
	int cpus = libbpf_num_possible_cpus();

	if (!h || cpus < 0) {
		nvs_fail(err, h ? "cannot count this machine's CPUs" : "out of memory");
		free(h);
		return NULL;
	}
	h->nr_cpus = how.nr_cpus = cpus;
	c.level = LEVEL_HIST;
	if (!level_open(&h->programs, &how, &c, err))
		h->reader = hist_reader_open(&h->programs, err);
	if (!h->reader || attach_all(h, err)) {
		hist_live_close(h);
		return NULL;
	}
	return h;
}

void hist_live_close(struct hist_live *h)
{
	if (!h)
		return;
	while (h->nr_links)
		close(h->links[--h->nr_links].link_fd);
	hist_reader_close(h->reader);
	level_close(&h->programs);
	free(h);
}

int hist_live_take(struct hist_live *h, hist_change_fn *fn, void *ctx, struct nvs_error *err)
{
	return hist_reader_take(h->reader, fn, ctx, err);
}

unsigned int hist_live_queues(const struct hist_live *h)
{
	unsigned int n = __atomic_load_n(h->programs.nr_places, __ATOMIC_ACQUIRE);

	return n < h->programs.places ? n : h->programs.places;
}

const struct flight_queue *hist_live_queue(const struct hist_live *h, unsigned int i)
{
	const struct flight_queue *q = &h->programs.queues[i];

	return h->programs.by_tracepoints && !q->key ? NULL : q;
}

bool hist_live_sees_bells(const struct hist_live *h)
{
	return !h->programs.by_tracepoints;
}

uint64_t hist_live_lost(const struct hist_live *h, enum lost_cause cause)
{
	int fd = bpf_object__find_map_fd_by_name(h->programs.obj, "lost");
	uint64_t total = 0;

	for (unsigned int cpu = 0; cpu < h->nr_cpus; cpu++) {
		struct cpu_lost lost;

		if (!bpf_map_lookup_elem(fd, &cpu, &lost))
			total += lost.by_cause[cause];
	}
	return total;
}

/* Of two programs that do the same, the second. */
static int again_of(const struct hist_live *h, const char *section)
{
	for (unsigned int i = 0; i < h->nr_links; i++) {
		const struct bpf_program *prog = h->links[i].prog;

		if (record_stock_is_again(prog) &&
		    !strcmp(bpf_program__section_name(prog), section))
			return bpf_program__fd(prog);
	}
	return -1;
}

uint64_t hist_live_skipped(const struct hist_live *h)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < h->nr_links; i++) {
		const struct bpf_program *prog = h->links[i].prog;
		const char *section = bpf_program__section_name(prog);

		if (!record_stock_is_again(prog))
			total += record_stock_missed(section, bpf_program__fd(prog),
						     again_of(h, section),
						     level_caught_up(&h->programs));
	}
	return total;
}
