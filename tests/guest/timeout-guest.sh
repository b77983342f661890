#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

# What the emulated disk may move in a second; 0: no limit.
throttle() {
	host throttle nvme0n1 "$1"
}

live() { [ "$(cat /sys/class/nvme/nvme0/state)" = live ]; }

# N blocks of 64 KiB with checksums in them; from one process, so that all are in flight at
# once however busy the host is.
blocks() { # N OPTIONS...
	_n=$1
	shift
	fio --name=blocks --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --iodepth="$_n" --iodepth_batch="$_n" \
		--bs=64k --size=$((_n * 64))k --verify=crc32c "$@"
}
write_at_once() { blocks "$1" --rw=write --do_verify=0; }
same() { blocks "$1" --rw=read; }

# Lets the disk go on as soon as EVENT is in the trace: how long a throttled disk takes for a block is up to the host.
relent() { # WHAT EVENT
	wait_for "$1" grep -q "$2" /sys/kernel/tracing/trace
	throttle 0
}

# 64 KiB a second: the last of five would wait for 4 s, longer than a timeout of 2 s (and its
# Abort, which ends nothing).  It must not wait for another.
abort_work() {
	echo 1 >/sys/kernel/tracing/events/nvmescope/nvs_abort/enable
	throttle 65536
	relent "an Abort to be answered" 'nvs_abort.*done' &
	check "abort: five writes, some later than their timeout, all end well" write_at_once 5
	wait
	echo 0 >/sys/kernel/tracing/events/nvmescope/enable
	check "abort: and are on the disk" same 5
}

# The last of twelve would wait for 11 s: two timeouts and more.  The disk goes on when the driver has
# had enough of it, and has let go of its commands.
reset_work() {
	echo 1 >/sys/kernel/tracing/events/nvmescope/nvs_phase_end/enable
	throttle 65536
	relent "the controller to be disabled" 'nvs_phase_end.*nvme_dev_disable' &
	check "reset: twelve writes, the last much later, all end well" write_at_once 12
	wait
	check "reset: and are on the disk" same 12
	check "reset: live afterwards" live
	echo 0 >/sys/kernel/tracing/events/nvmescope/enable
}

# Without leave to read memory the device cannot fetch a command: CSTS.CFS.
fatal_work() {
	config=/sys/class/nvme/nvme0/device/config
	printf '\002\000' | dd of=$config bs=1 seek=4 conv=notrunc
	check "fatal: a read that the device cannot fetch is sent again after the reset" same 12
	check "fatal: live afterwards" live
}

main() {
	load "io_timeout=2"
	# each block its own command
	echo 2 >/sys/block/nvme0n1/queue/nomerges
	record abort sh "$0" abort_work
	record reset sh "$0" reset_work
	record fatal sh "$0" fatal_work
	rmmod nvmescope
	rmmod nvmescope_core
}

"$@"
