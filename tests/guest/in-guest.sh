# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What guest tests share, inside the guest. A payload NAME-guest.sh is
#
#	. /src/tests/guest/in-guest.sh
#	work() { load; check "it reads" dd if=/dev/nvme0n1 of=/dev/null count=1; unload; }
#	"$@"
#
# and is started by `guest LABEL -- NAME-guest.sh work`. A command that fails outside of
# check and fails ends the payload, and with it the test.
#
# check, fails, is, skip, diag   as in lib.sh
# load [CORE-PARAMS [PCI-PARAMS]]   both modules in, and waits for $disks (/dev/nvme0n1);
#                                without shadow doorbells, unless shadow_doorbells=1 is asked for
# unload                         both modules out
# wait_for WHAT COMMAND...       until the command succeeds; a minute at most
# end PID                        tells a command that was started to end; its status is $_ended
# record NAME COMMAND...         records the command into /out/NAME

set -eu

disks=${disks-/dev/nvme0n1}
# Times that a load lasts are for the kernels as they are, not for one with sanitizers.
# shellcheck disable=SC2034 # the payloads use it
slow=$(if [ -e /sys/kernel/debug/kmemleak ]; then echo 6; else echo 1; fi)

diag() { printf '%s\n' "$*" | sed 's/^/# /' >>/out/points; }
point() { printf '%s - %s\n' "$1" "$2" >>/out/points; }
skip() { point ok "$1 # SKIP $2"; }

check() {
	_what=$1
	shift
	# not behind ||, where a function would go on after a failure
	set +e
	(set -e; "$@") >/tmp/said 2>&1
	_status=$?
	set -e
	if [ "$_status" = 0 ]; then
		point ok "$_what"
	else
		point 'not ok' "$_what"
		diag "exit status $_status: $*"
		diag "$(tail -n 30 /tmp/said)"
	fi
}

# REGEX has a line for each thing that stderr must say.
fails() { # WHAT STATUS|any REGEX COMMAND...
	_what=$1 _wanted=$2 _regex=$3
	shift 3
	set +e
	(set -e; "$@") >/tmp/said 2>/tmp/words
	_status=$?
	set -e
	_why=
	if [ "$_wanted" = any ]; then
		if [ "$_status" = 0 ] || [ "$_status" -gt 125 ]; then _why="exit status $_status"; fi
	elif [ "$_status" != "$_wanted" ]; then
		_why="exit status $_status, not $_wanted"
	fi
	printf '%s\n' "$_regex" >/tmp/regex
	while read -r _line; do
		[ -z "$_line" ] || grep -qE -- "$_line" /tmp/words || _why="$_why; its stderr has no '$_line'"
	done </tmp/regex
	if [ -z "$_why" ]; then
		point ok "$_what"
	else
		point 'not ok' "$_what"
		diag "$_why"
		diag "$*"
		diag "$(tail -n 30 /tmp/words)"
	fi
}

is() { # WHAT GOT WANTED
	if [ "$2" = "$3" ]; then
		point ok "$1"
	else
		point 'not ok' "$1"
		diag "got:    $2"
		diag "wanted: $3"
	fi
}

wait_for() { # WHAT COMMAND...
	_for=$1 _tries=0
	shift
	until "$@" >/dev/null 2>&1; do
		_tries=$((_tries + 1))
		[ $_tries -lt $((20 * ${patience:-60})) ] || { echo "waited ${patience:-60} s in vain for $_for" >&2; return 1; }
		sleep 0.05
	done
}

# Parameters are words: "hold_ms=1000 io_timeout=5". Shadow doorbells are off because a QEMU
# whose processors share a thread leaves out the guest's memory barriers (see accel.sh): once in
# many thousand submissions device and driver then miss each other, for 30 s.
# shellcheck disable=SC2120 # most scripts need no parameters
load() {
	# shellcheck disable=SC2086
	insmod /modules/nvmescope_core.ko ${1-}
	# shellcheck disable=SC2086
	insmod /modules/nvmescope.ko shadow_doorbells=0 ${2-}
	for _disk in $disks; do
		wait_for "$_disk" test -b "$_disk"
		# on 6.1 later than the node
		wait_for "$_disk in sysfs" test -e "/sys/block/${_disk#/dev/}/queue/nomerges"
	done
}

unload() {
	rmmod nvmescope
	rmmod nvmescope_core
}

# DMA debugging on a sanitized kernel: two buffers of the kernel's own driver share a cache line.
# Of ours the first line would say "nvmescope".
expect_of_inbox() {
	printf '%s\n' 'DMA-API: nvme 0000.*cacheline tracking EEXIST' 'WARNING: .* at add_dma_entry' \
		'DMA-API: Mapped at' >>/out/expected-complaints
}

# The kernel's own driver, when the last recorder of it is gone altogether: on 6.1 that takes
# seconds, and longer the more the machine has to do.
let_go() { [ "$(cat /sys/module/nvme/refcnt)" = 0 ]; }
unload_inbox() {
	patience=300 wait_for "the last program to be let go of" let_go
	rmmod nvme nvme_core
}

end() { # PID
	kill "$1"
	set +e
	wait "$1"
	_ended=$?
	set -e
}

record() { # NAME COMMAND...
	_name=$1
	shift
	# The rings are emptied into memory: the host's directory is too slow for that.
	nvmescope record -o "/tmp/$_name" -- "$@" 2>"/out/$_name.txt" || { cat "/out/$_name.txt" >&2; return 1; }
	cp -r "/tmp/$_name" /out/
	rm -r "/tmp/$_name"
}

# The end of a recording in the device's log: a command that nobody else sends, which the device refuses.
mark_log() { nvme admin-passthru /dev/nvme0 -o 0xc1 >/dev/null 2>&1 || :; }
