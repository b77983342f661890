/* SPDX-License-Identifier: GPL-2.0 */
/* A reader of Prometheus' text format that accepts nothing doubtful. */
#ifndef NVS_TEST_EXPOSITION_H
#define NVS_TEST_EXPOSITION_H

#include <stdbool.h>

/* Reads all of @text. NULL: it is sound; else what is wrong, and where (static). */
const char *exposition_flaw(const char *text);
/* The value of the sample that is written exactly so: NAME{LABELS}. @found is false without it. */
double exposition_value(const char *text, const char *sample, bool *found);

#endif
