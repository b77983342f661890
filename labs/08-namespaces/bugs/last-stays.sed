# SPDX-License-Identifier: GPL-2.0
# file: scan.c
# check: last_goes
s/remove_between\(ctrl, last, U32_MAX\);/;/
