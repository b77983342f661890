/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A trace for Perfetto: TracePackets with TrackEvents, in files of limited size.
 * Field numbers are those of protos/perfetto/trace/ in Perfetto's sources, which
 * calls this part of its format stable ("Writing TrackEvent Protos Synthetically"
 * in its documentation).
 *
 * Each track is a packet sequence of its own: times ascend on it, events of
 * different tracks may come in any order.  Each file describes the tracks that it
 * uses, before their first event.
 */
#ifndef NVS_PERFETTO_H
#define NVS_PERFETTO_H

#include "export.h"
#include "protobuf.h"

/* Names that events and arguments share: sent once for each track and file. */
#define PERFETTO_NAMES(N)                 \
	N(queue, "queue")                 \
	N(driver, "driver")               \
	N(device, "device")               \
	N(completion, "completion")       \
	N(opcode, "opcode")               \
	N(sector, "sector")               \
	N(bytes, "bytes")                 \
	N(nsid, "nsid")                   \
	N(cid, "cid")                     \
	N(status, "status")               \
	N(batch, "batch")                 \
	N(pid, "pid")                     \
	N(how, "how")                     \
	N(map, "map")                     \
	N(tgid, "tgid")                   \
	N(comm, "comm")                   \
	N(cgroup, "cgroup")               \
	N(depth, "depth")                 \
	N(submit_cpu, "submit_cpu")       \
	N(cpu, "cpu")                     \
	N(why, "why")                     \
	N(queue_ns, "queue_ns")           \
	N(driver_ns, "driver_ns")         \
	N(device_ns, "device_ns")         \
	N(completion_ns, "completion_ns") \
	N(total_ns, "total_ns")           \
	N(steps_missing, "steps_missing") \
	N(SQ_doorbell, "SQ doorbell")     \
	N(CQ_doorbell, "CQ doorbell")     \
	N(old, "old")                     \
	N(new, "new")                     \
	N(covers, "covers")               \
	N(found, "found")                 \
	N(interrupt, "interrupt")         \
	N(poll, "poll")                   \
	N(timeout, "timeout")             \
	N(teardown, "teardown")           \
	N(result, "result")               \
	N(controller, "controller")       \
	N(value, "value")                 \
	N(open, "open")                   \
	N(end_lost, "end_lost")           \
	N(file, "file")

#define PERFETTO_NAME(name, text) NAME_##name,
enum perfetto_name { NAME_none, PERFETTO_NAMES(PERFETTO_NAME) NR_PERFETTO_NAMES };
#undef PERFETTO_NAME
/* An I/O command's opcode is named by this and the opcode. */
#define NAME_OPCODE 256

struct track {
	uint32_t id;   /* uuid and packet sequence; 0: not used yet */
	uint32_t file; /* the last one that describes it, counted from 1 */
};

/* What a track's description says. */
struct track_about {
	const char *name;
	const struct track *parent; /* or NULL */
	uint32_t pid, tid;	    /* a process; with @tid a thread of it; or 0 */
	bool counter;
	uint32_t rank; /* among those with the same parent */
};

struct perfetto {
	struct export *x;
	struct outfile *file;
	uint32_t nr_files, nr_tracks;
	struct track recording;
	struct pb pb;
	size_t packet, event; /* where these began in @pb */
};

/*
 * Room for @bytes in the file, or a new file.  Due before what belongs together:
 * a slice must end in the file that it begins in.  False: the run has failed.
 */
bool perfetto_room(struct perfetto *p, uint64_t bytes);
/* More than descriptions and events of any one thing take. */
#define PERFETTO_ROOM 32768

/* Describes @t in this file, unless that is done. */
void perfetto_describe(struct perfetto *p, struct track *t, const struct track_about *about);

enum perfetto_type { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };

/* An event is begun, gets a name and arguments, and is ended. */
void perfetto_event(struct perfetto *p, const struct track *t, uint64_t ts,
		    enum perfetto_type type);
void perfetto_name(struct perfetto *p, unsigned int name);
void perfetto_name_text(struct perfetto *p, const char *name);
void perfetto_arg(struct perfetto *p, enum perfetto_name name, uint64_t value);
void perfetto_arg_hex(struct perfetto *p, enum perfetto_name name, uint64_t value);
void perfetto_arg_signed(struct perfetto *p, enum perfetto_name name, int64_t value);
void perfetto_arg_text(struct perfetto *p, enum perfetto_name name, const char *value);
/* One whose name is not in the table. */
void perfetto_arg_named(struct perfetto *p, const char *name, const char *value);
void perfetto_done(struct perfetto *p);
/* The end of the slice that began last. */
void perfetto_end(struct perfetto *p, const struct track *t, uint64_t ts);
void perfetto_count(struct perfetto *p, const struct track *t, uint64_t ts, uint64_t value);

/* Phases and marks; export_perfetto_init.c. */
struct perfetto_init;
/* NULL: no memory. */
struct perfetto_init *perfetto_init_new(void);
void perfetto_init_free(struct perfetto_init *init);
/* Writes what the model knows to be over; with @all everything. */
void perfetto_init_write(struct perfetto_init *init, struct perfetto *p, bool all);
/* Controller @ctrl, with its process described in this file.  NULL: no memory. */
struct perfetto_ctrl {
	uint16_t id;
	struct track process, events;
};
struct perfetto_ctrl *perfetto_ctrl(struct perfetto_init *init, struct perfetto *p, uint16_t ctrl);

#endif
