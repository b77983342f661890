#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The runner that every other guest test trusts: it passes the payload's exit status on, and
# says so when the guest hangs, dies or complains.
. "$(dirname "$0")/lib.sh"
plan 7

vm() { # LABEL OPTIONS...
	local label=$1
	shift
	"$NVMESCOPE_ROOT/tools/guest/vm.sh" --kernel "$kernel" --name "runner-$label" --out "$logs/$label" "$@"
}

check "0 is 0" vm zero -- true
fails "the payload's own status" 7 '' vm seven -- sh -c 'exit 7'
fails "a hang: 124, said, with the log's place" 124 "hung
$logs/hang" vm hang --no-nvme --deadline 2 -- sleep 1000
fails "a panic: 125, said, with the log's place" 125 "panic
$logs/panic" vm panic --no-nvme -- sh -c 'echo c >/proc/sysrq-trigger; sleep 1000'
fails "a WARNING: 125, quoted, though the payload was content" 125 "WARNING: CPU: 0
$logs/warning" vm warning --no-nvme -- sh -c 'echo "WARNING: CPU: 0 PID: 1 at nowhere.c:1" >/dev/kmsg'
fails "an option that does not exist: usage" 2 'nonsense' vm usage --nonsense 1 -- true
fails "a device that QEMU refuses: 126, in QEMU's words" 126 "nonsense" vm refused --nvme nonsense=1 -- true
