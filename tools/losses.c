// SPDX-License-Identifier: GPL-2.0
/* What a recording does not hold, out of its env and its streams' counts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "format.h"
#include "losses.h"
#include "lost.h"

/* Of the env: all CPUs' at once. */
static const struct {
	const char *key, *kinds_key, *cause, *says;
} everywhere[] = {
	{ "lost_recursion", "lost_recursion_events", "interrupted",
	  "events came while the same kind was being recorded" },
	{ "lost_unwritten", NULL, "unwritten", "events could not be written" },
	{ "lost_rejected", NULL, "rejected", "records were none" },
};

/* As bpf/lost.h has them. */
static const struct {
	const char *name, *says;
} causes[] = {
	[LOST_unmatched_start] = { "unmatched_start", "requests began again before they ended" },
	[LOST_stale_tag] = { "stale_tag", "ends were of another use of the tag" },
	[LOST_no_place] = { "no_place", "requests of queues beyond those followed" },
	[LOST_untimed] = { "untimed", "requests that blk-mq kept no time of" },
	[LOST_unmatched_end] = { "unmatched_end", "ends of requests begun unseen" },
	[LOST_negative_delta] = { "negative_delta", "steps seemed to precede the one before" },
	[LOST_unseen_bell] = { "unseen_bell", "requests ended before their doorbell was told" },
	[LOST_unseen_look] = { "unseen_look", "entries whose interrupt or poll was not seen" },
};
_Static_assert(sizeof(causes) / sizeof(causes[0]) == NR_LOST_CAUSES, "a cause without words");

static uint64_t number(const char *text)
{
	return text ? strtoull(text, NULL, 10) : 0;
}

static const char *env_of_cpu(const struct recording *r, const char *what, unsigned int cpu)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_cpu%u", what, cpu);
	return recording_env(r, key);
}

/* "cqe 12, sqe 3": how many in all. */
static uint64_t sum_of(const char *kinds)
{
	uint64_t sum = 0;

	while (kinds && (kinds = strchr(kinds, ' '))) {
		sum += strtoull(kinds + 1, NULL, 10);
		kinds = strchr(kinds + 1, ',');
		if (kinds)
			kinds += strspn(kinds, ", ");
	}
	return sum;
}

static void each_event_loss(const struct recording *r, unsigned int cpu, loss_fn fn, void *ctx)
{
	const char *kinds = env_of_cpu(r, "lost", cpu);
	struct loss loss = { .cpu = (int)cpu, .kinds = kinds };

	loss.count = recording_lost(r, cpu);
	loss.cause = "ring_full";
	loss.says = "events found the ring full";
	/* A CPU that has no stream had no ring. */
	if (!loss.count && kinds && !recording_has_cpu(r, cpu)) {
		loss.count = sum_of(kinds);
		loss.cause = "no_ring";
		loss.says = "events found no ring";
	}
	if (loss.count)
		fn(ctx, &loss);
}

/* "unmatched_end 3, stale_tag 1" */
static void each_cause(const struct recording *r, unsigned int cpu, loss_fn fn, void *ctx)
{
	const char *at = env_of_cpu(r, "unmatched", cpu);

	for (unsigned int i = 0; at && i < NR_LOST_CAUSES; i++) {
		size_t len = strlen(causes[i].name);
		const char *found = strstr(at, causes[i].name);
		struct loss loss = { .cause = causes[i].name,
				     .says = causes[i].says,
				     .cpu = (int)cpu,
				     .there = i > LOST_LAST_RECORD };

		if (!found || found[len] != ' ')
			continue;
		loss.count = number(found + len + 1);
		if (loss.count)
			fn(ctx, &loss);
	}
}

void losses_each(const struct recording *r, loss_fn fn, void *ctx)
{
	unsigned int cpus = recording_cpus_end(r);

	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		each_event_loss(r, cpu, fn, ctx);
		each_cause(r, cpu, fn, ctx);
	}
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++) {
		struct loss loss = { .cause = everywhere[i].cause,
				     .says = everywhere[i].says,
				     .cpu = -1,
				     .count = number(recording_env(r, everywhere[i].key)) };

		if (everywhere[i].kinds_key)
			loss.kinds = recording_env(r, everywhere[i].kinds_key);
		if (loss.count)
			fn(ctx, &loss);
	}
}

static void note_one(void *ctx, const struct loss *loss)
{
	(void)loss;
	*(bool *)ctx = true;
}

bool losses_any(const struct recording *r)
{
	bool any = recording_lost_total(r) || recording_cut(r);

	losses_each(r, note_one, &any);
	return any;
}

static void note_missing(void *ctx, const struct loss *loss)
{
	if (!loss->there)
		*(bool *)ctx = true;
}

bool losses_missing(const struct recording *r)
{
	bool missing = recording_lost_total(r) || recording_cut(r);

	losses_each(r, note_missing, &missing);
	return missing;
}

struct lines {
	size_t most;
	void (*fn)(void *ctx, const char *line);
	void *ctx;
};

static void say(const struct lines *l, char *text, size_t size)
{
	if (l->most < size)
		text[l->most] = 0;
	l->fn(l->ctx, text);
}

static void say_loss(void *ctx, const struct loss *loss)
{
	const struct lines *l = ctx;
	char text[512], cpu[24] = "";

	if (loss->cpu >= 0)
		snprintf(cpu, sizeof(cpu), ", CPU %d", loss->cpu);
	snprintf(text, sizeof(text), "%12" PRIu64 " %s%s%s%.300s", loss->count, loss->says, cpu,
		 loss->kinds ? ": " : "", loss->kinds ? loss->kinds : "");
	say(l, text, sizeof(text));
}

bool losses_begins(const struct recording *r, char *text, size_t size)
{
	uint64_t dropped = number(recording_env(r, "dropped_events"));

	if (dropped)
		snprintf(text, size, "begins at %.3f s: %s earlier events were dropped for room",
			 (double)number(recording_env(r, "dropped_until_ns")) / 1e9,
			 format_count(dropped).s);
	return dropped;
}

void losses_lines(const struct recording *r, size_t most, void (*fn)(void *ctx, const char *line),
		  void *ctx)
{
	struct lines l = { .most = most, .fn = fn, .ctx = ctx };
	char text[512];

	if (losses_begins(r, text, sizeof(text)))
		say(&l, text, sizeof(text));
	losses_each(r, say_loss, &l);
}

static void complain_line(void *ctx, const char *line)
{
	(void)ctx;
	complain("the recording: %s", line + strspn(line, " "));
}

void losses_complain(const struct recording *r)
{
	losses_lines(r, 200, complain_line, NULL);
}
