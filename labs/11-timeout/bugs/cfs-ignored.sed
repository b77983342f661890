# SPDX-License-Identifier: GPL-2.0
# file: pci_timeout.c
# check: broken
s/csts == ~0 \|\| csts & NVME_CSTS_CFS/csts == ~0/
