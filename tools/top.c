// SPDX-License-Identifier: GPL-2.0
/* nvmescope top: what each queue does, live. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "record.h"
#include "top.h"

static struct top_command {
	struct live_options live;
	const char *sort, *op, *stage;
	uint64_t interval, count;
	bool once, by_device, reverse, plain;
} opt;

static const char *const sorts[] = { "device", "iops", "bytes",	 "depth", "p50",
				     "p99",    "p999", "errors", NULL };
static const char *const ops[] = { "all",     "read",	      "write", "flush",
				   "discard", "write_zeroes", "other", NULL };
static const char *const stages[] = { "total", "queue", "driver", "device", "completion", NULL };

static const struct option_row rows[] = {
	{ "interval", 'i', OPTION_SECONDS, "SECONDS", &opt.interval, "between two looks (1)",
	  NULL },
	{ "once", '1', OPTION_FLAG, NULL, &opt.once, "one interval, as lines", NULL },
	{ "count", 'n', OPTION_UINT, "N", &opt.count, "so many intervals, as lines", NULL },
	{ "plain", 0, OPTION_FLAG, NULL, &opt.plain, "lines on a terminal, too", NULL },
	{ "sort", 's', OPTION_CHOICE, "BY", &opt.sort, "the greatest first", sorts },
	{ "reverse", 'r', OPTION_FLAG, NULL, &opt.reverse, "the least first", NULL },
	{ "by-device", 'D', OPTION_FLAG, NULL, &opt.by_device,
	  "a line for each device: its I/O queues together", NULL },
	{ "show", 0, OPTION_CHOICE, "OP", &opt.op, "count these operations", ops },
	{ "stage", 0, OPTION_CHOICE, "STAGE", &opt.stage, "whose percentiles are shown", stages },
	LIVE_ROWS(opt.live),
	{ 0 },
};

static const struct usage usage = {
	.command = "top",
	.synopsis = "[OPTIONS]",
	.description =
		"Shows, live, what each NVMe queue does: requests and bytes per second, depth,\n"
		"commands per doorbell, completions per interrupt, errors, latency percentiles by\n"
		"stage. Counted in the kernel (level hist); nothing is written. On a terminal keys\n"
		"sort and filter (h shows them); else lines are printed, for each interval anew.",
	.examples = "  nvmescope top -d nvme0\n"
		    "  nvmescope top --once --interval 5 --sort p99\n"
		    "  nvmescope top --count 60 --stage device >top.txt\n",
	.rows = rows,
};

/* Room for the doorbells of @nr queues; a queue that is new has had none before. */
static int make_bells(struct top *t, unsigned int nr)
{
	uint32_t *more;

	if (nr <= t->nr_bells)
		return 0;
	more = realloc(t->bells, nr * sizeof(*more));
	if (!more)
		return -1;
	memset(more + t->nr_bells, 0, (nr - t->nr_bells) * sizeof(*more));
	t->bells = more;
	t->nr_bells = nr;
	return 0;
}

/* Interrupts since the last time */
static uint64_t count_irqs(const struct top *t, const char *irqs, const struct flight_queue *q)
{
	int64_t before = live_irqs(t->irqs, t->live.prefix, q->ctrl, q->qid);
	int64_t now = live_irqs(irqs, t->live.prefix, q->ctrl, q->qid);

	return before < 0 || now < before ? TOP_NOT_TOLD : (uint64_t)(now - before);
}

static void count_steps(struct top *t, struct top_row *r, unsigned int place, const char *irqs)
{
	const struct flight_queue *q = hist_live_queue(t->live.hist, place);
	uint64_t came = count_irqs(t, irqs, q);
	uint32_t bells = q->bells;

	r->polled = q->polled;
	r->depth += q->in_flight;
	if (hist_live_sees_bells(t->live.hist))
		r->bells += (uint32_t)(bells - t->bells[place]);
	else
		r->bells = TOP_NOT_TOLD;
	t->bells[place] = bells;
	r->irqs = came == TOP_NOT_TOLD || r->irqs == TOP_NOT_TOLD ? TOP_NOT_TOLD : r->irqs + came;
	/* Doorbells and interrupts are of all operations. */
	if (t->table.op != TOP_ALL_OPS)
		r->bells = r->irqs = TOP_NOT_TOLD;
}

/* Depth, doorbells and interrupts of each queue */
static int look_at_queues(struct top *t)
{
	unsigned int nr = hist_live_queues(t->live.hist);
	char *irqs = live_read_irqs("/proc/interrupts");
	int ret = make_bells(t, nr);

	for (unsigned int i = 0; !ret && i < nr; i++) {
		const struct flight_queue *q = hist_live_queue(t->live.hist, i);
		struct top_row *r;

		if (!q || (t->table.by_device && !q->qid))
			continue;
		r = top_row_of(&t->table, q->ctrl, q->qid);
		if (r)
			count_steps(t, r, i, irqs);
		else
			ret = -1;
	}
	free(t->irqs);
	t->irqs = irqs;
	return ret;
}

static int add_change(void *ctx, const struct hist_change *change)
{
	return top_add(ctx, change);
}

int top_look(struct top *t, struct nvs_error *err)
{
	uint64_t now = record_now();

	t->table.span_ns = now - t->last_ns;
	t->last_ns = now;
	top_clear(&t->table);
	if (hist_live_take(t->live.hist, add_change, &t->table, err))
		return -1;
	if (look_at_queues(t))
		return nvs_fail(err, "out of memory");
	t->lost = live_lost(&t->live);
	top_sort(&t->table);
	return 0;
}

void top_title(const struct top *t, char line[TOP_LINE_MAX])
{
	const struct top_table *table = &t->table;
	time_t now = time(NULL);
	struct tm tm;
	char clock[16];

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	snprintf(line, TOP_LINE_MAX, "%s  %s  %s, %s, by %s%s, %.2f s; not counted: %" PRIu64,
		 clock, strcmp(t->live.provider, "stock") ? "nvmescope" : "nvme",
		 table->op == TOP_ALL_OPS ? "all" : nvs_symbol_name(NVS_SET_HIST_OP, table->op),
		 nvs_symbol_name(NVS_SET_STAGE, table->stage), top_sort_name(table->sort),
		 table->reverse ? " upwards" : "", table->span_ns / 1e9, t->lost);
}

static bool is_choice(const char *given, const char *const *choices, unsigned int i)
{
	return given == choices[i];
}

static int index_of(const char *given, const char *const *choices)
{
	int i = 0;

	while (choices[i] && !is_choice(given, choices, i))
		i++;
	return choices[i] ? i : 0;
}

/* Lines for one interval */
static int print_interval(const struct top *t)
{
	char line[TOP_LINE_MAX];

	top_title(t, line);
	printf("%s\n", line);
	top_header(&t->table, true, line);
	printf("%s\n", line);
	for (unsigned int i = 0; i < t->table.nr; i++) {
		top_line(&t->table, &t->table.row[i], true, line);
		printf("%s\n", line);
	}
	return printf("\n") < 0 || fflush(stdout);
}

/* Waits for the interval to end. false: a signal came. */
static bool wait_interval(const struct top *t, const sigset_t *signals)
{
	struct timespec ts = { .tv_sec = t->interval_ns / 1000000000,
			       .tv_nsec = t->interval_ns % 1000000000 };
	int got;

	do
		got = sigtimedwait(signals, NULL, &ts);
	while (got < 0 && errno == EINTR);
	return got < 0;
}

static int print_lines(struct top *t, uint64_t count, struct nvs_error *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (uint64_t i = 0; (!count || i < count) && wait_interval(t, &signals); i++) {
		if (top_look(t, err))
			return -1;
		if (print_interval(t))
			return nvs_fail(err, "cannot write: %s", strerror(errno));
	}
	return 0;
}

/* Returns an exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct top *t)
{
	int code;

	opt = (struct top_command){ .interval = 1000000000,
				    .sort = sorts[0],
				    .op = ops[0],
				    .stage = stages[0],
				    .live = { .provider = live_providers[0] } };
	code = options_parse_all(&usage, argc, argv);
	if (code >= 0)
		return code;
	if (opt.interval < 100000000)
		return options_wrong(&usage, "--interval: at least 0.1");
	if (opt.live.no_stages && strcmp(opt.stage, "total"))
		return options_wrong(&usage, "--stage %s is not counted with --no-stages",
				     opt.stage);
	t->interval_ns = opt.interval;
	t->table.by_device = opt.by_device;
	t->table.reverse = opt.reverse;
	t->table.sort = index_of(opt.sort, sorts);
	t->table.op = index_of(opt.op, ops) - 1;
	/* "total" comes first there, and last in the event table. */
	t->table.stage = (index_of(opt.stage, stages) + HIST_STAGES - 1) % HIST_STAGES;
	return -1;
}

int cmd_top(int argc, char **argv)
{
	struct top t = { 0 };
	struct nvs_error err;
	int code = parse_options(argc, argv, &t);
	bool lines;

	if (code >= 0)
		return code;
	lines = opt.once || opt.count || opt.plain || !isatty(STDIN_FILENO) ||
		!isatty(STDOUT_FILENO);
	code = live_open(&t.live, &opt.live, &err);
	if (!code) {
		t.table.prefix = t.live.prefix;
		t.last_ns = record_now();
		t.irqs = live_read_irqs("/proc/interrupts");
		code = lines ? print_lines(&t, opt.once ? 1 : opt.count, &err)
			     : top_screen(&t, &err);
	}
	if (code)
		complain("%s", err.text);
	live_close(&t.live);
	top_free(&t.table);
	free(t.bells);
	free(t.irqs);
	return code ? EXIT_FAILED : EXIT_DONE;
}
