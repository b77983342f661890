#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck disable=SC2034 # load waits for them
disks='/dev/nvme0n1 /dev/nvme0n2'

# --- fio -------------------------------------------------------------------------------

# What a block holds is its place and the number of the writer, whatever wrote it: so one
# engine can read what another wrote, and old data is not taken for new.
engine() { # write|read NUMBER NODE ENGINE [OPTIONS]
	_rw=$1 _number=$2 _node=$3 _engine=$4
	shift 4
	_verify=1
	[ "$_rw" = read ] || _verify=0
	fio --name="$_engine" --filename="$_node" --ioengine="$_engine" --direct=1 --size=8M --bs=16k --iodepth=16 \
		--thread=1 --rw="rand$_rw" --verify=pattern --verify_pattern="0x$_number%o" --verify_fatal=1 \
		--do_verify=$_verify "$@"
}

handed_on() { # WRITER-AND-OPTIONS READER-AND-OPTIONS
	number=$((number + 1))
	# shellcheck disable=SC2086
	engine write $number $1
	# shellcheck disable=SC2086
	engine read $number $2
}

engines() { # NSID
	_disk=/dev/nvme0n$1 _generic=/dev/ng0n$1 of="namespace $1:" number=$((10 * $1))
	_uring_cmd="$_generic io_uring_cmd --cmd_type=nvme --direct=0"
	check "$of libaio wrote, polled io_uring reads" handed_on "$_disk libaio" "$_disk io_uring --hipri"
	check "$of io_uring wrote from registered buffers, io_uring_cmd reads" \
		handed_on "$_disk io_uring --registerfiles --fixedbufs" "$_uring_cmd"
	check "$of io_uring_cmd wrote, polled, libaio reads" \
		handed_on "$_uring_cmd --hipri --fixedbufs" "$_disk libaio"
	check "$of polled io_uring wrote, buffered pread reads" \
		handed_on "$_disk io_uring --hipri" "$_disk psync --direct=0 --iodepth=1"
	is "$of another writer's data is told from this one's" \
		"$(engine read 99 "$_disk" libaio >/dev/null 2>&1 && echo the same || echo another)" another
}

# --- dd --------------------------------------------------------------------------------

flushes() { awk '{ print $16 }' "/sys/block/${1#/dev/}/stat"; }

# 12345 blocks of 4 KiB would not do: what is written ends where no chunk ends.
copied() { # DISK
	head -c $((5 * 1048576 + 8192)) /dev/urandom >/tmp/data
	dd if=/tmp/data of="$1" bs=64k seek=16 oflag=direct
	cmp -n $((5 * 1048576 + 8192)) /tmp/data "$1" 0 1048576
}

synced() { # DISK
	_flushes=$(flushes "$1")
	dd if=/tmp/data of="$1" bs=64k seek=256 conv=fsync
	[ "$(flushes "$1")" -gt "$_flushes" ]
	dd if="$1" of=/tmp/back bs=64k skip=256 count=80 iflag=direct
	cmp -n $((5 * 1048576)) /tmp/data /tmp/back
}

beyond_the_end() { # DISK
	dd if=/tmp/data of="$1" bs=64k seek=$(($(blockdev --getsize64 "$1") / 65536 - 1)) count=3 oflag=direct
}

# --- file systems ----------------------------------------------------------------------

sums() { (cd /mnt && find . -type f -print0 | sort -z | xargs -0 md5sum); }

tree() {
	cp -r /lib/modules /mnt/modules
	mkdir /mnt/small
	_n=0
	while [ $_n -lt 300 ]; do
		head -c $((_n * 97)) /dev/urandom >/mnt/small/$_n
		_n=$((_n + 1))
	done
	# every other one again, so that there are holes
	_n=0
	while [ $_n -lt 300 ]; do
		rm /mnt/small/$_n
		_n=$((_n + 2))
	done
}

unchanged() {
	echo 3 >/proc/sys/vm/drop_caches
	sums | cmp - /tmp/sums
}

reset() { echo 1 >/sys/class/nvme/nvme0/reset_controller; }

written_under_reset() {
	cp -r /bin/busybox /bin/bash /bin/nvme /lib/x86_64-linux-gnu /mnt/ &
	_copy=$!
	reset
	wait $_copy
}

# mkfs, a tree of files, sums of them after a reset of the controller and a mount; what
# was written while the controller was reset; fsck.
file_system() { # DISK TYPE MKFS FSCK
	_fs="$2 on $1:"
	modprobe "$2"
	# shellcheck disable=SC2086
	check "$_fs mkfs" $3 "$1"
	mount -t "$2" "$1" /mnt
	check "$_fs a tree of files" tree
	sync
	sums >/tmp/sums
	reset
	check "$_fs after a reset it is what it was" unchanged
	check "$_fs a reset while it is written" written_under_reset
	sync
	sums >/tmp/sums
	umount /mnt
	mount -t "$2" "$1" /mnt
	check "$_fs mounted again, too" unchanged
	umount /mnt
	# shellcheck disable=SC2086
	check "$_fs fsck" $4 "$1"
}

# xfs gives the space of removed files free in its own time.
trimmed() { # DISK SECTORS: more than these were discarded
	sync
	fstrim /mnt
	[ "$(awk '{ print $14 }' "/sys/block/$1/stat")" -gt "$2" ]
}

# Until nothing more fits; half of it is removed again and trimmed, and the rest is read.
filled() {
	_n=0
	while dd if=/dev/urandom of=/mnt/fill$_n bs=1M count=16 conv=fsync 2>/tmp/full; do
		_n=$((_n + 1))
		[ $_n -lt 40 ]
	done
	grep -q "No space left" /tmp/full
	md5sum /mnt/fill*[02468] >/tmp/fill.sums
	rm /mnt/fill*[13579]
	sync
	_before=$(awk '{ print $14 }' "/sys/block/$1/stat")
	wait_for "discards" trimmed "$1" "$_before"
	echo 3 >/proc/sys/vm/drop_caches
	md5sum -c /tmp/fill.sums
	rm /mnt/fill*
}

file_systems() {
	load
	for disk in nvme0n1 nvme0n2; do
		file_system /dev/$disk ext4 "mkfs.ext4 -q -F" "e2fsck -fn"
		mount -t ext4 /dev/$disk /mnt
		check "ext4 on $disk: full, trimmed, and what was kept is there" filled $disk
		umount /mnt
		check "ext4 on $disk: fsck after that" e2fsck -fn /dev/$disk
		file_system /dev/$disk xfs "mkfs.xfs -q -f" "xfs_repair -n"
		mount -t xfs /dev/$disk /mnt
		check "xfs on $disk: full, trimmed, and what was kept is there" filled $disk
		umount /mnt
		check "xfs on $disk: repair finds nothing after that" xfs_repair -n /dev/$disk
	done
	unload
}

main() {
	load "" poll_queues=1
	for nsid in 1 2; do engines $nsid; done
	check "dd oflag=direct: what it wrote is there" copied /dev/nvme0n1
	check "dd conv=fsync: what it wrote is there, and a flush was sent" synced /dev/nvme0n1
	fails "dd beyond the end of the disk" any "No space left" beyond_the_end /dev/nvme0n1
	file_system /dev/nvme0n1 ext4 "mkfs.ext4 -q -F" "e2fsck -fn"
	unload
}

"$@"
