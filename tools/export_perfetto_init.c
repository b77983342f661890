// SPDX-License-Identifier: GPL-2.0
/*
 * The part of a Perfetto trace that is not I/O: phases on the threads that went
 * through them, and what happened to a controller.  The model keeps these; they
 * are written as soon as they are over.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "format.h"
#include "perfetto.h"

/*
 * Perfetto wants numbers of processes.  These are above any that Linux gives
 * (PID_MAX_LIMIT is 4194304), so that none is taken for a thread's.
 */
#define PID_THREADS 4999999u /* "driver": all threads that phases ran on */
#define PID_CTRL    5000000u /* and the controller's number */

#define PHASE_ROOM 768 /* more than a phase's two packets take */

struct thread_track {
	uint32_t tid;
	struct track track;
};

struct perfetto_init {
	struct perfetto_ctrl **ctrl;
	unsigned int nr_ctrls, max_ctrls;
	struct track driver;
	struct track module_events; /* before a controller has its number */
	struct thread_track *thread;
	unsigned int nr_threads, max_threads;
	unsigned int next_phase, next_mark; /* the first that are not written */
};

struct perfetto_init *perfetto_init_new(void)
{
	return calloc(1, sizeof(struct perfetto_init));
}

void perfetto_init_free(struct perfetto_init *init)
{
	if (!init)
		return;
	for (unsigned int i = 0; i < init->nr_ctrls; i++)
		free(init->ctrl[i]);
	free(init->ctrl);
	free(init->thread);
	free(init);
}

/* "nvme0 0000:01:00.0" */
static void ctrl_name(const struct model *m, uint16_t id, char *name, size_t size)
{
	snprintf(name, size, "%s", format_ctrl(id).s);
	for (unsigned int i = 0; i < model_nr_ctrls(m); i++) {
		const struct model_ctrl *c = model_ctrl(m, i);

		if (c->id == id && c->announced)
			snprintf(name, size, "%s %s", format_ctrl(id).s, format_pci(c->pci_addr).s);
	}
}

static struct perfetto_ctrl *ctrl_new(struct perfetto_init *init, uint16_t id)
{
	unsigned int want = init->max_ctrls ? init->max_ctrls * 2 : 4;
	struct perfetto_ctrl **more, *c;

	if (init->nr_ctrls == init->max_ctrls) {
		more = realloc(init->ctrl, want * sizeof(struct perfetto_ctrl *));
		if (!more)
			return NULL;
		init->ctrl = more;
		init->max_ctrls = want;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->id = id;
	init->ctrl[init->nr_ctrls++] = c;
	return c;
}

struct perfetto_ctrl *perfetto_ctrl(struct perfetto_init *init, struct perfetto *p, uint16_t ctrl)
{
	struct perfetto_ctrl *c = NULL;
	char name[100];

	for (unsigned int i = 0; i < init->nr_ctrls && !c; i++)
		if (init->ctrl[i]->id == ctrl)
			c = init->ctrl[i];
	if (!c)
		c = ctrl_new(init, ctrl);
	if (!c)
		return NULL;
	if (c->process.file == p->nr_files)
		return c;
	ctrl_name(p->x->model, ctrl, name, sizeof(name));
	perfetto_describe(
		p, &c->process,
		&(struct track_about){ .name = name, .pid = PID_CTRL + ctrl, .rank = 1u + ctrl });
	return c;
}

static void describe_driver(struct perfetto_init *init, struct perfetto *p)
{
	perfetto_describe(p, &init->driver,
			  &(struct track_about){ .name = "driver", .pid = PID_THREADS });
}

/* --- phases ------------------------------------------------------------------- */

/* The track of thread @tid, described; NULL: no memory. */
static struct track *thread_track(struct perfetto_init *init, struct perfetto *p, uint32_t tid)
{
	unsigned int want = init->max_threads ? init->max_threads * 2 : 16, i = 0;
	char name[32];

	while (i < init->nr_threads && init->thread[i].tid != tid)
		i++;
	if (i == init->max_threads) {
		struct thread_track *more = realloc(init->thread, want * sizeof(*more));

		if (!more)
			return NULL;
		init->thread = more;
		init->max_threads = want;
	}
	if (i == init->nr_threads)
		init->thread[init->nr_threads++] = (struct thread_track){ .tid = tid };
	describe_driver(init, p);
	snprintf(name, sizeof(name), "thread %" PRIu32, tid);
	perfetto_describe(p, &init->thread[i].track,
			  &(struct track_about){ .name = name,
						 .parent = &init->driver,
						 .pid = PID_THREADS,
						 .tid = tid ? tid : UINT32_MAX >> 1,
						 .rank = i + 1 });
	return &init->thread[i].track;
}

static bool is_root(const struct model_phase *ph)
{
	return ph->parent < 0 || ph->queued;
}

static void phase_begin(struct perfetto *p, const struct track *t, const struct model_phase *ph)
{
	const char *name = nvs_symbol_name(NVS_SET_PHASE, ph->phase);

	perfetto_event(p, t, ph->begin, TYPE_BEGIN);
	perfetto_name_text(p, name ? name : "phase");
	perfetto_arg_text(p, NAME_controller, format_ctrl(ph->ctrl).s);
	if (ph->result)
		perfetto_arg_signed(p, NAME_result, ph->result);
	if (ph->open)
		perfetto_arg(p, NAME_open, 1);
	if (ph->cut)
		perfetto_arg(p, NAME_end_lost, 1);
	perfetto_done(p);
}

/*
 * Phase @root and all that it called: of the phases after it those of its thread, up
 * to the thread's next root.  They stand in the order they began, and each ends
 * before its caller does.
 */
static void write_tree(struct perfetto_init *init, struct perfetto *p,
		       const struct model_phase *phase, unsigned int nr, unsigned int root)
{
	uint32_t tid = phase[root].tid;
	int32_t open[64];
	unsigned int depth = 0, members = 0, end = root + 1;
	struct track *t;

	for (; end < nr && !(phase[end].tid == tid && is_root(&phase[end])); end++)
		members += phase[end].tid == tid;
	if (!perfetto_room(p, PERFETTO_ROOM + (members + 1ull) * PHASE_ROOM))
		return;
	t = thread_track(init, p, tid);
	if (!t) {
		export_no_memory(p->x);
		return;
	}
	for (unsigned int i = root; i < end; i++) {
		if (phase[i].tid != tid)
			continue;
		while (depth && open[depth - 1] != phase[i].parent)
			perfetto_end(p, t, phase[open[--depth]].end);
		if (depth == sizeof(open) / sizeof(open[0]))
			break; /* the model keeps fewer */
		phase_begin(p, t, &phase[i]);
		open[depth++] = (int32_t)i;
	}
	while (depth)
		perfetto_end(p, t, phase[open[--depth]].end);
}

/* --- marks -------------------------------------------------------------------- */

static const char *symbol(enum nvs_symbol_set set, unsigned int value)
{
	const char *name = nvs_symbol_name(set, value);

	return name ? name : "?";
}

static void mark_name(const struct model_mark *m, char *s, size_t size)
{
	switch (m->kind) {
	case MARK_REG_READ: snprintf(s, size, "read %s", register_name(m->what).s); break;
	case MARK_REG_WRITE: snprintf(s, size, "write %s", register_name(m->what).s); break;
	case MARK_STATE: snprintf(s, size, "state %s", symbol(NVS_SET_STATE, m->what)); break;
	case MARK_QUEUE_CREATE:
		snprintf(s, size, "create q%u %s", m->qid, symbol(NVS_SET_RING, m->what));
		break;
	case MARK_QUEUE_DELETE:
		snprintf(s, size, "delete q%u %s", m->qid, symbol(NVS_SET_RING, m->what));
		break;
	case MARK_IRQ: snprintf(s, size, "vector %u", m->what); break;
	case MARK_NS: snprintf(s, size, "namespace %u", m->what); break;
	case MARK_RESET: snprintf(s, size, "reset: %s", symbol(NVS_SET_WHY_RESET, m->what)); break;
	case MARK_TIMEOUT:
		snprintf(s, size, "timeout: %s", symbol(NVS_SET_TIMEOUT, m->what));
		break;
	case MARK_GONE: snprintf(s, size, "gone: %s", symbol(NVS_SET_GONE, m->what)); break;
	default: snprintf(s, size, "mark %u", m->kind);
	}
}

static bool value_is_hex(unsigned int kind)
{
	return kind == MARK_REG_READ || kind == MARK_REG_WRITE || kind == MARK_TIMEOUT;
}

/* Where @m is shown: its controller's track, or the module's. */
static struct track *mark_track(struct perfetto_init *init, struct perfetto *p,
				const struct model_mark *m)
{
	struct perfetto_ctrl *c;

	if (m->ctrl == NVS_NO_CTRL) {
		describe_driver(init, p);
		perfetto_describe(
			p, &init->module_events,
			&(struct track_about){ .name = "events", .parent = &init->driver });
		return &init->module_events;
	}
	c = perfetto_ctrl(init, p, m->ctrl);
	if (!c)
		return NULL;
	perfetto_describe(p, &c->events,
			  &(struct track_about){ .name = "events", .parent = &c->process });
	return &c->events;
}

static void write_mark(struct perfetto_init *init, struct perfetto *p, const struct model_mark *m)
{
	struct track *t;
	char name[64];

	/* An admin command is a slice of queue 0. */
	if (m->kind == MARK_ADMIN || !perfetto_room(p, PERFETTO_ROOM))
		return;
	t = mark_track(init, p, m);
	if (!t) {
		export_no_memory(p->x);
		return;
	}
	mark_name(m, name, sizeof(name));
	perfetto_event(p, t, m->ts, TYPE_INSTANT);
	perfetto_name_text(p, name);
	if (m->kind == MARK_STATE)
		perfetto_arg_text(p, NAME_old, symbol(NVS_SET_STATE, (unsigned int)m->value));
	else if (value_is_hex(m->kind))
		perfetto_arg_hex(p, NAME_value, m->value);
	else
		perfetto_arg(p, NAME_value, m->value);
	if (m->status)
		perfetto_arg_hex(p, NAME_status, m->status);
	perfetto_done(p);
}

void perfetto_init_write(struct perfetto_init *init, struct perfetto *p, bool all)
{
	unsigned int nr_phases, nr_marks;
	const struct model_phase *phase = model_phases(p->x->model, &nr_phases);
	const struct model_mark *mark = model_marks(p->x->model, &nr_marks);

	for (; init->next_phase < nr_phases; init->next_phase++) {
		const struct model_phase *ph = &phase[init->next_phase];

		/* What a root called is written with it. */
		if (!is_root(ph))
			continue;
		if (ph->open && !all)
			break;
		write_tree(init, p, phase, nr_phases, init->next_phase);
	}
	/* A mark learns whose it is from its phase, and that may learn it late. */
	for (; init->next_mark < nr_marks; init->next_mark++) {
		if (!all && mark[init->next_mark].phase >= (int32_t)init->next_phase)
			break;
		write_mark(init, p, &mark[init->next_mark]);
	}
}
