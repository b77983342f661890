#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# File systems on blocks of 512 B and 4 KiB: filled to the last block, through resets, trimmed,
# mounted again, checked.
. "$(dirname "$0")/lib.sh"
plan 33

tools=()
for program in mkfs.xfs xfs_repair; do tools+=(--add "$program"); done
guest filesystems --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=512M --ns size=512M,logical_block_size=4096 \
	"${tools[@]}" --module xfs --deadline 900 -- clients-guest.sh file_systems
