# SPDX-License-Identifier: GPL-2.0
# file: pci.c
# check: claimed
s/ret = pci_request_mem_regions\(pdev, "nvmescope"\);/ret = 0;/
