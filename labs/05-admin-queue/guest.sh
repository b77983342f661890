# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
is_live() { [ "$(cat /sys/class/nvme/nvme0/state)" = live ]; }
steps() {
	begin
	for _ in $(seq 1 "$p_resets"); do
		wait_for "live" is_live
		echo 1 >/sys/class/nvme/nvme0/reset_controller
		wait_for "live again" is_live
		dd if=/dev/nvme0n1 of=/dev/null bs=4k count=4 iflag=direct
	done
	rmmod nvmescope
}
