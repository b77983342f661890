#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest's part of driver.sh: the same reads through the kernel's own driver and through
# ours. Each run leaves a line in /out/runs: driver, row, reads; the plugin counts on its own.
# shellcheck source=../guest/in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck source=disks.sh
. /src/tests/bench/disks.sh

reads() { # ROW DISK DEPTH BYTES COUNT [poll]
	_row=$1
	shift
	# twice: the figures must be the same
	for _ in 1 2; do
		iobench "$@"
		echo "$driver $_row $4" >>/out/runs
	done
}

threshold() { echo "$1" >"/sys/module/$module/parameters/sgl_threshold"; }

measure() {
	settle_disks
	# a disk with a latency: each read of depth 1 is waited for asleep
	reads depth-1 "$slow_disk" 1 4096 2000
	reads depth-32 "$quick_disk" 32 4096 16000
	threshold 0
	reads 128K-PRP "$quick_disk" 8 131072 4000
	threshold 32768
	reads 128K-SGL "$quick_disk" 8 131072 4000
	reads polled "$quick_disk" 32 4096 16000 poll
	cp /proc/kallsyms "/out/kallsyms.$driver"
}

echo 16 >/proc/sys/vm/nr_hugepages
driver=in-box module=nvme
modprobe nvme poll_queues=1
measure
rmmod nvme
rmmod nvme_core
driver=ours module=nvmescope
insmod /modules/nvmescope_core.ko
insmod /modules/nvmescope.ko poll_queues=1
measure
