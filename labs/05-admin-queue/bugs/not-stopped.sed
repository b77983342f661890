# SPDX-License-Identifier: GPL-2.0
# file: pci_reset.c
# check: stopped_first
s/^\tret = disable_or_flr\(dev\);/\tret = 0;/
