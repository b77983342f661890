# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
late() { dmesg | grep -q 'timed out'; }
steps() {
	# Short timeouts: a driver that misses completions is to be over soon.
	begin "admin_timeout=2 io_timeout=1" "io_queue_depth=$p_depth" || return 1
	# Once round, one by one; whoever has been late by then would be late in each lap.
	dd if=/dev/nvme0n1 of=/dev/null bs=4k count=$((p_depth + 2)) iflag=direct
	late || fio --name=read --filename=/dev/nvme0n1 --ioengine=io_uring --direct=1 --rw=read --bs=4k --iodepth=4 \
		--number_ios="$p_reads" --size="$((p_reads * 4))k" --output=/out/fio.txt
	rmmod nvmescope
}
