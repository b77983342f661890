# SPDX-License-Identifier: GPL-2.0
# file: pci_complete.c
# check: laps
s/if \(\+\+nvmeq->cq_head == nvmeq->depth\)/if (++nvmeq->cq_head == nvmeq->depth - 1)/
