// SPDX-License-Identifier: GPL-2.0
/*
 * Reads QEMU's log of its NVMe device, line by line:
 *   [THREAD@SECONDS.MICROSECONDS:]pci_nvme_NAME text of the event
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "qemu_log_internal.h"

#define PREFIX	     "pci_nvme_"
#define NSEC_PER_SEC 1000000000ull

/* "THREAD@SECONDS.MICROSECONDS:", or nothing; @ts in ns.  Where the name begins, or NULL. */
static const char *read_time(const char *s, uint64_t *ts)
{
	uint64_t thread, sec, usec;
	const char *dot;

	*ts = 0;
	if (!strncmp(s, PREFIX, strlen(PREFIX)))
		return s;
	s = qemu_log_number(s, &thread);
	if (!s || *s != '@')
		return NULL;
	dot = qemu_log_number(s + 1, &sec);
	if (!dot || *dot != '.' || sec > INT64_MAX / NSEC_PER_SEC - 1)
		return NULL;
	s = qemu_log_number(dot + 1, &usec);
	if (!s || *s != ':' || s - dot != 7 || strncmp(s + 1, PREFIX, strlen(PREFIX)))
		return NULL;
	*ts = sec * NSEC_PER_SEC + usec * 1000;
	return s + 1;
}

static void note(struct qemu_log_note *note, const struct qemu_log *log)
{
	size_t i;

	if (note->nr++)
		return;
	note->line = log->counts.lines;
	for (i = 0; i < sizeof(note->text) - 1 && log->text[i]; i++)
		note->text[i] = log->text[i] >= ' ' && log->text[i] <= '~' ? log->text[i] : '?';
}

static enum qemu_log_outcome take_line(struct qemu_log *log)
{
	uint64_t ts;
	const char *start = read_time(log->text, &ts);
	char name[64];
	size_t n;

	if (!start)
		return LINE_STRANGE;
	start += strlen(PREFIX);
	n = strcspn(start, " ");
	if (n >= sizeof(name))
		return LINE_STRANGE;
	memcpy(name, start, n);
	name[n] = '\0';
	log->now = (struct qemu_log_event){ .line = log->counts.lines };
	log->now.h.ts = ts;
	log->now.h.ctrl = NVS_NO_CTRL;
	return qemu_log_take(log, name, start + n + (start[n] == ' '));
}

/* Reads one line, cut to MAX_LINE; false at the end. */
static bool read_line(struct qemu_log *log)
{
	size_t n;
	int c;

	if (!fgets(log->text, sizeof(log->text), log->file))
		return false;
	log->counts.lines++;
	n = strlen(log->text);
	if (n && log->text[n - 1] == '\n') {
		log->text[n - 1] = '\0';
	} else if (n == sizeof(log->text) - 1) {
		do
			c = getc(log->file);
		while (c != '\n' && c != EOF);
	}
	return true;
}

static int refuse(struct qemu_log *log, struct nvs_error *err)
{
	return nvs_fail(err,
			"%s:%llu: '%.80s' cannot be the same controller's as the lines before: "
			"the log holds more than one controller, and its lines do not say which; "
			"run QEMU with one NVMe controller",
			log->name, (unsigned long long)log->counts.lines, log->text);
}

/*
 * Files the line's event.  A command waits for the line that details it, so an
 * event that comes first is held back behind it.  True if @ev was set.
 */
static bool file_event(struct qemu_log *log, enum qemu_log_outcome what, struct qemu_log_event *ev)
{
	bool ready = log->have_cmd;

	log->counts.events++;
	log->counts.untimed += !log->now.h.ts;
	if (ready)
		*ev = log->cmd;
	log->have_cmd = what == LINE_COMMAND;
	if (log->have_cmd) {
		log->cmd = log->now;
		return ready;
	}
	if (!ready) {
		*ev = log->now;
		return true;
	}
	log->held = log->now;
	log->have_held = true;
	return true;
}

int qemu_log_next(struct qemu_log *log, struct qemu_log_event *ev, struct nvs_error *err)
{
	if (log->have_held) {
		log->have_held = false;
		*ev = log->held;
		return 1;
	}
	while (!log->ended && read_line(log)) {
		enum qemu_log_outcome what;

		if (!strstr(log->text, PREFIX)) {
			log->counts.foreign++;
			continue;
		}
		what = take_line(log);
		if (what == LINE_CONTRADICTS)
			return refuse(log, err);
		if (what == LINE_STRANGE)
			note(&log->counts.strange, log);
		if (what == LINE_COMPLAINT)
			note(&log->counts.complaints, log);
		log->counts.repeats += what == LINE_REPEAT;
		log->counts.details += what == LINE_DETAIL;
		if ((what == LINE_EVENT || what == LINE_COMMAND) && file_event(log, what, ev))
			return 1;
	}
	if (ferror(log->file))
		return nvs_fail(err, "%s:%llu: cannot be read any further: %s", log->name,
				(unsigned long long)log->counts.lines, strerror(errno));
	log->ended = true;
	if (!log->have_cmd)
		return 0;
	log->have_cmd = false;
	*ev = log->cmd;
	return 1;
}

struct qemu_log *qemu_log_from(FILE *file, const char *name, struct nvs_error *err)
{
	struct qemu_log *log = calloc(1, sizeof(*log));

	if (log)
		log->name = strdup(name);
	if (!log || !log->name) {
		nvs_fail(err, "no memory to read %s", name);
		free(log);
		fclose(file);
		return NULL;
	}
	log->file = file;
	memset(log->shadow, 0xff, sizeof(log->shadow));
	return log;
}

struct qemu_log *qemu_log_open(const char *path, struct nvs_error *err)
{
	FILE *file = fopen(path, "re");

	if (!file) {
		nvs_fail(err, "%s: %s; give the file that QEMU's -D named", path, strerror(errno));
		return NULL;
	}
	return qemu_log_from(file, path, err);
}

void qemu_log_close(struct qemu_log *log)
{
	if (!log)
		return;
	fclose(log->file);
	free(log->name);
	free(log);
}

const struct qemu_log_counts *qemu_log_counts(const struct qemu_log *log)
{
	return &log->counts;
}

const char *qemu_log_name(const struct qemu_log *log)
{
	return log->name;
}
