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
	reads "$1" depth-1 $slow_disk 1 2000
	cp /proc/kallsyms "/out/kallsyms.$1"
}

# A recorder starts its command when it is attached.
under_record() { # LABEL OPTIONS...
	_label=$1
	shift
	nvmescope record -o "/tmp/$_label" "$@" -- sh "$0" both "$_label" 2>"/out/$_label.txt"
	rm -rf "/tmp/$_label"
}

all() {
	echo 16 >/proc/sys/vm/nr_hugepages
	modprobe nvme
	settle
	both in-box
	under_record stock-events --provider stock
	# programs that were attached let go of it a little later
	wait_for "nvme to be free" rmmod nvme
	rmmod nvme_core
	insmod /modules/nvmescope_core.ko
	insmod /modules/nvmescope.ko
	settle
	both ours
	under_record driver-events --provider driver
}

"$@"
