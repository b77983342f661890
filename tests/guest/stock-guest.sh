#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's own driver, recorded.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1

verified() { # LABEL OPTIONS...
	_label=$1
	shift
	fio --name="$_label" --filename=$disk --ioengine=io_uring --direct=1 --rw=randwrite --verify=crc32c \
		--verify_fatal=1 --thread=1 --group_reporting --output="/out/$_label.txt" --iodepth=16 --bsrange=4k-64k \
		--size=8M --offset_increment=16M --numjobs=2 "$@"
}

stock() { # NAME COMMAND...
	_name=$1
	shift
	check "$_name: recorded" nvmescope record -o "/out/$_name" -- "$@"
}

address() { basename "$(readlink /sys/class/nvme/nvme0/device)"; }
live() { [ "$(cat /sys/class/nvme/nvme0/state)" = live ]; }

# From the bind to the end of the controller
life_steps() { # ADDRESS
	echo "$1" >/sys/bus/pci/drivers/nvme/bind
	wait_for "a disk" test -b $disk
	check "life: verified" verified life
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	wait_for "the reset" live
	check "life: verified after a reset" verified again
	check "life: a command of a user's" nvme read $disk -s 0 -c 0 -z 4096 -d /tmp/block
	echo "$1" >/sys/bus/pci/drivers/nvme/unbind
}

life() {
	fails "no module: said, and how to have it" 1 "module nvme is not loaded.*modprobe nvme" \
		nvmescope record -o /tmp/none --provider stock -- true
	modprobe nvme
	wait_for "a disk" test -b $disk
	fails "another provider than its driver's: said" 1 "nvme0 is driven by 'nvme'" \
		nvmescope record -o /tmp/none --provider driver -d nvme0 -- true
	check "nothing is left behind" test ! -e /tmp/none
	_address=$(address)
	echo "$_address" >/sys/bus/pci/drivers/nvme/unbind
	stock life sh "$0" life_steps "$_address"
}

kinds_steps() {
	check "kinds: verified" verified kinds
	check "kinds: polled, verified" verified polled --hipri --numjobs=1
}

# A scheduler hands requests over one by one, and says when there are no more of them.
scheduled_steps() { check "scheduled: verified" verified scheduled --iodepth_batch=8 --iodepth_batch_complete=4; }

kinds() {
	modprobe nvme write_queues=1 poll_queues=1
	wait_for "a disk" test -b $disk
	stock kinds sh "$0" kinds_steps
	echo mq-deadline >/sys/block/nvme0n1/queue/scheduler
	stock scheduled sh "$0" scheduled_steps
}

# Four processors share one small queue, whose ring is gone round many times.
shared() {
	modprobe nvme io_queue_depth=16
	wait_for "a disk" test -b $disk
	fails "shared: rings larger than the memory are refused" 1 "no memory for .* try a smaller --ring-size" \
		nvmescope record --ring-size 256M -o /out/large -- true
	test ! -e /out/large
	stock shared sh "$0" shared_steps
}

shared_steps() { check "shared: verified" verified shared --numjobs=4 --size=4M --bsrange=4k-16k; }

# A thread calls the driver's function, and the interrupt another.
threaded() {
	modprobe nvme use_threaded_interrupts=1
	wait_for "a disk" test -b $disk
	stock threaded sh "$0" threaded_steps
}

threaded_steps() { check "threaded: verified" verified threaded; }

# Two controllers, one of them recorded
one_of_two() {
	modprobe nvme
	wait_for "two disks" test -b /dev/nvme1n1
	check "one of two: recorded" nvmescope record -o /out/filtered -d nvme1 -- sh "$0" two_steps
}

two_steps() {
	dd if=/dev/nvme0n1 of=/dev/null bs=4k count=200 iflag=direct
	dd if=/dev/nvme1n1 of=/dev/null bs=4k count=100 iflag=direct
}

# Rings that are far too small: what is not in the recording must be in its counts.
losses() {
	modprobe nvme
	wait_for "a disk" test -b $disk
	check "losses: recorded" nvmescope record -o /out/losses --ring-size 4096 -- \
		dd if=$disk of=/dev/null bs=4k count=2000 iflag=direct
}

"$@"
