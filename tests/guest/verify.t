#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is written is what is read: sizes from one block to beyond one PRP list, depths,
# engines, block sizes; a file system filled, checked and found again.
. "$(dirname "$0")/lib.sh"
plan 19

guest sizes --smp 2 --nvme max_ioqpairs=2,mdts=10 --ns size=512M -- verify-guest.sh sizes
is "sizes: each way to describe memory occurred" \
	"$(events "$logs/sizes/rec" | sed -nE 's/^cmd_map .*how=([a-z0-9_]+) .*/\1/p' | sort -u | grep prp | tr '\n' ' ')" \
	"prp1 prp2 prp_chained prp_list "
is "sizes: a chained list has the entries of 4 MiB, in two pages, full to the last entry" \
	"$(events "$logs/sizes/rec" | sed -nE 's/^cmd_map .*bytes=4194304 how=prp_chained (entries=[0-9]+ lists=[0-9]+).*/\1/p' | sort -u)" \
	"entries=1024 lists=2"
is "sizes: nothing lost, nothing that the model cannot explain" \
	"$("$nvmescope" report --json "$logs/sizes/rec" | jq -c '[.recording.lost.total, (.unexplained | add)] | map(select(. != 0 and . != null))')" "[]"

guest 4k-blocks --smp 2 --nvme max_ioqpairs=2 --ns size=128M,logical_block_size=4096,physical_block_size=4096 \
	-- verify-guest.sh blocks4k
guest ext4 --smp 2 --nvme max_ioqpairs=2 --ns size=192M -- verify-guest.sh filesystem
