#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck disable=SC2034 # load waits for them
disks='/dev/nvme0n1 /dev/nvme0n2'

field() { sed -nE "s/^$1 *: *([^ ]*).*/\1/p" | head -n 1; } # NAME: of nvme-cli's plain output
listed() { nvme list | grep -o '^/dev/nvme[^ ]* *[^ ]*' | tr -s ' ' | sort | tr '\n' ';'; }

round_trip() { # NODE BYTES LBA
	head -c "$2" /dev/urandom >/tmp/data
	nvme write "$1" -s "$3" -c $(($2 / 512 - 1)) -z "$2" -d /tmp/data &&
		nvme read "$1" -s "$3" -c $(($2 / 512 - 1)) -z "$2" -d /tmp/back &&
		cmp /tmp/data /tmp/back
}

# Opcode 02h, Read, of one block, as a passthrough command through a node.
by_hand() { # NODE
	nvme io-passthru "$1" -o 2 -n 1 --cdw10=8 --cdw12=0 -l 512 -r -b >/tmp/back && head -c 512 /tmp/data | cmp - /tmp/back
}

main() {
	load ""
	is "list: both disks with their generic nodes" "$(listed)" "/dev/nvme0n1 /dev/ng0n1;/dev/nvme0n2 /dev/ng0n2;"
	is "id-ctrl: the serial number" "$(nvme id-ctrl /dev/nvme0 | field sn)" nvmescope0
	is "id-ctrl: MDTS as the device was given it" "$(nvme id-ctrl /dev/nvme0 | field mdts)" 7
	is "sysfs and Identify agree on the model" \
		"$(cat /sys/class/nvme/nvme0/model)" "$(nvme id-ctrl /dev/nvme0 | sed -nE 's/^mn *: *(.*[^ ]) *$/\1/p')"
	is "id-ns: sizes in blocks" "$(nvme id-ns /dev/nvme0n1 | field nsze) $(nvme id-ns /dev/nvme0 -n 2 | field nsze)" "0x20000 0x10000"
	is "list-ns" "$(nvme list-ns /dev/nvme0 | tr -d ' \t' | tr '\n' ' ')" "[0]:0x1 [1]:0x2 "
	is "get-ns-id through the disk" "$(nvme get-ns-id /dev/nvme0n2 | grep -o '[0-9]*$')" 2
	check "get-log: SMART" sh -c 'nvme smart-log /dev/nvme0 | grep -q "^temperature.*: *[1-9]"'
	check "get-log: error log" nvme error-log /dev/nvme0
	is "get-feature: the queues that were granted" \
		"$(nvme get-feature /dev/nvme0 -f 7 | grep -o 'Current value:.*')" "Current value:0x00010001"
	check "write and read, 4 KiB through the disk" round_trip /dev/nvme0n1 4096 8
	check "a Read by hand through the disk" by_hand /dev/nvme0n1
	check "and through its generic node" by_hand /dev/ng0n1
	check "write and read, 64 KiB through the generic node" round_trip /dev/ng0n2 65536 128
	check "flush" nvme flush /dev/nvme0n1
	# SC 0Bh Invalid Namespace; 01h Invalid Command Opcode
	fails "a namespace that is not there: the status, and an error" any "INVALID_NS|0x.*0b" \
		nvme id-ns /dev/nvme0 -n 4096
	fails "an opcode that does not exist" any "INVALID_OPCODE|0x.*01" nvme admin-passthru /dev/nvme0 -o 0x77
	fails "a block beyond the end" any "LBA_RANGE|0x.*80" nvme read /dev/nvme0n2 -s 65536 -c 0 -z 512 -d /tmp/back
	fails "a command to namespace 2 through the node of namespace 1" any "" \
		nvme io-passthru /dev/ng0n1 -o 2 -n 2 --cdw10=8 -l 512 -r -b
	unload
}

"$@"
