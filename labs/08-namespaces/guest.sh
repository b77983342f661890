# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # payload.sh's
disk_of() { # NSID
	for _ns in /sys/block/nvme0n*; do
		if [ "$(cat "$_ns/nsid" 2>/dev/null)" = "$1" ]; then basename "$_ns"; fi
	done
}
has_disk() { [ -n "$(disk_of "$1")" ]; }
has_none() { ! has_disk "$1"; }
# Five blocks of each disk that there is: the device sees which namespaces that are.
look() {
	for _ns in /sys/block/nvme0n*; do
		[ ! -b "/dev/${_ns##*/}" ] || dd if="/dev/${_ns##*/}" of=/dev/null bs=4k skip=64 count=5 iflag=direct || true
	done
}
# The device logs the command itself, which tells one look from the next.
attachment() { # attach|detach NSID
	nvme "$1-ns" /dev/nvme0 -n "$2" -c "$(cat /sys/class/nvme/nvme0/cntlid)"
}
steps() {
	disks='' begin
	wait_for "the controller" grep -q live /sys/class/nvme/nvme0/state
	patience=$((patience / 4 + 3))
	for nsid in $p_first $p_middle $p_last; do wait_for "namespace $nsid" has_disk "$nsid" || true; done
	look
	for nsid in $p_middle $p_last; do
		attachment detach "$nsid"
		wait_for "namespace $nsid to go" has_none "$nsid" || true
		look
	done
	attachment attach "$p_middle"
	wait_for "namespace $p_middle to come back" has_disk "$p_middle" || true
	look
	rmmod nvmescope
}
