# SPDX-License-Identifier: GPL-2.0
# file: pci_complete.c
# check: all_freed
s/^\t\tring_cq\(nvmeq, old_head, found\);$/\t\tring_cq(nvmeq, old_head, found - (found > 1));/
