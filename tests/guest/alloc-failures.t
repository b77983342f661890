#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each allocation that the driver makes (slab or page) fails once: in the init of both modules,
# in probe, bring-up, reset, scan and removal, and in I/O of all kinds. Each failure is an error
# or is got over, the next attempt works, and nothing is left behind (kmemleak, KASAN, lockdep).
#
#   EVERY=24   1: really each one, which takes hours; else a sample
. "$(dirname "$0")/lib.sh"

if ! grep -qx CONFIG_FAULT_INJECTION=y "$NVMESCOPE_CACHE/kernel-$kernel/config"; then
	echo "1..0 # SKIP kernel $kernel has no fault injection: see make check-sanitized"
	exit
fi
plan 16

mishap=$build/mishap/$kernel
[[ -e $mishap/mishap.ko ]] || { echo "Bail out! no $mishap/mishap.ko; run: make mishap-$kernel"; exit 1; }
gcc -O1 -D_GNU_SOURCE -Wall -Wextra -Werror -static -o "$work/alloc-io" "$(dirname "$0")/alloc-io.c" || exit
guest sweep --deadline 1200 --smp 2 --nvme max_ioqpairs=2,mdts=7 --ns size=64M --share "$mishap:/mishap" \
	--add "$work/alloc-io:/usr/bin/alloc-io" -- alloc-failures-guest.sh main "${EVERY:-24}"
