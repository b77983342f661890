#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

verified_load() { # LABEL [OPTIONS...]: random writes that are read back and compared
	_label=$1
	shift
	fio --name="$_label" --filename=/dev/nvme0n1 --ioengine=io_uring --direct=1 --rw=randwrite \
		--bsrange=4k-64k --iodepth=16 --size=48M --offset_increment=64M --numjobs=2 --thread=1 \
		--verify=crc32c --verify_fatal=1 --group_reporting --output="/out/$_label.txt" "$@"
}

live() { [ "$(cat /sys/class/nvme/nvme0/state)" = live ]; }
in_flight() { awk '{ print $1 + $2 }' /sys/block/nvme0n1/inflight; }
# What a controller has of the kernel's: interrupts and DMA pools.
held() { grep -c ' nvme0q' /proc/interrupts; cat /sys/bus/pci/devices/*/pools 2>/dev/null | grep -c 'prp list'; }

resets_under_load() {
	verified_load reset &
	fio=$!
	for _ in 1 2 3 4 5 6 7 8; do
		sleep 0.3
		echo 1 >/sys/class/nvme/nvme0/reset_controller
	done
	wait $fio
}

reset_work() {
	load hold_ms=10000
	before=$(held)
	check "reset: writes, resets meanwhile, and what is read back is what was written" resets_under_load
	check "reset: live afterwards" live
	is "reset: no request is left in flight" "$(in_flight)" 0
	is "reset: as many interrupts and DMA pools as before" "$(held)" "$before"
	rmmod nvmescope
}

reset() {
	record rec sh "$0" reset_work
	rmmod nvmescope_core
}

# Many requests are in flight at each reset; the handler of their interrupts is held up while
# CC.EN is cleared, if the driver lets one begin then.
under_way() { [ "$(in_flight)" -ge 8 ]; }
late_resets() {
	host throttle nvme0n1 $((8000000 / slow))
	verified_load late --size=8M &
	fio=$!
	for _ in 1 2 3 4; do
		wait_for "requests in flight" under_way
		echo 1 >/sys/class/nvme/nvme0/reset_controller
	done
	host throttle nvme0n1 0
	wait $fio
}

late_work() {
	load hold_ms=10000
	echo 4 >/sys/module/mishap/parameters/late_stops
	check "late: writes, resets meanwhile, and what is read back is what was written" late_resets
	is "late: no handler is at work while the controller is stopped" "$(cat /sys/module/mishap/parameters/late_held)" 0
	rmmod nvmescope
}

late() {
	insmod /mishap/mishap.ko
	record late sh "$0" late_work
	rmmod nvmescope_core
	rmmod mishap
}

apart() {
	late
	unplug
}

# Somebody is at work: has moved more than whoever looked for partitions.
busy() { [ "$(awk '{ print $1 + $5 }' /sys/block/nvme0n1/stat)" -gt 500 ]; }

# What a reader gets while its disk goes away: an error, or the end of its work.
unplugged_under_load() {
	fio --name=unplug --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --rw=randrw --bs=4k \
		--iodepth=16 --size=128M --time_based --runtime=60 --output=/out/unplug.txt &
	fio=$!
	wait_for "some I/O" busy
	host unplug
	! wait $fio
}

gone() { ! ls /dev/nvme0 /dev/nvme0n1 /dev/ng0n1 /sys/class/nvme/nvme0 /sys/block/nvme0n1; }

# Commands through a file that was opened while the device was there.
orphan() {
	exec 7<"$1"
	host unplug
	if nvme id-ctrl /proc/self/fd/7; then return 1; fi
	exec 7<&-
}

same_pattern() { dd if=/dev/nvme0n1 bs=1M skip=200 count=8 iflag=direct | cmp - /tmp/pattern; }

unplug() {
	load
	dd if=/dev/urandom of=/tmp/pattern bs=1M count=8
	dd if=/tmp/pattern of=/dev/nvme0n1 bs=1M seek=200 oflag=direct
	check "unplug: the reader learns that its disk is gone, and ends" unplugged_under_load
	check "unplug: so are its nodes" gone
	host plug
	wait_for "the disk again" test -b /dev/nvme0n1
	wait_for "its generic node" test -c /dev/ng0n1
	check "unplug: plugged in again, it has what was written" same_pattern
	for node in /dev/nvme0 /dev/ng0n1 /dev/nvme0n1; do
		check "unplug: with $node open, a command fails and the close is quiet" orphan $node
		host plug
		wait_for "the disk again" test -b /dev/nvme0n1
		wait_for "its generic node" test -c /dev/ng0n1
	done
	fails "unplug: a module whose disk is open stays" any "" sh -c 'rmmod nvmescope </dev/nvme0n1'
	bdf=$(basename "$(readlink -f /sys/class/nvme/nvme0/device)")
	fio --name=unbind --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --rw=randwrite --size=128M --bs=4k \
		--iodepth=16 --time_based --runtime=60 --output=/out/unbind.txt &
	fio=$!
	wait_for "some I/O" busy
	echo "$bdf" >/sys/bus/pci/drivers/nvmescope/unbind
	status=0
	wait $fio || status=$?
	is "unplug: unbound under load, the writer learns it" $((status > 0)) 1
	check "unplug: nodes gone" gone
	echo "$bdf" >/sys/bus/pci/drivers/nvmescope/bind
	wait_for "the disk again" test -b /dev/nvme0n1
	check "unplug: bound again, it has what was written" same_pattern
	unload
}

# Memory that a module of ours still holds would show here, many times over. Shrinking gives back what
# processors keep at hand, and what KASAN holds back, where it looks for uses after freeing.
slab() {
	for _cache in /sys/kernel/slab/*/shrink; do echo 1 >"$_cache"; done
	awk '/^(kmalloc|dma-kmalloc|blkdev_queue|request_queue|bdev_cache)/ { n += $2 * $4 } END { print int(n / 1024) }' /proc/slabinfo
}

cycles() { # N: in, and out again; each other time without waiting for the disk
	i=0
	while [ $i -lt "$1" ]; do
		insmod /modules/nvmescope_core.ko
		insmod /modules/nvmescope.ko
		[ $((i % 2)) = 0 ] || wait_for "the disk" test -b /dev/nvme0n1
		# not while somebody looks for partitions
		wait_for "the disk's last user" rmmod nvmescope
		rmmod nvmescope_core
		i=$((i + 1))
	done
}

no_growth() { # BEFORE AFTER, KiB
	echo "slabs: $1 KiB before, $2 KiB after"
	[ $(($2 - $1)) -lt 2048 ]
}

cycle() { # N
	cycles 5
	before=$(slab)
	check "cycle: $1 times in and out, half of them in the middle of the bring-up" cycles "$1"
	check "cycle: memory is where it was" no_growth "$before" "$(slab)"
	is "cycle: nothing left in sysfs" "$(find /sys/class /sys/bus/pci/drivers -name 'nvme*' 2>/dev/null)" ""
	is "cycle: no interrupt left" "$(grep -c nvme /proc/interrupts)" 0
}

"$@"
