#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What people use a disk with: fio's engines, each reading what another one wrote; dd; a file
# system that is filled, survives a reset, and is found as it was left. More, and what needs
# packages that `make check` does without, is in tests/long.
. "$(dirname "$0")/lib.sh"
plan 20

guest clients --smp 2 --nvme max_ioqpairs=3,mdts=7 --ns size=128M --ns size=64M,logical_block_size=4096 \
	-- clients-guest.sh main
