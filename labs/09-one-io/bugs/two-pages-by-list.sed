# SPDX-License-Identifier: GPL-2.0
# file: pci_map.c
# check: two_pages
s/if \(bytes <= NVME_CTRL_PAGE_SIZE\) \{/if (bytes < NVME_CTRL_PAGE_SIZE) {/
