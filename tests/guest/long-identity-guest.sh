#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck disable=SC2034 # the two controllers come in any order
disks=

pci=/sys/bus/pci
all='0000:01:00.0 0000:02:00.0'

there() { [ "$(find /sys/class/block/ -name 'nvme*' | wc -l)" = 4 ]; }

# A name of the kernel's own says which came first; so links are told by serial number and namespace.
who() { # SYSFS DIRECTORY of a disk or partition
	_disk=$1
	[ -e "$_disk/nsid" ] || _disk=$_disk/..
	echo "$(tr -d ' ' <"$_disk/device/serial")-$(cat "$_disk/nsid")-$(cat "$1/partition" 2>/dev/null || echo whole)"
}

# The order in which namespaces came decides who has a link that they all claim, and their diskseq:
# both are left out.
links() {
	find /dev/disk -type l | sort | while read -r link; do
		case $link in */nvme-QEMU_NVMe_Ctrl_first | */by-diskseq/*) continue ;; esac
		echo "$link -> $(who "/sys/class/block/$(basename "$(readlink "$link")")")"
	done
}

properties() {
	for dir in /sys/class/block/nvme*; do
		udevadm info --query=property --path="$dir" |
			grep -vE '^(DEVNAME|DEVPATH|DISKSEQ|MINOR|MAJOR|USEC_INITIALIZED|DEVLINKS|CURRENT_TAGS|ID_PATH.*)=' |
			sed "s/^/$(who "$dir") /"
		udevadm info --query=property --path="$dir" | sed -nE 's/^(ID_PATH.*)/\1/p' | sed "s/^/$(who "$dir") /"
	done | sort
}

# What counts and what the clock says are left out.
smart() {
	for dir in /sys/class/block/nvme*; do
		[ ! -e "$dir/nsid" ] || echo "$(who "$dir") $dir"
	done | sort | while read -r id dir; do
		node=/dev/$(basename "$dir")
		controller=/dev/$(basename "$(readlink -f "$dir/device")")
		generic=/dev/$(basename "$dir" | sed 's/^nvme/ng/')
		for words in "-a $node" "-x $node" "-a -d nvme $controller" "-a -d nvme $generic" "-c $node" "-H $node" "-l error $node" \
			"-l selftest $node" "-t short $controller" "-j -i $node"; do
			echo "== $id smartctl $(echo "$words" | sed 's@/dev/.*@NODE@')"
			status=0
			# shellcheck disable=SC2086
			smartctl $words >/tmp/smart 2>&1 || status=$?
			grep -vE '^(Data Units|Host |Local Time|Power|Controller Busy|Unsafe)|local_time|asctime|time_t|nvme[0-9]|/dev/' /tmp/smart || :
			echo "status $status"
		done
	done
}

seen() { # doubted|believed DRIVER
	wait_for "all disks" there
	udevadm trigger --action=add --subsystem-match=block
	udevadm settle
	links >"/out/links.$1.$2"
	properties >"/out/properties.$1.$2"
	smart >"/out/smart.$1.$2"
}

# A PCI id given by hand comes before the drivers' own tables, and so without their quirks.
believe() { # DRIVER
	for device in $all; do echo "$device" >"$pci/drivers/$1/unbind"; done
	wait_for "no disk" sh -c '! ls /dev/nvme*n*'
	echo 1b36 0010 ffffffff ffffffff 010802 ffffff 0 >"$pci/drivers/$1/new_id"
}

label() {
	mkfs.ext4 -q -L labelled -U 0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e "/dev/$1"
}

main() {
	# the groups that the rules name
	for group in disk kmem tty cdrom lp dialout video audio input render kvm sgx tape floppy; do echo "$group:x:6:" >>/etc/group; done
	/lib/systemd/systemd-udevd --daemon
	modprobe nvme
	wait_for "all disks" there
	for dir in /sys/class/block/nvme*; do
		[ "$(who "$dir")" != first-1-whole ] || label "$(basename "$dir")"
	done
	seen doubted inbox
	believe nvme
	seen believed inbox
	rmmod nvme nvme_core
	load
	seen doubted ours
	believe nvmescope
	seen believed ours
	unload
	udevadm settle
	is "nothing is left when the driver has gone" "$(find /dev/disk -type l)" ""
	udevadm control --exit
}

"$@"
