# SPDX-License-Identifier: GPL-2.0
# file: pci_map.c
# check: chain
# planted: yes
/^static unsigned int fill_run/,/^\}/ {
	/^\twalk->addr = addr;/d
}
