#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel's own driver where the kernel says nothing of its types.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1

# One task, so that commands are rung in the order that they are built.
steps() {
	check "verified" fio --name=old --filename=$disk --ioengine=io_uring --direct=1 --rw=randwrite --verify=crc32c \
		--verify_fatal=1 --thread=1 --output=/out/fio.txt --iodepth=16 --bsrange=4k-64k --size=8M
	# fewer than 16: then an identifier comes again, and the log does not tell which use of it it has
	check "one by one" dd if=$disk of=/dev/null bs=4k count=12 iflag=direct
	check "an admin command" nvme id-ctrl /dev/nvme0
	fails "a read that the device refuses" any LBA nvme read $disk -s 0xffffff -c 0 -z 4096 -d /tmp/block
}

recorded() {
	modprobe nvme
	wait_for "a disk" test -b $disk
	if [ -e /sys/kernel/btf/nvme ]; then
		mkdir /tmp/btf
		cp /sys/kernel/btf/vmlinux /tmp/btf/
		mount --bind /tmp/btf /sys/kernel/btf
	fi
	nvmescope inspect --json >/out/inspect.json
	check "recorded" nvmescope record -o /out/recording -- sh "$0" steps
	fails "what cannot be seen is said" 0 "not seen: doorbells" nvmescope record -o /tmp/again -- true
}

"$@"
