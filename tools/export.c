// SPDX-License-Identifier: GPL-2.0
/* nvmescope export: a recording in the formats of other tools. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "losses.h"
#include "export.h"
#include "format.h"

#define MIN_MAX_SIZE (1ull << 20)

static const struct export_format *const formats[] = { &export_perfetto, &export_csv, &export_hgrm,
						       &export_fio };
#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

int export_own(struct export *x, size_t size)
{
	x->own = calloc(1, size);
	if (x->own)
		return 0;
	export_no_memory(x);
	return -1;
}

void export_no_memory(struct export *x)
{
	if (x->files.failed)
		return;
	x->files.failed = true;
	nvs_fail(&x->files.err, "out of memory: close other programs and try again");
}

char *export_path(struct export *x, const char *fmt, ...)
{
	va_list ap;
	char *path;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (n >= 0)
		return path;
	export_no_memory(x);
	return NULL;
}

unsigned int export_lacks(const struct export *x, char text[2][600])
{
	uint64_t lost = recording_lost_total(x->recording);
	const char *cut = recording_cut(x->recording);
	unsigned int n = 0;

	if (lost)
		snprintf(text[n++], 600, "%" PRIu64 " events lost: they are missing here", lost);
	if (cut)
		snprintf(text[n++], 600, "%s", cut);
	return n;
}

struct text export_opcode(const struct model_queue *q, const struct model_cmd *c)
{
	struct text t = { "" };
	const char *name = io_opcode_name(c->opcode);

	if (!model_has_opcode(c))
		return t;
	if (q->qid == 0)
		return admin_opcode_name(c->opcode);
	if (name)
		snprintf(t.s, sizeof(t.s), "%s", name);
	else
		snprintf(t.s, sizeof(t.s), "I/O 0x%02x", c->opcode);
	return t;
}

struct text export_comm(const struct model_cmd *c)
{
	struct text t = { "" };

	memcpy(t.s, c->comm, sizeof(c->comm));
	for (char *p = t.s; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
	return t;
}

/* Commands that the model could not follow to their end: in no export. */
static uint64_t not_ended(const struct model *m)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < model_nr_ctrls(m); i++) {
		const struct model_ctrl *c = model_ctrl(m, i);

		for (unsigned int q = 0; q < c->nr_queues; q++)
			if (c->queue[q])
				n += c->queue[q]->trouble.unfinished + c->queue[q]->trouble.no_end;
	}
	return n;
}

/* The pass; it ends early when a file cannot be written. */
static int pass(struct export *x, struct nvs_error *err)
{
	struct recorded ev;
	int ret = 0;

	while (!x->files.failed && (ret = recording_next(x->recording, &ev, err)) > 0) {
		if (model_event(x->model, &ev, err) < 0)
			return -1;
		if (x->format->step)
			x->format->step(x);
	}
	if (x->files.failed)
		return 0;
	if (ret == 0)
		model_finish(x->model);
	return ret;
}

static int run(struct export *x, struct nvs_error *err)
{
	const char *level;

	x->recording = recording_open(x->dir, err);
	if (!x->recording)
		return -1;
	level = recording_env(x->recording, "level");
	x->io = level && !strcmp(level, "io");
	if (level && !strcmp(level, "hist"))
		return nvs_fail(
			err,
			"%s is of level hist: it has counts and no single command to export; "
			"'nvmescope report --json' gives its histograms",
			x->dir);
	x->model = model_new(x->format->visitor, x);
	if (!x->model)
		return nvs_fail(err, "out of memory: close other programs and try again");
	if (x->format->begin(x) == 0 && pass(x, err) < 0)
		return -1;
	if (!x->files.failed)
		x->format->end(x);
	return outset_finish(&x->files, err);
}

/* What was made, and on standard error what is not in it. */
static void tell(const struct export *x)
{
	char lacks[2][600];
	unsigned int nr = export_lacks(x, lacks);
	uint64_t open = not_ended(x->model);
	bool to_stdout = x->files.nr && !strcmp(outfile_path(x->files.file[0]), "-");

	for (unsigned int i = 0; i < x->files.nr && !to_stdout; i++)
		printf("%s\n", outfile_path(x->files.file[i]));
	losses_complain(x->recording);
	if (x->format->tell)
		x->format->tell(x);
	if (!to_stdout)
		printf("%" PRIu64 " commands\n", x->commands);
	for (unsigned int i = 0; i < nr; i++)
		complain("%s", lacks[i]);
	if (open)
		complain("%" PRIu64 " commands have no end in the recording: not exported", open);
	if (x->left_out)
		complain("%" PRIu64 " commands are nothing that this format can show, or a step of "
			 "them is missing: not exported",
			 x->left_out);
}

static const char description[] =
	"Writes the recording in DIR in a format that other tools read (docs/export.md):\n"
	"  perfetto  OUT-000.pftrace, ...: open them in ui.perfetto.dev\n"
	"  csv       OUT (- is standard output): a row for each command, with all its times\n"
	"  hgrm      OUT-nvme0-read.hgrm, ...: percentiles, for HdrHistogram's plotter\n"
	"  fio       OUT_lat.1.log, OUT_slat.1.log, OUT_clat.1.log: as fio's write_lat_log\n"
	"No file is overwritten, and after an error none is left.";

static const char examples[] =
	"  nvmescope export --format perfetto -o demo build/demo/trace\n"
	"  nvmescope export --format csv -o - build/demo/trace | sort -t, -k27,27n | tail -n 3\n";

/* EXIT_DONE: go on with @x; anything else, or OPTIONS_HELP: end with it. */
static int parse(struct export *x, int argc, char **argv)
{
	static const char *const names[] = { "perfetto", "csv", "hgrm", "fio", NULL };
	const char *format = NULL;
	const struct option_row rows[] = {
		{ "format", 'f', OPTION_CHOICE, "FORMAT", &format, "the format", names },
		{ "output", 'o', OPTION_STRING, "OUT", &x->out,
		  "the file, or how names of files begin", NULL },
		{ "max-size", 0, OPTION_SIZE, "BYTES", &x->max_size,
		  "perfetto: begin another file before one gets larger (500M)", NULL },
		{ "stages", 0, OPTION_FLAG, NULL, &x->stages,
		  "hgrm: a file for each stage of a command too", NULL },
		{ "strict", 0, OPTION_FLAG, NULL, &x->strict,
		  "exit with 1 if events were lost or the recording is cut", NULL },
		{ 0 }
	};
	const struct usage usage = { "export", "--format FORMAT -o OUT [OPTIONS] DIR", description,
				     examples, rows };
	int operand = options_parse(&usage, argc, argv);

	if (operand < 0)
		return operand == OPTIONS_HELP ? OPTIONS_HELP : EXIT_USAGE;
	if (argc - operand != 1)
		return options_wrong(&usage, "give one recording's directory");
	if (!format)
		return options_wrong(&usage, "say which format: --format perfetto|csv|hgrm|fio");
	if (!x->out || !*x->out)
		return options_wrong(&usage, "say where it goes: -o OUT");
	if (!strcmp(x->out, "-") && strcmp(format, "csv"))
		return options_wrong(&usage, "%s makes files: give -o a name", format);
	if (x->max_size < MIN_MAX_SIZE)
		return options_wrong(&usage, "--max-size must be 1M or more");
	for (unsigned int i = 0; i < NR_FORMATS; i++)
		if (!strcmp(formats[i]->name, format))
			x->format = formats[i];
	x->dir = argv[operand];
	return EXIT_DONE;
}

int cmd_export(int argc, char **argv)
{
	struct export x = { .max_size = 500ull << 20 };
	struct nvs_error err = { .text = "" };
	int ret = parse(&x, argc, argv);

	if (ret != EXIT_DONE)
		return ret == OPTIONS_HELP ? EXIT_DONE : ret;
	if (run(&x, &err) < 0) {
		complain("%s", err.text);
		ret = EXIT_FAILED;
	} else {
		tell(&x);
		if (x.strict && losses_missing(x.recording))
			ret = EXIT_FAILED;
	}
	if (x.format->free)
		x.format->free(&x);
	free(x.own);
	model_free(x.model);
	if (x.recording)
		recording_close(x.recording);
	outset_free(&x.files);
	return ret;
}
