// SPDX-License-Identifier: GPL-2.0
/*
 * Level io: one event is a whole command.  Doorbells and looks at the completion queue are
 * not in such a recording; how many there were is told by what their commands share.
 */
#include <string.h>
#include "model_internal.h"
#include "widest.h"

void model_io_command(const struct nvs_io *ev, unsigned int cpu, struct model_cmd *c)
{
	*c = (struct model_cmd){
		.queued = ev->queued,
		.sector = ev->sector,
		.cgroup = ev->cgroup,
		.bytes = ev->bytes,
		.nsid = ev->nsid,
		.pid = ev->pid,
		.tgid = ev->tgid,
		.cid = ev->h.cid,
		.op = ev->op,
		.opcode = ev->opcode,
		.status = ev->status,
		.batch = ev->batch,
		.depth = ev->depth,
		.submit_cpu = ev->submit_cpu,
		.end_cpu = (uint16_t)cpu,
		.why = ev->why,
		.how = (uint8_t)ev->how,
		.state = CMD_DONE,
		.flags = CMD_OPCODE,
	};
	memcpy(c->comm, &ev->comm0, sizeof(c->comm)); /* comm0 and comm1, the first byte lowest */
	c->at[STEP_START] = ev->setup;
	c->at[STEP_SQ_BELL] = ev->bell;
	c->at[STEP_CQE] = ev->seen;
	c->at[STEP_COMPLETE] = ev->h.ts;
}

/* Its place is the oldest's, or that of the same again. */
static inline void note_look(struct queue_state *s, uint64_t seen, bool new)
{
	s->looks[s->next_look % RECENT_LOOKS] = seen;
	s->next_look += new;
}

static __attribute__((noinline)) bool older_look_is_new(struct queue_state *s, uint64_t seen)
{
	bool new = true;

	for (unsigned int i = 0; i < RECENT_LOOKS; i++)
		new &= s->looks[i] != seen;
	note_look(s, seen, new);
	s->latest_look = 0;
	for (unsigned int i = 0; i < RECENT_LOOKS; i++)
		if (s->looks[i] > s->latest_look)
			s->latest_look = s->looks[i];
	return new;
}

/* Whether it is the latest look again or a later one is as good as chance: no branch asks. */
static inline bool look_is_new(struct queue_state *s, uint64_t seen)
{
	bool new = seen > s->latest_look;

	if (__builtin_expect(seen < s->latest_look, 0))
		return older_look_is_new(s, seen);
	note_look(s, seen, new);
	s->latest_look = seen;
	return new;
}

/* Looks, and completions that they found, by what they were for: enum nvs_WHY_CQ, or another. */
struct looks {
	uint64_t nr[3], found[3];
};
#define LOOK_OTHER 2
_Static_assert(NVS_WHY_CQ_irq < LOOK_OTHER && NVS_WHY_CQ_poll < LOOK_OTHER, "the last is the rest");

static inline void count_look(struct looks *l, struct queue_state *s, const struct nvs_io *ev)
{
	unsigned int why = ev->why < LOOK_OTHER ? ev->why : LOOK_OTHER;

	if (!ev->seen)
		return;
	l->nr[why] += look_is_new(s, ev->seen);
	l->found[why]++;
}

static void add_looks(struct model_queue *q, const struct looks *l)
{
	q->irqs += l->nr[NVS_WHY_CQ_irq];
	q->irq_found += l->found[NVS_WHY_CQ_irq];
	q->polls += l->nr[NVS_WHY_CQ_poll];
	q->poll_found += l->found[NVS_WHY_CQ_poll];
	q->completions +=
		l->found[NVS_WHY_CQ_irq] + l->found[NVS_WHY_CQ_poll] + l->found[LOOK_OTHER];
}

/* Of the steps that were seen. */
static bool steps_in_order(const struct nvs_io *ev)
{
	uint64_t last = 0;
	const uint64_t at[] = { ev->setup, ev->bell, ev->seen, ev->h.ts };

	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (at[i] && at[i] < last)
			return false;
		if (at[i])
			last = at[i];
	}
	return true;
}

/* All steps seen, in order, and a success: nearly every one. */
static inline bool is_plain(const struct nvs_io *ev)
{
	return ev->setup && ev->setup <= ev->bell && ev->bell <= ev->seen && ev->seen <= ev->h.ts &&
	       !ev->status && ev->how != NVS_HOW_DONE_cancelled;
}

static void count_other(struct model_queue *q, const struct nvs_io *ev)
{
	q->submitted += ev->bell != 0;
	q->failed += ev->status != 0;
	q->cancelled += ev->how == NVS_HOW_DONE_cancelled;
	q->trouble.no_start += !ev->setup;
	q->trouble.disordered += !steps_in_order(ev);
}

/* In units of 2^-32. */
static inline uint32_t share_of(struct model *m, unsigned int batch)
{
	uint32_t *share = &m->share[batch % NR_SHARES];

	if (batch >= NR_SHARES)
		return UINT32_MAX / batch;
	if (__builtin_expect(!*share && batch, 0))
		*share = UINT32_MAX / batch;
	return *share;
}

/* A doorbell for n commands has n records that say so: each stands for its n-th part. */
static WIDEST void count_queue(struct model *m, struct model_queue *q, const struct nvs_io *io,
			       unsigned int nr)
{
	uint64_t plain = 0, bell_share = 0, bell_cmds = 0;
	uint32_t peak = q->peak_depth, batch = 0, share = 0;
	struct looks looks = { 0 };

	for (const struct nvs_io *ev = io; ev < io + nr; ev++) {
		if (is_plain(ev))
			plain++;
		else
			count_other(q, ev);
		peak = ev->depth > peak ? ev->depth : peak;
		/* Of one doorbell many come one behind the other. */
		if (ev->batch != batch) {
			batch = ev->batch;
			share = share_of(m, batch);
		}
		bell_share += share;
		bell_cmds += batch != 0;
		count_look(&looks, q->state, ev);
	}
	add_looks(q, &looks);
	q->started += nr;
	q->done += nr;
	q->submitted += plain;
	q->peak_depth = peak;
	q->sq_bell_cmds += bell_cmds;
	q->state->bell_share += bell_share;
	q->sq_bells = bells_of(q->state);
}

int model_count_io(struct model *m, const struct nvs_io *io, unsigned int nr,
		   const struct model_queue **queue, struct nvs_error *err)
{
	struct model_totals *t = &m->totals;
	struct model_queue *q;

	t->events += nr;
	t->by_id[NVS_ID_io] += nr;
	if (!t->first_ts || io[0].h.ts < t->first_ts)
		t->first_ts = io[0].h.ts;
	if (io[nr - 1].h.ts > t->last_ts)
		t->last_ts = io[nr - 1].h.ts;
	*queue = NULL;
	if (model_queue_of(m, &io->h, &q, err) < 0)
		return -1;
	if (!q)
		m->totals.beyond_limits += nr - 1; /* one is counted */
	else
		count_queue(m, q, io, nr);
	*queue = q;
	return 0;
}

int model_io(struct model *m, const struct recorded *r, struct nvs_error *err)
{
	const struct nvs_io *ev = (const void *)r->hdr;
	const struct model_queue *q;
	struct model_cmd c;

	if (model_count_io(m, ev, 1, &q, err) < 0)
		return -1;
	if (!q || !m->v->command)
		return 0;
	model_io_command(ev, r->cpu, &c);
	m->v->command(m->ctx, q, &c);
	return 0;
}
