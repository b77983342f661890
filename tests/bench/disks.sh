# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The two disks of a bench's guest, after tests/guest/in-guest.sh: a slow one, where each read of depth 1 is
# waited for asleep, and a quick one, for many at once. Each has a controller of its own, as most disks have: where two
# namespaces share queues, 6.1 hands over requests one by one.
#
# settle_disks     waits for them, and names them: $slow_disk, $quick_disk

# Which of the two is nvme0 is a matter of which was ready first.
disk_of() { # SERIAL
	for _nvme in /sys/class/nvme/nvme*; do
		if [ "$(tr -d ' ' <"$_nvme/serial")" = "$1" ]; then echo "/dev/${_nvme##*/}n1"; fi
	done
}

is_there() { # SERIAL
	_disk=$(disk_of "$1")
	test -e "/sys/block/${_disk#/dev/}/queue/scheduler"
}

settle_disks() {
	for _serial in nvmescope0 nvmescope1; do
		wait_for "$_serial" is_there $_serial
		_disk=$(disk_of $_serial)
		echo none >"/sys/block/${_disk#/dev/}/queue/scheduler"
	done
	slow_disk=$(disk_of nvmescope0) quick_disk=$(disk_of nvmescope1)
	export slow_disk quick_disk # for the command that a recorder starts
	sleep 1
}
