// SPDX-License-Identifier: GPL-2.0
/* How commands come into the figures: from the model, or straight from a record of level io. */
#include <string.h>
#include "stats_internal.h"

static inline unsigned int op_of(unsigned int rqop)
{
	/* 0: no entry, and then it is another operation; a switch would be a coin tossed. */
	static const uint8_t ops[256] = {
		[NVS_RQOP_read] = STATS_READ + 1,	    [NVS_RQOP_write] = STATS_WRITE + 1,
		[NVS_RQOP_flush] = STATS_FLUSH + 1,	    [NVS_RQOP_discard] = STATS_DISCARD + 1,
		[NVS_RQOP_write_zeroes] = STATS_ZEROES + 1,
	};
	unsigned int op = rqop < sizeof(ops) ? ops[rqop] : 0;

	return op ? op - 1 : STATS_OTHER;
}

unsigned int stats_op(const struct model_cmd *c)
{
	return op_of(c->op);
}

/* The process where it was recorded, else the task. */
static inline void set_task(struct task_key *who, uint32_t tgid, uint32_t pid, uint64_t cgroup)
{
	who->tgid = tgid;
	who->pid = tgid ? 0 : pid;
	who->cgroup = cgroup;
}

void stats_command(struct stats *s, const struct model_queue *q, const struct model_cmd *c)
{
	struct queue_stats *of = &s->of_queue[q->index];
	struct model_split split;
	struct sample p;

	of->ended++;
	of->remote += c->submit_cpu != c->end_cpu && c->at[STEP_START];
	of->bytes += c->bytes;
	if (!model_split(c, &split)) {
		s->incomplete++;
		return;
	}
	p = (struct sample){
		.ns = { split.queue, split.driver, split.device, split.completion, split.total },
		.sector = c->sector,
		.bytes = c->bytes,
		.nsid = c->nsid,
		.ctrl = q->ctrl,
		.op = (uint16_t)op_of(c->op),
		.queued = c->queued,
		.failed = c->status,
	};
	set_task(&p.who, c->tgid, c->pid, c->cgroup);
	memcpy(p.who.comm, c->comm, sizeof(p.who.comm));
	stats_sample(s, q->index, q->qid, &p);
}

uint64_t stats_io(struct stats *s, const struct model_queue *q, const struct nvs_io *ev,
		  unsigned int cpu)
{
	struct queue_stats *of = &s->of_queue[q->index];
	uint64_t queue = ev->queued && ev->queued < ev->setup ? ev->setup - ev->queued : 0;
	struct sample p;

	of->ended++;
	of->remote += ev->submit_cpu != cpu && ev->setup;
	of->bytes += ev->bytes;
	if (!ev->setup || ev->bell < ev->setup || ev->seen < ev->bell || ev->h.ts < ev->seen) {
		s->incomplete++;
		return 0;
	}
	p.ns[STAGE_QUEUE] = queue;
	p.ns[STAGE_DRIVER] = ev->bell - ev->setup;
	p.ns[STAGE_DEVICE] = ev->seen - ev->bell;
	p.ns[STAGE_COMPLETION] = ev->h.ts - ev->seen;
	p.ns[STAGE_TOTAL] = queue + ev->h.ts - ev->setup;
	p.sector = ev->sector;
	p.bytes = ev->bytes;
	p.nsid = ev->nsid;
	p.ctrl = q->ctrl;
	p.op = (uint16_t)op_of(ev->op);
	p.queued = ev->queued;
	p.failed = ev->status;
	set_task(&p.who, ev->tgid, ev->pid, ev->cgroup);
	p.who.comm[0] = ev->comm0;
	p.who.comm[1] = ev->comm1;
	stats_sample(s, q->index, q->qid, &p);
	return p.ns[STAGE_TOTAL];
}
