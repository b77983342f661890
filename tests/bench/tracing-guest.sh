#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest's part of tracing.sh: the same reads, untraced and under each recorder.
# shellcheck source=../guest/in-guest.sh
. /src/tests/guest/in-guest.sh

slow_disk=/dev/nvme0n1 quick_disk=/dev/nvme0n2

settle() {
	for _disk in $slow_disk $quick_disk; do
		wait_for "$_disk" test -e "/sys/block/${_disk#/dev/}/queue/scheduler"
		echo none >"/sys/block/${_disk#/dev/}/queue/scheduler"
	done
	sleep 1
}

# Each run of iobench leaves a count; what it was goes to /out/runs.
reads() { # LABEL ROW DISK DEPTH COUNT
	iobench "$3" "$4" 4096 "$5"
	echo "$1 $2 $5" >>/out/runs
}

both() { # LABEL
	reads "$1" depth-32 $quick_disk 32 16000
	reads "$1" depth-1 $slow_disk 1 4000
}

# The recorder in the background, as in production: the reads begin when it is attached.
under_record() { # LABEL OPTIONS...
	_label=$1
	shift
	nvmescope record -o "/tmp/$_label" "$@" 2>"/out/$_label.txt" &
	_pid=$!
	sleep 3
	both "$_label"
	kill -INT $_pid
	wait $_pid
	cat "/out/$_label.txt"
	rm -rf "/tmp/$_label"
}

echo 16 >/proc/sys/vm/nr_hugepages
modprobe nvme
settle
both in-box
under_record stock-events --provider stock
both in-box
rmmod nvme
rmmod nvme_core
insmod /modules/nvmescope_core.ko
insmod /modules/nvmescope.ko
settle
both ours
under_record driver-events --provider driver
