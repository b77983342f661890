#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What can go wrong while the recorder is at it.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

disk=/dev/nvme0n1
FIO=$(command -v fio)

reads() { # NUMBER OPTIONS...
	_n=$1
	shift
	fio --name=r --filename=$disk --ioengine=psync --direct=1 --rw=randread --bs=4k --number_ios="$_n" --output=/dev/null "$@"
}
keep() { cp -r "/tmp/$1" /out/ && rm -r "/tmp/$1"; }
env_of() { sed -nE "s/^\s*$2 = \"(.*)\";/\1/p" "$1/metadata"; }
address() { basename "$(readlink /sys/class/nvme/nvme0/device)"; }

killed() {
	nvmescope record -v -o /tmp/killed 2>/tmp/killed.txt &
	_pid=$!
	wait_for "the recorder" grep -q "attached in" /tmp/killed.txt
	reads 2000
	sleep 3
	kill -9 $_pid
	fails "killed: what was written reads back, and the cut is named" 0 "" sh -c "nvmescope report /tmp/killed >/tmp/report"
	is "killed: said" "$(grep -c 'has no end: the recorder was killed' /tmp/report)" 1
	keep killed
}

# Histograms wait for others, five seconds; what happens besides does not wait for them.
killed_hist() {
	nvmescope record -v --level hist -o /tmp/killed-hist 2>/tmp/killed-hist.txt &
	_pid=$!
	wait_for "the recorder" grep -q "attached in" /tmp/killed-hist.txt
	reads 200
	sleep 1
	echo 1 >/sys/class/nvme/nvme0/reset_controller
	wait_for "a controller that is live" grep -q live /sys/class/nvme/nvme0/state
	sleep 3
	kill -9 $_pid
	check "killed: of level hist, what was written reads back" sh -c "nvmescope report --json /tmp/killed-hist >/tmp/report"
	is "killed: its events did not wait for histograms" "$(grep -cE '"resets": *1' /tmp/report)" 1
	keep killed-hist
}

full() {
	mkdir -p /tmp/small
	mount -t tmpfs -o size=1m small /tmp/small
	fails "disk full: said, with exit status 1" 1 "cannot write /tmp/small/full/cpu-[0-2]: No space left
		[1-9][0-9]* not written" \
		nvmescope record -o /tmp/small/full -- "$FIO" --name=r --filename=$disk --ioengine=psync --direct=1 --rw=randread \
		--bs=4k --time_based --runtime=100 --output=/dev/null
	is "disk full: the recording says how it ended" "$(env_of /tmp/small/full ended_by)" error
	cp -r /tmp/small/full /out/
	umount /tmp/small
}

removal() {
	reads 20
	echo 1 >"/sys/bus/pci/devices/$1/remove"
	wait_for "no disk" test ! -e $disk
	echo 1 >/sys/bus/pci/rescan
	wait_for "the disk again" test -b $disk
	reads 30
}

processors() {
	reads 50 --cpus_allowed=0
	echo 1 >/sys/devices/system/cpu/cpu2/online
	reads 100 --cpus_allowed=2
	echo 0 >/sys/devices/system/cpu/cpu1/online
	reads 50 --cpus_allowed=0
	echo 1 >/sys/devices/system/cpu/cpu1/online
	reads 50 --cpus_allowed=1
}

two() { nvmescope record -o /tmp/inner -- "$FIO" --name=r --filename=$disk --ioengine=psync --direct=1 --rw=randread --bs=4k --number_ios=500 --output=/dev/null; }

stepped() {
	reads 10
	sleep 1.5
	date -s "@$(($(date +%s) + 3600))"
	sleep 1.5
	reads 10
}

all() {
	modprobe nvme
	wait_for "a disk" test -b $disk
	killed
	killed_hist
	full
	echo 0 >/sys/devices/system/cpu/cpu2/online
	check "processors come and go" nvmescope record --strict -o /tmp/processors -- sh "$0" processors
	keep processors
	check "the device is removed, and comes again" nvmescope record -o /tmp/removed -- sh "$0" removal "$(address)"
	keep removed
	check "two recorders at once" nvmescope record -o /tmp/outer -- sh "$0" two
	keep outer
	keep inner
	check "the time of day is set" nvmescope record -o /tmp/stepped -- sh "$0" stepped
	is "the step is in the recording" "$(env_of /tmp/stepped clock_steps | grep -cE '^\+(359[0-9]|3600)\.[0-9]+ s at [0-9.]+ s$')" 1
	keep stepped
}

# --- from the first step on, and with no more privileges than it needs ---------------------

# Nothing is bound until the recorder has attached, which pins the module.
put_off() {
	echo 0 >/sys/bus/pci/drivers_autoprobe
	modprobe nvme
	until [ "$(cat /sys/module/nvme/refcnt)" != 0 ]; do sleep 0.05; done
	until grep -q "attached in" /tmp/first.txt; do sleep 0.05; done
	echo 1 >/sys/bus/pci/drivers_autoprobe
	echo 0000:01:00.0 >/sys/bus/pci/drivers_probe
	wait_for "a disk" test -b $disk
}

late() {
	modprobe nvme
	wait_for "the recorder" grep -q "attached in" /tmp/late.txt
	wait_for "a disk" test -b $disk
	dd if=$disk of=/dev/null bs=4k count=20 iflag=direct
}

# Not busybox's, which knows no users
as_user() { /bin/setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
may() { as_user --inh-caps "-all,$1" --ambient-caps "-all,$1" -- sh -c "$2"; }
caps() { sed -nE "s/^Cap(Prm|Eff|Inh|Amb):\s*//p" "/proc/$1/status" | tr '\n' ' '; }

# In COMMAND: what the recorder may, once it has attached, and what we may.
watch() { # RECORDER'S-WORDS
	wait_for "the recorder" grep -q "attached in" "$1"
	sleep 0.5
	caps "$PPID" >"$1.recorder"
	caps self >"$1.command"
	dd if=$disk of=/dev/null bs=4k count=20 iflag=direct
}

privileges() {
	chmod 666 $disk
	fails "without: said what is needed" 1 "CAP_BPF and CAP_PERFMON" as_user nvmescope record -o /tmp/none -- true
	check "all: recorded by a user who has CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN" \
		may +bpf,+perfmon,+sys_admin "nvmescope record -v -o /tmp/user -- sh $0 watch /tmp/user.txt 2>/tmp/user.txt"
	is "all: the recorder keeps CAP_BPF alone" "$(cat /tmp/user.txt.recorder)" "0000000000000000 0000008000000000 0000008000000000 0000000000000000 "
	is "all: COMMAND has what the caller had" "$(cat /tmp/user.txt.command)" "$(may +bpf,+perfmon,+sys_admin "sh $0 caps self")"
	is "all: the directory is private" "$(stat -c '%a %u' /tmp/user)" "700 1000"
	keep user
	fails "few: said what is missing, and that it is given up again" 1 "CAP_SYS_ADMIN .which is given up again.
		CAP_SYS_ADMIN or leave to read tracefs" may +bpf,+perfmon "nvmescope record -o /tmp/few -- true"
	check "root: recorded" sh -c "nvmescope record -v -o /tmp/root -- sh $0 watch /tmp/root.txt 2>/tmp/root.txt"
	is "root: the recorder keeps CAP_BPF, and CAP_KILL for COMMAND" "$(cat /tmp/root.txt.recorder)" \
		"0000000000000000 0000008000000020 0000008000000020 0000000000000000 "
	is "attached and detached in less than a second each, on a machine that is not emulated" \
		"$(grep -cE '(attached|detached) in [0-9.]+ s' /tmp/root.txt)" 2
	diag "$(grep -E 'tached in' /tmp/root.txt)"
}

# Our PCI module goes, and comes again
reload() {
	dd if=$disk of=/dev/null bs=4k count=20 iflag=direct
	rmmod nvmescope
	insmod /modules/nvmescope.ko shadow_doorbells=0
	wait_for "$disk" test -b $disk
	dd if=$disk of=/dev/null bs=4k count=20 iflag=direct
}

begin() {
	load
	check "our module is unloaded, and comes again" nvmescope record -o /tmp/reload -- sh "$0" reload
	keep reload
	unload
	check "a recorder that is there before the module" sh -c "nvmescope record -v -p stock -o /tmp/first -- sh $0 put_off 2>/tmp/first.txt"
	keep first
	privileges
	unload_inbox
	check "and that waits for it alone" sh -c "nvmescope record -v -p stock -o /tmp/late -- sh $0 late 2>/tmp/late.txt"
	keep late
}

"$@"
