#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

verified() { # LABEL OPTIONS...
	_label=$1
	shift
	fio --name="$_label" --filename=/dev/nvme0n1 --ioengine=io_uring --direct=1 --rw=randwrite --verify=crc32c \
		--verify_fatal=1 --thread=1 --group_reporting --output="/out/$_label.txt" --iodepth=16 --bsrange=4k-64k \
		--size=16M --offset_increment=32M --numjobs=2 "$@"
}

# Hardware contexts that lead to a poll queue have no interrupt to count.
interrupts() { awk '/nvme0q4/ { n = $2 + $3 } END { print n + 0 }' /proc/interrupts; }

kinds() {
	load hold_ms=10000 "write_queues=1 poll_queues=1"
	is "kinds: four hardware queues" "$(find /sys/block/nvme0n1/mq -mindepth 1 -maxdepth 1 -type d | wc -l)" 4
	check "kinds: reads and writes, verified" verified kinds
	check "kinds: polled, verified" verified polled --hipri
	is "kinds: without an interrupt" "$(interrupts)" 0
	rmmod nvmescope
}

# Requests that entered by the old maps end, those that wait go by the new ones.
changing() {
	verified changing --size=32M &
	for _polled in 1 0 1 0; do
		echo $_polled >/sys/module/nvmescope/parameters/poll_queues
		echo 1 >/sys/class/nvme/nvme0/reset_controller
		[ "$(grep -c nvme0q2 /proc/interrupts)" = $((1 - _polled)) ]
	done
	wait $!
}

threads() {
	load hold_ms=10000 use_threaded_interrupts=1
	check "threads: verified" verified threads
	check "threads: verified while resets make one queue a polled one, and back" changing
	rmmod nvmescope
}

shadow() {
	load hold_ms=10000 shadow_doorbells=1
	check "shadow: verified" verified shadow
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	check "shadow: verified after a reset" verified shadow-again
	rmmod nvmescope
}

sgl() {
	echo never >/sys/kernel/mm/transparent_hugepage/enabled
	load hold_ms=10000 sgl_threshold=4096
	check "sgl: from one page each, verified" verified sgl --bsrange=4k-256k
	echo 8 >/proc/sys/vm/nr_hugepages
	check "sgl: from one long segment, verified" verified huge --iomem=mmaphuge --hugepage-size=2m --bsrange=128k-128k --iodepth=4 --size=4M
	rmmod nvmescope
}

run() { # WORKLOAD
	record rec sh "$0" "$1"
	rmmod nvmescope_core
}

"$@"
