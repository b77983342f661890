# SPDX-License-Identifier: GPL-2.0
# file: pci_timeout.c
# check: polled
/^\tnvme_poll_queue\(nvmeq, NVS_WHY_CQ_timeout\);/d
