# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
load_of() { # NAME OPTIONS...
	_name=$1
	shift
	fio --name="$_name" --filename=/dev/nvme0n1 --direct=1 --bs=4k --thread --group_reporting --randseed=1 \
		--output-format=json --output="/out/$_name.json" "$@"
}
steps() {
	begin "" "io_queue_depth=$p_depth"
	echo none >/sys/block/nvme0n1/queue/scheduler
	load_of steady --ioengine=libaio --rw=randread --iodepth="$p_qd" --number_ios=$((p_qd * 20))
	load_of deep --ioengine=psync --rw=randread --numjobs="$p_jobs" --number_ios=20
	# Four with one system call, and the next four when these have ended
	load_of batches --ioengine=libaio --rw=randwrite --iodepth=4 --iodepth_batch_submit=4 --iodepth_batch_complete_min=4 \
		--number_ios=$((p_rounds * 4))
	rmmod nvmescope
}
