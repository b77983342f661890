#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck source=in-guest.sh
. /src/tests/guest/in-guest.sh
# shellcheck disable=SC2034 # load waits for them
disks='/dev/nvme0n1 /dev/nvme0n2 /dev/nvme0n3'

# Else nvme-cli makes one up at each call, where the kernel does not show the machine's UUID.
mkdir -p /etc/nvme
echo nqn.2014-08.org.nvmexpress:uuid:b03e0217-4405-4e48-bedf-8f0ce415e752 >/etc/nvme/hostnqn

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

# --- as with the in-box driver ---------------------------------------------------------

# Numbers of disks come in the order in which they were found, which is chance: they are
# named by their namespaces here, @1 being namespace 1's.
name_of() { # NSID
	for _dir in /sys/block/nvme0n*; do
		if [ "$(cat "$_dir/nsid" 2>/dev/null)" = "$1" ]; then basename "$_dir"; fi
	done
}
# Both ways: words to what is there, and what was printed back to the namespace.
names() {
	to_node='' to_nsid=''
	for nsid in 1 2 3 4; do
		_name=$(name_of $nsid)
		_name=${_name#nvme0n}
		to_node="${to_node}s/n@$nsid/n${_name:-@$nsid}/g; "
		[ -z "$_name" ] || to_nsid="${to_nsid}s/(nvme0n|ng0n)$_name\\b/\\1@$nsid/g; "
	done
}

# The device counts commands; a buffer lies somewhere.
chance='^ *"?(data_units|Data Units|host_|Host |power_|controller_busy|unsafe_shut|addr  )'

view() { # WORDS
	printf '== nvme %s\n' "$*"
	# few processes, each of which costs: there are hundreds of calls
	case $* in
	*@*) _words=$(echo "$*" | sed "$to_node") ;;
	*) _words=$* ;;
	esac
	_status=0
	# shellcheck disable=SC2086
	nvme $_words >/tmp/said 2>&1 </dev/null || _status=$?
	case $1 in
	# the namespaces of a controller come in any order
	list* | show-topology) sed -E "/$chance/d; s/, | +(nvme0n)/\n\1/g; $to_nsid" /tmp/said | sort ;;
	# what it prints when it may not map the registers comes from anywhere
	show-regs) ;;
	*) sed -E "/$chance/d; $to_nsid" /tmp/said ;;
	esac
	echo "status $_status"
}

features() {
	# those that there are, some that are reserved, and the vendor's first
	for _id in $(seq 1 13) 15 16 17 22 24 25 30 31 120 126 129 130 131 192; do
		view get-feature /dev/nvme0 -f "$(printf '0x%x' "$_id")" -H
	done
	# with 0Eh, the time, which has another answer each time
	for _id in $(seq 1 14) 22 25 31 129 192; do
		view get-feature /dev/nvme0 -f "$(printf '0x%x' "$_id")" -s 3
	done
	for _id in 3 5 0x80 0x82 0x83; do view get-feature /dev/nvme0n@1 -f $_id -n 1; done
}

logs() {
	# SMART, 02h, counts what is done here
	for _id in 0 1 $(seq 3 21) 112 128 192 202; do view get-log /dev/nvme0 -i "$_id" -l 512; done
	view get-log /dev/nvme0 -i 5 -l 4096 -y 2
	view get-log /dev/nvme0 -i 3 -l 256 -o 256
	view get-log /dev/nvme0n@2 -i 1 -l 64 -b
}

views() {
	names
	while read -r words; do
		# shellcheck disable=SC2086
		case $words in
		"#"*) ;;
		:*) ${words#:} ;;
		*) view $words ;;
		esac
	done <"$1"
}

attached() { # yes|no: namespace 4
	if [ "$1" = yes ]; then
		wait_for "namespace 4" sh -c "grep -qx 4 /sys/block/nvme0n*/nsid"
		wait_for "its node" test -b "/dev/$(name_of 4)"
	else
		wait_for "namespace 4 to go" sh -c "! grep -qx 4 /sys/block/nvme0n*/nsid"
	fi
	names
}

block_size() { echo "block size $(blockdev --getss "/dev/$(name_of 1)")"; }
back() { md5sum /tmp/back 2>&1 || :; rm -f /tmp/back; }

three_nodes() { [ "$(find /dev -name "ng0n*" | wc -l)" = 3 ]; }

# What it was before, both times; and then the same words.
prepare() {
	for nsid in 1 2 3; do wait_for "namespace $nsid" test -b "/dev/$(name_of $nsid)"; done
	wait_for "the generic nodes" three_nodes
	nvme format /dev/nvme0 -n 1 -l 0 -f
	dd if=/dev/zero of="/dev/$(name_of 2)" bs=1M oflag=direct || :
	nvme zns reset-zone "/dev/$(name_of 3)" -a
	nvme set-feature /dev/nvme0 -f 4 -v 0x157
	nvme set-feature /dev/nvme0 -f 6 -v 1
	nvme set-feature /dev/nvme0 -f 5 -n 1 -v 0
	seq 100000 | head -c 65536 >/tmp/data
}

seen() { # DRIVER
	prepare
	names
	views /src/tests/guest/nvme-cli-words >"/out/views.$1"
}

main() {
	modprobe nvme
	seen inbox
	rmmod nvme nvme_core
	load ""
	seen ours
	is "list: all disks with their generic nodes" "$(listed)" "/dev/nvme0n1 /dev/ng0n1;/dev/nvme0n2 /dev/ng0n2;/dev/nvme0n3 /dev/ng0n3;"
	is "id-ctrl: the serial number" "$(nvme id-ctrl /dev/nvme0 | field sn)" nvmescope0
	is "id-ctrl: MDTS as the device was given it" "$(nvme id-ctrl /dev/nvme0 | field mdts)" 7
	is "sysfs and Identify agree on the model" \
		"$(cat /sys/class/nvme/nvme0/model)" "$(nvme id-ctrl /dev/nvme0 | sed -nE 's/^mn *: *(.*[^ ]) *$/\1/p')"
	is "id-ns: sizes in blocks" "$(nvme id-ns /dev/nvme0n1 | field nsze) $(nvme id-ns /dev/nvme0 -n 2 | field nsze)" "0x20000 0x10000"
	is "list-ns" "$(nvme list-ns /dev/nvme0 | tr -d ' \t' | tr '\n' ' ')" "[0]:0x1 [1]:0x2 [2]:0x3 "
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
