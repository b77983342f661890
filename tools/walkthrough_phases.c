// SPDX-License-Identifier: GPL-2.0
/* The phase that each step is in, by its thread where it names one. */
#include <string.h>
#include "walkthrough.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

/* The phase that @tid has open; NULL: none. */
static int32_t *open_phase(struct walk_threads *t, uint32_t tid)
{
	for (unsigned int i = 0; i < t->nr; i++)
		if (t->thread[i].tid == tid)
			return &t->thread[i].phase;
	return NULL;
}

static int32_t phase_of_thread(struct walk_threads *t, uint32_t tid)
{
	const int32_t *p = open_phase(t, tid);

	return p ? *p : -1;
}

/* @phase -1: the thread has none any more.  More threads than there is room for have none. */
static void set_phase(struct walk_threads *t, uint32_t tid, int32_t phase)
{
	int32_t *p = open_phase(t, tid);

	if (!p && phase >= 0 && t->nr < WALK_MAX_THREADS) {
		t->thread[t->nr].tid = tid;
		p = &t->thread[t->nr++].phase;
	}
	if (p)
		*p = phase;
	for (unsigned int i = 0; i < t->nr; i++)
		if (t->thread[i].phase < 0)
			t->thread[i] = t->thread[--t->nr];
}

/* Of a controller's steps that name no thread: the phase that began last and still runs. */
static int32_t latest_phase(const struct walk_threads *t, const struct model_phase *phases,
			    uint16_t ctrl)
{
	int32_t latest = -1;

	for (unsigned int i = 0; i < t->nr; i++) {
		int32_t p = t->thread[i].phase;

		if (p > latest && (phases[p].ctrl == ctrl || phases[p].ctrl == NVS_NO_CTRL))
			latest = p;
	}
	return latest;
}

static int32_t caller(const struct model_phase *phases, int32_t p)
{
	return phases[p].level ? phases[p].parent : -1;
}

static int32_t begin_phase(struct walk *w, struct walk_threads *t, uint32_t tid, unsigned int nr)
{
	/* The model numbers them in the order in which they begin. */
	int32_t p = t->begun < nr ? (int32_t)t->begun++ : -1;

	if (p >= 0)
		w->phase_begin[p] = (int32_t)w->nr_steps;
	set_phase(t, tid, p);
	return p;
}

static int32_t end_phase(struct walk *w, struct walk_threads *t, const struct nvs_phase_end *ev,
			 const struct model_phase *phases)
{
	int32_t p = phase_of_thread(t, ev->tid);

	/* Ends that were lost lie between. */
	while (p >= 0 && phases[p].phase != ev->phase)
		p = caller(phases, p);
	if (p < 0)
		return -1;
	w->phase_end[p] = (int32_t)w->nr_steps;
	set_phase(t, ev->tid, caller(phases, p));
	return p;
}

/* The thread that an event names; 0: none. */
static uint32_t thread_of(const struct nvs_hdr *h)
{
	switch (h->id) {
	case NVS_ID_phase_begin: return AS(phase_begin, h)->tid;
	case NVS_ID_phase_end: return AS(phase_end, h)->tid;
	case NVS_ID_reg_read: return AS(reg_read, h)->tid;
	case NVS_ID_reg_write: return AS(reg_write, h)->tid;
	case NVS_ID_ctrl_new: return AS(ctrl_new, h)->tid;
	case NVS_ID_rq_start: return AS(rq_start, h)->pid;
	default: return 0;
	}
}

/* Most likely the thread that was seen last on the same CPU, if it has a phase at all. */
static int32_t likely_phase(struct walk_threads *t, const struct model_phase *phases,
			    const struct recorded *ev)
{
	uint32_t tid = ev->cpu < WALK_MAX_CPUS ? t->on_cpu[ev->cpu] : 0;
	int32_t p = tid ? phase_of_thread(t, tid) : -1;

	return p >= 0 ? p : latest_phase(t, phases, ev->hdr->ctrl);
}

int32_t walk_phase_of(struct walk *w, struct walk_threads *t, const struct recorded *ev, bool io)
{
	unsigned int nr;
	const struct model_phase *phases = model_phases(w->model, &nr);
	uint32_t tid = thread_of(ev->hdr);

	if (tid && ev->cpu < WALK_MAX_CPUS)
		t->on_cpu[ev->cpu] = tid;
	if (ev->hdr->id == NVS_ID_phase_begin)
		return begin_phase(w, t, tid, nr);
	if (ev->hdr->id == NVS_ID_phase_end)
		return end_phase(w, t, AS(phase_end, ev->hdr), phases);
	if (tid)
		return phase_of_thread(t, tid);
	return io ? -1 : likely_phase(t, phases, ev);
}

uint16_t walk_lane_of_phase(const struct walk *w, int32_t p)
{
	unsigned int nr;
	const struct model_phase *phases = model_phases(w->model, &nr);

	if (p < 0)
		return LANE_PROBE;
	while (phases[p].level && phases[p].parent >= 0)
		p = phases[p].parent;
	switch (phases[p].phase) {
	case NVS_PHASE_nvme_reset_work: return LANE_RESET;
	case NVS_PHASE_nvme_scan_work: return LANE_SCAN;
	case NVS_PHASE_nvme_dev_disable:
	case NVS_PHASE_nvme_remove_dead_ctrl:
	case NVS_PHASE_nvme_give_up:
	case NVS_PHASE_nvme_error_detected:
	case NVS_PHASE_nvme_slot_reset:
	case NVS_PHASE_nvme_error_resume:
	case NVS_PHASE_nvme_reset_prepare:
	case NVS_PHASE_nvme_reset_done:
	case NVS_PHASE_nvme_suspend:
	case NVS_PHASE_nvme_resume: return LANE_RECOVERY;
	default: return LANE_PROBE;
	}
}
