#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# On top of our disks: partitions, made by sfdisk and parted; device-mapper's linear, crypt and
# snapshot targets; a mirror of two namespaces, one of which goes and comes back.
. "$(dirname "$0")/lib.sh"
plan 43

tools=()
for program in blkdiscard sfdisk parted partx dmsetup mdadm; do tools+=(--add "$program"); done
for module in dm-mod dm-crypt dm-snapshot raid1 xts ecb aesni-intel; do tools+=(--module "$module"); done
guest stacked --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=128M --ns size=128M --ns size=64M,logical_block_size=4096 \
	"${tools[@]}" --deadline 600 -- long-stacked-guest.sh main
