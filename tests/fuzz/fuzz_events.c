// SPDX-License-Identifier: GPL-2.0
/* Sound recordings of senseless events, read by each command that reads recordings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"
#include "gnuplot.h"
#include "items.h"
#include "synth.h"

#define MAX_ITEMS 512
#define REC	  "REC" /* stands for the recording */
#define OUT	  "OUT" /* and for where output goes */

static const struct mode {
	int (*cmd)(int, char **);
	const char *argv[12]; /* and a NULL */
} modes[] = {
	{ cmd_report, { "report", REC } },
	{ cmd_report, { "report", "--json", REC } },
	{ cmd_check, { "check", REC } },
	{ cmd_check, { "check", "--json", "--findings", "100", REC } },
	{ cmd_timeline, { "timeline", "--format", "text", REC } },
	{ cmd_timeline, { "timeline", "-o", OUT, REC } },
	{ cmd_timeline, { "timeline", "-o", OUT, "--from", "0.001", "--to", "5", REC } },
	{ cmd_timeline, { "timeline", "--format", "text", "--around", "slowest", REC } },
	{ cmd_timeline, { "timeline", "-o", OUT, "--around", "sqe=2", "--span", "1ms", REC } },
	{ cmd_export, { "export", "-f", "csv", "-o", OUT, REC } },
	{ cmd_export, { "export", "-f", "perfetto", "--max-size", "1M", "-o", OUT, REC } },
	{ cmd_export, { "export", "-f", "hgrm", "--stages", "-o", OUT, REC } },
	{ cmd_export, { "export", "-f", "fio", "-o", OUT, REC } },
	{ cmd_walkthrough, { "walkthrough", "-o", OUT, REC } },
	{ cmd_walkthrough, { "walkthrough", "--text", "--io", "2", "--steps", "100", REC } },
	{ cmd_walkthrough, { "walkthrough", "--text", "--lang", "zh", REC, REC } },
};
#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

/* In gnuplot's place: a script must not hold what it would run as a command. */
typeof(picture_end) __wrap_picture_end;
int __wrap_picture_end(struct picture *p, struct nvs_error *err)
{
	(void)err;
	fclose(p->script);
	p->script = NULL;
	if (memchr(p->text, '`', p->length) || strlen(p->text) != p->length)
		abort();
	return 0;
}

static void run_mode(const struct mode *mode)
{
	const char *argv[12] = { NULL };

	for (unsigned int i = 0; mode->argv[i]; i++) {
		argv[i] = mode->argv[i];
		if (!strcmp(argv[i], REC))
			argv[i] = fuzz_dir();
		if (!strcmp(argv[i], OUT))
			argv[i] = fuzz_path("out");
	}
	fuzz_command(mode->cmd, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t nr = size / sizeof(struct item);

	if (!nr || nr > MAX_ITEMS)
		return 0;
	fuzz_clean();
	items_write((const struct item *)data + 1, nr - 1);
	run_mode(&modes[*data % NR_MODES]);
	return 0;
}

/* --- mutation: by items, so that what is changed is one event ------------------------- */

static unsigned int random_below(unsigned int *seed, size_t n)
{
	return n ? (unsigned int)rand_r(seed) % n : 0;
}

static const uint64_t values[] = { 0,	       1,	   2,	       0x7f,	   0x80,
				   0xff,       0x100,	   0x7fff,     0x8000,	   0xfffe,
				   0xffff,     0x10000,	   4096,       1000,	   1000000,
				   0x7fffffff, 0x80000000, 0xffffffff, 1ull << 32, 1ull << 63,
				   UINT64_MAX };

static void mutate_item(struct item *item, const struct item *other, unsigned int *seed)
{
	uint64_t value = values[random_below(seed, sizeof(values) / sizeof(values[0]))];
	unsigned int bytes = 1u << random_below(seed, 4);
	uint8_t *at = (uint8_t *)item + random_below(seed, 64 / bytes) * bytes;
	size_t n;

	switch (random_below(seed, 6)) {
	case 0: memcpy(at, &value, bytes); break;
	case 1: memcpy(&item->ctrl, &other->ctrl, 6); break;
	case 2: memcpy(at, (const uint8_t *)other + (at - (uint8_t *)item), bytes); break;
	case 3: item->id = random_below(seed, NVS_EVENT_ID_MAX + 1); break;
	case 4: item->cid += 0x1000; break;
	default:
		n = LLVMFuzzerMutate((uint8_t *)item, sizeof(*item), sizeof(*item));
		memset((uint8_t *)item + n, 0, sizeof(*item) - n);
	}
}

/* Takes @len items out at @from, or puts a copy of them in at @to. */
static size_t move_items(struct item *items, size_t nr, size_t max, unsigned int *seed)
{
	size_t from = 1 + random_below(seed, nr - 1), len = 1 + random_below(seed, nr - from);
	size_t to = 1 + random_below(seed, nr - 1);
	struct item *copy;

	if (random_below(seed, 2) || nr + len > max) {
		memmove(items + from, items + from + len, (nr - from - len) * sizeof(*items));
		return nr - len;
	}
	copy = malloc(len * sizeof(*copy));
	memcpy(copy, items + from, len * sizeof(*copy));
	memmove(items + to + len, items + to, (nr - to) * sizeof(*items));
	memcpy(items + to, copy, len * sizeof(*copy));
	free(copy);
	return nr + len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	struct item *items = (struct item *)data;
	size_t nr = size / sizeof(*items);

	max /= sizeof(*items);
	if (max > MAX_ITEMS)
		max = MAX_ITEMS;
	if (nr < 2 || max < 2) {
		memset(data, 0, size);
		return size;
	}
	switch (random_below(&seed, 8)) {
	case 0: items->where++; break;
	case 1:
	case 2: nr = move_items(items, nr, max, &seed); break;
	default:
		for (unsigned int n = 1 + random_below(&seed, 3); n; n--)
			mutate_item(&items[1 + random_below(&seed, nr - 1)],
				    &items[1 + random_below(&seed, nr - 1)], &seed);
	}
	return nr * sizeof(*items);
}

/* The beginning of one and the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max, unsigned int seed)
{
	size_t head = random_below(&seed, a_size / sizeof(struct item)) * sizeof(struct item);
	size_t from = random_below(&seed, b_size / sizeof(struct item)) * sizeof(struct item);

	if (head > max)
		head = max / sizeof(struct item) * sizeof(struct item);
	if (b_size - from > max - head)
		b_size = from + max - head;
	memcpy(out, a, head);
	memcpy(out + head, b + from, b_size - from);
	return head + b_size - from;
}

/* --- seeds ----------------------------------------------------------------------------- */

static size_t env_item(struct item *item, unsigned int id, const char *value)
{
	*item = (struct item){ .where = ITEM_ENV, .id = id };
	strcpy((char *)item->body, value);
	return 1;
}

/* A made-up recording of @options in @items. */
static size_t seed_items(struct item *items, const struct synth_options *options,
			 const char *provider, const char *level)
{
	struct synth *s = synth_make(options);
	uint64_t now = s->item[0].ev.h.ts;
	size_t nr = 1;

	*items = (struct item){ 0 };
	nr += env_item(&items[nr], 0, "6.12.0");
	nr += env_item(&items[nr], 3, provider);
	nr += env_item(&items[nr], 4, level);
	nr += env_item(&items[nr], 16, "fio \"a\" \x1b[2J `b`");
	for (unsigned int i = 0; i < s->nr && nr < MAX_ITEMS; i++, nr++) {
		item_from_event(&items[nr], s->item[i].cpu, &s->item[i].ev.h, s->item[i].size,
				s->item[i].ev.h.ts - now);
		now = s->item[i].ev.h.ts;
	}
	synth_free(s);
	return nr;
}

/* An event of every kind, made of small numbers. */
static size_t seed_all_kinds(struct item *items)
{
	size_t nr = 1;

	*items = (struct item){ 0 };
	for (unsigned int i = 0; i < 3 * NVS_EVENT_ID_MAX; i++) {
		items[nr] = (struct item){ .where = i % 2,
					   .id = i % (NVS_EVENT_ID_MAX + 1),
					   .time = 1000,
					   .qid = i % 3,
					   .cid = i % 7 };
		for (unsigned int b = 0; b < 48; b += 2)
			items[nr].body[b] = (uint8_t)(i / NVS_EVENT_ID_MAX + b % 3);
		nr++;
	}
	return nr;
}

/* Level hist: stages, each with some buckets. */
static size_t seed_hist(struct item *items)
{
	size_t nr = 1;

	*items = (struct item){ 0 };
	nr += env_item(&items[nr], 3, "stock");
	nr += env_item(&items[nr], 4, "hist");
	for (unsigned int i = 0; i < 96; i++) {
		struct nvs_hist_stage stage = {
			.h = { .ts = 1000000000, .id = NVS_ID_hist_stage, .qid = i / 32 },
			.since = 5,
			.count = 3,
			.sum = 300000,
			.bytes = 12288,
			.op = i % 4,
			.size = i / 4 % 4,
			.stage = i % 5
		};
		struct nvs_hist_bucket bucket = { .h = stage.h, .count = 1 };

		bucket.h.id = NVS_ID_hist_bucket;
		item_from_event(&items[nr++], 0, &stage.h, sizeof(stage), i);
		for (unsigned int b = 0; b < 3; b++) {
			bucket.bucket = 200 + 16 * b;
			item_from_event(&items[nr++], 0, &bucket.h, sizeof(bucket), 0);
		}
	}
	return nr;
}

/* Hostile names of processes, which everybody may choose. */
static size_t seed_level_io(struct item *items)
{
	static const struct synth_options level_io = { .queues = 2,
						       .commands = 20,
						       .depth = 4,
						       .batch = 2,
						       .no_init = true,
						       .io = true,
						       .tasks = 3 };
	size_t nr = seed_items(items, &level_io, "stock", "io");

	for (size_t i = 0; i < nr; i += 7)
		if (items[i].id == NVS_ID_io)
			memcpy(items[i].body + offsetof(struct nvs_io, comm0) -
				       sizeof(struct nvs_hdr),
			       "\x1b[2J\xff`b`\"\n,\\x\x9b", 15);
	return nr;
}

static size_t seed_kind(struct item *items, unsigned int kind)
{
	static const struct synth_options steps = {
		.queues = 2, .commands = 12, .depth = 4, .batch = 2, .ring = 8, .no_init = true
	};
	static const struct synth_options init = {
		.queues = 1, .commands = 3, .depth = 1, .batch = 1
	};

	switch (kind) {
	case 0: return seed_items(items, &steps, "driver", "events");
	case 1: return seed_items(items, &init, "driver", "events");
	case 2: return seed_items(items, &steps, "stock", "events");
	case 3: return seed_level_io(items);
	case 4: return seed_hist(items);
	default: return seed_all_kinds(items);
	}
}

void fuzz_make_seeds(fuzz_seed_fn add)
{
	static struct item items[MAX_ITEMS + 4];
	char name[32];

	for (unsigned int mode = 0; mode < NR_MODES; mode++) {
		for (unsigned int kind = 0; kind < 6; kind++) {
			size_t nr = seed_kind(items, kind);

			items->where = mode;
			snprintf(name, sizeof(name), "mode%u-%u", mode, kind);
			add(name, items, nr * sizeof(*items));
		}
	}
}
