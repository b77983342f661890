# SPDX-License-Identifier: GPL-2.0
# file: pci_queue.c
# check: sizes
/create_sq\t*= \{|\.create_sq = \{/,/\}/ s/nvmeq->depth - 1/nvmeq->depth/
