#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# accel.sh KERNEL: prints kvm or tcg, whichever runs the guest here.
#
# A /dev/kvm may exist and still not run a stock kernel (nested machines), so KVM is
# believed only after a boot; the answer is kept for this machine and its kernel.
# NVMESCOPE_ACCEL=kvm|tcg decides without asking.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

case ${NVMESCOPE_ACCEL-} in
kvm | tcg) echo "$NVMESCOPE_ACCEL"; exit ;;
'') ;;
*) die -2 "NVMESCOPE_ACCEL=$NVMESCOPE_ACCEL: it is kvm or tcg" ;;
esac
if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
	echo tcg
	exit
fi

known=$NVMESCOPE_CACHE/accel-$(uname -n)-$(uname -r)
if [[ ! -e $known ]]; then
	say "/dev/kvm is there: trying for at most 10 s whether it runs a guest"
	accel=tcg
	if NVMESCOPE_ACCEL=kvm timeout -k 1 10 \
		"$(dirname "$0")/vm.sh" --kernel "$1" --no-nvme --name kvm-probe -- true >/dev/null 2>&1; then
		accel=kvm
	fi
	echo "$accel" >"$known.$$"
	mv "$known.$$" "$known"
	say "the guest runs with $accel (remembered in $known)"
fi
cat "$known"
