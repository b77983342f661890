#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The controller is reset, unplugged and let go of while it works: what was written is
# there afterwards, nothing is left behind, and the recording equals the device's log.
. "$(dirname "$0")/lib.sh"
mishap=$build/mishap/$kernel
[[ -e $mishap/mishap.ko ]] || { echo "Bail out! no $mishap/mishap.ko; run: make mishap-$kernel"; exit 1; }
plan 27

guest reset --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=256M --trace 'pci_nvme_*' -- reset-guest.sh reset
check "reset: the recording equals the device's log" \
	"$nvmescope" check --witness "$logs/reset/qemu.log" "$logs/reset/rec"
is "reset: each one was asked for, and ended live" \
	"$(events "$logs/reset/rec" | awk '/^reset .*why=sysfs result=0/ { n++ } /new_state=live/ { live++ } END { print n, live }')" "8 9"

guest apart --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=256M --share "$mishap:/mishap" -- reset-guest.sh apart
check "late: no doorbell is rung once CC.EN is 0" "$nvmescope" check "$logs/apart/late"
is "late: what completed until the controller stopped was taken in" \
	"$(events "$logs/apart/late" | awk '/^reg_write .* offset=0x14 / { stopped = / value=0x[0-9A-F]*[02468ACE] / }
		/^cq_exit .*why=teardown/ && stopped && !/ qid=0 / { match($0, /found=[0-9]+/); n += substr($0, RSTART + 6, RLENGTH - 6) }
		END { print (n > 0) }')" 1
guest cycle --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M -- reset-guest.sh cycle 100
