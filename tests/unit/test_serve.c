// SPDX-License-Identifier: GPL-2.0
/* serve's metrics, read back by a strict reader of the format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "exposition.h"
#include "serve.h"

/* One request of @ns in every stage, and what it may have */
static struct hist_change change(uint16_t ctrl, uint16_t op, uint64_t ns, uint64_t count)
{
	struct hist_change c = {
		.ctrl = ctrl, .qid = 1, .op = op, .count = count, .bytes = 4096 * count, .failed = 1
	};
	unsigned int bucket = 0;

	while (bucket + 1 < HIST_BUCKETS && hist_low(bucket + 1) <= ns)
		bucket++;
	for (unsigned int i = 0; i < HIST_STAGES; i++) {
		c.sum[i] = ns * count;
		c.requests[i] = count;
		c.bucket[i][bucket] = count;
	}
	return c;
}

static char *written(const struct serve_metrics *m)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	serve_write(f, m);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void has(const char *text, const char *sample, double value)
{
	bool found;
	double got = exposition_value(text, sample, &found);

	if (!found)
		fail_msg("no sample %s in:\n%s", sample, text);
	assert_true(got > value - 1e-9 && got < value + 1e-9);
}

#define DURATION "nvmescope_request_duration_seconds"
#define READS	 "device=\"nvme0\",class=\"io\",operation=\"read\""

static void metrics(void **state)
{
	struct serve_metrics m = { .prefix = "nvme", .stages = true };
	struct hist_change c;
	char *text;

	(void)state;
	c = change(0, NVS_HIST_OP_read, 1000, 3);
	assert_int_equal(serve_add(&m, SERVE_io, &c), 0);
	c = change(0, NVS_HIST_OP_read, 1ull << 40, 2);
	assert_int_equal(serve_add(&m, SERVE_io, &c), 0);
	c = change(1, NVS_HIST_OP_write, 100, 1);
	assert_int_equal(serve_add(&m, SERVE_poll, &c), 0);
	serve_queues_of(&m, 0, SERVE_io)->in_flight = 7;
	serve_queues_of(&m, 0, SERVE_io)->doorbells = 4;
	m.lost[LOST_stale_tag] = 5;
	m.skipped = 6;
	text = written(&m);
	if (exposition_flaw(text))
		fail_msg("%s in:\n%s", exposition_flaw(text), text);
	has(text, DURATION "_bucket{" READS ",stage=\"device\",le=\"5.12e-07\"}", 0);
	has(text, DURATION "_bucket{" READS ",stage=\"device\",le=\"1.024e-06\"}", 3);
	has(text, DURATION "_bucket{" READS ",stage=\"device\",le=\"34.359738368\"}", 3);
	has(text, DURATION "_bucket{" READS ",stage=\"device\",le=\"+Inf\"}", 5);
	has(text, DURATION "_count{" READS ",stage=\"total\"}", 5);
	has(text,
	    DURATION "_bucket{device=\"nvme1\",class=\"poll\",operation=\"write\",stage=\"queue\","
		     "le=\"2.56e-07\"}",
	    1);
	has(text, "nvmescope_request_bytes_total{" READS "}", 5 * 4096);
	has(text, "nvmescope_requests_failed_total{" READS "}", 2);
	has(text, "nvmescope_requests_in_flight{device=\"nvme0\",class=\"io\"}", 7);
	has(text, "nvmescope_sq_doorbells_total{device=\"nvme0\",class=\"io\"}", 4);
	has(text, "nvmescope_not_counted_total{cause=\"stale_tag\"}", 5);
	has(text, "nvmescope_not_counted_total{cause=\"program_skipped\"}", 6);
	free(text);
	serve_free(&m);
}

/* However many devices come and go, labels are bounded, and nothing is left uncounted. */
static void bounded(void **state)
{
	struct serve_metrics m = { .prefix = "nvme" };
	struct hist_change c;
	char *text;

	(void)state;
	for (unsigned int i = 0; i < SERVE_DEVICES + 10; i++) {
		c = change(i, NVS_HIST_OP_flush, 1000, 1);
		assert_int_equal(serve_add(&m, SERVE_io, &c), 0);
	}
	text = written(&m);
	assert_null(exposition_flaw(text));
	has(text,
	    DURATION "_count{device=\"nvme63\",class=\"io\",operation=\"flush\",stage=\"total\"}",
	    1);
	has(text,
	    DURATION "_count{device=\"other\",class=\"io\",operation=\"flush\",stage=\"total\"}",
	    10);
	assert_null(strstr(text, "nvme64"));
	/* --no-stages */
	assert_null(strstr(text, "stage=\"device\""));
	free(text);
	serve_free(&m);
}

static void nothing_yet(void **state)
{
	struct serve_metrics m = { .prefix = "nvme", .stages = true };
	char *text = written(&m);

	(void)state;
	assert_null(exposition_flaw(text));
	free(text);
}

/* The reader itself must be able to say no. */
static void reader(void **state)
{
#define HEAD "# HELP a_total x\n# TYPE a_total counter\n"
#define HIST "# HELP h x\n# TYPE h histogram\n"
	static const char *const bad[] = {
		"a_total 1\n",
		HEAD "a_total 1",
		HEAD "a_total{x=1} 1\n",
		HEAD "a_total{x=\"1} 1\n",
		HEAD "a_total -1\n",
		HEAD "a_total 1\na_total 1\n",
		HEAD "b_total 1\n",
		"# HELP a x\n# TYPE a counter\na 1\n",
		HEAD HEAD "a_total 1\n",
		HIST "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
		HIST "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n",
		HIST "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
		HIST "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!exposition_flaw(bad[i]))
			fail_msg("nothing wrong found in:\n%s", bad[i]);
	assert_null(exposition_flaw(HEAD "a_total{x=\"1\",y=\"a\\\"b\"} 1\na_total 2\n" HIST
					 "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"));
}

static void addresses(void **state)
{
	static const char *const bad[] = { "",
					   "9998",
					   "127.0.0.1",
					   "127.0.0.1:",
					   "localhost:1",
					   "127.0.0.1:70000",
					   "127.0.0.1:1x",
					   ":9998" };
	struct nvs_error err;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(serve_listen(bad[i], &err), -1);
		assert_non_null(strstr(err.text, "127.0.0.1:9998"));
	}
	fd = serve_listen("127.0.0.1:0", &err);
	assert_true(fd >= 0);
	close(fd);
	/* An address that is not this machine's */
	assert_int_equal(serve_listen("192.0.2.1:9998", &err), -1);
	assert_non_null(strstr(err.text, "--listen"));
}

static char *answer_fixed(void *ctx, size_t *size)
{
	*size = strlen(ctx);
	return strdup(ctx);
}

static volatile sig_atomic_t over;

static void end(int signal)
{
	(void)signal;
	over = 1;
}

static int no_tick(void *ctx, struct nvs_error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

/* Answers in a child until it is told to end; returns where, as "127.0.0.1:PORT" has it. */
static pid_t serve_in_child(char *text, struct sockaddr_in *where)
{
	struct serve_http h = { .answer = answer_fixed, .tick = no_tick, .ctx = text };
	struct nvs_error err;
	socklen_t size = sizeof(*where);
	int fd = serve_listen("127.0.0.1:0", &err);
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)where, &size), 0);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		signal(SIGTERM, end);
		_exit(serve_http(&h, fd, &over, &err) ? 1 : 0);
	}
	close(fd);
	return pid;
}

/* Sends  and reads all that comes back. */
static void ask(const struct sockaddr_in *where, const char *request, char *reply, size_t size)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	ssize_t got;

	assert_int_equal(connect(fd, (const struct sockaddr *)where, sizeof(*where)), 0);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	while (n < size - 1 && (got = read(fd, reply + n, size - 1 - n)) > 0)
		n += got;
	reply[n] = 0;
	close(fd);
}

#define REST " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
static void http(void **state)
{
	struct sockaddr_in where;
	pid_t pid = serve_in_child("a 1\n", &where);
	char reply[4096];
	int status;

	(void)state;
	ask(&where, "GET /metrics" REST, reply, sizeof(reply));
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	assert_non_null(strstr(reply, "Content-Type: text/plain; version=0.0.4"));
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\na 1\n");
	ask(&where, "GET /metrics?x=y" REST, reply, sizeof(reply));
	assert_non_null(strstr(reply, " 200 "));
	ask(&where, "HEAD /metrics" REST, reply, sizeof(reply));
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	ask(&where, "GET /etc/passwd" REST, reply, sizeof(reply));
	assert_non_null(strstr(reply, "HTTP/1.1 404 "));
	ask(&where, "DELETE /metrics" REST, reply, sizeof(reply));
	assert_non_null(strstr(reply, "HTTP/1.1 405 "));
	assert_non_null(strstr(reply, "Allow: GET, HEAD"));
	ask(&where, "no HTTP at all\r\n\r\n", reply, sizeof(reply));
	ask(&where, "GET /" REST, reply, sizeof(reply));
	assert_non_null(strstr(reply, " 200 "));
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics),     cmocka_unit_test(bounded),
		cmocka_unit_test(nothing_yet), cmocka_unit_test(reader),
		cmocka_unit_test(addresses),   cmocka_unit_test(http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
