#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What inspect sees, with each driver and none, and with less than it would like to see.
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

look() { # NAME COMMAND...
	_name=$1
	shift
	"$@" nvmescope inspect --json >"/out/$_name.json"
	"$@" nvmescope inspect --all >"/out/$_name.txt"
}

# As nobody: procfs and sysfs, but no debugfs, no tracefs, no leave to load programs
nobody="/bin/setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"

both() {
	modprobe nvme poll_queues=1 write_queues=1
	wait_for "a disk" test -b /dev/nvme0n1
	look stock
	# What the kernel says itself
	cat /sys/kernel/debug/block/nvme0n1/hctx*/type >/out/types
	sed -nE 's/^ *([0-9]+):.* nvme0q([0-9]+)$/\2,\1/p' /proc/interrupts | sort -n >/out/irqs
	while IFS=, read -r _ _irq; do cat "/proc/irq/$_irq/effective_affinity_list"; done </out/irqs >/out/affinity
	# shellcheck disable=SC2086 # words
	look nobody $nobody
	# As it is without CONFIG_DEBUG_INFO_BTF_MODULES
	mkdir /tmp/btf
	cp /sys/kernel/btf/vmlinux /tmp/btf/
	mount --bind /tmp/btf /sys/kernel/btf
	look hidden
	umount /sys/kernel/btf
	check "what is said to be recordable is" nvmescope record -o /tmp/recording -p stock -- true
	sed -nE 's/.*attach_points_missing = "(.*)";/\1/p' /tmp/recording/metadata | tr ' ' '\n' | sort -u >/out/missing
	unload_inbox
	look none
	load
	look ours
	unload
}

"$@"
