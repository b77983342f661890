#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

# What the emulated disk may move in a second; 0: no limit.
throttle() {
	host qmp "{\"execute\": \"block_set_io_throttle\", \"arguments\": {\"id\": \"nvme0n1\", \"bps\": $1, \"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, \"iops_wr\": 0}}"
}

live() { [ "$(cat /sys/class/nvme/nvme0/state)" = live ]; }

# N blocks of 64 KiB, all in flight at once, from the pattern's begin to the disk's.
write_at_once() {
	i=0
	writers=
	while [ $i -lt "$1" ]; do
		dd if=/tmp/pattern of=/dev/nvme0n1 bs=64k skip=$i seek=$i count=1 oflag=direct &
		writers="$writers $!"
		i=$((i + 1))
	done
	for w in $writers; do wait "$w" || return 1; done
}

same() { # N
	dd if=/dev/nvme0n1 bs=64k count="$1" iflag=direct >/tmp/read
	head -c $(($1 * 65536)) /tmp/pattern | cmp - /tmp/read
}

# 64 KiB a second: the last of five waits for 4 s, longer than a timeout of 2 s (and its
# Abort, which ends nothing) and shorter than two.
abort_work() {
	throttle 65536
	check "abort: five writes, some later than their timeout, all end well" write_at_once 5
	throttle 0
	check "abort: and are on the disk" same 5
}

# The last of twelve would wait for 11 s: two timeouts and more.
reset_work() {
	throttle 65536
	(sleep 6; throttle 0) &
	check "reset: twelve writes, the last much later, all end well" write_at_once 12
	wait
	check "reset: and are on the disk" same 12
	check "reset: live afterwards" live
}

# Without leave to read memory the device cannot fetch a command: CSTS.CFS.
fatal_work() {
	config=/sys/class/nvme/nvme0/device/config
	printf '\002\000' | dd of=$config bs=1 seek=4 conv=notrunc
	check "fatal: a read that the device cannot fetch is sent again after the reset" same 12
	check "fatal: live afterwards" live
}

main() {
	dd if=/dev/urandom of=/tmp/pattern bs=64k count=12
	load "io_timeout=2"
	record abort sh "$0" abort_work
	record reset sh "$0" reset_work
	record fatal sh "$0" fatal_work
	rmmod nvmescope
	rmmod nvmescope_core
}

"$@"
