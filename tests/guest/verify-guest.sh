#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

verified() { # LABEL OPTIONS...
	_label=$1
	shift
	fio --name="$_label" --filename=/dev/nvme0n1 --rw=randwrite --verify=crc32c --verify_fatal=1 \
		--direct=1 --thread=1 --group_reporting --output="/out/$_label.txt" "$@"
}

# Without SGLs, which large segments would use, and shadow doorbells.
sizes_work() {
	load hold_ms=10000 "sgl_threshold=0 shadow_doorbells=0"
	check "512 B to 1 MiB, 64 deep, four jobs, io_uring" \
		verified io_uring --ioengine=io_uring --bsrange=512-1m --bs_unaligned=0 --blockalign=512 \
		--iodepth=64 --size=32M --offset_increment=64M --numjobs=4
	check "512 B to 128 KiB, 16 deep, libaio" \
		verified libaio --ioengine=libaio --bsrange=512-128k --blockalign=512 --iodepth=16 --size=24M
	check "one at a time" \
		verified psync --ioengine=psync --bsrange=512-64k --blockalign=512 --size=8M
	check "through the page cache" \
		verified buffered --ioengine=psync --direct=0 --bsrange=512-256k --blockalign=512 --size=24M --end_fsync=1
	# 4 MiB of contiguous memory: more entries than one page of a list has
	echo 16 >/proc/sys/vm/nr_hugepages
	cat /sys/block/nvme0n1/queue/max_hw_sectors_kb >/sys/block/nvme0n1/queue/max_sectors_kb
	check "4 MiB at once, from huge pages" \
		verified huge --ioengine=io_uring --iomem=mmaphuge --hugepage-size=2m --bs=4m --iodepth=2 --size=64M
	check "every offset of a buffer within its page, down to 4 bytes" offsets
	rmmod nvmescope
}

# 64 blocks of 512 B from a buffer that begins at odd places in its page.
offsets() {
	for offset in 4 508 512 2048 4092; do
		verified "offset-$offset" --ioengine=psync --iomem_align=4096 --mem=mmap --bs=32k --size=1M \
			--iomem_align="$offset" || return 1
	done
}

sizes() {
	record rec sh "$0" sizes_work
	rmmod nvmescope_core
}

blocks4k() {
	load
	is "4k-blocks: the disk has them" "$(cat /sys/block/nvme0n1/queue/logical_block_size)" 4096
	check "4k-blocks: verified" verified blocks4k --ioengine=io_uring --bsrange=4k-256k --iodepth=16 --size=64M
	fails "4k-blocks: less than a block is refused" any "" \
		fio --name=small --filename=/dev/nvme0n1 --ioengine=psync --direct=1 --rw=read --bs=512 --number_ios=1
	unload
}

checksums() { (cd /mnt && find . -type f -exec sha256sum {} + | sort); }

filesystem() {
	load
	check "ext4: made" mkfs.ext4 -q /dev/nvme0n1
	mount -t ext4 /dev/nvme0n1 /mnt
	i=0
	while dd if=/dev/urandom of=/mnt/file$i bs=256k count=16 2>/dev/null; do i=$((i + 1)); done
	rm /mnt/file0
	mkdir /mnt/small
	i=0
	while [ $i -lt 300 ]; do echo $i >/mnt/small/$i; i=$((i + 1)); done
	checksums >/tmp/before
	umount /mnt
	check "ext4: filled to the last block, unmounted, clean" e2fsck -fn /dev/nvme0n1
	unload
	load
	mount -t ext4 -o ro /dev/nvme0n1 /mnt
	checksums >/tmp/after
	umount /mnt
	check "ext4: after the driver was loaded anew, every file is the same" cmp /tmp/before /tmp/after
	is "ext4: and there were some" $(($(wc -l </tmp/after) > 330)) 1
	unload
}

"$@"
