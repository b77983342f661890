// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis.h"
#include "ctf_format.h"
#include "event_info.h"
#include "items.h"

#define NR_STREAMS (ITEM_CPUS + 1) /* the last one is the device's */

struct lane {
	unsigned char *data; /* one packet */
	size_t size, max;
	unsigned int padding; /* bytes behind the last field of the last event */
};

static void lane_add(struct lane *lane, const void *data, size_t size)
{
	if (lane->size + size > lane->max) {
		lane->max = 2 * lane->max + 4096;
		lane->data = realloc(lane->data, lane->max);
		if (!lane->data)
			abort();
	}
	memcpy(lane->data + lane->size, data, size);
	lane->size += size;
}

/* How many times begin the event's body: in an item they are ns before it, 0 stays 0. */
static unsigned int nr_times(unsigned int id)
{
	return id == NVS_ID_io ? 4 : id == NVS_ID_rq_start || id == NVS_ID_hist_stage;
}

static void turn_times(void *body, unsigned int id, uint64_t now)
{
	uint64_t ns;

	for (unsigned int i = 0; i < nr_times(id); i++) {
		memcpy(&ns, (char *)body + i * sizeof(ns), sizeof(ns));
		ns = ns ? now - ns : 0;
		memcpy((char *)body + i * sizeof(ns), &ns, sizeof(ns));
	}
}

/* The packet's header is made room for with the first event, and filled in at the end. */
static void lane_event(struct lane *lane, const struct item *item, const struct event_info *info,
		       uint64_t now)
{
	struct ctf_packet *p;
	union {
		struct nvs_hdr h;
		unsigned char bytes[sizeof(struct nvs_hdr) + sizeof(item->body)];
	} ev = { .h = { now, item->id, item->ctrl, item->qid, item->cid } };

	memcpy(ev.bytes + sizeof(ev.h), item->body, info->size - sizeof(ev.h));
	turn_times(ev.bytes + sizeof(ev.h), item->id, now);
	lane_add(lane, &ev, info->size);
	p = (struct ctf_packet *)lane->data;
	if (!p->nr_events++)
		p->timestamp_begin = now;
	p->timestamp_end = now;
	lane->padding = info->size - event_used(info);
}

static void lane_write(struct lane *lane, unsigned int nr)
{
	struct ctf_packet *p = (struct ctf_packet *)lane->data;
	unsigned int cpu = nr < ITEM_CPUS ? nr : RECORDING_DEVICE;
	char name[CTF_STREAM_NAME_SIZE];

	p->magic = CTF_MAGIC;
	memcpy(p->uuid, fuzz_uuid, sizeof(p->uuid));
	p->stream_id = nr < ITEM_CPUS ? CTF_STREAM_CPU : CTF_STREAM_DEVICE;
	p->version = NVS_EVENTS_VERSION;
	p->packet_size = 8 * lane->size;
	p->content_size = 8 * (lane->size - (p->nr_events ? lane->padding : 4));
	p->cpu_id = cpu;
	p->checksum = ctf_packet_checksum(p, lane->size);
	ctf_stream_name(name, cpu);
	fuzz_write(name, lane->data, lane->size);
}

static void put_env(FILE *env, const struct item *item)
{
	unsigned int nr = 0;

	while (analysis_env_keys[nr].name)
		nr++;
	if (item->id >= 0x80)
		fprintf(env, "lost_cpu%u = \"", item->id % ITEM_CPUS);
	else
		fprintf(env, "%s = \"", analysis_env_keys[item->id % nr].name);
	for (size_t i = 0; i < sizeof(item->body) && item->body[i]; i++)
		fprintf(env, "\\%03o", item->body[i]);
	fputs("\";\n", env);
}

static void put_event(struct lane *lanes, const struct item *item, uint64_t now)
{
	const struct event_info *info = event_info(item->id);

	if (info)
		lane_event(&lanes[info->device ? ITEM_CPUS : item->where % ITEM_CPUS], item, info,
			   now);
}

static void put_losses(struct lane *lane, const struct item *item)
{
	uint32_t n;

	memcpy(&n, item->body, sizeof(n));
	((struct ctf_packet *)lane->data)->events_discarded += n;
}

void items_write(const struct item *items, size_t nr)
{
	static const struct ctf_packet empty;
	struct lane lanes[NR_STREAMS] = { 0 };
	uint64_t now = 1000000000;
	char *text;
	size_t size;
	FILE *env = open_memstream(&text, &size);

	for (unsigned int i = 0; i < NR_STREAMS; i++)
		lane_add(&lanes[i], &empty, sizeof(empty));
	for (size_t i = 0; i < nr; i++) {
		const struct item *item = &items[i];

		/* Some centuries are enough: the clock does not turn over. */
		now += (uint64_t)item->time << item->shift % 32;
		if (item->where >= ITEM_LOST)
			put_losses(&lanes[item->id % ITEM_CPUS], item);
		else if (item->where >= ITEM_ENV)
			put_env(env, item);
		else
			put_event(lanes, item, now);
	}
	fclose(env);
	fuzz_write_metadata(text);
	free(text);
	for (unsigned int i = 0; i < NR_STREAMS; i++) {
		if (i < ITEM_CPUS || ((struct ctf_packet *)lanes[i].data)->nr_events)
			lane_write(&lanes[i], i);
		free(lanes[i].data);
	}
}

void item_from_event(struct item *item, unsigned int cpu, const struct nvs_hdr *ev,
		     unsigned int size, uint64_t ns)
{
	*item = (struct item){ .where = cpu % ITEM_CPUS,
			       .id = ev->id,
			       .ctrl = ev->ctrl,
			       .qid = ev->qid,
			       .cid = ev->cid };
	for (; ns > UINT16_MAX; ns >>= 1)
		item->shift++;
	item->time = ns;
	memcpy(item->body, ev + 1, size - sizeof(*ev));
	turn_times(item->body, ev->id, ev->ts);
}
