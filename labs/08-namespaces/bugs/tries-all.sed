# SPDX-License-Identifier: GPL-2.0
# file: scan.c
# check: holes
s/^\tif \(sequential_scan \|\| !has_ns_list\(ctrl\)\)/\tnvme_scan_ns_list(ctrl);\n\tif (true)/
