# SPDX-License-Identifier: GPL-2.0
# file: tagset.c
# check: depth
# planted: yes
/^int nvme_alloc_io_tags/,/^\}/ s/\.queue_depth\t= depth,/.queue_depth\t= min(depth, 4u),/
