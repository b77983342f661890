# SPDX-License-Identifier: GPL-2.0
# file: pci_timeout.c
# check: reset
s/if \(!nvmeq->qid \|\| iod->aborted\) \{/if (!nvmeq->qid) {/
s/^\tif \(!send_abort\(nvmeq, rq\)\)/\tif (iod->aborted || !send_abort(nvmeq, rq))/
