// SPDX-License-Identifier: GPL-2.0
/*
 * The data of the page.  Steps are arrays of numbers, for there may be many; what they mean
 * stands once beside them.  tools/walkthrough/data.js reads this.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis.h"
#include "event_info.h"
#include "format.h"
#include "cmd.h"
#include "walkthrough.h"

#define EXACT_IN_DOUBLE (1ull << 53)

/* A JSON string; "<" is written as a number, so that nothing in it can end the script. */
static void put_string_of(struct outfile *f, const char *text, size_t size)
{
	json_t *s = json_stringn(text, size);
	char *quoted = s ? json_dumps(s, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

	if (!quoted)
		out_text(f, "\"?\"");
	for (const char *p = quoted; p && *p; p++) {
		if (*p == '<')
			out_text(f, "\\u003c");
		else
			out_char(f, *p);
	}
	free(quoted);
	json_decref(s);
}

static void put_string(struct outfile *f, const char *text)
{
	if (text)
		put_string_of(f, text, strlen(text));
	else
		out_text(f, "null");
}

static void put_signed(struct outfile *f, int64_t v)
{
	if (v < 0)
		out_char(f, '-');
	out_number(f, (uint64_t)(v < 0 ? -v : v));
}

/* Numbers that JavaScript would round are strings. */
static void put_value(struct outfile *f, const struct field_info *info, const struct nvs_hdr *h)
{
	uint64_t v = 0;
	int32_t s;

	memcpy(&v, (const char *)h + info->offset, info->size);
	if (info->is_signed) {
		s = (int32_t)v;
		put_signed(f, s);
	} else if (v >= EXACT_IN_DOUBLE) {
		out_printf(f, "\"0x%" PRIx64 "\"", v);
	} else {
		out_number(f, v);
	}
}

/* --- what is the same for all walks ------------------------------------------------- */

static void put_kinds(struct outfile *f)
{
	bool any = false;

	out_text(f, "\"kinds\":{");
	for (unsigned int id = 0; id <= NVS_EVENT_ID_MAX; id++) {
		const struct event_info *info = event_info(id);

		if (!info)
			continue;
		out_printf(f, "%s\"%u\":[\"%s\",[", any ? "," : "", id, info->name);
		any = true;
		for (unsigned int i = 0; i < info->nr_fields; i++)
			out_printf(f, "%s\"%s\"", i ? "," : "", info->fields[i].name);
		out_text(f, "],[");
		for (unsigned int i = 0; i < info->nr_fields; i++)
			out_printf(f, "%s%u", i ? "," : "", info->fields[i].base);
		out_text(f, "]]");
	}
	out_text(f, "},\n\"sets\":[");
	for (unsigned int set = 0; set < NR_SYMBOL_SETS; set++) {
		out_text(f, set ? ",{" : "{");
		for (const struct symbol *s = symbol_set(set); s->name; s++)
			out_printf(f, "%s\"%u\":\"%s\"", s == symbol_set(set) ? "" : ",", s->value,
				   s->name);
		out_char(f, '}');
	}
	out_text(f, "],\n");
}

static void put_layouts(struct outfile *f, const char *name, const struct walk_layout *l)
{
	out_printf(f, "\"%s\":[", name);
	for (const struct walk_layout *first = l; l->name; l++) {
		out_printf(f, "%s[%u,%u,\"%s\",\"%s\",[", l == first ? "" : ",", l->key, l->bytes,
			   l->name, l->section);
		for (const struct walk_field *k = l->fields; k->name; k++) {
			out_printf(f, "%s[%u,%u,%u,\"%s\",", k == l->fields ? "" : ",", k->dword,
				   k->high, k->low, k->name);
			put_string(f, k->en);
			out_char(f, ',');
			put_string(f, k->zh);
			out_char(f, ']');
		}
		out_text(f, "]]");
	}
	out_text(f, "],\n");
}

static void put_opcodes(struct outfile *f)
{
	bool any = false;

	out_text(f, "\"opcodes\":{");
	for (unsigned int key = 0; key < 0x200; key++) {
		const char *io = io_opcode_name(key & 0xff);
		struct text admin = admin_opcode_name(key & 0xff);

		if (key & 0x100 ? !io : !strncmp(admin.s, "admin 0x", 8))
			continue;
		out_printf(f, "%s\"%u\":\"%s\"", any ? "," : "", key, key & 0x100 ? io : admin.s);
		any = true;
	}
	out_text(f, "},\n");
}

/* --- facts and sources -------------------------------------------------------------- */

static bool fact_is_used(const struct walk_page *p, int32_t index)
{
	for (unsigned int i = 0; i < p->nr; i++)
		for (uint32_t k = 0; k < p->walk[i]->nr_steps; k++)
			if (p->walk[i]->steps[k].fact == index)
				return true;
	return false;
}

static void put_facts(struct outfile *f, const struct walk_page *p)
{
	const struct walk_fact *fact;
	bool any = false;

	out_text(f, "\"facts\":{");
	for (int32_t i = 0; (fact = walk_fact((unsigned int)i)); i++) {
		int function;

		if (!fact_is_used(p, i))
			continue;
		function = fact->function ? sources_find(p->sources, fact->function) : -1;
		out_printf(f, "%s\n\"%d\":[", any ? "," : "", i);
		any = true;
		put_string(f, fact->section);
		out_char(f, ',');
		put_string(f, fact->en);
		out_char(f, ',');
		put_string(f, fact->zh);
		out_printf(f, ",%d,%u]", function,
			   function < 0 ? 0
					: source_line(&p->sources->function[function], fact->line));
	}
	out_text(f, "},\n");
}

/* Phases end in their own functions: { phase: function }. */
static void put_phase_functions(struct outfile *f, const struct walk_page *p)
{
	bool any = false;

	out_text(f, "\"phase_functions\":{");
	for (const struct symbol *s = symbol_set(NVS_SET_PHASE); s->name; s++) {
		int function = s->value ? sources_find(p->sources, s->name) : -1;

		if (function < 0)
			continue;
		out_printf(f, "%s\"%u\":[%d,%u]", any ? "," : "", s->value, function,
			   source_line(&p->sources->function[function], "nvme_phase_end"));
		any = true;
	}
	out_text(f, "},\n");
}

static void put_sources(struct outfile *f, const struct sources *s)
{
	out_text(f, "\"sources\":[");
	for (int i = 0; i < s->nr; i++) {
		const struct source_function *at = &s->function[i];

		out_printf(f, "%s\n[\"%s\",\"%s\",%u,", i ? "," : "", at->file, at->name,
			   at->first_line);
		put_string_of(f, at->text ? at->text : "", at->size);
		out_char(f, ']');
	}
	out_text(f, "],\n");
}

/* --- one walk ------------------------------------------------------------------------ */

static void put_environment(struct outfile *f, const struct walk *w)
{
	bool any = false;

	out_text(f, "\"env\":{");
	for (const struct env_key *k = analysis_env_keys; k->name; k++) {
		const char *value = recording_env(w->recording, k->name);

		if (!value || !k->brief)
			continue;
		out_printf(f, "%s\"%s\":", any ? "," : "", k->name);
		put_string(f, value);
		any = true;
	}
	out_text(f, "},\n");
}

static void put_lanes(struct outfile *f, const struct walk *w)
{
	out_text(f, "\"lanes\":[");
	for (uint32_t i = 0; i < LANE_QUEUES + w->nr_queues; i++) {
		const struct walk_lane_queue *q =
			i < LANE_QUEUES ? NULL : &w->queues[i - LANE_QUEUES];

		out_text(f, i ? ",[" : "[");
		put_string(f, walk_lane_name(w, i, false).s);
		out_char(f, ',');
		put_string(f, walk_lane_name(w, i, true).s);
		out_printf(f, ",%d,%d]", q ? q->ctrl : -1, q ? q->qid : -1);
	}
	out_text(f, "],\n");
}

static void put_phases(struct outfile *f, const struct walk *w)
{
	unsigned int nr;
	const struct model_phase *p = model_phases(w->model, &nr);

	out_text(f, "\"phases\":[");
	for (unsigned int i = 0; i < nr; i++)
		out_printf(f, "%s\n[%u,%u,%d,%u,%d,%d,%d,%d]", i ? "," : "", p[i].phase, p[i].ctrl,
			   p[i].parent, p[i].level, w->phase_begin[i], w->phase_end[i], p[i].result,
			   p[i].queued);
	out_text(f, "],\n");
}

static void put_commands(struct outfile *f, const struct walk *w)
{
	out_text(f, "\"cmds\":[");
	for (uint32_t i = 0; i < w->nr_cmds; i++) {
		const struct walk_cmd *c = &w->cmds[i];

		out_printf(f, "%s\n[%u,%u,%u", i ? "," : "", c->ctrl, c->qid, c->cid);
		for (unsigned int k = 0; k < NR_STAGES_OF_WALK; k++) {
			out_char(f, ',');
			put_signed(f, c->at[k]);
		}
		out_char(f, ']');
	}
	out_text(f, "],\n");
}

static void put_step(struct outfile *f, const struct walk *w, uint32_t i)
{
	const struct walk_step *s = &w->steps[i];
	const struct event_info *info = event_info(s->hdr->id);
	uint64_t before = i ? w->steps[i - 1].hdr->ts : s->hdr->ts;
	const int64_t head[] = { (int64_t)(s->hdr->ts - before),
				 s->hdr->id,
				 s->lane,
				 s->phase,
				 s->cmd,
				 s->fact,
				 s->hdr->ctrl,
				 s->hdr->qid,
				 s->hdr->cid,
				 s->cpu };

	out_text(f, i ? ",\n[" : "\n[");
	for (unsigned int k = 0; k < sizeof(head) / sizeof(head[0]); k++) {
		if (k)
			out_char(f, ',');
		put_signed(f, head[k]);
	}
	for (unsigned int k = 0; k < info->nr_fields; k++) {
		out_char(f, ',');
		put_value(f, &info->fields[k], s->hdr);
	}
	out_char(f, ']');
}

static void put_walk(struct outfile *f, const struct walk *w)
{
	const char *cut = recording_cut(w->recording);

	out_text(f, "{\"dir\":");
	put_string(f, w->dir);
	out_printf(f,
		   ",\"stock\":%s,\"left_out\":%" PRIu64 ",\"not_steps\":%" PRIu64
		   ",\"lost\":%" PRIu64,
		   w->stock ? "true" : "false", w->left_out, w->not_steps,
		   recording_lost_total(w->recording));
	out_text(f, ",\"cut\":");
	put_string(f, cut);
	out_printf(f, ",\"first_io\":%d,\n", w->first_io);
	put_environment(f, w);
	put_lanes(f, w);
	put_phases(f, w);
	put_commands(f, w);
	out_text(f, "\"steps\":[");
	for (uint32_t i = 0; i < w->nr_steps; i++)
		put_step(f, w, i);
	out_text(f, "]}");
}

void walk_write_json(struct outfile *f, const struct walk_page *p)
{
	out_printf(f, "{\"version\":1,\"lang\":\"%s\",\"tool\":\"%s\",\n", p->chinese ? "zh" : "en",
		   NVMESCOPE_VERSION);
	put_kinds(f);
	put_layouts(f, "registers", walk_registers);
	put_layouts(f, "commands", walk_commands);
	put_layouts(f, "entries", walk_entries);
	put_opcodes(f);
	put_facts(f, p);
	put_phase_functions(f, p);
	put_sources(f, p->sources);
	out_text(f, "\"stages\":[");
	for (unsigned int i = 0; i < NR_STAGES_OF_WALK; i++)
		out_printf(f, "%s\"%s\"", i ? "," : "", walk_stage_name(i));
	out_text(f, "],\n\"difference\":");
	if (p->d) {
		out_printf(f, "{\"any\":%s,\"lane\":%u,\"step\":[%d,%d],\"what\":[",
			   p->d->any ? "true" : "false", p->d->lane, p->d->step[0], p->d->step[1]);
		for (unsigned int i = 0; i < 2; i++) {
			out_text(f, i ? ",[" : "[");
			put_string(f, p->d->what[i][false]);
			out_char(f, ',');
			put_string(f, p->d->what[i][true]);
			out_char(f, ']');
		}
		out_text(f, "]}");
	} else {
		out_text(f, "null");
	}
	out_text(f, ",\n\"walks\":[");
	for (unsigned int i = 0; i < p->nr; i++) {
		if (i)
			out_char(f, ',');
		put_walk(f, p->walk[i]);
	}
	out_text(f, "]}\n");
}

/* Where the data goes: the page has this word once. */
#define DATA_MARK "@DATA@"

void walk_write_page(struct outfile *f, const struct walk_page *p)
{
	const char *mark = strstr(walk_embedded_page, DATA_MARK);

	out_bytes(f, walk_embedded_page, (size_t)(mark - walk_embedded_page));
	walk_write_json(f, p);
	out_text(f, mark + strlen(DATA_MARK));
}
