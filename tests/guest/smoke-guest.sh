#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1

io() {
	fio --name=smoke --filename=$disk --ioengine=io_uring --direct=1 --rw=randwrite --verify=crc32c \
		--verify_fatal=1 --thread=1 --output=/out/fio.txt --iodepth=16 --bsrange=4k-64k --size=8M
	nvme id-ctrl /dev/nvme0 >/dev/null
}

inbox_life() {
	echo 0000:01:00.0 >/sys/bus/pci/drivers/nvme/bind
	wait_for "the in-box driver's disk" test -b $disk
	io
	echo 0000:01:00.0 >/sys/bus/pci/drivers/nvme/unbind
}

our_life() {
	load hold_ms=10000
	io
	rmmod nvmescope
}

both() {
	modprobe nvme
	wait_for "the in-box driver's disk" test -b $disk
	echo 0000:01:00.0 >/sys/bus/pci/drivers/nvme/unbind
	nvmescope inspect --json >/out/inspect.json
	check "inbox: recorded, from its start to its end" record inbox sh "$0" inbox_life
	check "inbox: unloaded" unload_inbox
	check "ours: recorded, from its start to its end" record ours sh "$0" our_life
	check "ours: unloaded" rmmod nvmescope_core
	is "no module of ours is left" "$(grep -c nvmescope /proc/modules)" 0
}

"$@"
