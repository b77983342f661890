/* SPDX-License-Identifier: GPL-2.0 */
/* A function that is made twice, and chosen at start: for the widest registers that there may be. */
#ifndef NVS_WIDEST_H
#define NVS_WIDEST_H

#ifdef __x86_64__
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif

#endif
