# SPDX-License-Identifier: GPL-2.0
# file: pci_queue.c
# check: deleted
# planted: yes
/^void nvme_delete_io_queues/,/^\}/ {
	s/NVS_RING_sq/NVS_RING_FIRST/
	s/NVS_RING_cq/NVS_RING_sq/
	s/NVS_RING_FIRST/NVS_RING_cq/
}
