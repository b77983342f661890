// SPDX-License-Identifier: GPL-2.0
/* 7.0: whoever listens to a tracepoint can be preempted. */
#include <linux/srcu.h>
#include <linux/tracepoint.h>

void probe(void);
void probe(void)
{
	guard(srcu_fast_notrace)(&tracepoint_srcu);
}
