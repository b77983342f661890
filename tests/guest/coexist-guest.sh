#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck disable=SC2034 # load() shall not wait for any
disks=

one=0000:01:00.0 two=0000:02:00.0
pci=/sys/bus/pci

driver() { basename "$(readlink "$pci/devices/$1/driver")"; }
unbind() { echo "$1" >"$pci/devices/$1/driver/unbind"; }
# Only the driver named may have the device.
give() { # DEVICE DRIVER
	echo "$2" >"$pci/devices/$1/driver_override"
	echo "$1" >"$pci/drivers/$2/bind"
}
in_box() { modprobe nvme; }
no_in_box() { rmmod nvme && rmmod nvme_core; }
disk_of() { # DEVICE: the name of its disk
	find "/sys/block/" -type l | while read -r link; do
		case $(readlink "$link") in *"/$1/"*) basename "$link" ;; esac
	done
}
has_disk() { [ "$(disk_of "$1")" ] && [ -b "/dev/$(disk_of "$1")" ]; }
# shellcheck disable=SC2012 # names of drivers' making
nodes() { (cd /dev && ls -d nvme* nvs* ng* 2>/dev/null | tr "\n" " "); }
# shellcheck disable=SC2012
classes() { (cd /sys/class && ls -d nvme* nvs* 2>/dev/null | tr "\n" " "); }

# What was written under load is read back meanwhile; fio fails if a byte differs. It goes on until it is
# interrupted, which it calls a failure of its own (128).
load_begin() { # DISK
	fio --name=load --filename="/dev/$1" --ioengine=libaio --direct=1 --iodepth=8 --rw=randwrite --bs=4k-64k \
		--size=32M --loops=1000 --verify=crc32c --verify_backlog=32 --time_based --runtime=3600 >/tmp/fio 2>&1 &
	fio_pid=$!
	_disk=$1
	wait_for "the load" busy
}
busy() { [ "$(awk '{ print $5 }' "/sys/block/$_disk/stat")" -ge 50 ]; }
load_end() { # WHAT
	check "$1: the load on the other one goes on meanwhile" test -d "/proc/$fio_pid"
	status=0
	kill -TERM "$fio_pid" || :
	wait "$fio_pid" || status=$?
	is "$1: and sees no error" "$status$(grep -o "err=.*[1-9].*" /tmp/fio | grep -v "err= 0" || true)" 128
}

complaints() { dmesg | grep -cE "duplicate filename|WARNING|Call Trace|kobject_add_internal failed" || true; }

# The kernel's own driver first: it takes both devices, ours takes none of them.
second() {
	in_box
	wait_for "a disk" has_disk $one
	wait_for "a disk" has_disk $two
	# they are probed at the same time: the first is the one that came first
	if [ "$(disk_of $one)" != nvme0n1 ]; then
		came_first=$two two=$one one=$came_first
	fi
	mkfs.ext4 -q -F /dev/nvme0n1
	mkdir -p /tmp/mnt
	mount /dev/nvme0n1 /tmp/mnt
	load
	is "second: no device is taken" "$(driver $one) $(driver $two)" "nvme nvme"
	is "second: its classes step aside" "$(classes)" \
		"nvme nvme-generic nvme-subsystem nvs nvs-generic nvs-subsystem "
	fails "second: a device that the other one has is not given to us" any "" \
		sh -c "echo $one >$pci/drivers/nvmescope/bind"
	fails "second: not either if it is meant for us" any "" \
		sh -c "echo nvmescope >$pci/devices/$one/driver_override; echo $one >$pci/drivers/nvmescope/bind"
	echo >$pci/devices/$one/driver_override
	is "second: it is still the other one's" "$(driver $one)" nvme
	check "second: and its file system works" sh -c "echo works >/tmp/mnt/file; sync; grep works /tmp/mnt/file"
	umount /tmp/mnt

	unbind $two
	give $two nvmescope
	wait_for "our disk" has_disk $two
	is "second: the other device is ours when it is free" "$(driver $one) $(driver $two)" "nvme nvmescope"
	is "second: our nodes are named nvs" "$(nodes)" "ng0n1 nvme0 nvme0n1 nvs0 nvs0n1 nvsg0n1 "
	check "second: nvme-cli works with them" nvme id-ctrl /dev/nvs0
	check "second: and with a disk" nvme id-ns /dev/nvs0n1

	load_begin nvme0n1
	unload
	load
	wait_for "our disk" has_disk $two
	unbind $two
	unload
	load_end "second: our modules out, in, unbound and out again"

	load
	wait_for "our disk" has_disk $two
	load_begin nvs0n1
	check "second: the other modules out" no_in_box
	check "second: and in again" in_box
	wait_for "its disk" has_disk $one
	unbind $one
	check "second: and out again" no_in_box
	load_end "second"
	is "second: nobody takes a device that is in use" "$(driver $two)" nvmescope

	# a disk of ours in use holds our modules
	mkfs.ext4 -q -F /dev/nvs0n1
	mount /dev/nvs0n1 /tmp/mnt
	in_box
	fails "second: with a file system mounted our module stays" any "" rmmod nvmescope
	fails "second: and the other one does not get the device" any "" \
		sh -c "echo nvme >$pci/devices/$two/driver_override; echo $two >$pci/drivers/nvme/bind"
	check "second: which works" sh -c "echo works >/tmp/mnt/file; sync; grep works /tmp/mnt/file"
	umount /tmp/mnt
	no_in_box
	unload
	for device in $one $two; do echo >"$pci/devices/$device/driver_override"; done
}

# Ours first, with the names of the other, which therefore cannot come.
first() {
	load
	wait_for "our disk" has_disk $one
	wait_for "our disk" has_disk $two
	is "first: our nodes are named nvme" "$(nodes)" "ng0n1 ng1n1 nvme0 nvme0n1 nvme1 nvme1n1 "
	load_begin nvme0n1
	fails "first: the other one is refused" any "" modprobe nvme
	check "first: and the reason is said" sh -c 'dmesg | grep "nvme_core cannot be loaded.*own_names=1"'
	load_end "first"
	check "first: a reset" sh -c 'echo 1 >/sys/class/nvme/nvme1/reset_controller'
	unload
	check "first: with ours gone it comes" in_box
	wait_for "its disk" has_disk $one
	no_in_box
}

# Ours first, with names of its own.
own_names() {
	echo nvmescope >$pci/devices/$two/driver_override
	echo nvme >$pci/devices/$one/driver_override
	load own_names=1
	wait_for "our disk" has_disk $two
	check "own names: the other one comes later" in_box
	wait_for "its disk" has_disk $one
	is "own names: each has its own device" "$(driver $one) $(driver $two)" "nvme nvmescope"
	is "own names: and its own nodes" "$(nodes)" "ng0n1 nvme0 nvme0n1 nvs0 nvs0n1 nvsg0n1 "
	load_begin nvs0n1
	check "own names: the other one goes" no_in_box
	load_end "own names"
	unload
}

main() {
	second
	first
	own_names
	is "no complaint of sysfs" "$(complaints)" 0
	is "nothing left behind" "$(nodes)$(classes)" ""
}

"$@"
