#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The ways in which a controller comes up, and what may happen to it while it is up.
. "$(dirname "$0")/lib.sh"
plan 110

mishap=$build/mishap/$kernel
[[ -e $mishap/mishap.ko ]] || { echo "Bail out! no $mishap/mishap.ko; run: make mishap-$kernel"; exit 1; }
# CAP with 3 s to follow CC.EN, VS 1.4, and a CSTS that says the same for ever.
registers() { # CSTS
	printf '\xff\x07\x01\x05\x20\x18\x40\x02\x00\x04\x01\x00'
	head -c 16 /dev/zero
	printf '%b\0\0\0' "$1"
	head -c $((16384 - 32)) /dev/zero
}
registers '\x01' >"$work/stop"
registers '\x00' >"$work/start"

guest quirks -- full-init-guest.sh quirky
guest nomsi --append pci=nomsi -- full-init-guest.sh few INTx 1 2
guest vectors --smp 4 --nvme msix_qsize=2 -- full-init-guest.sh few "two vectors" 2 2
guest queues --smp 4 --nvme max_ioqpairs=1 -- full-init-guest.sh few "one I/O queue" 2 2
guest parameters -- full-init-guest.sh parameters
guest events --ns size=64M --ns size=32M,detached=on -- full-init-guest.sh events
guest flr -- full-init-guest.sh flr
guest fatal -- full-init-guest.sh fatal
for what in stop start; do
	guest $what --ns size=64M --share "$mishap:/mishap" --qemu -device --qemu "pci-testdev,romfile=$work/$what" \
		-- full-init-guest.sh $what
done
guest pm --plug later --nvme serial=first --nvme serial=second -- full-init-guest.sh pm
