# SPDX-License-Identifier: GPL-2.0
# file: pci_queue.c
# check: vectors
s/nvmeq->vector = dev->num_vecs > 1 .*/nvmeq->vector = 0;/
