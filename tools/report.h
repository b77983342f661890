/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NVS_REPORT_H
#define NVS_REPORT_H

#include "analysis.h"

/* Both return 0, or -1 with @err set. */
int report_text(const struct analysis *a, struct nvs_error *err);
/* Described in docs/report-json.md. */
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

#endif
