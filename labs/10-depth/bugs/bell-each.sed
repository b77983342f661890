# SPDX-License-Identifier: GPL-2.0
# file: pci_submit.c
# check: batches
# planted: yes
/^static void submit_batch/,/^\}/ s/^\t\tcopy_command\(nvmeq, nvme_req\(rq\)->cmd\);/&\n\t\tring_sq(nvmeq);/
