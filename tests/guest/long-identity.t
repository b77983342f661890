#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who a disk is to others: udev's links by id, label and path, its properties, and what smartctl
# says; held against the in-box driver on the same devices. Once as the drivers take QEMU's
# device, whose identifiers they do not believe, and once believing them.
. "$(dirname "$0")/lib.sh"
plan 12

tools=(--add udevadm --add udevadm:/lib/systemd/systemd-udevd --add smartctl)
for rules in 50-udev-default 60-block 60-persistent-storage; do
	tools+=(--add "/lib/udev/rules.d/$rules.rules")
done
guest identity --nvme serial=first --ns size=64M,uuid=5e8b2cf4-1f0d-4a52-8f6c-d3b7a9a10001,eui64=0x0011223344556677 \
	--ns size=64M,eui64=0xfedcba9876543210 --ns size=64M,logical_block_size=4096 \
	--nvme serial=second --ns size=64M --module nvme "${tools[@]}" -- long-identity-guest.sh main
out=$logs/identity

# What both drivers left there is the same, and something.
same() { [[ -s $out/$1.inbox ]] && diff "$out/$1.inbox" "$out/$1.ours"; }

for id in doubted believed; do
	check "$id: udev's links are the in-box driver's" same links.$id
	check "$id: udev's properties are" same properties.$id
	check "$id: what smartctl says is" same smart.$id
done
check "doubted: there are links by model and serial number" grep -q 'by-id/nvme-QEMU_NVMe_Ctrl_first_1 ' "$out/links.doubted.ours"
check "believed: by UUID" grep -q 'by-id/nvme-uuid.5e8b2cf4-1f0d-4a52-8f6c-d3b7a9a10001 ' "$out/links.believed.ours"
check "believed: by EUI64" grep -q 'by-id/nvme-eui.fedcba9876543210 ' "$out/links.believed.ours"
check "smartctl: of controller and namespace" grep -q 'SMART overall-health self-assessment test result: PASSED' "$out/smart.doubted.ours"
