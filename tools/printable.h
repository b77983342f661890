/* SPDX-License-Identifier: GPL-2.0 */
/* Text that others chose (names of files and processes, a recording's env), fit for a terminal. */
#ifndef NVS_PRINTABLE_H
#define NVS_PRINTABLE_H

/*
 * Replaces, in place, each control character but newline and tab, and each byte that
 * is no part of UTF-8, by '?': what is printed cannot move the cursor, change colours
 * or set a terminal's title.  Returns @text.
 */
char *make_printable(char *text);

#endif
