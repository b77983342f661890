// SPDX-License-Identifier: GPL-2.0
/* nvmescope export: each format is read back and held against what was made up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd.h"
#include "command.h"
#include "perfetto_read.h"
#include "synth.h"

static const struct synth_options options = {
	.queues = 3,
	.commands = 1500,
	.depth = 24,
	.batch = 4,
	.ring = 128,
};
#define LOST 7

struct bench {
	char *tmp, *trace, *dir, *out; /* @out: a name in @dir, where nothing is yet */
	struct synth *s;
	uint64_t commands, reads, writes;
};

static int setup_lost(void **state, uint64_t lost)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct nvs_error err = { .text = "" };

	b->tmp = scratch_dir();
	b->trace = scratch_path(b->tmp, "trace");
	b->dir = scratch_path(b->tmp, "out");
	b->out = scratch_path(b->dir, "it");
	assert_int_equal(mkdir(b->dir, 0700), 0);
	b->s = synth_make(&options);
	assert_int_equal(synth_write(b->s, b->trace, lost, &err), 0);
	for (unsigned int q = 1; q <= options.queues; q++) {
		b->commands += b->s->truth.queue[q].commands;
		b->reads += b->s->truth.queue[q].reads;
		b->writes += b->s->truth.queue[q].writes;
	}
	*state = b;
	return 0;
}

static int setup(void **state)
{
	return setup_lost(state, 0);
}

static int setup_lossy(void **state)
{
	return setup_lost(state, LOST);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	synth_free(b->s);
	scratch_remove(b->tmp);
	free(b->trace);
	free(b->dir);
	free(b->out);
	free(b);
	return 0;
}

#define EXPORT(b, want, ...) \
	COMMAND_RUN((b)->tmp, cmd_export, want, "export", __VA_ARGS__, (b)->trace)

/* How many files are in the directory for them. */
static unsigned int files(const struct bench *b)
{
	DIR *d = opendir(b->dir);
	unsigned int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static char *text_of(const struct bench *b, const char *name)
{
	size_t size;
	char *text = scratch_read(b->dir, name, &size);

	text[size] = 0;
	return text;
}

static struct read_trace *trace_of(const struct bench *b, const char *name, size_t *size)
{
	void *data = scratch_read(b->dir, name, size);
	struct read_trace *t = read_perfetto(data, *size);

	free(data);
	return t;
}

/* --- Perfetto --------------------------------------------------------------------- */

static void check_queue_tracks(const struct read_trace *t, unsigned int qid,
			       const struct synth_queue_truth *want)
{
	char commands[32], bells[32], looks[32], depth[32];

	snprintf(commands, sizeof(commands), "q%u commands", qid);
	snprintf(bells, sizeof(bells), "q%u doorbells", qid);
	snprintf(looks, sizeof(looks), "q%u interrupts", qid);
	snprintf(depth, sizeof(depth), "q%u depth", qid);
	assert_int_equal(READ_SUM(t, commands, top_slices), want->commands);
	assert_int_equal(READ_SUM(t, commands, slices), 5 * want->commands);
	assert_int_equal(READ_SUM(t, bells, instants), want->bells + want->irqs);
	assert_int_equal(READ_SUM(t, looks, slices), want->irqs);
	assert_int_equal(READ_SUM(t, depth, max_value), want->peak_depth);
	assert_int_equal(READ_SUM(t, depth, last_value), 0);
}

static void perfetto_tells_the_truth(void **state)
{
	struct bench *b = *state;
	uint64_t phases = 0, tracks[SYNTH_MAX_QUEUES + 1] = { 0 };
	struct read_trace *t;
	size_t size;

	free(EXPORT(b, EXIT_DONE, "--format", "perfetto", "-o", b->out));
	assert_int_equal(files(b), 1);
	t = trace_of(b, "it-000.pftrace", &size);
	for (unsigned int q = 1; q <= options.queues; q++)
		check_queue_tracks(t, q, &b->s->truth.queue[q]);
	assert_int_equal(READ_SUM(t, "q0 commands", top_slices), b->s->truth.admin_commands);
	assert_int_equal(t->stages, 4 * b->commands + 3 * b->s->truth.admin_commands);
	/* Queue, driver, device and completion fill their command. */
	assert_int_equal(t->stage_ns, t->command_ns);
	for (unsigned int i = 0; i < t->nr_tracks; i++) {
		const struct read_track *track = t->track[i];

		phases += track->thread ? track->slices : 0;
		for (unsigned int q = 1; q <= options.queues; q++)
			if (track->name[1] == (char)('0' + q) && strstr(track->name, "commands"))
				tracks[q]++;
	}
	assert_int_equal(phases, b->s->truth.phases);
	/* Overlapping commands need tracks of their own, and no more than overlap. */
	for (unsigned int q = 1; q <= options.queues; q++)
		assert_in_range(tracks[q], b->s->truth.queue[q].peak_depth, options.depth + 16);
	assert_string_equal(t->first_instant, "recording");
	assert_true(READ_SUM(t, "events", instants) > b->s->truth.reg_writes);
	read_free(t);
}

static void perfetto_splits(void **state)
{
	struct bench *b = *state;
	uint64_t commands = 0, phases = 0;
	unsigned int nr;
	char *said = EXPORT(b, EXIT_DONE, "--format", "perfetto", "--max-size", "1M", "-o", b->out);

	free(said);
	nr = files(b);
	assert_in_range(nr, 2, 10);
	for (unsigned int i = 0; i < nr; i++) {
		struct read_trace *t;
		char name[32];
		size_t size;

		snprintf(name, sizeof(name), "it-%03u.pftrace", i);
		t = trace_of(b, name, &size);
		assert_in_range(size, 1, 1 << 20);
		assert_string_equal(t->first_instant, "recording");
		for (unsigned int k = 0; k < t->nr_tracks; k++) {
			if (strstr(t->track[k]->name, "commands"))
				commands += t->track[k]->top_slices;
			phases += t->track[k]->thread ? t->track[k]->slices : 0;
		}
		read_free(t);
	}
	assert_int_equal(commands, b->commands + b->s->truth.admin_commands);
	assert_int_equal(phases, b->s->truth.phases);
}

/* Whatever is lost, of commands and of phases, slices nest and times ascend. */
static void perfetto_of_what_is_left(void **state)
{
	struct bench *b = *state;
	const unsigned int all = b->s->nr;
	struct synth_item *items = malloc(all * sizeof(*items));
	struct nvs_error err = { .text = "" };

	assert_non_null(items);
	memcpy(items, b->s->item, all * sizeof(*items));
	for (unsigned int seed = 1; seed <= 6; seed++) {
		uint64_t random = seed * 2654435761u;
		char dir[300], out[300], file[64];
		struct read_trace *t;
		size_t size;

		b->s->nr = 0;
		for (unsigned int i = 0; i < all; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			if (random % 100 >= seed * 12)
				b->s->item[b->s->nr++] = items[i];
		}
		snprintf(dir, sizeof(dir), "%s/holes-%u", b->tmp, seed);
		snprintf(out, sizeof(out), "%s-%u", b->out, seed);
		snprintf(file, sizeof(file), "it-%u-000.pftrace", seed);
		assert_int_equal(synth_write(b->s, dir, all - b->s->nr, &err), 0);
		free(COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "perfetto", "-o",
				 out, dir));
		t = trace_of(b, file, &size);
		assert_true(t->events > 1000);
		read_free(t);
	}
	free(items);
}

/* --- CSV --------------------------------------------------------------------------- */

#define CSV_COLUMNS 35
enum { CSV_QID = 1, CSV_NAME = 4, CSV_BYTES = 7, CSV_START = 13, CSV_QUEUE = 22, CSV_TOTAL = 26 };

/* Cuts @line at its commas; returns how many fields there are. */
static unsigned int csv_fields(char *line, char *field[CSV_COLUMNS])
{
	unsigned int n = 0;

	for (char *f; (f = strsep(&line, ",")); n++)
		if (n < CSV_COLUMNS)
			field[n] = f;
	return n;
}

static uint64_t u64(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	assert_true(*text && !*end);
	return n;
}

/* The next line with a row, or NULL. */
static char *next_row(char **text)
{
	for (char *line; (line = strsep(text, "\n"));)
		if (*line && *line != '#' && strncmp(line, "controller", 10))
			return line;
	return NULL;
}

static void csv_tells_the_truth(void **state)
{
	struct bench *b = *state;
	struct synth_queue_truth got[SYNTH_MAX_QUEUES + 1] = { 0 };
	char *text = EXPORT(b, EXIT_DONE, "--format", "csv", "-o", "-"), *rest, *line;
	char *field[CSV_COLUMNS];

	line = strstr(text, "\ncontroller,");
	assert_non_null(line);
	rest = strndup(line + 1, strcspn(line + 1, "\n"));
	assert_int_equal(csv_fields(rest, field), CSV_COLUMNS);
	assert_string_equal(field[CSV_START], "start_ns");
	assert_string_equal(field[CSV_TOTAL], "total_ns");
	free(rest);
	rest = text;
	while ((line = next_row(&rest))) {
		struct synth_queue_truth *q;
		uint64_t total = 0;

		assert_int_equal(csv_fields(line, field), CSV_COLUMNS);
		q = &got[u64(field[CSV_QID])];
		q->commands++;
		q->reads += !strcmp(field[CSV_NAME], "Read");
		q->writes += !strcmp(field[CSV_NAME], "Write");
		for (unsigned int i = CSV_QUEUE; i < CSV_TOTAL; i++)
			total += *field[i] ? u64(field[i]) : 0; /* no time in blk-mq: admin */
		assert_int_equal(total, u64(field[CSV_TOTAL]));
		if (total > q->max_latency)
			q->max_latency = total;
	}
	assert_int_equal(got[0].commands, b->s->truth.admin_commands);
	for (unsigned int i = 1; i <= options.queues; i++) {
		assert_int_equal(got[i].commands, b->s->truth.queue[i].commands);
		assert_int_equal(got[i].reads, b->s->truth.queue[i].reads);
		assert_int_equal(got[i].writes, b->s->truth.queue[i].writes);
		assert_int_equal(got[i].max_latency, b->s->truth.queue[i].max_latency);
	}
	assert_int_equal(files(b), 0);
	free(text);
}

/* A step that was not seen is an empty field, and its stages are; other rows stay. */
static void csv_leaves_unseen_steps_empty(void **state)
{
	struct bench *b = *state;
	struct nvs_error err = { .text = "" };
	char *dir = scratch_path(b->tmp, "holes"), *text, *rest, *line, *field[CSV_COLUMNS];
	unsigned int kept = 0, gone = 0, empty = 0;

	for (unsigned int i = 0; i < b->s->nr; i++) {
		struct nvs_hdr *h = &b->s->item[i].ev.h;

		if (h->id == NVS_ID_rq_start && h->qid && ++gone % 10 == 0)
			continue;
		b->s->item[kept++] = b->s->item[i];
	}
	b->s->nr = kept;
	assert_int_equal(synth_write(b->s, dir, 0, &err), 0);
	rest = text =
		COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "csv", "-o", "-", dir);
	while ((line = next_row(&rest))) {
		assert_int_equal(csv_fields(line, field), CSV_COLUMNS);
		if (*field[CSV_START])
			continue;
		empty++;
		assert_string_equal(field[CSV_BYTES], "");
		assert_string_equal(field[CSV_TOTAL], "");
		assert_true(u64(field[CSV_START + 1]) > 0);
	}
	assert_int_equal(empty, gone / 10);
	free(text);
	/* The others leave them out, and say so; Perfetto shows them without stages. */
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "fio", "-o", b->out, dir));
	text = command_errors(b->tmp);
	assert_non_null(strstr(text, "not exported"));
	free(text);
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "perfetto", "-o", b->out,
			 dir));
	{
		size_t size;
		struct read_trace *t = trace_of(b, "it-000.pftrace", &size);

		assert_int_equal(t->stages,
				 4 * (b->commands - empty) + 3 * b->s->truth.admin_commands);
		read_free(t);
	}
	free(dir);
}

/* As if it were the kernel's own driver's: one event tells the command, when it is rung. */
static void make_stock(struct synth *s)
{
	static uint16_t opcode[SYNTH_MAX_QUEUES + 1][UINT16_MAX + 1];
	unsigned int kept = 0;

	for (unsigned int i = 0; i < s->nr; i++) {
		struct synth_item *item = &s->item[i];
		const struct nvs_hdr h = item->ev.h;
		const struct nvs_sqe *sqe = (const void *)&item->ev;
		struct nvs_cmd_sent sent = { .h = h, .slot = sqe->slot };

		if (h.id == NVS_ID_cmd_map || h.id == NVS_ID_cmd_unmap)
			continue;
		if (h.id == NVS_ID_cmd_setup) {
			opcode[h.qid][h.cid] =
				((const struct nvs_cmd_setup *)(const void *)sqe)->opcode;
			continue;
		}
		if (h.id == NVS_ID_sqe) {
			sent.h.id = NVS_ID_cmd_sent;
			sent.opcode = opcode[h.qid][h.cid];
			memcpy(&item->ev, &sent, sizeof(sent));
			item->size = sizeof(sent);
		}
		s->item[kept++] = *item;
	}
	s->nr = kept;
}

static void the_kernels_own_driver(void **state)
{
	struct bench *b = *state;
	struct nvs_error err = { .text = "" };
	char *dir = scratch_path(b->tmp, "stock"), *text, *rest, *line, *field[CSV_COLUMNS];
	uint64_t reads = 0, writes = 0;
	struct read_trace *t;
	size_t size;

	make_stock(b->s);
	assert_int_equal(synth_write(b->s, dir, 0, &err), 0);
	rest = text =
		COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "csv", "-o", "-", dir);
	while ((line = next_row(&rest))) {
		assert_int_equal(csv_fields(line, field), CSV_COLUMNS);
		if (!strcmp(field[CSV_QID], "0"))
			continue;
		reads += !strcmp(field[CSV_NAME], "Read");
		writes += !strcmp(field[CSV_NAME], "Write");
	}
	assert_int_equal(reads, b->reads);
	assert_int_equal(writes, b->writes);
	free(text);
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "-f", "perfetto", "-o", b->out,
			 dir));
	t = trace_of(b, "it-000.pftrace", &size);
	assert_int_equal(t->stages, 4 * b->commands + 3 * b->s->truth.admin_commands);
	read_free(t);
	free(dir);
}

/* --- HdrHistogram -------------------------------------------------------------------- */

/* Totals of all reads, ns, from the CSV; how many. */
static unsigned int read_totals(struct bench *b, uint64_t *ns)
{
	char *text = EXPORT(b, EXIT_DONE, "--format", "csv", "-o", "-"), *rest = text, *line;
	char *field[CSV_COLUMNS];
	unsigned int n = 0;

	while ((line = next_row(&rest))) {
		csv_fields(line, field);
		if (strcmp(field[CSV_QID], "0") && !strcmp(field[CSV_NAME], "Read"))
			ns[n++] = u64(field[CSV_TOTAL]);
	}
	free(text);
	return n;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Each row: so many are at most so large, and the true quantile is at most 1/32 below. */
static void check_distribution(char *text, const uint64_t *ns, unsigned int nr)
{
	double us, share, inverse, last = -1;
	unsigned int rows = 0, at_most;
	uint64_t count = 0;

	assert_non_null(strstr(text, "Value   Percentile   TotalCount 1/(1-Percentile)\n\n"));
	for (char *line; (line = strsep(&text, "\n"));) {
		if (sscanf(line, "%lf %lf %" SCNu64 " %lf", &us, &share, &count, &inverse) != 4)
			continue;
		for (at_most = 0; at_most < nr && (double)ns[at_most] <= us * 1000 + 0.5;)
			at_most++;
		assert_int_equal(at_most, count);
		assert_true(share > last && (double)count >= share * nr * 0.999999);
		if (share > 0) {
			double exact = (double)ns[(unsigned int)(share * nr + 0.999) - 1];

			assert_true(us * 1000 + 0.5 >= exact);
			assert_true(us * 1000 <= exact * (1 + 1 / 32.0) + 1);
		}
		last = share;
		rows++;
	}
	assert_true(rows > 20);
	assert_int_equal(count, nr);
	assert_true(last == 1);
}

static void hgrm_tells_the_truth(void **state)
{
	struct bench *b = *state;
	uint64_t *ns = calloc(b->reads, sizeof(*ns)), sum = 0;
	unsigned int nr = read_totals(b, ns);
	double mean, max;
	char *text;

	assert_int_equal(nr, b->reads);
	qsort(ns, nr, sizeof(*ns), by_size);
	for (unsigned int i = 0; i < nr; i++)
		sum += ns[i];
	free(EXPORT(b, EXIT_DONE, "--format", "hgrm", "-o", b->out));
	assert_int_equal(files(b), 3); /* read, write, admin */
	text = text_of(b, "it-nvme0-read.hgrm");
	assert_int_equal(sscanf(strstr(text, "#[Mean"), "#[Mean = %lf", &mean), 1);
	assert_int_equal(sscanf(strstr(text, "#[Max"), "#[Max = %lf", &max), 1);
	assert_true(mean * 1000 > (double)sum / nr - 1 && mean * 1000 < (double)sum / nr + 1);
	assert_int_equal((uint64_t)(max * 1000 + 0.5), ns[nr - 1]);
	assert_non_null(strstr(text, "1/32"));
	check_distribution(text, ns, nr);
	free(text);
	free(ns);
}

static void hgrm_has_stages(void **state)
{
	struct bench *b = *state;

	free(EXPORT(b, EXIT_DONE, "--format", "hgrm", "--stages", "-o", b->out));
	assert_int_equal(files(b), 14); /* for admin commands blk-mq kept no time */
	free(text_of(b, "it-nvme0-write-device.hgrm"));
}

/* --- fio ------------------------------------------------------------------------------ */

static void check_fio_job(struct bench *b, unsigned int job, uint64_t found[2])
{
	static const char *const kinds[] = { "slat", "clat", "lat" };
	FILE *f[3];

	for (unsigned int i = 0; i < 3; i++) {
		char *path;

		assert_true(asprintf(&path, "%s_%s.%u.log", b->out, kinds[i], job) > 0);
		f[i] = fopen(path, "r");
		assert_non_null(f[i]);
		free(path);
	}
	for (;;) {
		uint64_t ms[3], ns[3], dir[3], bytes[3], offset[3], prio[3];
		int got = 0;

		for (unsigned int i = 0; i < 3; i++)
			got += fscanf(f[i],
				      "%" SCNu64 ", %" SCNu64 ", %" SCNu64 ", %" SCNu64 ", %" SCNu64
				      ", %" SCNu64 "\n",
				      &ms[i], &ns[i], &dir[i], &bytes[i], &offset[i], &prio[i]);
		if (got < 0)
			break;
		assert_int_equal(got, 18);
		assert_int_equal(ns[0] + ns[1], ns[2]);
		assert_int_equal(ms[0], ms[2]);
		assert_in_range(dir[2], 0, 1);
		assert_int_equal(bytes[0] % 4096, 0);
		assert_int_equal(prio[1], 0);
		found[dir[2]]++;
	}
	for (unsigned int i = 0; i < 3; i++)
		fclose(f[i]);
}

static void fio_tells_the_truth(void **state)
{
	struct bench *b = *state;
	uint64_t found[2] = { 0 };
	char *said = EXPORT(b, EXIT_DONE, "--format", "fio", "-o", b->out);

	assert_non_null(strstr(said, "*.2.log: nvme0, namespace "));
	free(said);
	assert_int_equal(files(b), 6); /* two namespaces */
	check_fio_job(b, 1, found);
	check_fio_job(b, 2, found);
	assert_int_equal(found[0], b->reads);
	assert_int_equal(found[1], b->writes);
}

/* --- what is missing ------------------------------------------------------------------- */

static void losses_are_said(void **state)
{
	struct bench *b = *state;
	struct read_trace *t;
	char *text;
	size_t size;

	text = EXPORT(b, EXIT_DONE, "--format", "csv", "-o", "-");
	assert_non_null(strstr(text, "\n# 7 events lost"));
	free(text);
	text = command_errors(b->tmp);
	assert_non_null(strstr(text, "7 events lost"));
	free(text);
	free(EXPORT(b, EXIT_FAILED, "--strict", "--format", "hgrm", "-o", b->out));
	text = text_of(b, "it-nvme0-write.hgrm");
	assert_non_null(strstr(text, "\n# 7 events lost"));
	free(text);
	free(EXPORT(b, EXIT_DONE, "--format", "perfetto", "-o", b->out));
	t = trace_of(b, "it-000.pftrace", &size);
	assert_non_null(strstr(t->first_instant, "7 events lost"));
	read_free(t);
}

/* What a killed recorder leaves: whole packets, and a torn one. */
static void a_torn_recording(void **state)
{
	struct bench *b = *state;
	char *text, *rest, *line, *path = scratch_path(b->trace, "cpu-1");
	struct read_trace *t;
	unsigned int rows = 0;
	struct stat st;
	size_t size;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2 + 13), 0);
	rest = text = EXPORT(b, EXIT_DONE, "--format", "csv", "-o", "-");
	assert_non_null(strstr(text, "cpu-1"));
	while ((line = next_row(&rest)))
		rows++;
	assert_in_range(rows, b->commands / 2, b->commands - 1);
	free(text);
	free(EXPORT(b, EXIT_FAILED, "--strict", "--format", "perfetto", "-o", b->out));
	text = command_errors(b->tmp);
	assert_non_null(strstr(text, "cpu-1"));
	t = trace_of(b, "it-000.pftrace", &size);
	assert_non_null(strstr(t->first_instant, "cpu-1"));
	read_free(t);
	free(text);
	free(path);
}

/* --- what goes wrong --------------------------------------------------------------------- */

static char *const every_format[] = { "perfetto", "csv", "hgrm", "fio" };
/* The first file that each makes. */
static const char *const first_file[] = { "it-000.pftrace", "it", "it-nvme0-read.hgrm",
					  "it_lat.1.log" };
#define EACH_FORMAT(i) (unsigned int i = 0; i < sizeof(every_format) / sizeof(every_format[0]); i++)

static void wrong_usage(void **state)
{
	struct bench *b = *state;

	free(EXPORT(b, EXIT_USAGE, "-o", b->out));
	free(EXPORT(b, EXIT_USAGE, "--format", "csv"));
	free(EXPORT(b, EXIT_USAGE, "--format", "json", "-o", b->out));
	free(EXPORT(b, EXIT_USAGE, "--format", "csv", "-o", ""));
	free(EXPORT(b, EXIT_USAGE, "--format", "perfetto", "-o", "-"));
	free(EXPORT(b, EXIT_USAGE, "--format", "perfetto", "--max-size", "10K", "-o", b->out));
	free(EXPORT(b, EXIT_USAGE, "--format", "perfetto", "--max-size", "-1", "-o", b->out));
	free(EXPORT(b, EXIT_USAGE, "--format", "csv", "-o", b->out, b->trace));
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_USAGE, "export", "-f", "csv", "-o", b->out));
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_FAILED, "export", "-f", "csv", "-o", b->out,
			 b->dir));
	free(COMMAND_RUN(b->tmp, cmd_export, EXIT_DONE, "export", "--help"));
	assert_int_equal(files(b), 0);
}

static void nothing_is_overwritten(void **state)
{
	struct bench *b = *state;
	char *text, *path, *part;

	for
		EACH_FORMAT(i)
		{
			scratch_write(b->dir, first_file[i], "mine", 4);
			free(EXPORT(b, EXIT_FAILED, "--format", every_format[i], "-o", b->out));
			text = command_errors(b->tmp);
			assert_non_null(strstr(text, first_file[i]));
			free(text);
			text = text_of(b, first_file[i]);
			assert_string_equal(text, "mine");
			free(text);
			assert_int_equal(files(b), 1);
			path = scratch_path(b->dir, first_file[i]);
			assert_int_equal(unlink(path), 0);
			/* What a killed export left, or what another one is writing. */
			assert_true(asprintf(&part, "%s.part", first_file[i]) > 0);
			scratch_write(b->dir, part, "mine", 4);
			free(EXPORT(b, EXIT_FAILED, "--format", every_format[i], "-o", b->out));
			assert_int_equal(files(b), 1);
			free(part);
			assert_true(asprintf(&part, "%s.part", path) > 0);
			assert_int_equal(unlink(part), 0);
			free(part);
			free(path);
		}
}

static void nowhere_to_write(void **state)
{
	struct bench *b = *state;
	char *nowhere = scratch_path(b->dir, "not/there");

	for
		EACH_FORMAT(i)
		{
			char *text;

			free(EXPORT(b, EXIT_FAILED, "--format", every_format[i], "-o", nowhere));
			text = command_errors(b->tmp);
			assert_non_null(strstr(text, "not"));
			free(text);
		}
	assert_int_equal(files(b), 0);
	free(nowhere);
}

/* A limit on the size of files stands for a full disk: in a child, it cannot be lifted. */
static void a_full_disk(void **state)
{
	static const rlim_t limits[] = { 400000, 100000, 1000, 20000 };
	struct bench *b = *state;
	int status;

	for
		EACH_FORMAT(i)
		{
			pid_t pid = fork();

			if (pid == 0) {
				struct rlimit limit = { limits[i], limits[i] };
				char *argv[] = { "export", "--format", every_format[i],
						 "-o",	   b->out,     b->trace,
						 NULL };

				if (!freopen("/dev/null", "w", stdout) ||
				    !freopen("/dev/null", "w", stderr) ||
				    setrlimit(RLIMIT_FSIZE, &limit))
					_exit(99);
				_exit(cmd_export(6, argv));
			}
			assert_int_equal(waitpid(pid, &status, 0), pid);
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), EXIT_FAILED);
			assert_int_equal(files(b), 0);
		}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(perfetto_tells_the_truth),
		TEST(perfetto_splits),
		TEST(perfetto_of_what_is_left),
		TEST(csv_tells_the_truth),
		TEST(csv_leaves_unseen_steps_empty),
		TEST(the_kernels_own_driver),
		TEST(hgrm_tells_the_truth),
		TEST(hgrm_has_stages),
		TEST(fio_tells_the_truth),
		cmocka_unit_test_setup_teardown(losses_are_said, setup_lossy, teardown),
		TEST(a_torn_recording),
		TEST(wrong_usage),
		TEST(nothing_is_overwritten),
		TEST(nowhere_to_write),
		TEST(a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
