// SPDX-License-Identifier: GPL-2.0
/* top on a terminal: draws the table anew for each interval and for each key. */
#include <curses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"
#include "top.h"

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

struct screen {
	struct top *t;
	unsigned int first; /* row at the top */
	bool help, stopped;
};

static const char *const help[] = {
	"s, S    sort by the next column, by the one before",
	"r       the least first, or the greatest",
	"d       a line for each device, or for each queue",
	"o       count all operations, reads, writes, ...",
	"t       percentiles of the total, of the next stage, ...",
	"+, -    longer, shorter intervals",
	"space   stop, and go on",
	"up, down, page up, page down   other lines",
	"h       this;   q   end",
};

static void draw_help(int height)
{
	for (int i = 0; i < (int)(sizeof(help) / sizeof(help[0])) && i + 3 < height; i++)
		mvaddnstr(i + 3, 2, help[i], COLS - 3);
}

static void draw_rows(struct screen *s, int height, bool wide)
{
	const struct top_table *t = &s->t->table;
	char line[TOP_LINE_MAX];

	if (s->first >= t->nr)
		s->first = t->nr ? t->nr - 1 : 0;
	for (int y = 2; y < height && s->first + y - 2 < t->nr; y++) {
		top_line(t, &t->row[s->first + y - 2], wide, line);
		mvaddnstr(y, 0, line, COLS);
	}
	if (!t->nr)
		mvaddnstr(2, 0, "No request yet.", COLS);
}

static void draw(struct screen *s)
{
	bool wide = COLS >= TOP_WIDE && s->t->live.stages;
	char line[TOP_LINE_MAX];

	erase();
	top_title(s->t, line);
	mvaddnstr(0, 0, line, COLS);
	if (s->stopped && COLS > 9)
		mvaddstr(0, COLS - 9, " stopped ");
	top_header(&s->t->table, wide, line);
	attron(A_REVERSE);
	mvhline(1, 0, ' ', COLS);
	mvaddnstr(1, 0, line, COLS);
	attroff(A_REVERSE);
	if (s->help)
		draw_help(LINES);
	else
		draw_rows(s, LINES, wide);
	refresh();
}

static void move_by(struct screen *s, int lines)
{
	if (lines < 0 && s->first < (unsigned int)-lines)
		s->first = 0;
	else
		s->first += lines;
}

/* What is shown is of an interval that is over: another grouping begins with the next one. */
static void regroup(struct top_table *t)
{
	top_free(t);
}

/* false: q */
static bool on_key(struct screen *s, int key)
{
	struct top_table *t = &s->t->table;

	switch (key) {
	case 'q': return false;
	case 's': t->sort = (t->sort + 1) % NR_TOP_SORTS; break;
	case 'S': t->sort = (t->sort + NR_TOP_SORTS - 1) % NR_TOP_SORTS; break;
	case 'r': t->reverse = !t->reverse; break;
	case 'd':
		t->by_device = !t->by_device;
		regroup(t);
		break;
	case 'o':
		t->op = t->op + 1 < (int)HIST_OPS ? t->op + 1 : TOP_ALL_OPS;
		regroup(t);
		break;
	case 't':
		if (s->t->live.stages)
			t->stage = (t->stage + 1) % HIST_STAGES;
		break;
	case '+': s->t->interval_ns *= 2; break;
	case '-':
		if (s->t->interval_ns >= 200000000)
			s->t->interval_ns /= 2;
		break;
	case ' ': s->stopped = !s->stopped; break;
	case 'h':
	case '?': s->help = !s->help; break;
	case KEY_UP: move_by(s, -1); break;
	case KEY_DOWN: move_by(s, 1); break;
	case KEY_PPAGE: move_by(s, 2 - LINES); break;
	case KEY_NPAGE: move_by(s, LINES - 2); break;
	default: break; /* KEY_RESIZE, too: it is drawn anew */
	}
	top_sort(t);
	return true;
}

/* Until the interval is over, or a key came; ms */
static int left(const struct top *t)
{
	uint64_t end = t->last_ns + t->interval_ns, now = record_now();

	return now < end ? (int)((end - now) / 1000000 + 1) : 0;
}

static int run(struct screen *s, struct nvs_error *err)
{
	for (bool going = true; going && !ended;) {
		int key;

		draw(s);
		timeout(left(s->t));
		key = getch();
		if (key != ERR)
			going = on_key(s, key);
		if (left(s->t))
			continue;
		if (s->stopped)
			s->t->last_ns = record_now();
		else if (top_look(s->t, err))
			return -1;
	}
	return 0;
}

int top_screen(struct top *t, struct nvs_error *err)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct screen s = { .t = t };
	const char *terminal = getenv("TERM");
	SCREEN *curses;
	int ret;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	curses = newterm(NULL, stdout, stdin);
	if (!curses)
		return nvs_fail(err, "this terminal (TERM=%s) is not known; --plain prints lines",
				terminal ? terminal : "");
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	ret = run(&s, err);
	endwin();
	delscreen(curses);
	return ret;
}
