// SPDX-License-Identifier: GPL-2.0
/*
 * The model's story: phases nested by thread, and what happened in them.
 *
 * A phase event names its thread and its parent.  On one thread the parent is
 * the caller; a work item's parent is whoever queued it, on another thread.
 */
#include <stdlib.h>
#include <string.h>
#include "model_internal.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

/* Work items and module entry points: nothing of ours can be below them on a stack. */
static bool starts_a_stack(unsigned int phase)
{
	switch (phase) {
	case NVS_PHASE_nvme_core_init:
	case NVS_PHASE_nvme_init:
	case NVS_PHASE_nvme_reset_work:
	case NVS_PHASE_nvme_scan_work:
	case NVS_PHASE_nvme_exit:
	case NVS_PHASE_nvme_core_exit: return true;
	default: return false;
	}
}

/* Phases of the modules, which no controller owns. */
static bool is_module_phase(unsigned int phase)
{
	return phase == NVS_PHASE_nvme_core_init || phase == NVS_PHASE_nvme_init ||
	       phase == NVS_PHASE_nvme_exit || phase == NVS_PHASE_nvme_core_exit;
}

static struct thread *thread_find(struct model *m, uint32_t tid)
{
	for (unsigned int i = 0; i < m->nr_threads; i++)
		if (m->threads[i].tid == tid)
			return &m->threads[i];
	return NULL;
}

static struct model_phase *top(struct model *m, const struct thread *t)
{
	return t && t->nr ? &m->phases[t->stack[t->nr - 1]] : NULL;
}

static void thread_pop(struct model *m, struct thread *t, uint64_t ts, bool cut)
{
	struct model_phase *p = top(m, t);

	p->end = ts;
	p->open = false;
	p->cut = cut;
	m->totals.phase_ends_lost += cut;
	t->nr--;
}

/* A thread's slot is free again once its last phase has ended. */
static void thread_release(struct model *m, struct thread *t)
{
	if (t->nr == 0)
		*t = m->threads[--m->nr_threads];
}

static struct thread *thread_get(struct model *m, uint32_t tid, uint64_t ts)
{
	struct thread *t = thread_find(m, tid);

	if (t)
		return t;
	if (m->nr_threads == MAX_THREADS) {
		/* So many open at once means that ends were lost: give up the oldest. */
		t = &m->threads[0];
		while (t->nr)
			thread_pop(m, t, ts, true);
		thread_release(m, t);
	}
	t = &m->threads[m->nr_threads++];
	t->tid = tid;
	t->nr = 0;
	return t;
}

/* Brings the stack to where a phase with parent @parent can begin: ends were lost else. */
static void resync(struct model *m, struct thread *t, const struct nvs_phase_begin *ev)
{
	uint32_t keep = t->nr;

	if (ev->parent == NVS_PHASE_none || starts_a_stack(ev->phase))
		keep = 0;
	for (uint32_t i = t->nr; keep && i > 0; i--) {
		if (m->phases[t->stack[i - 1]].phase == ev->parent) {
			keep = i;
			break;
		}
	}
	while (t->nr > keep || t->nr == MAX_STACK)
		thread_pop(m, t, ev->h.ts, true);
}

/* Who queued this work: the last phase of that name, on this controller if it has one. */
static int32_t find_queuer(const struct model *m, const struct nvs_phase_begin *ev)
{
	if (ev->parent == NVS_PHASE_none)
		return -1;
	for (unsigned int i = m->nr_phases; i > 0; i--) {
		const struct model_phase *p = &m->phases[i - 1];

		if (p->phase == ev->parent &&
		    (p->ctrl == ev->h.ctrl || p->ctrl == NVS_NO_CTRL || ev->h.ctrl == NVS_NO_CTRL))
			return (int32_t)(i - 1);
	}
	return -1;
}

static struct model_phase *phase_new(struct model *m)
{
	void *more = model_grow(m->phases, m->nr_phases, &m->max_phases, MODEL_MAX_PHASES,
				sizeof(*m->phases));

	if (!more) {
		m->totals.phases_dropped++;
		return NULL;
	}
	m->phases = more;
	memset(&m->phases[m->nr_phases], 0, sizeof(*m->phases));
	return &m->phases[m->nr_phases++];
}

static void on_phase_begin(struct model *m, const struct nvs_phase_begin *ev)
{
	struct thread *t = thread_get(m, ev->tid, ev->h.ts);
	struct model_phase *p;
	int32_t parent, self = (int32_t)m->nr_phases;

	resync(m, t, ev);
	parent = t->nr ? t->stack[t->nr - 1] : find_queuer(m, ev);
	p = phase_new(m);
	if (!p) {
		thread_release(m, t);
		return;
	}
	p->begin = ev->h.ts;
	p->tid = ev->tid;
	p->phase = ev->phase;
	p->said_parent = ev->parent;
	p->ctrl = ev->h.ctrl;
	p->parent = parent;
	p->open = true;
	p->queued = parent >= 0 && !t->nr;
	if (parent >= 0) {
		p->level = p->queued ? 0 : m->phases[parent].level + 1;
		if (p->ctrl == NVS_NO_CTRL)
			p->ctrl = m->phases[parent].ctrl;
	}
	t->stack[t->nr++] = self;
}

static void on_phase_end(struct model *m, const struct nvs_phase_end *ev)
{
	struct thread *t = thread_find(m, ev->tid);
	uint32_t i = t ? t->nr : 0;

	while (i > 0 && m->phases[t->stack[i - 1]].phase != ev->phase)
		i--;
	if (i == 0) {
		m->totals.phase_ends_unmatched++;
		return;
	}
	while (t->nr > i)
		thread_pop(m, t, ev->h.ts, true);
	top(m, t)->result = ev->result;
	thread_pop(m, t, ev->h.ts, false);
	thread_release(m, t);
}

/*
 * The probing thread has learnt its controller's number: the phases it went
 * through before, back to nvme_probe, were that controller's.
 */
static int on_ctrl_new(struct model *m, const struct nvs_ctrl_new *ev, struct nvs_error *err)
{
	struct thread *t = thread_find(m, ev->tid);
	struct model_ctrl *c;
	int32_t first = -1;

	if (model_get_ctrl(m, ev->h.ctrl, &c, err) < 0)
		return -1;
	if (!c)
		return 0;
	c->announced = true;
	c->pci_addr = ev->pci_addr;
	c->vendor = ev->vendor;
	c->device = ev->device;
	for (uint32_t i = t ? t->nr : 0; i > 0; i--) {
		if (is_module_phase(m->phases[t->stack[i - 1]].phase))
			break;
		first = t->stack[i - 1];
	}
	for (unsigned int i = (unsigned int)first; first >= 0 && i < m->nr_phases; i++)
		if (m->phases[i].tid == ev->tid && m->phases[i].ctrl == NVS_NO_CTRL)
			m->phases[i].ctrl = ev->h.ctrl;
	for (unsigned int i = 0; first >= 0 && i < m->nr_marks; i++)
		if (m->marks[i].phase >= first && m->marks[i].ctrl == NVS_NO_CTRL)
			m->marks[i].ctrl = m->phases[m->marks[i].phase].ctrl;
	return 0;
}

/* The phase that began last and is still open on the thread, or on the controller. */
static int32_t innermost(struct model *m, uint32_t tid, uint16_t ctrl)
{
	struct thread *t = tid ? thread_find(m, tid) : NULL;
	int32_t best = -1;

	if (tid)
		return t && t->nr ? t->stack[t->nr - 1] : -1;
	for (unsigned int i = 0; i < m->nr_threads; i++) {
		int32_t k = m->threads[i].stack[m->threads[i].nr - 1];

		if (m->phases[k].ctrl == ctrl && k > best)
			best = k;
	}
	return best;
}

uint32_t mark_add(struct model *m, const struct nvs_hdr *h, enum model_mark_kind kind, uint32_t tid,
		  uint32_t what, uint64_t value)
{
	struct model_mark *mark;
	void *more = model_grow(m->marks, m->nr_marks, &m->max_marks, MODEL_MAX_MARKS,
				sizeof(*m->marks));

	if (!more) {
		m->totals.marks_dropped++;
		return 0;
	}
	m->marks = more;
	mark = &m->marks[m->nr_marks++];
	memset(mark, 0, sizeof(*mark));
	mark->ts = h->ts;
	mark->end = kind == MARK_ADMIN ? 0 : h->ts;
	mark->value = value;
	mark->what = what;
	mark->phase = innermost(m, tid, h->ctrl);
	mark->kind = (uint16_t)kind;
	mark->ctrl = h->ctrl;
	mark->qid = h->qid;
	if (mark->ctrl == NVS_NO_CTRL && mark->phase >= 0)
		mark->ctrl = m->phases[mark->phase].ctrl;
	return m->nr_marks;
}

static int on_queue_create(struct model *m, const struct nvs_queue_create *ev,
			   struct nvs_error *err)
{
	struct model_queue *q;
	uint32_t mark = mark_add(m, &ev->h, MARK_QUEUE_CREATE, 0, ev->ring, ev->depth);

	if (mark)
		m->marks[mark - 1].status = ev->status;
	if (model_get_queue(m, &ev->h, &q, err) < 0)
		return -1;
	if (q && !ev->status)
		queue_created(q, ev);
	return 0;
}

static int on_ctrl_state(struct model *m, const struct nvs_ctrl_state *ev, struct nvs_error *err)
{
	struct model_ctrl *c;

	if (!ev->changed)
		return 0;
	if (model_get_ctrl(m, ev->h.ctrl, &c, err) < 0)
		return -1;
	if (c) {
		c->state = ev->new_state;
		c->resets += ev->new_state == NVS_STATE_resetting && ev->old_state != NVS_STATE_new;
	}
	mark_add(m, &ev->h, MARK_STATE, 0, ev->new_state, ev->old_state);
	return 0;
}

/* Asked for; whether it takes place, and those that are not seen to be asked for, its state tells. */
static int on_reset(struct model *m, const struct nvs_reset *ev, struct nvs_error *err)
{
	struct model_ctrl *c;

	if (model_get_ctrl(m, ev->h.ctrl, &c, err) < 0)
		return -1;
	mark_add(m, &ev->h, MARK_RESET, 0, ev->why, 0);
	return 0;
}

/* Recovery of one command: counted on its queue. */
static int on_recovery(struct model *m, const struct nvs_hdr *h, struct nvs_error *err)
{
	struct model_queue *q;

	if (model_get_queue(m, h, &q, err) < 0)
		return -1;
	if (!q)
		return 0;
	if (h->id == NVS_ID_timeout) {
		q->timeouts++;
		mark_add(m, h, MARK_TIMEOUT, 0, AS(timeout, h)->action, AS(timeout, h)->csts);
	} else if (h->id == NVS_ID_retry) {
		queue_retried(q, h);
	} else if (AS(abort, h)->step == NVS_ABORT_sent) {
		q->aborts++;
	}
	return 0;
}

/* Events that only leave a mark. */
static void on_mark(struct model *m, const struct nvs_hdr *h)
{
	switch (h->id) {
	case NVS_ID_reg_read:
		mark_add(m, h, MARK_REG_READ, AS(reg_read, h)->tid, AS(reg_read, h)->offset,
			 AS(reg_read, h)->value);
		break;
	case NVS_ID_reg_write:
		mark_add(m, h, MARK_REG_WRITE, AS(reg_write, h)->tid, AS(reg_write, h)->offset,
			 AS(reg_write, h)->value);
		break;
	case NVS_ID_queue_delete:
		mark_add(m, h, MARK_QUEUE_DELETE, 0, AS(queue_delete, h)->ring, 0);
		break;
	case NVS_ID_irq_setup:
		mark_add(m, h, MARK_IRQ, 0, AS(irq_setup, h)->vector, AS(irq_setup, h)->irq);
		break;
	case NVS_ID_ns_found:
		mark_add(m, h, MARK_NS, 0, AS(ns_found, h)->nsid,
			 AS(ns_found, h)->blocks * AS(ns_found, h)->lba_size);
		break;
	case NVS_ID_ctrl_gone: mark_add(m, h, MARK_GONE, 0, AS(ctrl_gone, h)->why, 0); break;
	}
}

int phase_event(struct model *m, const struct nvs_hdr *h, struct nvs_error *err)
{
	switch (h->id) {
	case NVS_ID_phase_begin: on_phase_begin(m, AS(phase_begin, h)); return 0;
	case NVS_ID_phase_end: on_phase_end(m, AS(phase_end, h)); return 0;
	case NVS_ID_ctrl_new: return on_ctrl_new(m, AS(ctrl_new, h), err);
	case NVS_ID_queue_create: return on_queue_create(m, AS(queue_create, h), err);
	case NVS_ID_ctrl_state: return on_ctrl_state(m, AS(ctrl_state, h), err);
	case NVS_ID_reset: return on_reset(m, AS(reset, h), err);
	case NVS_ID_timeout:
	case NVS_ID_abort:
	case NVS_ID_retry: return on_recovery(m, h, err);
	default: on_mark(m, h); return 0;
	}
}

/* What is still open stays open, and ends, for a picture, with the recording. */
void phase_finish(struct model *m)
{
	for (unsigned int i = 0; i < m->nr_phases; i++)
		if (m->phases[i].open)
			m->phases[i].end = m->totals.last_ts;
}
