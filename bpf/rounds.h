/* SPDX-License-Identifier: GPL-2.0 */
/* A loop whose rounds are not known before, but not too many, as any verifier follows it. */
#ifndef NVS_ROUNDS_H
#define NVS_ROUNDS_H

/*
 * Goes round @count times, which the verifier knows to be @max (a constant) at most.  @i counts up
 * to the constant, for of a comparison of two variables 6.1's verifier learns nothing.
 * After a break, @max - @i rounds are left: that one, and those behind it.
 */
#define ROUNDS(i, count, max) \
	for ((i) = (max) - (count); ({ barrier_var(i); (i) < (max); }); (i)++)

#endif
