// SPDX-License-Identifier: GPL-2.0
/* Where the time of one slow command went, in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "format.h"
#include "slowest.h"

struct sentence {
	char *text;
	size_t size, len;
};

static void say(struct sentence *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct sentence *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->len + 1 >= s->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(s->text + s->len, s->size - s->len, fmt, ap);
	va_end(ap);
	s->len += n > 0 ? (size_t)n : 0;
}

static unsigned int percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned int)((double)part * 100 / (double)whole + 0.5) : 0;
}

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

/* "31 commands of queue 3 were ahead, 28 of them 128K writes" */
static void say_ahead(struct sentence *out, const struct slow *s)
{
	const struct neighbours *n = &s->near;
	unsigned int op = 0, size = 0;

	for (unsigned int i = 0; i < NR_STATS_OPS; i++)
		for (unsigned int k = 0; k < NR_STATS_SIZES; k++)
			if (n->ahead_of[i][k] > n->ahead_of[op][size]) {
				op = i;
				size = k;
			}
	if (!n->ahead) {
		say(out, "nothing of queue %u was ahead", s->qid);
		return;
	}
	say(out, "%" PRIu32 " command%s of queue %u %s ahead", n->ahead, plural(n->ahead), s->qid,
	    n->ahead == 1 ? "was" : "were");
	if (n->ahead_of[op][size] == n->ahead)
		say(out, ", %s ", n->ahead == 1 ? "a" : "all");
	else
		say(out, ", %" PRIu32 " of them ", n->ahead_of[op][size]);
	if (size)
		say(out, "%s ", stats_size_name(size));
	say(out, "%s%s", stats_op_name(op), plural(n->ahead_of[op][size]));
}

/* What the device did with others meanwhile. */
static void say_device(struct sentence *out, const struct slow *s)
{
	say_ahead(out, s);
	if (s->near.overtook)
		say(out, "; %" PRIu32 " that came later %s done sooner", s->near.overtook,
		    s->near.overtook == 1 ? "was" : "were");
	if (s->near.beside)
		say(out, "; %" PRIu32 " shared its doorbell", s->near.beside);
}

static void say_completion(struct sentence *out, const struct slow *s)
{
	const struct model_cmd *c = &s->cmd;

	if (c->submit_cpu != c->end_cpu)
		say(out, "submitted on CPU %u, ended on CPU %u", c->submit_cpu, c->end_cpu);
	else
		say(out, "CPU %u had it submitted and ended it", c->end_cpu);
}

void slow_sentence(const struct slow *s, char *text, size_t size)
{
	const struct model_split *t = &s->split;
	struct sentence out = { .text = text, .size = size };
	const struct {
		uint64_t ns;
		const char *where;
	} part[STAGE_TOTAL] = {
		[STAGE_QUEUE] = { t->queue, "in blk-mq's queue, before the driver took it" },
		[STAGE_DRIVER] = { t->driver, "at the driver, before its doorbell" },
		[STAGE_DEVICE] = { t->device, "at the device" },
		[STAGE_COMPLETION] = { t->completion, "after its completion was there" },
	};
	unsigned int most = STAGE_DEVICE;

	*text = 0;
	for (unsigned int i = 0; i < STAGE_TOTAL; i++)
		if (part[i].ns > part[most].ns)
			most = i;
	say(&out, "%u%% %s; ", percent(part[most].ns, t->total), part[most].where);
	if (most == STAGE_COMPLETION)
		say_completion(&out, s);
	else if (most == STAGE_QUEUE && s->cmd.depth > 1)
		say(&out, "%u other%s of queue %u %s at the driver when it came there",
		    s->cmd.depth - 1u, plural(s->cmd.depth - 1u), s->qid,
		    s->cmd.depth == 2 ? "was" : "were");
	else if (most == STAGE_QUEUE)
		say(&out, "no other of queue %u was at the driver when it came there", s->qid);
	else
		say_device(&out, s);
	if (s->cmd.status)
		say(&out, "; it failed with status 0x%x", s->cmd.status);
}
