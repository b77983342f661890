#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What may befall a controller from outside: PCI Express errors while it works, and its
# disappearance, or that of its registers, or of its leave to read memory, at any step of
# what the driver does. No task may hang, and the disk must come back as it was.
#
#   POINTS=2   at how many steps of each operation (in whole `make check`: a sample)
. "$(dirname "$0")/lib.sh"
plan 38

mishap=$build/mishap/$kernel
[[ -e $mishap/mishap.ko ]] || { echo "Bail out! no $mishap/mishap.ko; run: make mishap-$kernel"; exit 1; }
gcc -O1 -Wall -Wextra -Werror -static -o "$work/aer" "$(dirname "$0")/aer.c" || exit
# See mishap.c: what is read where nobody answers.
head -c 16384 /dev/zero | tr '\0' '\377' >"$work/ones"

machine=(--smp 2 --nvme max_ioqpairs=2 --ns size=64M --module aer_inject --add "$work/aer:/usr/bin/aer")
# A port of the first generation does not report that its link is active, which QEMU's
# ports do not do after they were reset: recovery would wait for it in vain.
guest errors "${machine[@]}" --qemu -global --qemu pcie-root-port.x-speed=2_5 -- mishaps-guest.sh errors
guest link "${machine[@]}" -- mishaps-guest.sh link
guest gone "${machine[@]}" --share "$mishap:/mishap" --deadline $((${POINTS:-2} * 100)) \
	--qemu -device --qemu "pci-testdev,romfile=$work/ones" -- mishaps-guest.sh gone "${POINTS:-2}"
