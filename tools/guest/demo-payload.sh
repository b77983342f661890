#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of the demo.  Without arguments: records COMMAND "work" of this
# same file into /out/recording; "work": the modules in, I/O, the driver out.
set -eu
here=$(dirname "$0")

work() {
	# hold_ms: the recorder attaches while nvme_core_init waits, and sees all of it.
	insmod /modules/nvmescope_core.ko hold_ms=10000
	# Shadow doorbells off: each doorbell is a write that goes over the bus.
	insmod /modules/nvmescope.ko shadow_doorbells=0
	# The bring-up is work in the background: over when both disks are there.
	for node in /dev/nvme0n1 /dev/nvme0n2; do
		tries=0
		until [ -b "$node" ]; do
			tries=$((tries + 1))
			[ "$tries" -lt 600 ] || { echo "demo: $node did not appear in 30 s" >&2; exit 1; }
			sleep 0.05
		done
	done
	CPUS=$(nproc) CPU_LIST=0-$(($(nproc) - 1)) fio --output=/out/fio.txt "$here/demo.fio"
	rmmod nvmescope
}

if [ "${1-}" = work ]; then
	work
else
	nvmescope record -o /tmp/recording -- sh "$0" work
	cp -r /tmp/recording /out/
	# The recorder's programs held it until now.
	rmmod nvmescope_core
fi
