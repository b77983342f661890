# SPDX-License-Identifier: GPL-2.0
# file: scan.c
# check: disks
s/for \(i = 0; i < NSIDS_PER_LIST; i\+\+\)/for (i = 1; i < NSIDS_PER_LIST; i++)/
