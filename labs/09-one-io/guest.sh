# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
disk=/dev/nvme0n1
base=1024 # in blocks of 4 KiB

# Into the page cache, from back to front, so that neighbours on the disk are none in memory
scatter() { # FIRST COUNT
	_i=$2
	while [ "$_i" -gt 0 ]; do
		_i=$((_i - 1))
		dd if=/tmp/payload of=$disk bs=4k skip=$(($1 + _i)) seek=$((base + $1 + _i)) count=1 conv=notrunc 2>/dev/null
	done
}
writes() { awk '{ print $5 }' /sys/block/nvme0n1/stat; }
# The kernel makes one request of what is together on the disk, unless it has to wait in between: then once more.
write_scattered() { # FIRST COUNT
	for _ in 1 2 3 4 5; do
		scatter "$1" "$2"
		_before=$(writes)
		sync
		[ $(($(writes) - _before)) -gt 1 ] || break
	done
}
# A page at a time, for which nothing of this lab is needed
same() { # FIRST COUNT
	dd if=$disk bs=4k skip=$((base + $1)) count="$2" iflag=direct 2>/dev/null >/tmp/got || return 1
	dd if=/tmp/payload bs=4k skip="$1" count="$2" 2>/dev/null | cmp -s - /tmp/got
}
said() { # NAME COMMAND...
	_name=$1
	shift
	if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi >"/out/$_name"
}
short_ones() { for _at in 0 16 32 48; do same $_at 2 || return 1; done; }
long_ones() { same 64 8 && same 96 64; }
# Two at once, from huge pages: the second one's memory begins in the middle of such a page. Read into memory that
# has not seen what was written: there it would be right without being read.
huge_one() { # NAME KIB OPTIONS...
	_name=$1 _kib=$2
	shift 2
	fio --name="$_name" --filename=$disk --ioengine=io_uring --direct=1 --iomem=mmaphuge --hugepage-size=2m --bs="${_kib}k" --iodepth=2 \
		--iodepth_batch=2 --size="$((_kib * 2))k" --offset=32m --verify=crc32c --verify_interval=4k --verify_fatal=1 "$@"
}
huge() { huge_one "$1" "$2" --rw=write --do_verify=0 && huge_one "$1" "$2" --rw=read; }
steps() {
	begin "" "sgl_threshold=0"
	cat /sys/block/nvme0n1/queue/max_hw_sectors_kb >/sys/block/nvme0n1/queue/max_sectors_kb
	echo none >/sys/block/nvme0n1/queue/scheduler
	dd if=$disk of=/dev/null bs="${p_kib}k" skip="$p_skip" count=1 iflag=direct || true
	seq "$p_first" 99999999 | head -c 1048576 >/tmp/payload
	# Nobody else is to write pages back, however long this takes: then they would go one by one.
	echo 360000 >/proc/sys/vm/dirty_writeback_centisecs
	# As long as somebody has the disk open, its pages stay in memory.
	exec 7<>$disk
	for at in 0 16 32 48; do scatter $at 2; done
	sync
	write_scattered 64 8
	write_scattered 96 64
	exec 7>&-
	said short short_ones
	said long long_ones
	echo 8 >/proc/sys/vm/nr_hugepages
	said chain huge chain 3072
	said edge huge edge 2052
	rmmod nvmescope
}
