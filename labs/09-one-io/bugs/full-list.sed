# SPDX-License-Identifier: GPL-2.0
# file: pci_map.c
# check: edge
s/if \(room == 1 && entries > 1\)/if (room == 1)/
s/entries > room \? room - 1 : entries/entries >= room ? room - 1 : entries/
