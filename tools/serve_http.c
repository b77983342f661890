// SPDX-License-Identifier: GPL-2.0
/*
 * serve's HTTP, by libmicrohttpd.  The library is opened when it is needed and not linked: what it
 * brings along (TLS) would be started by every nvmescope command.
 */
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "serve.h"

#define LIBRARY "libmicrohttpd.so.12"
#define TICK_MS 1000

#define FUNCTIONS(F)                       \
	F(MHD_start_daemon)                \
	F(MHD_stop_daemon)                 \
	F(MHD_run_wait)                    \
	F(MHD_create_response_from_buffer) \
	F(MHD_add_response_header)         \
	F(MHD_queue_response)              \
	F(MHD_destroy_response)
#define DECLARE(name) __typeof__(&name) name;
static struct {
	void *handle;
	FUNCTIONS(DECLARE)
} lib;

static int open_library(struct nvs_error *err)
{
	lib.handle = dlopen(LIBRARY, RTLD_NOW);
	if (!lib.handle)
		return nvs_fail(err, "%s: install libmicrohttpd (Debian: libmicrohttpd12)",
				dlerror());
#define FIND(name)                                              \
	lib.name = (__typeof__(&name))dlsym(lib.handle, #name); \
	if (!lib.name)                                          \
		return nvs_fail(err, "%s has no " #name ": it is too old", LIBRARY);
	FUNCTIONS(FIND)
	return 0;
}

static int bad_listen(const char *listen, struct nvs_error *err)
{
	return nvs_fail(err, "--listen %s: give an address and a port: 127.0.0.1:9998, [::1]:9998",
			listen);
}

/* "127.0.0.1:9998" or "[::1]:9998" */
static int parse_listen(const char *listen, struct addrinfo **found, struct nvs_error *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	const char *colon = strrchr(listen, ':');
	char host[64], *end;
	size_t n = colon ? colon - listen : 0;
	long port = colon ? strtol(colon + 1, &end, 10) : -1;

	if (!n || n >= sizeof(host) || *end || end == colon + 1 || port < 0 || port > 65535)
		return bad_listen(listen, err);
	if (*listen == '[' && listen[n - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)n - 2, listen + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)n, listen);
	return getaddrinfo(host, colon + 1, &hints, found) ? bad_listen(listen, err) : 0;
}

int serve_listen(const char *listen_on, struct nvs_error *err)
{
	struct addrinfo *a;
	int fd, on = 1;

	if (open_library(err))
		return -1;
	if (parse_listen(listen_on, &a, err))
		return -1;
	fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 16)) {
		nvs_fail(err, "cannot listen on %s: %s; name another with --listen", listen_on,
			 strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	return fd;
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned int status, const char *type,
			     char *text, size_t size, enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *response = lib.MHD_create_response_from_buffer(size, text, memory);
	enum MHD_Result queued;

	if (!response) {
		if (memory == MHD_RESPMEM_MUST_FREE)
			free(text);
		return MHD_NO;
	}
	lib.MHD_add_response_header(response, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		lib.MHD_add_response_header(response, "Allow", "GET, HEAD");
	queued = lib.MHD_queue_response(c, status, response);
	lib.MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result reply_text(struct MHD_Connection *c, unsigned int status, const char *text)
{
	return reply(c, status, "text/plain; charset=utf-8", (char *)text, strlen(text),
		     MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	const struct serve_http *h = ctx;
	size_t length;
	char *text;

	(void)version;
	(void)data;
	(void)state;
	*size = 0; /* of a body that nobody asked for */
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return reply_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD alone\n");
	if (!strcmp(url, "/"))
		return reply_text(c, MHD_HTTP_OK, "nvmescope: /metrics is for Prometheus\n");
	if (strcmp(url, "/metrics"))
		return reply_text(c, MHD_HTTP_NOT_FOUND, "There is /metrics and nothing else.\n");
	text = h->answer(h->ctx, &length);
	if (!text)
		return reply_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	return reply(c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, length,
		     MHD_RESPMEM_MUST_FREE);
}

int serve_http(const struct serve_http *h, int socket, const volatile sig_atomic_t *ended,
	       struct nvs_error *err)
{
	struct MHD_Daemon *daemon;
	int ret = 0;

	/* Without a thread of its own: what is counted is read and shown by one. */
	daemon = lib.MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, (void *)h,
				      MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT,
				      16u, MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_END);
	if (!daemon) {
		close(socket);
		return nvs_fail(err, "cannot serve HTTP on %s: %s", h->listen, strerror(errno));
	}
	while (!*ended && !ret) {
		lib.MHD_run_wait(daemon, TICK_MS);
		ret = h->tick(h->ctx, err);
	}
	lib.MHD_stop_daemon(daemon);
	return ret;
}
