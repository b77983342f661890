#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# accel.sh KERNEL: what QEMU's -accel should be for the guest here.
#
# A /dev/kvm may exist and still not run a stock kernel (nested machines), so KVM is
# believed only after a boot; the answer is kept for this machine and its kernel.
# NVMESCOPE_ACCEL=kvm|tcg decides without asking.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Before 8.1 QEMU's parallel TCG now and then runs an instruction that another processor has
# just patched away (accel/tcg "Always lock pages before translation"): a kernel, which
# patches itself whenever a tracepoint is switched, dies of it with "Oops: int3". One
# emulated processor at a time is safe, but for one thing: QEMU then leaves out the guest's memory
# barriers (mfence has no effect; since 8.0 it has), though devices run in threads of their own. A
# driver that uses shadow doorbells, the in-box one as well as ours, can then miss the device that
# falls asleep, and waits for its timeout.
tcg() {
	local version
	version=$(qemu-system-x86_64 --version | sed -nE '1s/.*version ([0-9]+\.[0-9]+).*/\1/p')
	if printf '8.1\n%s\n' "$version" | sort -CV; then echo tcg,thread=multi; else echo tcg,thread=single; fi
}

case ${NVMESCOPE_ACCEL-} in
kvm) echo kvm; exit ;;
tcg) tcg; exit ;;
'') ;;
*) die -2 "NVMESCOPE_ACCEL=$NVMESCOPE_ACCEL: it is kvm or tcg" ;;
esac
if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
	tcg
	exit
fi

known=$NVMESCOPE_CACHE/accel-$(uname -n)-$(uname -r)
if [[ ! -e $known ]]; then
	say "/dev/kvm is there: trying for at most 10 s whether it runs a guest"
	found=tcg
	if NVMESCOPE_ACCEL=kvm timeout -k 5 10 \
		"$(dirname "$0")/vm.sh" --kernel "$1" --no-nvme --name kvm-probe -- true >/dev/null 2>&1; then
		found=kvm
	fi
	mkdir -p "$NVMESCOPE_CACHE"
	echo "$found" >"$known.$$"
	mv "$known.$$" "$known"
	say "the guest runs with $found (remembered in $known)"
fi
if [[ $(<"$known") == kvm ]]; then echo kvm; else tcg; fi
