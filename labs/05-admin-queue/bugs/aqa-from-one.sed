# SPDX-License-Identifier: GPL-2.0
# file: pci_reset.c
# check: aqa
s/u32 aqa = .*/u32 aqa = nvmeq->depth | nvmeq->depth << 16;/
