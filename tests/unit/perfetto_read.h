/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a file of Perfetto packets as Perfetto would: each packet by its tags and
 * lengths alone, each event against the descriptions that came before it.  Any
 * breach of the format fails the test.
 */
#ifndef NVS_TEST_PERFETTO_READ_H
#define NVS_TEST_PERFETTO_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READ_MAX_TRACKS 512
#define READ_MAX_NAMES	1024

struct read_track {
	uint64_t id, parent;
	char name[64]; /* of the track, process or thread */
	bool process, thread, counter;
	char event_name[READ_MAX_NAMES][32], arg_name[READ_MAX_NAMES][32]; /* by iid */
	bool names_known; /* incremental state was cleared on its sequence */
	uint64_t last_ts;
	unsigned int depth; /* slices open */
	uint64_t begin[16]; /* when they began */
	/* What was found. */
	uint64_t slices, top_slices, instants, counts;
	uint64_t last_value, max_value;
};

struct read_trace {
	struct read_track *track[READ_MAX_TRACKS];
	unsigned int nr_tracks;
	uint64_t packets, events;
	char first_instant[600]; /* name of the first instant in the file */
	char args[8192];	 /* "name=value " of the last event with arguments */
	uint64_t stages;	 /* slices within a command's */
	uint64_t stage_ns, command_ns;
};

/* Checks all of @data; read_free() is due after. */
struct read_trace *read_perfetto(const void *data, size_t size);
void read_free(struct read_trace *t);
/* Tracks called @name together: adds one of the figures, by its offset in the struct. */
uint64_t read_sum(const struct read_trace *t, const char *name, size_t figure);
#define READ_SUM(t, name, figure) read_sum(t, name, offsetof(struct read_track, figure))

#endif
