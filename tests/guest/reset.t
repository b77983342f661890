#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The controller is reset, unplugged and let go of while it works: what was written is
# there afterwards, nothing is left behind, and the recording equals the device's log.
. "$(dirname "$0")/lib.sh"
plan 23

guest reset --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=256M --trace 'pci_nvme_*' -- reset-guest.sh reset
check "reset: the recording equals the device's log" \
	"$nvmescope" check --witness "$logs/reset/qemu.log" "$logs/reset/rec"
is "reset: each one was asked for, and ended live" \
	"$(events "$logs/reset/rec" | awk '/^reset .*why=sysfs result=0/ { n++ } /new_state=live/ { live++ } END { print n, live }')" "8 9"

guest unplug --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=256M -- reset-guest.sh unplug
guest cycle --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M -- reset-guest.sh cycle 100
