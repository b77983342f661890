// SPDX-License-Identifier: GPL-2.0
/*
 * Perfetto: a process for each controller, a group of tracks for each queue.
 *
 * Slices of one track must nest, and a queue's commands overlap: its commands are
 * on as many tracks as were in flight at once, which the UI shows as one, because they
 * have one name.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "cmd.h"
#include "format.h"
#include "perfetto.h"
#include "perfetto_depth.h"

/* One of the tracks that a queue's commands are on. */
struct slot {
	struct track track;
	uint64_t busy_until; /* ns */
};

struct queue_tracks {
	struct track group, depth, bells, looks;
	struct depth_course course; /* level io */
	struct slot *slot;
	unsigned int nr_slots, max_slots;
};

struct own {
	struct perfetto p;
	struct perfetto_init *init;
	uint64_t late; /* changes of depth that are shown later than they were */
	struct queue_tracks *queue[MODEL_MAX_QUEUES]; /* by model_queue.index */
};

enum { RANK_COMMANDS, RANK_DEPTH, RANK_BELLS, RANK_LOOKS };

/* @q's tracks, with controller and group described in this file.  NULL: the run has failed. */
static struct queue_tracks *queue_tracks(struct export *x, const struct model_queue *q)
{
	struct own *own = x->own;
	struct queue_tracks **t = &own->queue[q->index];
	struct perfetto_ctrl *c;
	char name[32];

	if (!perfetto_room(&own->p, PERFETTO_ROOM))
		return NULL;
	if (!*t)
		*t = calloc(1, sizeof(**t));
	c = *t ? perfetto_ctrl(own->init, &own->p, q->ctrl) : NULL;
	if (!c) {
		export_no_memory(x);
		return NULL;
	}
	if ((*t)->group.file == own->p.nr_files)
		return *t;
	snprintf(name, sizeof(name), q->qid ? "q%u" : "q%u (admin)", q->qid);
	perfetto_describe(
		&own->p, &(*t)->group,
		&(struct track_about){ .name = name, .parent = &c->process, .rank = q->qid + 1u });
	return *t;
}

/* Describes one of @q's tracks, "q1 @what". */
static void describe(struct export *x, const struct model_queue *q, const struct queue_tracks *t,
		     struct track *track, const char *what, unsigned int rank)
{
	struct own *own = x->own;
	char name[48];

	if (track->file == own->p.nr_files)
		return;
	snprintf(name, sizeof(name), "q%u %s", q->qid, what);
	perfetto_describe(&own->p, track,
			  &(struct track_about){ .name = name,
						 .parent = &t->group,
						 .rank = rank,
						 .counter = rank == RANK_DEPTH });
}

/*
 * A track that is free from @begin on: of those the one that was used last, so that
 * no more tracks are used than commands overlap.  NULL: no memory.
 */
static struct slot *slot_get(struct queue_tracks *t, uint64_t begin)
{
	struct slot *best = NULL;
	unsigned int want = t->max_slots ? t->max_slots * 2 : 8;

	for (unsigned int i = 0; i < t->nr_slots; i++) {
		struct slot *s = &t->slot[i];

		if (s->busy_until <= begin && (!best || s->busy_until > best->busy_until))
			best = s;
	}
	if (best)
		return best;
	if (t->nr_slots == t->max_slots) {
		best = realloc(t->slot, want * sizeof(*best));
		if (!best)
			return NULL;
		t->slot = best;
		t->max_slots = want;
	}
	best = &t->slot[t->nr_slots++];
	*best = (struct slot){ 0 };
	return best;
}

static void command_name(struct perfetto *p, const struct model_queue *q, const struct model_cmd *c)
{
	const char *op = c->at[STEP_START] ? nvs_symbol_name(NVS_SET_RQOP, c->op) : NULL;

	if (!model_has_opcode(c))
		perfetto_name_text(p, op ? op : "command");
	else if (q->qid && io_opcode_name(c->opcode))
		perfetto_name(p, NAME_OPCODE + c->opcode);
	else
		perfetto_name_text(p, export_opcode(q, c).s);
}

/* What level io alone knows. */
static void io_args(struct perfetto *p, const struct model_cmd *c)
{
	const char *why = nvs_symbol_name(NVS_SET_WHY_CQ, c->why);

	if (c->tgid)
		perfetto_arg(p, NAME_tgid, c->tgid);
	if (c->comm[0])
		perfetto_arg_text(p, NAME_comm, export_comm(c).s);
	if (c->cgroup)
		perfetto_arg(p, NAME_cgroup, c->cgroup);
	if (c->at[STEP_CQE] && why)
		perfetto_arg_text(p, NAME_why, why);
}

static void command_args(struct perfetto *p, const struct model_cmd *c,
			 const struct model_split *split, bool io)
{
	const char *how = nvs_symbol_name(NVS_SET_HOW_DONE, c->how);
	const char *map = nvs_symbol_name(NVS_SET_MAP, c->map);

	perfetto_arg_hex(p, NAME_cid, c->cid);
	if (model_has_opcode(c))
		perfetto_arg_hex(p, NAME_opcode, c->opcode);
	if (c->at[STEP_START]) {
		perfetto_arg(p, NAME_nsid, c->nsid);
		perfetto_arg(p, NAME_sector, c->sector);
		perfetto_arg(p, NAME_bytes, c->bytes);
		perfetto_arg(p, NAME_pid, c->pid);
		perfetto_arg(p, NAME_depth, c->depth);
		perfetto_arg(p, NAME_submit_cpu, c->submit_cpu);
	}
	if (c->at[STEP_MAP] && map)
		perfetto_arg_text(p, NAME_map, map);
	if (c->at[STEP_SQ_BELL])
		perfetto_arg(p, NAME_batch, c->batch);
	perfetto_arg_hex(p, NAME_status, c->status);
	perfetto_arg(p, NAME_cpu, c->end_cpu);
	if (how)
		perfetto_arg_text(p, NAME_how, how);
	if (io)
		io_args(p, c);
	if (!split) {
		perfetto_arg(p, NAME_steps_missing, 1);
		return;
	}
	if (c->queued)
		perfetto_arg(p, NAME_queue_ns, split->queue);
	perfetto_arg(p, NAME_driver_ns, split->driver);
	perfetto_arg(p, NAME_device_ns, split->device);
	perfetto_arg(p, NAME_completion_ns, split->completion);
	perfetto_arg(p, NAME_total_ns, split->total);
}

static void stage(struct perfetto *p, const struct track *t, enum perfetto_name name,
		  uint64_t begin, uint64_t end)
{
	perfetto_event(p, t, begin, TYPE_BEGIN);
	perfetto_name(p, name);
	perfetto_done(p);
	perfetto_end(p, t, end);
}

/* The first step that was seen; 0: none before the end. */
static uint64_t first_step(const struct model_cmd *c)
{
	for (unsigned int i = 0; i < STEP_COMPLETE; i++)
		if (c->at[i] && i != STEP_CQ_BELL)
			return c->at[i];
	return 0;
}

/* Writes the changes of @q's depth that are due; with @all every one. */
static void write_depth(struct export *x, const struct model_queue *q, bool all)
{
	struct perfetto *p = &((struct own *)x->own)->p;
	struct queue_tracks *t;
	uint64_t ts, depth;

	while ((t = queue_tracks(x, q)) && depth_course_next(&t->course, all, &ts, &depth)) {
		describe(x, q, t, &t->depth, "depth", RANK_DEPTH);
		perfetto_count(p, &t->depth, ts, depth);
	}
}

static void io_depth(struct export *x, const struct model_queue *q, struct queue_tracks *t,
		     const struct model_cmd *c)
{
	if (!c->at[STEP_START])
		return;
	if (!depth_course_add(&t->course, c->at[STEP_START], 1) ||
	    !depth_course_add(&t->course, c->at[STEP_COMPLETE], -1))
		export_no_memory(x);
	else
		write_depth(x, q, false);
}

static void on_command(void *ctx, const struct model_queue *q, const struct model_cmd *c)
{
	struct export *x = ctx;
	struct perfetto *p = &((struct own *)x->own)->p;
	struct queue_tracks *t = queue_tracks(x, q);
	struct model_split split;
	bool whole = model_split(c, &split);
	uint64_t begin = whole ? c->at[STEP_START] - split.queue : first_step(c),
		 end = c->at[STEP_COMPLETE];
	struct slot *slot;

	if (!t)
		return;
	if (!begin || end < begin) {
		x->left_out++;
		return;
	}
	slot = slot_get(t, begin);
	if (!slot) {
		export_no_memory(x);
		return;
	}
	slot->busy_until = end;
	describe(x, q, t, &slot->track, "commands", RANK_COMMANDS);
	perfetto_event(p, &slot->track, begin, TYPE_BEGIN);
	command_name(p, q, c);
	command_args(p, c, whole ? &split : NULL, x->io);
	perfetto_done(p);
	if (whole) {
		if (split.queue)
			stage(p, &slot->track, NAME_queue, begin, c->at[STEP_START]);
		stage(p, &slot->track, NAME_driver, c->at[STEP_START], c->at[STEP_SQ_BELL]);
		stage(p, &slot->track, NAME_device, c->at[STEP_SQ_BELL], c->at[STEP_CQE]);
		stage(p, &slot->track, NAME_completion, c->at[STEP_CQE], end);
	}
	perfetto_end(p, &slot->track, end);
	if (x->io)
		io_depth(x, q, t, c);
	x->commands++;
}

static void bell(struct export *x, const struct model_queue *q, uint64_t ts,
		 enum perfetto_name name, const uint16_t args[4])
{
	struct perfetto *p = &((struct own *)x->own)->p;
	struct queue_tracks *t = queue_tracks(x, q);

	if (!t)
		return;
	describe(x, q, t, &t->bells, "doorbells", RANK_BELLS);
	perfetto_event(p, &t->bells, ts, TYPE_INSTANT);
	perfetto_name(p, name);
	perfetto_arg(p, NAME_old, args[0]);
	perfetto_arg(p, NAME_new, args[1]);
	perfetto_arg(p, NAME_covers, args[2]);
	if (args[3] != NVS_BELL_mmio)
		perfetto_arg_text(p, NAME_how, "shadow");
	perfetto_done(p);
}

static void on_sq_doorbell(void *ctx, const struct model_queue *q, const struct nvs_sq_doorbell *ev)
{
	const uint16_t args[] = { ev->old_tail, ev->new_tail, ev->count, ev->how };

	bell(ctx, q, ev->h.ts, NAME_SQ_doorbell, args);
}

static void on_cq_doorbell(void *ctx, const struct model_queue *q, const struct nvs_cq_doorbell *ev)
{
	const uint16_t args[] = { ev->old_head, ev->new_head, ev->count, ev->how };

	bell(ctx, q, ev->h.ts, NAME_CQ_doorbell, args);
}

static void on_look(void *ctx, const struct model_queue *q, const struct model_look *look)
{
	static const enum perfetto_name why[] = { [NVS_WHY_CQ_irq] = NAME_interrupt,
						  [NVS_WHY_CQ_poll] = NAME_poll,
						  [NVS_WHY_CQ_timeout] = NAME_timeout,
						  [NVS_WHY_CQ_teardown] = NAME_teardown };
	struct export *x = ctx;
	struct perfetto *p = &((struct own *)x->own)->p;
	struct queue_tracks *t = queue_tracks(x, q);

	if (!t)
		return;
	describe(x, q, t, &t->looks, "interrupts", RANK_LOOKS);
	perfetto_event(p, &t->looks, look->begin, TYPE_BEGIN);
	if (look->why < sizeof(why) / sizeof(why[0]))
		perfetto_name(p, why[look->why]);
	perfetto_arg(p, NAME_found, look->found);
	perfetto_done(p);
	perfetto_end(p, &t->looks, look->end);
}

static void on_depth(void *ctx, const struct model_queue *q, uint64_t ts)
{
	struct export *x = ctx;
	struct queue_tracks *t = queue_tracks(x, q);

	if (!t)
		return;
	describe(x, q, t, &t->depth, "depth", RANK_DEPTH);
	perfetto_count(&((struct own *)x->own)->p, &t->depth, ts, q->depth);
}

static int begin(struct export *x)
{
	struct own *own;

	if (outset_none_there(x->out, ".pftrace", &x->files.err) < 0) {
		x->files.failed = true;
		return -1;
	}
	if (export_own(x, sizeof(struct own)) < 0)
		return -1;
	own = x->own;
	own->p.x = x;
	own->init = perfetto_init_new();
	if (own->init)
		return 0;
	export_no_memory(x);
	return -1;
}

static void step(struct export *x)
{
	struct own *own = x->own;

	perfetto_init_write(own->init, &own->p, false);
}

static void end_depths(struct export *x)
{
	struct own *own = x->own;

	for (unsigned int i = 0; i < model_nr_ctrls(x->model); i++) {
		const struct model_ctrl *c = model_ctrl(x->model, i);

		for (unsigned int q = 0; q < c->nr_queues; q++) {
			if (!c->queue[q] || !own->queue[c->queue[q]->index])
				continue;
			write_depth(x, c->queue[q], true);
			own->late += own->queue[c->queue[q]->index]->course.late;
		}
	}
}

static void end(struct export *x)
{
	struct own *own = x->own;

	end_depths(x);
	/* There is a file even when nothing was recorded. */
	if (perfetto_room(&own->p, PERFETTO_ROOM))
		perfetto_init_write(own->init, &own->p, true);
	outfile_close(own->p.file);
}

static void own_free(struct export *x)
{
	struct own *own = x->own;

	if (!own)
		return;
	for (unsigned int i = 0; i < MODEL_MAX_QUEUES; i++) {
		if (own->queue[i]) {
			free(own->queue[i]->slot);
			free(own->queue[i]->course.heap);
		}
		free(own->queue[i]);
	}
	perfetto_init_free(own->init);
}

static void tell(const struct export *x)
{
	const struct own *own = x->own;

	if (own->late)
		complain("%" PRIu64 " changes of a queue's depth came long after later ones: its "
			 "counter has them late",
			 own->late);
}

static const struct model_visitor visitor = {
	.command = on_command,
	.sq_doorbell = on_sq_doorbell,
	.cq_doorbell = on_cq_doorbell,
	.look = on_look,
	.depth = on_depth,
};

const struct export_format export_perfetto = {
	.name = "perfetto",
	.visitor = &visitor,
	.begin = begin,
	.step = step,
	.end = end,
	.tell = tell,
	.free = own_free,
};
