#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak-guest.sh SEED SECONDS: one round. Two disks are written, read and flushed by `ledger`,
# while trouble comes in an order that SEED decides; each disk has a second namespace that
# comes and goes, and a third with a bad sector.
# shellcheck source=../guest/in-guest.sh
. /src/tests/guest/in-guest.sh

seed=$1 seconds=$2
serial=nvmescope0
state=$((seed * 7919 + 12345))

# Numerical Recipes' generator; its low bits are poor.
random() { # N: sets $n, below N
	state=$(((state * 1664525 + 1013904223) & 0xffffffff))
	n=$(((state >> 8) % $1))
}
doze() { # AT-LEAST-MS RANGE-MS
	random "$2"
	sleep "$(printf '%d.%03d' $((($1 + n) / 1000)) $((($1 + n) % 1000)))"
}

# The controller, wherever it is now; "" if it is nowhere.
find_ctrl() {
	# shellcheck disable=SC2012 # names of our making
	ctrl=$(ls /sys/class/nvme 2>/dev/null | head -n 1)
	device=$(readlink -f "/sys/class/nvme/$ctrl/device" 2>/dev/null) || device=
	[ "$ctrl" ]
}
live() { find_ctrl && [ "$(cat "/sys/class/nvme/$ctrl/state" 2>/dev/null)" = live ]; }
has_disk() { # NSID
	for _nsid in /sys/block/nvme*/nsid; do
		[ "$(cat "$_nsid" 2>/dev/null)" != "$1" ] || return 0
	done
	return 1
}

throttle() { # BYTES-PER-SECOND
	host qmp "{\"execute\": \"block_set_io_throttle\", \"arguments\": {\"id\": \"nvme0n1\", \"bps\": $1, \"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, \"iops_wr\": 0}}"
}

# --- trouble ------------------------------------------------------------------------

reset() { echo 1 >"/sys/class/nvme/$ctrl/reset_controller"; }
resets() { for _ in 1 2 3 4; do reset || :; doze 0 300; done; }
rescan() { echo 1 >"/sys/class/nvme/$ctrl/rescan_controller"; }
queues() {
	random 3
	echo "$n" >/sys/module/nvmescope/parameters/write_queues
	random 2
	echo "$n" >/sys/module/nvmescope/parameters/poll_queues
	reset
}
flr() { echo flr >"$device/reset_method" && echo 1 >"$device/reset"; }
bus_reset() { echo bus >"$device/reset_method" && echo 1 >"$device/reset"; }
detach() {
	nvme detach-ns "/dev/$ctrl" -n 2 -c "$(cat "/sys/class/nvme/$ctrl/cntlid")"
	doze 100 1500
	find_ctrl && attach
}
attach() { nvme attach-ns "/dev/$ctrl" -n 2 -c "$(cat "/sys/class/nvme/$ctrl/cntlid")"; }
replug() {
	host unplug nvme0
	doze 0 1000
	host plug nvme0
}
remove() {
	echo 1 >"$device/remove"
	doze 0 500
	echo 1 >/sys/bus/pci/rescan
}
unbind() {
	_address=${device##*/}
	echo "$_address" >/sys/bus/pci/drivers/nvmescope/unbind
	doze 0 500
	echo "$_address" >/sys/bus/pci/drivers/nvmescope/bind
}
cpu() {
	random 3
	_online=/sys/devices/system/cpu/cpu$((n + 1))/online
	echo 0 >"$_online"
	doze 100 1500
	echo 1 >"$_online"
}
slow() {
	throttle 131072
	doze 2000 7000
	throttle 0
}
# Without bus mastering the device cannot fetch commands, and says that it is in a fatal state.
fatal() {
	word=$(dd if="$device/config" bs=1 skip=4 count=1 2>/dev/null | od -An -tu1)
	# shellcheck disable=SC2059 # the format is the octal escape
	printf "\\$(printf %o $((word & ~4)))" | dd of="$device/config" bs=1 seek=4 conv=notrunc 2>/dev/null
	doze 0 300
	reset || :
}

set -- reset resets rescan queues flr bus_reset detach replug remove unbind cpu slow fatal

trouble() {
	_end=$(($(date +%s) + seconds))
	while [ "$(date +%s)" -lt $_end ]; do
		random $#
		_event=$(eval "echo \${$((n + 1))}")
		find_ctrl || { echo "no controller before $_event"; return 1; }
		_result=well
		$_event >/tmp/words 2>&1 || _result="refused: $(tail -n 1 /tmp/words)"
		echo "$(cut -d ' ' -f 1 /proc/uptime) $_event: $_result"
		doze 0 2500
		wait_for "the controller" find_ctrl
	done
}

# Everything as it was in the beginning.
settle() {
	throttle 0 >/dev/null
	wait_for "the controller to be live" live
	echo 1 >"/sys/class/nvme/$ctrl/rescan_controller"
	sleep 1
	has_disk 2 || attach
	for _nsid in 1 2 3; do wait_for "namespace $_nsid" has_disk $_nsid; done
}

idle() {
	for _inflight in /sys/block/nvme*/inflight; do
		read -r _reads _writes <"$_inflight"
		[ "$_reads$_writes" = 00 ] || return 1
	done
}

round() {
	disks='/dev/nvme0n1 /dev/nvme0n2 /dev/nvme0n3' load "hold_ms=10000 io_timeout=3 admin_timeout=5"
	# longer than anything that may go wrong in the round
	ledger -s "$seed" 3600 $serial:1 $serial:2 $serial:3 >/out/ledger.txt 2>&1 &
	_ledger=$!
	wait_for "the ledger to have its disks" grep -q disks /out/ledger.txt
	trouble "$@" >/out/trouble.txt 2>&1
	check "seed $seed: everything comes back" settle
	if live; then kill $_ledger; else kill -KILL $_ledger; fi
	_status=0
	wait $_ledger || _status=$?
	is "seed $seed: every block holds what it may" $_status 0
	check "seed $seed: nothing in flight" idle
	check "seed $seed: live, and unloads" live
	rmmod nvmescope
}

if [ "${RECORDED-}" ]; then
	round "$@"
else
	RECORDED=1 record rec sh "$0" "$seed" "$seconds"
	rmmod nvmescope_core
fi
