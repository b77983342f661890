#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh

# Where the ports are, and with them the devices that are put into them.
slot0=0000:03:00.0 slot2=0000:01:00.0
own_ids="quirks=1b36:0010:^bogus_nid"	# QEMU's identifiers are as good as they are told
events=/sys/kernel/tracing/events/nvmescope

mark() { lines=$(dmesg | wc -l); }
said() { dmesg | tail -n +$((lines + 1)) | grep -cE "$1" || true; }
trace() { grep -cE "$1" /sys/kernel/tracing/trace || true; }
begin() { # PCI-PARAMS [CORE-PARAMS]
	mark
	# shellcheck disable=SC2086 # words
	insmod /modules/nvmescope_core.ko ${2-}
	for _event in phase_end cmd_setup ns_found; do
		echo 1 >$events/nvs_$_event/enable
	done
	echo "qid == 0 && opcode == 6 && cdw10 == 2" >$events/nvs_cmd_setup/filter
	echo >/sys/kernel/tracing/trace
	# shellcheck disable=SC2086 # words
	insmod /modules/nvmescope.ko shadow_doorbells=0 $1
	wait_for "the first scan" scanned 1
}
scanned() { [ "$(trace 'nvs_phase_end: .* phase=nvme_scan_work ')" -ge "$1" ]; }
rescan() { # NUMBER
	_scans=$(trace 'nvs_phase_end: .* phase=nvme_scan_work ')
	echo 1 >"/sys/class/nvme/nvme$1/rescan_controller"
	wait_for "the scan" scanned $((_scans + 1))
}
reset() { echo 1 >"/sys/class/nvme/nvme$1/reset_controller" && live "$1"; }
live() { [ "$(cat "/sys/class/nvme/nvme$1/state")" = live ]; }

disks() { # as "CONTROLLER:NSID ..."
	for _disk in /sys/block/nvme*n*; do
		[ ! -e "$_disk/nsid" ] || echo "$_disk" | sed "s|.*nvme\([0-9]*\)n.*|\1:$(cat "$_disk/nsid")|"
	done | sort | tr '\n' ' '
}
has_disks() { [ "$(disks)" = "$1" ]; }
disk_of() { # CONTROLLER NSID
	for _disk in /sys/block/nvme"$1"n*; do
		if [ "$(cat "$_disk/nsid")" = "$2" ]; then basename "$_disk"; fi
	done
}
id() { cat "/sys/block/$(disk_of "$1" "$2")/$3" 2>/dev/null || echo none; }
works() { # CONTROLLER NSID
	_disk=/dev/$(disk_of "$1" "$2")
	dd if=/dev/urandom of=/tmp/data bs=64k count=4 2>/dev/null
	dd if=/tmp/data of="$_disk" bs=64k seek=16 oflag=direct
	dd if="$_disk" of=/tmp/back bs=64k skip=16 count=4 iflag=direct
	cmp /tmp/data /tmp/back
}
attach() { nvme attach-ns /dev/nvme0 -n "$1" -c "$(cat /sys/class/nvme/nvme0/cntlid)"; }
detach() { nvme detach-ns /dev/nvme0 -n "$1" -c "$(cat /sys/class/nvme/nvme0/cntlid)"; }

# How often each kind of search ended well, and how often the list (CNS 02h) was read.
searches() {
	echo "list $(trace 'nvs_phase_end: .* phase=nvme_scan_ns_list .* result=0$')" \
		"read $(trace 'nvs_cmd_setup: .* qid=0 .* cdw10=0x2 .* opcode=0x6 ')" \
		"sequential $(trace 'nvs_phase_end: .* phase=nvme_scan_ns_sequential .* result=0$')"
}

sequential() {
	begin ''
	is "by the list: disks" "$(disks)" "0:1 0:3 0:9 "
	is "by the list: searches" "$(searches)" "list 1 read 1 sequential 0"
	unload
	begin '' sequential_scan=1
	is "sequential_scan=1: the same disks" "$(disks)" "0:1 0:3 0:9 "
	is "sequential_scan=1: searches" "$(searches)" "list 0 read 0 sequential 1"
	is "sequential_scan=1: every number was tried" \
		"$(trace 'nvs_phase_end: .* phase=nvme_validate_ns parent=nvme_scan_ns_sequential')" "$(nn)"
	check "sequential_scan=1: a namespace is detached" detach 3
	check "and its disk goes" wait_for "the disk to go" has_disks "0:1 0:9 "
	check "sequential_scan=1: another is attached" attach 7
	check "and its disk comes" wait_for "the disk" has_disks "0:1 0:7 0:9 "
	check "what was is put back" eval "detach 7 && attach 3"
	wait_for "the disks" has_disks "0:1 0:3 0:9 "
	is "sequential_scan=1: never by the list" "$(searches | cut -d' ' -f-4)" "list 0 read 0"
	echo 0 >/sys/module/nvmescope_core/parameters/sequential_scan
	rescan 0
	is "sequential_scan=0 later: by the list" "$(searches | cut -d' ' -f-4)" "list 1 read 1"
	is "sequential_scan=0 later: the same disks" "$(disks)" "0:1 0:3 0:9 "
	unload
	begin quirks=1b36:0010:identify_cns
	is "identify_cns: the same disks" "$(disks)" "0:1 0:3 0:9 "
	is "identify_cns: searches" "$(searches)" "list 0 read 0 sequential 1"
	unload
}
nn() { nvme id-ctrl /dev/nvme0 | sed -n 's/^nn *: *//p'; }

duplicates() {
	begin "$own_ids"
	is "UUID of another: no disk" "$(disks)" "0:1 0:9 "
	is "UUID of another: traced" "$(trace 'nvs_ns_found: .* nsid=3 .* result=-76$')" 1
	rescan 0
	is "UUID of another: both numbers and the UUID are said, once" \
		"$(said "namespace 3 has the UUID 11111111-2222-3333-4444-555555555555 of namespace 1 ")" 1
	check "UUID of another: the first one is detached" detach 1
	check "and the other has its turn" wait_for "the disk" has_disks "0:3 0:9 "
	check "UUID of another: the first one is attached again" attach 1
	check "and is refused, for it is the second now" wait_for "the refusal" refused 1 3
	is "disks" "$(disks)" "0:3 0:9 "
	# the one with the higher number goes: the lower is looked at before it is gone
	check "the second is detached" detach 3
	check "and the first has its turn" wait_for "the disk" has_disks "0:1 0:9 "
	attach 3
	wait_for "the refusal" refused 3 1

	host plug nvme1
	check "EUI-64 of another subsystem: there is a disk" wait_for "the disk" has_disks "0:1 0:9 1:1 "
	is "EUI-64 of another subsystem: said" \
		"$(said "namespace 1 has the EUI-64 1122334455667788 of namespace 9 \(nvme0n[0-9]*\) in another subsystem")" 1
	is "EUI-64 of another subsystem: its identifiers are not shown" "$(id 1 1 eui) $(id 1 1 uuid)" "none none"
	is "EUI-64 of another subsystem: it is named by serial number" "$(id 1 1 wwid | cut -c-9)" nvme.1b36
	is "EUI-64 of another subsystem: the first one's are as they were" \
		"$(id 0 9 eui) $(id 0 9 wwid)" "11 22 33 44 55 66 77 88 eui.1122334455667788"
	rescan 1
	is "the rescan changes nothing" "$(disks) $(said "in another subsystem")" "0:1 0:9 1:1  1"
	check "it works" works 1 1
	is "said of nvme1" "$(said 'not supported here yet: multipath$')" 1
	reset 1
	reset 1
	is "said of nvme1 once" "$(said 'not supported here yet: multipath$')" 1
	check "after resets it works" works 1 1
	virtual_function
	host unplug nvme1

	put second port2 nvmescope0 subsys0
	check "another controller of the subsystem: its disks" wait_for "the disks" has_disks "0:1 0:9 1:1 1:9 "
	is "another controller of the subsystem: same namespace, same identifiers" "$(id 1 1 wwid) $(id 1 9 wwid)" \
		"uuid.11111111-2222-3333-4444-555555555555 eui.1122334455667788"
	is "another controller of the subsystem: no word of duplicates but namespace 3" \
		"$(said 'in the same subsystem') $(said "$slot2: namespace 3 has the UUID .* in the same subsystem")" "4 1"
	is "another controller of the subsystem: same subsystem" "$(find /sys/class/nvme-subsystem/ -type l | wc -l)" 1
	host unplug second
	wait_for "its disks to go" has_disks "0:1 0:9 "

	check "nvme0 works" works 0 1
	is "said of nvme0" "$(said 'not supported here yet: multipath, CMB$')" 1
	reset 0
	reset 0
	is "said of nvme0 once" "$(said 'not supported here yet: multipath, CMB$')" 1
	check "after resets it works" works 0 1
	replaced
	unload
}
refused() { [ "$(said "namespace $1 has the UUID .* of namespace $2 .*: no disk")" -ge 1 ]; }

# A function of nvme1's that has no queues before nvme1 has given it some of its own.
virtual_function() {
	_pf=$(readlink -f /sys/class/nvme/nvme1/device)
	echo 1 >"$_pf/sriov_numvfs"
	_vf=$(readlink -f "$_pf/virtfn0")
	is "SR-IOV: the virtual function is ours" "$(basename "$(readlink "$_vf/driver")")" nvmescope
	check "SR-IOV: without queues it is left alone" wait_for "the word" said_once "did not come up"
	# queues, interrupts, online; of secondary controller 1
	check "SR-IOV: it gets queues" nvme virt-mgmt /dev/nvme1 -c 1 -r 0 -a 8 -n 2
	check "SR-IOV: it gets interrupts" nvme virt-mgmt /dev/nvme1 -c 1 -r 1 -a 8 -n 1
	check "SR-IOV: it is switched on" nvme virt-mgmt /dev/nvme1 -c 1 -r 0 -a 9 -n 0
	echo "${_vf##*/}" >/sys/bus/pci/drivers/nvmescope/unbind
	echo "${_vf##*/}" >/sys/bus/pci/drivers/nvmescope/bind
	check "SR-IOV: its disk" wait_for "the disk" has_disks "0:1 0:9 1:1 2:1 "
	check "SR-IOV: it works" works 2 1
	check "SR-IOV: what it wrote is in the namespace, which both have" \
		eval "dd if=/dev/$(disk_of 1 1) bs=64k skip=16 count=4 iflag=direct | cmp - /tmp/data"
	echo 0 >"$_pf/sriov_numvfs"
	check "SR-IOV: it goes" wait_for "its disk to go" has_disks "0:1 0:9 1:1 "
	check "SR-IOV: the physical function works" works 1 1
}
said_once() { [ "$(said "$1")" = 1 ]; }
put() { # ID PORT SERIAL [SUBSYSTEM]
	_answer=$(host hmp "device_add nvme,id=$1,bus=$2,serial=$3${4:+,subsys=$4}")
	[ -z "$_answer" ] || { echo "$_answer" >&2; return 1; }
}

# Nothing in QEMU changes a namespace's identifiers. So the whole device is taken out and
# another put in, without the guest's knowledge: through ACPI's eject register. What a
# reset then finds is the same controller, to the driver, with another namespace 1.
replaced() {
	_config=/sys/bus/pci/devices/$slot0/config
	exec 7<>"/dev/$(disk_of 0 1)"
	# Not written back before the disk is removed: until the scan has looked, writes do
	# go to whatever has the number.
	echo 360000 >/proc/sys/vm/dirty_writeback_centisecs
	echo "written late" >&7
	head -c 64 $_config >/tmp/config
	host hmp "o /w 0xcd0 $(host hmp qom-get /machine/peripheral/port0/port0 acpi-pcihp-bsel)"
	host hmp "o /w 0xcc8 1"
	put other port0 nvmescope1 subsys1
	dd if=/tmp/config of=$_config bs=64 count=1 conv=notrunc 2>/dev/null
	check "replaced: the controller is reset" reset 0
	check "replaced: the new namespace has a disk, the old ones have none" \
		wait_for "the disk" has_disks "0:1 "
	is "replaced: the old one's removal is said" "$(said "namespace 1 has other identifiers than before")" 1
	is "replaced: it is another disk" "$(id 0 1 eui)" "11 22 33 44 55 66 77 88"
	exec 7>&-
	_disk=/dev/$(disk_of 0 1)
	check "replaced: what waited to be written to the old one is not on it" \
		eval "dd if=$_disk bs=4k count=1 iflag=direct | cmp -s -n 4096 - /dev/zero"
	check "replaced: it works" works 0 1
	rescan 0
	is "replaced: a rescan changes nothing" "$(said "has other identifiers than before")" 1
	# it is gone as soon as it is asked to go, and with it what the machine believes of nvme0
	host unplug other
}

# What becomes of a second controller that says it is of the same subsystem, with ours
# and with the kernel's own driver.
outcome() { # FUNCTION
	wait_for "$1 to settle" settled "$1"
	if has_disk "$1"; then echo disks; else echo refused; fi
}
settled() { has_disk "$1" || [ "$(said 'probe.*fail|did not come up')" != 0 ]; }
has_disk() { find /sys/block/ -type l | while read -r _link; do readlink "$_link"; done | grep -q "/$1/"; }
rules() {
	mark
	host plug nvme0
	echo "first: $(outcome $slot0)"
	put clone port2 nvmescope0 twin
	echo "same CNTLID: $(outcome $slot2)"
	"$@"
	host unplug clone
	mark
	put second port2 nvmescope0 subsys0
	echo "other CNTLID: $(outcome $slot2)"
	host unplug nvme0
	mark
	put single port0 nvmescope0
	echo "not CMIC: $(outcome $slot0)"
	"$@"
	host unplug single
	host unplug second
}
tell_refusal() {
	dmesg | tail -n +$((lines + 1)) | grep -c "CNTLID 0 is refused: nvme[0-9] (CNTLID [01]) is in subsystem .*:nvmescope0 already, and "
}

subsystems() {
	modprobe nvme
	rules true >/tmp/in-box
	rmmod nvme nvme_core
	disks='' load
	rules tell_refusal >/tmp/ours
	is "subsystem: ours" "$(tr '\n' ' ' </tmp/ours)" \
		"first: disks same CNTLID: refused 1 other CNTLID: disks not CMIC: refused 1 "
	is "subsystem: the kernel's own driver decides the same" "$(grep -v '^1$' /tmp/ours)" "$(cat /tmp/in-box)"
	unload
}

main() {
	host plug nvme0
	sequential
	duplicates
	subsystems
}

"$@"
