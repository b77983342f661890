/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A function that is made twice, and chosen at start: for the widest registers that there may be, and
 * what came with them: the older way to find a number's highest bit is slow on some processors.
 */
#ifndef NVS_WIDEST_H
#define NVS_WIDEST_H

#ifdef __x86_64__
#define WIDEST __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif

#endif
