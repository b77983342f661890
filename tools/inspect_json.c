// SPDX-License-Identifier: GPL-2.0
/* What inspect found, for programs; described in docs/inspect.md. */
#include <jansson.h>
#include "inspect.h"

static void put(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, *text ? json_string(text) : json_null());
}

/* @n below 0: it is not known. */
static void put_number(json_t *object, const char *key, long n)
{
	json_object_set_new(object, key, n < 0 ? json_null() : json_integer(n));
}

static json_t *json_queue(const struct inspect_queue *q)
{
	json_t *o = json_object();

	put_number(o, "qid", q->qid);
	put(o, "kind", q->kind);
	put_number(o, "depth", q->depth ? (long)q->depth : -1);
	put(o, "cpus", q->cpus);
	put_number(o, "irq", q->irq);
	put_number(o, "vector", q->vector);
	put(o, "irq_cpus", q->irq_cpus);
	return o;
}

static json_t *json_device(const struct inspect_device *d)
{
	json_t *o = json_object(), *queues = json_array();

	put(o, "address", d->address);
	put(o, "ids", d->ids);
	put(o, "driver", d->driver);
	put(o, "name", d->name);
	put(o, "model", d->model);
	put(o, "serial", d->serial);
	put(o, "firmware", d->firmware);
	put(o, "state", d->state);
	for (unsigned int i = 0; i < d->nr_queues; i++)
		json_array_append_new(queues, json_queue(&d->queues[i]));
	json_object_set_new(o, "queues", queues);
	return o;
}

static json_t *json_level(const struct inspect_level *l)
{
	json_t *o = json_object(), *points = json_array();

	put(o, "provider", l->provider);
	put(o, "level", l->level);
	json_object_set_new(o, "works", json_boolean(!*l->why_not));
	put(o, "why_not", l->why_not);
	put(o, "unseen", l->unseen ? l->unseen : "");
	for (unsigned int i = 0; i < l->nr; i++) {
		json_t *p = json_object();

		put(p, "section", l->points[i].section);
		put(p, "state", attach_state_name(l->points[i].state));
		json_object_set_new(p, "needed", json_boolean(l->points[i].needed));
		put(p, "loss", l->points[i].loss);
		json_array_append_new(points, p);
	}
	json_object_set_new(o, "attach_points", points);
	return o;
}

static json_t *json_kernel(const struct inspect_kernel *k)
{
	static const char *const names[] = { "vmlinux", "nvme_core", "nvme" };
	json_t *o = json_object(), *types = json_object();

	put(o, "release", k->release);
	put(o, "lockdown", k->lockdown);
	put(o, "privilege", k->privilege ? k->privilege : "");
	for (int i = 0; i < NR_TYPES; i++)
		json_object_set_new(types, names[i], json_boolean(k->types[i]));
	json_object_set_new(o, "types", types);
	json_object_set_new(o, "symbols_seen", json_boolean(k->sees_symbols));
	json_object_set_new(o, "traceable_seen", json_boolean(k->sees_traceable));
	return o;
}

int inspect_json(FILE *out, const struct inspect_devices *d, const struct inspect_kernel *k)
{
	json_t *o = json_object(), *devices = json_array(), *levels = json_array();
	int failed;

	json_object_set_new(o, "version", json_integer(1));
	json_object_set_new(o, "kernel", json_kernel(k));
	for (unsigned int i = 0; i < d->nr; i++)
		json_array_append_new(devices, json_device(&d->device[i]));
	json_object_set_new(o, "devices", devices);
	json_object_set_new(o, "kinds_seen", json_boolean(!d->kinds_hidden));
	json_object_set_new(o, "vectors_seen", json_boolean(!d->irqs_hidden));
	for (unsigned int i = 0; i < k->nr_levels; i++)
		json_array_append_new(levels, json_level(&k->level[i]));
	json_object_set_new(o, "recording", levels);
	failed = json_dumpf(o, out, JSON_INDENT(2)) || fputc('\n', out) == EOF;
	json_decref(o);
	return failed ? -1 : 0;
}
