// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "outfile.h"

#define BUFFER_SIZE 65536

struct outfile {
	struct outset *set;
	char *path, *part; /* @part NULL: standard output */
	int fd;		   /* -1: closed */
	bool named;	   /* it has its own name now */
	uint64_t size;	   /* what is buffered included */
	size_t used;
	char buffer[BUFFER_SIZE];
};

static void set_failed(struct outset *s, const char *what, const char *path)
{
	if (s->failed)
		return;
	s->failed = true;
	nvs_fail(&s->err, "cannot %s %s: %s", what, path, strerror(errno));
}

static struct outfile *outfile_new(struct outset *s, const char *path)
{
	unsigned int want = s->max ? s->max * 2 : 8;
	struct outfile *f, **more;

	if (s->nr == s->max) {
		more = realloc(s->file, want * sizeof(struct outfile *));
		if (!more)
			return NULL;
		s->file = more;
		s->max = want;
	}
	f = malloc(sizeof(*f));
	if (!f)
		return NULL;
	memset(f, 0, offsetof(struct outfile, buffer));
	f->set = s;
	f->fd = -1;
	f->path = strdup(path);
	if (!f->path || (strcmp(path, "-") && asprintf(&f->part, "%s.part", path) < 0)) {
		free(f->path);
		free(f);
		return NULL;
	}
	s->file[s->nr++] = f;
	return f;
}

/* Gives @f back that could not be opened: its name is somebody else's. */
static void outfile_drop(struct outfile *f)
{
	f->set->nr--;
	free(f->path);
	free(f->part);
	free(f);
}

struct outfile *outfile_open(struct outset *s, const char *path)
{
	struct outfile *f;

	if (s->failed)
		return NULL;
	/* A limit on the size of files is an error like a full disk, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	f = outfile_new(s, path);
	if (!f) {
		errno = ENOMEM;
		set_failed(s, "open", path);
		return NULL;
	}
	if (!f->part) {
		f->fd = STDOUT_FILENO;
		return f;
	}
	if (access(path, F_OK) == 0) {
		s->failed = true;
		nvs_fail(&s->err, "%s is there already: choose another -o, or remove it", path);
	} else {
		f->fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (f->fd < 0 && errno == EEXIST) {
			s->failed = true;
			nvs_fail(&s->err,
				 "%s is there already: another export is writing it, or was "
				 "killed and left it; then remove it",
				 f->part);
		} else if (f->fd < 0) {
			set_failed(s, "create", f->part);
		}
	}
	if (f->fd >= 0)
		return f;
	outfile_drop(f);
	return NULL;
}

static void write_out(struct outfile *f, const char *data, size_t size)
{
	while (size && !f->set->failed) {
		ssize_t n = write(f->fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : ENOSPC;
			set_failed(f->set, "write", f->part ? f->part : "to standard output");
			return;
		}
		data += n;
		size -= (size_t)n;
	}
}

static void flush(struct outfile *f)
{
	write_out(f, f->buffer, f->used);
	f->used = 0;
}

void outfile_close(struct outfile *f)
{
	if (!f || f->fd < 0)
		return;
	flush(f);
	if (f->part && close(f->fd) < 0)
		set_failed(f->set, "write", f->part);
	f->fd = -1;
}

uint64_t outfile_size(const struct outfile *f)
{
	return f->size;
}

const char *outfile_path(const struct outfile *f)
{
	return f->path;
}

void out_bytes(struct outfile *f, const void *data, size_t size)
{
	f->size += size;
	if (size > BUFFER_SIZE - f->used)
		flush(f);
	if (size > BUFFER_SIZE) {
		write_out(f, data, size);
		return;
	}
	memcpy(f->buffer + f->used, data, size);
	f->used += size;
}

void out_text(struct outfile *f, const char *text)
{
	out_bytes(f, text, strlen(text));
}

void out_char(struct outfile *f, char c)
{
	out_bytes(f, &c, 1);
}

void out_number(struct outfile *f, uint64_t n)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	out_bytes(f, p, (size_t)(digits + sizeof(digits) - p));
}

void out_printf(struct outfile *f, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		errno = ENOMEM;
		set_failed(f->set, "write", f->path);
		return;
	}
	out_bytes(f, text, (size_t)n);
	free(text);
}

/* Its own name, unless somebody took that meanwhile. */
static void give_name(struct outfile *f)
{
	int ret = renameat2(AT_FDCWD, f->part, AT_FDCWD, f->path, RENAME_NOREPLACE);

	/* Some file systems cannot tell: the name was free when we began. */
	if (ret < 0 && errno == EINVAL)
		ret = rename(f->part, f->path);
	if (ret < 0)
		set_failed(f->set, "rename its .part to", f->path);
	else
		f->named = true;
}

int outset_finish(struct outset *s, struct nvs_error *err)
{
	for (unsigned int i = 0; i < s->nr; i++)
		outfile_close(s->file[i]);
	for (unsigned int i = 0; i < s->nr && !s->failed; i++)
		if (s->file[i]->part)
			give_name(s->file[i]);
	if (!s->failed)
		return 0;
	*err = s->err;
	return -1;
}

void outset_free(struct outset *s)
{
	bool whole = !s->failed;

	for (unsigned int i = 0; i < s->nr; i++) {
		struct outfile *f = s->file[i];

		if (f->fd >= 0 && f->part)
			close(f->fd);
		if (f->part && !(whole && f->named))
			unlink(f->named ? f->path : f->part);
		free(f->path);
		free(f->part);
		free(f);
	}
	free(s->file);
	memset(s, 0, sizeof(*s));
}

static bool begins_and_ends(const char *name, const char *begin, const char *end)
{
	size_t n = strlen(name), b = strlen(begin), e = strlen(end);

	return n > b + e && !strncmp(name, begin, b) && name[b] == '-' &&
	       !strcmp(name + n - e, end);
}

int outset_none_there(const char *prefix, const char *suffix, struct nvs_error *err)
{
	const char *slash = strrchr(prefix, '/'), *base = slash ? slash + 1 : prefix;
	char *dir = slash ? strndup(prefix, (size_t)(base - prefix)) : strdup(".");
	struct dirent *entry;
	int ret = 0;
	DIR *d;

	if (!dir)
		return nvs_fail(err, "out of memory: close other programs and try again");
	d = opendir(dir);
	if (!d)
		ret = nvs_fail(err, "cannot look into %s: %s: choose another -o", dir,
			       strerror(errno));
	while (ret == 0 && (entry = readdir(d)))
		if (begins_and_ends(entry->d_name, base, suffix))
			ret = nvs_fail(err, "%s is in %s already: choose another -o, or remove it",
				       entry->d_name, dir);
	if (d)
		closedir(d);
	free(dir);
	return ret;
}
