// SPDX-License-Identifier: GPL-2.0
/* CSV: a row for each command, in the order they ended. */
#include <inttypes.h>
#include <string.h>
#include "export.h"
#include "format.h"

/*
 * Columns, in order.  A field is empty where the event that would say it is not in
 * the recording: never 0 instead.
 */
static const char header[] =
	"controller,qid,cid,opcode,opcode_name,nsid,sector,bytes,pid,status,how,batch,map,"
	"start_ns,setup_ns,map_ns,sqe_ns,sq_doorbell_ns,cqe_ns,cq_doorbell_ns,complete_ns,unmap_ns,"
	"queue_ns,driver_ns,device_ns,completion_ns,total_ns,"
	"queued_ns,tgid,comm,cgroup,depth,submit_cpu,cpu,why\n";

static void field(struct outfile *f, bool known, uint64_t n)
{
	out_char(f, ',');
	if (known)
		out_number(f, n);
}

static void named(struct outfile *f, const char *name)
{
	out_char(f, ',');
	if (name)
		out_text(f, name);
}

/* A task may be called anything: in quotes if it must be (RFC 4180). */
static void quoted(struct outfile *f, const char *text)
{
	out_char(f, ',');
	if (!strpbrk(text, ",\"")) {
		out_text(f, text);
		return;
	}
	out_char(f, '"');
	for (; *text; text++) {
		if (*text == '"')
			out_char(f, '"');
		out_char(f, *text);
	}
	out_char(f, '"');
}

/* Who submitted it, where, and what it met. */
static void circumstances(const struct export *x, const struct model_cmd *c)
{
	struct outfile *f = x->own;
	bool start = c->at[STEP_START];

	field(f, c->queued, c->queued);
	field(f, x->io && c->tgid, c->tgid);
	quoted(f, export_comm(c).s);
	field(f, x->io && c->cgroup, c->cgroup);
	field(f, start && c->depth, c->depth);
	field(f, start, c->submit_cpu);
	field(f, true, c->end_cpu);
	named(f, x->io && c->at[STEP_CQE] ? nvs_symbol_name(NVS_SET_WHY_CQ, c->why) : NULL);
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct export *x = ctx;
	struct outfile *f = x->own;
	bool start = c->at[STEP_START], bell = c->at[STEP_SQ_BELL];
	struct model_split split = { 0 };
	bool whole = model_split(c, &split);

	out_number(f, q->ctrl);
	field(f, true, q->qid);
	field(f, true, c->cid);
	field(f, model_has_opcode(c), c->opcode);
	named(f, export_opcode(q, c).s);
	field(f, start, c->nsid);
	field(f, start, c->sector);
	field(f, start, c->bytes);
	field(f, start, c->pid);
	field(f, true, c->status);
	named(f, nvs_symbol_name(NVS_SET_HOW_DONE, c->how));
	field(f, bell, c->batch);
	named(f, c->at[STEP_MAP] ? nvs_symbol_name(NVS_SET_MAP, c->map) : NULL);
	for (unsigned int i = 0; i < NR_STEPS; i++)
		field(f, c->at[i], c->at[i]);
	field(f, whole && c->queued, split.queue);
	field(f, whole, split.driver);
	field(f, whole, split.device);
	field(f, whole, split.completion);
	field(f, whole, split.total);
	circumstances(x, c);
	out_char(f, '\n');
	x->commands++;
}

static int begin(struct export *x)
{
	struct outfile *f = outfile_open(&x->files, x->out);
	char lacks[2][600];
	unsigned int nr = export_lacks(x, lacks);

	if (!f)
		return -1;
	out_text(f, "# nvmescope export, csv 2: a command in each row; docs/export.md has the "
		    "columns\n");
	for (unsigned int i = 0; i < nr; i++)
		out_printf(f, "# %s\n", lacks[i]);
	out_text(f, header);
	x->own = f;
	return 0;
}

static void end(struct export *x)
{
	outfile_close(x->own);
}

/* The file is the set's. */
static void forget(struct export *x)
{
	x->own = NULL;
}

static const struct model_visitor visitor = { .command = on_command };

const struct export_format export_csv = {
	.name = "csv",
	.visitor = &visitor,
	.begin = begin,
	.end = end,
	.free = forget,
};
