#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1
ctrl=/sys/class/nvme/nvme0
function=0000:01:00.0
device=/sys/bus/pci/devices/$function
driver=/sys/bus/pci/drivers/nvmescope
events=/sys/kernel/tracing/events/nvmescope
timeout=2
[ "$slow" = 1 ] || timeout=5

state() { cat $ctrl/state 2>/dev/null || echo none; }
live() { [ "$(state)" = live ]; }
trace() { grep -cE "$1" /sys/kernel/tracing/trace || true; }
watch() {
	for event in ctrl_state reset phase_end; do echo 1 >"$events/nvs_$event/enable"; done
}
pattern() { dd if=/dev/urandom of=/tmp/pattern bs=1M count=4 && dd if=/tmp/pattern of=$disk bs=1M seek=56 oflag=direct; }
same() { dd if=$disk bs=1M skip=56 count=4 iflag=direct | cmp - /tmp/pattern; }
# Writes that are read back, on the first 48 MiB.
load_begin() { # SECONDS
	fio --name=load --filename=$disk --ioengine=libaio --direct=1 --iodepth=16 --rw=randwrite --bs=4k-64k \
		--size=48M --loops=100 --verify=crc32c --verify_backlog=32 --time_based --runtime="$1" --randseed=1 >/tmp/fio 2>&1 &
	fio_pid=$!
	wait_for "the load" busy
}
busy() { [ "$(awk '{ print $9 }' /sys/block/nvme0n1/stat)" -ge 1 ]; }
load_end() {
	status=0
	wait "$fio_pid" || status=$?
	is "$1: the load saw no error" "$status$(grep -o "err=.*[1-9].*" /tmp/fio | grep -v "err= 0" || true)" 0
}

# --- errors on the link ------------------------------------------------------------------

# The bits are those of AER's status registers; the port reports for all behind it.
bad_tlp=40 completion_timeout=4000 malformed=40000
port_error() { # UNCORRECTABLE CORRECTABLE
	port=$(readlink -f $device)
	port=$(basename "${port%/*}")
	# shellcheck disable=SC2046 # device and function
	aer 0 $(echo "${port##*:}" | tr . ' ') "$1" "$2"
}
ends() { # PHASE: how often it ended well
	trace "nvs_phase_end:.* phase=$1 .*result=0"
}
ended() { [ "$(ends "$1")" = "$2" ]; }

errors() {
	load "io_timeout=10"
	modprobe aer_inject
	watch
	check "a pattern is written" pattern
	fails "the device has no error reporting of its own in this QEMU" any "not supported" aer 1 0 0 $malformed 0
	load_begin $((10 * slow))
	check "a correctable error" port_error 0 $bad_tlp
	check "an error that is not fatal" port_error $completion_timeout 0
	wait_for "its end" ended nvme_error_resume 1
	is "which stopped nothing" "$(ends nvme_error_detected) $(trace 'nvs_reset:') $(state)" "1 0 live"
	for n in 1 2 3; do
		check "fatal error $n" port_error $malformed 0
		wait_for "its end" ended nvme_error_resume $((n + 1))
		sleep 0.5
	done
	is "fatal errors: detected, link reset, resumed, each by one reset of the controller" \
		"$(ends nvme_slot_reset) $(trace 'nvs_reset:.* why=pci_error result=0') $(state)" "3 3 live"
	load_end "fatal errors"
	check "fatal errors: the pattern is as it was" same
	is "no illegal transition" "$(trace 'nvs_ctrl_state:.* changed=0')" 0
	unload
}

# Here the link does not come back, of which the driver is not told.
link() {
	load "io_timeout=3 admin_timeout=$timeout"
	modprobe aer_inject
	watch
	check "a pattern is written" pattern
	load_begin 60
	check "a fatal error, after which the link stays down" port_error $malformed 0
	wait_for "the driver to give up" dead
	status=0
	wait $fio_pid || status=$?
	is "the load is told" "$((status > 0)) $(ends nvme_give_up)" "1 1"
	check "it is removed" sh -c "echo 1 >$device/remove"
	check "and found" sh -c "echo 1 >/sys/bus/pci/rescan"
	wait_for "the disk" test -b $disk
	check "the pattern is as it was" same
	unload
}
dead() { [ "$(state)" = dead ]; }

# --- gone, at any step -------------------------------------------------------------------

mishap=/sys/module/mishap/parameters
of() { cat "$mishap/$1"; }
now_ms() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }

# Over, as far as one can see: nobody takes a step any more, though what was in flight had time
# to be late.
settled() {
	_last=-1 _since=$(now_ms) _enough=$((500 * slow))
	until dead || [ $(($(now_ms) - _since)) -gt $_enough ]; do
		[ "$(of happened)" = 0 ] || _enough=$((timeout * 1000 + 1500))
		_now=$(of steps)
		[ "$_now" = "$_last" ] || _since=$(now_ms)
		_last=$_now
		sleep 0.1
	done
}
# As soon as it has happened, if it does.
happens() {
	_tries=0
	while [ "$(of happened)" = 0 ] && [ $_tries -lt $((40 * slow)) ]; do
		_tries=$((_tries + 1))
		sleep 0.05
	done
}

# What the driver is doing when it happens.  Its result does not matter, its end does.
probe_begin() { echo $function >$driver/unbind; }
probe() { echo $function >$driver/bind; }
reset_begin() { :; }
reset() { echo 1 >$ctrl/reset_controller; }
scan_begin() { :; }
scan() { echo 1 >$ctrl/rescan_controller; }
io_begin() { :; }
io() {
	fio --name=io --filename=$disk --ioengine=libaio --direct=1 --iodepth=8 --rw=randwrite --bs=4k-128k --size=2M \
		--verify=crc32c --verify_fatal=1 >/tmp/fio-io 2>&1
}
remove_begin() { :; }
remove() { [ ! -e $device ] || echo 1 >$device/remove; }

# The disk is there again, and is what it was.
recover() {
	echo 1 >$mishap/back
	remove
	echo 1 >/sys/bus/pci/rescan
	wait_for "the disk" test -b $disk && wait_for "live" live && same
}

# OPERATION KIND N HASTE: one mishap.  A patient user lets the driver find out; a hasty one,
# as a hotplug port is, removes it at once.
one_mishap() {
	_begin=$(now_ms)
	"$1_begin" || return 1
	echo "$3" >$mishap/at_step
	"$1" >/tmp/said 2>&1 || :
	if [ "$4" = patient ]; then settled; else happens; fi
	_steps=$(of steps) _happened=$(of happened) _state=$(state)
	remove
	_ms=$(($(now_ms) - _begin))
	[ $_ms -le "$longest" ] || longest=$_ms
	recover >/tmp/recovered 2>&1 || { cat /tmp/recovered; _said=" NOT RECOVERED"; bad=$((bad + 1)); }
	echo "$1 $2 $3 $4: happened=$_happened of $_steps steps, state $_state, $_ms ms$_said" >>/out/mishaps.txt
	_said=
}

# OPERATION KIND POINTS: as many mishaps, spread evenly over its steps.
sweep() {
	echo "$2" >$mishap/device
	longest=0 bad=0 _said='' done=0
	if [ "$2" = 0 ]; then
		# how many steps it takes undisturbed
		one_mishap "$1" "$2" 1000000 patient
		steps=$_steps longest=0
	fi
	every=$((steps / $3))
	[ $every -gt 0 ] || every=1
	n=1
	while [ $n -le "$steps" ]; do
		haste=$(if [ $((n / every % 2)) = 1 ]; then echo hasty; else echo patient; fi)
		one_mishap "$1" "$2" $n "$haste"
		done=$((done + _happened))
		n=$((n + every))
	done
	is "$1: gone ($2) at $done of $steps steps, at most $longest ms each: the disk came back each time" "$bad $((done > 0))" "0 1"
}

gone() { # POINTS
	insmod /mishap/mishap.ko
	load "io_timeout=$timeout admin_timeout=$timeout"
	check "a pattern is written" pattern
	for operation in probe reset scan io remove; do
		sweep $operation 0 "$1"
		sweep $operation 1 $((($1 + 1) / 2))
		sweep $operation 2 $((($1 + 1) / 2))
	done
	is "each step is told with interrupts off" "$(of open_steps)" 0
	unload
	rmmod mishap
}

"$@"
