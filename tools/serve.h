/* SPDX-License-Identifier: GPL-2.0 */
/* Inside `nvmescope serve`: serve_metrics.c adds up and writes metrics, serve_http.c answers. */
#ifndef NVS_SERVE_H
#define NVS_SERVE_H

#include <signal.h>
#include <stdio.h>
#include "live.h"

/* Devices that get a label of their own; what more there are is "other". */
#define SERVE_DEVICES 64

#define SERVE_CLASSES(C)       C(admin) C(io) C(poll)
#define SERVE_CLASS_ENUM(name) SERVE_##name,
enum serve_class { SERVE_CLASSES(SERVE_CLASS_ENUM) NR_SERVE_CLASSES };
#undef SERVE_CLASS_ENUM

/* Of one class of queues of a device, since the beginning. */
struct serve_queues {
	bool seen;
	uint64_t in_flight, doorbells;
	struct live_sums *op[HIST_OPS]; /* NULL: none of this operation yet */
};

struct serve_device {
	int ctrl; /* -1: those that have no label of their own */
	struct serve_queues queues[NR_SERVE_CLASSES];
};

struct serve_metrics {
	const char *prefix; /* of devices' names */
	bool stages;	    /* false: the total alone is counted */
	bool no_bells;	    /* this kernel does not show when doorbells are rung */
	struct serve_device device[SERVE_DEVICES + 1];
	unsigned int nr_devices;
	uint64_t lost[NR_LOST_CAUSES], skipped;
};

/* The class of a queue of device @ctrl; made when it is met first. */
struct serve_queues *serve_queues_of(struct serve_metrics *m, uint16_t ctrl,
				     enum serve_class class);
/* -1: out of memory. */
int serve_add(struct serve_metrics *m, enum serve_class class, const struct hist_change *change);
/* In the text format that Prometheus reads, 0.0.4. */
void serve_write(FILE *out, const struct serve_metrics *m);
void serve_free(struct serve_metrics *m);

/* Makes the text that is answered, to be freed; NULL: it cannot be made now. */
typedef char *serve_answer_fn(void *ctx, size_t *size);
/* Called once in a while, between requests. -1: @err says, the serving ends. */
typedef int serve_tick_fn(void *ctx, struct nvs_error *err);

struct serve_http {
	const char *listen; /* "127.0.0.1:9998", "[::1]:9998" */
	serve_answer_fn *answer;
	serve_tick_fn *tick;
	void *ctx;
};

/* Opens the library and the socket: -1, @err says why not. Then answers until @ended is set. */
int serve_listen(const char *listen, struct nvs_error *err);
int serve_http(const struct serve_http *h, int socket, const volatile sig_atomic_t *ended,
	       struct nvs_error *err);

#endif
