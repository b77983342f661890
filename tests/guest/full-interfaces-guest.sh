#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
nodes='nvme0 ng0n1 nvme0n1 nvme0n1p1'

# One partition from block 2048 on, so that there is a node for it.
partition() {
	{
		head -c 446 /dev/zero
		printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\020\0\0'
		head -c 48 /dev/zero
		printf '\125\252'
	} | dd of=/dev/nvme0n1 bs=512 oflag=direct iflag=fullblock
	blockdev --rereadpt /dev/nvme0n1
}

# --- what each driver shows ------------------------------------------------------------

# Every ioctl and io_uring command, by root and by nobody, on nodes that all may open.
calls() {
	for node in $nodes; do
		chmod 666 "/dev/$node"
		for mode in r w; do
			for uid in 0 65534; do
				interfaces "/dev/$node" $mode $uid | sed "s/^/$uid $node $mode /"
			done
		done
	done
}

# Attribute, mode, value; not what counts I/O or time, nor the blanks that end a string.
attributes() {
	for dir in /sys/class/nvme/nvme0 /sys/class/nvme-subsystem/nvme-subsys0 /sys/class/nvme-generic/ng0n1 \
		/sys/class/block/nvme0n1 /sys/class/hwmon/hwmon* /sys/module/nvme*; do
		case $dir in /sys/module/*) dir=$dir/parameters ;; esac
		[ -d "$dir" ] || continue
		for file in "$dir"/*; do
			case ${file##*/} in stat | inflight | diskseq | state) continue ;; esac
			[ -f "$file" ] || continue
			printf '%s %s %s\n' "$(echo "${file#/sys/}" | sed "s/^class.//; s/nvmescope/nvme/")" "$(stat -c %a "$file")" \
				"$(sed '/^DISKSEQ=/d; s/ *$//' "$file" 2>/dev/null | tr '\n' ' ')"
		done
	done
	for node in $nodes; do stat -c "%n %a %F" "/dev/$node"; done
}

seen() { # DRIVER
	nvme set-feature /dev/nvme0 -f 4 -v 0x157 # which calls() has changed, once
	wait_for "the partition" test -b /dev/nvme0n1p1
	wait_for "the generic node" test -c /dev/ng0n1
	attributes >"/out/attributes.$1"
	calls >"/out/calls.$1"
}

# --- what no program should say --------------------------------------------------------

sane() {
	is "bad input: the controller is live, was not reset, and no command was late" \
		"$(cat /sys/class/nvme/nvme0/state) $(dmesg | sed '1,/bad input begins/d' | grep -ciE 'timeout|abort|reset')" "live 0"
	check "bad input: the disk works" fio --name=v --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --rw=randwrite \
		--size=8M --bs=16k --iodepth=16 --verify=crc32c --verify_fatal=1
	verified "after bad input" --rw=randwrite --bs=16k
	is "bad input: no request is left" "$(cat /sys/block/nvme0n*/inflight | tr -s ' ' | sort -u)" " 0 0"
}

# 8 blocks, 8 bytes of it each.
metadata() {
	two=$(number_of 2)
	head -c 4096 /dev/urandom >/tmp/data
	head -c 64 /dev/urandom >/tmp/metadata
	for node in ng0n$two nvme0n$two; do
		nvme write "/dev/$node" -s 16 -c 7 -z 4096 -d /tmp/data -y 64 -M /tmp/metadata
		nvme read "/dev/$node" -s 16 -c 7 -z 4096 -d /tmp/back -y 64 -M /tmp/metadata-back
		cmp /tmp/data /tmp/back
		cmp /tmp/metadata /tmp/metadata-back
		head -c 64 /dev/urandom >/tmp/metadata
	done
}

# The kernel numbers disks as it finds them: which is whose number?
number_of() { # NSID
	basename "$(dirname "$(grep -lx "$1" /sys/block/nvme0n*/nsid)")" | sed "s/nvme0n//"
}

bad_input() { # DRIVER [MOST]: calls that bring more bytes are not made
	one=$(number_of 1) two=$(number_of 2)
	for node in ng0n$two nvme0n$two; do interfaces "/dev/$node" m; done >"/out/metadata.$1"
	# A Compare's outcome depends on what is there: the same for either driver.
	for node in ng0n$one ng0n$two; do
		for block in 0 65536; do nvme write-zeroes /dev/"$node" -s $block -c 65535 || echo "$node: no zeroes from $block"; done
	done >&2
	echo "bad input begins" >/dev/kmsg
	for node in nvme0 ng0n$one ng0n$two nvme0n$one; do
		for mode in r w; do
			badinput "/dev/$node" $mode "$seed" "$calls" "${2:-0xffffffffffffffff}" |
				sed "s/^/$node $mode /; s/n$one /ns1 /; s/n$two /ns2 /"
		done
	done >"/out/bad.$1"
}

bad() { # SEED CALLS
	seed=$1 calls=$2
	# Buffers of ours that share a cache line, with either driver
	expect_of_inbox
	echo 'DMA-API: nvmescope 0000.*cacheline tracking EEXIST' >>/out/expected-complaints
	# The block layer's: the list of a buffer's pages, if the buffer is not there. With either driver.
	echo bio_map_user_iov >/out/expected-leaks
	# the in-box driver of 6.1 dies of metadata through io_uring: a BUG in usercopy
	# that of 7.2 takes all memory for a command that brings 2 GiB
	most=
	case $(uname -r) in 7.*) most=0x1000000 ;; esac
	case $(uname -r) in
	6.1.*) ;;
	*)
		modprobe nvme
		for node in ng0n1 ng0n2; do wait_for "$node" test -c /dev/$node; done
		bad_input inbox $most
		rmmod nvme nvme_core
		;;
	esac
	export disks='/dev/nvme0n1 /dev/nvme0n2'
	load
	check "nvme-cli: metadata is read as it was written" metadata
	bad_input ours
	sane
	unload
}

main() {
	modprobe nvme
	wait_for "the in-box driver's disk" test -b /dev/nvme0n1
	partition
	seen inbox
	rmmod nvme nvme_core
	load
	seen ours
	thresholds
	errors_said
	formats
	rings
	unload
	load "" poll_queues=1
	polled
	unload
}

# --- what only ours is asked -----------------------------------------------------------

thresholds() {
	hwmon=$(echo /sys/class/nvme/nvme0/hwmon*)
	echo 60000 >"$hwmon/temp1_max"
	is "hwmon: a threshold that was set is the device's" \
		"$(cat "$hwmon/temp1_max") $(nvme get-feature /dev/nvme0 -f 4 | sed "s/.*value://")" "59850 0x0000014d"
	echo -5000 >"$hwmon/temp1_min"
	is "hwmon: and one below freezing" "$(cat "$hwmon/temp1_min")" -5150
}

errors_said() {
	nvme io-passthru /dev/ng0n1 -o 0x30 -n 1 || :
	echo on >/sys/class/nvme/nvme0/passthru_err_log_enabled
	echo 1 >/sys/class/block/nvme0n1/passthru_err_log_enabled
	nvme admin-passthru /dev/nvme0 -o 0x77 || :
	nvme io-passthru /dev/ng0n1 -o 0x31 -n 1 || :
	is "passthru_err_log_enabled: failed commands in the log, and only then" \
		"$(dmesg | sed -nE 's/.*(nvme0[^:]*): passthrough command, opcode (0x[0-9a-f]+).*/\1 \2/p' | tr '\n' ' ')" \
		"nvme0 0x77 nvme0n1 0x31 "
}

# Format NVM is alone on the controller, and its result is seen at once.
formats() {
	fio --name=io --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --rw=randread --bs=4k --iodepth=8 \
		--time_based --runtime=60 --output=/tmp/fio.txt &
	fio=$!
	# the namespace has no metadata in formats 0 and 4: 512 bytes and 4 KiB
	sizes=
	for format in 4 0 4 0; do
		nvme format /dev/nvme0 -n 1 -l $format -f
		sizes="$sizes$(blockdev --getss /dev/nvme0n1) "
	done
	is "format under I/O: the new block size is there when it returns" "$sizes" "4096 512 4096 512 "
	kill $fio
	wait $fio || :
	is "and the size of the disk has not changed" "$(blockdev --getsize64 /dev/nvme0n1)" $((64 << 20))
}

verified() { # WHAT OPTIONS
	what=$1
	shift
	check "fio io_uring_cmd, verified: $what" fio --name=v --filename=/dev/ng0n1 --ioengine=io_uring_cmd \
		--cmd_type=nvme --rw=randrw --size=8M --verify=crc32c --verify_fatal=1 --iodepth=16 "$@"
}

rings() {
	verified "4 KiB" --bs=4k
	verified "128 KiB" --bs=128k
	verified "registered buffers and file" --bs=16k --fixedbufs --registerfiles
	verified "a thread of the kernel submits" --bs=16k --sqthread_poll
}

polled() {
	verified "polled" --bs=4k --hipri
	verified "polled, registered buffers" --bs=16k --hipri --fixedbufs
	# two rings poll the same queue: each may find the other's commands
	verified "polled, two processes" --bs=4k --hipri --numjobs=2 --size=4M --offset_increment=8M
}

"$@"
