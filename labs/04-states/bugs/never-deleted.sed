# SPDX-License-Identifier: GPL-2.0
# file: ctrl.c
# check: deleted
s/^(\t\[NVS_STATE_deleting\].*= )BIT\(NVS_STATE_live\) \| /\1/
