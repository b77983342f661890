#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1
tracing=/sys/kernel/tracing
steps='rq_start cmd_setup cmd_map sqe sq_doorbell cq_enter cqe cq_doorbell cq_exit rq_complete cmd_unmap batch_submit batch_complete'

reads() { dd if="$1" of=/dev/null bs=4k count="$2" iflag=direct; } # DISK NUMBER

# Rings that are far too small: what is not in the recording must be in its counts.
losses() {
	load
	check "losses: recorded" nvmescope record -o /out/all --ring-size 4096 -- sh "$0" reads $disk 2000
	check "losses: recorded, of one device" nvmescope record -o /out/device -d nvme0 --ring-size 4096 -- \
		sh "$0" reads $disk 2000
	unload
}

one_of_two() {
	disks='/dev/nvme0n1 /dev/nvme1n1'
	load
	check "one of two: recorded" nvmescope record -o /out/device -d nvme1 -- sh "$0" both
	# Each CPU has a queue of its own.
	check "one queue: recorded" nvmescope record -o /out/queue --queue 1 -- sh "$0" by_each_cpu
	unload
}

both() {
	reads /dev/nvme0n1 50
	reads /dev/nvme1n1 60
}

by_each_cpu() {
	taskset 1 dd if=$disk of=/dev/null bs=4k count=50 iflag=direct
	taskset 2 dd if=$disk of=/dev/null bs=4k count=60 iflag=direct
}

# ftrace and a recorder listen to the same steps; one of them comes, and goes, before the other.
beside() {
	load
	echo 4096 >$tracing/buffer_size_kb
	echo mono >$tracing/trace_clock
	for _step in $steps; do echo 1 >"$tracing/events/nvmescope/nvs_$_step/enable"; done
	check "beside ftrace: recorded" nvmescope record -o /out/recording -- sh "$0" reads $disk 300
	cp $tracing/trace /out/ftrace.txt
	check "beside ftrace: it goes on alone" reads $disk 10
	cp $tracing/trace /out/later.txt
	echo 0 >$tracing/events/nvmescope/enable
	unload
}

"$@"
