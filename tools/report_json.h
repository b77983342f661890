/* SPDX-License-Identifier: GPL-2.0 */
/* Between report_json.c and report_json_who.c; docs/report-json.md says what each makes. */
#ifndef NVS_REPORT_JSON_H
#define NVS_REPORT_JSON_H

#include <jansson.h>
#include "report.h"

static inline void put(json_t *object, const char *key, uint64_t n)
{
	json_object_set_new(object, key, json_integer((json_int_t)n));
}

/* A string, or null for NULL. */
static inline void put_name(json_t *object, const char *key, const char *name)
{
	json_object_set_new(object, key, name ? json_string(name) : json_null());
}

json_t *json_figures(const struct figures *f);

json_t *json_processes(const struct analysis *a);
json_t *json_other_processes(const struct analysis *a);
json_t *json_cgroups(const struct analysis *a);
json_t *json_slowest(const struct analysis *a);
json_t *json_histograms(const struct analysis *a);

#endif
