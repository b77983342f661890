# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
steps() {
	begin
	for i in $(seq 1 "$p_disks"); do wait_for "disk $i" test -b "/dev/nvme0n$i"; done
	dd if=/dev/nvme0n1 of=/dev/null bs=4k count=16 iflag=direct
	rmmod nvmescope
}
