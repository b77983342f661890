# SPDX-License-Identifier: GPL-2.0
# file: pci_complete.c
# check: laps
/^\t\t\tnvmeq->cq_phase \^= 1;$/d
