/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the kernel preempts programs, what each request passes is attached twice (stock_again.h).
 * These are counted: what the second told because the first was not run for it.
 */
#ifndef NVS_AGAIN_H
#define NVS_AGAIN_H

enum again {
	AGAIN_setup,
	AGAIN_queue_rq,
	AGAIN_queue_rqs,
	AGAIN_complete,
	NR_AGAIN,
};

/* How the second one's name ends. */
#define AGAIN_SUFFIX "_again"

#endif
