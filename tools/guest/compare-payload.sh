#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# compare-payload.sh run NAME DRIVER LEVEL FIO-FILE [MODULES [PARAMETERS]]: one run to be
# compared, recorded into /out/NAME: the driver (inbox or nvmescope, whose modules are in
# MODULES) is loaded without a device; from the bind on all is recorded, to the end of the fio
# file. At level hist the device is there before, for in-kernel counting knows no phases.
#
# All runs of a guest go through the same addresses in the same order: what one left behind in
# the kernel's memory is the only difference between the first and the next.
set -eu

pci=/sys/bus/pci

wait_for() { # PATH
	tries=0
	until [ -e "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || { echo "compare: $1 did not appear in a minute" >&2; exit 1; }
		sleep 0.05
	done
}

find_device() {
	for device in "$pci"/devices/*; do
		if [ "$(cat "$device/class")" = 0x010802 ]; then
			basename "$device"
			return
		fi
	done
	echo "compare: there is no NVMe device" >&2
	exit 1
}

attach_device() { # DRIVER FIO-FILE
	find_device >"$pci/drivers/$1/bind"
	sed -n "s/^filename=//p" "$2" | sort -u | while read -r disk; do
		wait_for "/sys/block/${disk#/dev/}/queue/scheduler"
		echo none >"/sys/block/${disk#/dev/}/queue/scheduler"
	done
}

# What is recorded.
work() { # DRIVER FIO-FILE
	[ -e /dev/nvme0n1 ] || attach_device "$1" "$2"
	fio --output=/tmp/fio.txt "$2"
}

load() { # DRIVER [MODULES [PARAMETERS]]
	echo 0 >"$pci/drivers_autoprobe"
	if [ "$1" = inbox ]; then
		modprobe nvme
		return
	fi
	insmod "$2/nvmescope_core.ko"
	# Shadow doorbells off, for QEMU's processors that share a thread (see accel.sh).
	# shellcheck disable=SC2086 # parameters are words
	insmod "$2/nvmescope.ko" shadow_doorbells=0 ${3-}
}

# The last recorder's programs hold the module for a while after their end.
remove() { # MODULE
	tries=0
	until rmmod "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || { echo "compare: $1 is still in use after a minute" >&2; exit 1; }
		sleep 0.05
	done
}

run() { # NAME DRIVER LEVEL FIO-FILE [MODULES [PARAMETERS]]
	name=$1 driver=$2 level=$3 file=$4
	shift 4
	module=nvme core=nvme_core provider=stock
	if [ "$driver" = nvmescope ]; then
		module=nvmescope core=nvmescope_core provider=driver
	fi
	load "$driver" "$@"
	if [ "$level" != events ]; then attach_device "$module" "$file"; fi
	mkdir -p "$(dirname "/out/$name")" "$(dirname "/tmp/$name")"
	# The rings are emptied into memory: the host's directory is too slow for that.
	nvmescope record -o "/tmp/$name" --provider $provider --level "$level" -- \
		sh "$0" work "$module" "$file" || exit
	cp /tmp/fio.txt "/out/$name.fio.txt"
	cp -r "/tmp/$name" "/out/$name"
	rm -r "/tmp/${name:?}"
	find_device >"$pci/drivers/$module/unbind"
	remove $module
	remove $core
}

# FIRST LAST DRIVER...: run-FIRST to run-LAST
runs() {
	number=$1 last=$2
	shift 2
	while [ "$number" -le "$last" ]; do
		run "run-$number" "$@"
		number=$((number + 1))
	done
}

"$@"
