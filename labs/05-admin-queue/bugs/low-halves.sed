# SPDX-License-Identifier: GPL-2.0
# file: pci_reset.c
# check: both_halves
/\{ NVME_REG_A[SC]Q \+ 4, /d
