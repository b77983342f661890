# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
steps() {
	begin || true
	wait_for "the last disk" test -b "/dev/nvme0n$p_disks"
	dd if=/dev/nvme0n1 of=/dev/null bs=4k count=4 iflag=direct
	rmmod nvmescope
}

workqueues() { find /sys/devices/virtual/workqueue -maxdepth 1 -name 'nvmescope*' | wc -l; }
devts() { grep -c nvmescope /proc/devices || true; }
left() { echo "workqueues $(workqueues)"; echo "devts $(devts)"; }

# fail NAME CLASH: init fails because CLASH has the name that it wants; /out/NAME says what is left
fail() {
	# The name may be taken already, by what an earlier failure left behind.
	insmod /modules/clash.ko "$2" || true
	left >/tmp/before
	if insmod /modules/nvmescope_core.ko; then
		echo "loaded" >"/out/$1"
		rmmod nvmescope_core
	else
		left | paste - /tmp/before | awk '{ print $1, $2 - $4 }' >"/out/$1"
	fi
	[ ! -d /sys/module/clash ] || rmmod clash
}

# What this leaves is in the way of what follows, so it comes last.
after() {
	fail class class=nvme-generic
	fail workqueue workqueue=nvmescope-reset-wq
}
