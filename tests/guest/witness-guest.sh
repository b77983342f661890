#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

# The demo's own workload, on two namespaces.
demo() {
	disks='/dev/nvme0n1 /dev/nvme0n2' load hold_ms=10000 shadow_doorbells=0
	CPUS=$(nproc) CPU_LIST=0-$(($(nproc) - 1)) fio --output=/out/fio.txt /src/tools/guest/demo.fio
	rmmod nvmescope
}

# Many more commands than the rings have entries, and more at once than fit.
wrap() { # PCI-PARAMS
	load hold_ms=10000 "shadow_doorbells=0 ${1-}"
	fio --name=wrap --filename=/dev/nvme0n1 --ioengine=io_uring --direct=1 --rw=randrw \
		--bssplit=512/20:4k/50:16k/20:128k/10 --iodepth=32 --number_ios=400 --thread=1 \
		--numjobs="$(nproc)" --cpus_allowed="0-$(($(nproc) - 1))" --cpus_allowed_policy=split \
		--group_reporting --output=/out/fio.txt
	rmmod nvmescope
}

run() { # WORKLOAD [PARAMS]
	record rec sh "$0" "$@"
	cat /proc/interrupts >/out/interrupts
	rmmod nvmescope_core
}

"$@"
