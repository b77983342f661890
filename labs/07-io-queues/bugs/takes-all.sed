# SPDX-License-Identifier: GPL-2.0
# file: identify.c
# check: creates
/^\t\*count = min\(\*count, min\(granted /d
