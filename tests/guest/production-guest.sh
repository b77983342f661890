#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The incident of docs/production.md: a database reads, a backup comes, and the disk stalls.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

limit() { # I/Os that the emulated disk does in a second; 0: all
	host qmp "{\"execute\": \"block_set_io_throttle\", \"arguments\": {\"id\": \"nvme0n1\", \"iops\": $1, \"iops_rd\": 0, \"iops_wr\": 0, \"bps\": 0, \"bps_rd\": 0, \"bps_wr\": 0}}" >/dev/null
}

# Every few seconds it hardly does anything for a moment.
stall() {
	while :; do
		sleep 2
		limit 20
		sleep 0.4
		limit 0
	done
}

backup() {
	while dd if=/dev/nvme0n1 of=/dev/null bs=1M count=32 iflag=direct 2>/dev/null; do sleep 1; done
}

database() {
	exec fio --name=db --filename=/dev/nvme0n1 --ioengine=libaio --direct=1 --rw=randrw --rwmixread=90 --bs=4k \
		--iodepth=8 --rate_iops=300 --time_based --runtime=3600 --thread >/dev/null
}

# Each command of the document, as it is printed there; what it says goes into a transcript.
follow() {
	while IFS= read -r _line; do
		check "$_line" sh -c "$_line"
		{ printf '    # %s\n' "$_line"; sed 's/^/    /; s/ *$//' /tmp/said; echo; } >>/out/transcript
	done <"$1"
}

# The emulated device may miss a doorbell by shadow page (tools/guest/accel.sh says why), and all that follow
# on that queue: nothing moves then until the driver's timeout, and recordings are rightly empty.
awake() {
	_before=
	while sleep 2; do
		_now=$(awk '{ print $1 + $5, $9 }' /sys/block/nvme0n1/stat)
		case $_now in
		*' 0') ;;
		"$_before") echo 1 >/sys/class/nvme/nvme0/reset_controller && echo "woken: $_now" >>/out/woken ;;
		esac
		_before=$_now
	done
}

main() {
	modprobe nvme
	wait_for "the disk" test -b /dev/nvme0n1
	database & _db=$!
	backup & _backup=$!
	stall & _stall=$!
	awake & _awake=$!
	cd /tmp
	sed -n 's/^    # //p' /src/docs/production.md >/tmp/commands
	follow /tmp/commands
	kill "$_awake" "$_stall" "$_backup" "$_db"
	limit 0
	wait
}

"$@"
