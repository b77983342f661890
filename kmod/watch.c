// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody listens to nvs_io.  From the first who does to the last is a watch: what a request noted
 * of itself (pci_level.c) counts in the watch that it was noted in, and in no other.
 */
#include <linux/rcupdate.h>
#include "core.h"
#include "trace.h"

u32 nvme_watch;
EXPORT_SYMBOL_GPL(nvme_watch);

/* Called before anybody can see that somebody listens. */
int nvme_watch_begin(void)
{
	/* Who is still at work in the one before is done then. */
	synchronize_rcu();
	nvme_watch++;
	return 0;
}

/* And before anybody can see that nobody does. */
void nvme_watch_end(void)
{
	nvme_watch++;
}
