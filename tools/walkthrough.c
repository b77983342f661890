// SPDX-License-Identifier: GPL-2.0
/* nvmescope walkthrough: a recording as a page that is walked step by step. */
#include <string.h>
#include "cmd.h"
#include "walkthrough.h"

static const char description[] =
	"Makes one page (HTML, complete in itself, for a browser without a network) of the\n"
	"recording in DIR, on which one goes through its steps forwards and backwards: lines of\n"
	"source, registers, queues, states, commands, and why each step is there. With a second\n"
	"DIR: both side by side, and the first difference between them.";

static const char examples[] = "  nvmescope walkthrough build/demo/recording -o page.html\n"
			       "  nvmescope walkthrough good failing -o both.html\n"
			       "  nvmescope walkthrough --text --io 1 build/demo/recording\n";

struct request {
	struct walk_request walk;
	const char *dir[2];
	unsigned int nr;
	const char *out, *lang, *source;
	uint64_t io, steps;
	bool text;
};

static int check_request(const struct usage *usage, struct request *r)
{
	if (!r->out && !r->text)
		return options_wrong(usage, "say where the page goes: -o PAGE.html; or --text");
	if (r->walk.to && r->walk.to <= r->walk.from)
		return options_wrong(usage, "--to must be later than --from");
	if (!r->steps || r->steps > 1000000)
		return options_wrong(usage, "--steps is from 1 to 1000000");
	if (r->io > UINT32_MAX)
		return options_wrong(usage, "--io counts commands from 1");
	r->walk.max_steps = (uint32_t)r->steps;
	r->walk.io = (uint32_t)r->io;
	r->walk.only_io = r->text;
	return EXIT_DONE;
}

/* EXIT_DONE: go on with @r; anything else, or OPTIONS_HELP: end with it. */
static int parse(struct request *r, int argc, char **argv)
{
	static const char *const langs[] = { "en", "zh", NULL };
	const struct option_row rows[] = {
		{ "output", 'o', OPTION_STRING, "FILE", &r->out, "the page; - for standard output",
		  NULL },
		{ "text", 0, OPTION_FLAG, NULL, &r->text, "steps as text instead, for the terminal",
		  NULL },
		{ "lang", 0, OPTION_CHOICE, "LANG", &r->lang,
		  "en (default) or zh: what the page opens in", langs },
		{ "io", 0, OPTION_UINT, "N", &r->io,
		  "open at the N-th I/O command; with --text, its steps alone", NULL },
		{ "from", 0, OPTION_SECONDS, "T", &r->walk.from,
		  "seconds from the start: I/O before it is left out, all else stays", NULL },
		{ "to", 0, OPTION_SECONDS, "T", &r->walk.to, "I/O after it is left out", NULL },
		{ "steps", 0, OPTION_UINT, "N", &r->steps,
		  "at most so many steps (50000); I/O beyond is left out", NULL },
		{ "source", 0, OPTION_STRING, "DIR", &r->source,
		  "the driver's source, kmod (default: as it was when this was built)", NULL },
		{ 0 }
	};
	const struct usage usage = { "walkthrough", "-o FILE [OPTIONS] DIR [DIR2]", description,
				     examples, rows };
	int operand = options_parse(&usage, argc, argv);

	if (operand < 0)
		return operand == OPTIONS_HELP ? OPTIONS_HELP : EXIT_USAGE;
	r->nr = (unsigned int)(argc - operand);
	if (r->nr < 1 || r->nr > 2)
		return options_wrong(&usage, "give one recording's directory, or two");
	for (unsigned int i = 0; i < r->nr; i++)
		r->dir[i] = argv[operand + (int)i];
	return check_request(&usage, r);
}

static int write_out(const struct request *r, const struct walk_page *p, struct nvs_error *err)
{
	struct outset set = { 0 };
	struct outfile *f = outfile_open(&set, r->out ? r->out : "-");
	int ret;

	if (f && r->text)
		walk_write_text(f, p);
	else if (f)
		walk_write_page(f, p);
	ret = outset_finish(&set, err);
	outset_free(&set);
	return ret;
}

static int run(const struct request *r, struct walk *walks, struct sources *s,
	       struct nvs_error *err)
{
	struct walk_page p = { .sources = s, .nr = r->nr, .chinese = !strcmp(r->lang, "zh") };
	struct walk_difference d;

	if (sources_open(s, r->source, err))
		return -1;
	for (unsigned int i = 0; i < r->nr; i++) {
		if (walk_open(&walks[i], r->dir[i], &r->walk, err))
			return -1;
		p.walk[i] = &walks[i];
	}
	if (r->nr == 2) {
		walk_compare(&walks[0], &walks[1], &d);
		p.d = &d;
	}
	return write_out(r, &p, err);
}

int cmd_walkthrough(int argc, char **argv)
{
	struct request r = { .lang = "en", .steps = 50000 };
	struct walk walks[2] = { 0 };
	struct nvs_error err = { .text = "" };
	static struct sources s;
	int ret = parse(&r, argc, argv);

	if (ret == EXIT_DONE && run(&r, walks, &s, &err) < 0) {
		complain("%s", err.text);
		ret = EXIT_FAILED;
	}
	walk_close(&walks[0]);
	walk_close(&walks[1]);
	sources_close(&s);
	return ret == OPTIONS_HELP ? EXIT_DONE : ret;
}
