# SPDX-License-Identifier: GPL-2.0
# file: ctrl.c
# check: legal
s/^(\t\[NVS_STATE_resetting\].*= ).*/\1BIT(NVS_STATE_new) | BIT(NVS_STATE_live) | BIT(NVS_STATE_resetting),/
