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

depth=/sys/module/nvmescope/parameters/io_queue_depth
rebind() {
	echo $function >/sys/bus/pci/drivers/nvmescope/unbind
	echo $function >/sys/bus/pci/drivers/nvmescope/bind
	wait_for "the disk" test -e /sys/block/nvme0n1/mq/0/nr_tags
}

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
	is "what is not used is said once, in one line" "$(dmesg | grep -c "not supported here yet")" 1
	check "a reset does not say it again" reset
	is "what is not used is still said once" "$(dmesg | grep -c "not supported here yet")" 1
	echo 64 >$depth
	fails "io_queue_depth: nothing out of range later either" any "Invalid argument" sh -c "echo 1 >$depth"
	check "io_queue_depth=64 later: a reset" reset
	is "io_queue_depth=64 later: not for a device that was found before" "$(cat $ctrl/sqsize)" 1
	check "and it reads" reads
	check "io_queue_depth=64 later: the device is found anew" rebind
	is "io_queue_depth=64 later: its depth" "$(cat $ctrl/sqsize) $(cat /sys/block/nvme0n1/mq/0/nr_tags)" "63 63"
	check "io_queue_depth=64 later: it reads" reads
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

disk=/dev/nvme0n1
function=0000:01:00.0
device=/sys/bus/pci/devices/$function
events=/sys/kernel/tracing/events/nvmescope
trace() { grep -cE "$1" /sys/kernel/tracing/trace || true; }
watch() {
	for event in ctrl_state reset phase_end retry ctrl_gone; do echo 1 >"$events/nvs_$event/enable"; done
}
# What was written under load is read back afterwards; fio fails if a byte differs.
load_begin() {
	fio --name=load --filename=$disk --ioengine=libaio --direct=1 --iodepth=16 --rw=randwrite --bs=4k-64k \
		--size=48M --loops=100 --verify=crc32c --verify_backlog=32 --time_based --runtime=$(($1 * slow)) --randseed=1 >/tmp/fio 2>&1 &
	fio_pid=$!
	wait_for "the load" in_flight "${disk#/dev/}" 1
}
in_flight() { [ "$(awk '{ print $9 }' "/sys/block/$1/stat")" -ge "$2" ]; }
load_end() {
	status=0
	wait "$fio_pid" || status=$?
	is "$1: the load saw no error" "$status$(grep -o "err=.*[1-9].*" /tmp/fio | grep -v "err= 0" || true)" 0
}
pattern() { # write|verify
	# shellcheck disable=SC2086 # an option or none
	fio --name=pattern --filename=$disk --offset=48M --size=8M --ioengine=libaio --direct=1 --iodepth=8 --rw="$1" \
		--bs=16k --verify=crc32c --verify_fatal=1 ${2-} >/tmp/fio-pattern 2>&1
}

flr() {
	load
	watch
	check "the function has an FLR" sh -c "echo flr >$device/reset_method"
	check "a pattern is written" pattern write --do_verify=0
	load_begin 8
	for n in 1 2 3 4; do
		echo 1 >$device/reset || break
		sleep 0.5
	done
	is "each FLR ended with the controller live" "$(trace "nvs_phase_end:.* phase=nvme_reset_done .*result=0")" 4
	is "resets for this reason" "$(trace "nvs_reset:.* why=flr result=0")" 4
	load_end FLR
	check "the pattern is as it was" pattern read
	check "live" live
	is "no illegal transition" "$(trace "nvs_ctrl_state:.* changed=0")" 0
	unload
}

# Without bus mastering the device cannot fetch a command: it sets CSTS.CFS.
command() { # NAME AND-MASK OR-MASK: of the PCI command register
	word=$(dd if=$device/config bs=1 skip=4 count=1 2>/dev/null | od -An -tu1)
	# shellcheck disable=SC2059 # the format is the octal escape
	printf "\\$(printf %o $((word & $1 | $2)))" | dd of=$device/config bs=1 seek=4 conv=notrunc 2>/dev/null
}
fatal() {
	load "io_timeout=2 admin_timeout=3"
	watch
	command 0xfb 0
	check "a read comes back after the reset" reads
	is "the reset was for the fatal status" "$(trace "nvs_reset:.* why=fatal_status result=0")" 1
	check "live" live
	unload
}

# Registers that do not do what the controller is told, laid over its own (see mishap.c).
cover() { echo 1 >/sys/module/mishap/parameters/at_step; }
uncover() { echo 1 >/sys/module/mishap/parameters/back; }
traced() { [ "$(trace "$1")" -ge 1 ]; }
stubborn_begin() {
	insmod /mishap/mishap.ko device=1
	load
	watch
	check "a pattern is written" pattern write --do_verify=0
	cover
	echo 1 >$ctrl/reset_controller &
	resetting=$!
}
stubborn_end() { # HOW THE RESET ENDED
	status=0
	wait "$resetting" || status=$?
	is "$1" "$((status > 0)) $(cat $ctrl/state)" "$2"
}
# CSTS.RDY stays 1, until a function level reset.
stop() {
	stubborn_begin
	wait_for "a function level reset" traced "nvs_reset:.* why=flr result=0"
	uncover
	stubborn_end "a controller that does not stop: after an FLR it does, and comes up" "0 live"
	check "dmesg says so" sh -c "dmesg | grep -q 'does not stop; function level reset: 0'"
	check "the pattern is as it was" pattern read
	unload
	rmmod mishap
}
# CSTS.RDY stays 0.
start() {
	stubborn_begin
	stubborn_end "a controller that never gets ready is given up" "1 dead"
	check "dmesg says why" sh -c "dmesg | grep -q 'did not come up (error -110)'"
	is "its disk has no blocks any more" "$(cat /sys/block/nvme0n1/size)" 0
	uncover
	echo $function >/sys/bus/pci/drivers/nvmescope/unbind
	echo $function >/sys/bus/pci/drivers/nvmescope/bind
	wait_for "the disk" test -b $disk
	check "found anew, it works: the pattern is as it was" pattern read
	unload
	rmmod mishap
}

# The shared directories (9p) do not survive a suspended machine.  So the machine is not:
# devices are suspended in the reverse order of their coming, one after the other, and
# nvme0, which came before nvme1 and after all else, refuses, because its I/O does not end: not within
# io_timeout, that is, from when it is asked, which on a busy machine may be many seconds after its beginning.
throttle() { # NODE BYTES-PER-SECOND
	host qmp "{\"execute\": \"block_set_io_throttle\", \"arguments\": {\"id\": \"$1\", \"bps\": $2, \"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, \"iops_wr\": 0}}"
}
sleep_and_wake() { # NUMBER: of suspends up to now
	check "suspend $1: nvme0 is slow" throttle nvme0n1 8192
	# Asynchronous: whoever waits for it can be frozen all the same. With libaio, fio then waits
	# for as many completions as before, though it has got some of them.
	fio --name=slow --filename=/dev/nvme0n1 --ioengine=io_uring --direct=1 --iodepth=8 --rw=read --bs=128k --size=1M \
		>/tmp/fio-slow 2>&1 &
	slow_pid=$!
	wait_for "slow reads" in_flight nvme0n1 3
	fails "suspend $1: nvme0 refuses, its I/O does not end" any busy sh -c "echo mem >/sys/power/state"
	throttle nvme0n1 0
	is "suspend $1: nvme1 went to sleep" "$(trace "nvs_phase_end: ctrl=1 .* phase=nvme_suspend .*result=0")" "$1"
	is "suspend $1: notified" "$(trace "nvs_phase_end: ctrl=1 .* phase=nvme_shutdown_ctrl .*result=0")" "$1"
	is "suspend $1: nvme1 woke up" "$(trace "nvs_phase_end: ctrl=1 .* phase=nvme_resume .*result=0")" "$1"
	is "suspend $1: by a reset" "$(trace "nvs_reset: ctrl=1 .* why=resume result=0")" "$1"
	wait $slow_pid
}
pm() {
	# shellcheck disable=SC2034
	disks="/dev/nvme0n1 /dev/nvme1n1"
	host plug nvme0
	host plug nvme1
	load io_timeout=4
	watch
	echo devices >/sys/power/pm_test
	echo 0 >/sys/power/pm_async
	disk=/dev/nvme1n1
	check "a pattern is written" pattern write --do_verify=0
	load_begin 20
	check "what nvme0 does may take two minutes" sh -c "echo 120000 >/sys/block/nvme0n1/queue/io_timeout"
	sleep_and_wake 1
	sleep_and_wake 2
	load_end suspend
	check "the pattern is as it was" pattern read
	check "live" live
	is "no illegal transition, nobody gone" "$(trace "nvs_ctrl_state:.* changed=0|nvs_ctrl_gone")" 0
	check "nvme0 still reads" reads
	unload
}

"$@"
