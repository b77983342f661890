# SPDX-License-Identifier: GPL-2.0
# file: pci_complete.c
# check: doorbells
s/^\tif \(found\)$/\tif (true)/
