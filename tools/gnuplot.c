// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "gnuplot.h"

extern char **environ;

int picture_begin(struct picture *p, const char *dir, const char *name, const char *format,
		  unsigned int height, struct nvs_error *err)
{
	bool svg = !strcmp(format, "svg");

	memset(p, 0, sizeof(*p));
	p->dir = dir;
	p->name = name;
	p->format = format;
	p->width = PICTURE_WIDTH;
	p->height = height;
	p->script = open_memstream(&p->text, &p->length);
	if (!p->script)
		return nvs_fail(err, "out of memory for picture %s: close other programs", name);
	fprintf(p->script,
		"set encoding utf8\n"
		"set terminal %s size %u,%u enhanced font 'DejaVu Sans,13' fontscale %s background '#ffffff'\n"
		"set border lc rgb '" COLOR_GREY "'\n"
		"set tics textcolor rgb '" COLOR_BLACK "' nomirror\n",
		svg ? "svg" : "pngcairo", p->width,
		height, /* pngcairo counts points where svg counts pixels. */
		svg ? "1" : "0.75");
	return 0;
}

void picture_free(struct picture *p)
{
	if (p->script)
		fclose(p->script);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

void picture_quote(struct picture *p, const char *text)
{
	fputc('"', p->script);
	for (; *text; text++) {
		if (strchr("\\\"", *text))
			fprintf(p->script, "\\%c", *text);
		else if (strchr("_^@&~{}", *text))
			fprintf(p->script, "\\\\%c", *text);
		else if (*text == '`') /* what stands between two of them is run as a command */
			fputs("\\140", p->script);
		else if (*text == '\n')
			fputs("\\n", p->script);
		else
			fputc(*text, p->script);
	}
	fputc('"', p->script);
}

void picture_label(struct picture *p, const char *text, const char *x, const char *y,
		   const char *style)
{
	fputs("set label ", p->script);
	picture_quote(p, text);
	fprintf(p->script, " at %s, %s %s front\n", x, y, style);
}

void picture_box(struct picture *p, double x1, double y1, double x2, double y2, const char *style)
{
	fprintf(p->script, "set object %u rect from first %.6f,%.4f to first %.6f,%.4f %s\n",
		++p->nr_objects, x1, y1, x2, y2, style);
}

double picture_x(const struct picture *p, double px)
{
	return px / p->width;
}

double picture_y(const struct picture *p, double px)
{
	return 1 - px / p->height;
}

void picture_title(struct picture *p, const char *title, const char *subtitle)
{
	char x[32], y[32];

	snprintf(x, sizeof(x), "screen %.5f", picture_x(p, 24));
	snprintf(y, sizeof(y), "screen %.5f", picture_y(p, 26));
	picture_label(p, title, x, y, "left font 'DejaVu Sans Bold,18'");
	snprintf(y, sizeof(y), "screen %.5f", picture_y(p, 52));
	picture_label(p, subtitle, x, y, "left textcolor rgb '" COLOR_GREY "'");
}

double picture_text_width(const char *text, double size)
{
	size_t letters = 0;

	for (; *text; text++)
		letters += (*text & 0xc0) != 0x80; /* not the rest of a UTF-8 letter */
	return (double)letters * size * 0.62;
}

double nice_step(double span, unsigned int parts)
{
	double raw = span / parts, ten = pow(10, floor(log10(raw)));

	if (!(raw > 0))
		return 1;
	if (raw <= ten)
		return ten;
	if (raw <= 2 * ten)
		return 2 * ten;
	return raw <= 5 * ten ? 5 * ten : 10 * ten;
}

/* What gnuplot complained about: its last line that says something. */
static void read_complaint(FILE *from, char *text, size_t size)
{
	char line[256];

	snprintf(text, size, "it gave no reason");
	rewind(from);
	while (fgets(line, sizeof(line), from)) {
		line[strcspn(line, "\n")] = 0;
		if (line[strspn(line, " \t^")])
			snprintf(text, size, "%.200s", line);
	}
}

static int spawn_gnuplot(int in, int out, int complaints, pid_t *pid)
{
	char *const argv[] = { (char *)"gnuplot", NULL };
	posix_spawn_file_actions_t fds;
	int ret = posix_spawn_file_actions_init(&fds);

	if (ret)
		return ret;
	posix_spawn_file_actions_adddup2(&fds, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&fds, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&fds, complaints, STDERR_FILENO);
	ret = posix_spawnp(pid, argv[0], &fds, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fds);
	return ret;
}

/* The script goes in, the picture comes out on @out. */
static int run_gnuplot(struct picture *p, int out, struct nvs_error *err)
{
	FILE *in = tmpfile(), *complaints = tmpfile();
	char reason[256];
	int ret, status = 0;
	pid_t pid;

	if (!in || !complaints || fwrite(p->text, 1, p->length, in) != p->length || fflush(in)) {
		ret = nvs_fail(err, "cannot write a temporary file for gnuplot: %s: is /tmp full?",
			       strerror(errno));
		goto out;
	}
	rewind(in);
	ret = spawn_gnuplot(fileno(in), out, fileno(complaints), &pid);
	if (ret == ENOENT) {
		ret = nvs_fail(err, "gnuplot is not installed: run 'apt-get install gnuplot-nox', "
				    "or use --format text, which needs no gnuplot");
		goto out;
	}
	if (ret) {
		ret = nvs_fail(err, "cannot start gnuplot: %s", strerror(ret));
		goto out;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	read_complaint(complaints, reason, sizeof(reason));
	if (status)
		ret = nvs_fail(err, "gnuplot could not draw %s.%s: %s", p->name, p->format, reason);
out:
	if (in)
		fclose(in);
	if (complaints)
		fclose(complaints);
	return ret;
}

int picture_end(struct picture *p, struct nvs_error *err)
{
	char temp[4096], path[4096];
	int fd, ret;

	if (fclose(p->script) != 0) {
		p->script = NULL;
		return nvs_fail(err, "out of memory for picture %s: close other programs", p->name);
	}
	p->script = NULL;
	snprintf(temp, sizeof(temp), "%s/.%s.%s.XXXXXX", p->dir, p->name, p->format);
	snprintf(path, sizeof(path), "%s/%s.%s", p->dir, p->name, p->format);
	fd = mkstemp(temp);
	if (fd < 0)
		return nvs_fail(err, "cannot write into %s: %s: choose another -o", p->dir,
				strerror(errno));
	ret = run_gnuplot(p, fd, err);
	if (ret == 0 && lseek(fd, 0, SEEK_END) <= 0)
		ret = nvs_fail(err, "gnuplot drew nothing for %s: is the disk with %s full?", path,
			       p->dir);
	fchmod(fd, 0644);
	if (close(fd) != 0 && ret == 0)
		ret = nvs_fail(err, "cannot write %s: %s", path, strerror(errno));
	if (ret == 0 && rename(temp, path) != 0)
		ret = nvs_fail(err, "cannot name %s: %s", path, strerror(errno));
	if (ret)
		unlink(temp);
	return ret;
}
