#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
ctrl=/sys/class/nvme/nvme0

live() { [ "$(cat $ctrl/state)" = live ]; }
interrupts() { grep -c 'nvme0q' /proc/interrupts; }
reads() { dd if=/dev/nvme0n1 of=/dev/null bs=64k count=16 iflag=direct; }
quirks() { # WHAT PARAMETER WANTED
	load '' "${2:+quirks=$2}"
	is "$1" "$(cat $ctrl/quirks)" "$3"
	unload
}
refused() { # MODULE PARAMETER
	! insmod "/modules/$1.ko" "$2" || { rmmod "$1"; return 1; }
}

quirky() {
	quirks "the device's own quirk" '' bogus_nid
	quirks "quirks= takes one away and adds others" \
		'8086:f1a5:broken_msi-1b36:0010:^bogus_nid,single_vector,medium_prio_sq' 'single_vector medium_prio_sq'
	quirks "quirks= of other devices change nothing" '1b36:0011:broken_msi' bogus_nid
	load '' quirks=1b36:0010:single_vector,dma_address_bits_48,delay_before_chk_rdy,dmapool_align_512
	is "single_vector: every queue on one interrupt" "$(awk '/nvme0q/ { print $1 }' /proc/interrupts | wc -l)" 1
	check "with these quirks it reads" reads
	unload
	insmod /modules/nvmescope_core.ko
	for bad in 1b36 1b36:0010 1b36:0010:no_such_thing 1b36:x:bogus_nid; do
		check "quirks=$bad is refused" refused nvmescope "quirks=$bad"
	done
	rmmod nvmescope_core
}

# Two queues and more share a line, or have fewer vectors than asked for.
few() { # WHAT VECTORS QUEUES
	load
	is "$1: queues, admin included" "$(cat $ctrl/queue_count)" "$3"
	is "$1: interrupts" "$(grep -c nvme0q /proc/interrupts)" "$2"
	check "$1: it reads" reads
	check "$1: it writes" dd if=/dev/zero of=/dev/nvme0n1 bs=64k count=16 oflag=direct
	check "$1: it resets" reset
	check "$1: it reads after the reset" reads
	unload
}
reset() { echo 1 >$ctrl/reset_controller && live; }

parameters() {
	for bad in admin_timeout=0 io_timeout=0 io_timeout=-1 shutdown_timeout=x max_retries=256; do
		check "$bad is refused" refused nvmescope_core "$bad"
	done
	insmod /modules/nvmescope_core.ko
	for bad in io_queue_depth=1 io_queue_depth=4096 io_queue_depth=x; do
		check "$bad is refused" refused nvmescope "$bad"
	done
	rmmod nvmescope_core
	load "io_timeout=7 admin_timeout=8 shutdown_timeout=9 max_retries=255" io_queue_depth=2
	is "io_queue_depth=2: entries, counted from zero" "$(cat $ctrl/sqsize)" 1
	check "io_queue_depth=2: it reads" reads
	fails "io_timeout: no zero later either" any "Invalid argument" \
		sh -c "echo 0 >/sys/module/nvmescope_core/parameters/io_timeout"
	is "io_timeout is what it was" "$(cat /sys/module/nvmescope_core/parameters/io_timeout)" 7
	is "what is not used is said once, in one line" "$(dmesg | grep -c "offers what this driver does not use")" 1
	check "a reset does not say it again" reset
	is "what is not used is still said once" "$(dmesg | grep -c "offers what this driver does not use")" 1
	unload
}

"$@"
