#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The guest's part of bench.sh: every row five times. Each leaves a line in /out/runs: row, I/Os,
# how often the program slept; the plugin's counts are numbered in the same order.
# shellcheck source=../guest/in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck source=disks.sh
. /src/tests/bench/disks.sh

row() { # NAME DEPTH BYTES COUNT [WORD...]
	_name=$1 _count=$4 _disk="$slow_disk"
	shift
	case " $* " in *" spin "* | *" poll "*) _disk="$quick_disk" ;; esac
	for _ in 1 2 3 4 5; do
		echo "$_name $_count $(iobench "$_disk" "$@")" >>/out/runs
	done
}

sized() { # NAME-WITH-% DEPTH COUNT-OF-4K COUNT-OF-128K [WORD...]
	_what=$1 _depth=$2 _small=$3 _large=$4
	shift 4
	row "$_what-4K" "$_depth" 4096 "$_small" "$@"
	row "$_what-128K" "$_depth" 131072 "$_large" "$@"
}

# Both ways; $1 gets -read or -write.
both() {
	_base=$1
	shift
	sized "$_base-read" "$@"
	sized "$_base-write" "$@" write
}

all() { # inbox|nvmescope
	echo 16 >/proc/sys/vm/nr_hugepages
	# where a program lies changes what it costs, a little
	echo 0 >/proc/sys/kernel/randomize_va_space
	if [ "$1" = inbox ]; then
		modprobe nvme poll_queues=1
	else
		insmod /modules/nvmescope_core.ko
		insmod /modules/nvmescope.ko poll_queues=1
	fi
	settle_disks
	: >/out/runs
	both pread-1 1 800 400
	both uring-1 1 800 400 uring
	both libaio-1 1 800 400 libaio
	both uring-32 32 6400 1600 uring spin
	both libaio-32 32 6400 1600 libaio spin
	both polled-1 1 100 100 poll
	both polled-32 32 3200 1600 poll
	both buffered-1 1 400 100 buffered
	cp /proc/kallsyms /out/kallsyms
	uname -r >/out/release
}

"$@"
