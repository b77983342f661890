/* SPDX-License-Identifier: GPL-2.0 */
/* The driver's source, as it was when this program was built, or as it lies in a directory. */
#ifndef NVS_WALKTHROUGH_SOURCE_H
#define NVS_WALKTHROUGH_SOURCE_H

#include "recording.h"

/* Built in, by walkthrough_embed.c: files, each after a form feed and its name on a line. */
extern const char walk_embedded_source[], walk_embedded_page[];

/* One function, with the comment above it. */
struct source_function {
	const char *name;
	char file[64];
	uint32_t first_line; /* counted from 1 */
	uint32_t def_line;   /* line that names it */
	const char *text;    /* not terminated; NULL: there is no such function */
	size_t size;
};

#define MAX_SOURCE_FUNCTIONS 512

struct sources {
	const char *text; /* as above */
	char *own;	  /* what is to be freed, or NULL */
	/* Those that were asked for, by number. */
	struct source_function function[MAX_SOURCE_FUNCTIONS];
	int nr;
};

/* @dir NULL: what is built in.  0, or -1 with @err set. */
int sources_open(struct sources *s, const char *dir, struct nvs_error *err);
void sources_close(struct sources *s);
/* The number of a function; -1: there is none.  @name must outlive @s. */
int sources_find(struct sources *s, const char *name);
/* The line of @f that has @needle, or its def_line when it has none. */
uint32_t source_line(const struct source_function *f, const char *needle);

#endif
