#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
. /src/tests/guest/in-guest.sh

work() {
	load hold_ms=10000
	dd if=/dev/nvme0n1 of=/dev/null bs=4k count=1 iflag=direct
	rmmod nvmescope
}

main() {
	record rec sh "$0" work
	rmmod nvmescope_core
	check true true
}

"$@"
