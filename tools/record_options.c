// SPDX-License-Identifier: GPL-2.0
/* Options of nvmescope record. */
#include <string.h>
#include "format.h"
#include "record_flight.h"
#include "record_options.h"

#define RING_SIZE_MIN 4096ull
#define RING_SIZE_MAX (256ull << 20)

static struct record_options opt;

const struct record_options *record_options(void)
{
	return &opt;
}

static const char *const providers[] = { "auto", "driver", "stock", NULL };

static const struct option_row rows[] = {
	{ "output", 'o', OPTION_STRING, "DIR", &opt.output, "where to; must not exist yet", NULL },
	{ "device", 'd', OPTION_STRING, "DEV", &opt.device,
	  "this one only: nvme0, /dev/nvme0n1, 0000:01:00.0", NULL },
	{ "level", 'l', OPTION_CHOICE, "LEVEL", &opt.level.level,
	  "how much is recorded: steps, requests, counts", record_levels },
	{ "interval", 0, OPTION_SECONDS, "SECONDS", &opt.level.interval,
	  "from one writing of level hist to the next (1)", NULL },
	{ "no-stages", 0, OPTION_FLAG, NULL, &opt.level.no_stages,
	  "level hist by one probe: whole times alone, by blk-mq's stamp", NULL },
	{ "provider", 'p', OPTION_CHOICE, "WHOSE", &opt.provider,
	  "steps are recorded: ours, the kernel's own, or DEV's", providers },
	FILTER_ROWS(opt.level.filter),
	{ "ring-size", 'r', OPTION_SIZE, "SIZE", &opt.ring_size,
	  "of each CPU's ring, a power of two (8M; 64K at level hist)", NULL },
	{ "duration", 't', OPTION_SECONDS, "SECONDS", &opt.duration, "end after this time", NULL },
	{ "max-size", 'm', OPTION_SIZE, "SIZE", &opt.max_size,
	  "DIR never holds more: the oldest goes", NULL },
	{ "flight", 'f', OPTION_SIZE, "SIZE", &opt.flight,
	  "keep the newest in memory; save them when a trigger comes", NULL },
	{ "trigger", 0, OPTION_STRINGS, "WHAT", &opt.triggers,
	  "lat>10ms, timeout, abort, reset, error, aen, signal; repeatable", NULL },
	{ "after", 0, OPTION_SECONDS, "SECONDS", &opt.after, "that are saved behind a trigger (1)",
	  NULL },
	{ "trigger-every", 0, OPTION_SECONDS, "SECONDS", &opt.trigger_every,
	  "at most one trigger is saved in this time (10)", NULL },
	{ "strict", 0, OPTION_FLAG, NULL, &opt.strict, "exit with 1 if events were lost", NULL },
	{ "wait", 'w', OPTION_FLAG, NULL, &opt.wait, "wait for the module to be loaded", NULL },
	{ "verbose", 'v', OPTION_FLAG, NULL, &opt.verbose, "show what libbpf says", NULL },
	{ 0 },
};

static const struct usage usage = {
	.command = "record",
	.synopsis = "-o DIR [OPTIONS] [-- COMMAND...]",
	.description =
		"Records the steps of the nvmescope driver, or of the kernel's own, until COMMAND\n"
		"ends, SECONDS are over or SIGINT or SIGTERM comes; a COMMAND that still runs then\n"
		"gets SIGTERM. COMMAND may load our modules: with 'hold_ms=5000', nvmescope_core\n"
		"waits for the recorder, and the whole initialisation is in the recording. With the\n"
		"kernel's own it may bind the device.\n"
		"\n"
		"With --flight nothing is written until a trigger comes; then what is in memory is\n"
		"saved, with a little of what follows. docs/recording.md says more, and what\n"
		"privileges it takes.",
	.examples =
		"  nvmescope record -o run1 -d nvme0 -- fio job.fio\n"
		"  nvmescope record -o init -- sh -c 'insmod nvmescope_core.ko hold_ms=5000 &&\n"
		"                                     insmod nvmescope.ko'\n"
		"  nvmescope record -o stock -p stock -- \\\n"
		"      sh -c 'echo 0000:01:00.0 >/sys/bus/pci/drivers/nvme/bind'\n"
		"  nvmescope record -o /var/tmp/nvme -f 64M -m 2G --trigger 'lat>20ms' --trigger timeout",
	.rows = rows,
};

/*
 * "auto": the driver of the device that is named; else ours if it is loaded, or if nothing
 * is and COMMAND may load it.
 */
static const struct provider *choose_provider(const struct record_device *d)
{
	char driver[64];

	if (!strcmp(opt.provider, "driver"))
		return &provider_driver;
	if (!strcmp(opt.provider, "stock"))
		return &provider_stock;
	if (d->text && d->ctrl != NVS_NO_CTRL &&
	    record_driver_of(d->prefix, d->ctrl, driver, sizeof(driver)))
		return strcmp(driver, provider_stock.pci_module) ? &provider_driver
								 : &provider_stock;
	if (!record_module_loaded(provider_driver.core_module) &&
	    record_module_loaded(provider_stock.pci_module))
		return &provider_stock;
	return &provider_driver;
}

/* What belongs to the flight recorder. Returns an exit code, or -1 to go on. */
static int parse_flight(struct triggers **triggers)
{
	uint64_t least = opt.flight ? opt.flight + FLIGHT_LEAST : CTF_BOUND_LEAST;

	if (opt.max_size && opt.max_size < least)
		return options_wrong(&usage, "--max-size: less than %s%s", format_bytes(least).s,
				     opt.flight ? ", what one saved trigger may take" : "");
	if (!opt.flight && opt.triggers.nr)
		return options_wrong(&usage, "--trigger goes with --flight SIZE");
	if (!opt.flight)
		return -1;
	if (opt.flight < FLIGHT_LEAST)
		return options_wrong(&usage, "--flight: less than %s",
				     format_bytes(FLIGHT_LEAST).s);
	if (!opt.triggers.nr)
		return options_wrong(&usage, "--flight needs a --trigger, else nothing is saved");
	*triggers = triggers_new();
	for (unsigned int i = 0; *triggers && i < opt.triggers.nr; i++)
		if (!triggers_add(*triggers, opt.triggers.text[i]))
			return options_wrong(&usage,
					     "--trigger: '%s' is none; there are lat>TIME (as in "
					     "'lat>10ms'), timeout, abort, reset, error, aen and "
					     "signal",
					     opt.triggers.text[i]);
	return -1;
}

int record_options_parse(int argc, char **argv, struct recorder *r, struct triggers **triggers,
			 char ***command)
{
	int at, code;

	opt = (struct record_options){ .after = 1000000000,
				       .trigger_every = 10000000000,
				       .level.level = record_levels[0],
				       .provider = providers[0] };
	at = options_parse(&usage, argc, argv);
	if (at == OPTIONS_HELP)
		return EXIT_DONE;
	if (at < 0)
		return EXIT_USAGE;
	*command = at < argc ? argv + at : NULL;
	code = parse_flight(triggers);
	if (code >= 0)
		return code;
	if (!opt.output)
		return options_wrong(&usage, "-o DIR is missing");
	if (opt.device && !record_device_parse(&r->device, opt.device))
		return options_wrong(&usage,
				     "'%s' is no device; name one like nvme0, /dev/nvme0n1 "
				     "or 0000:01:00.0",
				     opt.device);
	if (!opt.device)
		r->device.ctrl = NVS_NO_CTRL;
	if (opt.flight && !strcmp(opt.level.level, "hist"))
		return options_wrong(&usage,
				     "--flight keeps events; level hist has none: give --level io");
	if (!opt.ring_size)
		opt.ring_size = strcmp(opt.level.level, "hist") ? 8u << 20 : 64u << 10;
	if (opt.ring_size < RING_SIZE_MIN || opt.ring_size > RING_SIZE_MAX ||
	    opt.ring_size & (opt.ring_size - 1))
		return options_wrong(&usage, "--ring-size: not a power of two from 4K to 256M");
	r->ring_size = opt.ring_size;
	r->provider = choose_provider(&r->device);
	r->verbose = opt.verbose;
	return record_level_parse(r, &opt.level, &usage);
}
