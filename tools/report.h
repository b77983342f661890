/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NVS_REPORT_H
#define NVS_REPORT_H

#include <inttypes.h>
#include "analysis.h"
#include "figures.h"
#include "format.h"

/* What a report is made of, in this order: S(name), as --by takes it. */
#define REPORT_SECTIONS(S) \
	S(phase)           \
	S(queue)           \
	S(stage)           \
	S(operation)       \
	S(size)            \
	S(process)         \
	S(cgroup)          \
	S(slowest)

#define REPORT_SECTION_(name) SECTION_##name,
enum report_section { REPORT_SECTIONS(REPORT_SECTION_) NR_SECTIONS };
#undef REPORT_SECTION_

/* Which sections are wanted, one bit for each. */
typedef unsigned int report_sections;
#define SECTION_BIT(name) (1u << SECTION_##name)
#define ALL_SECTIONS	  ((1u << NR_SECTIONS) - 1)

/* Both return 0, or -1 with @err set. */
int report_text(const struct analysis *a, report_sections by, struct nvs_error *err);
/* Described in docs/report-json.md; has every section. */
int report_json(const struct analysis *a, struct nvs_error *err);

/* Troubles by name: T(field, what it means). */
#define MODEL_TROUBLES(T)                                     \
	T(unmatched, "completions that match no command")     \
	T(stale, "completions the driver found stale")        \
	T(unknown, "completions of unknown identifiers")      \
	T(reused, "identifiers reused while at the device")   \
	T(no_start, "commands without a start")               \
	T(no_end, "commands without an end")                  \
	T(unfinished, "commands without an end when it ends") \
	T(orphans, "steps without a command")                 \
	T(sq_gaps, "breaks in the SQ's sequence")             \
	T(cq_gaps, "breaks in the CQ's sequence")             \
	T(disordered, "commands stamped out of order")

/* report_tables.c: tables of io and events, and what they share with others. */
void report_queues(const struct analysis *a, const struct model_ctrl *c, report_sections by);
void report_stages(const struct analysis *a);
void report_operations(const struct analysis *a, report_sections by);
void report_latency_head(const char *title);
/* One row: @name, how many, how much, and percentiles. */
void report_latency_row(const char *name, uint64_t bytes, const struct figures *f);
/* A count in at most 8 columns: exact up to 99999999, then in thousands or millions. */
struct text report_count(uint64_t n);
struct text report_ns(uint64_t ns);
/* "3.8", or "-" when there is nothing to divide by. */
struct text report_ratio(uint64_t a, uint64_t b);
struct text report_percent(uint64_t a, uint64_t b);
/* "q3", or "admin". */
struct text report_queue_name(unsigned int qid);

/* report_tasks.c, report_slowest.c, report_hist.c */
void report_processes(const struct analysis *a);
void report_cgroups(const struct analysis *a);
/* The directory below cgroup v2's, as it was when the recording was made; NULL: not known. */
const char *report_cgroup_path(const struct analysis *a, uint64_t cgroup);
void report_slowest(const struct analysis *a);
void report_hist(const struct analysis *a, report_sections by);
/* "64K": size classes are named by their largest; "-" where they are not told apart. */
const char *report_hist_size(const struct hist_row *r);

/*
 * What the tasks of each cgroup did together, the most commands first; NULL: no memory, or no
 * cgroup was recorded (@nr is 0).  To be freed.
 */
struct task_stats *report_by_cgroup(const struct analysis *a, unsigned int *nr);

#endif
