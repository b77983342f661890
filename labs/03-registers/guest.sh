# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
steps() {
	begin || true
	device=/sys/bus/pci/devices/0000:01:00.0
	grep -c nvmescope /proc/iomem >/out/claimed || true
	head -n 1 $device/resource >/out/resource
	# Once more: what the first time left behind is in the way now.
	echo 0000:01:00.0 >/sys/bus/pci/drivers/nvmescope/unbind
	grep -c nvmescope /proc/iomem >/out/left || true
	echo 0000:01:00.0 >/sys/bus/pci/drivers/nvmescope/bind
	wait_for "the disk" test -b /dev/nvme0n1
	dd if=/dev/nvme0n1 of=/dev/null bs=4k count=4 iflag=direct
	rmmod nvmescope
}
