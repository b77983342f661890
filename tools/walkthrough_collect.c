// SPDX-License-Identifier: GPL-2.0
/*
 * A recording's events as steps: which are taken, in which phase and lane each is.
 * Two passes: the model finds phases and counts, then the steps are taken.
 */
#include <stdlib.h>
#include <string.h>
#include "event_info.h"
#include "format.h"
#include "walkthrough.h"

#define AS(type, h) ((const struct nvs_##type *)(const void *)(h))

static int no_memory(struct nvs_error *err)
{
	return nvs_fail(err, "out of memory: close other programs, or walk fewer --steps");
}

static bool is_level_event(unsigned int id)
{
	return id == NVS_ID_io || id == NVS_ID_hist_stage || id == NVS_ID_hist_bucket;
}

static bool is_of_queue(unsigned int id)
{
	return (id >= NVS_ID_rq_start && id <= NVS_ID_cmd_sent) || id == NVS_ID_sq_head ||
	       id == NVS_ID_rq_result;
}

/* Steps of reads and writes, which may be many; of all others a start has some hundreds. */
static bool is_io(const struct nvs_hdr *h)
{
	if (h->id == NVS_ID_dev_irq)
		return AS(dev_irq, h)->vector;
	return h->qid && (is_of_queue(h->id) || h->id == NVS_ID_dev_doorbell ||
			  h->id == NVS_ID_dev_cmd || h->id == NVS_ID_dev_cqe);
}

/* --- lanes ------------------------------------------------------------------------- */

static int queue_lane(struct walk *w, const struct nvs_hdr *h, uint16_t *lane)
{
	struct walk_lane_queue *more;

	for (uint32_t i = 0; i < w->nr_queues; i++) {
		if (w->queues[i].ctrl == h->ctrl && w->queues[i].qid == h->qid) {
			*lane = (uint16_t)(LANE_QUEUES + i);
			return 0;
		}
	}
	if (w->nr_queues == MODEL_MAX_QUEUES) {
		*lane = LANE_QUEUES;
		return 0;
	}
	more = realloc(w->queues, (w->nr_queues + 1) * sizeof(*more));
	if (!more)
		return -1;
	w->queues = more;
	w->queues[w->nr_queues] = (struct walk_lane_queue){ h->ctrl, h->qid };
	*lane = (uint16_t)(LANE_QUEUES + w->nr_queues++);
	return 0;
}

static int lane_of(struct walk *w, const struct nvs_hdr *h, int32_t phase, uint16_t *lane)
{
	switch (h->id) {
	case NVS_ID_cq_enter:
	case NVS_ID_cq_exit:
	case NVS_ID_irq_setup: *lane = LANE_IRQ; return 0;
	case NVS_ID_dev_reg:
	case NVS_ID_dev_doorbell:
	case NVS_ID_dev_cmd:
	case NVS_ID_dev_cqe:
	case NVS_ID_dev_irq: *lane = LANE_DEVICE; return 0;
	case NVS_ID_timeout:
	case NVS_ID_abort: *lane = LANE_RECOVERY; return 0;
	}
	/* Within no phase, registers are read by the timeout handler. */
	if (phase < 0 && (h->id == NVS_ID_reg_read || h->id == NVS_ID_reg_write)) {
		*lane = LANE_RECOVERY;
		return 0;
	}
	if (is_of_queue(h->id) || h->id == NVS_ID_retry)
		return queue_lane(w, h, lane);
	*lane = walk_lane_of_phase(w, phase);
	return 0;
}

/* --- steps ------------------------------------------------------------------------- */

static int add_step(struct walk *w, struct walk_threads *t, const struct recorded *ev,
		    struct nvs_error *err)
{
	int32_t phase = walk_phase_of(w, t, ev, is_io(ev->hdr));
	unsigned int nr;
	const struct model_phase *phases = model_phases(w->model, &nr);
	struct walk_step *s = &w->steps[w->nr_steps];

	s->hdr = ev->hdr;
	s->cpu = (uint16_t)ev->cpu;
	s->phase = phase;
	s->cmd = -1;
	s->fact = walk_find_fact(ev->hdr, phase >= 0 ? phases[phase].phase : 0);
	if (lane_of(w, ev->hdr, phase, &s->lane))
		return no_memory(err);
	w->nr_steps++;
	return 0;
}

/* How many steps of I/O there is room for beside all others. */
struct budget {
	uint64_t io, other, from, to;
};

static bool in_window(const struct budget *b, uint64_t ts)
{
	return ts >= b->from && ts <= b->to;
}

static int first_pass(struct walk *w, const struct walk_request *r, struct budget *b,
		      struct nvs_error *err)
{
	uint64_t io = 0, start = 0;
	struct recorded ev;
	int got;

	*b = (struct budget){ .to = UINT64_MAX };
	while ((got = recording_next(w->recording, &ev, err)) > 0) {
		if (model_event(w->model, &ev, err))
			return -1;
		if (!start) {
			start = ev.hdr->ts;
			b->from = start + r->from;
			b->to = r->to ? start + r->to : UINT64_MAX;
		}
		if (is_level_event(ev.hdr->id))
			w->not_steps++;
		else if (!is_io(ev.hdr))
			b->other++;
		else if (in_window(b, ev.hdr->ts))
			io++;
	}
	if (got < 0)
		return -1;
	model_finish(w->model);
	recording_rewind(w->recording);
	b->io = r->max_steps > b->other ? r->max_steps - b->other : 0;
	if (b->io > io)
		b->io = io;
	if (b->other > r->max_steps)
		b->other = r->max_steps;
	return 0;
}

static int take_steps(struct walk *w, struct budget *b, struct nvs_error *err)
{
	static struct walk_threads t;
	struct recorded ev;
	int got;

	memset(&t, 0, sizeof(t));
	while ((got = recording_next(w->recording, &ev, err)) > 0) {
		bool io = is_io(ev.hdr);
		uint64_t *room = io ? &b->io : &b->other;

		if (is_level_event(ev.hdr->id))
			continue;
		if (!*room || (io && !in_window(b, ev.hdr->ts))) {
			w->left_out++;
			continue;
		}
		--*room;
		if (add_step(w, &t, &ev, err))
			return -1;
	}
	return got;
}

static int allocate(struct walk *w, const struct budget *b, struct nvs_error *err)
{
	unsigned int nr;

	model_phases(w->model, &nr);
	w->max_steps = (uint32_t)(b->io + b->other);
	w->steps = malloc((w->max_steps + 1) * sizeof(*w->steps));
	w->phase_begin = malloc((nr + 1) * sizeof(*w->phase_begin));
	w->phase_end = malloc((nr + 1) * sizeof(*w->phase_end));
	if (!w->steps || !w->phase_begin || !w->phase_end)
		return no_memory(err);
	for (unsigned int i = 0; i < nr; i++)
		w->phase_begin[i] = w->phase_end[i] = -1;
	return 0;
}

/* Of all steps, those of one command alone. */
static void keep_command(struct walk *w, int32_t index)
{
	struct walk_cmd c = w->cmds[index], was = c;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->nr_steps; i++) {
		bool its = w->steps[i].cmd == index;

		for (unsigned int k = 0; k < NR_STAGES_OF_WALK; k++) {
			if (was.at[k] != (int32_t)i)
				continue;
			c.at[k] = (int32_t)kept;
			its = true;
		}
		if (!its)
			continue;
		w->steps[kept] = w->steps[i];
		w->steps[kept].phase = -1;
		w->steps[kept++].cmd = 0;
	}
	w->cmds[0] = c;
	w->nr_cmds = 1;
	w->nr_steps = kept;
}

/* Finds the @n-th I/O command; the page opens there, text is about it alone. */
static int choose_io(struct walk *w, const struct walk_request *r, struct nvs_error *err)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < w->nr_cmds; i++) {
		if (!w->cmds[i].qid || ++seen != r->io)
			continue;
		for (unsigned int k = 0; k < NR_STAGES_OF_WALK && w->first_io < 0; k++)
			w->first_io = w->cmds[i].at[k];
		if (r->only_io)
			keep_command(w, (int32_t)i);
		return 0;
	}
	return nvs_fail(err,
			"%s: none of its I/O commands is number %u, there are %u among the steps",
			w->dir, r->io, seen);
}

/* An admin command is of the phase whose thread sent it, from its request to its end. */
static void give_phases_to_commands(struct walk *w)
{
	for (uint32_t i = 0; i < w->nr_steps; i++) {
		const struct walk_step *s = &w->steps[i];
		int32_t start = s->cmd >= 0 ? w->cmds[s->cmd].at[STAGE_REQUEST] : -1;

		if (start >= 0 && !w->cmds[s->cmd].qid && s->hdr->id != NVS_ID_phase_begin)
			w->steps[i].phase = w->steps[start].phase;
	}
}

int walk_open(struct walk *w, const char *dir, const struct walk_request *r, struct nvs_error *err)
{
	const char *provider;
	struct budget b;

	memset(w, 0, sizeof(*w));
	w->dir = dir;
	w->first_io = -1;
	w->recording = recording_open(dir, err);
	if (!w->recording)
		return -1;
	provider = recording_env(w->recording, "provider");
	w->stock = provider && !strcmp(provider, "stock");
	w->model = model_new(NULL, NULL);
	if (!w->model)
		return no_memory(err);
	if (first_pass(w, r, &b, err) || allocate(w, &b, err) || take_steps(w, &b, err))
		return -1;
	if (!w->nr_steps)
		return nvs_fail(
			err, "%s has no steps to walk%s", dir,
			w->not_steps
				? ": it was recorded at level io or hist; record with --level events"
				: ": nothing was recorded");
	if (walk_follow_commands(w, err))
		return -1;
	give_phases_to_commands(w);
	return r->io ? choose_io(w, r, err) : 0;
}

void walk_close(struct walk *w)
{
	recording_close(w->recording);
	if (w->model)
		model_free(w->model);
	free(w->steps);
	free(w->phase_begin);
	free(w->phase_end);
	free(w->cmds);
	free(w->queues);
	memset(w, 0, sizeof(*w));
}

uint64_t walk_time(const struct walk *w, uint32_t step)
{
	return w->steps[step].hdr->ts - w->steps[0].hdr->ts;
}
