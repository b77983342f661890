/* SPDX-License-Identifier: GPL-2.0 */
/* Inside `nvmescope record`: record.c runs it, record_bpf.c loads and attaches, ... */
#ifndef NVS_RECORD_H
#define NVS_RECORD_H

#include <signal.h>
#include <sys/types.h>
#include "cmd.h"
#include "ctf_writer.h"
#include "level.h"
#include "level_filter.h"
#include "lost.h"
#include "ring_reader.h"

/* Whose steps are recorded: our driver's, by its tracepoints, or the kernel's own. */
struct provider {
	const char *name;
	const char *core_module; /* has the tracepoints */
	const char *pci_module;	 /* drives the devices; the driver is called so, too */
	const char *last;	 /* attached to when all else is, and let go of last */
};
extern const struct provider provider_driver, provider_stock;

extern const char *const record_levels[]; /* up to NULL */

#define SPARE_CTRLS 16 /* that may come while the stock provider records */

struct bpf_object;
struct recorder;

/* CLOCK_MONOTONIC, ns: the time of events. */
uint64_t record_now(void);

/* Which controller is recorded; all of them when @text is NULL. */
struct record_device {
	const char *text;   /* as given */
	const char *prefix; /* "nvme", or "nvs" where the kernel's own driver is loaded, too */
	uint16_t ctrl;	    /* the 0 of nvme0; NVS_NO_CTRL: not known yet */
	uint32_t pci_addr;  /* as in ctrl_new; 0: named by its number */
};

/* What our controllers, and the class in sysfs that they are in, may be called. */
extern const char *const record_node_prefixes[];

/* Reads "nvme0", "/dev/nvme0n1", "0000:01:00.0" and the like. false: it is none of these. */
bool record_device_parse(struct record_device *d, const char *text);
/* A device that is named by its address has a number only once a driver has it. */
void record_device_find(struct record_device *d);
/* With the driver loaded: is the device there, and ours? -1: @err says. */
int record_device_check(const struct recorder *r, struct nvs_error *err);
/* One more than the highest number of a controller of this name; 0: there is none. */
unsigned int record_ctrls_end(const char *prefix);
/* Name of the driver that a controller is bound to; false: there is no such controller. */
bool record_driver_of(const char *prefix, unsigned int ctrl, char *driver, size_t size);

struct record_cpu {
	bool online;		   /* when the recording began */
	struct ring_reader ring;   /* fd -1: none, the CPU is not there */
	struct ctf_stream *stream; /* NULL: nothing has happened there yet */
	bool news;		   /* from its ring, that may be in no packet yet */
};

/* What the block layer counted of a controller's disks. */
struct device_work {
	bool known;
	uint64_t ended, in_flight; /* requests */
};

struct record_bpf; /* the programs and their attachments */

struct recorder {
	const struct provider *provider;
	struct record_device device;
	struct device_work work; /* when all was attached */
	uint64_t ring_size;
	int ring_template;	 /* tells the kernel what a ring is like */
	bool kernel_rings;	 /* the kernel's, not our own */
	unsigned int nr_cpus;	 /* possible */
	unsigned int nr_present; /* when the recording began: one more than the highest of them */
	struct record_cpu *cpus; /* by number */
	unsigned int nr_rings;	 /* of CPUs that were online when the recording began, or came */
	uint64_t cpus_looked_at;
	bool cpus_failed;
	struct cpu_lost *lost; /* by CPU; written by BPF */

	struct record_bpf *bpf;
	struct ctf_trace *trace;
	struct flight *flight;	   /* NULL: what is recorded is written at once */
	struct level_config level; /* .level 0: events */
	char *filter;		   /* what is left out, as text */
	struct hist_reader *hist;  /* level hist: NULL otherwise */
	uint64_t hist_interval;	   /* ns from one writing of it to the next */
	uint64_t hist_since;
	struct {
		uint64_t looked_at;
		int64_t offset;	 /* of the time of day, ns */
		char steps[400]; /* "+3600.000 s at 83.981 s, ..." */
	} clock;
	bool verbose;
	bool tracepoints_only; /* the kernel does not tell its driver's types: see bpf/tracepoints.bpf.c */
	bool attached;	       /* now */
	bool ever_attached;
	bool ended; /* events that still come are no part of the recording */
	bool dropped_privileges;
	bool core_live;	   /* the module with the tracepoints has been initialised */
	bool init_failed;  /* the core module is about to vanish: keep off it */
	bool device_seen;  /* an event of a controller was recorded */
	bool device_news;  /* a controller came up: its sysfs can be read now */
	bool classes_told; /* the env has what blk-mq calls the queues */
	uint64_t rejected; /* records that the writer did not take */
};

/* record_bpf.c: programs, rings, attachments */

/* Fails with what errno value @why of loading programs means. */
int bpf_fail_load(int why, struct nvs_error *err);
/* Loads the programs and makes the rings. -1: @err says, all is undone by record_bpf_close(). */
int record_bpf_open(struct recorder *r, struct nvs_error *err);
void record_bpf_close(struct recorder *r);
/* Before @obj is loaded: how many rings and counts of lost events it has, of what size. -1: @err says. */
int record_shape_rings(struct recorder *r, struct bpf_object *obj, struct nvs_error *err);
/*
 * The programs that record @provider's steps at @level, not loaded, to be closed with
 * bpf_object__close(); NULL: there are none.
 */
struct bpf_object *record_bpf_programs(const struct provider *provider, const char *level,
				       bool by_tracepoints);
/* Maps CPU @cpu's ring, or makes one of the kernel's and hands it to the programs. */
int record_bpf_open_ring(struct recorder *r, unsigned int cpu, struct nvs_error *err);
/* To be polled: there is something to read when a ring fills. -1: nobody tells. */
int record_bpf_wake_fd(const struct recorder *r);
/* Makes it empty again. */
void record_bpf_woken(struct recorder *r);
/*
 * Attaches to all tracepoints, phase_begin last: the module's `hold_ms` waits
 * for it.  1: done; 0: the module is not there; -1: @err says.
 */
int record_attach(struct recorder *r, struct nvs_error *err);
/* Detaches, and waits for programs that are running. */
void record_detach(struct recorder *r);
/* All programs are attached: what matched nothing until now does not count. */
void record_attached(struct recorder *r);
/* Counts of what was lost stay from now on as they are, whatever programs still do. */
void record_keep_counts(struct recorder *r);
/* Events that the kernel did not call a program for, because it was interrupted in itself. */
uint64_t record_missed(const struct recorder *r, char *by_event, size_t size);
/* Names of tracepoints: those attached to, or those that the module does not have. */
char *record_attach_points(const struct recorder *r, bool missing);

/* record_cpus.c: which CPUs there are, and a ring for each */

/* Fills in nr_present. */
int record_cpus_count(struct recorder *r, struct nvs_error *err);
int record_cpus_open(struct recorder *r, struct nvs_error *err);
/* Once in a while: rings for CPUs that were plugged in. */
void record_cpus_watch(struct recorder *r, uint64_t now);

/* record_level.c: levels io and hist */

#define HIST_INTERVAL 1000000000ull /* ns */

/* As given; intervals of 0 mean the default. */
struct level_options {
	const char *level;
	struct filter_options filter;
	uint64_t interval;
	bool no_stages;
};

/* With provider and device known: sets r->level. Returns an exit code, or -1 to go on. */
int record_level_parse(struct recorder *r, const struct level_options *o,
		       const struct usage *usage);

struct level_programs;
/* Does nothing at other levels than hist. -1: @err says. */
int record_hist_open(struct recorder *r, const struct level_programs *l, struct nvs_error *err);
/* Writes what was counted, if that is due or @all is wanted. -1: @err says. */
int record_hist_write(struct recorder *r, bool all, struct nvs_error *err);
void record_hist_close(struct recorder *r);

/* record_stock.c: what the kernel's own driver shows on this kernel */

/* Does each request pass this section's program? */
bool record_stock_on_io_path(const char *section);
struct bpf_program;
struct attach_sources;
/* Is it the second of two that do the same (bpf/again.h)? */
bool record_stock_is_again(const struct bpf_program *prog);
/* Is it one of two for an interrupt, of which this kernel is to have the other? */
bool record_stock_is_other_way(const struct bpf_program *prog);
/*
 * How often neither the program of @section was run nor the second one in its place: at most as
 * often as that was missed, and as the first was without its having told.  @again_fd: of the
 * second, -1: there is none; @caught: how often it told, by enum again, NULL: there are none.
 */
uint64_t record_stock_missed(const char *section, int prog_fd, int again_fd,
			     const uint64_t *caught);
/*
 * All that the programs know of the driver, they know by its types.  1: of these nothing is
 * said, but its tracepoints are there; -1: @err says.
 */
int record_stock_types(const struct attach_sources *s, struct nvs_error *err);
/* Leaves a program out if what it attaches to is not there. -1: it cannot be done without. */
int record_stock_choose_one(const struct attach_sources *s, struct bpf_program *prog,
			    struct nvs_error *err);
/* What the programs must do on this kernel. */
struct stock_kernel {
	bool preemptible; /* they are preempted, and what is told meanwhile is missed */
};

/*
 * Leaves out the programs whose function or tracepoint is not there.  1: this kernel shows
 * tracepoints alone; -1: not even these, @err says.  *@kernel is filled in.
 */
int record_stock_choose(struct bpf_object *obj, struct stock_kernel *kernel, struct nvs_error *err);

/* record_tracepoints.c: what it shows by tracepoints alone */

/* Where the record of tracepoint nvme_complete_rq has these, and the driver's major number. */
struct tracepoints_layout {
	uint32_t qid, flags, status, result;
	uint32_t nvme_major;
};
/* -1: tracefs does not tell, @err says. */
int record_tracepoints_layout(struct tracepoints_layout *layout, struct nvs_error *err);

struct tracepoints_bpf;
/*
 * Opens the programs, for @ctrls controllers of @queues queues each, for its @obj to be
 * loaded.  NULL: @err says.
 */
struct tracepoints_bpf *record_tracepoints_open(const struct recorder *r, uint32_t queues,
						uint32_t ctrls, struct bpf_object **obj,
						struct nvs_error *err);
/* Returns 0 or a negative errno. */
int record_tracepoints_load(struct tracepoints_bpf *skel);
void record_tracepoints_close(struct tracepoints_bpf *skel);
extern const char record_tracepoints_unseen[]; /* what cannot be recorded in this way */
/* Attaches a program. Returns what keeps it attached, or -1 with errno set. */
int record_tracepoints_attach(const char *section, int prog_fd);
/* Steps whose queue had no place, or whose controller could not be told. */
uint64_t record_tracepoints_untracked(const struct tracepoints_bpf *skel);
/* The programs as they are built in. */
const void *record_tracepoints_elf(size_t *size);

/* record_drain.c: from the rings into the trace */

int record_open_streams(struct recorder *r, struct nvs_error *err);
/*
 * One pass over all rings; @all: leaves nothing behind, for the end.  Returns how
 * full the fullest ring was, in percent, or -1: @err says what could not be
 * written.
 */
int record_drain(struct recorder *r, bool all, struct nvs_error *err);
/* Ends a packet in each stream, of what is settled: what was there at the pass before. */
int record_settle(struct recorder *r, struct nvs_error *err);
/* Events that one CPU's programs found no room for. */
uint64_t record_lost_on(const struct recorder *r, unsigned int cpu);

/* Steps that matched nothing there, by causes @from to @to. */
uint64_t record_unmatched_on(const struct recorder *r, unsigned int cpu, enum lost_cause from,
			     enum lost_cause to);

struct record_counts {
	uint64_t events;     /* in the recording */
	uint64_t clamped;    /* of these: with a time that had to be changed */
	uint64_t lost;	     /* not in it: the sum of the next five */
	uint64_t ring_full;  /* the recorder was too slow */
	uint64_t no_ring;    /* on a CPU that came online later */
	uint64_t missed;     /* a program was interrupted by the same event */
	uint64_t unwritten;  /* the file could not be written */
	uint64_t rejected;   /* no event of ours, or no memory */
	uint64_t missing;    /* by cause (bpf/lost.h): requests that could not be put together */
	uint64_t partial;    /* these are there, or were before the recording */
	uint64_t in_streams; /* of lost: what the streams' files themselves say */
};
/* Before record_bpf_close() and ctf_trace_close(). */
void record_count(const struct recorder *r, struct record_counts *c);

/* record_cgroups.c: level io: env keys cgroup_ID, of the cgroups that there are now */
void record_env_cgroups(struct recorder *r);

/* record_idle.c: nothing was recorded */

struct device_work record_device_work(const struct record_device *d);
/* No event of the device that was named was recorded: says why. false: that is a failure. */
bool record_say_nothing(const struct recorder *r);

/* record_priv.c: what the recorder may */

/* May it ask the kernel for its modules' types? */
bool record_priv_admin(void);
/* Gives up what is not needed once all is attached; @command: there is one, which may have to be ended. */
void record_priv_drop(struct recorder *r, bool command);

/* record_child.c: COMMAND */

struct record_child {
	char **argv; /* NULL: there is no COMMAND */
	pid_t pid;   /* 0: does not run */
	bool ended;
	bool stopped; /* by us: then its status is no failure */
	int status;   /* as of waitpid(), when it ended */
};

/* Runs @argv with signal mask @mask. -1: it cannot be run, @err says why. */
int record_child_start(struct record_child *c, char **argv, const sigset_t *mask,
		       struct nvs_error *err);
bool record_child_ended(struct record_child *c);
/* Tells it to end, if it runs, and waits for that a few seconds. */
void record_child_stop(struct record_child *c);
/* Did it end otherwise than well, of itself? Then says how. */
bool record_child_failed(const struct record_child *c);

/* record_clock.c: was the time of day set? */
void record_clock_watch(struct recorder *r, uint64_t now);

/* record_env.c: what the recording says about itself */

void record_env_set(struct recorder *r, const char *key, const char *value);
void record_env_start(struct recorder *r, char **command);
/* The time, under @key. */
void record_env_now(struct recorder *r, const char *key);
void record_env_device(struct recorder *r);
void record_env_end(struct recorder *r, const char *ended_by);

/* record_env_config.c: the machine, and how controller @ctrl ("nvme0") and its driver are set up */
void record_env_machine(struct recorder *r);
void record_env_config(struct recorder *r, const char *ctrl);

/* record_env.c */
/* Is @module loaded, or being loaded? */
bool record_module_loaded(const char *module);
/* Is it loaded, and through with its init? */
bool record_module_live(const char *module);

#endif
