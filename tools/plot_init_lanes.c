// SPDX-License-Identifier: GPL-2.0
/* init: what happened during the phases, on their bars and in lanes below. */
#include <string.h>
#include "format.h"
#include "plot_init.h"

static const struct model_mark *marks_of(const struct gantt *g, unsigned int *nr)
{
	return model_marks(g->t->a.model, nr);
}

static bool shown(const struct gantt *g, const struct model_mark *m)
{
	return m->ctrl == g->ctrl && axis_shows(&g->axis, m->ts);
}

static void at_point(struct gantt *g, const char *sign, double x, double y, const char *style)
{
	char sx[32], sy[32];

	snprintf(sx, sizeof(sx), "first %.4f", x);
	snprintf(sy, sizeof(sy), "first %.4f", y);
	picture_label(&g->pic, sign, sx, sy, style);
}

void gantt_marks_on_bars(struct gantt *g)
{
	unsigned int nr;
	const struct model_mark *m = marks_of(g, &nr);
	double last_read[MAX_GANTT_ROWS];

	for (unsigned int i = 0; i < MAX_GANTT_ROWS; i++)
		last_read[i] = -AXIS_LENGTH;
	for (; nr; nr--, m++) {
		int row = m->phase >= 0 ? g->row_of[m->phase] : -1;
		double x = axis_x(&g->axis, m->ts), y = row + 0.5;

		if (row < 0 || !shown(g, m))
			continue;
		if (m->kind == MARK_REG_READ && x - last_read[row] >= gantt_px(2)) {
			/* Closer than two pixels they would be one stroke anyway. */
			picture_box(&g->pic, x, y - 0.18, x + gantt_px(1), y + 0.18,
				    "fc rgb '" COLOR_GREY "' fs solid noborder");
			last_read[row] = x;
		} else if (m->kind == MARK_REG_WRITE) {
			at_point(g, "▲", x, y + 0.22, "center font 'DejaVu Sans,10'");
		} else if (m->kind == MARK_ADMIN) {
			double x2 = axis_x(&g->axis, m->end ? m->end : m->ts);

			if (x2 < x + gantt_px(2))
				x2 = x + gantt_px(2);
			picture_box(&g->pic, x, y + 0.12, x2, y + 0.36,
				    "fc rgb '" COLOR_ORANGE
				    "' fs solid border lc rgb '#FFFFFF' front");
		}
	}
}

/*
 * Labels of a lane, side by side on a few levels, none over another.  Marks that
 * stand so close that they look like one share a label: "AQA, ASQ, CC.EN=1".
 */
#define LANE_LEVELS 3
#define LANE_LABELS 96
#define LABEL_NAMES 5

struct lane_label {
	struct {
		char name[40];
		unsigned int times;
	} part[LABEL_NAMES];
	unsigned int nr_parts, level;
	double x, last_x; /* of its first and its last mark */
	double end;	  /* where its text ends */
};

struct lane {
	struct lane_label label[LANE_LABELS];
	unsigned int nr;
	double end[LANE_LEVELS]; /* where the level's last label ends */
	unsigned int unlabelled;
};

static void label_text(const struct lane_label *l, char *text, size_t size)
{
	size_t n = 0;

	for (unsigned int i = 0; i < l->nr_parts && n < size; i++) {
		n += (size_t)snprintf(text + n, size - n, "%s%s", i ? ", " : "", l->part[i].name);
		if (l->part[i].times > 1 && n < size)
			n += (size_t)snprintf(text + n, size - n, " ×%u", l->part[i].times);
	}
}

static void label_measure(struct lane *l, struct lane_label *a)
{
	char text[320];

	label_text(a, text, sizeof(text));
	a->end = a->x + gantt_px(picture_text_width(text, 11.5) + 10);
	l->end[a->level] = a->end;
}

static bool label_take(struct lane *l, struct lane_label *a, const char *name, double x)
{
	unsigned int i;

	for (i = 0; i < a->nr_parts; i++)
		if (!strcmp(a->part[i].name, name))
			break;
	if (i == LABEL_NAMES)
		return false;
	if (i == a->nr_parts) {
		snprintf(a->part[i].name, sizeof(a->part[i].name), "%.39s", name);
		a->nr_parts++;
	}
	a->part[i].times++;
	a->last_x = x;
	label_measure(l, a);
	return true;
}

static void lane_add(struct lane *l, const char *name, double x)
{
	struct lane_label *last = l->nr ? &l->label[l->nr - 1] : NULL;

	if (last && x - last->last_x < gantt_px(12) && label_take(l, last, name, x))
		return;
	for (unsigned int i = 0; i < LANE_LEVELS && l->nr < LANE_LABELS; i++) {
		struct lane_label *a = &l->label[l->nr];

		if (l->end[i] > x)
			continue;
		a->x = x;
		a->level = i;
		label_take(l, a, name, x);
		l->nr++;
		return;
	}
	l->unlabelled++;
}

static void lane_begin(struct gantt *g, struct lane *l, const char *name)
{
	char x[32], y[32];

	memset(l, 0, sizeof(*l));
	for (unsigned int i = 0; i < LANE_LEVELS; i++)
		l->end[i] = -AXIS_LENGTH;
	picture_box(&g->pic, -gantt_px(GANTT_LEFT - 14), g->y, AXIS_LENGTH, g->y + 0.045,
		    "fc rgb '" COLOR_LINE "' fs solid noborder");
	snprintf(x, sizeof(x), "screen %.5f", picture_x(&g->pic, 18));
	snprintf(y, sizeof(y), "first %.3f", g->y + 0.55);
	picture_label(&g->pic, name, x, y, "left font 'DejaVu Sans Bold,13'");
}

/* Draws the labels below @y, each with a line up to its mark. */
static void lane_end(struct gantt *g, struct lane *l, double y)
{
	const double edge = AXIS_LENGTH + gantt_px(GANTT_RIGHT - 16);
	double taken[LANE_LEVELS] = { -AXIS_LENGTH, -AXIS_LENGTH, -AXIS_LENGTH };
	char text[320], sx[32], sy[32];

	for (unsigned int i = 0; i < l->nr; i++) {
		const struct lane_label *a = &l->label[i];
		double ly = y + 0.75 + 0.72 * a->level;
		bool left = a->end > edge; /* no room on the right */

		if (left && a->x - (a->end - a->x) < taken[a->level]) {
			l->unlabelled++; /* nor on the left */
			continue;
		}
		taken[a->level] = left ? a->x : a->end;

		picture_box(&g->pic, a->x - gantt_px(0.5), y + 0.2, a->x + gantt_px(0.5), ly + 0.25,
			    "fc rgb '#BBBBBB' fs solid noborder");
		label_text(a, text, sizeof(text));
		at_point(g, text, a->x + gantt_px(left ? -3 : 3), ly,
			 left ? "right font 'DejaVu Sans,11.5'" : "left font 'DejaVu Sans,11.5'");
	}
	if (l->unlabelled) {
		snprintf(sx, sizeof(sx), "screen %.5f", picture_x(&g->pic, 18));
		snprintf(sy, sizeof(sy), "first %.3f", y + 0.9);
		snprintf(text, sizeof(text), "%u more without room for a label", l->unlabelled);
		picture_label(&g->pic, text, sx, sy,
			      "left font 'DejaVu Sans,11' textcolor rgb '" COLOR_GREY "'");
	}
	g->y = y + 0.85 + 0.72 * LANE_LEVELS;
}

static void state_box(struct gantt *g, unsigned int state, uint64_t from, uint64_t to)
{
	static const char *const color[] = {
		[NVS_STATE_new] = "#E5E5E5",	   [NVS_STATE_live] = "#B3E2D5",
		[NVS_STATE_resetting] = "#F8E3B3", [NVS_STATE_connecting] = "#CDE9F8",
		[NVS_STATE_deleting] = "#F6D6C2",  [NVS_STATE_deleting_noio] = "#F6D6C2",
		[NVS_STATE_dead] = "#999999",
	};
	const char *name = nvs_symbol_name(NVS_SET_STATE, state);
	double x1 = axis_x(&g->axis, from), x2 = axis_x(&g->axis, to);
	char style[64];

	if (!name || state > NVS_STATE_dead)
		return;
	snprintf(style, sizeof(style), "fc rgb '%s' fs solid border lc rgb '#FFFFFF'",
		 color[state]);
	picture_box(&g->pic, x1, g->y + 0.15, x2, g->y + 0.95, style);
	if (gantt_px(picture_text_width(name, 12)) < x2 - x1)
		at_point(g, name, (x1 + x2) / 2, g->y + 0.55, "center font 'DejaVu Sans,12'");
	else
		at_point(g, name, x1, g->y + 1.3, "left font 'DejaVu Sans,11.5'");
}

static void lane_states(struct gantt *g)
{
	unsigned int nr;
	const struct model_mark *m = marks_of(g, &nr);
	uint64_t since = g->axis.seg[0].begin;
	int state = -1;
	struct lane l;

	lane_begin(g, &l, "controller state");
	for (; nr; nr--, m++) {
		if (m->kind != MARK_STATE || !shown(g, m))
			continue;
		if (state < 0 && (g->t->windowed || m->value == NVS_STATE_new))
			state = (int)m->value;
		if (state >= 0)
			state_box(g, (unsigned int)state, since, m->ts);
		state = (int)m->what;
		since = m->ts;
	}
	if (state >= 0)
		state_box(g, (unsigned int)state, since, g->axis.seg[g->axis.nr - 1].end);
	g->y += 1.75;
}

/* CC is worth a look at what was written: bit 0 enables, bits 15:14 shut down. */
static struct text write_name(const struct model_mark *m)
{
	struct text t = register_name(m->what);

	if (m->what != 0x14)
		return t;
	if (m->value >> 14 & 3)
		snprintf(t.s, sizeof(t.s), "CC.SHN=%u", (unsigned int)(m->value >> 14 & 3));
	else
		snprintf(t.s, sizeof(t.s), "CC.EN=%u", (unsigned int)(m->value & 1));
	return t;
}

static void lane_writes(struct gantt *g)
{
	unsigned int nr;
	const struct model_mark *m = marks_of(g, &nr);
	double y = g->y + 0.55;
	struct lane l;

	lane_begin(g, &l, "register writes");
	for (; nr; nr--, m++) {
		if (m->kind != MARK_REG_WRITE || !shown(g, m))
			continue;
		at_point(g, "▲", axis_x(&g->axis, m->ts), y, "center font 'DejaVu Sans,11'");
		lane_add(&l, write_name(m).s, axis_x(&g->axis, m->ts));
	}
	/* The kernel's own driver shows none. */
	if (!l.nr && !l.unlabelled)
		at_point(g, "none recorded", 0, y,
			 "left font 'DejaVu Sans,11.5' textcolor rgb '" COLOR_GREY "'");
	lane_end(g, &l, y);
}

static void lane_admin(struct gantt *g)
{
	unsigned int nr;
	const struct model_mark *m = marks_of(g, &nr);
	double y = g->y + 0.55;
	struct lane l;

	lane_begin(g, &l, "admin commands");
	for (; nr; nr--, m++) {
		double x = axis_x(&g->axis, m->ts), x2 = axis_x(&g->axis, m->end ? m->end : m->ts);

		if (m->kind != MARK_ADMIN || !shown(g, m))
			continue;
		if (x2 < x + gantt_px(2))
			x2 = x + gantt_px(2);
		picture_box(&g->pic, x, y - 0.3, x2, y + 0.2,
			    m->status ? "fc rgb '" COLOR_RED "' fs solid border lc rgb '#FFFFFF'"
				      : "fc rgb '" COLOR_ORANGE
					"' fs solid border lc rgb '#FFFFFF'");
		lane_add(&l, admin_opcode_name(m->what).s, x);
	}
	lane_end(g, &l, y);
}

/* Queues, vectors and namespaces as they come to be. */
static void lane_found(struct gantt *g)
{
	unsigned int nr;
	const struct model_mark *m = marks_of(g, &nr);
	double y = g->y + 0.55;
	char name[80];
	struct lane l;

	lane_begin(g, &l, "what came to be");
	for (; nr; nr--, m++) {
		const char *sign = "◆";

		if (!shown(g, m))
			continue;
		if (m->kind == MARK_QUEUE_CREATE)
			snprintf(name, sizeof(name), m->what == NVS_RING_sq ? "SQ" : "CQ");
		else if (m->kind == MARK_IRQ)
			snprintf(name, sizeof(name), "vector");
		else if (m->kind == MARK_NS)
			snprintf(name, sizeof(name), "namespace %u: %s", m->what,
				 format_bytes(m->value).s);
		else
			continue;
		at_point(g, sign, axis_x(&g->axis, m->ts), y,
			 "center font 'DejaVu Sans,11' textcolor rgb '" COLOR_BLUE "'");
		lane_add(&l, name, axis_x(&g->axis, m->ts));
	}
	lane_end(g, &l, y);
}

void gantt_lanes(struct gantt *g)
{
	g->y += 0.5;
	lane_states(g);
	lane_writes(g);
	lane_admin(g);
	lane_found(g);
}
