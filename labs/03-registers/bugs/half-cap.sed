# SPDX-License-Identifier: GPL-2.0
# file: pci.c
# check: cap_whole
s/\*val = readl\(reg\) \| .*/*val = readl(reg);/
