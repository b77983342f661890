#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Beside the kernel's own driver: each on its own device, whichever was loaded first, and
# neither takes or disturbs what the other has.
. "$(dirname "$0")/lib.sh"
plan 37

guest coexist --nvme serial=one --ns size=64M --nvme serial=two --ns size=64M -- coexist-guest.sh main
