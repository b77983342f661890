# SPDX-License-Identifier: GPL-2.0
# file: scan.c
# check: middle_goes
/^\t\t\tremove_between\(ctrl, last, nsid\);/d
