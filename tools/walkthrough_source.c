// SPDX-License-Identifier: GPL-2.0
/* Finds functions in the driver's source: kernel style, so a definition begins its line. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "walkthrough_source.h"

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_c(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 2 && !strcmp(d->d_name + n - 2, ".c");
}

static int append_file(FILE *out, const char *dir, const char *name)
{
	char path[4096], buffer[4096];
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = fopen(path, "re");
	if (!in)
		return -1;
	fprintf(out, "\f%s\n", name);
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		fwrite(buffer, 1, n, out);
	n = ferror(in);
	fclose(in);
	return n ? -1 : 0;
}

static int read_dir(struct sources *s, const char *dir, struct nvs_error *err)
{
	struct dirent **names = NULL;
	size_t size;
	int nr = scandir(dir, &names, is_c, by_name), ret = 0;
	FILE *out = nr >= 0 ? open_memstream(&s->own, &size) : NULL;

	if (!out) {
		ret = nvs_fail(err, "cannot read sources in %s: %s", dir, strerror(errno));
	} else {
		for (int i = 0; i < nr && !ret; i++)
			if (append_file(out, dir, names[i]->d_name))
				ret = nvs_fail(err, "cannot read %s/%s: %s", dir, names[i]->d_name,
					       strerror(errno));
		fclose(out);
	}
	for (int i = 0; i < nr; i++)
		free(names[i]);
	free(names);
	if (!ret && nr == 0)
		ret = nvs_fail(err,
			       "%s holds no C file: --source wants the driver's directory, kmod",
			       dir);
	return ret;
}

void sources_close(struct sources *s)
{
	free(s->own);
	memset(s, 0, sizeof(*s));
}

int sources_open(struct sources *s, const char *dir, struct nvs_error *err)
{
	memset(s, 0, sizeof(*s));
	s->text = walk_embedded_source;
	if (!dir)
		return 0;
	if (read_dir(s, dir, err)) {
		sources_close(s);
		return -1;
	}
	s->text = s->own;
	return 0;
}

static const char *next_line(const char *p)
{
	const char *end = strchr(p, '\n');

	return end ? end + 1 : p + strlen(p);
}

/* Its definition begins there: NAME(, or where a macro of compat.h is its head, MACRO(NAME,. */
static bool names_it(const char *line, size_t size, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = line; (p = memmem(p, size - (size_t)(p - line), name, n)); p += n) {
		char before = p == line ? ' ' : p[-1];

		if (p[n] == '(' && !isalnum((unsigned char)before) && before != '_')
			return true;
		if (p[n] == ',' && before == '(')
			return true;
	}
	return false;
}

/* From the line that names it: the line that is "{", unless a ";" says that it is only declared. */
static const char *body_of(const char *line)
{
	for (int i = 0; i < 8 && *line && *line != '\f'; i++) {
		const char *next = next_line(line);

		if (next - line >= 2 && next[-2] == ';')
			return NULL;
		if (*next == '{')
			return next;
		line = next;
	}
	return NULL;
}

static const char *end_of(const char *body)
{
	while (*body && *body != '\f' && *body != '}')
		body = next_line(body);
	return *body == '}' ? next_line(body) : NULL;
}

static void find_function(const struct sources *s, const char *name, struct source_function *f)
{
	const char *comment = NULL, *body, *end;
	uint32_t line = 0, comment_line = 0;

	*f = (struct source_function){ .name = name };
	for (const char *p = s->text; *p; p = next_line(p)) {
		size_t size = (size_t)(next_line(p) - p);

		line++;
		if (*p == '\f') {
			snprintf(f->file, sizeof(f->file), "%.*s", (int)(size - 2), p + 1);
			line = 0;
			comment = NULL;
		} else if (!strncmp(p, "/*", 2)) {
			comment = p;
			comment_line = line;
		} else if (*p == '\n') {
			comment = NULL;
		}
		if (!isalpha((unsigned char)*p) || !names_it(p, size, name))
			continue;
		body = body_of(p);
		end = body ? end_of(body) : NULL;
		if (!end)
			continue;
		f->text = comment ? comment : p;
		f->first_line = comment ? comment_line : line;
		f->def_line = line;
		f->size = (size_t)(end - f->text);
		return;
	}
}

int sources_find(struct sources *s, const char *name)
{
	int i;

	for (i = 0; i < s->nr; i++)
		if (!strcmp(s->function[i].name, name))
			break;
	if (i == MAX_SOURCE_FUNCTIONS)
		return -1;
	if (i == s->nr) {
		find_function(s, name, &s->function[i]);
		s->nr++;
	}
	return s->function[i].text ? i : -1;
}

uint32_t source_line(const struct source_function *f, const char *needle)
{
	const char *at = f->text;
	uint32_t line = f->first_line;
	size_t n = needle ? strlen(needle) : 0;

	for (; n && at < f->text + f->size; line++) {
		const char *next = next_line(at);

		if (line > f->def_line && memmem(at, (size_t)(next - at), needle, n))
			return line;
		at = next;
	}
	return f->def_line;
}
