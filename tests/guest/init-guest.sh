#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck disable=SC2034 # load waits for them
disks='/dev/nvme0n1 /dev/nvme0n2'
tracing=/sys/kernel/tracing

reset() {
	echo 1 >$tracing/events/nvmescope/nvs_ctrl_state/enable
	echo 1 >$tracing/events/nvmescope/nvs_phase_end/enable
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	wait_for "the scan after the reset" scanned
	echo 0 >$tracing/events/nvmescope/enable
}

scanned() {
	awk '/new_state=live/ { live = 1 } live && /nvs_phase_end.* phase=nvme_scan_work/ { over = 1 }
		END { exit !over }' $tracing/trace
}

work() {
	load hold_ms=10000
	for cpu in 0 1; do
		taskset $((1 << cpu)) dd if=/dev/nvme0n1 of=/dev/null bs=4k count=8 iflag=direct
	done
	reset
	taskset 1 dd if=/dev/nvme0n2 of=/dev/null bs=4k count=8 iflag=direct
	rmmod nvmescope
}

main() {
	record rec sh "$0" work
	rmmod nvmescope_core
}

"$@"
