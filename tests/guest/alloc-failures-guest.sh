#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1
ctrl=/sys/class/nvme/nvme0
function=0000:01:00.0
driver=/sys/bus/pci/drivers/nvmescope
mishap=/sys/module/mishap/parameters
debug=/sys/kernel/debug

state() { cat $ctrl/state 2>/dev/null || echo none; }
live() { [ "$(state)" = live ]; }
settled() { case $(state) in live | dead | none) ;; *) false ;; esac; }
over() { [ "$(cat $mishap/alloc_left)" -ge 0 ]; }

pattern() { dd if=/dev/urandom of=/tmp/pattern bs=256k count=1 && dd if=/tmp/pattern of=$disk bs=256k seek=1 oflag=direct; }
works() { dd if=$disk bs=256k skip=1 count=1 iflag=direct | cmp - /tmp/pattern; }

# Allocations that may sleep fail too, and those of single pages.
arm() {
	# The kernel's ACPI interpreter, when it has no memory, uses what it has freed.
	# Its functions stand together, from acpi_ds_* to acpi_ut_*.
	awk '$2 ~ /[tT]/ && $3 ~ /^acpi_(ds|ut)_[a-z0-9_]+$/ { print $1 }' /proc/kallsyms | sort >/tmp/acpi
	for _fault in failslab fail_page_alloc; do
		echo 0 >$debug/$_fault/ignore-gfp-wait
		echo 1 >$debug/$_fault/verbose
		echo 32 >$debug/$_fault/stacktrace-depth
		echo "0x$(head -n 1 /tmp/acpi)" >$debug/$_fault/reject-start
		echo "0x$(tail -n 1 /tmp/acpi)" >$debug/$_fault/reject-end
	done
	echo 0 >$debug/fail_page_alloc/ignore-gfp-highmem
	echo 0 >$debug/fail_page_alloc/min-order
	# Of what else the kernel says about missing memory: a directory that could not be made
	# cannot be removed, and the check of DMA gives up. Leaks are looked into below.
	printf '%s\n' 'WARNING: .* at remove_proc_entry' 'DMA-API: cacheline tracking ENOMEM' \
		'kmemleak: [0-9]+ new suspected' >/out/expected-complaints
}

# But for the kernel's own: a cache whose directory in sysfs cannot be made leaks its name.
leaks() {
	awk 'function tell() { if (report !~ /sysfs_slab_add/) printf "%s", report; report = "" }
		/^unreferenced/ { tell() }
		{ report = report $0 "\n" }
		END { tell() }' $debug/kmemleak
}
no_leaks() {
	# an orphan is believed when it is 5 s old
	sleep 6
	echo scan >$debug/kmemleak
	echo scan >$debug/kmemleak
	leaks | tee /out/leaks.txt
	[ ! -s /out/leaks.txt ]
}

# --- what is done while an allocation fails ---------------------------------------------

core_init() {
	insmod /tmp/nvmescope_core.ko || return 0
	rmmod nvmescope_core
}
core_init_after() { :; }
pci_init() { insmod /tmp/nvmescope.ko shadow_doorbells=1 || return 0; }
pci_init_after() {
	[ ! -e /sys/module/nvmescope ] || { wait_for "the bring-up" settled; wait_for "its last user" rmmod nvmescope; }
}
bind() { echo $function >$driver/bind || :; }
bound() { [ -e $driver/$function ]; }
unbind() { ! bound || echo $function >$driver/unbind; }
# Whatever has become of it, the next attempt works.
wait_a_little() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do ! "$@" || return 0; sleep 0.1; done
	return 1
}
again() {
	wait_for "the end of a bring-up" settled
	if ! bound || ! live; then
		unbind
		echo $function >$driver/bind
	fi
	wait_for "live" live
	# a scan that failed is made up for by the next; missing queues, by a reset
	wait_a_little test -b $disk || echo 1 >$ctrl/rescan_controller
	wait_a_little test -b $disk || echo 1 >$ctrl/reset_controller
	wait_for "the disk" test -b $disk
	works
}
probe() { unbind; armed_now; bind; }
probe_after() { again; }
bring_up() { probe; }
bring_up_after() { again; }
reset() { armed_now; echo 1 >$ctrl/reset_controller || :; }
reset_after() { again; }
first_scan() { probe; }
first_scan_after() { again; }
rescan() { armed_now; echo 1 >$ctrl/rescan_controller || :; }
rescan_after() { again; }
removal() { armed_now; unbind; }
removal_after() { again; }

# An interrupt that went missing.
missed() { dmesg | grep -c "timed out, but was found completed" || :; }

armed_now() { echo "$n" >$mishap/alloc_nth; }

# OPERATION PHASE MODULE EVERY: the first, the EVERY-th after it, and so on, to the last.
sweep() {
	echo "$2" >$mishap/alloc_phase
	echo "$3" >$mishap/alloc_module
	n=1 failed=0 bad=0
	while :; do
		# the inits begin by themselves
		case $1 in *_init) armed_now ;; esac
		"$1" >/tmp/said 2>&1 || { echo "$1 $n"; cat /tmp/said; bad=$((bad + 1)); }
		wait_for "the end of $1" over || { bad=$((bad + 1)); break; }
		_left=$(cat $mishap/alloc_left)
		_state=$(state)
		"$1_after" >/tmp/after 2>&1 || { echo "$1 $n"; cat /tmp/after; bad=$((bad + 1)); }
		echo "$(cut -d ' ' -f 1 /proc/uptime) $1 $n: left $_left, then $_state" >>/out/sweep.txt
		[ "$_left" = 0 ] || break
		failed=$((failed + 1))
		n=$((n + $4))
		[ $bad -lt 3 ] || break
	done
	is "$1: $failed allocations failed, of $((n - _left)), and no interrupt went missing" "$bad $((failed > 0)) $(missed)" "0 1 0"
}

# --- I/O --------------------------------------------------------------------------------

# What our modules ask for, wherever they run, fails often; what the rest of the kernel asks for does not.
often() { # PERCENT
	_start=$(cat /sys/module/nvmescope/sections/.text)
	_size=$(awk '$1 == "nvmescope" { print $2 }' /proc/modules)
	for _fault in failslab fail_page_alloc; do
		echo "$_start" >$debug/$_fault/require-start
		printf '0x%x\n' $((_start + _size)) >$debug/$_fault/require-end
		echo 32 >$debug/$_fault/stacktrace-depth
		echo 0 >$debug/$_fault/verbose
		echo -1 >$debug/$_fault/times
		echo "$1" >$debug/$_fault/probability
	done
}

anywhere() {
	for _fault in failslab fail_page_alloc; do
		echo 0 >$debug/$_fault/require-start
		echo 0xffffffffffffffff >$debug/$_fault/require-end
	done
}

verified() {
	fio --name=load --filename=$disk --ioengine=libaio --direct=1 --iodepth=32 --rw=randwrite --bs=4k-512k \
		--offset=16M --size=32M --verify=crc32c --verify_fatal=1
}

main() { # EVERY
	insmod /mishap/mishap.ko
	# once through the slow share
	cp /modules/*.ko /tmp/
	arm
	sweep core_init 0 nvmescope_core "$1"
	echo '' >$mishap/alloc_module
	insmod /tmp/nvmescope_core.ko
	sweep pci_init 0 nvmescope "$1"
	echo '' >$mishap/alloc_module
	insmod /tmp/nvmescope.ko shadow_doorbells=1
	wait_for "the disk" test -b $disk
	check "a pattern is written" pattern
	sweep probe 3 '' "$1"
	sweep bring_up 8 '' "$1"
	sweep reset 8 '' "$1"
	sweep first_scan 24 '' "$1"
	sweep rescan 24 '' "$1"
	sweep removal 33 '' "$1"
	for node in /dev/nvme0 /dev/ng0n1 $disk; do
		check "I/O through $node: each ends well or says that there is no memory" alloc-io "$node"
		cat /tmp/said >>/out/io.txt
	done
	often 30
	check "a third of what the driver asks for fails, and all that is written is read back" verified
	often 0
	anywhere
	check "the pattern is as it was" works
	rmmod nvmescope
	rmmod nvmescope_core
	rmmod mishap
	check "nothing leaks" no_leaks
	echo clear >$debug/kmemleak
}

"$@"
