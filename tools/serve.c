// SPDX-License-Identifier: GPL-2.0
/* nvmescope serve: histograms of latency, for Prometheus. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "record.h"
#include "serve.h"

/* Counts in the kernel are 32 bits wide: to be taken before they can go round. */
#define TAKE_NS 5000000000ull

static struct serve_command {
	struct live_options live;
	const char *listen;
} opt;

static const struct option_row rows[] = {
	{ "listen", 'l', OPTION_STRING, "ADDR:PORT", &opt.listen, "where (127.0.0.1:9998)", NULL },
	LIVE_ROWS(opt.live),
	{ 0 },
};

static const struct usage usage = {
	.command = "serve",
	.synopsis = "[OPTIONS]",
	.description =
		"Counts in the kernel (level hist) and answers Prometheus on http://ADDR:PORT/metrics:\n"
		"histograms of latency by device, class of queue, operation and stage; bytes, errors,\n"
		"requests in flight, doorbells, and what could not be counted. Runs until SIGINT or\n"
		"SIGTERM. docs/serve.md has the metrics, docs/grafana.json a dashboard.",
	.examples = "  nvmescope serve\n"
		    "  nvmescope serve --listen 0.0.0.0:9998 --device nvme0\n"
		    "  curl -s http://127.0.0.1:9998/metrics\n",
	.rows = rows,
};

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

struct server {
	struct live live;
	struct serve_metrics metrics;
	uint64_t taken_ns;
};

/* Queues without an interrupt are polled ones. */
static enum serve_class class_of(const struct server *s, uint16_t ctrl, uint16_t qid)
{
	if (!qid)
		return SERVE_admin;
	for (unsigned int i = 0; i < hist_live_queues(s->live.hist); i++) {
		const struct flight_queue *q = hist_live_queue(s->live.hist, i);

		if (q && q->ctrl == ctrl && q->qid == qid)
			return q->polled ? SERVE_poll : SERVE_io;
	}
	return SERVE_io;
}

static int add_change(void *ctx, const struct hist_change *change)
{
	struct server *s = ctx;

	return serve_add(&s->metrics, class_of(s, change->ctrl, change->qid), change);
}

static void look_at_queues(struct server *s)
{
	struct serve_metrics *m = &s->metrics;

	for (unsigned int i = 0; i < m->nr_devices; i++)
		for (unsigned int class = 0; class < NR_SERVE_CLASSES; class ++)
			m->device[i].queues[class].in_flight =
				m->device[i].queues[class].doorbells = 0;
	for (unsigned int i = 0; i < hist_live_queues(s->live.hist); i++) {
		const struct flight_queue *q = hist_live_queue(s->live.hist, i);
		struct serve_queues *of;

		if (!q)
			continue;
		of = serve_queues_of(m, q->ctrl, class_of(s, q->ctrl, q->qid));
		of->in_flight += q->in_flight;
		of->doorbells += q->bells;
	}
	for (int cause = 0; cause < NR_LOST_CAUSES; cause++)
		m->lost[cause] = hist_live_lost(s->live.hist, cause);
	m->skipped = hist_live_skipped(s->live.hist);
	m->no_bells = !hist_live_sees_bells(s->live.hist);
}

static int take(struct server *s, struct nvs_error *err)
{
	if (hist_live_take(s->live.hist, add_change, s, err))
		return -1;
	look_at_queues(s);
	s->taken_ns = record_now();
	return 0;
}

static char *answer(void *ctx, size_t *size)
{
	struct server *s = ctx;
	struct nvs_error err;
	char *text = NULL;
	FILE *f;

	if (take(s, &err))
		return NULL;
	f = open_memstream(&text, size);
	if (!f)
		return NULL;
	serve_write(f, &s->metrics);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static int tick(void *ctx, struct nvs_error *err)
{
	struct server *s = ctx;

	return record_now() - s->taken_ns < TAKE_NS ? 0 : take(s, err);
}

static int serve(struct server *s, struct nvs_error *err)
{
	struct serve_http http = { .listen = opt.listen, .answer = answer, .tick = tick, .ctx = s };
	struct sigaction action = { .sa_handler = on_signal };
	int socket = serve_listen(opt.listen, err);

	if (socket < 0)
		return -1;
	if (live_open(&s->live, &opt.live, err)) {
		close(socket);
		return -1;
	}
	s->metrics.prefix = s->live.prefix;
	s->metrics.stages = s->live.stages;
	s->taken_ns = record_now();
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	complain("serving http://%s/metrics; ^C ends this", opt.listen);
	return serve_http(&http, socket, &ended, err);
}

int cmd_serve(int argc, char **argv)
{
	static struct server s;
	struct nvs_error err;
	int code, failed;

	opt = (struct serve_command){ .listen = "127.0.0.1:9998",
				      .live = { .provider = live_providers[0] } };
	code = options_parse_all(&usage, argc, argv);
	if (code >= 0)
		return code;
	failed = serve(&s, &err);
	if (failed)
		complain("%s", err.text);
	live_close(&s.live);
	serve_free(&s.metrics);
	return failed ? EXIT_FAILED : EXIT_DONE;
}
