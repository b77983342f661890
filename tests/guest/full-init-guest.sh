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

# SMART events are armed by whoever wants them; each is told as often as it happens.
events() {
	# shellcheck disable=SC2034
	disks="/dev/nvme0n1"
	load
	echo 1 >/sys/kernel/tracing/events/nvmescope/nvs_async_event/enable
	uevent env >/tmp/uevents 2>&1 &
	listener=$!
	check "SMART events are asked for" nvme set-feature /dev/nvme0 -f 0xb -v 0x11f
	for n in 1 2; do
		host hmp "qom-set /machine/peripheral/nvme0 smart_critical_warning 0" >/tmp/qom
		host hmp "qom-set /machine/peripheral/nvme0 smart_critical_warning 2" >>/tmp/qom
		wait_for "SMART event $n" aens 0x20101 "$n"
		check "SMART event $n: traced" aens 0x20101 "$n"
	done
	wait_for "the uevents" uevents
	is "NVME_AEN in the uevents" "$(grep -c "NVME_AEN=0x020101" /tmp/uevents)" 2
	check "dmesg has the critical warning" sh -c "dmesg | grep -q 'SMART: critical warning 0x2'"
	kill $listener

	check "a namespace is attached" nvme attach-ns /dev/nvme0 -n 2 -c "$(cat $ctrl/cntlid)"
	wait_for "its disk" test -b /dev/nvme0n2
	check "it is detached" nvme detach-ns /dev/nvme0 -n 2 -c "$(cat $ctrl/cntlid)"
	wait_for "its disk to go" gone /dev/nvme0n2
	check "it is attached again: the event was armed again" nvme attach-ns /dev/nvme0 -n 2 -c "$(cat $ctrl/cntlid)"
	wait_for "its disk again" test -b /dev/nvme0n2
	check "namespace events are traced" aens 0x40002 3
	check "after a reset one request is outstanding" reset
	check "the namespace is still there" test -b /dev/nvme0n2
	unload
}
gone() { [ ! -e "$1" ]; }
uevents() { [ "$(grep -c "NVME_AEN=0x020101" /tmp/uevents)" -ge 2 ]; }
aens() { [ "$(grep -c "nvs_async_event:.* result=$1\$" /sys/kernel/tracing/trace)" -ge "$2" ]; }

"$@"
