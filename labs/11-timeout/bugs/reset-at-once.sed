# SPDX-License-Identifier: GPL-2.0
# file: pci_timeout.c
# check: aborted
s/if \(!nvmeq->qid \|\| iod->aborted\) \{/if (true) {/
