#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

reads() { dd if=/dev/nvme0n1 of=/dev/null bs=4k count="$1" iflag=direct 2>/dev/null; }
recorder() { nvmescope record "$@"; }
absent() { [ ! -e "$1" ]; }

# A file system of 600 KiB holds less than these reads make.
disk_full() {
	mkdir -p /tmp/small
	mount -t tmpfs -o size=600k small /tmp/small
	fails "disk full: said, with the place" 1 '/tmp/small' \
		recorder -o /tmp/small/full -- dd if=/dev/nvme0n1 of=/dev/null bs=4k count=6000 iflag=direct
	cp -r /tmp/small/full /out/full
	umount /tmp/small
}

killed() {
	nvmescope record -o /tmp/killed -- sh -c 'echo $$ >/tmp/child; while :; do dd if=/dev/nvme0n1 of=/dev/null bs=4k count=500 iflag=direct; done' 2>/dev/null &
	recorder=$!
	wait_for "a first packet" sh -c 'cat /tmp/killed/cpu-* | head -c 100000 | wc -c | grep -q 100000'
	kill -9 $recorder
	# an orphan now, and nobody records it any more
	kill "$(cat /tmp/child)"
	wait_for "its last read" sh -c '! pidof dd'
	cp -r /tmp/killed /out/killed
}

main() {
	fails "no module: said, and how to have it" 1 'nvmescope_core is not loaded' recorder -o /tmp/rec -- true
	check "no module: nothing written" absent /tmp/rec
	fails "core missing: the PCI module does not load" any "" insmod /modules/nvmescope.ko
	load
	echo 'nobody:x:65534:65534::/:/bin/sh' >>/etc/passwd
	chmod 777 /tmp
	fails "not root: said" 1 'root' su nobody -c 'nvmescope record -o /tmp/rec2 -- true'
	check "not root: nothing written" absent /tmp/rec2
	fails "unknown device" 1 'nvme7' recorder -d nvme7 -o /tmp/rec -- true
	mkdir /tmp/there
	fails "the directory exists" 1 '/tmp/there.*exists' recorder -o /tmp/there -- true
	fails "COMMAND fails: said" 1 'false' recorder -o /tmp/false -- false
	check "COMMAND fails: the recording is whole" nvmescope report /tmp/false
	fails "no directory named" 2 '-o' recorder -- true
	disk_full
	killed
	# This recorder needs no type information: then its absence must do no harm.
	mount -t tmpfs none /sys/kernel/btf
	check "no BTF in the kernel: recorded all the same" recorder -o /tmp/no-btf -- dd if=/dev/nvme0n1 of=/dev/null bs=4k count=10 iflag=direct
	umount /sys/kernel/btf
	record whole dd if=/dev/nvme0n1 of=/dev/null bs=4k count=200 iflag=direct
	(cd /sys/kernel/tracing/events/nvmescope && printf '%s\n' nvs_* | sort) >/out/tracefs
	echo 1 >/sys/kernel/tracing/events/nvmescope/enable
	reads 1
	check "tracefs: symbols have names" grep -q 'nvs_rq_start.*op=read' /sys/kernel/tracing/trace
	echo 0 >/sys/kernel/tracing/events/nvmescope/enable
	unload
}

"$@"
