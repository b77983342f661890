# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
steps() {
	begin "" "io_queue_depth=$p_depth"
	# From each CPU, so that each queue has something to do.
	for cpu in 0 1 2 3; do
		taskset -c $cpu dd if=/dev/nvme0n1 of=/dev/null bs=4k count=4 iflag=direct
	done
	grep nvme0q /proc/interrupts >/out/interrupts
	rmmod nvmescope
}
