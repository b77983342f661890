#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
# shellcheck disable=SC2034 # in-guest.sh uses it
disks=${disks-'/dev/nvme0n1 /dev/nvme0n2'}
. /src/tests/guest/in-guest.sh

# What sysfs tells of each disk, one line for each file. Disks are told by their namespace:
# 6.12 numbers them in the order in which it got to know them.
attributes() {
	for _disk in /sys/block/nvme*n*; do
		_nsid=$(cat "$_disk/nsid")
		for _file in "$_disk"/queue/* "$_disk"/integrity/* "$_disk"/size "$_disk"/ro \
			"$_disk"/discard_alignment "$_disk"/alignment_offset; do
			[ ! -f "$_file" ] || printf '%s %s\n' "$_nsid ${_file#"$_disk/"}" "$(cat "$_file" 2>&1)"
		done
	done | sort
}

# The same device, first with the kernel's own driver, then with ours. The test compares.
limits() {
	modprobe nvme
	for _disk in $disks; do wait_for "$_disk" test -b "$_disk"; done
	attributes >/out/in-box
	rmmod nvme nvme_core
	load
	attributes >/out/ours
	unload
}

# sum DEVICE OFFSET-KIB LENGTH-KIB
sum() { dd if="$1" bs=1k skip="$2" count="$3" 2>/dev/null | md5sum; }
zeroes() { # DEVICE OFFSET-KIB LENGTH-KIB
	dd if="$1" bs=1k skip="$2" count="$3" 2>/dev/null | cmp -s -n $(($3 * 1024)) - /dev/zero
}

# By path: busybox has a blkdiscard too, and its shell prefers that.
# What was discarded or zeroed reads zeroes; its neighbours are what they were.
discard_and_zero() { # DEVICE BLOCK-SIZE
	dd if=/dev/urandom of="$1" bs=1M count=16 oflag=direct 2>/dev/null
	_before=$(sum "$1" 0 1024) _between=$(sum "$1" 3072 1024) _after=$(sum "$1" 8192 8192)
	check "$2: blkdiscard" /bin/blkdiscard -o 1M -l 2M "$1"
	check "$2: blkdiscard -z" /bin/blkdiscard -z -o 4M -l 4M "$1"
	echo 3 >/proc/sys/vm/drop_caches
	check "$2: what was discarded reads zeroes" zeroes "$1" 1024 2048
	check "$2: what was zeroed reads zeroes" zeroes "$1" 4096 4096
	is "$2: nothing else has changed" "$(sum "$1" 0 1024) $(sum "$1" 3072 1024) $(sum "$1" 8192 8192)" \
		"$_before $_between $_after"
}

# A file system that discards what it frees, many ranges at once.
discard_files() { # DEVICE
	mkfs.ext4 -q -E nodiscard "$1"
	mount -t ext4 -o discard "$1" /mnt
	for _i in $(seq 200); do dd if=/dev/urandom of=/mnt/f"$_i" bs=64k count=1 2>/dev/null; done
	sync
	for _i in $(seq 1 2 200); do rm /mnt/f"$_i"; done
	md5sum /mnt/f* >/tmp/sums
	sync
	umount /mnt
	mount -t ext4 "$1" /mnt
	md5sum -c /tmp/sums >/dev/null
	umount /mnt
	e2fsck -fn "$1"
}

io_work() {
	load hold_ms=10000
	discard_and_zero /dev/nvme0n1 512
	discard_and_zero /dev/nvme0n2 4096
	modprobe ext4
	check "ext4 with -o discard keeps what it has not freed" discard_files /dev/nvme0n1
	check "fio on blocks of 4 KiB" fio --name=verify --filename=/dev/nvme0n2 --ioengine=io_uring --direct=1 \
		--rw=randrw --bs=4k --size=4M --iodepth=16 --verify=crc32c --verify_fatal=1 --thread=1
	is "blocks of 4 KiB: the disk has them" "$(cat /sys/block/nvme0n2/queue/logical_block_size)" 4096
	rmmod nvmescope
}

io() {
	record rec sh "$0" io_work
	rmmod nvmescope_core
}

zones() { blkzone report /dev/nvme0n1; }
zone() { blkzone report -o "$1" -c 1 /dev/nvme0n1 | sed -nE 's/.*cap (0x[0-9a-f]+), wptr (0x[0-9a-f]+) .*zcond: *([0-9]+).*/\2 \3/p'; }

zone_states() {
	is "a new zone is empty" "$(zone 0x8000)" "0x000000 1"
	blkzone open -o 0x8000 -c 1 /dev/nvme0n1
	is "open: zone" "$(zone 0x8000)" "0x000000 3"
	dd if=/dev/urandom of=/dev/nvme0n1 bs=64k seek=256 count=4 oflag=direct 2>/dev/null
	is "a write moves its pointer" "$(zone 0x8000)" "0x000200 3"
	blkzone close -o 0x8000 -c 1 /dev/nvme0n1
	is "close: zone" "$(zone 0x8000)" "0x000200 4"
	blkzone finish -o 0x8000 -c 1 /dev/nvme0n1
	is "finish: zone" "$(zone 0x8000)" "0x008000 14"
	blkzone reset -o 0x8000 -c 1 /dev/nvme0n1
	is "reset: zone" "$(zone 0x8000)" "0x000000 1"
	dd if=/dev/urandom of=/dev/nvme0n1 bs=64k seek=256 count=4 oflag=direct 2>/dev/null
	blkzone reset /dev/nvme0n1
	is "reset of all" "$(zones | grep -c 'zcond: 1(em)')" 8
	fails "a write that is not at the pointer is refused" any "" \
		dd if=/dev/urandom of=/dev/nvme0n1 bs=64k seek=258 count=1 oflag=direct
}

zoned_fio() {
	fio --name=zones --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --zonemode=zbd --rw=randwrite \
		--bs=64k --size=64M --iodepth=8 --max_open_zones=4 --verify=crc32c --verify_fatal=1 --thread=1
	fio --name=zones --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --zonemode=zbd --rw=write \
		--bs=128k --size=128M --iodepth=1 --verify=crc32c --verify_fatal=1 --thread=1
}

# zonefs appends what is written synchronously, up to 6.4; later it writes. Debian's 6.1
# then takes its own write pointer for corrupted, with the kernel's own driver too.
append() {
	modprobe zonefs
	blkzone reset /dev/nvme0n1
	{
		printf 'SFOZ\005\253\277\131'
		dd if=/dev/zero bs=1 count=4088 2>/dev/null
	} >/tmp/super
	dd if=/tmp/super of=/dev/nvme0n1 bs=4k oflag=direct 2>/dev/null
	mount -t zonefs /dev/nvme0n1 /mnt
	dd if=/dev/urandom of=/tmp/data bs=64k count=1 2>/dev/null
	dd if=/tmp/data of=/mnt/seq/1 bs=64k oflag=direct conv=notrunc || true
	umount /mnt
	dd if=/dev/nvme0n1 of=/tmp/back bs=64k skip=512 count=1 iflag=direct
	cmp /tmp/data /tmp/back
}

zoned_work() {
	load hold_ms=10000
	attributes >/out/ours
	zones >/out/zones-ours
	zone_states
	check "fio in zones" zoned_fio
	if [ -e /lib/modules/"$(uname -r)"/kernel/fs/zonefs/zonefs.ko ]; then
		check "zonefs appends" append
	fi
	rmmod nvmescope
}

# One zoned namespace: sysfs and report as with the kernel's own driver.
zoned() {
	modprobe nvme
	wait_for /dev/nvme0n1 test -b /dev/nvme0n1
	attributes >/out/in-box
	zones >/out/zones-in-box
	rmmod nvme nvme_core
	export disks=/dev/nvme0n1
	echo '^.* zonefs .nvme0n1. WARNING' >/out/expected-complaints
	record rec sh "$0" zoned_work
	rmmod nvmescope_core
}

disk_of() { # NSID
	grep -lx "$1" /sys/block/nvme*n*/nsid | cut -d/ -f4
}

verified() { # DISK
	# more than a page of tuples at a time, and merged
	fio --name=verify --filename=/dev/"$1" --ioengine=io_uring --direct=1 --rw=randwrite \
		--bssplit=4k/50:64k/40:256k/10 --bs_unaligned=0 --size=4M --iodepth=16 --verify=crc32c --verify_fatal=1 --thread=1
	fio --name=cached --filename=/dev/"$1" --ioengine=psync --rw=write --bs=4k --size=2M \
		--end_fsync=1 --verify=crc32c --verify_fatal=1 --thread=1
}

# Block 16 MiB is changed behind the device's back: its guard no longer fits.
damage_found() { # NSID
	_disk=$(disk_of "$1")
	dd if=/dev/urandom of=/dev/"$_disk" bs=64k seek=256 count=1 oflag=direct 2>/dev/null
	dd if=/dev/"$_disk" of=/dev/null bs=64k skip=256 count=1 iflag=direct
	host hmp qemu-io nvme0n"$1"-disk "\"write -P 170 16777216 4096\"" >/dev/null
	if dd if=/dev/"$_disk" of=/dev/null bs=64k skip=256 count=1 iflag=direct; then
		echo "the damage was not seen"
		return 1
	fi
	dmesg | tail -n 5 | grep 'status 0x.*SC 0x82'
}

protected_work() { # NSIDS
	modprobe t10-pi || true # which on 6.12 is part of the kernel
	load hold_ms=10000
	attributes >/out/ours
	for _nsid; do
		check "namespace $_nsid: what is written is read" verified "$(disk_of "$_nsid")"
	done
	for _nsid in 1 2; do check "namespace $_nsid: damage is found" damage_found "$_nsid"; done
	# QEMU gives zeroes a guard of 0, which is right for one of 16 bits alone
	check "blocks of zeroes have guards" /bin/blkdiscard -fz -o 16M -l 1M /dev/"$(disk_of 1)"
	check "and are read" dd if=/dev/"$(disk_of 1)" bs=64k skip=256 count=4 of=/dev/null iflag=direct
	_disk=/sys/block/$(disk_of 1)/integrity
	echo 0 | tee "$_disk"/read_verify >"$_disk"/write_generate
	check "protected by the controller alone: what is written is read" verified "$(disk_of 1)"
	check "protected by the controller alone: damage is found" damage_found 1
	rmmod nvmescope
}

protected() { # DISKS NSIDS
	modprobe nvme
	export disks="$1"
	shift
	for _disk in $disks; do wait_for "$_disk" test -b "$_disk"; done
	# The block layer's buffers for 8 bytes of metadata share cache lines, with either driver.
	expect_of_inbox
	echo 'DMA-API: nvmescope 0000.*cacheline tracking EEXIST' >>/out/expected-complaints
	attributes >/out/in-box
	rmmod nvme nvme_core
	record rec sh "$0" protected_work "$@"
	rmmod nvmescope_core
}

"$@"
