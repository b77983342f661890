#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A controller's lives for a walkthrough: one that goes well, and starts that do not.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1
function=0000:01:00.0
driver=/sys/bus/pci/drivers/nvmescope
mishap=/sys/module/mishap/parameters

live() { [ "$(cat /sys/class/nvme/nvme0/state)" = live ]; }

# One I/O of each way to lay out data: one page, two, a list of pages.
first_work() {
	# a buffer in one piece would go as an SGL
	load "hold_ms=10000" "sgl_threshold=0"
	wait_for "live" live
	dd if=/dev/zero of=$disk bs=4k count=1 oflag=direct
	dd if=$disk of=/dev/null bs=8k count=1 iflag=direct
	dd if=$disk of=/dev/null bs=64k count=2 iflag=direct
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	wait_for "the reset" live
	dd if=$disk of=/dev/null bs=4k count=1 iflag=direct
	rmmod nvmescope
}

# Bound again, the device cannot read memory any more (2) when phase 16, nvme_init_identify, begins.
failing_work() {
	echo 2 >$mishap/device
	echo 16 >$mishap/from_phase
	echo 1 >$mishap/at_step
	echo $function >$driver/bind || true
	wait_for "the driver to have given up" grep -q 'nvs_phase_end.*phase=nvme_reset_work' /sys/kernel/tracing/trace
}

# What twelve commands of 64 KiB cannot do in time is aborted; what is late again is taken back by a reset.
recover_work() {
	throttle 65536
	{ wait_for "a reset" grep -q 'why=timeout' /sys/kernel/tracing/trace; throttle 0; } &
	fio --name=blocks --filename=$disk --ioengine=libaio --direct=1 --iodepth=12 --iodepth_batch=12 --bs=64k \
		--size=768k --rw=write
	wait
}
throttle() {
	host qmp "{\"execute\": \"block_set_io_throttle\", \"arguments\": {\"id\": \"nvme0n1\", \"bps\": $1, \"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, \"iops_wr\": 0}}"
}

# The kernel's own driver brings it up.
stock_work() {
	echo $function >/sys/bus/pci/drivers/nvme/bind
	wait_for "a disk" test -b $disk
	dd if=$disk of=/dev/null bs=4k count=4 iflag=direct
}

main() {
	record first sh "$0" first_work
	rmmod nvmescope_core
	load "io_timeout=2 admin_timeout=2"
	insmod /mishap/mishap.ko
	echo 2 >/sys/block/nvme0n1/queue/nomerges
	echo 1 >/sys/kernel/tracing/events/nvmescope/nvs_reset/enable
	record recover sh "$0" recover_work
	for event in phase_begin phase_end ctrl_gone; do echo 1 >/sys/kernel/tracing/events/nvmescope/nvs_$event/enable; done
	echo $function >$driver/unbind
	record failing sh "$0" failing_work
	cat $mishap/steps $mishap/happened /sys/kernel/tracing/trace >/out/failing-steps.txt
	rmmod mishap
	unload
	modprobe nvme
	wait_for "a disk" test -b $disk
	echo $function >/sys/bus/pci/drivers/nvme/unbind
	record stock sh "$0" stock_work
}

"$@"
