// SPDX-License-Identifier: GPL-2.0
/* What top and serve share: whose histograms are read, and what they add up to. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "live.h"
#include "record.h"

const char *const live_providers[] = { "auto", "driver", "stock", NULL };

void live_add(struct live_sums *to, const struct hist_change *change)
{
	to->count += change->count;
	to->bytes += change->bytes;
	to->failed += change->failed;
	for (unsigned int stage = 0; stage < HIST_STAGES; stage++) {
		to->sum[stage] += change->sum[stage];
		to->requests[stage] += change->requests[stage];
		for (unsigned int i = 0; change->requests[stage] && i < HIST_BUCKETS; i++)
			to->bucket[stage][i] += change->bucket[stage][i];
	}
}

uint64_t live_quantile(const struct live_sums *s, unsigned int stage, double q)
{
	uint64_t rank = (uint64_t)(q * s->requests[stage]), seen = 0;

	if (rank >= s->requests[stage])
		rank = s->requests[stage] - 1;
	for (unsigned int i = 0; s->requests[stage] && i < HIST_BUCKETS; i++) {
		seen += s->bucket[stage][i];
		if (seen <= rank)
			continue;
		/* The last bucket has no end. */
		return i + 1 < HIST_BUCKETS ? (hist_low(i) + hist_low(i + 1)) / 2 : hist_low(i);
	}
	return 0;
}

/* Whose device it is; else ours if our driver is loaded. */
static const struct provider *provider_of(const char *wanted, const struct record_device *d)
{
	char driver[64];

	if (!strcmp(wanted, "driver"))
		return &provider_driver;
	if (!strcmp(wanted, "stock"))
		return &provider_stock;
	if (d->text && d->ctrl != NVS_NO_CTRL &&
	    record_driver_of(d->prefix, d->ctrl, driver, sizeof(driver)))
		return strcmp(driver, provider_stock.pci_module) ? &provider_driver
								 : &provider_stock;
	return record_module_loaded(provider_driver.core_module) ? &provider_driver
								 : &provider_stock;
}

/* What the class in sysfs is called that this driver's controllers are in */
static const char *prefix_of(const struct provider *provider)
{
	for (const char *const *p = record_node_prefixes; *p; p++) {
		unsigned int end = record_ctrls_end(*p);
		char driver[64];

		for (unsigned int i = 0; i < end; i++)
			if (record_driver_of(*p, i, driver, sizeof(driver)) &&
			    !strcmp(driver, provider->pci_module))
				return *p;
	}
	return record_node_prefixes[0];
}

static int check_device(const struct provider *provider, const struct record_device *d,
			struct nvs_error *err)
{
	struct recorder r = { .provider = provider, .device = *d };

	if (!record_module_loaded(provider->pci_module))
		return nvs_fail(err, "module %s is not loaded: there is nothing to watch",
				provider->pci_module);
	return record_device_check(&r, err);
}

int live_open(struct live *l, const struct live_options *o, struct nvs_error *err)
{
	struct level_config config = { .level = LEVEL_HIST, .stages = !o->no_stages };
	struct record_device device = { .ctrl = NVS_NO_CTRL };
	const char *beyond = o->no_stages ? filter_beyond_one_probe(&o->filter) : NULL;
	const struct provider *provider;

	*l = (struct live){ .stages = !o->no_stages };
	if (o->device && !record_device_parse(&device, o->device))
		return nvs_fail(err,
				"'%s' is no device; name one like nvme0, /dev/nvme0n1 or "
				"0000:01:00.0",
				o->device);
	provider = provider_of(o->provider ? o->provider : "auto", &device);
	if (beyond)
		return nvs_fail(err, "--%s cannot be told with --no-stages: leave one out", beyond);
	if (check_device(provider, &device, err) || filter_parse(&o->filter, &config, err))
		return -1;
	config.by_device = !!o->device;
	l->provider = provider->name;
	l->prefix = prefix_of(provider);
	l->hist = hist_live_open(provider == &provider_stock, &config, device.ctrl, err);
	if (!l->hist)
		return -1;
	/* What is left to do is to read what was counted. */
	record_priv_drop(&(struct recorder){ 0 }, false);
	return 0;
}

void live_close(struct live *l)
{
	if (l->hist)
		hist_live_close(l->hist);
	l->hist = NULL;
}

uint64_t live_lost(const struct live *l)
{
	uint64_t lost = hist_live_skipped(l->hist);

	for (int cause = 0; cause <= LOST_LAST_RECORD; cause++)
		lost += hist_live_lost(l->hist, cause);
	return lost;
}

char *live_read_irqs(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	/* Nothing in it is 0: all is one piece. */
	if (f && getdelim(&text, &room, 0, f) < 0) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

/* "  36:   0   9  PCI-MSI 524289-edge": adds up what is between the colon and words. */
static int64_t add_counts(const char *line)
{
	const char *count = strchr(line, ':');
	int64_t total = 0;

	for (count = count ? count + 1 : ""; *count == ' ';) {
		char *end;
		uint64_t n = strtoull(count, &end, 10);

		if (end == count || *end != ' ')
			break;
		total += n;
		count = end;
	}
	return total;
}

int64_t live_irqs(const char *text, const char *prefix, unsigned int ctrl, unsigned int qid)
{
	char name[64];
	size_t len = snprintf(name, sizeof(name), "%s%uq%u", prefix, ctrl, qid);

	for (const char *at = text; at && (at = strstr(at, name)); at += len) {
		const char *line = at;

		if (isalnum((unsigned char)at[len]) ||
		    (at > text && isalnum((unsigned char)at[-1])))
			continue;
		while (line > text && line[-1] != '\n')
			line--;
		return add_counts(line);
	}
	return -1;
}
