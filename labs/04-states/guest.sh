# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
ctrl=/sys/class/nvme/nvme0
is_live() { [ "$(cat $ctrl/state)" = live ]; }
reset_ctrl() { echo 1 >$ctrl/reset_controller; }
steps() {
	# PRP lists for all that is long, no SGLs
	begin "" "sgl_threshold=0"
	for _ in $(seq 1 "$p_resets"); do
		wait_for "live" is_live
		reset_ctrl
	done
	wait_for "live" is_live
	dd if=/dev/nvme0n1 of=/dev/null bs="${p_kb}k" count=1 iflag=direct
	# Three at a time: those that come while another is at work are refused.
	for _ in 1 2 3; do
		for _ in 1 2 3; do reset_ctrl 2>/dev/null & done
		wait
		wait_for "live" is_live
	done
	rmmod nvmescope
}
