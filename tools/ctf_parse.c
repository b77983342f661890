// SPDX-License-Identifier: GPL-2.0
/*
 * Reads what is needed of a metadata file: uuid, clock offset and env.  The
 * layout of packets is not read from it but checked by version, in each packet.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctf_internal.h"

#define NS_PER_S 1000000000ull
/* Ours has some 20 KB and a command line; more than this is none of ours. */
#define METADATA_MAX (4u << 20)
#define ENV_MAX	     1024

enum token_type { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_CHAR, TOKEN_BAD };

struct parser {
	const char *dir;
	const char *text; /* ends with a zero byte */
	const char *at;
	struct nvs_error *err;

	enum token_type type;
	const char *start; /* of the token, for messages */
	char *value;	   /* of a word or string, unescaped; in a buffer as big as the text */
	char punct;
};

static int broken(struct parser *p, const char *what)
{
	return nvs_fail(p->err, "%s/metadata: %s at byte %zu; the file is damaged, or not ours",
			p->dir, what, (size_t)(p->start - p->text));
}

static void skip_space(struct parser *p)
{
	const char *end;

	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (p->at[0] != '/' || p->at[1] != '*')
			return;
		end = strstr(p->at + 2, "*/");
		p->at = end ? end + 2 : p->at + strlen(p->at);
	}
}

/* A string literal, with the escapes that ctf_metadata.c writes. */
static void read_string(struct parser *p)
{
	char *out = p->value;

	for (p->at++; *p->at != '"'; p->at++) {
		if (*p->at == '\\')
			p->at++;
		if (!*p->at) {
			p->type = TOKEN_BAD;
			return;
		}
		if (p->at[-1] == '\\' && p->at[0] >= '0' && p->at[0] <= '7') {
			unsigned int c = 0;

			for (int i = 0; i < 3 && *p->at >= '0' && *p->at <= '7'; i++)
				c = 8 * c + *p->at++ - '0';
			p->at--;
			*out++ = c ? c : '?'; /* values are C strings */
			continue;
		}
		*out++ = *p->at;
	}
	p->at++;
	*out = 0;
	p->type = TOKEN_STRING;
}

static void next_token(struct parser *p)
{
	size_t n = 0;

	skip_space(p);
	p->start = p->at;
	if (!*p->at) {
		p->type = TOKEN_END;
	} else if (*p->at == '"') {
		read_string(p);
	} else if (isalnum((unsigned char)*p->at) || *p->at == '_') {
		while (isalnum((unsigned char)p->at[n]) || p->at[n] == '_')
			n++;
		memcpy(p->value, p->at, n);
		p->value[n] = 0;
		p->at += n;
		p->type = TOKEN_WORD;
	} else {
		p->punct = *p->at++;
		p->type = TOKEN_CHAR;
	}
}

static bool at_punct(const struct parser *p, char c)
{
	return p->type == TOKEN_CHAR && p->punct == c;
}

/* Behind "{": passes over what is of no interest, up to the "}" that belongs to it. */
static int skip_block(struct parser *p)
{
	for (int depth = 1; depth;) {
		next_token(p);
		if (p->type == TOKEN_END || p->type == TOKEN_BAD)
			return broken(p, "a block without an end");
		if (at_punct(p, '{'))
			depth++;
		if (at_punct(p, '}'))
			depth--;
	}
	return 0;
}

static int set_uuid(struct ctf_metadata *m, const char *text)
{
	unsigned int n = 0;

	for (; *text; text++) {
		char digits[3] = { text[0], text[1], 0 };

		if (*text == '-')
			continue;
		if (n == 16 || !isxdigit((unsigned char)digits[0]) ||
		    !isxdigit((unsigned char)digits[1]))
			return -1;
		m->uuid[n++] = strtoul(digits, NULL, 16);
		text++;
	}
	return n == 16 ? 0 : -1;
}

/* What an assignment in a block is good for; -1: it cannot be right. */
typedef int (*assign_fn)(struct ctf_metadata *m, const char *key, const char *value);

static int assign_trace(struct ctf_metadata *m, const char *key, const char *value)
{
	return strcmp(key, "uuid") ? 0 : set_uuid(m, value);
}

static int assign_clock(struct ctf_metadata *m, const char *key, const char *value)
{
	uint64_t n = strtoull(value, NULL, 10);

	if (!strcmp(key, "offset_s")) {
		if (n > INT64_MAX / NS_PER_S)
			return -1;
		m->clock.offset_ns += n * NS_PER_S;
	} else if (!strcmp(key, "offset")) {
		if (n >= NS_PER_S)
			return -1;
		m->clock.offset_ns += n;
	}
	return 0;
}

static int assign_env(struct ctf_metadata *m, const char *key, const char *value)
{
	return m->nr_env < ENV_MAX ? ctf_metadata_set(m, key, value) : -1;
}

/* Behind "{": `key = value;` up to "}"; statements of another form are passed over. */
static int read_block(struct parser *p, struct ctf_metadata *m, assign_fn assign)
{
	char key[64];

	for (;;) {
		next_token(p);
		if (at_punct(p, '}'))
			return 0;
		if (p->type != TOKEN_WORD)
			return broken(p, "no name where one is due");
		snprintf(key, sizeof(key), "%s", p->value);
		next_token(p);
		if (at_punct(p, '=')) {
			next_token(p);
			if (p->type != TOKEN_WORD && p->type != TOKEN_STRING)
				return broken(p, "no value where one is due");
			if (assign(m, key, p->value))
				return broken(p, "an impossible value");
		}
		for (; !at_punct(p, ';'); next_token(p)) {
			if (at_punct(p, '{')) {
				if (skip_block(p))
					return -1;
			} else if (p->type == TOKEN_END || p->type == TOKEN_BAD ||
				   at_punct(p, '}')) {
				return broken(p, "no ';' where one is due");
			}
		}
	}
}

static int read_blocks(struct parser *p, struct ctf_metadata *m)
{
	assign_fn assign = NULL;

	for (;;) {
		next_token(p);
		if (p->type == TOKEN_END)
			return 0;
		if (p->type == TOKEN_BAD)
			return broken(p, "a string without an end");
		if (p->type == TOKEN_WORD) {
			assign = !strcmp(p->value, "trace")   ? assign_trace
				 : !strcmp(p->value, "clock") ? assign_clock
				 : !strcmp(p->value, "env")   ? assign_env
							      : NULL;
		} else if (at_punct(p, '{')) {
			if (assign ? read_block(p, m, assign) : skip_block(p))
				return -1;
			assign = NULL;
		}
	}
}

/* Ours, and of a layout that this program knows? */
static int check_origin(const struct parser *p, const struct ctf_metadata *m)
{
	static const uint8_t none[16];
	const char *tracer = ctf_metadata_get(m, "tracer_name");
	const char *version = ctf_metadata_get(m, "events_version");

	if (!tracer || strcmp(tracer, "nvmescope"))
		return nvs_fail(p->err, "%s is a CTF trace, but none that nvmescope recorded",
				p->dir);
	if (!version || strtoull(version, NULL, 10) != NVS_EVENTS_VERSION)
		return nvs_fail(p->err,
				"%s has event layout %s, but this nvmescope reads layout %d; "
				"read it with the version that recorded it (%s)",
				p->dir, version ? version : "unknown", NVS_EVENTS_VERSION,
				ctf_metadata_get(m, "tracer_version") ?: "not named");
	if (!memcmp(m->uuid, none, sizeof(none)))
		return nvs_fail(p->err, "%s/metadata names no uuid; the file is damaged", p->dir);
	return 0;
}

static int parse(const char *dir, const char *text, size_t size, struct ctf_metadata *m,
		 struct nvs_error *err)
{
	struct parser p = { .dir = dir, .text = text, .at = text, .start = text, .err = err };
	int failed;

	if (strlen(text) != size)
		return nvs_fail(err, "%s/metadata: a zero byte at byte %zu; it is not text", dir,
				strlen(text));
	p.value = malloc(size + 1);
	if (!p.value)
		return nvs_fail(err, "%s/metadata: out of memory", dir);
	failed = read_blocks(&p, m) || check_origin(&p, m);
	free(p.value);
	return failed ? -1 : 0;
}

/* The whole file with a zero byte behind it, to be freed; NULL with @err set. */
static char *read_text(int fd, const char *dir, size_t *size, struct nvs_error *err)
{
	struct stat st;
	char *text = NULL;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > METADATA_MAX) {
		nvs_fail(err, "%s/metadata is not a file of at most %u bytes: not a recording", dir,
			 METADATA_MAX);
		return NULL;
	}
	text = malloc(st.st_size + 1);
	n = text ? read(fd, text, st.st_size) : -1;
	if (n != st.st_size) {
		nvs_fail(err, "cannot read %s/metadata: %s", dir, strerror(errno));
		free(text);
		return NULL;
	}
	text[n] = 0;
	*size = n;
	return text;
}

int ctf_metadata_read(int dir_fd, const char *dir, struct ctf_metadata *m, struct nvs_error *err)
{
	size_t size;
	char *text;
	int fd, failed;

	*m = (struct ctf_metadata){ 0 };
	fd = openat(dir_fd, "metadata", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return nvs_fail(err, "cannot open %s/metadata: %s; is %s a recording?", dir,
				strerror(errno), dir);
	text = read_text(fd, dir, &size, err);
	close(fd);
	if (!text)
		return -1;
	failed = parse(dir, text, size, m, err);
	free(text);
	return failed;
}

void ctf_metadata_free(struct ctf_metadata *m)
{
	for (size_t i = 0; i < m->nr_env; i++) {
		free(m->env[i].key);
		free(m->env[i].value);
	}
	free(m->env);
	*m = (struct ctf_metadata){ 0 };
}

const char *ctf_metadata_get(const struct ctf_metadata *m, const char *key)
{
	for (size_t i = 0; i < m->nr_env; i++)
		if (!strcmp(m->env[i].key, key))
			return m->env[i].value;
	return NULL;
}

int ctf_metadata_set(struct ctf_metadata *m, const char *key, const char *value)
{
	struct ctf_env *env;
	char *copy = strdup(value);

	if (!copy)
		return -1;
	for (size_t i = 0; i < m->nr_env; i++) {
		if (!strcmp(m->env[i].key, key)) {
			free(m->env[i].value);
			m->env[i].value = copy;
			return 0;
		}
	}
	env = realloc(m->env, (m->nr_env + 2) * sizeof(*env));
	if (!env)
		goto out_free;
	m->env = env;
	env[m->nr_env] = (struct ctf_env){ strdup(key), copy };
	if (!env[m->nr_env].key)
		goto out_free;
	m->nr_env++;
	env[m->nr_env] = (struct ctf_env){ 0 };
	return 0;

out_free:
	free(copy);
	return -1;
}
