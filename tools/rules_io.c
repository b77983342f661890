// SPDX-License-Identifier: GPL-2.0
/* Rules of level io, where each request is one record with all its times. */
#include "rules_internal.h"

/*
 * A look at the completion queue may have begun before the doorbell of a command that
 * it then finds: that says nothing of the order.
 */
static enum judgement times_ordered(struct rule_moment *m)
{
	const struct nvs_io *io = AS(io, m->h);
	static const char *const names[] = { "made by blk-mq", "taken by the driver",
					     "the doorbell", "the end" };
	const uint64_t times[] = { io->queued, io->setup, io->bell, io->h.ts };
	unsigned int last = 0;

	for (unsigned int i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (!times[i])
			continue;
		if (times[last] && times[i] < times[last])
			return broken(m, "%s is %llu ns before %s", names[i],
				      (unsigned long long)(times[last] - times[i]), names[last]);
		last = i;
	}
	if (io->seen > io->h.ts)
		return broken(m, "the driver looked for it %llu ns after the end",
			      (unsigned long long)(io->seen - io->h.ts));
	return io->setup ? HELD : OPEN;
}

/* Records come by their ends: this one must have begun after the tag's last one ended. */
static enum judgement tag_unique(struct rule_moment *m)
{
	const struct nvs_io *io = AS(io, m->h);

	if (!m->rq || !m->rq->ended)
		return NO_OCCASION; /* the tag's first */
	if (!io->setup)
		return OPEN;
	if (io->setup < m->rq->ended)
		return broken(m, "it began %llu ns before command %#x, of the same tag, ended",
			      (unsigned long long)(m->rq->ended - io->setup), m->rq->cid);
	return HELD;
}

const struct rule rules_of_io[] = {
	{ "io-order", "docs/architecture.md", "a request's times follow one another",
	  BIT(SOURCE_IO), BIT(ON_IO), times_ordered },
	{ "io-unique", "3.3.3.1", "a tag is that of one request in flight", BIT(SOURCE_IO),
	  BIT(ON_IO), tag_unique },
	{ 0 },
};
