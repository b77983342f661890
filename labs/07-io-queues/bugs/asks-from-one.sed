# SPDX-License-Identifier: GPL-2.0
# file: identify.c
# check: asks
s/u32 wanted = .*/u32 wanted = *count | *count << 16;/
