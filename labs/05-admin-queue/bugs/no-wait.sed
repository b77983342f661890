# SPDX-License-Identifier: GPL-2.0
# file: regs.c
# check: waited
# planted: yes
/^\tif \(!ret\)$/ {
	N
	/NVME_CSTS_RDY, 0, /d
}
