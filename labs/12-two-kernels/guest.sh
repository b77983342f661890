# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2154 # payload.sh's
record_options='--provider stock'
driver=/sys/bus/pci/drivers/nvme
is_live() { grep -q live /sys/class/nvme/nvme0/state; }
before() {
	modprobe nvme
	wait_for "a disk" test -b /dev/nvme0n1
	awk '$2 ~ /[tT]/ && $3 ~ /^nvme_[a-z0-9_]+$/ && $4 ~ /^\[nvme(_core)?\]$/ { print $3 }' /proc/kallsyms | sort -u >/out/functions
	echo 0000:01:00.0 >$driver/unbind
}
steps() {
	# by hand, without a recording
	[ -d $driver ] || before
	echo 0000:01:00.0 >$driver/bind
	wait_for "the last disk" test -b "/dev/nvme0n$p_disks"
	wait_for "live" is_live
	for _ in $(seq 1 "$p_resets"); do
		echo 1 >/sys/class/nvme/nvme0/reset_controller
		wait_for "live again" is_live
		sleep 0.5
	done
	echo 0000:01:00.0 >$driver/unbind
}
