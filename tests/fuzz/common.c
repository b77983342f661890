// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"
#include "printable.h"

const uint8_t fuzz_uuid[16] = { 0xf0, 0x22, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16 };

bool fuzz_expects_json = true;
static char dir[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

void fuzz_clean(void)
{
	nftw(fuzz_dir(), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void end(void)
{
	fuzz_clean();
	rmdir(dir);
}

const char *fuzz_dir(void)
{
	if (*dir)
		return dir;
	snprintf(dir, sizeof(dir), "%s/nvmescope-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(dir))
		abort();
	atexit(end);
	return dir;
}

const char *fuzz_path(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", fuzz_dir(), name);
	return path;
}

void fuzz_write(const char *name, const void *data, size_t size)
{
	int fd = open(fuzz_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

void fuzz_write_metadata(const char *env)
{
	char *text;
	int n = asprintf(&text,
			 "/* CTF 1.8 */\n"
			 "trace { uuid = \"f0220304-0506-4708-890a-0b0c0d0e0f10\"; };\n"
			 "clock { offset_s = 1700000000; offset = 5; };\n"
			 "env { tracer_name = \"nvmescope\"; events_version = %d;\n%s};\n",
			 NVS_EVENTS_VERSION, env);

	if (n < 0)
		abort();
	fuzz_write("metadata", text, (size_t)n);
	free(text);
}

/* --- running a command ---------------------------------------------------------- */

struct capture {
	FILE **stream, *was, *to;
	char *text;
	size_t size;
};

static void capture_begin(struct capture *c, FILE **stream)
{
	c->stream = stream;
	c->was = *stream;
	c->to = open_memstream(&c->text, &c->size);
	if (!c->to)
		abort();
	*stream = c->to;
}

/* What was printed, with a zero byte behind it; no such byte may be within. */
static void capture_end(struct capture *c)
{
	char *copy;

	*c->stream = c->was;
	if (fclose(c->to) || strlen(c->text) != c->size)
		abort();
	copy = strdup(c->text);
	if (strcmp(make_printable(copy), c->text)) {
		fprintf(stderr, "not fit for a terminal: %s\n", copy);
		abort();
	}
	free(copy);
}

static void must_be_json(const char *text)
{
	json_error_t why;
	json_t *root = json_loads(text, 0, &why);

	if (!root) {
		fprintf(stderr, "no JSON: %s at byte %d of:\n%s\n", why.text, why.position, text);
		abort();
	}
	json_decref(root);
}

int fuzz_command(int (*cmd)(int, char **), const char *const *argv)
{
	struct capture out, err;
	char *args[FUZZ_MAX_ARGS + 1];
	int argc = 0, code;
	bool json = false;

	for (; argv[argc]; argc++) {
		args[argc] = (char *)argv[argc];
		json |= !strcmp(argv[argc], "--json");
	}
	args[argc] = NULL;
	capture_begin(&out, &stdout);
	capture_begin(&err, &stderr);
	code = cmd(argc, args);
	capture_end(&err);
	capture_end(&out);
	if (code < 0 || code > 2 || (code && !err.size && !out.size))
		abort(); /* failed without a word */
	if (json && fuzz_expects_json && out.size)
		must_be_json(out.text);
	free(out.text);
	free(err.text);
	return code;
}
