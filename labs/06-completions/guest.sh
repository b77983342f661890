# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
steps() {
	# Short timeouts: a driver that misses completions is to be over soon.
	begin "admin_timeout=2 io_timeout=1" "io_queue_depth=$p_depth" || return 1
	fio --name=read --filename=/dev/nvme0n1 --ioengine=io_uring --direct=1 --rw=read --bs=4k --iodepth=4 \
		--number_ios="$p_reads" --size="$((p_reads * 4))k" --output=/out/fio.txt
	rmmod nvmescope
}
