#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Namespaces: what sysfs says of their disks, against the kernel's own driver on the same
# device; the commands other than read and write; formats.
. "$(dirname "$0")/lib.sh"
plan 50

two=(--ns size=64M --ns "size=64M,logical_block_size=4096")

# Where our numbers are not those of the kernel's own driver, and ought not to be:
# 6.1's maps a segment less (127), and takes "no preferred size" for one of a block.
# 7.2's maps by the block layer's iterator, for which buffers may have gaps and begin anywhere where
# the device takes SGLs; ours keeps to pages on all kernels. And it discards by the preferred granularity.
differing() {
	case $kernel in
	6.1) grep -vE ' queue/(max_segments|optimal_io_size) ' "$1" ;;
	7.*) grep -vE " queue/(max_segments|virt_boundary_mask|dma_alignment|discard_granularity) " "$1" ;;
	*) cat "$1" ;;
	esac
}

guest limits "${two[@]}" -- full-namespaces-guest.sh limits
is "limits: what sysfs says is what it says with the kernel's own driver" \
	"$(diff <(differing "$logs/limits/in-box") <(differing "$logs/limits/ours"))" ""
is "limits: and that was something" "$(($(wc -l <"$logs/limits/ours") > 90))" 1

guest io "${two[@]}" --add blkdiscard --trace 'pci_nvme_*' -- full-namespaces-guest.sh io
check "io: the recording equals the device's log" \
	"$nvmescope" check --witness "$logs/io/qemu.log" "$logs/io/rec"
# opcode 0x9, dword 10: ranges from zero
is "io: file systems' discards were sent many ranges at once" \
	"$(events "$logs/io/rec" | sed -nE 's/^cmd_setup .* opcode=0x9( .*)?$/&/p' | grep -vc ' cdw10=0x0 ' | awk '{ print ($1 > 0) }')" 1

guest zoned --ns size=128M,zoned=on,zoned.zone_size=16M --add blkzone --module zonefs --trace 'pci_nvme_*' \
	-- full-namespaces-guest.sh zoned
is "zoned: what sysfs says is what it says with the kernel's own driver" \
	"$(diff <(differing "$logs/zoned/in-box") <(differing "$logs/zoned/ours"))" ""
is "zoned: the report of zones, too" "$(diff "$logs/zoned/zones-in-box" "$logs/zoned/zones-ours")" ""
check "zoned: the recording equals the device's log" \
	"$nvmescope" check --witness "$logs/zoned/qemu.log" "$logs/zoned/rec"
if [[ $kernel == 6.1 ]]; then
	is "zoned: 64 KiB were appended, and the block layer was told where" \
		"$(events "$logs/zoned/rec" | grep -Ec '^cmd_setup .* opcode=0x7[dD]( |$)') $(events "$logs/zoned/rec" | grep -c '^cqe .* result=0x10000 ')" "1 1"
else
	skip "zoned: 64 KiB were appended" "nothing in the guest appends on this kernel"
fi

# 16-bit guards at either end of the metadata, of types 1 to 3; 64-bit guards; metadata
# without protection; and metadata between the blocks, which is refused.
guest protected --nvme mdts=8 --ns size=32M,ms=8,pi=1 --ns size=32M,ms=16,pi=1,pif=2 \
	--ns size=32M,ms=8,pi=3,pil=1 --ns size=32M,ms=16,pi=1 --ns size=32M,ms=64 \
	--ns size=32M,logical_block_size=4096,ms=8,pi=2 --ns size=32M,ms=8,pi=1,mset=1 \
	--add blkdiscard --trace 'pci_nvme_*' -- full-namespaces-guest.sh protected "$(echo /dev/nvme0n{1..7})" 1 2 3 4 5 6
is "protected: what sysfs says is what it says with the kernel's own driver" \
	"$(diff <(differing "$logs/protected/in-box" | grep -v '^7 size') \
		<(differing "$logs/protected/ours" | grep -v '^7 size'))" ""
is "protected: metadata between blocks: size 0, and one word why" \
	"$(grep '^7 size' "$logs/protected/ours") $(grep -c 'namespace 7 gets size 0: metadata stands between its blocks' "$logs/protected/dmesg.log")" "7 size 0 1"
check "protected: the recording equals the device's log" \
	"$nvmescope" check --witness "$logs/protected/qemu.log" "$logs/protected/rec"
