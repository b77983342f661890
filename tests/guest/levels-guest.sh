#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Levels io and hist, and their filters.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1

try() {
	modprobe nvme
	wait_for "a disk" test -b $disk
	for level in io hist; do
		nvmescope record -v -o /out/$level --level $level -- fio --name=a --filename=$disk --ioengine=io_uring --direct=1 --rw=randread --iodepth=16 --bs=4k --size=8M >/out/$level.txt 2>&1 || echo failed >>/out/$level.txt
	done
	nvmescope record -v -o /out/one --level hist --no-stages -- fio --name=a --filename=$disk --ioengine=io_uring --direct=1 --rw=randread --iodepth=16 --bs=4k --size=8M >/out/one.txt 2>&1 || echo failed >>/out/one.txt
}

"$@"
