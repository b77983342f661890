#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck disable=SC2034 # load waits for them
disks='/dev/nvme0n1 /dev/nvme0n2 /dev/nvme0n3'

sum() { # DEVICE [BYTES]
	echo 3 >/proc/sys/vm/drop_caches
	head -c "${2:-$(blockdev --getsize64 "$1")}" "$1" | md5sum
}
fill() { dd if=/dev/urandom of="$1" bs=1M oflag=direct ${2:+count=$2} 2>/dev/null || [ ! "${2-}" ]; }
verified() { # DEVICE [OPTIONS]
	_device=$1
	shift
	fio --name=v --filename="$_device" --ioengine=libaio --direct=1 --rw=randwrite --bssplit=4k/40:64k/40:256k/20 \
		--size=16M --iodepth=16 --thread=1 --verify=crc32c --verify_fatal=1 "$@"
}

# --- partitions ------------------------------------------------------------------------

sizes() { # DISK: number, start and size of each, in blocks of 512
	for _p in "/sys/block/$1/$1"p*; do
		[ ! -e "$_p/size" ] || echo "$(cat "$_p/partition") $(cat "$_p/start") $(cat "$_p/size")"
	done | tr '\n' ';'
}
# shellcheck disable=SC2012 # the driver's names
nodes() { (cd /dev && ls "$1"p* 2>/dev/null | tr '\n' ' '); }

dos_label() {
	printf 'label: dos\nstart=2048, size=65536\nstart=67584, size=131072\nstart=198656, size=16384\n' | sfdisk -q "$1"
}

partitions() { # DISK
	check "sfdisk: three partitions" dos_label "/dev/$1"
	is "sfdisk: they are there at once" "$(sizes "$1")" "1 2048 65536;2 67584 131072;3 198656 16384;"
	wait_for "their nodes" test -b "/dev/${1}p3"
	is "sfdisk: and so are their nodes" "$(nodes "$1")" "${1}p1 ${1}p2 ${1}p3 "
	fill "/dev/${1}p1"
	fill "/dev/${1}p3"
	_sums="$(sum "/dev/${1}p1")$(sum "/dev/${1}p3")"
	check "a partition: fio, verified" verified "/dev/${1}p2" --size=100% --io_size=32M
	is "a partition: its neighbours are what they were" "$(sum "/dev/${1}p1")$(sum "/dev/${1}p3")" "$_sums"
	fails "a partition ends where it ends" any "No space left" dd if=/dev/zero of="/dev/${1}p2" bs=64k seek=1023 count=2 oflag=direct
	is "a partition's block is the disk's, by its start" "$(dd if="/dev/$1" bs=512 skip=198656 count=16384 2>/dev/null | md5sum)" \
		"$(sum "/dev/${1}p3")"

	mkfs.ext4 -q -F "/dev/${1}p2"
	mount -t ext4 "/dev/${1}p2" /mnt
	fails "BLKRRPART: busy while one is mounted" any "busy" blockdev --rereadpt "/dev/$1"
	fails "sfdisk: refuses a disk in use" any "in use" dos_label "/dev/$1"
	check "partx: takes one that is not used" partx -d --nr 3 "/dev/$1"
	is "partx: and only that one" "$(sizes "$1")" "1 2048 65536;2 67584 131072;"
	fails "partx: not the one that is" any "" partx -d --nr 2 "/dev/$1"
	echo 1 >/sys/class/nvme/nvme0/rescan_controller
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	check "a reset and a rescan: the mounted partition works" sh -c 'cp /bin/busybox /mnt && sync && cmp /bin/busybox /mnt/busybox'
	umount /mnt
	check "BLKRRPART: done when nobody uses one" blockdev --rereadpt "/dev/$1"
	is "BLKRRPART: all are back" "$(sizes "$1")" "1 2048 65536;2 67584 131072;3 198656 16384;"
}

gpt() { # DISK: of blocks of 4 KiB
	check "parted: a GPT with two partitions on blocks of 4 KiB" \
		parted -s "/dev/$1" mklabel gpt mkpart one 1MiB 17MiB mkpart two 17MiB 49MiB
	is "parted: they are there" "$(sizes "$1")" "1 2048 32768;2 34816 65536;"
	check "parted: fio, verified" verified "/dev/${1}p2"
	check "parted: removes one" parted -s "/dev/$1" rm 1
	is "parted: the other stays" "$(sizes "$1")" "2 34816 65536;"
	check "the driver goes and comes: the partition is there" again "/dev/${1}p2"
}

again() {
	unload
	load
	wait_for "$1" test -b "$1"
}

# --- device-mapper ---------------------------------------------------------------------

blocks() { blockdev --getsz "$1"; }
# There is no udev to make the nodes, or to be waited for.
dm() { # create|remove|... NAME
	dmsetup --noudevsync "$@"
	rm -f "/dev/mapper/$2"
	[ "$1" = remove ] || ln -s "/dev/dm-$(dmsetup info -c --noheadings -o minor "$2")" "/dev/mapper/$2"
}

linear() {
	_one=$(blocks /dev/nvme0n1) _two=$(blocks /dev/nvme0n2)
	printf '0 %s linear /dev/nvme0n2 0\n%s %s linear /dev/nvme0n1 0\n' "$_two" "$_two" "$_one" | dm create both
	verified /dev/mapper/both --size=100% --io_size=48M
	# across the seam
	verified /dev/mapper/both --offset=$((_two * 512 - 1048576)) --size=2M
	# the same blocks, seen from below
	cmp -n 1048576 /dev/mapper/both /dev/nvme0n1 $((_two * 512)) 0
	/bin/blkdiscard -o $((_two * 512 - 1048576)) -l 2M /dev/mapper/both
	dm remove both
}

in_use() {
	echo "0 $(blocks /dev/nvme0n1) linear /dev/nvme0n1 0" | dm create held
	if rmmod nvmescope; then return 1; fi
	if sh -c 'mkfs.ext4 -q /dev/nvme0n1'; then return 1; fi
	dm remove held
}

snapshot() {
	modprobe dm-snapshot
	_size=65536
	mkfs.ext4 -q -F /dev/nvme0n1 $((_size / 2))k
	echo "0 $_size linear /dev/nvme0n1 0" | dm create base
	echo "0 $_size snapshot-origin /dev/mapper/base" | dm create origin
	mount -t ext4 /dev/mapper/origin /mnt
	cp -r /lib/modules /mnt/
	umount /mnt
	dd if=/dev/zero of=/dev/nvme0n2 bs=4k count=1 oflag=direct
	_before=$(sum /dev/mapper/origin)
	dm suspend origin
	echo "0 $_size snapshot /dev/mapper/base /dev/nvme0n2 P 16" | dm create earlier
	dm resume origin
	verified /dev/mapper/origin --size=32M --io_size=8M
	[ "$(sum /dev/mapper/earlier)" = "$_before" ]
	[ "$(sum /dev/mapper/origin)" != "$_before" ]
	# and the snapshot can be written itself
	mount -t ext4 /dev/mapper/earlier /mnt
	rm -r /mnt/modules
	umount /mnt
	e2fsck -fn /dev/mapper/earlier
	dm remove earlier
	dm remove origin
	dm remove base
}

crypt() {
	modprobe dm-crypt
	_key=$(head -c 64 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
	echo "0 $(blocks "$1") crypt aes-xts-plain64 $_key 0 $1 0 1 sector_size:$2" | dm create secret
	mkfs.ext4 -q -F /dev/mapper/secret
	mount -t ext4 /dev/mapper/secret /mnt
	yes "a plain secret" | head -c 100000 >/mnt/known
	cp -r /lib/modules /mnt/
	(cd /mnt && find . -type f -print0 | xargs -0 md5sum) >/tmp/sums
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	umount /mnt
	dm remove secret
	# not to be read without the key
	if grep -q "a plain secret" "$1"; then return 1; fi
	echo "0 $(blocks "$1") crypt aes-xts-plain64 $_key 0 $1 0 1 sector_size:$2" | dm create secret
	grep -q "a plain secret" /dev/mapper/secret
	mount -t ext4 /dev/mapper/secret /mnt
	(cd /mnt && md5sum -c /tmp/sums)
	umount /mnt
	e2fsck -fn /dev/mapper/secret
	dm remove secret
}

mapped() {
	modprobe dm-mod
	check "dm-linear: over two namespaces, verified, discarded" linear
	check "dm-linear: what it holds is in use" in_use
	check "dm-snapshot: what was there stays there" snapshot
	check "dm-crypt: a file system, with a reset" crypt /dev/nvme0n1 512
	check "dm-crypt: on blocks of 4 KiB" crypt /dev/nvme0n3 4096
}

# --- md --------------------------------------------------------------------------------

md() { mdadm --quiet "$@"; }
members() { sed -nE 's/^md0 : //p' /proc/mdstat; }
state() { sed -nE 's/.*\[([U_]+)\].*/\1/p' /proc/mdstat | head -n 1; }
in_sync() { [ "$(state)" = UU ] && ! grep -qE 'recovery|resync' /proc/mdstat; }
checked() { # both copies are the same
	echo check >/sys/block/md0/md/sync_action
	wait_for "the check" grep -qx idle /sys/block/md0/md/sync_action
	is "$1: both copies are the same" "$(cat /sys/block/md0/md/mismatch_cnt)" 0
}
behind() { # what the second member holds of the array
	_offset=$(cat /sys/block/md0/md/dev-"$1"/offset)
	dd if=/dev/"$1" bs=1M skip=$((_offset * 512)) count=32 iflag=direct,skip_bytes 2>/dev/null | md5sum
}

mirror() {
	modprobe raid1
	echo 200000 >/proc/sys/dev/raid/speed_limit_min
	# what the array overwrites only in part must not look different
	for disk in nvme0n1 nvme0n2; do /bin/blkdiscard -fz /dev/$disk; done
	check "md: a mirror of two namespaces" md --create /dev/md0 --level=1 --raid-devices=2 --metadata=1.2 \
		--bitmap=internal --run /dev/nvme0n1 /dev/nvme0n2
	wait_for "its members to agree" in_sync
	check "md: fio, verified" verified /dev/md0 --size=32M
	is "md: each has what the other has" "$(behind nvme0n1)" "$(behind nvme0n2)"

	check "md: one is failed under load" failed_under_load
	is "md: the other carries on" "$(state)" U_
	check "md: it is put back" md /dev/md0 --remove /dev/nvme0n2
	check "md: written without it" verified /dev/md0 --size=32M --randseed=3
	check "md: and added again" md /dev/md0 --re-add /dev/nvme0n2
	wait_for "its members to agree" in_sync
	checked "md: after that"
	is "md: and the data is the same" "$(behind nvme0n1)" "$(behind nvme0n2)"

	check "md: a namespace is gone, under load" gone_under_load
	is "md: the other carries on" "$(state)" U_
	md /dev/md0 --remove detached || :
	nvme attach-ns /dev/nvme0 -n 2 -c 0
	wait_for "the namespace" test -b /dev/nvme0n2
	check "md: it is back, and added again" md /dev/md0 --re-add /dev/nvme0n2
	wait_for "its members to agree" in_sync
	checked "md: after that"
	md --stop /dev/md0
	check "md: put together again" md --assemble /dev/md0 /dev/nvme0n1 /dev/nvme0n2
	is "md: with both" "$(state)" UU
	md --stop /dev/md0
}

load_begin() {
	verified /dev/md0 --size=32M --time_based --runtime=4 --loops=100 --verify_backlog=64 >/tmp/fio.txt &
	_load=$!
	_written=$(awk '{ print $5 }' /sys/block/md0/stat)
	wait_for "the load" sh -c "[ \$(awk '{ print \$5 }' /sys/block/md0/stat) -gt $((_written + 100)) ]"
}

failed_under_load() {
	load_begin
	md /dev/md0 --fail /dev/nvme0n2
	wait $_load || { cat /tmp/fio.txt; return 1; }
}

gone_under_load() {
	load_begin
	nvme detach-ns /dev/nvme0 -n 2 -c 0
	wait_for "the namespace to be gone" test ! -e /sys/block/nvme0n2
	wait $_load || { cat /tmp/fio.txt; return 1; }
}

main() {
	load
	partitions nvme0n1
	gpt nvme0n3
	dd if=/dev/zero of=/dev/nvme0n1 bs=1M count=1 oflag=direct 2>/dev/null
	dd if=/dev/zero of=/dev/nvme0n3 bs=1M count=1 oflag=direct 2>/dev/null
	blockdev --rereadpt /dev/nvme0n1
	blockdev --rereadpt /dev/nvme0n3
	mapped
	mirror
	unload
}

"$@"
